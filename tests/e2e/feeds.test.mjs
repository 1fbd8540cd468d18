// feeds.test.mjs - records that other programs post in their own form, on a ledger of its own.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import twilio from 'twilio'
import { Connection, request } from './fastcgi.mjs'
import { Ledger, top } from './worker.mjs'

let ledger, closed, accounts, folder
const SID = 'AC0123456789abcdef0123456789abcdef', OTHER = 'ACffffffffffffffffffffffffffffffff', TOKEN = '0a1b2c3d4e5f60718293a4b5c6d7e8f9'

before(async () => {
	folder = mkdtempSync(join(tmpdir(), 'usaged-'))
	writeFileSync(join(folder, 'tokens'), `# of Twilio\n\n${SID} ${TOKEN}\n${OTHER} ${TOKEN}x\n`, { mode: 0o600 })
	ledger = new Ledger({ ledger: `busy_timeout_ms = 300\n[feeds]\nfreeswitch = ${join(top, 'conf/mappings/freeswitch.ini')}\ntwilio = ${join(top, 'conf/mappings/twilio-calls.ini')}\n`
		+ `twilio_messages = ${join(top, 'conf/mappings/twilio-messages.ini')}\n`
		+ `twilio_tokens = ${join(folder, 'tokens')}`, server: 'threads = 24\nbase_url = https://usage.example.com' })
	accounts = [ledger.account('One', '--number', '4711'), ledger.account('Two')]
	closed = new Ledger()
	ledger.account('Of Twilio', '--sid', SID)
	await Promise.all([ledger.start(), closed.start()])
})
after(() => {
	ledger.remove()
	closed.remove()
	rmSync(folder, { recursive: true })
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
	// one record, also if the mapping skips it
	for (const body of [`[${cdr('x')},${cdr('y')}]`, cdr('x') + cdr('y'), `[${cdr('x', { answer_epoch: '0' })},{}]`, `[${'{},'.repeat(300000)}{}]`]) {
		const answer = await post(body, JSON_TYPE)
		assert.equal(answer.status, 413, answer.text)
		assert.match(answer.text, /at most 1 event;/)
	}
	assert.equal((await post(cdr('x'), JSON_TYPE, { env: { HTTP_CONTENT_ENCODING: 'gzip' } })).status, 415)
	assert.equal((await post(cdr('x'), JSON_TYPE, { uri: '/feeds/freeswitch?colour=red' })).status, 400)
})

test('without the setting there is no such feed', async () => {
	const { status, text } = await post(cdr('u1'), JSON_TYPE, { to: closed })
	assert.equal(status, 404)
	assert.match(text, /feeds\.freeswitch/)
})

// ---- Twilio ----

const callback = (CallSid, more = {}) => ({ AccountSid: SID, ApiVersion: '2010-04-01', CallSid, CallStatus: 'completed', CallDuration: '61', Duration: '2', Direction: 'inbound',
	From: '+4312345', To: '+4367890', Timestamp: 'Sun, 01 Nov 2026 10:00:00 +0000', SequenceNumber: '3', CallerName: 'a "b" \\ ä', Empty: '', ...more })

// As Twilio posts it; the official library makes the signature.
function tell(params, { token = TOKEN, url = 'https://usage.example.com/feeds/twilio', uri = '/feeds/twilio', signature, ...more } = {}) {
	const env = { HTTP_AUTHORIZATION: '', HTTP_X_TWILIO_SIGNATURE: signature ?? twilio.getExpectedTwilioSignature(token, url, params) }
	return post(new URLSearchParams(params).toString(), URL_TYPE, { uri, env, token: '', ...more })
}

test('a completed call is stored for the account of the callback, and counts once', async () => {
	const first = await tell(callback('CA1'))
	assert.equal(first.status, 200, first.text)
	assert.deepEqual([first.json.created, first.json.results[0].source, first.json.results[0].id], [1, 'twilio', 'CA1'])
	assert.equal((await tell(callback('CA1'))).json.duplicate, 1)
	assert.equal((await tell(callback('CA2', { Direction: 'outbound-api', Timestamp: 'Mon, 02 Nov 2026 09:00:00 +0000' }))).json.created, 1)
	for (const [category, usage] of [['calls-inbound', '2'], ['calls-outbound', '2']]) {
		const report = ledger.run('report', 'ListUsageRecordAllTime', '--AccountSid', SID, '--Category', category, '--format', 'json')
		assert.deepEqual(JSON.parse(report).usage_records.map(r => [r.count, r.usage]), [['1', usage]], category)
	}
})

test('callbacks before the end of a call have no verdict', async () => {
	for (const CallStatus of ['initiated', 'ringing', 'in-progress', 'busy', 'no-answer']) {
		const { status, json } = await tell(callback('CA3', { CallStatus }))
		assert.deepEqual([status, json.created, json.results], [200, 0, []], CallStatus)
	}
})

const message = (MessageSid, more = {}) => ({ AccountSid: SID, ApiVersion: '2010-04-01', MessageSid, SmsSid: MessageSid, MessageStatus: 'sent', SmsStatus: 'sent',
	From: '+4312345', To: '+4367890', ...more })

test('a message counts once, when it is sent, at the time of its callback', async () => {
	for (const MessageStatus of ['queued', 'sending', 'delivered', 'undelivered', 'failed'])
		assert.deepEqual((await tell(message('SM1', { MessageStatus }))).json.results, [], MessageStatus)
	const from = Date.now(), first = await tell(message('SM1', { Received: '2020-01-01T00:00:00Z' }))
	assert.equal(first.status, 200, first.text)
	assert.deepEqual([first.json.created, first.json.results[0].source, first.json.results[0].id], [1, 'twilio', 'SM1'])
	assert.equal((await tell(message('MM1'))).json.created, 1)
	await new Promise(done => setTimeout(done, 1100))
	const again = await tell(message('SM1'))
	assert.deepEqual([again.status, again.json.conflict], [422, 1])
	for (const category of ['sms-outbound', 'mms-outbound']) {
		const report = ledger.run('report', 'ListUsageRecordAllTime', '--AccountSid', SID, '--Category', category, '--format', 'json')
		assert.deepEqual(JSON.parse(report).usage_records.map(r => [r.count, r.usage]), [['1', '1']], category)
	}
	const [[time]] = ledger.sql('SELECT max(time_us) / 1000 FROM event')
	assert.ok(time >= from - 1000 && time <= Date.now(), `${time} is not the time of the callback, ${from}`)
})

test('the address may be signed with or without its port', async () => {
	assert.equal((await tell(callback('CA4'), { url: 'https://usage.example.com:443/feeds/twilio' })).json.created, 1)
	assert.equal((await tell(callback('CA4'), { url: 'https://usage.example.com:8443/feeds/twilio' })).status, 403)
	assert.equal((await tell(callback('CA4'), { url: 'http://usage.example.com/feeds/twilio' })).status, 403)
})

test('without a valid signature nothing is stored', async () => {
	const before = ledger.sql('SELECT count(*) FROM event')
	for (const [name, options, params] of [['another token', { token: `${TOKEN}x` }], ['no signature', { signature: '' }], ['noise', { signature: 'AAAA' }],
		['another parameter', { signature: twilio.getExpectedTwilioSignature(TOKEN, 'https://usage.example.com/feeds/twilio', callback('CA5')) }, callback('CA5', { CallDuration: '6100' })],
		['an account without a token', {}, callback('CA5', { AccountSid: 'AC00000000000000000000000000000000' })]]) {
		const answer = await tell(params ?? callback('CA5'), options)
		assert.equal(answer.status, 403, name)
		assert.match(answer.text, /is not the signature of this callback/)
		assert.ok(!answer.text.includes(TOKEN))
	}
	assert.deepEqual(ledger.sql('SELECT count(*) FROM event'), before)
})

test('a signed callback of an account that is not there is told so', async () => {
	const answer = await tell(callback('CA6', { AccountSid: OTHER }), { token: `${TOKEN}x` })
	assert.equal(answer.status, 404)
	assert.match(answer.text, /there is no account/)
})

test('what Twilio would not send is refused', async () => {
	const sign = body => ({ uri: '/feeds/twilio', token: '', env: { HTTP_AUTHORIZATION: '', HTTP_X_TWILIO_SIGNATURE: 'x' }, body })
	assert.equal((await post('{}', JSON_TYPE, sign())).status, 415)
	assert.match((await post('CallSid=CA7', URL_TYPE, sign())).text, /AccountSid/)
	assert.match((await post(`AccountSid=${SID}&AccountSid=${OTHER}`, URL_TYPE, sign())).text, /must come once/)
	assert.equal((await post('AccountSid=%zz', URL_TYPE, sign())).status, 400)
	// credentials allow no longer one
	for (const more of [sign(), { ...sign(), token: ledger.token, env: { HTTP_X_TWILIO_SIGNATURE: 'x' } }])
		assert.equal((await post(`AccountSid=${SID}&a=${'x'.repeat(16384)}`, URL_TYPE, more)).status, 413)
	assert.equal((await tell(callback('CA7'), { to: closed })).status, 404)
})

test('a file of tokens that others may read keeps the server from starting', async () => {
	const file = join(folder, 'open-tokens')
	writeFileSync(file, `${SID} ${TOKEN}\n`)
	chmodSync(file, 0o644)
	const other = new Ledger({ ledger: `[feeds]\ntwilio_tokens = ${file}` })
	try {
		const { code } = await other.spawn().ended
		assert.equal(code, 1)
		assert.match(other.log, /other users may read the tokens; run: chmod 600/)
	} finally {
		other.remove()
	}
})
