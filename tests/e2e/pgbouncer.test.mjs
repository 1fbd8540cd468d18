// pgbouncer.test.mjs - a ledger in PostgreSQL behind pgbouncer in transaction mode, where each transaction may have another session: with prepared = no
// all is as without it; with prepared = yes, requests are told to come again, and no statement of another client runs in the place of one's own.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { missing, Postgres } from './postgresql.mjs'
import { Ledger } from './worker.mjs'

const bouncer = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(existsSync)
const options = { skip: missing || (bouncer ? false : 'pgbouncer is not installed') }
const as = process.getuid() === 0 ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] : []
const SENDERS = 8, SESSIONS = 3
let postgres, pooler

before(async () => {
	if (options.skip)
		return
	postgres = new Postgres()
	await postgres.start()
	const { folder } = postgres, ini = join(folder, 'pgbouncer.ini'), socket = join(folder, '.s.PGSQL.6432')
	writeFileSync(ini, `[databases]\n* = host=${folder} user=usaged\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = ${folder}\n` +
		`auth_type = any\npool_mode = transaction\ndefault_pool_size = ${SESSIONS}\nignore_startup_parameters = extra_float_digits\n`)
	pooler = spawn([...as, bouncer][0], [...as, bouncer, '-q', ini].slice(1), { stdio: ['ignore', 'ignore', 'inherit'] })
	while (!existsSync(socket)) {
		assert.equal(pooler.exitCode, null)
		await sleep(20)
	}
})
after(() => {
	pooler?.kill('SIGKILL')
	postgres?.remove()
})

const events = (account, source, batch, n) => Array.from({ length: n }, (_, i) => JSON.stringify({ specversion: '1.0', type: 'usage', source,
	id: `${batch}-${i}`, subject: account, time: `2026-0${1 + i % 9}-1${i % 9}T10:00:00Z`, data: { category: 'calls-inbound', usage: 1.5, price: 0.01 } })).join('\n')

// N servers of one ledger that reach it through the pooler, and are asked by BODY.
async function through(n, prepared, body) {
	const { name, address, sql } = postgres.database(), ledger = new Ledger({ database: { name, address, sql } })
	const account = ledger.account('One')
	const hosts = Array.from({ length: n }, () => ledger.host())
	try {
		for (const host of hosts) {
			writeFileSync(host.config, readFileSync(host.config, 'utf8').replace(/^database = .*/m, `database = ${address}&port=6432\nprepared = ${prepared}`))
			host.spawn()
			while (!existsSync(host.socket)) {
				assert.equal(host.worker.exitCode, null, host.log)
				await sleep(20)
			}
		}
		const stored = await body(hosts, account)
		assert.deepEqual(ledger.sql('SELECT count(*) FROM event'), [[stored]])
		assert.deepEqual(ledger.sql('SELECT count(*) FROM rejection'), [[0]])
		assert.match(ledger.run('verify'), new RegExp(`^${stored} events, 0 differences`))
		for (const host of hosts)
			assert.deepEqual(await host.end('SIGTERM'), { code: 0, signal: null }, host.log)
	} finally {
		hosts.forEach(host => host.remove())
		ledger.remove()
	}
}

// Sends batches and reads between them. Returns how many events are stored, and each answer that was not 200.
async function load(hosts, account, batches) {
	const others = []
	let stored = 0
	await Promise.all(Array.from({ length: SENDERS }, async (_, n) => {
		const host = hosts[n % hosts.length]
		for (let batch = 0; batch < batches; batch++) {
			const answer = await host.post(events(account, `/sender/${n}`, batch, 5))
			const report = await host.get(`/events?PageSize=5&Source=${encodeURIComponent(`/sender/${n}`)}`)
			if (answer.status === 200) {
				const { created } = JSON.parse(answer.body)
				assert.equal(created, 5, answer.body)
				stored += created
			}
			others.push(...[answer, report].filter(({ status }) => status !== 200))
		}
	}))
	return { stored, others }
}

test('with prepared = no, all is stored and read', options, () => through(2, 'no', async (hosts, account) => {
	const { stored, others } = await load(hosts, account, 20)
	assert.deepEqual(others, [])
	assert.equal(stored, SENDERS * 20 * 5)
	return stored
}))

test('with prepared = yes, what fails is told to come again, the reason is said, and nothing is rejected', options, async t => through(1, 'yes', async (hosts, account) => {
	const { stored, others } = await load(hosts, account, 20)
	t.diagnostic(`${stored} events, ${others.length} requests were told to come again`)
	for (const { head, body } of others)
		assert.match(head, /^Status: 503 [^]*\r\nRetry-After: [1-9]/, body)
	assert.ok(others.some(({ body }) => body.includes('set ledger.prepared to no')), others[0]?.body)
	return stored
}))
