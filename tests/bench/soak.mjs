// soak.mjs - honest and hostile requests and faults, mixed, for minutes or hours on end, straight to the socket of a server with 96 threads.
//
//   make soak [MINUTES=10 | HOURS=n] [SANITIZERS=thread] [SEED=n]
//
// Faults: another program holds the ledger, the server is stopped for a moment, reads its templates again, is backed up and verified; in the first
// minutes (10 at most, and a tenth of the time) it is also killed and started again. The rest of the time says what grows: memory, descriptors, files
// and times are shown as a picture, and as a table in soak-report.txt. Fails if memory, descriptors or the ledger's log grow (soak_report.mjs has
// the limits). Again and again nothing is asked for some seconds, and memory and descriptors are measured without what requests need: from an hour
// on, their trend may be 1 MiB and no descriptor.
//
// SANITIZERS (thread, or address,undefined): against such a build, made in soak-SANITIZERS. Fails where the server dies, a sanitizer reports, an
// honest request isn't answered as it should be, or the ledger isn't true at the end. Says how much memory the server held after the first minutes
// and at the end, in all and without the ledger's file, which grows and of which the system lends pages (mmap). On a build without sanitizers the
// latter may grow by 10 MB in between.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Connection, pair, record, request, types } from '../e2e/fastcgi.mjs'
import { Ledger, program, randomOf } from '../e2e/worker.mjs'
import { growth, pictures, quantile, restTable, table, trends } from './soak_report.mjs'

const minutes = process.env.HOURS ? Number(process.env.HOURS) * 60 : Number(process.env.MINUTES || 10), seed = Number(process.env.SEED || Date.now() % 1e9)
const sanitized = Boolean(process.env.SANITIZERS)
// GLib's own allocator hands memory from thread to thread under locks that ThreadSanitizer doesn't see.
if (sanitized)
	process.env.G_SLICE = 'always-malloc'
const WORKERS = 96, GROWTH_MB = 10, JUDGED_MINUTES = 10, TREND_MINUTES = 60
const firstMinutes = Math.min(10, minutes / 10), restMinutes = Math.min(10, minutes / 10)
const random = randomOf(seed)
const below = n => Math.floor(random() * n)
const pick = list => list[below(list.length)]

const ledger = new Ledger({ server: `threads = 96\nmax_request_seconds = ${sanitized ? 0 : 20}` })
const accounts = Array.from({ length: 5 }, (_, i) => ledger.account(`Account ${i}`))
const keys = accounts.map(a => ({ account: a, read: ledger.key('--role', 'Account', '--account', a), write: ledger.key('--role', 'Ingest', '--account', a) }))
ledger.input('a password of length\n', 'user', 'add', 'ada', '--role', 'Manager', '--grant', accounts[0])

let stored = 0, numbered = 0
const counts = {}
const failures = []

const event = account => JSON.stringify({ specversion: '1.0', type: 'usage', source: `soak-${seed}`, id: `${numbered++}`, subject: account,
	time: new Date(Date.UTC(2026, below(9), 1 + below(28), below(24))).toISOString(),
	data: { category: pick(['calls-inbound', 'calls-outbound', 'sms-inbound']), usage: 1.5, price: 0.01, customer: `c${below(200)}` } })

async function exchange(bytes, { gone = false, half = bytes.length } = {}) {
	const c = new Connection(ledger.socket)
	c.write(bytes.subarray(0, half))
	if (gone) {
		await sleep(below(20))
		c.close()
		return { status: 0 }
	}
	if (half < bytes.length)
		c.socket.end()
	const answer = await c.answer()
	c.close()
	return { ...answer, status: Number(/^Status: (\d+)/.exec(answer.head)?.[1] ?? 0) }
}

const ask = (token, options) => exchange(request(token, options))
const post = (token, body, env = {}) => ask(token, { method: 'POST', uri: '/events', body, env: { CONTENT_TYPE: 'application/x-ndjson', ...env } })

// ---- what they ask; each gives what happened, and throws where that is wrong ----

const BUSY = [429, 503]

function must(answer, ...statuses) {
	assert.ok(statuses.includes(answer.status) || BUSY.includes(answer.status), `${answer.status} ${answer.body?.slice(0, 300)}`)
	return answer.status
}

async function store(n, how = text => [text, {}]) {
	const key = pick(keys), [body, env] = how(Array.from({ length: n }, () => event(key.account)).join('\n'))
	const answer = await post(key.write, body, env)
	if (answer.status === 200)
		stored += JSON.parse(answer.body).created
	return must(answer, 200)
}

const pages = ['/overview.html', '/reports/usage.json?StartDate=2026-01-01&EndDate=2026-09-30', '/reports/usage.svg?GroupBy=customer&StartDate=2026-01-01&EndDate=2026-09-30',
	'/reports/usage.csv?GroupBy=category&By=day&StartDate=2026-03-01&EndDate=2026-03-31&TimeZone=Asia/Kathmandu', '/events.html', '/events.json?PageSize=200', '/accounts.json',
	'/rejections.json', '/audit.json', '/openapi.json', '/metadata', '/health.html', '/billing/usage?StartDate=2026-01-01&EndDate=2026-02-01']

const honest = {
	'health': async () => must(await ask('', { uri: '/healthz', env: { HTTP_AUTHORIZATION: '' } }), 200),
	'one event': () => store(1),
	'many events': () => store(1 + below(500)),
	'many events, packed': () => store(1 + below(500), text => [gzipSync(text), { HTTP_CONTENT_ENCODING: 'gzip' }]),
	'a page': async () => must(await ask(ledger.admin, { uri: pick(pages) }), 200),
	'usage records': async () => {
		const key = pick(keys)
		return must(await ask(key.read, { uri: `/2010-04-01/Accounts/${key.account}/Usage/Records/${pick(['Daily', 'Monthly', 'AllTime', 'ThisMonth'])}.json?PageSize=50` }), 200)
	},
	'a password': async () => must(await ask('', { method: 'POST', uri: '/auth/credentials', body: 'UserName=ada&Password=a+password+of+length',
		env: { CONTENT_TYPE: 'application/x-www-form-urlencoded', HTTP_AUTHORIZATION: '', REMOTE_ADDR: `198.51.100.${below(250)}` } }), 200),
}

const noise = n => Buffer.from(Array.from({ length: n }, () => below(256)))

const hostile = {
	'noise': async () => (await exchange(noise(1 + below(5000)))).status,
	'noise in records': async () => (await exchange(Buffer.concat([record(types.BEGIN, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0])), record(below(12), noise(below(300))), record(below(12), noise(below(300)))]),
		{ gone: below(2) === 1 })).status,
	'variables that are none': async () => (await exchange(Buffer.concat([record(types.BEGIN, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(types.PARAMS, pair('REQUEST_METHOD', 'GET')),
		record(types.PARAMS, noise(100)), record(types.PARAMS), record(types.STDIN)]))).status,
	'half a request': async () => {
		const bytes = request(pick(keys).write, { method: 'POST', uri: '/events', body: '\n'.repeat(below(40000)), env: { CONTENT_TYPE: 'application/x-ndjson' } })
		return (await exchange(bytes, { half: below(bytes.length) })).status
	},
	'gone before the answer': async () => (await exchange(request(ledger.admin, { uri: pick(pages) }), { gone: true })).status,
	'nothing for a while': async () => {
		const c = new Connection(ledger.socket)
		await sleep(below(3000))
		c.close()
		return 0
	},
	'newlines, packed': async () => must(await post(pick(keys).write, gzipSync(Buffer.alloc(8 << 20, 10)), { HTTP_CONTENT_ENCODING: 'gzip' }), 400, 413, 422),
	'noise as events': async () => must(await post(pick(keys).write, noise(below(20000))), 200, 207, 400, 413, 422),
	'deep JSON': async () => must(await post(pick(keys).write, '{"a":'.repeat(3000)), 200, 207, 400, 413, 422),
	'many attributes': async () => must(await ask(pick(keys).read, { method: 'POST', uri: '/ai/usage', env: { CONTENT_TYPE: 'application/xml' },
		body: `<GetAIUsage${Array.from({ length: 20000 }, (_, i) => ` a${i}=""`).join('')}/>` }), 400, 403, 413),
	'all time': async () => must(await ask(ledger.admin, { uri: '/reports/usage.svg?GroupBy=customer&StartDate=0001-01-01&EndDate=9999-12-31&TimeZone=Asia/Kathmandu' }), 200, 400, 413),
	'a wrong password': async () => must(await ask('', { uri: '/accounts.json', env: { HTTP_AUTHORIZATION: `Basic ${btoa(`ada:${random()}`)}`, REMOTE_ADDR: `203.0.113.${below(250)}` } }), 401),
	'a wrong key': async () => must(await ask(`${random()}`, { uri: pick(pages) }), 401, 302, 200),
	'a long query': async () => must(await ask(ledger.admin, { uri: `/events.json?x=${'y'.repeat(below(30000))}` }), 400, 414),
	'another\'s account': async () => must(await ask(keys[0].read, { uri: `/2010-04-01/Accounts/${accounts[1]}/Usage/Records.json` }), 404, 401, 403),
}

const honestNames = Object.keys(honest), hostileNames = Object.keys(hostile)

let paused = false, resting = 0, running = WORKERS
let life = 0            // of the server; a request that a kill cuts off has no answer
let times = { 'one event': [], 'a page': [] }

async function go(until) {
	while (performance.now() < until && failures.length === 0 && (paused || ledger.worker.exitCode === null)) {
		if (paused) {
			resting++
			while (paused)
				await sleep(50)
			resting--
		}
		const bad = below(2) === 1, name = pick(bad ? hostileNames : honestNames)
		const begun = performance.now(), itsLife = life
		try {
			const status = await (bad ? hostile : honest)[name]()
			counts[name] ??= {}
			counts[name][status] = (counts[name][status] ?? 0) + 1
			times[name]?.push(performance.now() - begun)
		} catch (error) {
			if (life === itsLife)
				failures.push(`${name}: ${error.message}`)
		}
	}
	running--
}

const memory = () => {
	const status = readFileSync(`/proc/${ledger.worker.pid}/status`, 'utf8'), of = name => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) / 1024
	return { all: of('VmRSS'), own: of('RssAnon'), descriptors: readdirSync(`/proc/${ledger.worker.pid}/fd`).length }
}

// ---- faults ----

const run = (command, args, input) => new Promise(done => {
	const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] })
	child.on('exit', done)
	child.stdin.end(input)
})

let log = ''
async function start() {
	await ledger.start()
	ledger.worker.stderr.on('data', d => { log = (log + d).slice(-1e6) })
}

const faults = {
	'lock': () => run('sqlite3', [ledger.database], 'BEGIN IMMEDIATE;\n.shell sleep 2\nROLLBACK;\n'),
	'stop': async () => {
		ledger.worker.kill('SIGSTOP')
		await sleep(1000)
		ledger.worker.kill('SIGCONT')
	},
	'templates': async () => ledger.worker.kill('SIGHUP'),
	'backup': () => run(program, ['--config', ledger.config, 'backup', '--overwrite', join(ledger.folder, 'copy.db')]),
	'verify': () => run(program, ['--config', ledger.config, 'verify']),
}

async function kill() {
	paused = true
	life++
	ledger.worker.kill('SIGKILL')
	await ledger.worker.ended
	await start()
	life++
	paused = false
}

let happened = []
// Of the ledger from end to end, by another program.
const reads = { running: false, begun: 0 }
// One fault after the other, a quarter of a minute apart; kills until then.
async function goWrong(killUntil, until) {
	for (let i = 1; performance.now() < until - 20000 && failures.length === 0; i++) {
		await sleep(10000 + below(10000))
		if (paused || failures.length)
			continue
		const kills = i % 3 === 0 && performance.now() < killUntil, name = kills ? 'kill' : pick(Object.keys(faults))
		happened.push(name)
		reads.running = name === 'backup' || name === 'verify'
		reads.begun += reads.running
		await (kills ? kill() : faults[name]())
		reads.running = false
	}
}

// ---- measuring ----

const megabytes = path => {
	try {
		return statSync(path).size / 1e6
	} catch {
		return 0
	}
}

const samples = []
// A sample an interval: the least memory (a password takes 64 MB while it is checked) and log in it, and the times of requests.
async function watch(begin, until) {
	const interval = Math.max(5, minutes * 60 / 120)
	while (performance.now() < until - 1000 && failures.length === 0) {
		const reading = reads.running, begun = reads.begun, of = life, least = { own: Infinity, all: Infinity, descriptors: Infinity, wal: Infinity }, asked = () => Object.values(counts).flatMap(by => Object.values(by)).reduce((a, b) => a + b, 0)
		const before = asked(), from = performance.now()
		times = { 'one event': [], 'a page': [] }
		happened = []
		for (let i = 0; i < interval && performance.now() < until; i++) {
			await sleep(1000)
			try {
				const now = { ...memory(), wal: megabytes(`${ledger.database}-wal`) }
				for (const name of Object.keys(least))
					least[name] = Math.min(least[name], now[name])
			} catch {
				// it is being started again
			}
		}
		if (of !== life || least.own === Infinity)
			samples.length = 0       // what a killed server had is of no use
		else
			samples.push({ minute: (performance.now() - begin) / 60000, ...least, ledger: megabytes(ledger.database),
				perSecond: (asked() - before) / (performance.now() - from) * 1000, event: quantile(times['one event'], 0.95), page: quantile(times['a page'], 0.95), faults: happened, reads: reading && reads.running && reads.begun === begun })
	}
}

// While nothing is asked: each password that is checked takes 64 MB.
async function measure() {
	const begun = performance.now()
	paused = true
	while (resting < running)
		await sleep(50)
	if (ledger.worker.exitCode !== null)
		return null
	const rested = performance.now() - begun
	await sleep(2500)       // threads without work keep nothing after a second
	const measured = { ...memory(), rested }
	paused = false
	return measured
}

const rests = []
// After the first minutes, again and again, and at the end.
async function rest(begin) {
	for (let at = firstMinutes; at < minutes - restMinutes / 2 && failures.length === 0; at += restMinutes) {
		await sleep(Math.max(0, begin + at * 60000 - performance.now()))
		await restNow(begin)
	}
}

async function restNow(begin) {
	const measured = await measure()
	if (measured)
		rests.push({ minute: (performance.now() - begin) / 60000, ...measured })
	return measured
}

const memoryWords = m => m ? `${m.all.toFixed(1)} MB (${m.own.toFixed(1)} MB without the ledger's file) and ${m.descriptors} descriptors, ${(m.rested / 1000).toFixed(1)} s after the last request was sent`
	: 'nothing, for it had died'

async function main() {
	await start()
	console.log(`${minutes} minutes with seed ${seed}${sanitized ? `, sanitizers ${process.env.SANITIZERS}` : ''}`)
	const begin = performance.now(), end = begin + minutes * 60000, killUntil = begin + firstMinutes * 48000
	const beside = [goWrong(killUntil, end), watch(begin, end)]
	const workers = Array.from({ length: WORKERS }, () => go(end))
	await Promise.all([...workers, ...beside, rest(begin)])
	const after = await restNow(begin), before = rests[0]
	const ended = await ledger.end('SIGTERM')
	for (const [name, by] of Object.entries(counts))
		console.log(`- ${name}: ${Object.entries(by).map(([status, n]) => `${n} of ${status === '0' ? 'no answer' : status}`).join(', ')}`)
	console.log(`resident after the first minutes: ${memoryWords(before)}\nresident at the end: ${memoryWords(after)}`)
	if (samples.length) {
		console.log(`\n${pictures(samples)}\n`)
		writeFileSync('soak-report.txt', `${minutes} minutes with seed ${seed}\n\n${pictures(samples)}\n\n${table(samples)}\n\nWhile nothing was asked:\n${restTable(rests)}\n`)
	}
	if (!sanitized && rests.length > 2) {
		const all = trends(rests)
		console.log(`while nothing was asked:\n${restTable(rests)}\ntrend: ${all.map(t => `${t.name} ${t.growth.toFixed(2)}`).join(', ')}`)
		if (minutes >= TREND_MINUTES)
			failures.push(...all.filter(t => t.growth > t.most).map(t => `${t.name} have a trend of ${t.growth.toFixed(2)}; at most ${t.most} is right`))
	}
	const grown = sanitized ? [] : growth(samples)
	if (minutes >= JUDGED_MINUTES)
		failures.push(...grown)
	else if (grown.length)
		console.log(`${grown.join('\n')}\n(in less than ${JUDGED_MINUTES} minutes this says little)`)
	const verified = ledger.run('verify').split('\n')[0]
	console.log(`${stored} events were acknowledged; verify: ${verified}`)
	if (ended.code !== 0)
		failures.push(`the server ended with ${JSON.stringify(ended)}`)
	if (/Sanitizer|runtime error/.test(log))
		failures.push(`a sanitizer reports:\n${log.slice(Math.max(0, log.search(/=====|runtime error/)), 8000)}`)
	if (!/, 0 differences/.test(verified) || Number.parseInt(verified) < stored)
		failures.push('the ledger is not true')
	if (!sanitized && minutes >= JUDGED_MINUTES && before && after && after.own - before.own > GROWTH_MB)
		failures.push(`memory grew by ${(after.own - before.own).toFixed(1)} MB`)
	for (const failure of failures)
		console.log(`not ok ${failure}`)
	return failures.length === 0
}

let good = false
try {
	good = await main()
} finally {
	ledger.remove()
}
process.exit(good ? 0 : 1)
