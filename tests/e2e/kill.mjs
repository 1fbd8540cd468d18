// kill.mjs - is what was acknowledged there, once, however often the worker is killed?
//
//   [ROUNDS=50] [ACCOUNTS=20] [SEED=number] [USAGED=program] [MEANWHILE=command] node kill.mjs
//
// Each round loads the worker over many connections with small and big requests, kills it (SIGKILL) at a random moment, sometimes again while it
// starts, starts it, sends everything again that was not acknowledged, and compares what is stored with what was sent: event by event in number, usage
// and price, and the same sums in the rollups. Some requests are atomic, and some of those have a record that keeps all
// others out. A request is stored whole or not at all; one that was acknowledged is a duplicate when it is sent again.
//
// The events are of ACCOUNTS accounts, half of them subaccounts, with 50 customers each: with many accounts, nearly each event has sums of its own.
// In one round of ten the ledger is set back to an earlier schema and upgraded, and the upgrade is killed on its way.
//
// With USAGED_E2E_STORE=postgresql, the ledger is in a private PostgreSQL, which is killed in two of five rounds, in place of the worker. With an
// address, the ledger is in that database (postgresql.mjs), and in two of five rounds MEANWHILE is run, if it is set: a command that does something to
// the database under load, such as to kill one of its servers and start it again, or to move shards to another server.
//
// A killed process loses nothing that it has handed to the kernel; that commits reach the disk before the answer, a power cut that loses all
// that was not synced shows in tests/unit/fault_tests.c.
import { setTimeout as sleep } from 'node:timers/promises'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { Connection, request } from './fastcgi.mjs'
import { commonPostgres, Postgres } from './postgresql.mjs'
import { inPostgresql, Ledger, program, randomOf } from './worker.mjs'

const rounds = Number(process.env.ROUNDS || 50)
const seed = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 32))
const random = randomOf(seed)
const { MEANWHILE } = process.env
const crashes = inPostgresql && (MEANWHILE || commonPostgres() instanceof Postgres)
const CONNECTIONS = 16, LOAD_MS = 150, VERIFY_EVERY = Math.max(10, Math.floor(rounds / 50)), UPGRADE_EVERY = 10
const categories = ['calls-inbound', 'calls-outbound', 'sms-inbound', 'ai-minutes']

const int = below => Math.floor(random() * below)
const ledger = new Ledger()
const accounts = []
while (accounts.length < Number(process.env.ACCOUNTS || 20))
	accounts.push(ledger.account(`Account ${accounts.length}`, ...accounts.length % 2 ? ['--parent', accounts[accounts.length - 1]] : []))
const counts = { kills: 0, crashes: 0, refused: 0, killsAtStart: 0, upgrades: 0, killsInUpgrade: 0, requests: 0, unanswered: 0, resentNew: 0, resentStored: 0, resentAcknowledged: 0, spoilt: 0, finishedLater: 0 }
const wrong = []

// ---- what is sent ----

let made = 0
const sent = { events: 0, usage: 0, price: 0 }      // usage in millionths, price in billionths
const acknowledged = []                             // some of the requests, to be sent again
let again = []                                      // requests without an answer

// SPOILT: one of a request of which nothing is to be stored.
function newEvent(spoilt) {
	const usage = int(5000000), price = int(1000000)
	if (!spoilt) {
		sent.events++
		sent.usage += usage
		sent.price += price
	}
	return JSON.stringify({ specversion: '1.0', type: 'usage', source: `/load/${int(3)}`, id: `e${made++}`, subject: accounts[int(accounts.length)],
		time: new Date(Date.UTC(2026, int(10), 1 + int(28), int(24), int(60))).toISOString(),
		data: { category: categories[int(categories.length)], usage: (usage / 1e6).toFixed(6), price: (price / 1e9).toFixed(9), customer: `c${int(50)}` } })
}

function newRequest() {
	const kind = random(), n = kind < 0.4 ? 1 : kind < 0.8 ? 2 + int(20) : 100 + int(900)
	const atomic = random() < 0.3, spoilt = atomic && random() < 0.3
	const lines = Array.from({ length: n }, () => newEvent(spoilt))
	if (spoilt)
		lines.splice(int(n + 1), 0, '{"specversion":"1.0"}')
	return { n, atomic, spoilt, body: lines.join('\n'), tries: 0, acknowledged: false }
}

// ---- one request ----

// The line of the server's log about an answer that names one.
function logged(body) {
	const [id] = /RQ[0-9a-f]{32}/.exec(body) ?? []
	return id ? ledger.log.split('\n').find(line => line.includes(id)) ?? '' : ''
}

function check(job, { head, body }) {
	const status = /^Status: (\d+)/.exec(head)?.[1]
	if (job.spoilt) {
		const { created, duplicate, rejected, results } = JSON.parse(body)
		if (status !== '207' || created || duplicate || rejected !== 1 || results.filter(r => r.status === 'aborted').length !== job.n)
			wrong.push(`of ${job.n} events that can't be stored without one that is wrong: ${status} ${body.slice(0, 200)}`)
		counts.spoilt++
		job.acknowledged = true
		return
	}
	if (status !== '200')
		return void wrong.push(`status ${status}: ${body.slice(0, 200)} ${logged(body)}`)
	const { created, duplicate, conflict, rejected } = JSON.parse(body)
	const parted = created && duplicate && !(job.refused && !job.atomic)
	if (conflict || rejected || parted || created + duplicate !== job.n)
		wrong.push(`of ${job.n} events, sent ${job.tries} times: ${created} created, ${duplicate} duplicate, ${conflict} conflict, ${rejected} rejected`)
	else if (job.tries === 1 && !created)
		wrong.push(`${job.n} new events were duplicates`)
	else if (job.acknowledged && created)
		wrong.push(`${job.n} acknowledged events were created again: they had been lost`)
	if (job.acknowledged)
		counts.resentAcknowledged++
	else if (job.tries > 1)
		counts[created ? 'resentNew' : 'resentStored']++
	else if (random() < 0.02)
		acknowledged.push(job)
	job.acknowledged = true
}

// True if it was answered, on the connection that is kept for the next one.
async function send(c, job) {
	job.tries++
	counts.requests++
	c.write(request(ledger.token, { method: 'POST', uri: job.atomic ? '/events?atomic=true' : '/events', body: job.body, keep: true, env: { CONTENT_TYPE: 'application/x-ndjson' } }))
	const answer = await c.answer()
	// while the database is away, or has a server away that has some of the events
	const refused = inPostgresql && (/^Status: 503 /.test(answer.head) || /"unavailable":/.test(answer.body))
	if (refused) {
		if (/^Status: 503 /.test(answer.head) && !/\nRetry-After: [1-9]/.test(answer.head))
			wrong.push(`a refusal without Retry-After: ${answer.head}`)
		counts.refused++
		job.refused = true
	} else if (answer.complete) {
		check(job, answer)
	} else {
		counts.unanswered++
	}
	return answer.complete && !refused
}

// Sends what NEXT gives until it gives nothing more or the worker is gone.
async function work(next) {
	let c = new Connection(ledger.socket)
	for (let job; (job = next());) {
		if (c.closed)
			c = new Connection(ledger.socket)
		if (!await send(c, job)) {
			if (!job.acknowledged)
				again.push(job)
			if (!running)
				break
			await sleep(job.refused ? 50 : 0)
		}
	}
	c.close()
}

const workAll = next => Promise.all(Array.from({ length: CONNECTIONS }, () => work(next)))

// ---- rounds ----

let running
let up = false          // the worker is running already

// Sets the ledger back by two versions, from which steps make the sums of large families, the events and their index by time anew. Then upgrades it,
// and is killed later each time until it comes to the end.
async function upgrade() {
	const [[version]] = ledger.sql('PRAGMA user_version')
	const { status, stderr } = spawnSync('sqlite3', [ledger.database, `PRAGMA user_version = ${version - 2}`], { encoding: 'utf8' })
	if (status)
		throw new Error(stderr)
	for (let ms = 1 + int(30), code = null; code === null; ms *= 1.5) {
		const child = spawn(program, ['--config', ledger.config, 'upgrade'], { stdio: 'ignore' }), ended = new Promise(done => child.on('exit', done))
		await Promise.race([ended, sleep(ms)])
		child.kill('SIGKILL')
		code = await ended
		counts[code === null ? 'killsInUpgrade' : 'upgrades']++
		if (code)
			throw new Error(`the upgrade ended with ${code}`)
	}
}

async function start() {
	running = true
	if (up) {
		up = false
		while ((await ledger.get('/readyz')).status !== 200)
			await sleep(10)
		return
	}
	if (!inPostgresql && round % UPGRADE_EVERY === 0)
		await upgrade()
	while (random() < 0.2) {
		ledger.spawn()
		await sleep(int(30))
		await ledger.end('SIGKILL')
		counts.killsAtStart++
	}
	await ledger.start()
}

function runMeanwhile() {
	return new Promise((done, failed) => execFile('sh', ['-c', MEANWHILE], (err, stdout, stderr) =>
		err ? failed(new Error(`${MEANWHILE}: ${stderr || err.message}`)) : done()))
}

// The database crashes, and comes back; or MEANWHILE is done to it. The worker stays.
async function crash(loading) {
	if (commonPostgres() instanceof Postgres) {
		running = false
		await commonPostgres().stop('SIGKILL')
		await loading
		commonPostgres().start()
		commonPostgres().server.unref()
	} else {
		await runMeanwhile()
		running = false
		await loading
	}
	counts.crashes++
	up = true
}

async function load() {
	const loading = workAll(() => running && newRequest())
	await sleep(int(LOAD_MS))
	if (crashes && random() < 0.4)
		return crash(loading)
	running = false
	await ledger.end('SIGKILL')
	await loading
	counts.kills++
}

async function resend() {
	while (again.length) {
		const jobs = again
		again = []
		await workAll(() => jobs.pop())
	}
	if (acknowledged.length)
		await workAll((job => () => job.splice(0, 1)[0])([acknowledged[int(acknowledged.length)]]))
}

// Waits until no server of a Citus cluster has a transaction that is prepared and not yet committed. Citus looks for them once a minute.
const isCluster = crashes && ledger.sql("SELECT count(*) FROM pg_extension WHERE extname = 'citus'")[0][0] === 1
const PREPARED = `SELECT sum(CASE WHEN success THEN result::int ELSE 1 END) FROM run_command_on_workers('SELECT count(*) FROM pg_prepared_xacts')`

async function settle() {
	const from = Date.now(), isSettled = () => !isCluster || !ledger.sql(PREPARED)[0][0]
	if (isSettled())
		return
	const [[seen]] = ledger.sql('SELECT count(*) FROM event')
	counts.finishedLater++
	while (!isSettled()) {
		if (Date.now() - from > 120000)
			throw new Error('a transaction is still prepared after two minutes')
		await sleep(200)
	}
	const [[all]] = ledger.sql('SELECT count(*) FROM event')
	console.log(`# round ${round}: Citus finished ${all - seen} events ${((Date.now() - from) / 1000).toFixed(1)} s later`)
}

// Count, usage and price of all rollups: decimals of 6 and 9 places, added up as integers.
function sums(...options) {
	const [head, ...lines] = ledger.run('sums', ...options).trim().split('\n').map(l => l.split('\t'))
	const total = (name, places) => lines.reduce((sum, line) => {
		const [whole, part = ''] = line[head.indexOf(name)].split('.')
		return sum + BigInt(whole + part.padEnd(places, '0'))
	}, 0n)
	return [total('count', 0), total('usage', 6), total('price', 9)]
}

function compare(round) {
	const expected = `${sent.events},${sent.usage},${sent.price}`
	const [stored] = ledger.sql('SELECT count(*), sum(usage), sum(price) FROM event')
	const check = (what, got) => String(got) === expected || wrong.push(`round ${round}: ${what}: stored ${got}, sent ${expected}`)
	check('events', stored)
	check('months', sums())
	if (round % VERIFY_EVERY && round !== rounds)
		return
	check('quarter hours', sums('--by', 'quarter-hour'))
	const { status, stdout } = spawnSync(program, ['--config', ledger.config, 'verify'], { encoding: 'utf8' })
	if (status !== 0)
		wrong.push(`round ${round}: ${stdout.slice(0, 500)}`)
}

let checks = 0, failed = 0
function ok(sentence, good) {
	console.log(`${good ? 'ok' : 'not ok'} ${++checks} ${sentence}`)
	failed += !good
}

console.log(`# SEED=${seed} ROUNDS=${rounds}`)
let round = 0
try {
	for (round = 1; round <= rounds && !wrong.length; round++) {
		await start()
		await resend()
		await settle()
		compare(round)
		await load()
	}
	await start()
	await resend()
	await settle()
	compare(rounds)
	const { code } = await ledger.end('SIGTERM')
	ok('the worker stops as it should in the end', code === 0)
} catch (e) {
	wrong.push(e.stack)
}
const [[stored]] = ledger.sql('SELECT count(*) FROM event')
if (inPostgresql)
	console.log(`# ${counts.crashes} times ${MEANWHILE ?? 'the database crashed'}; ${counts.refused} requests were told to come again; Citus finished commits later in ${counts.finishedLater} rounds`)
console.log(`# ${counts.kills} kills under load, ${counts.killsAtStart} while starting, ${counts.killsInUpgrade} in ${counts.upgrades} upgrades; ${counts.requests} requests, ${counts.unanswered} without an answer: ` +
	`of these ${counts.resentStored} were stored, ${counts.resentNew} were not; ${counts.resentAcknowledged} acknowledged ones were sent again; of ${counts.spoilt} nothing was to be stored`)
console.log(`# ${sent.events} events sent, ${stored} stored: ${Math.max(0, sent.events - stored)} lost, ${Math.max(0, stored - sent.events)} counted twice`)
if (wrong.length)
	console.log('# ' + ledger.log.trim().replaceAll('\n', '\n# '))
wrong.slice(0, 10).forEach(w => console.log(`# ${w}`))
ok(`every event counts once after each of ${rounds} kills`, !wrong.length && sent.events === stored)
ok('some requests were killed on their way', counts.resentStored + counts.resentNew > 0)
if (!inPostgresql && rounds >= UPGRADE_EVERY)
	ok('some upgrades were killed on their way', counts.killsInUpgrade > 0)
if (failed && process.env.KEEP)
	console.log(`# the ledger is in ${ledger.folder}, its events in ${ledger.database}`)
else
	ledger.remove()
console.log(`1..${checks}`)
process.exit(failed ? 1 : 0)
