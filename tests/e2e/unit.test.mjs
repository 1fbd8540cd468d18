// unit.test.mjs - the server under the system call filter and the limits of the systemd unit that is installed with it.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { Connection, request } from './fastcgi.mjs'
import { Receiver } from './receiver.mjs'
import { Ledger, program, top } from './worker.mjs'

const unit = join(top, 'conf/systemd/usaged.service.in'), text = readFileSync(unit, 'utf8')
const under = ['python3', join(top, 'tests/e2e/under_unit.py'), unit]
const run = (command, before = under) => spawnSync(before[0], [...before.slice(1), ...command], { encoding: 'utf8' })
const probe = run(['true'])
const skip = probe.status === 77 && probe.stderr.trim()

const ask = async (ledger, options) => {
	const c = new Connection(ledger.socket)
	c.write(request(ledger.admin, options))
	const answer = await c.answer()
	c.close()
	return { ...answer, status: Number(/^Status: (\d+)/.exec(answer.head)?.[1]) }
}

test('the filter of the unit is in force: sockets of the kernel and processors are refused, not fatal', { skip }, () => {
	const tries = 'import os, socket\n' +
		'for f in (lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW), lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)), lambda: os.sched_setaffinity(0, {0}), lambda: os.chown("/", 0, 0)):\n' +
		'\ttry: f(); print("allowed")\n\texcept OSError as e: print(e.errno)\nsocket.socket(socket.AF_UNIX); print("unix")'
	const { status, stdout, stderr } = run(['python3', '-c', tries])
	assert.deepEqual([status, stdout], [0, '1\n1\n1\n1\nunix\n'], stderr)
})

test('without an error number the filter would kill the server at its start', { skip }, () => {
	const old = join(tmpdir(), `usaged-unit-${process.pid}`)
	writeFileSync(old, text.replace(/^SystemCallErrorNumber=.*$/m, '').replace(/^SystemCallFilter=setpriority$/m, ''))
	const ledger = new Ledger()
	try {
		assert.equal(run([program, '--config', ledger.config, 'serve'], [...under.slice(0, 2), old]).signal, 'SIGSYS')
	} finally {
		ledger.remove()
	}
})

test('the server does all of its work under the filter and the limits of the unit', { skip }, async () => {
	const ledger = new Ledger({ server: '' })
	const account = ledger.account('One')
	try {
		for (const command of [['config', '--check'], ['error-pages', join(ledger.folder, 'errors')]])
			assert.equal(run([program, '--config', ledger.config, ...command]).status, 0, command.join(' '))
		await ledger.start(...under)
		const body = Array.from({ length: 500 }, (_, i) => JSON.stringify({ specversion: '1.0', type: 'usage', source: 'unit', id: String(i), subject: account,
			time: '2026-05-05T10:00:00Z', data: { category: 'calls-inbound', usage: 1.5, price: 0.01 } })).join('\n')
		assert.equal((await ledger.post(body)).status, 200)
		for (const uri of ['/healthz', '/overview.html', '/reports/usage.svg?StartDate=2026-01-01', '/reports/usage.csv?StartDate=2026-01-01&TimeZone=Asia/Kathmandu',
			'/events.html', '/openapi.json', '/types/typescript', '/metadata'])
			assert.equal((await ask(ledger, { uri })).status, 200, uri)
		const user = { user: 'one', password: 'a password of length', role: 'Manager' }
		const made = await ask(ledger, { method: 'POST', uri: '/users', body: JSON.stringify(user), env: { CONTENT_TYPE: 'application/json' } })
		assert.equal(made.status, 201, made.head)
		const login = await ask(ledger, { method: 'POST', uri: '/auth/credentials', body: 'UserName=one&Password=a+password+of+length', env: { CONTENT_TYPE: 'application/x-www-form-urlencoded', HTTP_AUTHORIZATION: '' } })
		assert.equal(login.status, 200, login.head)
		ledger.worker.kill('SIGHUP')
		assert.equal((await ask(ledger, { uri: '/overview.html' })).status, 200)
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
		assert.match(ledger.run('verify'), /^500 events, 0 differences/)
	} finally {
		ledger.remove()
	}
})

// A service manager's socket, and what it was told.
async function listen(path) {
	const code = 'import socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("listening", flush=True)\n' +
		'while True: print(s.recv(100).decode(), flush=True)'
	const manager = { process: spawn('python3', ['-c', code, path], { stdio: ['ignore', 'pipe', 'inherit'] }), told: [] }
	const lines = createInterface({ input: manager.process.stdout })
	await new Promise(done => lines.once('line', done))
	lines.on('line', line => manager.told.push(line))
	return manager
}

test('the service manager is told when the server is ready, that it is alive, and when it stops', { skip }, async () => {
	const ledger = new Ledger(), path = join(ledger.folder, 'notify'), manager = await listen(path)
	const until = async done => {
		while (!done())
			await new Promise(tick => setTimeout(tick, 20))
	}
	try {
		await ledger.start('env', `NOTIFY_SOCKET=${path}`, 'WATCHDOG_USEC=300000', ...under)
		await until(() => manager.told.length >= 4)
		assert.deepEqual(manager.told.slice(0, 4), ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1'])
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
		await until(() => manager.told.at(-1) !== 'WATCHDOG=1')
		assert.equal(manager.told.at(-1), 'STOPPING=1')
	} finally {
		manager.process.kill()
		ledger.remove()
	}
})

test('callbacks leave the server under the filter of the unit', { skip }, async () => {
	const receiver = await new Receiver().start(), ledger = new Ledger({ ledger: 'busy_timeout_ms = 300\n[webhooks]\nallow = 127.0.0.1 ::1', server: '' })
	const account = ledger.account('One')
	ledger.run('trigger', 'add', '--account', account, '--category', 'calls', '--value', '1', '--url', `http://localhost:${receiver.port}/ok`)
	try {
		await ledger.start(...under)
		assert.equal((await ledger.post(JSON.stringify({ specversion: '1.0', type: 'usage', source: 'unit', id: 'callback', subject: account,
			time: '2026-05-05T10:00:00Z', data: { category: 'calls-inbound', usage: 1.5 } }))).status, 200)
		for (const end = Date.now() + 30000; !receiver.calls.length; await new Promise(done => setTimeout(done, 20)))
			assert.ok(Date.now() < end, ledger.log)
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger.remove()
		receiver.stop()
	}
})

test('the unit exposes little, as systemd counts it', { skip: spawnSync('systemd-analyze', ['--version']).error ? 'there is no systemd-analyze here' : false }, t => {
	const folder = mkdtempSync(join(tmpdir(), 'usaged-unit-'))
	writeFileSync(join(folder, 'usaged.service'), text.replaceAll('@bindir@', '/usr/bin'))
	const { stdout, stderr } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', join(folder, 'usaged.service')], { encoding: 'utf8' })
	rmSync(folder, { recursive: true })
	const [, level] = /Overall exposure level for usaged\.service: ([0-9.]+)/.exec(stdout) ?? assert.fail(stdout + stderr)
	t.diagnostic(`exposure level ${level}`)
	assert.ok(Number(level) <= 1.5, stdout)
})

test('the unit starts the server again however often it dies, and limits its files, tasks, memory and core files', () => {
	for (const line of ['Restart=always', 'StartLimitIntervalSec=0', 'SystemCallErrorNumber=EPERM', 'LimitCORE=0', 'LimitNOFILE=4096', 'TasksMax=2048', 'MemoryMax=75%', 'Type=notify', 'WatchdogSec=60s'])
		assert.match(text, new RegExp(`^${line}$`, 'm'))
	assert.match(text.split('[Service]')[0], /StartLimitIntervalSec/, 'a start limit stands in [Unit]')
})
