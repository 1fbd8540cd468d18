// families.test.mjs - what one family sends neither changes another family's events nor tells about them.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { basic, newAccount, send } from './harness.mjs'

const source = `/e2e/families/${process.pid}/${Date.now()}`
const json = { 'Content-Type': 'application/json' }
const event = (id, subject, usage) => ({ specversion: '1.0', type: 'usage', source, id, subject, time: '2026-03-01T10:00:00Z',
	data: { category: 'calls-outbound', usage } })
const post = (list, more = '') => send('/events' + more, { as: 'ingest', method: 'POST', headers: json, body: JSON.stringify(list) })
const path = (id, more = '') => `/events/${id}.json?Source=${encodeURIComponent(source)}${more}`
const correct = (id, verb, body) => send(`/events/${id}/${verb}`, { as: 'admin', method: 'POST', headers: json, body: JSON.stringify({ source, ...body }) })
const as = account => ({ auth: basic(account.sid, account.token) })
let one, other

before(async () => {
	one = await newAccount('families one')
	other = await newAccount('families other')
	for (const [account, usage] of [[one, '1'], [other, '2']])
		assert.equal((await post([event('shared', account.sid, usage)])).is(200).json.results[0].status, 'created')
})

describe('two families with the same source and id', () => {
	test('each event is stored, and stays a duplicate or a conflict of its own family\'s only', async () => {
		assert.equal((await post([event('shared', other.sid, '2')])).json.results[0].status, 'duplicate')
		assert.equal((await post([event('shared', one.sid, '2')])).json.results[0].status, 'conflict')
	})
	test('an atomic request doesn\'t tell which ids another family has', async () => {
		assert.equal((await post([event('only-here', one.sid, '1')], '?atomic=true')).json.results[0].status, 'created')
		assert.equal((await post([event('only-here', other.sid, '1')], '?atomic=true')).json.results[0].status, 'created')
	})
	test('each account sees its own', async () => {
		for (const [account, usage] of [[one, '1'], [other, '2']]) {
			const { event: found } = (await send(path('shared'), as(account))).is(200).json
			assert.deepEqual([found.subject, Number(found.usage)], [account.sid, Number(usage)])
			const { events } = (await send(`/events?Id=shared&Source=${encodeURIComponent(source)}`, as(account))).is(200).json
			assert.deepEqual(events.map(e => e.subject), [account.sid])
		}
	})
	test('the other family\'s account names no event', async () => {
		assert.equal((await send(path('shared', `&AccountSid=${other.sid}`), as(one))).status, 404)
		assert.equal((await send(path('shared', `&AccountSid=AC${'e'.repeat(32)}`), as(one))).status, 404)
	})
	test('an administrator must say which one is meant, and the links of a list do', async () => {
		const answer = await send(path('shared'), { as: 'admin' })
		assert.equal(answer.status, 400)
		assert.match(answer.text, /account's SID/)
		const { events } = (await send(`/events?Id=shared&Source=${encodeURIComponent(source)}`, { as: 'admin' })).is(200).json
		assert.deepEqual(events.map(e => e.subject).sort(), [one.sid, other.sid].sort())
		for (const { uri, subject } of events)
			assert.equal((await send(uri, { as: 'admin' })).is(200).json.event.subject, subject)
	})
	test('a correction changes one of them', async () => {
		assert.equal((await correct('shared', 'void', { reason: 'which?' })).status, 400)
		assert.equal((await correct('shared', 'void', { reason: 'test', subject: one.sid })).status, 201)
		assert.equal((await send(path('shared'), as(one))).json.event.state, 'void')
		assert.equal((await send(path('shared'), as(other))).json.event.state, 'current')
	})
})
