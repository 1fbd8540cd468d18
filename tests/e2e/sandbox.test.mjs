// sandbox.test.mjs - the server in its own sandbox, also under the filter of the systemd unit. What the sandbox refuses is in tests/unit/sandbox_tests.c;
// that it refuses nothing that the server needs is shown by all other suites, for the server that they ask is in one.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, request } from './fastcgi.mjs'
import { Ledger, program, top } from './worker.mjs'

const status = pid => readFileSync(`/proc/${pid}/status`, 'utf8')
const folder = dirname(process.env.USAGED_CREDENTIALS)

// What this build and this kernel have, by what the log of the running server says.
const words = readFileSync(join(folder, 'usaged.log'), 'utf8').split('\n').filter(l => l.includes(' sandbox: ')).at(-1) ?? ''
const noCalls = /system calls are not limited: ([^,]*)/.exec(words)?.[1] ?? false
const noFiles = /files are not limited: (.*)/.exec(words)?.[1] ?? false
const sanitized = words.includes('sanitizer')

test('the running server is in its sandbox, and its log says so', t => {
	t.diagnostic(words)
	assert.match(words, / (info|warning) sandbox: system calls are (limited by seccomp|not limited: [^,]+), files are (limited by Landlock|not limited: .+)$/)
	assert.match(status(Number(readFileSync(join(folder, 'usaged.pid'), 'utf8'))), noCalls ? /NoNewPrivs:\t1\n/ : /NoNewPrivs:\t1\nSeccomp:\t2\n/)
})

const served = async (ledger, before, body) => {
	try {
		await ledger.start(...before)
		await body()
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger.remove()
	}
}

const page = async ledger => {
	const c = new Connection(ledger.socket)
	c.write(request(ledger.admin, { uri: '/metadata' }))
	const { body } = await c.answer()
	c.close()
	return body
}

// Does a template that is a link to a file elsewhere open, when the server reads its templates again?
async function linkOpens(ledger) {
	const own = join(ledger.folder, 'own'), elsewhere = `${ledger.folder}-elsewhere`
	mkdirSync(elsewhere)
	writeFileSync(join(elsewhere, 'layout.html'), 'from elsewhere {{>content}}')
	symlinkSync(join(elsewhere, 'layout.html'), join(own, 'layout.html'))
	try {
		ledger.worker.kill('SIGHUP')
		for (;;) {
			if ((await page(ledger)).startsWith('from elsewhere'))
				return true
			if (/the templates were not reloaded: .*layout\.html.*Permission denied/.test(ledger.log))
				return false
			await sleep(20)
		}
	} finally {
		rmSync(elsewhere, { recursive: true })
	}
}

function withOwn(server) {
	const ledger = new Ledger({ server: `own_templates = own\n${server}` })
	mkdirSync(join(ledger.folder, 'own'))
	return ledger
}

test('a file outside its folders is closed to the server', { skip: noFiles || (sanitized && 'a sanitizer may read all files') }, async () => {
	const ledger = withOwn('')
	await served(ledger, [], async () => assert.equal(await linkOpens(ledger), false, ledger.log))
})

test('so it is under the unit, with both filters', { skip: noFiles || (sanitized && 'a sanitizer may read all files') }, async t => {
	const unit = join(top, 'conf/systemd/usaged.service.in'), under = ['python3', join(top, 'tests/e2e/under_unit.py'), unit]
	const probe = spawnSync(under[0], [...under.slice(1), 'true'], { encoding: 'utf8' })
	if (probe.status === 77)
		return t.skip(probe.stderr.trim())
	const ledger = withOwn('')
	await served(ledger, under, async () => {
		assert.equal(await linkOpens(ledger), false, ledger.log)
		assert.match(status(ledger.worker.pid), noCalls ? /Seccomp_filters:\t1\n/ : /Seccomp_filters:\t2\n/)
	})
})

test('server.sandbox = no turns it off', async () => {
	const ledger = withOwn('sandbox = no')
	await served(ledger, [], async () => {
		assert.match(status(ledger.worker.pid), /NoNewPrivs:\t0\nSeccomp:\t0\n/)
		assert.equal(await linkOpens(ledger), true, ledger.log)
	})
})

test('a ledger that is a link is used where it leads to', async () => {
	const ledger = new Ledger({ file: true }), account = ledger.account('One'), elsewhere = `${ledger.folder}-ledger`
	mkdirSync(elsewhere)
	try {
		renameSync(ledger.database, join(elsewhere, 'real.db'))
		symlinkSync(join(elsewhere, 'real.db'), ledger.database)
		await served(ledger, [], async () => assert.match((await ledger.post(JSON.stringify({ specversion: '1.0', type: 'usage', source: 's', id: '1', subject: account,
			time: '2026-05-05T10:00:00Z', data: { category: 'calls-inbound', usage: 1 } }))).body, /"created":1/))
	} finally {
		rmSync(elsewhere, { recursive: true })
	}
})

test('a plain CGI program is in the sandbox, too', () => {
	const ledger = new Ledger()
	try {
		const { status, stdout, stderr } = spawnSync(program, ['--config', ledger.config, 'serve'],
			{ env: { HTTP_AUTHORIZATION: `Bearer ${ledger.admin}`, REQUEST_METHOD: 'GET', REQUEST_URI: '/accounts.json' }, encoding: 'utf8' })
		assert.deepEqual([status, stderr], [0, ''])
		assert.match(stdout, /^Status: 200 OK\r\n/)
	} finally {
		ledger.remove()
	}
})
