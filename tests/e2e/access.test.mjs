// access.test.mjs - every operation, every caller: what each may do, as one table.
import assert from 'node:assert/strict'
import { describe, test, before, after } from 'node:test'
import { basic, bearer, callers, day, plusDays, records, resources, send, sids, usaged, valuesOf } from './harness.mjs'

const today = day(new Date())
const range = `startDate=${plusDays(today, -7)}&endDate=${today}`

// Callers that have keys of their own for these tests.
let extra = {}
const revoke = []
before(async () => {
	const key = async (...args) => {
		const { SID, SECRET } = valuesOf(await usaged('key', 'add', ...args))
		revoke.push(SID)
		return { SID, SECRET }
	}
	const api = await key('--role', 'Key', '--account', sids.main)
	const own = await key('--role', 'Ingest', '--account', sids.sub)
	const gone = await key('--role', 'SystemAdministrator', '--user', 'e2e-gone')
	extra = {
		key: basic(api.SID, api.SECRET),
		keyBearer: bearer(api.SECRET),
		mainBearer: bearer(callersToken('main')),
		subIngest: bearer(own.SECRET),
		revoked: bearer(gone.SECRET),
		revokedBasic: basic(gone.SID, gone.SECRET),
	}
	await usaged('key', 'revoke', gone.SID)
})
after(async () => {
	for (const sid of revoke)
		await usaged('key', 'revoke', sid)
})

function callersToken(name) {
	return Buffer.from(callers[name].slice(6), 'base64').toString().split(':')[1]
}

// The same rights however somebody signs in.
const groups = {
	nobody: ['none', 'wrong', 'wrongBearer', 'revoked', 'revokedBasic'],
	main: ['main', 'mainBearer'],
	key: ['key', 'keyBearer'],
	sub: ['sub'],
	other: ['other'],
	admin: ['admin', 'adminBearer'],
	manager: ['manager', 'managerBearer'],
	user: ['user'],
	ingest: ['ingest', 'subIngest'],
}

const tree = ['/Usage', '/Usage/Triggers', '/Usage/Records', ...resources.map(r => `/Usage/Records/${r}`)]

// Statuses by group. nobody is always 401.
const table = [
	...tree.flatMap(p => [
		{ path: `/2010-04-01/Accounts/${sids.main}${p}.json`, main: 200, key: 200, sub: 404, other: 404, admin: 200, manager: 200, user: 403, ingest: 403 },
		{ path: `/2010-04-01/Accounts/${sids.sub}${p}.json`, main: 200, key: 404, sub: 200, other: 404, admin: 200, manager: 200, user: 403, ingest: 403 },
		{ path: `/2010-04-01/Accounts/${sids.other}${p}.json`, main: 404, key: 404, sub: 404, other: 200, admin: 200, manager: 404, user: 403, ingest: 403 },
		{ path: `/2010-04-01/Accounts/${sids.unknown}${p}.json`, main: 404, key: 404, sub: 404, other: 404, admin: 404, manager: 404, user: 403, ingest: 403 },
	]),
	{ path: `/2010-04-01/Accounts/${sids.main}/Usage/Triggers.json`, method: 'POST', main: 400, key: 400, sub: 400, other: 400, admin: 400, manager: 403, user: 403, ingest: 403 },
	...['POST', 'DELETE'].map(method =>
		({ path: `/2010-04-01/Accounts/${sids.main}/Usage/Triggers/UT${'0'.repeat(32)}.json`, method, main: 404, key: 404, sub: 404, other: 404, admin: 404, manager: 403, user: 403, ingest: 403 })),
	{ path: '/triggers', main: 200, key: 200, sub: 200, other: 200, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: '/deliveries', main: 200, key: 200, sub: 200, other: 200, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: `/accounts/${sids.main}/signing-secret`, main: 200, key: 403, sub: 404, other: 404, admin: 200, manager: 403, user: 403, ingest: 403 },
	...['edit', 'remove'].map(verb => verb === 'edit' ? '' : `/${verb}`).map(verb =>
		({ path: `/triggers/UT${'0'.repeat(32)}${verb}`, method: 'POST', main: 404, key: 404, sub: 404, other: 404, admin: 404, manager: 403, user: 403, ingest: 403 })),
	{ path: `/deliveries/WH${'0'.repeat(32)}/repeat`, method: 'POST', main: 404, key: 404, sub: 404, other: 404, admin: 404, manager: 403, user: 403, ingest: 403 },
	{ path: '/v1/UsageRecords', main: 200, key: 200, sub: 200, other: 200, admin: 400, manager: 400, user: 403, ingest: 403 },
	{ path: `/v1/UsageRecords?AccountSid=${sids.main}`, main: 200, key: 200, sub: 404, other: 404, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: `/v1/UsageRecords?AccountSid=${sids.other}`, main: 404, key: 404, sub: 404, other: 200, admin: 200, manager: 404, user: 403, ingest: 403 },
	{ path: '/billing/usage?format=json', main: 403, key: 403, sub: 403, other: 403, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: `/billing/usage?format=json&accountId=${sids.main}`, main: 403, key: 403, sub: 403, other: 403, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: `/billing/usage?format=json&accountId=${sids.other}`, main: 403, key: 403, sub: 403, other: 403, admin: 200, manager: 403, user: 403, ingest: 403 },
	...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(method =>
		({ path: `/ai/usage?format=json&${range}`, method, main: 403, key: 403, sub: 403, other: 403, admin: 200, manager: 403, user: 403, ingest: 403 })),
	{ path: '/accounts', main: 200, key: 200, sub: 200, other: 200, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: '/operations', main: 200, key: 200, sub: 200, other: 200, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: '/events', main: 200, key: 200, sub: 200, other: 200, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: `/events?AccountSid=${sids.main}`, main: 200, key: 200, sub: 404, other: 404, admin: 200, manager: 200, user: 403, ingest: 403 },
	{ path: `/events?AccountSid=${sids.other}`, main: 404, key: 404, sub: 404, other: 200, admin: 200, manager: 404, user: 403, ingest: 403 },
	{ path: '/rejections', main: 200, key: 403, sub: 200, other: 200, admin: 200, manager: 200, user: 403, ingest: 200 },
	{ path: '/events/none', main: 404, key: 404, sub: 404, other: 404, admin: 404, manager: 404, user: 403, ingest: 403 },
	...['void', 'amend'].map(verb =>
		({ path: `/events/none/${verb}?reason=x`, method: 'POST', main: 403, key: 403, sub: 403, other: 403, admin: 404, manager: 404, user: 403, ingest: 404 })),
	/* an empty body is refused only from those who may write at all */
	{ path: '/events', method: 'POST', type: 'application/json', main: 403, key: 403, sub: 403, other: 403, admin: 400, manager: 403, user: 403, ingest: 400 },
]

for (const row of table)
	test(`${row.method ?? 'GET'} ${row.path}`, async () => {
		for (const [group, members] of Object.entries(groups))
			for (const who of members) {
				const a = await send(row.path, { auth: callers[who] ?? extra[who], method: row.method, headers: row.type ? { 'Content-Type': row.type } : {} })
				const expected = group === 'nobody' ? 401 : row[group]
				assert.equal(a.status, expected, `${who}: ${a.status} instead of ${expected}: ${a.bytes.toString().slice(0, 300)}`)
				if (a.status === 401)
					assert.match(a.headers['www-authenticate'] ?? '', /^Basic realm="/)
				else
					assert.equal(a.headers['www-authenticate'], undefined)
			}
	})

describe('answers to those who may not', () => {
	test('an unknown and a foreign account are told apart by nothing but their SID', async () => {
		for (const suffix of ['.json', '.xml', '.csv', '.html']) {
			const answer = async sid => {
				const a = (await send(records(sid, 'Daily') + suffix, { as: 'sub' })).is(404)
				return [a.type, a.text.replaceAll(sid, 'SID').replace(/RQ[0-9a-f]{32}/g, 'RQ')]
			}
			assert.deepEqual(await answer(sids.unknown), await answer(sids.other), suffix)
			assert.deepEqual(await answer(sids.unknown), await answer(sids.main), suffix)
		}
	})
	test('who is not signed in does not learn which accounts exist', async () => {
		for (const sid of [sids.main, sids.unknown])
			(await send(`${records(sid)}.json`)).is(401)
	})
	test('every format refuses, and a page leads to where one signs in', async () => {
		for (const suffix of ['.json', '.xml', '.csv', '.html'])
			for (const path of [records(sids.main), '/v1/UsageRecords', '/billing/usage', '/ai/usage', '/accounts'])
				(await send(path + suffix)).is(suffix === '.html' ? 302 : 401)
	})
	test('no other way in: query, form, cookie or half an Authorization', async () => {
		const token = callersToken('main')
		for (const request of [
			{ path: `?AccountSid=${sids.main}&AuthToken=${token}&apikey=${token}` },
			{ headers: { Cookie: `ss-id=${token}; ss-tok=${token}` } },
			{ headers: { 'X-Forwarded-User': 'admin', 'Remote-User': 'admin', REMOTE_USER: 'admin' } },
			{ auth: 'Basic' }, { auth: 'Bearer' }, { auth: 'Bearer ' }, { auth: 'Basic !!!!' }, { auth: basic(sids.main, '') }, { auth: basic('', token) },
			{ auth: basic(sids.other, token) }, { auth: `Digest username="${sids.main}"` }, { auth: bearer(`${token}x`) }, { auth: `Bearer ${token} ${token}` },
		]) {
			const a = await send(`${records(sids.main)}.json${request.path ?? ''}`, { auth: request.auth, headers: request.headers })
			assert.equal(a.status, 401, JSON.stringify(request).replaceAll(token, '...'))
		}
	})
	test('schemes ignore case', async () => {
		(await send(`${records(sids.main)}.json`, { auth: callers.main.replace('Basic', 'bASIC') })).is(200);
		(await send(`${records(sids.main)}.json`, { auth: callers.adminBearer.replace('Bearer', 'BEARER') })).is(200)
	})
	test('HEAD asks for the same rights', async () => {
		(await send(`${records(sids.main)}.json`, { method: 'HEAD' })).is(401);
		(await send(`${records(sids.main)}.json`, { as: 'other', method: 'HEAD' })).is(404);
		(await send(`${records(sids.main)}.json`, { as: 'main', method: 'HEAD' })).is(200)
	})
	test('an ingest key of one account writes for no other', async () => {
		const event = { specversion: '1.0', type: 'usage', source: '/e2e/access', id: 'foreign', subject: sids.other, time: `${today}T00:00:00Z`, data: { category: 'calls-inbound' } }
		const a = await send('/events', { auth: extra.subIngest, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) })
		assert.equal(a.json.created, 0, a.text)
		assert.equal(a.json.results[0].status, 'rejected')
		assert.equal(a.json.results[0].field, 'subject')
	})
	test('accounts lists what one may see and nothing else', async () => {
		const seen = async as => (await send('/accounts', { as })).is(200).json.accounts.map(a => a.sid)
		assert.deepEqual(await seen('sub'), [sids.sub])
		assert.deepEqual(await seen('other'), [sids.other])
		const main = await seen('main')
		assert.ok(main.includes(sids.main) && main.includes(sids.sub) && !main.includes(sids.other))
		assert.ok((await seen('admin')).includes(sids.other))
	})
})
