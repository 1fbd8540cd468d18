// siege.mjs - what 200 heavy or stuck requests at once leave of the server for others: nginx as it is shipped, a server with 8 threads.
//
//   make siege [SECONDS_EACH=10] [PORT=8469]
//
// In three parts, of SECONDS_EACH each: quiet; under siege; and afterwards, from 5 seconds after the siege has ended. In each, health is asked for
// ten times a second, and 4 connections send single events of an account that the besiegers know nothing of. The besiegers are a process of
// their own, at the lowest priority: they stand for machines elsewhere. On a machine that does other work as well, run it again: what counts are ratios in one run.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const top = join(dirname(fileURLToPath(import.meta.url)), '../..')
const seconds = Number(process.env.SECONDS_EACH || 10), port = Number(process.env.PORT || 8469)
const POSTERS = 4, THREADS = 8

const readValues = path => Object.fromEntries(readFileSync(path, 'utf8').split('\n').filter(l => l.includes('=')).map(l => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]))

// An exchange: its status, or 0 where the connection broke.
function ask(agent, ca, { method = 'GET', path, token, type, body, headers = {} }) {
	return new Promise(done => {
		const all = { ...headers }
		if (token)
			all.Authorization = `Bearer ${token}`
		if (body)
			Object.assign(all, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
		const rq = request({ agent, ca, host: 'localhost', port, method, path, headers: all }, rs => {
			rs.resume()
			rs.on('end', () => done(rs.statusCode))
			rs.on('error', () => done(0))
		})
		rq.on('error', () => done(0))
		rq.end(body)
	})
}

// ---- the besiegers ----

const attributes = Array.from({ length: 20000 }, (_, i) => ` a${i.toString(36)}=""`).join('')

function heavy(v) {
	const everything = 'StartDate=0001-01-01&EndDate=9999-12-31'
	return {
		'large XML': { n: 40, method: 'POST', path: '/ai/usage', token: v.AUTH_TOKEN, type: 'application/xml', body: `<GetAIUsage${attributes}></GetAIUsage>` },
		'pictures over all time': { n: 40, path: `/reports/usage.svg?GroupBy=customer&${everything}&TimeZone=Asia/Kathmandu`, token: v.MANAGER_TOKEN },
		'reports by the hour': { n: 10, path: `/reports/usage.json?GroupBy=category&By=hour&StartDate=2020-01-01&Compare=year`, token: v.ADMIN_TOKEN },
		'gzip of newlines': { n: 30, method: 'POST', path: '/events', token: v.HOSTILE_TOKEN, type: 'application/x-ndjson', body: gzipSync(Buffer.alloc(60 << 20, 10)),
			headers: { 'Content-Encoding': 'gzip' } },
	}
}

async function again(v, ca, agent, rq, counts) {
	for (;;) {
		const status = await ask(agent, ca, rq)
		counts[status] = (counts[status] ?? 0) + 1
		if (status !== 200)
			await sleep(50)
	}
}

// A connection that stays: it sends HEAD and, if there is one, a byte of a body every second, and reads nothing.
function stay(ca, head, drip) {
	const socket = connect({ host: 'localhost', port, ca })
	socket.on('error', () => {})
	socket.pause()
	socket.on('secureConnect', () => socket.write(head))
	const timer = drip && setInterval(() => socket.write('\n'), 1000)
	socket.on('close', () => {
		clearInterval(timer)
		setTimeout(() => stay(ca, head, drip), 100)
	})
}

function besiege(v) {
	const ca = readFileSync(v.CA_CERT), counts = {}
	const head = (method, path, token, more = '') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`
	for (const [name, rq] of Object.entries(heavy(v))) {
		counts[name] = {}
		for (let i = 0; i < rq.n; i++)
			again(v, ca, new Agent({ keepAlive: true, maxSockets: 1 }), rq, counts[name])
	}
	for (let i = 0; i < 30; i++)
		stay(ca, head('POST', '/events', v.HOSTILE_TOKEN, 'Content-Type: application/x-ndjson\r\nContent-Length: 100000\r\n'), true)
	for (let i = 0; i < 30; i++)
		stay(ca, head('GET', '/events.json?PageSize=1000', v.ADMIN_TOKEN), false)
	for (let i = 0; i < 20; i++)
		stay(ca, '', false)
	process.on('SIGTERM', () => {
		console.log(JSON.stringify(counts))
		process.exit()
	})
}

// ---- what is measured ----

let sent = 0

const event = account => JSON.stringify({ specversion: '1.0', type: 'usage', source: `siege-${process.pid}`, id: `${sent++}`, subject: account,
	time: '2026-05-05T10:00:00Z', data: { category: 'calls-inbound', usage: 1.5, price: 0.01 } })

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]

async function measure(v) {
	const ca = readFileSync(v.CA_CERT), health = [], end = performance.now() + 1000 * seconds
	const result = { events: 0, refused: 0, failed: 0 }
	const posters = Array.from({ length: POSTERS }, async () => {
		const agent = new Agent({ keepAlive: true, maxSockets: 1 })
		while (performance.now() < end) {
			const status = await ask(agent, ca, { method: 'POST', path: '/events', token: v.INGEST_TOKEN, type: 'application/json', body: event(v.OTHER_ACCOUNT_SID) })
			result[status === 200 ? 'events' : 'refused']++
		}
		agent.destroy()
	})
	const agent = new Agent({ keepAlive: true, maxSockets: 1 })
	while (performance.now() < end) {
		const begun = performance.now()
		if (await ask(agent, ca, { path: '/healthz' }) !== 200)
			result.failed++
		health.push(performance.now() - begun)
		await sleep(100)
	}
	await Promise.all(posters)
	agent.destroy()
	const begun = performance.now()
	result.page = await ask(undefined, ca, { path: '/overview.html', token: v.ADMIN_TOKEN })
	return { ...result, rate: result.events / seconds, median: quantile(health, 0.5), p99: quantile(health, 0.99), most: Math.max(...health), page_ms: performance.now() - begun }
}

// ---- the server ----

async function startServer(folder) {
	mkdirSync(folder)
	writeFileSync(join(folder, 'usaged.conf'), `[ledger]\ndatabase = usage.db\nsecret_file = secret\n[server]\nsocket = usaged.sock\npid_file = usaged.pid\n` +
		`templates = ${top}/templates\nthreads = ${THREADS}\nlog_level = warning\n`)
	const server = spawn(join(top, 'start'), { env: { ...process.env, PORT: String(port), VAR: folder }, stdio: ['ignore', 'pipe', 'inherit'] })
	let text = ''
	server.stdout.on('data', d => { text += d })
	server.ended = new Promise(done => server.on('exit', done))
	while (!text.includes('usaged runs at')) {
		if (server.exitCode !== null)
			throw new Error(text)
		await sleep(100)
	}
	const program = join(top, existsSync(join(top, 'config.status')) ? 'usaged' : 'build/usaged')       // as ./start has it
	const usaged = (...args) => spawnSync(program, ['--config', join(folder, 'usaged.conf'), ...args], { encoding: 'utf8' }).stdout
	const v = readValues(join(folder, 'credentials'))
	return { server, v: { ...v, HOSTILE_TOKEN: /^SECRET=(.*)$/m.exec(usaged('key', 'add', '--role', 'Ingest', '--account', v.ACCOUNT_SID))[1] }, usaged }
}

function print(parts, counts) {
	const n = (x, digits = 1) => x.toFixed(digits)
	console.log('| | quiet | under siege | afterwards |\n|---|---:|---:|---:|')
	for (const [name, of] of [['single events a second', p => n(p.rate, 0)], ['refused', p => p.refused], ['health, median ms', p => n(p.median)], ['health, 99 % below, ms', p => n(p.p99)],
		['health, longest, ms', p => n(p.most)], ['health checks that failed', p => p.failed], ['a page at the end, ms', p => `${n(p.page_ms, 0)} (${p.page})`]])
		console.log(`| ${name} | ${parts.map(of).join(' | ')} |`)
	const [quiet, siege, after] = parts
	console.log('\nThe besiegers got, by status:')
	for (const [name, by] of Object.entries(counts))
		console.log(`- ${name}: ${Object.entries(by).map(([s, k]) => `${k} of ${s}`).join(', ') || 'no answer'}`)
	console.log('\n| What | result | goal | met |\n|---|---:|---:|---|')
	for (const [what, result, relation, goal] of [['health under siege, longest, ms', siege.most, 'below', 100], ['single events under siege, of quiet', siege.rate / quiet.rate, 'at least', 0.5],
		['single events afterwards, of quiet', after.rate / quiet.rate, 'at least', 0.9]])
		console.log(`| ${what} | ${n(result, 2)} | ${relation} ${goal} | ${(relation === 'below' ? result < goal : result >= goal) ? 'yes' : 'no'} |`)
}

if (process.argv[2] === 'besiege') {
	besiege(JSON.parse(readFileSync(process.argv[3], 'utf8')))
} else {
	const tmp = mkdtempSync(join(tmpdir(), 'usaged-siege-'))
	const { server, v, usaged } = await startServer(join(tmp, 'var'))
	try {
		const parts = [await measure(v)], values = join(tmp, 'values.json')
		writeFileSync(values, JSON.stringify(v), { mode: 0o600 })
		const besiegers = spawn('nice', ['-n', '19', process.execPath, fileURLToPath(import.meta.url), 'besiege', values], { stdio: ['ignore', 'pipe', 'inherit'] })
		let counts = ''
		besiegers.stdout.on('data', d => { counts += d })
		await sleep(3000)
		parts.push(await measure(v))
		besiegers.kill('SIGTERM')
		await new Promise(done => besiegers.on('close', done))
		await sleep(5000)
		parts.push(await measure(v))
		print(parts, JSON.parse(counts))
	} finally {
		server.kill('SIGTERM')
		await server.ended
		console.log('\n' + usaged('verify').split('\n')[0])
		rmSync(tmp, { recursive: true, force: true })
	}
}
