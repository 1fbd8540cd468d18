// two_hosts.mjs - two servers on one database of PostgreSQL, which store events of the same accounts at the same time: is each event there once, are
// the sums exact, is nobody stopped by a deadlock, and how many events a second do they take, against one server?
//
//   [EVENTS=20000] [USAGED=program] node two_hosts.mjs
//
// Each request has events of all accounts, and of one in 20 a part is sent to the other server as well, at the same time. PostgreSQL syncs. From half a
// million EVENTS on, on a machine that does nothing else, two servers must be 0.9 times as quick as one. The processor time of the servers and of all
// processes of PostgreSQL is printed, too: it is higher with two servers, which commit fewer events at once.
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { missing, Postgres } from './postgresql.mjs'
import { Connection, request } from './fastcgi.mjs'
import { Ledger } from './worker.mjs'

const events = Number(process.env.EVENTS || 20000)
const REQUEST = 1000, CONNECTIONS = 8, ACCOUNTS = 8, TWICE = 20, GOAL_EVENTS = 500000, GOAL = 0.9

if (missing) {
	console.log(missing)
	process.exit(77)
}

let checks = 0, failed = 0
function ok(sentence, good, ...words) {
	console.log(`${good ? 'ok' : 'not ok'} ${++checks} ${sentence}`)
	words.forEach(w => console.log(`# ${w}`))
	failed += !good
}

// ---- processor time ----

const tick = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

function times(pid) {
	try {
		return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ').slice(11, 15).map(n => Number(n) * tick)
	} catch {
		return [0, 0, 0, 0]    // it has just ended
	}
}

// Milliseconds of a process with the children that it had, and has.
function cpu(pid) {
	const sum = list => list.reduce((a, b) => a + b, 0)
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
	return sum(times(pid)) + sum(children.map(child => sum(times(child).slice(0, 2))))
}

// ---- what is sent ----

// The number of the event says all else, so that it is the same each time. Usage is in hundredths. There are 20 events a second, of which one is of any
// day since January.
const usageOf = n => n % 977
const timeOf = n => new Date(Date.UTC(2026, 9, 1) + (n % 20 ? n * 50 : -(n * 7919 % 270) * 86400000)).toISOString().slice(0, 19) + 'Z'

function lines(accounts, first, n) {
	const out = []
	for (let i = first; i < first + n; i++)
		out.push(`{"specversion":"1.0","type":"usage","source":"/two/${i % 4}","id":"${String(i).padStart(9, '0')}","subject":"${accounts[i % ACCOUNTS]}",` +
			`"time":"${timeOf(i)}","data":{"category":"calls-inbound","usage":${usageOf(i) / 100},"customer":"c${i % 50}"}}`)
	return out.join('\n')
}

// Sends what NEXT gives, [server, body], and adds up what was created.
async function sender(token, next, counts) {
	const open = new Map()
	for (let job; (job = next());) {
		const [at, body] = job
		if (!open.has(at) || open.get(at).closed)
			open.set(at, new Connection(at.socket))
		const c = open.get(at)
		c.write(request(token, { method: 'POST', uri: '/events', body, keep: true, env: { CONTENT_TYPE: 'application/x-ndjson' } }))
		const { head, body: text } = await c.answer()
		if (!head.startsWith('Status: 200 '))
			throw new Error(`${head.slice(0, 100)} ${text.slice(0, 300)}`)
		const { created, duplicate } = JSON.parse(text)
		counts.created += created
		counts.duplicate += duplicate
	}
	open.forEach(c => c.close())
}

async function send(hosts, accounts) {
	const counts = { created: 0, duplicate: 0 }, again = []
	let sent = 0, turn = 0
	const next = () => {
		if (again.length)
			return again.pop()
		if (sent >= events)
			return undefined
		const first = sent, n = Math.min(REQUEST, events - first)
		sent += n
		turn++
		if (turn % TWICE === 0)
			again.push([hosts[(turn + 1) % hosts.length], lines(accounts, first, Math.ceil(n / 2))])
		return [hosts[turn % hosts.length], lines(accounts, first, n)]
	}
	await Promise.all(Array.from({ length: CONNECTIONS }, () => sender(hosts[0].token, next, counts)))
	return counts
}

// ---- one run ----

const postgres = new Postgres(['max_wal_size=4GB'])
postgres.start()

function expected() {
	let usage = 0n
	for (let i = 0; i < events; i++)
		usage += BigInt(usageOf(i))
	return usage * 10000n
}

function compare(name, ledger, counts) {
	const [[n]] = ledger.postgresql.sql('SELECT count(*) FROM event')
	ok(`${name}: every event is stored once`, Number(n) === events && counts.created === events, `${n} stored, ${counts.created} created, ${counts.duplicate} duplicates`)
	for (const table of ['event', 'total_month', 'total_day', 'total_quarter', 'part_month', 'part_day', 'part_quarter']) {
		const [row] = ledger.postgresql.sql(`SELECT sum(t.count), sum(t.usage) FROM ${table} t`)
		ok(`${name}: the sums of ${table} are exact`, String(row) === `${events},${expected()}`, String(row))
	}
	const verified = ledger.run('verify')
	ok(`${name}: usaged verify finds no difference`, /, 0 differences/.test(verified), verified.trim())
	const [[deadlocks, late]] = ledger.postgresql.sql('SELECT deadlocks, conflicts FROM pg_stat_database WHERE datname = current_database()')
	ok(`${name}: no deadlock`, Number(deadlocks) === 0 && Number(late) === 0)
}

// The microseconds of processor time of an event, and the events a second.
async function run(name, servers) {
	const ledger = new Ledger({ database: postgres.database(), ledger: 'busy_timeout_ms = 60000' })
	const hosts = [ledger]
	try {
		const accounts = Array.from({ length: ACCOUNTS }, (_, i) => ledger.account(`Account ${i}`))
		while (hosts.length < servers)
			hosts.push(ledger.host())
		for (const host of hosts)
			await host.start()
		postgres.sql('CHECKPOINT')
		const used = () => cpu(postgres.server.pid) + hosts.reduce((sum, host) => sum + cpu(host.worker.pid), 0)
		const before = used(), began = Date.now()
		const counts = await send(hosts, accounts)
		const cost = (used() - before) * 1000 / events
		const rate = events * 1000 / (Date.now() - began)
		console.log(`# ${name}: ${cost.toFixed(2)} us of processor time an event, ${Math.round(rate)} events a second`)
		compare(name, ledger, counts)
		for (const host of hosts)
			ok(`${name}: the server ends as it should`, (await host.end('SIGTERM')).code === 0)
		return { cost, rate }
	} finally {
		hosts.forEach(host => host.remove())
	}
}

try {
	const one = await run('one server', 1)
	const two = await run('two servers', 2)
	const ratio = two.rate / one.rate
	console.log(`# two servers against one: ${ratio.toFixed(2)} times the events a second, ${(two.cost / one.cost).toFixed(2)} times the processor time of an event`)
	if (events >= GOAL_EVENTS)
		ok(`two servers are at least ${GOAL} times as quick as one`, ratio >= GOAL)
} catch (e) {
	ok('both servers take all events', false, ...e.stack.split('\n'))
}
postgres.remove()
console.log(`1..${checks}`)
process.exit(failed ? 1 : 0)
