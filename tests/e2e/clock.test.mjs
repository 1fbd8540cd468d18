// clock.test.mjs - a clock that jumps takes nobody's session, and a session from the future opens nothing.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Connection, request } from './fastcgi.mjs'
import { Ledger, program } from './worker.mjs'

async function ask(ledger, options) {
	const c = new Connection(ledger.socket)
	c.write(request('', { ...options, env: { HTTP_AUTHORIZATION: '', ...options.env } }))
	const answer = await c.answer()
	c.close()
	return { ...answer, status: Number(/^Status: (\d+)/.exec(answer.head)?.[1]) }
}

async function signIn(ledger) {
	const { status, body } = await ask(ledger, { method: 'POST', uri: '/auth/credentials.json', body: 'UserName=one&Password=a+password+of+length',
		env: { CONTENT_TYPE: 'application/x-www-form-urlencoded' } })
	assert.equal(status, 200, ledger.log + body)
	return Object.entries(JSON.parse(body)).find(([name]) => name.toLowerCase() === 'sessionid')[1]
}

const signedIn = async (ledger, session) => (await ask(ledger, { uri: '/accounts', env: { HTTP_COOKIE: `ss-id=${session}` } })).status

// Runs the server while the clock is that many days ahead.
async function at(ledger, days, body) {
	if (days)
		process.env.USAGED_CLOCK = new Date(Date.now() + days * 86400e3).toISOString().replace(/\.\d+/, '')
	try {
		await ledger.start()
		await body()
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		delete process.env.USAGED_CLOCK
	}
}

for (const days of [40, 400, 3650])
	test(`the clock is ${days} days ahead for a while: sessions stay, those made then are refused afterwards`, async () => {
		const ledger = new Ledger(), account = ledger.account('One')
		let good, future
		try {
			spawnSync(program, ['--config', ledger.config, 'user', 'add', 'one', '--role', 'Manager', '--grant', account], { input: 'a password of length\n' })
			await at(ledger, 0, async () => {
				const { status } = await ledger.post(JSON.stringify({ specversion: '1.0', type: 'usage', source: 'clock', id: '1', subject: account,
					time: '2026-05-05T10:00:00Z', data: { category: 'calls-inbound' } }) + '\n{"id": "broken"}')
				assert.equal(status, 207)
				good = await signIn(ledger)
				assert.equal(await signedIn(ledger, good), 200)
			})
			await at(ledger, days, async () => {
				future = await signIn(ledger)
				assert.equal(await signedIn(ledger, future), 200)
				assert.equal(await signedIn(ledger, good), 401, 'it is over by this clock')
			})
			await at(ledger, 0, async () => {
				assert.equal(await signedIn(ledger, good), 200, 'it was not deleted')
				assert.equal(await signedIn(ledger, future), 401, 'it was made in the future')
				assert.equal(ledger.sql('SELECT count(*) FROM session')[0][0], 2, 'it was refused, not deleted')
				assert.equal(ledger.sql('SELECT count(*) FROM rejection')[0][0], 1)
				for (let i = 0; i < 3; i++)
					assert.equal(await signedIn(ledger, await signIn(ledger)), 200)
			})
		} finally {
			ledger.remove()
		}
	})
