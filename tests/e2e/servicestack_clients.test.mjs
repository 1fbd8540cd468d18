// servicestack_clients.test.mjs - the calls of ServiceStack's client library, as its users make them: by request objects, batched,
// one way, with its ways to sign in, and what its errors say.
import assert from 'node:assert/strict'
import { describe, test, before } from 'node:test'
import { JsonApiClient, JsonServiceClient } from '@servicestack/client'
import { day, env, plusDays, send, sids } from './harness.mjs'

const today = day(new Date())
const range = { startDate: plusDays(today, -60), endDate: plusDays(today, -1) }

// As /types/typescript has them.
class Request {
	constructor(init) { Object.assign(this, init) }
}
class ListUsageRecords extends Request {
	getTypeName() { return 'ListUsageRecords' }
	getMethod() { return 'GET' }
	createResponse() { return [] }
}
class GetAIUsage extends Request {
	getTypeName() { return 'GetAIUsage' }
	getMethod() { return 'GET' }
	createResponse() { return { empty: true } }
}
class PostAIUsage extends Request {
	getTypeName() { return 'GetAIUsage' }
	createResponse() { return { empty: true } }
}
class Nothing extends Request {
	getTypeName() { return 'Nothing' }
	getMethod() { return 'GET' }
	createResponse() { return {} }
}

const ask = { accountId: sids.main, ...range }
const nobody = { accountId: sids.unknown, ...range }
let ai, billing

before(async () => {
	const query = new URLSearchParams(ask)
	ai = (await send(`/ai/usage.json?${query}`, { as: 'admin' })).is(200).json
	billing = (await send(`/billing/usage.json?${query}`, { as: 'admin' })).is(200).json
	assert.ok(ai.customerUsage.length >= 3 && billing.length > 5)
})

const withCredentials = client => {
	client.setCredentials(env.ADMIN_USER, env.ADMIN_PASSWORD)
	return client
}
const withBearer = client => {
	client.bearerToken = env.ADMIN_TOKEN
	return client
}

// Each client, each way in. Sign-in with a cookie belongs here, too.
const clients = {
	'credentials': () => withCredentials(new JsonServiceClient(env.BASE_URL)),
	'a bearer key': () => withBearer(new JsonServiceClient(env.BASE_URL)),
	'a bearer key, which goes before credentials': () => {
		const client = withBearer(new JsonServiceClient(env.BASE_URL))
		client.setCredentials(env.ADMIN_USER, 'not it')
		return client
	},
	'the old base path': () => withCredentials(new JsonServiceClient(env.BASE_URL).useBasePath()),
	'JsonApiClient, which sends no JSON type': () => withCredentials(JsonApiClient.create(env.BASE_URL)),
}

for (const [name, make] of Object.entries(clients))
	describe(`with ${name}`, () => {
		test('get', async () => {
			assert.deepEqual(await make().get(new ListUsageRecords(ask)), billing)
			assert.deepEqual(await make().get(new GetAIUsage(ask)), ai)
		})
		test('get leaves out what is null', async () =>
			assert.deepEqual(await make().get(new GetAIUsage({ ...ask, customerId: null })), ai))
		test('post', async () => {
			assert.deepEqual(await make().post(new GetAIUsage(ask)), ai)
			assert.deepEqual(await make().post(new ListUsageRecords(ask)), billing)
		})
		for (const verb of ['put', 'patch', 'delete'])
			test(verb, async () => assert.deepEqual(await make()[verb](new GetAIUsage(ask)), ai))
		test('send, by the verb of the request or with POST', async () => {
			assert.deepEqual(await make().send(new GetAIUsage(ask)), ai)
			assert.deepEqual(await make().send(new PostAIUsage(ask)), ai)
		})
		test('api', async () => {
			const answer = await make().api(new GetAIUsage(ask))
			assert.ok(answer.succeeded)
			assert.deepEqual(answer.response, ai)
		})
		test('sendAll', async () => {
			const none = { accountUsage: [], customerUsage: [] }
			const client = make()
			let done
			client.responseFilter = r => { done = r.headers.get('X-AutoBatch-Completed') }
			assert.deepEqual(await client.sendAll([ask, nobody, ask].map(r => new GetAIUsage(r))), [ai, none, ai])
			assert.equal(done, '3')
		})
		test('sendOneWay and sendAllOneWay', async () => {
			await make().sendOneWay(new GetAIUsage(ask))
			await make().publish(new GetAIUsage(ask))
			await make().sendAllOneWay([ask, ask].map(r => new GetAIUsage(r)))
		})
		test('paths of one\'s own', async () => {
			const query = new URLSearchParams(ask)
			assert.deepEqual(await make().get(`/billing/usage?${query}`), billing)
			assert.deepEqual(await make().get('/billing/usage', ask), billing)
			for (const verb of ['postToUrl', 'putToUrl', 'patchToUrl'])
				assert.deepEqual(await make()[verb]('/ai/usage', new GetAIUsage(ask)), ai, verb)
		})
		test('text that needs encoding arrives as it is', async () => {
			const odd = 'a b&c=d+e%20/?#é"\\'
			for (const r of [await make().get(new GetAIUsage({ ...ask, customerId: odd })), await make().post(new GetAIUsage({ ...ask, customerId: odd }))])
				assert.deepEqual(r, { accountUsage: [], customerUsage: [] })
		})
	})

describe('errors of the client library', () => {
	const client = clients['credentials']
	const fails = (promise, code, message) => assert.rejects(promise, e => {
		assert.equal(e.responseStatus?.errorCode, code, JSON.stringify(e))
		assert.match(e.responseStatus.message, message)
		return true
	})
	test('nobody is signed in', () => fails(new JsonServiceClient(env.BASE_URL).get(new ListUsageRecords(ask)), 'Unauthorized', /^Not Authenticated$/))
	test('a wrong password', () => {
		const wrong = new JsonServiceClient(env.BASE_URL)
		wrong.setCredentials(env.ADMIN_USER, 'not it')
		return fails(wrong.get(new ListUsageRecords(ask)), 'Unauthorized', /^Invalid Username or Password$/)
	})
	test('a role that may not', () => {
		const manager = new JsonServiceClient(env.BASE_URL)
		manager.bearerToken = env.MANAGER_TOKEN
		return fails(manager.get(new GetAIUsage(ask)), 'Forbidden', /^Invalid Role$/)
	})
	test('api() answers with the error instead of throwing', async () => {
		const answer = await client().api(new GetAIUsage({ ...ask, endDate: 'never' }))
		assert.ok(answer.failed)
		assert.equal(answer.error.errorCode, 'FormatException')
		assert.deepEqual(answer.error.errors.map(e => e.fieldName).sort(), ['EndDate'])
	})
	test('fields at fault are named', () => assert.rejects(client().post(new GetAIUsage({ ...ask, endDate: 'never' })), e => {
		const { errorCode, message, errors } = e.responseStatus
		assert.equal(errorCode, 'FormatException')
		assert.match(message, /String 'never' was not recognized as a valid DateTime.*\(Parameter 'EndDate'\)$/)
		assert.equal(errors.length, 1)
		assert.equal(errors[0].fieldName, 'EndDate')
		assert.doesNotMatch(errors[0].message, /Parameter/)
		return true
	}))
	test('an operation that does not exist', () =>
		fails(client().get(new Nothing()), 'NotImplementedException', /^The operation 'Nothing' does not exist for this service$/))
	test('a verb that the operation lacks', () =>
		fails(client().delete(new ListUsageRecords(ask)), 'NotImplementedException', /^Could not find method named Delete\(ListUsageRecords\) or Any\(ListUsageRecords\) on Service /))
	test('a batch stops at the first that fails', async () => {
		const c = client()
		let done
		c.exceptionFilter = r => { done = r.headers.get('X-AutoBatch-Completed') }
		await fails(c.sendAll([ask, { ...ask, startDate: 'x' }, ask].map(r => new GetAIUsage(r))), 'FormatException', /'x'/)
		assert.equal(done, '1')
	})
	test('a foreign account', async () => {
		const manager = new JsonServiceClient(env.BASE_URL)
		manager.bearerToken = env.MANAGER_TOKEN
		await fails(manager.get(new ListUsageRecords({ accountId: sids.other })), 'Forbidden', /account/)
	})
})
