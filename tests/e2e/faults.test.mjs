// faults.test.mjs - events while something around the worker fails: the ledger is held or the worker stopped, the queue is full, the connection is cut in
// the middle of a body, the disk is full, nginx is restarted under load. Nothing that was acknowledged is lost, nothing is half done, and sending
// again makes it whole. Kills are in kill.mjs, a disk whose writes fail in tests/unit/fault_tests.c.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, request } from './fastcgi.mjs'
import { Ledger } from './worker.mjs'

const BUSY = /^Status: 503 [^]*\r\nRetry-After: [1-9][0-9]*(\r\n|$)/

const event = (account, source, i) => JSON.stringify({ specversion: '1.0', type: 'usage', source, id: String(i), subject: account,
	time: `2026-0${1 + i % 9}-1${i % 9}T10:00:00Z`, data: { category: 'calls-inbound', usage: 1.5, price: 0.01 } })
const events = (account, source, n) => Array.from({ length: n }, (_, i) => event(account, source, i)).join('\n')

// A test with a ledger and a worker of its own, at the end of which the ledger is true and holds as many events as BODY says.
const served = (name, body, options) => test(name, async t => {
	const ledger = new Ledger(options)
	const account = ledger.account('One')
	try {
		await ledger.start()
		const expected = await body(ledger, account, t)
		assert.match(ledger.run('verify'), new RegExp(`^${expected} events, 0 differences`))
		assert.deepEqual(ledger.sql('SELECT count(*) FROM event'), [[expected]])
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger.remove()
	}
})

// Another program that holds the ledger as its writer until the function that is returned is called.
async function hold(ledger) {
	const [command, args, begin] = ledger.postgresql
		? ['psql', ['-qAtX', ledger.postgresql.address], "BEGIN;\nSELECT pg_advisory_xact_lock(to_regclass('meta')::oid::bigint);\nSELECT 'held';\n"]
		: ['sqlite3', [ledger.database], 'BEGIN IMMEDIATE;\n.shell echo held\n']
	const holder = spawn(command, args)
	await new Promise(done => {
		holder.stdout.once('data', done)
		holder.stdin.write(begin)
	})
	return async () => {
		holder.stdin.end('ROLLBACK;\n')
		await new Promise(done => holder.on('exit', done))
	}
}

served('while another program holds the ledger, everybody is told to come again, and a full queue says so at once', async (ledger, account, t) => {
	const bodies = Array.from({ length: 20 }, (_, i) => events(account, `/queue/${i}`, 9000))
	const release = await hold(ledger)
	let answers
	try {
		answers = await Promise.all(bodies.map(body => ledger.post(body)))
	} finally {
		await release()
	}
	for (const { head } of answers)
		assert.match(head, BUSY)
	const full = answers.filter(a => /too many events are waiting/.test(a.body)).length
	const locked = answers.filter(a => /locked by another writer/.test(a.body)).length
	t.diagnostic(`${full} of ${bodies.length} requests found the queue full, ${locked} the ledger locked`)
	assert.equal(full + locked, bodies.length)
	// in PostgreSQL, requests come in more slowly: they share connections
	assert.ok((full > 0 || ledger.postgresql) && locked > 0)
	assert.deepEqual(ledger.sql('SELECT count(*) FROM event'), [[0]])
	for (const body of bodies)
		assert.match((await ledger.post(body)).body, /"created":9000,"duplicate":0/)
	return 20 * 9000
}, { ledger: 'busy_timeout_ms = 3000', server: 'threads = 48\naccount_requests = 20' })

// Reads that have a time limit end when a stopped process goes on (signal(7)), so a request may be cut off while it comes in.
served('a worker that is stopped and goes on loses nothing', async (ledger, account, t) => {
	const bodies = Array.from({ length: 160 }, (_, i) => events(account, `/stop/${i}`, 100))
	let cut = 0
	for (let round = 0; round < 10; round++) {
		const mine = bodies.slice(16 * round, 16 * round + 16)
		const answers = Promise.all(mine.map(body => ledger.post(body)))
		await sleep(2 * round)
		ledger.worker.kill('SIGSTOP')
		await sleep(50)
		ledger.worker.kill('SIGCONT')
		for (const [i, { complete, body }] of (await answers).entries()) {
			if (complete) {
				assert.match(body, /"created":100,"duplicate":0/)
				continue
			}
			cut++
			assert.match((await ledger.post(mine[i])).body, /"created":100,"duplicate":0|"created":0,"duplicate":100/)
		}
	}
	t.diagnostic(`${bodies.length} requests over 10 stops, ${cut} of them cut off and sent again`)
	return bodies.length * 100
})

served('of a body that is cut off nothing is stored', async (ledger, account, t) => {
	const body = events(account, '/cut', 400)
	const options = { method: 'POST', uri: '/events', body, env: { CONTENT_TYPE: 'application/x-ndjson' } }
	const whole = request(ledger.token, options)
	let cuts = 0
	for (let n = 1; n < whole.length - 8; n += Math.ceil(whole.length / 150), cuts++) {
		const c = new Connection(ledger.socket)
		c.write(whole.subarray(0, n))
		if (cuts % 2)
			c.socket.end()
		else
			await new Promise(done => c.socket.write('', done)).then(() => c.close())
		const { head } = await c.answer()
		assert.doesNotMatch(head, /^Status: 2/)
		c.close()
	}
	// lines that end where a record does
	for (const lines of [1, 100, 399]) {
		const part = body.split('\n').slice(0, lines).join('\n') + '\n'
		const { status } = await ledger.post(part, { env: { ...options.env, CONTENT_LENGTH: String(Buffer.byteLength(body)) } })
		assert.equal(status, 400)
		cuts++
	}
	t.diagnostic(`${cuts} cuts`)
	assert.deepEqual(ledger.sql('SELECT count(*) FROM event'), [[0]])
	assert.match((await ledger.post(body)).body, /"created":400/)
	return 400
})

// ---- a full disk ----

async function ask(ledger, uri) {
	const c = new Connection(ledger.socket)
	c.write(request(ledger.admin, { uri }))
	const answer = await c.answer()
	c.close()
	return answer
}

function mountSmall() {
	const folder = mkdtempSync(join(tmpdir(), 'usaged-disk-'))
	const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder])
	if (status === 0)
		return folder
	rmdirSync(folder)
	return null
}

test('a full disk loses nothing acknowledged', async t => {
	const disk = mountSmall()
	let ledger
	try {
		if (disk)
			mkdirSync(join(disk, 'ledger'))
		ledger = new Ledger(disk ? { file: true, folder: join(disk, 'ledger') } : { file: true })
		const account = ledger.account('One')
		t.diagnostic(disk ? 'on a small file system of its own' : 'with a limit on the size of files: no file system can be mounted here')
		await ledger.start(...disk ? [] : ['sh', '-c', 'ulimit -f 4000; exec "$@"', 'sh'])
		const bodies = Array.from({ length: 30 }, (_, i) => events(account, `/full/${i}`, 1000))
		const answers = []
		for (const body of bodies)
			answers.push(await ledger.post(body))
		const good = answers.filter(a => a.status === 200).length
		for (const { status, head, body } of answers)
			assert.ok(status === 200 ? /"created":1000/.test(body) : BUSY.test(head), `${head} ${body}`)
		t.diagnostic(`${good} requests were acknowledged, ${bodies.length - good} refused`)
		assert.ok(good > 0 && good < bodies.length)
		assert.ok(!answers.some(a => a.status !== 200 && /full|disk/.test(a.body)), 'what is wrong with the disk is for the log')
		assert.match(ledger.log, /disk/)
		// who asks whether it is well learns it
		if (disk)
			assert.match((await ask(ledger, '/readyz')).head, BUSY)
		assert.match((await ask(ledger, '/healthz')).head, /^Status: 200 /)
		if (disk)
			assert.match((await ask(ledger, '/readyz')).body, /the disk of the ledger has less than 8 MB of room/)
		const health = JSON.parse((await ask(ledger, '/health')).body)
		assert.equal(health.status, 'failing')
		assert.ok(Math.abs(Date.parse(health.last_failed_write) - Date.now()) < 600e3, health.last_failed_write)
		if (disk)
			assert.equal(spawnSync('mount', ['-o', 'remount,size=100m', disk]).status, 0)
		else {
			await ledger.end('SIGTERM')
			await ledger.start()
		}
		// some seconds after the last failure it tries a write
		for (let i = 0; i < 60 && !/^Status: 200 /.test((await ask(ledger, '/readyz')).head); i++)
			await sleep(500)
		assert.match((await ask(ledger, '/readyz')).head, /^Status: 200 /)
		for (const [i, body] of bodies.entries()) {
			const again = JSON.parse((await ledger.post(body)).body)
			assert.ok(again.created === 1000 || again.duplicate === 1000, 'a request is stored whole or not at all')
			assert.ok(answers[i].status !== 200 || again.duplicate === 1000, 'an acknowledged request was lost')
		}
		assert.match(ledger.run('verify'), /^30000 events, 0 differences/)
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger?.remove()
		if (disk) {
			spawnSync('umount', ['-l', disk])
			rmdirSync(disk)
		}
	}
})

// ---- nginx ----

const freePort = () => new Promise(done => {
	const s = createServer().listen(0, '127.0.0.1', () => {
		const { port } = s.address()
		s.close(() => done(port))
	})
})

class Nginx {
	constructor(ledger, port) {
		this.conf = join(ledger.folder, 'nginx.conf')
		this.port = port
		const user = process.getuid() === 0 ? 'user root;' : ''
		const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(n => `${n}_temp_path ${ledger.folder}/nginx-${n};`).join(' ')
		writeFileSync(this.conf, `${user} worker_processes 2; daemon off; pid ${ledger.folder}/nginx.pid; error_log ${ledger.folder}/nginx.log warn;
			events { worker_connections 256; }
			http {
				access_log off; ${temporary}
				include /etc/nginx/fastcgi_params;
				upstream usaged { server unix:${ledger.socket}; keepalive 8; }
				server {
					listen 127.0.0.1:${port} reuseport;
					fastcgi_keep_conn on;
					client_max_body_size 9m;
					location / { fastcgi_pass usaged; }
				}
			}`)
	}
	async start() {
		this.process = spawn('nginx', ['-c', this.conf, '-e', join(this.conf, '../nginx.log')], { stdio: 'ignore', env: { ...process.env, PATH: process.env.PATH + ':/usr/sbin:/sbin' } })
		this.ended = new Promise(done => this.process.on('exit', done))
		for (let i = 0; i < 500 && !await new Promise(done => http.get({ port: this.port, host: '127.0.0.1' }, r => { r.resume(); done(true) }).on('error', () => done(false))); i++)
			await sleep(10)
	}
	async stop(signal) {
		this.process.kill(signal)
		await this.ended
	}
}

// The answer's status and body, or null where the connection broke.
function post(agent, port, token, body) {
	return new Promise(done => {
		const rq = http.request({ agent, host: '127.0.0.1', port, method: 'POST', path: '/events',
			headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-ndjson', 'Content-Length': Buffer.byteLength(body) } }, answer => {
			const parts = []
			answer.on('data', d => parts.push(d))
			answer.on('end', () => done({ status: answer.statusCode, body: Buffer.concat(parts).toString() }))
			answer.on('error', () => done(null))
		})
		rq.on('error', () => done(null))
		rq.end(body)
	})
}

served('nginx can be restarted under load, gently or not', async (ledger, account, t) => {
	const nginx = new Nginx(ledger, await freePort())
	const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
	const counts = { requests: 0, broken: 0, refused: 0, stored: 0 }
	let running = true

	async function sendUntilAcknowledged(source, n) {
		const body = events(account, source, n)
		for (let tries = 1; ; tries++) {
			const answer = await post(agent, nginx.port, ledger.token, body)
			counts.requests++
			if (answer?.status === 200) {
				const { created, duplicate } = JSON.parse(answer.body)
				assert.ok(created === n || (duplicate === n && tries > 1), answer.body)
				counts.stored += n
				return
			}
			if (answer)
				assert.ok(answer.status === 502 || answer.status === 503 || answer.status === 499, `${answer.status} ${answer.body}`)
			counts[answer ? 'refused' : 'broken']++
			await sleep(5)
		}
	}
	await nginx.start()
	try {
		const senders = Array.from({ length: 16 }, async (_, i) => {
			for (let n = 0; running; n++)
				await sendUntilAcknowledged(`/nginx/${i}/${n}`, n % 4 ? 1 + n % 50 : 1000)
		})
		const restarts = (async () => {
			for (const signal of ['SIGQUIT', 'SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGQUIT']) {
				await sleep(200)
				await nginx.stop(signal)
				spawnSync('pkill', ['-KILL', '-P', String(nginx.process.pid)])
				await nginx.start()
			}
			await sleep(100)
			running = false
		})()
		await Promise.all([...senders, restarts])
	} finally {
		running = false
		await nginx.stop('SIGTERM')
		agent.destroy()
	}
	t.diagnostic(`5 restarts: ${counts.requests} requests, ${counts.broken} broken off, ${counts.refused} refused; ${counts.stored} events acknowledged`)
	assert.ok(counts.broken + counts.refused > 0)
	return counts.stored
}, { server: 'threads = 32' })
