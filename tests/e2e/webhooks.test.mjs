// webhooks.test.mjs - callbacks of triggers: signed as Twilio signs, sent again, and never to where they may not go.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import twilio from 'twilio'
import { Connection, request } from './fastcgi.mjs'
import { Receiver } from './receiver.mjs'
import { Ledger } from './worker.mjs'

const form = values => new URLSearchParams(values).toString()

async function ask(ledger, method, uri, values) {
	const c = new Connection(ledger.socket)
	c.write(request(ledger.admin, { method, uri, body: values ? form(values) : '', env: values ? { CONTENT_TYPE: 'application/x-www-form-urlencoded' } : {} }))
	const { head, body } = await c.answer()
	c.close()
	return { status: Number(/^Status: (\d+)/.exec(head)?.[1]), head, json: body && /json/.test(head) ? JSON.parse(body) : undefined, body }
}

const triggers = account => `/2010-04-01/Accounts/${account}/Usage/Triggers.json`
const trigger = async (ledger, account, url, more) => {
	const a = await ask(ledger, 'POST', triggers(account), { UsageCategory: 'calls', TriggerValue: '10', CallbackUrl: url, ...more })
	assert.equal(a.status, 201, a.body)
	return a.json
}

let number = 0
async function use(ledger, account, usage = '11') {
	const { body } = await ledger.post(JSON.stringify({ specversion: '1.0', type: 'usage', source: 's', id: `w${++number}`, subject: account,
		time: new Date().toISOString(), data: { category: 'calls-inbound', usage } }))
	assert.match(body, /"created":1/)
}

const callbacks = async (ledger, sid) => (await ask(ledger, 'GET', `/deliveries.json?Trigger=${sid}`)).json.deliveries
async function until(what, ...args) {
	for (const end = Date.now() + 60000; ;) {
		const found = await what(...args)
		if (found)
			return found
		assert.ok(Date.now() < end, `never came: ${what}`)
		await sleep(20)
	}
}
const settled = (ledger, sid) => until(async () => (await callbacks(ledger, sid)).find(d => d.attempts > 0))
const attempts = async (ledger, d) => (await ask(ledger, 'GET', `/deliveries/${d.sid}.json`)).json.attempt_list

describe('a receiver that may be called', () => {
	let ledger, receiver
	before(async () => {
		receiver = await new Receiver().start()
		ledger = new Ledger({ ledger: 'busy_timeout_ms = 300\n[webhooks]\nallow = 127.0.0.1', level: 'info' })
		await ledger.start()
	})
	after(async () => {
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
		ledger.remove()
		receiver.stop()
	})

	test('gets the parameters with a signature that the official SDK accepts', async () => {
		const account = ledger.account('Signed')
		const t = await trigger(ledger, account, receiver.url('ok?x=1'), { Recurring: 'daily' }), got = await trigger(ledger, account, receiver.url('ok/get?y=a%20b'), { CallbackMethod: 'GET' })
		await use(ledger, account)
		const post = await until(() => receiver.at('ok').find(c => c.method === 'POST')), get = await until(() => receiver.at('ok').find(c => c.method === 'GET'))
		const { signing_secret: secret } = (await ask(ledger, 'GET', `/accounts/${account}/signing-secret.json`)).json
		assert.ok(twilio.validateRequest(secret, post.signature, receiver.url('ok?x=1'), post.params))
		assert.ok(twilio.validateRequest(secret, get.signature, `http://127.0.0.1:${receiver.port}${get.url}`, {}))
		assert.ok(!twilio.validateRequest(secret, post.signature, receiver.url('ok?x=1'), { ...post.params, CurrentValue: '12' }))
		const day = new Date().toISOString().slice(0, 10)
		assert.deepEqual(post.params, { AccountSid: account, UsageTriggerSid: t.sid, DateFired: post.params.DateFired, Recurring: 'daily', UsageCategory: 'calls', TriggerBy: 'usage',
			TriggerValue: '10', CurrentValue: '11', UsageRecordUri: `/2010-04-01/Accounts/${account}/Usage/Records/Today.json?Category=calls`,
			IdempotencyToken: `${account}-FIRES-${t.sid}-${day}` })
		assert.ok(Math.abs(new Date(post.params.DateFired) - Date.now()) < 60000)
		assert.equal(get.params.y, 'a b')
		assert.equal(get.params.Recurring, '')
		for (const { sid } of [t, got]) {
			const [d] = await until(async () => { const list = await callbacks(ledger, sid); return list[0]?.state === 'delivered' && list })
			assert.deepEqual([d.attempts, d.next ?? null], [1, null])
			const [one] = await attempts(ledger, d)
			assert.deepEqual([one.status, one.answer], [200, 'thanks'])
		}
	})
	test('is not followed elsewhere, and called again later', async () => {
		const account = ledger.account('Redirecting')
		const { sid } = await trigger(ledger, account, receiver.url('redirect'))
		await use(ledger, account)
		const d = await settled(ledger, sid)
		assert.equal(d.state, 'waiting')
		assert.equal((await attempts(ledger, d))[0].status, 302)
		assert.ok(new Date(d.next) - Date.now() > 30000)
		assert.ok(receiver.of(account).every(c => c.name === 'redirect'))
		await ask(ledger, 'DELETE', triggers(account).replace('.json', `/${sid}`))
		assert.equal((await callbacks(ledger, sid))[0].state, 'cancelled')
	})
	test('holds up nobody else when it hangs', async () => {
		const hanging = ledger.account('Hanging'), other = ledger.account('Other')
		for (let i = 0; i < 6; i++)
			await trigger(ledger, hanging, receiver.url(`hang/${i}`))
		await use(ledger, hanging)
		await until(() => receiver.open.hang === 2)
		for (const name of ['First', 'Second', 'Third', 'Fourth']) {
			const sub = ledger.account(`${name} below`, '--parent', hanging)
			for (let i = 0; i < 6; i++)
				await trigger(ledger, sub, receiver.url(`hang/${name}/${i}`))
			await use(ledger, sub)
		}
		await until(() => receiver.open.hang === 8)
		const { sid } = await trigger(ledger, other, receiver.url('slow'))
		await use(ledger, other)
		assert.equal((await settled(ledger, sid)).state, 'delivered')
		assert.equal(receiver.mostOpen.hang, 8, 'more than eight at once of one family')
	})
	test('holds up nobody else when many hang', async () => {
		const hanging = Array.from({ length: 10 }, (_, i) => ledger.account(`Hanging ${i}`)), account = ledger.account('Hasty')
		for (const each of hanging)
			for (let i = 0; i < 5; i++)
				await trigger(ledger, each, receiver.url(`hang/${i}`))
		await trigger(ledger, account, receiver.url('ok/hasty'))
		for (const each of hanging)
			await use(ledger, each)
		await until(() => receiver.open.hang >= 10)
		const begun = Date.now()
		await use(ledger, account)
		await until(() => receiver.of(account)[0])
		assert.ok(Date.now() - begun < 5000, `${Date.now() - begun} ms`)
	})
	test('gets the same token again after 5xx, quickly', async () => {
		const account = ledger.account('Failing')
		const { sid } = await trigger(ledger, account, receiver.url('twice'))
		await use(ledger, account)
		const d = await until(async () => (await callbacks(ledger, sid)).find(d => d.state === 'delivered'))
		assert.equal(d.attempts, 3)
		assert.deepEqual((await attempts(ledger, d)).map(a => [a.status, a.answer]), [[503, 'answer 1'], [503, 'answer 2'], [200, 'answer 3']])
		assert.equal(new Set(receiver.at('twice').map(c => c.params.IdempotencyToken)).size, 1)
	})
	test('is cut off after 64 KiB', async () => {
		const account = ledger.account('Talking')
		const { sid } = await trigger(ledger, account, receiver.url('big'))
		await use(ledger, account)
		const d = await settled(ledger, sid)
		assert.equal(d.state, 'delivered')
		assert.equal((await attempts(ledger, d))[0].answer.length, 1024)
	})
	test('that is gone is given up, and called again by hand', async () => {
		const account = ledger.account('Gone')
		const { sid } = await trigger(ledger, account, receiver.url('gone'))
		await use(ledger, account)
		const d = await settled(ledger, sid)
		assert.equal(d.state, 'failed')
		await ask(ledger, 'POST', triggers(account).replace('.json', `/${sid}.json`), { CallbackUrl: receiver.url('ok/again') })
		assert.equal((await ask(ledger, 'POST', `/deliveries/${d.sid}/repeat.json`)).status, 200)
		assert.equal((await until(async () => (await callbacks(ledger, sid)).find(d => d.attempts === 2))).state, 'delivered')
		assert.ok(receiver.calls.find(c => c.url === '/ok/again'))
	})
	test('gets a callback now that would be sent later', async () => {
		const account = ledger.account('Mended')
		const { sid } = await trigger(ledger, account, receiver.url('redirect/mended'))
		await use(ledger, account)
		const d = await until(async () => (await callbacks(ledger, sid)).find(d => d.state === 'waiting' && d.attempts === 1))
		assert.ok(new Date(d.next) - Date.now() > 30000, d.next)
		await ask(ledger, 'POST', triggers(account).replace('.json', `/${sid}.json`), { CallbackUrl: receiver.url('ok/mended') })
		assert.equal((await ask(ledger, 'POST', `/deliveries/${d.sid}/repeat.json`)).status, 200)
		assert.equal((await until(async () => (await callbacks(ledger, sid)).find(d => d.attempts === 2))).state, 'delivered')
	})
	test('gets a signature that the official SDK accepts, however its URL is written', async () => {
		const account = ledger.account('Odd'), { port } = receiver, written = [
			`http://127.0.0.1:${port}`, `http://127.0.0.1:${port}?a=/../b`, `HTTP://127.0.0.1:${port}/ok/scheme`, `http://LocalHost:${port}/ok/host`,
			`http://127.0.0.1:0${port}/ok/port`, `http://127.1:${port}/ok/short`, `http://0x7f.1:${port}/ok/hexadecimal`, `http://127.0.0.1:${port}/a/../ok/./dots`,
			`http://127.0.0.1:${port}/a/%2e%2E/ok/%2e/encoded`, `http://127.0.0.1:${port}/ok//a/..//b//`, `http://127.0.0.1:${port}/ok/it's?it='s'&a=1+2&b&&c=%20`,
			`http://127.0.0.1:${port}/ok/nothing?`, `http://127.0.0.1:${port}/ok/%41%2f;[a]!$&'()*+,=:@~-_.?%41%2f;[a]!$&'()*+,=:@~-_.`]
		for (const url of written)
			for (const CallbackMethod of ['POST', 'GET'])
				await trigger(ledger, account, url, { CallbackMethod })
		await use(ledger, account)
		const { signing_secret: secret } = (await ask(ledger, 'GET', `/accounts/${account}/signing-secret.json`)).json
		const calls = await until(() => receiver.of(account).length === 2 * written.length && receiver.of(account))
		for (const call of calls)
			assert.ok(twilio.validateRequest(secret, call.signature, `http://${call.host}${call.url}`, call.method === 'POST' ? call.params : {}), `${call.method} ${call.host}${call.url}`)
	})
	test('gets a new secret when there is one', async () => {
		const account = ledger.account('Renewing'), uri = `/accounts/${account}/signing-secret`
		assert.equal((await ask(ledger, 'GET', `${uri}.json`)).json.signing_secret ?? null, null)
		await trigger(ledger, account, receiver.url('ok'))
		const old = (await ask(ledger, 'GET', `${uri}.json`)).json.signing_secret
		const { signing_secret: secret } = (await ask(ledger, 'POST', `${uri}/renew.json`)).json
		assert.notEqual(secret, old)
		await use(ledger, account)
		const call = await until(() => receiver.of(account)[0])
		assert.ok(twilio.validateRequest(secret, call.signature, receiver.url('ok'), call.params))
		assert.ok(!ledger.log.includes(secret))
	})
})

test('a receiver that may not be called gets no connection, whatever its name', async () => {
	const receiver = await new Receiver().start(), ledger = new Ledger()
	try {
		await ledger.start()
		const account = ledger.account('Inside'), sids = []
		for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '127.1', '0x7f000001', '2130706433', '0'])
			sids.push((await trigger(ledger, account, `http://${host}:${receiver.port}/ok`)).sid)
		await use(ledger, account)
		for (const sid of sids) {
			const d = await settled(ledger, sid)
			assert.equal(d.state, 'failed')
			assert.match((await attempts(ledger, d))[0].error, /not public/)
		}
		assert.equal(receiver.calls.length, 0)
	} finally {
		await ledger.end('SIGTERM')
		ledger.remove()
		receiver.stop()
	}
})

test('a receiver is verified by its certificate', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'usaged-tls-')), key = join(folder, 'key.pem'), cert = join(folder, 'cert.pem')
	const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'])
	assert.equal(made.status, 0, String(made.stderr))
	const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (rq, rs) => rs.end('sure')).listen(0, '127.0.0.1')
	for (const [ca, host, state] of [[`ca_file = ${cert}`, 'localhost', 'delivered'], [`ca_file = ${cert}`, '127.0.0.1', 'waiting'], ['', 'localhost', 'waiting']]) {
		const ledger = new Ledger({ ledger: `busy_timeout_ms = 300\n[webhooks]\nallow = 127.0.0.1 ::1\n${ca}` })
		try {
			await ledger.start()
			const account = ledger.account('Secure'), { sid } = await trigger(ledger, account, `https://${host}:${server.address().port}/`)
			await use(ledger, account)
			const d = await settled(ledger, sid), [one] = await attempts(ledger, d)
			assert.equal(d.state, state, `${host} ${ca}: ${JSON.stringify(one)}`)
			if (state === 'waiting')
				assert.match(one.error, /certificate|SSL/i)
		} finally {
			await ledger.end('SIGTERM')
			ledger.remove()
		}
	}
	server.close()
	rmSync(folder, { recursive: true })
})

test('an account whose secret was sealed with another file holds up nobody, and sends again with a new secret', async () => {
	const receiver = await new Receiver().start(), ledger = new Ledger({ ledger: 'busy_timeout_ms = 300\n[webhooks]\nallow = 127.0.0.1' })
	try {
		const old = ledger.account('Old'), fresh = ledger.account('Fresh')
		ledger.run('trigger', 'add', '--account', old, '--category', 'calls', '--value', '10', '--url', receiver.url('ok/old'))
		writeFileSync(join(ledger.folder, 'secret'), randomBytes(32))
		ledger.postgresql?.sql("DELETE FROM meta WHERE name = 'secret'")
		ledger.token = ledger.key('--role', 'Ingest')
		ledger.admin = ledger.key('--role', 'SystemAdministrator', '--user', 'admin')
		await ledger.start()
		const [{ sid }] = (await ask(ledger, 'GET', '/triggers.json')).json.triggers
		await use(ledger, old)
		const d = await settled(ledger, sid)
		assert.equal(d.state, 'waiting')
		assert.match((await attempts(ledger, d))[0].error, /signing secret/)
		await trigger(ledger, fresh, receiver.url('ok/fresh'))
		await use(ledger, fresh)
		await until(() => receiver.calls.find(c => c.url === '/ok/fresh'))
	} finally {
		await ledger.end('SIGTERM')
		ledger.remove()
		receiver.stop()
	}
})

test('a server that does not send leaves callbacks to one that does', async () => {
	const receiver = await new Receiver().start(), ledger = new Ledger({ ledger: 'busy_timeout_ms = 300\n[webhooks]\nsend = no\nallow = 127.0.0.1' })
	try {
		await ledger.start()
		const account = ledger.account('Waiting'), { sid } = await trigger(ledger, account, receiver.url('ok'))
		await use(ledger, account)
		assert.equal((await callbacks(ledger, sid))[0].state, 'waiting')
		await ledger.end('SIGTERM')
		assert.equal(receiver.calls.length, 0)
		writeFileSync(ledger.config, readFileSync(ledger.config, 'utf8').replace('send = no', 'send = yes'))
		await ledger.start()
		assert.equal((await settled(ledger, sid)).state, 'delivered')
	} finally {
		await ledger.end('SIGTERM')
		ledger.remove()
		receiver.stop()
	}
})

test('of two servers of a ledger one sends, and the other takes over when that one dies', async () => {
	const receiver = await new Receiver().start(), ledger = new Ledger({ ledger: 'busy_timeout_ms = 2000\n[webhooks]\nallow = 127.0.0.1' }), servers = [ledger, ledger.host()]
	try {
		for (const server of servers)
			await server.start()
		let fired = 0
		const fire = async through => {
			const account = ledger.account(`Fires ${++fired}`)
			for (let i = 0; i < 5; i++)
				await trigger(through, account, receiver.url(`ok/${fired}/${i}`))
			await use(through, account)
			return () => receiver.of(account)
		}
		for (let i = 0; i < 6; i++) {
			const calls = await fire(servers[i % 2])
			await until(() => calls().length >= 5)
		}
		await sleep(1500)
		assert.equal(receiver.calls.length, 30, 'a callback came twice while both servers ran')
		for (const [dead, alive] of [[0, 1], [1, 0]]) {
			await servers[dead].end('SIGKILL')
			const calls = await fire(servers[alive]), begun = Date.now()
			await until(() => new Set(calls().map(c => c.params.IdempotencyToken)).size === 5)
			assert.ok(Date.now() - begun < 20000, `${Date.now() - begun} ms`)
			await servers[dead].start()
		}
		for (const server of servers)
			assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null }, server.log)
	} finally {
		for (const server of servers)
			server.remove()
		receiver.stop()
	}
})
