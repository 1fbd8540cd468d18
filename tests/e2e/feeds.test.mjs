// feeds.test.mjs - records that other programs post in their own form, on a ledger of its own.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Connection, request } from './fastcgi.mjs'
import { Ledger, top } from './worker.mjs'

let ledger, closed, accounts

before(async () => {
	ledger = new Ledger({ ledger: `busy_timeout_ms = 300\n[feeds]\nfreeswitch = ${join(top, 'conf/mappings/freeswitch.ini')}` })
	accounts = [ledger.account('One', '--number', '4711'), ledger.account('Two')]
	closed = new Ledger()
	await Promise.all([ledger.start(), closed.start()])
})
after(() => {
	ledger.remove()
	closed.remove()
})

// A record as mod_json_cdr writes it, as far as the mapping looks at it; values are URL-encoded.
const cdr = (uuid, more = {}, context = 'public') => JSON.stringify({
	'core-uuid': 'c0', switchname: 'pbx', channel_data: { state: 'CS_REPORTING' },
	variables: { uuid, accountcode: 'One', start_uepoch: '1793527200123456', answer_epoch: '1793527205', billsec: '61', originating_leg_uuid: '', ...more },
	callflow: [{ dialplan: 'XML', caller_profile: { context, destination_number: '100' } }] })

async function post(body, type, { to = ledger, token = to.token, uri = '/feeds/freeswitch?uuid=a_1', env = {} } = {}) {
	const c = new Connection(to.socket)
	c.write(request(token, { method: 'POST', uri, body, env: { CONTENT_TYPE: type, ...env } }))
	const { head, body: text } = await c.answer()
	c.close()
	return { status: Number(/^Status: (\d+)/.exec(head)[1]), text, json: text.startsWith('{') ? JSON.parse(text) : null }
}

const JSON_TYPE = 'application/json', URL_TYPE = 'application/x-www-form-urlencoded', BASE64_TYPE = 'application/x-www-form-base64-encoded'
const base64 = text => 'cdr=' + Buffer.from(text).toString('base64').replace(/(.{72})/g, '$1\n')

test('each encoding of mod_json_cdr is stored, and counts once', async () => {
	const forms = [[JSON_TYPE, cdr('u1')], [URL_TYPE, `cdr=${encodeURIComponent(cdr('u2'))}`], [BASE64_TYPE, base64(cdr('u3'))]]
	for (const [type, body] of forms) {
		const first = await post(body, type)
		assert.equal(first.status, 200, first.text)
		assert.deepEqual([first.json.created, first.json.results[0].source], [1, 'freeswitch'])
		assert.equal((await post(body, type)).json.duplicate, 1)
	}
	const report = ledger.run('report', 'ListUsageRecordAllTime', '--AccountSid', accounts[0], '--Category', 'calls-inbound', '--format', 'json')
	const [record] = JSON.parse(report).usage_records
	assert.deepEqual([record.count, record.usage], ['3', '6'])
})

test('an account is found by its number, too, and values are decoded', async () => {
	assert.equal((await post(cdr('u4', { accountcode: '4711' }), JSON_TYPE)).json.created, 1)
	assert.equal((await post(cdr('u5', { accountcode: '%4Fne' }, 'default'), JSON_TYPE)).json.created, 1)
})

test('a call that nobody answered has no verdict', async () => {
	const { status, json } = await post(cdr('u6', { answer_epoch: '0' }), JSON_TYPE)
	assert.equal(status, 200)
	assert.deepEqual(json, { created: 0, duplicate: 0, conflict: 0, rejected: 0, results: [] })
})

test('a record of no account is rejected with 422, so that FreeSWITCH keeps it', async () => {
	const { status, json } = await post(cdr('u7', { accountcode: 'nobody' }), JSON_TYPE)
	assert.equal(status, 422)
	assert.deepEqual([json.rejected, json.results[0].field], [1, 'subject'])
	assert.equal((await post(cdr('u1', { billsec: '300' }), JSON_TYPE)).json.conflict, 1)
})

test('a key of an account stores for this account only', async () => {
	const token = ledger.key('--role', 'Ingest', '--account', accounts[1])
	assert.equal((await post(cdr('u8'), JSON_TYPE, { token })).status, 422)
	assert.equal((await post(cdr('u8', { accountcode: 'Two' }), JSON_TYPE, { token })).json.created, 1)
	assert.equal((await post(cdr('u9'), JSON_TYPE, { token: ledger.key('--role', 'Account', '--account', accounts[0]) })).status, 403)
	assert.equal((await post(cdr('u9'), JSON_TYPE, { token: '' })).status, 401)
})

test('what mod_json_cdr would not send is refused', async () => {
	for (const [body, type, status, words] of [[cdr('x'), 'text/xml', 415, /Content-Type/], ['xml=%3C', URL_TYPE, 400, /cdr/], ['{', JSON_TYPE, 422, /unreadable/], ['cdr=!', BASE64_TYPE, 400, /cdr/]]) {
		const answer = await post(body, type)
		assert.equal(answer.status, status, answer.text)
		assert.match(answer.text, words)
	}
	assert.equal((await post(cdr('x'), JSON_TYPE, { env: { HTTP_CONTENT_ENCODING: 'gzip' } })).status, 415)
	assert.equal((await post(cdr('x'), JSON_TYPE, { uri: '/feeds/freeswitch?colour=red' })).status, 400)
})

test('without the setting there is no such feed', async () => {
	const { status, text } = await post(cdr('u1'), JSON_TYPE, { to: closed })
	assert.equal(status, 404)
	assert.match(text, /feeds\.freeswitch/)
})
