// damage.test.mjs - a ledger with a damaged page: verify tells, and a report is an error or what it was, never another number.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, copyFileSync, openSync, statSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { Ledger, program } from './worker.mjs'

const PAGE = 4096

test('damage on any page is told by verify, and no report counts past it', t => {
	const ledger = new Ledger({ file: true }), account = ledger.account('One')
	const run = (...args) => spawnSync(program, ['--config', ledger.config, ...args], { encoding: 'utf8' })
	const report = () => run('report', 'ListUsageRecordAllTime', '--AccountSid', account, '--Category', 'totalprice')
	try {
		const lines = Array.from({ length: 400 }, (_, i) => JSON.stringify({ specversion: '1.0', type: 'usage', source: 'damage', id: `${i}`, subject: account,
			time: `2026-0${1 + i % 9}-1${i % 9}T10:00:00Z`, data: { category: 'calls-inbound', usage: 1.5, price: 0.01, customer: `c${i % 40}` } })).join('\n')
		assert.equal(spawnSync(program, ['--config', ledger.config, 'import', '-'], { input: lines }).status, 0)
		const good = report()
		assert.equal(good.status, 0, good.stderr)
		assert.match(good.stdout, / 4 usd/)
		copyFileSync(ledger.database, `${ledger.database}.good`)
		const pages = statSync(ledger.database).size / PAGE, silent = []
		for (let page = 2; page <= pages; page++) {
			copyFileSync(`${ledger.database}.good`, ledger.database)
			const fd = openSync(ledger.database, 'r+')
			writeSync(fd, Buffer.alloc(16, 0xff), 0, 16, (page - 1) * PAGE)
			closeSync(fd)
			const found = run('verify'), bad = report()
			if (found.status === 0)
				silent.push(page)
			else
				assert.match(found.stdout + found.stderr, /damaged/, `page ${page}`)
			assert.ok(bad.status !== 0 || bad.stdout === good.stdout, `page ${page}: ${bad.stdout}`)
		}
		copyFileSync(`${ledger.database}.good`, ledger.database)
		assert.match(run('verify').stdout, /^400 events, 0 differences/m)
		assert.deepEqual(silent, [], `of ${pages} pages`)
		t.diagnostic(`${pages - 1} pages`)
	} finally {
		ledger.remove()
	}
})
