// kill_triggers.mjs - is each passing of a threshold recorded once a period, and delivered, however often the worker is killed?
//
//   [ROUNDS=200] [SEED=number] [USAGED=program] node kill_triggers.mjs
//
// Each round sends events over many connections while a receiver answers callbacks, some with 503, and kills the worker (SIGKILL) at a
// random moment. Triggers with rising thresholds are made before; every event adds one. In the end the sum says which thresholds were
// passed: each of these has one notice in the outbox, one entry in the audit log, and at least one delivery with its one token; the others have none.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, request } from './fastcgi.mjs'
import { Ledger, randomOf } from './worker.mjs'

const rounds = Number(process.env.ROUNDS || 5)
const seed = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 32))
const random = randomOf(seed), int = below => Math.floor(random() * below)
const CONNECTIONS = 8, TRIGGERS = 300, LOAD_MS = 300
const received = new Map()                      // token -> how often it was answered with 200
const receiver = createServer((rq, rs) => {
	const chunks = []
	rq.on('data', c => chunks.push(c))
	rq.on('end', () => {
		const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('IdempotencyToken')
		if (random() < 0.1)
			return void rs.writeHead(503).end()
		received.set(token, (received.get(token) ?? 0) + 1)
		rs.end()
	})
}).listen(0, '127.0.0.1')
await new Promise(done => receiver.once('listening', done))

const ledger = new Ledger({ ledger: 'busy_timeout_ms = 300\n[webhooks]\nallow = 127.0.0.1' })
const main = ledger.account('Main'), sub = ledger.account('Sub', '--parent', main)
const wrong = []
let made = 0, acknowledged = 0, kills = 0, running = true
const form = values => new URLSearchParams(values).toString()

async function ask(token, method, uri, body, type) {
	const c = new Connection(ledger.socket)
	c.write(request(token, { method, uri, body, env: { CONTENT_TYPE: type } }))
	const answer = await c.answer()
	c.close()
	return answer
}

const event = id => JSON.stringify({ specversion: '1.0', type: 'usage', source: 's', id, subject: sub, time: new Date().toISOString(), data: { category: 'calls-inbound', usage: 1 } })

// Sends events until the worker is gone, and those without an answer again later.
let again = []
async function load() {
	const c = new Connection(ledger.socket)
	while (running) {
		const bodies = again.pop() ?? Array.from({ length: 1 + int(10) }, () => event(`e${made++}`))
		c.write(request(ledger.token, { method: 'POST', uri: '/events', body: bodies.join('\n'), keep: true, env: { CONTENT_TYPE: 'application/x-ndjson' } }))
		const { complete, body } = await c.answer()
		if (!complete) {
			again.push(bodies)
			break
		}
		const { created, duplicate } = JSON.parse(body)
		if (created + duplicate !== bodies.length)
			wrong.push(body.slice(0, 200))
		acknowledged += bodies.length
	}
	c.close()
}

try {
	await ledger.start()
	for (let i = 0; i < TRIGGERS; i++) {
		const { head, body } = await ask(ledger.admin, 'POST', `/2010-04-01/Accounts/${i % 2 ? main : sub}/Usage/Triggers.json`, form({
			UsageCategory: i % 3 ? 'calls' : 'calls-inbound', TriggerBy: i % 5 ? 'usage' : 'count', Recurring: ['daily', 'monthly', 'yearly', 'alltime'][i % 4],
			TriggerValue: 1 + int(rounds * 400), CallbackUrl: `http://127.0.0.1:${receiver.address().port}/` }), 'application/x-www-form-urlencoded')
		if (!/^Status: 201/.test(head))
			throw new Error(body)
	}
	for (let round = 1; round <= rounds && !wrong.length; round++) {
		running = true
		const loading = Array.from({ length: CONNECTIONS }, load)
		await sleep(int(LOAD_MS))
		running = round === rounds
		await ledger.end('SIGKILL')
		running = false
		await Promise.all(loading)
		kills++
		await ledger.start()
	}
	while (again.length) {
		const bodies = again.pop()
		const { body } = await ask(ledger.token, 'POST', '/events', bodies.join('\n'), 'application/x-ndjson')
		acknowledged += bodies.length
		if (JSON.parse(body).rejected)
			wrong.push(body.slice(0, 200))
	}
	// an attempt without an answer in time is made again after a minute, a second one after two more
	for (const end = Date.now() + 400000; Number(ledger.sql('SELECT count(*) FROM notice WHERE state <> 1')[0][0]); await sleep(50))
		if (Date.now() > end)
			throw new Error('not all callbacks were delivered')
	const count = text => Number(ledger.sql(text)[0][0])
	const sum = count('SELECT count(*) FROM event'), passed = count(`SELECT count(*) FROM trigger WHERE threshold < ${sum} * CASE amount WHEN 0 THEN 1 ELSE 1000000 END`)
	const notices = count('SELECT count(*) FROM notice'), tokens = count('SELECT count(DISTINCT token) FROM notice'), audits = count("SELECT count(*) FROM audit WHERE action = 'trigger.fire'")
	const values = count(`SELECT count(*) FROM trigger_value v JOIN trigger t ON t.id = v.id WHERE v.high * 1000000000000000000 + v.low <> ${sum} * CASE t.amount WHEN 0 THEN 1 ELSE 1000000 END AND v.low <> 0`)
	console.log(`# ${kills} kills; ${sum} events, ${acknowledged} acknowledged; ${passed} thresholds passed, ${notices} notices, ${audits} in the audit log, ${received.size} delivered`)
	if (sum < new Set([acknowledged]).size || notices !== passed || tokens !== passed || audits !== passed || received.size !== passed)
		wrong.push('these numbers must be equal')
	if (values)
		wrong.push(`${values} triggers have another value than the events`)
	if (!passed)
		wrong.push('no threshold was passed')
} catch (e) {
	wrong.push(e.stack)
}
console.log(`# SEED=${seed} ROUNDS=${rounds}`)
wrong.slice(0, 5).forEach(w => console.log(`# ${w}`))
console.log(`${wrong.length ? 'not ok' : 'ok'} 1 each threshold that was passed is recorded once and delivered after ${kills} kills\n1..1`)
await ledger.end('SIGTERM').catch(() => {})
ledger.remove()
receiver.close()
process.exit(wrong.length ? 1 : 0)
