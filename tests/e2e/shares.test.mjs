// shares.test.mjs - fair shares of the server's threads: whatever holds the general ones, health checks and short requests with events are answered;
// one party can't hold all of them; who is slow is cut off; and nginx lets nobody hold one. What is counted here are answers and threads, not times:
// for those there is tests/bench/siege.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Connection, request } from './fastcgi.mjs'
import { Ledger } from './worker.mjs'

const NDJSON = { CONTENT_TYPE: 'application/x-ndjson' }

const event = (account, id, more = {}) => JSON.stringify({ specversion: '1.0', type: 'usage', source: 'shares', id, subject: account,
	time: '2026-05-05T10:00:00Z', data: { category: 'calls-inbound', usage: 1.5, price: 0.01, ...more } })

// A request on a connection of its own: `answer` comes when it comes, `answered` says whether it has.
function send(ledger, token, options, part = bytes => bytes) {
	const c = new Connection(ledger.socket)
	c.write(part(request(token, options)))
	const sent = { c, answered: false, token, options }
	sent.answer = c.answer().then(a => {
		sent.answered = true
		c.close()
		return { ...a, status: Number(/^Status: (\d+)/.exec(a.head)?.[1]) }
	})
	return sent
}

// One that holds a thread until it is let go, or cut off: a body that begins, and doesn't go on.
const long = Buffer.alloc(40000, 10)
const stuck = (ledger, token) => send(ledger, token, { method: 'POST', uri: '/events', body: long, env: NDJSON }, bytes => bytes.subarray(0, 30000))
const letGo = sent => sent.c.write(request(sent.token, sent.options).subarray(30000))

const health = ledger => send(ledger, '', { uri: '/healthz', env: { HTTP_AUTHORIZATION: '' } }).answer
const list = (ledger, token = ledger.admin) => send(ledger, token, { uri: '/accounts.json' })

// How many threads of the pool wait for their peers: they are in the system call poll, which they use for nothing else.
const POLL = process.arch === 'x64' ? '7' : '73'
const waitForPeers = pid => readdirSync(`/proc/${pid}/task`).filter(task => {
	try {
		return /^usaged-request$/m.test(readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8'))
			&& readFileSync(`/proc/${pid}/task/${task}/syscall`, 'utf8').split(' ')[0] === POLL
	} catch {
		return false
	}
}).length

async function until(condition, what) {
	for (let i = 0; !await condition(); i++) {
		assert.ok(i < 3000, what)
		await sleep(20)
	}
}

const served = (name, server, body) => test(name, async t => {
	const ledger = new Ledger({ server })
	try {
		await ledger.start()
		await body(ledger, t)
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger.remove()
	}
})

served('one thread accepts connections, and the others answer requests', 'threads = 9', async ledger => {
	const threads = () => readdirSync(`/proc/${ledger.worker.pid}/task`).map(task => readFileSync(`/proc/${ledger.worker.pid}/task/${task}/comm`, 'utf8').trim())
	const count = name => threads().filter(t => t === name).length
	await until(() => `${count('usaged-request')} ${count('usaged-front')}` === '9 1', threads().join(', '))
})

served('200 requests that are stuck or idle keep neither health nor events waiting', 'threads = 8', async ledger => {
	const account = ledger.account('One'), keys = Array.from({ length: 8 }, () => ledger.key('--role', 'Ingest'))
	const idle = await Promise.all(Array.from({ length: 50 }, async () => {
		const c = new Connection(ledger.socket)
		c.write(request(ledger.admin, { keep: true, uri: '/accounts.json' }))
		assert.match((await c.answer()).head, /^Status: 200 /)
		return c
	}))
	const heads = Array.from({ length: 50 }, (_, i) => send(ledger, ledger.admin, { uri: '/accounts.json' }, bytes => bytes.subarray(0, 1 + i)))
	const bodies = Array.from({ length: 50 }, () => send(ledger, ledger.token, { method: 'POST', uri: '/events', body: event(account, 'never'), env: NDJSON }, bytes => bytes.subarray(0, -20)))
	const held = Array.from({ length: 50 }, (_, i) => stuck(ledger, keys[i % keys.length]))
	const waits = list(ledger)
	for (let i = 0; i < 20; i++) {
		assert.equal((await health(ledger)).status, 200)
		assert.match((await ledger.post(event(account, `${i}`))).body, /"created":1/)
	}
	assert.ok(![...heads, ...bodies, ...held, waits].some(s => s.answered), 'something was answered that cannot be')
	assert.ok(idle.every(c => !c.closed))
	// back to normal
	for (const s of [...heads, ...bodies, ...held, ...idle.map(c => ({ c }))])
		s.c.close()
	assert.equal((await waits.answer).status, 200)
	assert.equal((await list(ledger).answer).status, 200)
	assert.match(ledger.run('verify'), /^20 events, 0 differences/)
})

served('what may take long waits for a general thread, whatever operation it is of', 'threads = 2', async ledger => {
	const account = ledger.account('One'), held = stuck(ledger, ledger.token)
	await until(() => waitForPeers(ledger.worker.pid) === 1, 'a thread waits for its peer')
	const one = event(account, 'one')
	const waiting = [
		send(ledger, ledger.admin, { method: 'POST', uri: '/events', body: gzipSync(one), env: { ...NDJSON, HTTP_CONTENT_ENCODING: 'gzip' } }),
		send(ledger, ledger.admin, { method: 'POST', uri: '/events', body: one + ' '.repeat(20000), env: NDJSON }),
		send(ledger, ledger.admin, { method: 'POST', uri: '/events', body: one, env: { ...NDJSON, HTTP_AUTHORIZATION: 'Basic ' + btoa('ada:a password') } }),
		send(ledger, ledger.admin, { uri: '/healthz', env: { HTTP_AUTHORIZATION: 'Basic ' + btoa('ada:a password') } }),
		list(ledger),
	]
	for (let i = 0; i < 5; i++) {
		assert.equal((await health(ledger)).status, 200)
		assert.match((await ledger.post(event(account, `${i}`))).body, /"created":1/)
	}
	assert.deepEqual(waiting.map(w => w.answered), waiting.map(() => false))
	letGo(held)
	await held.answer
	assert.deepEqual((await Promise.all(waiting.map(w => w.answer))).map(a => a.status), [200, 200, 401, 200, 200])
})

served('a party has its share, more of it wait in order, and the rest is told to come again', 'threads = 8\naccount_requests = 2', async ledger => {
	const main = ledger.account('Main'), other = ledger.account('Other')
	const sub = /^SID=(.*)$/m.exec(ledger.run('account', 'add', '--name', 'Sub', '--parent', main, '--created', '2026-01-01'))[1]
	const key = (role, account) => ledger.key('--role', role, '--account', account)
	const mains = [key('Ingest', main), key('Ingest', sub), key('Account', main), key('Account', sub)], others = key('Account', other)
	const held = [stuck(ledger, mains[0]), stuck(ledger, mains[1])]
	await until(() => waitForPeers(ledger.worker.pid) >= 2, 'two threads wait for their peers')
	// 8 of the family wait, whichever key they bring
	const uri = '/accounts.json', waiting = Array.from({ length: 8 }, (_, i) => send(ledger, mains[2 + i % 2], { uri }))
	await sleep(300)
	const refused = await Promise.all(Array.from({ length: 4 }, (_, i) => send(ledger, mains[2 + i % 2], { uri }).answer))
	for (const { status, head } of refused) {
		assert.equal(status, 429)
		assert.match(head, /\r\nRetry-After: 2(\r\n|$)/)
	}
	assert.equal((await send(ledger, mains[2], { uri: `/2010-04-01/Accounts/${main}/Usage/Records.json` }).answer).status, 429)
	// others are served meanwhile, and so are the family's health checks and events
	assert.equal((await send(ledger, others, { uri }).answer).status, 200)
	assert.equal((await list(ledger).answer).status, 200)
	assert.match((await send(ledger, mains[0], { method: 'POST', uri: '/events', body: event(main, 'short'), env: NDJSON }).answer).body, /"created":1/)
	assert.deepEqual(waiting.map(w => w.answered), waiting.map(() => false))
	letGo(held[0])
	assert.ok((await held[0].answer).complete)
	assert.deepEqual((await Promise.all(waiting.map(w => w.answer))).map(a => a.status), waiting.map(() => 200))
	letGo(held[1])
	await held[1].answer
})

served('a request that waits for its share has its body when its turn comes', 'threads = 8\naccount_requests = 1', async ledger => {
	const main = ledger.account('Main')
	const triggers = `/2010-04-01/Accounts/${main}/Usage/Triggers.json`, trigger = { CallbackUrl: 'https://example.com/', UsageCategory: 'calls', TriggerValue: '9' }
	const parts = Object.entries(trigger).map(([n, v]) => `--b\r\nContent-Disposition: form-data; name="${n}"\r\n\r\n${v}\r\n`).join('') + '--b--\r\n'
	const bodies = [
		[triggers, 'application/x-www-form-urlencoded', new URLSearchParams(trigger).toString()],
		[triggers, 'multipart/form-data; boundary=b', parts],
		['/json/reply/ListUsageRecords', 'application/json', JSON.stringify({ StartDate: '2026-01-01' })],
		['/json/reply/ListUsageRecords', 'application/x-www-form-urlencoded', 'StartDate=2026-01-01'],
		['/xml/reply/ListUsageRecords', 'application/xml', '<ListUsageRecords xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.Dashboard"><StartDate>2026-01-01</StartDate></ListUsageRecords>'],
		['/auth/credentials.json', 'application/x-www-form-urlencoded', 'UserName=nobody'],
	]
	const ask = ([uri, type, body]) => send(ledger, ledger.admin, { method: 'POST', uri, body, env: { CONTENT_TYPE: type } })
	const told = async sent => { const { status, body } = await sent.answer; return `${status} ${status === 201 ? '' : body}` }
	const free = []
	for (const one of bodies)
		free.push(await told(ask(one)))
	assert.deepEqual(free.map(t => t.slice(0, 4)), ['201 ', '201 ', '200 ', '200 ', '200 ', '400 '], free.join('\n'))
	for (const [i, one] of bodies.entries()) {
		const held = stuck(ledger, ledger.admin)
		await until(() => waitForPeers(ledger.worker.pid) >= 1, 'a thread waits for its peer')
		const waiting = ask(one)
		await sleep(300)
		const waited = !waiting.answered
		letGo(held)
		await held.answer
		assert.equal(await told(waiting), free[i], one.join(' '))
		assert.ok(waited || one[0].startsWith('/auth/'), `${one[0]} did not wait`)
	}
})

served('clients without credentials have a share a network', 'threads = 8\naccount_requests = 1', async ledger => {
	const ask = (address, part) => send(ledger, '', { uri: '/openapi.json', env: { HTTP_AUTHORIZATION: '', REMOTE_ADDR: address } }, part)
	const many = Array.from({ length: 40 }, (_, i) => ask(`2001:db8::${i}`)), other = ask('2001:db8:0:1::1')
	const statuses = (await Promise.all(many.map(m => m.answer))).map(a => a.status)
	assert.ok(statuses.every(s => s === 200 || s === 429), statuses.join(' '))
	assert.equal((await other.answer).status, 200)
})

served('when as many wait as may, the next are refused at once, and health is answered', 'threads = 2\nbacklog = 3', async ledger => {
	const keys = Array.from({ length: 6 }, () => ledger.key('--role', 'SystemAdministrator', '--user', 'admin'))
	const held = stuck(ledger, ledger.token)
	await until(() => waitForPeers(ledger.worker.pid) >= 1, 'a thread waits for its peer')
	const sent = keys.map(key => list(ledger, key))
	const refused = async () => (await Promise.all(sent.filter(s => s.answered).map(s => s.answer)))
	await until(async () => (await refused()).length >= 3, 'three are refused')
	for (const { status, head } of await refused()) {
		assert.equal(status, 503, head + ledger.log)
		assert.match(head, /\r\nRetry-After: 1(\r\n|$)/)
	}
	assert.equal((await health(ledger)).status, 200)
	letGo(held)
	await held.answer
	assert.deepEqual((await Promise.all(sent.map(s => s.answer))).map(a => a.status).sort(), [200, 200, 200, 503, 503, 503])
})

served('a connection that wants in when there are as many as there may be takes the place of an idle one', 'threads = 2\nbacklog = 2', async ledger => {
	const idle = []
	for (let i = 0; i < 20; i++) {
		const c = new Connection(ledger.socket)
		c.write(request(ledger.admin, { keep: true, uri: '/accounts.json' }))
		assert.match((await c.answer()).head, /^Status: 200 /)
		idle.push(c)
	}
	await until(() => idle.filter(c => !c.closed).length === 3, 'half as many as there may be are kept')
	idle.push(...Array.from({ length: 20 }, () => new Connection(ledger.socket)))
	assert.equal((await health(ledger)).status, 200)
	await until(() => idle.filter(c => !c.closed).length <= 6, 'there are more than threads and twice the backlog')
	assert.ok(!idle.at(-1).closed, 'the one that was idle for longest goes first')
	idle.forEach(c => c.close())
})

served('who sends or reads nothing is cut off, and nobody else', 'threads = 8', async (ledger, t) => {
	const account = ledger.account('One')
	for (let n = 0; n < 2; n++)
		assert.equal((await ledger.post(Array.from({ length: 1000 }, (_, i) => event(account, `${n}-${i}`, { note: 'n'.repeat(2000) })).join('\n'))).status, 200)
	const sender = stuck(ledger, ledger.token), head = send(ledger, ledger.admin, { uri: '/accounts.json' }, bytes => bytes.subarray(0, 20))
	const reader = new Connection(ledger.socket)
	reader.socket.pause()
	reader.write(request(ledger.admin, { uri: '/events.json?PageSize=1000', keep: true }))
	const kept = new Connection(ledger.socket)
	kept.write(request(ledger.admin, { keep: true, uri: '/accounts.json' }))
	assert.match((await kept.answer()).head, /^Status: 200 /)
	await until(() => waitForPeers(ledger.worker.pid) >= 2, 'two threads wait for their peers')
	t.diagnostic('this takes 15 seconds')
	assert.equal((await sender.answer).status, 400)
	assert.equal((await head.answer).complete, false)
	await until(() => waitForPeers(ledger.worker.pid) === 0, 'a thread waits for its peer')
	reader.socket.resume()
	assert.equal((await reader.answer()).complete, false)
	kept.write(request(ledger.admin, { keep: true, uri: '/accounts.json' }))
	assert.match((await kept.answer()).head, /^Status: 200 /)
	kept.close()
})

// ---- behind nginx ----

const credentials = process.env.USAGED_CREDENTIALS
const values = Object.fromEntries(readFileSync(credentials, 'utf8').split('\n').filter(l => l.includes('=')).map(l => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]))
const url = new URL(values.BASE_URL), folder = dirname(credentials)
const worker = Number(readFileSync(join(folder, 'usaged.pid'), 'utf8'))
const lines = uri => readFileSync(join(folder, 'usaged.log'), 'utf8').split('\n').filter(l => l.includes(` ${uri} `)).length

// An exchange of HTTP/1.1 of which so much is sent, and nothing read until `read` is called.
async function open(head, body) {
	const socket = connect({ host: url.hostname, port: url.port, ca: readFileSync(values.CA_CERT), highWaterMark: 1024 })
	socket.on('error', () => {})
	await new Promise(done => socket.once('secureConnect', done))
	socket.pause()
	socket.write(head + '\r\n\r\n')
	socket.write(body)
	return socket
}

test('behind nginx a slow sender reaches no thread before all of its body is there', async () => {
	const uri = `/events?Slow=${process.pid}`, body = '\n'.repeat(50000)
	const head = `POST ${uri} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${values.INGEST_TOKEN}\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${body.length}`
	const sockets = await Promise.all(Array.from({ length: 30 }, () => open(head, body.slice(0, 40000))))
	await sleep(500)
	assert.equal(waitForPeers(worker), 0)
	for (const socket of sockets)
		socket.destroy()
})

test('behind nginx a slow reader holds no thread: its answer is taken at once', async () => {
	const uri = '/openapi.json'
	const before = lines(uri)
	const head = `GET ${uri} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${values.ADMIN_TOKEN}`
	const sockets = await Promise.all(Array.from({ length: 30 }, () => open(head, '')))
	await until(() => lines(uri) >= before + 30, 'all answers are taken')
	for (const socket of sockets)
		socket.destroy()
})
