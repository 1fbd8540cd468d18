// fastcgi.test.mjs - the worker without a web server: raw FastCGI on its socket, an inherited socket, plain CGI, signals.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Connection as Client, pair, record, request as requestOf, types } from './fastcgi.mjs'

const top = join(dirname(fileURLToPath(import.meta.url)), '../..')
const program = process.env.USAGED ?? join(top, 'usaged')
const var_ = mkdtempSync(join(tmpdir(), 'usaged-'))
const socket = join(var_, 'usaged.sock')
const pidFile = join(var_, 'usaged.pid')
const config = join(var_, 'usaged.conf')
const own = join(var_, 'templates')
const threads = 4
let token

const settings = (more = '') => `[ledger]\ndatabase = usage.db\nsecret_file = secret\nbusy_timeout_ms = 300\n[server]\nsocket = usaged.sock\n` +
	`pid_file = usaged.pid\ntemplates = ${join(top, 'templates')}\nown_templates = templates\nthreads = ${threads}\ndrain_seconds = 5\nmax_body_bytes = 100000\n${more}`

const run = (...args) => {
	const { status, stdout, stderr } = spawnSync(program, ['--config', config, ...args], { encoding: 'utf8' })
	assert.equal(status, 0, stderr)
	return stdout
}

before(() => {
	writeFileSync(config, settings())
	mkdirSync(own)
	run('init', '--categories', join(top, 'conf/categories.csv'))
	token = /^SECRET=(.*)$/m.exec(run('key', 'add', '--role', 'SystemAdministrator', '--user', 'admin'))[1]
})

after(() => rmSync(var_, { recursive: true, force: true }))

// ---- the worker ----

async function start(...before) {
	const command = [...before, program, '--config', config, 'serve']
	const worker = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })
	worker.log = ''
	worker.stderr.on('data', d => { worker.log += d })
	worker.ended = new Promise(done => worker.on('exit', (code, signal) => done({ code, signal })))
	for (let i = 0; i < 500 && !worker.log.includes('serving on'); i++) {
		assert.equal(worker.exitCode, null, worker.log)
		await sleep(10)
	}
	assert.match(worker.log, /serving on/)
	return worker
}

async function stop(worker) {
	worker.kill('SIGTERM')
	return worker.ended
}

// A test with a worker of its own, which must be alive afterwards and end as it should.
const served = (name, body) => test(name, async () => {
	const worker = await start()
	try {
		await body(worker)
		assert.match((await ask()).head, /^Status: 200 /)
	} finally {
		assert.deepEqual(await stop(worker), { code: 0, signal: null }, worker.log)
	}
	assert.ok(!existsSync(socket) && !existsSync(pidFile))
})

// ---- FastCGI ----

const { BEGIN, END, PARAMS, STDIN, GET_VALUES } = types
const request = options => requestOf(token, options)

class Connection extends Client {
	constructor(path = socket) {
		super(path)
	}
}

async function ask(options) {
	const c = new Connection()
	c.write(request(options))
	const answer = await c.answer()
	c.close()
	return answer
}

// The log's line about the request with this id, which comes after the answer.
async function lineOf(worker, id) {
	for (let i = 0; i < 500 && !worker.log.includes(id); i++)
		await sleep(10)
	return worker.log.split('\n').find(l => l.includes(id)) ?? ''
}

// ---- tests ----

served('a request is answered and logged, without its query and its secret', async worker => {
	const { head, body, complete } = await ask({ uri: '/billing/usage?AccountId=hidden' })
	assert.ok(complete)
	assert.match(head, /^Status: 200 OK\r\nContent-Type: application\/json/)
	assert.equal(Number(/Content-Length: (\d+)/.exec(head)[1]), Buffer.byteLength(body))
	const id = /X-Request-Id: (RQ[0-9a-f]{32})/.exec(head)[1]
	assert.match(await lineOf(worker, id), / 192\.0\.2\.7 key SK[0-9a-f]{32} \(admin\) GET \/billing\/usage ListUsageRecords 200 2 bytes [0-9.]+ ms$/)
	assert.ok(!worker.log.includes(token) && !worker.log.includes('hidden'))
})

served('a kept connection serves request after request', async () => {
	const c = new Connection()
	for (let i = 0; i < 5; i++) {
		c.write(request({ keep: true, method: i % 2 ? 'POST' : 'GET', uri: '/ai/usage?StartDate=2026-01-01&EndDate=2026-01-31',
			body: i % 2 ? '{"accountId":null}' : '', env: { CONTENT_TYPE: 'application/json' } }))
		const { head, complete } = await c.answer()
		assert.ok(complete)
		assert.match(head, /^Status: 200 /)
	}
	assert.ok(!c.closed)
	c.close()
})

served('a body that nobody wanted does not spoil the next request', async () => {
	const c = new Connection()
	for (const body of ['x'.repeat(70000), '', 'y'.repeat(200000)]) {
		c.write(request({ keep: true, body, uri: '/accounts' }))
		assert.match((await c.answer()).head, /^Status: 200 /)
	}
	c.close()
})

served('a connection that is not to be kept is closed', async () => {
	const c = new Connection()
	c.write(request())
	assert.ok((await c.answer()).complete)
	while (!c.closed)
		await new Promise(done => { c.wake = done })
})

served('idle kept connections hold no thread', async () => {
	const idle = []
	for (let i = 0; i < 3 * threads; i++) {
		const c = new Connection()
		c.write(request({ keep: true }))
		assert.match((await c.answer()).head, /^Status: 200 /)
		idle.push(c)
	}
	assert.match((await ask()).head, /^Status: 200 /)
	for (const c of idle) {
		assert.ok(!c.closed)
		c.write(request({ keep: true }))
		assert.match((await c.answer()).head, /^Status: 200 /)
	}
	idle.forEach(c => c.close())
})

served('requests cut short harm nobody', async () => {
	const whole = request({ method: 'POST', uri: '/ai/usage', body: '{"accountId":"x"}', env: { CONTENT_TYPE: 'application/json' } })
	for (let n = 0; n < whole.length; n += n < 40 ? 1 : 13) {
		const c = new Connection()
		c.write(whole.subarray(0, n))
		c.socket.end()
		await c.answer()
		c.close()
	}
})

served('a body that ends early is refused', async () => {
	const { head, body } = await ask({ method: 'POST', uri: '/ai/usage', body: '{}', env: { CONTENT_LENGTH: '50', CONTENT_TYPE: 'application/json' } })
	assert.match(head, /^Status: 400 /)
	assert.match(body, /The body ended after 2 of 50 bytes/)
})

served('a body over the limit is refused by its announced length', async () => {
	const { head } = await ask({ method: 'POST', uri: '/ai/usage', body: 'x'.repeat(100001), env: { CONTENT_TYPE: 'application/json' } })
	assert.match(head, /^Status: 413 /)
})

served('nonsense on the socket harms nobody', async () => {
	const nonsense = [
		Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(100), Buffer.alloc(20000, 255), record(END), record(STDIN, Buffer.alloc(9)),
		record(BEGIN, Buffer.from([0, 9, 0, 0, 0, 0, 0, 0])), record(BEGIN, Buffer.from([0, 1])),
		Buffer.concat([record(BEGIN, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(PARAMS, Buffer.from([255, 255, 255, 255, 255, 255, 255, 255]))]),
		Buffer.concat([record(BEGIN, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(PARAMS), record(STDIN)]),
		record(GET_VALUES, pair('FCGI_MAX_CONNS', ''), 0),
	]
	for (const bytes of nonsense) {
		const c = new Connection()
		c.write(bytes)
		c.socket.end()
		await c.answer()
		c.close()
	}
})

served('a caller that goes away harms nobody', async () => {
	for (let i = 0; i < 20; i++) {
		const c = new Connection()
		c.write(request())
		await new Promise(done => c.socket.once('connect', done))
		if (i % 2)
			await sleep(1)
		c.close()
	}
})

// Away, and back
function move(from, to) {
	for (const ending of ['', '-wal', '-shm'])
		if (existsSync(join(var_, from + ending)))
			renameSync(join(var_, from + ending), join(var_, to + ending))
}

// A new account, with a call that writes an event for it and one that reads what there is.
function writer(name) {
	const [, sid] = /^SID=(.*)$/m.exec(run('account', 'add', '--name', name))
	const [, ingest] = /^SECRET=(.*)$/m.exec(run('key', 'add', '--role', 'Ingest'))
	const send = id => ask({ method: 'POST', uri: '/events', env: { CONTENT_TYPE: 'application/json', HTTP_AUTHORIZATION: 'Bearer ' + ingest },
		body: JSON.stringify({ specversion: '1.0', type: 'usage', source: name, id, subject: sid, time: '2026-01-02T03:04:05Z', data: { category: 'calls-inbound' } }) })
	const list = () => ask({ uri: `/2010-04-01/Accounts/${sid}/Usage/Records.json?Category=calls-inbound` })
	return { send, list }
}

served('while another program writes, events are told to come again, and reports answer', async () => {
	const { send, list } = writer('patient')
	const holder = spawn('sqlite3', [join(var_, 'usage.db')])
	try {
		await new Promise(done => {
			holder.stdout.once('data', done)
			holder.stdin.write('BEGIN IMMEDIATE;\n.shell echo held\n')
		})
		const { head, body } = await send('one')
		assert.match(head, /^Status: 503 /)
		assert.match(head, /\r\nRetry-After: 1(\r\n|$)/)
		assert.match(body, /locked by another writer: try again/)
		assert.match((await list()).body, /"count":"0"/)
	} finally {
		holder.stdin.end('ROLLBACK;\n')
		await new Promise(done => holder.on('exit', done))
	}
	assert.match((await send('one')).body, /"created":1/)
	assert.match((await list()).body, /"count":"1"/)
})

served('nothing is acknowledged by a ledger that was moved away', async () => {
	const { send, list } = writer('moving')
	assert.match((await send('one')).body, /"created":1/)
	move('usage.db', 'away.db')
	for (let i = 0; i < 2; i++) {
		assert.match((await send('two')).head, /^Status: 503 [^]*\r\nRetry-After: 60(\r\n|$)/)
		assert.match((await list()).head, /^Status: 503 [^]*\r\nRetry-After: 60(\r\n|$)/)
	}
	move('away.db', 'usage.db')
	assert.match((await send('two')).body, /"created":1/)
	assert.match((await list()).body, /"count":"2"/)
	assert.match(run('verify'), /^\d+ events, 0 differences/)
})

test('SIGHUP reads the templates again, all or none', async () => {
	const worker = await start()
	const page = async () => (await ask({ uri: '/metadata' })).body
	const hangUp = async () => {
		const before = worker.log.length
		worker.kill('SIGHUP')
		while (!worker.log.slice(before).includes('templates'))
			await sleep(5)
		return worker.log.slice(before)
	}
	try {
		const shipped = await page()
		assert.match(shipped, /^<!doctype html>/)
		writeFileSync(join(own, 'layout.html'), 'mine {{title}}\n{{>content}}')
		assert.equal(await page(), shipped, 'before anybody says so')
		assert.match(await hangUp(), /read \d+ templates/)
		const mine = await page()
		assert.match(mine, /^mine /)
		assert.match(mine, /The following operations are supported/)
		writeFileSync(join(own, 'layout.html'), 'new\n{{>content}')
		assert.match(await hangUp(), /the templates were not reloaded: .*templates\/layout\.html:2: a tag is not closed/)
		assert.equal(await page(), mine)
		const checked = spawnSync(program, ['--config', config, 'config', '--check'], { encoding: 'utf8' })
		assert.equal(checked.status, 1)
		assert.match(checked.stderr, /layout\.html:2: a tag is not closed/)
		const second = spawnSync(program, ['--config', config, 'serve'], { encoding: 'utf8' })
		assert.equal(second.status, 1)
		assert.match(second.stderr, /layout\.html:2: a tag is not closed/)
		rmSync(join(own, 'layout.html'))
		await hangUp()
		assert.equal(await page(), shipped)
	} finally {
		rmSync(join(own, 'layout.html'), { force: true })
		assert.deepEqual(await stop(worker), { code: 0, signal: null }, worker.log)
	}
})

test('SIGTERM lets a request in work finish, and wakes who waits', async () => {
	const worker = await start()
	const idle = new Connection(), slow = new Connection()
	idle.write(request({ keep: true }))
	await idle.answer()
	const bytes = request({ keep: true, method: 'POST', uri: '/ai/usage?StartDate=2026-01-01&EndDate=2026-01-31', body: '{"accountId":"x"}',
		env: { CONTENT_TYPE: 'application/json' } })
	slow.write(bytes.subarray(0, bytes.length - 20))
	await sleep(100)
	worker.kill('SIGTERM')
	await sleep(300)
	assert.equal(worker.exitCode, null)
	assert.ok(!existsSync(socket), 'a successor could not take the place')
	slow.write(bytes.subarray(bytes.length - 20))
	const { head, complete } = await slow.answer()
	assert.ok(complete)
	assert.match(head, /^Status: 200 /)
	assert.deepEqual(await worker.ended, { code: 0, signal: null })
	assert.ok(!existsSync(pidFile))
	idle.close()
	slow.close()
})

test('a second signal has no patience', async () => {
	const worker = await start()
	const slow = new Connection()
	slow.write(request().subarray(0, 40))
	await sleep(100)
	worker.kill('SIGTERM')
	await sleep(100)
	assert.equal(worker.exitCode, null)
	worker.kill('SIGINT')
	await worker.ended
	assert.ok(!existsSync(socket) && !existsSync(pidFile))
	slow.close()
})

test('a socket left behind is replaced, one in use is not, a file never', async () => {
	const first = await start()
	assert.equal(statSync(socket).mode & 0o7777, 0o660)
	assert.equal(readFileSync(pidFile, 'utf8'), `${first.pid}\n`)
	const second = spawnSync(program, ['--config', config, 'serve'], { encoding: 'utf8' })
	assert.equal(second.status, 1)
	assert.match(second.stderr, /Another server answers/)
	assert.match((await ask()).head, /^Status: 200 /)
	first.kill('SIGKILL')
	await first.ended
	assert.ok(existsSync(socket))
	const third = await start()
	assert.match((await ask()).head, /^Status: 200 /)
	assert.equal((await stop(third)).code, 0)

	writeFileSync(socket, 'precious')
	const fourth = spawnSync(program, ['--config', config, 'serve'], { encoding: 'utf8' })
	assert.equal(fourth.status, 1)
	assert.match(fourth.stderr, /is no socket/)
	assert.equal(readFileSync(socket, 'utf8'), 'precious')
	rmSync(socket)
})

// Node can't hand over a socket without accepting on it too; Perl is on every Debian.
const inherit = 'my $s = IO::Socket::UNIX->new(Local => shift, Listen => 5) or die; open(STDIN, "<&", $s) or die; exec @ARGV'

test('an inherited socket is served and left alone', async () => {
	const path = join(var_, 'inherited.sock')
	writeFileSync(config, settings().replace('usaged.sock', ''))
	try {
		const worker = await start('perl', '-MIO::Socket::UNIX', '-e', inherit, path)
		for (let i = 0; i < 10; i++) {
			const c = new Connection(path)
			c.write(request({ keep: i % 2 === 0 }))
			assert.match((await c.answer()).head, /^Status: 200 /)
			if (i % 3)
				c.close()
		}
		assert.deepEqual(await stop(worker), { code: 0, signal: null }, worker.log)
		assert.ok(existsSync(path))
	} finally {
		writeFileSync(config, settings())
	}
})

const cgi = (env, input = '') => spawnSync(program, ['--config', config, 'serve'],
	{ env: { HTTP_AUTHORIZATION: 'Bearer ' + token, ...env }, input, encoding: 'utf8' })

test('plain CGI answers one request from the environment', () => {
	const { status, stdout } = cgi({ REQUEST_METHOD: 'GET', REQUEST_URI: '/billing/usage.csv' })
	assert.equal(status, 0)
	assert.match(stdout, /^Status: 200 OK\r\nContent-Type: text\/csv\r\n/)
	assert.match(stdout, /\r\n\r\nAccountSid,Category/)
})

test('plain CGI reads its body from standard input', () => {
	const body = 'StartDate=2026-01-01&EndDate=2026-01-31'
	const { status, stdout } = cgi({ REQUEST_METHOD: 'POST', REQUEST_URI: '/ai/usage', CONTENT_LENGTH: String(body.length),
		CONTENT_TYPE: 'application/x-www-form-urlencoded' }, body)
	assert.equal(status, 0)
	assert.match(stdout, /\r\n\r\n\{"accountUsage":\[\],"customerUsage":\[\]\}$/)
})

test('plain CGI takes the path from PATH_INFO where there is no REQUEST_URI', () => {
	const { stdout } = cgi({ REQUEST_METHOD: 'GET', PATH_INFO: '/billing/usage', QUERY_STRING: 'format=csv' })
	assert.match(stdout, /\r\n\r\nAccountSid,Category/)
})

test('without a socket or a request it says what is missing', () => {
	writeFileSync(config, settings().replace('usaged.sock', ''))
	const { status, stderr } = spawnSync(program, ['--config', config, 'serve'], { encoding: 'utf8', input: '' })
	writeFileSync(config, settings())
	assert.equal(status, 1)
	assert.match(stderr, /server\.socket|no listening socket/)
})
