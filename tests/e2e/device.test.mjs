// device.test.mjs - wrong passwords that others send don't keep out a browser in which the user has signed in before.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Connection, request } from './fastcgi.mjs'
import { Ledger, program } from './worker.mjs'

const right = 'a password of length'

// Signs in as the page does; the head of the answer.
async function signIn(ledger, user, password, cookie = '', accept = 'text/html') {
	const c = new Connection(ledger.socket)
	c.write(request('', { method: 'POST', uri: '/auth/credentials', body: new URLSearchParams({ UserName: user, Password: password }).toString(),
		env: { CONTENT_TYPE: 'application/x-www-form-urlencoded', HTTP_AUTHORIZATION: '', HTTP_ACCEPT: accept, ...(cookie && { HTTP_COOKIE: `usaged-device=${cookie}` }) } }))
	const answer = await c.answer()
	c.close()
	return answer.head
}

const deviceOf = head => /^Set-Cookie: usaged-device=([\w-]{22}\.[\w-]+); Max-Age=\d+; Path=\/; HttpOnly;.*SameSite=Lax/m.exec(head)?.[1]

test('a browser that has signed in before is told apart from those who guess behind the same address', async () => {
	const ledger = new Ledger()
	try {
		for (const user of ['one', 'two'])
			assert.equal(spawnSync(program, ['--config', ledger.config, 'user', 'add', user, '--role', 'User'], { input: right + '\n' }).status, 0)
		await ledger.start()
		const first = await signIn(ledger, 'one', right), device = deviceOf(first), other = deviceOf(await signIn(ledger, 'two', right))
		assert.ok(device && other, first)
		assert.equal(deviceOf(await signIn(ledger, 'one', right, device)), undefined, 'it keeps the one that it has')
		assert.equal(deviceOf(await signIn(ledger, 'one', right, '', 'application/json')), undefined, 'programs get none')
		// a new process has forgotten which passwords were right, and from where
		await ledger.end('SIGTERM')
		await ledger.start()
		let last
		const guess = async () => {
			last = ''
			for (let i = 0; i < 12 && !/failed=wait/.test(last); i++)
				last = await signIn(ledger, 'one', `guess ${i}`)
			assert.match(last, /failed=wait/)
		}
		for (const [what, cookie] of [['without a cookie', ''], ["with another user's", other], ['with a changed one', device.slice(0, -3) + 'xxx'], ['with half of one', device.slice(0, 20)]]) {
			let refused = false
			// on a slow machine the wait may be over before the next request
			for (let tries = 0; tries < 5 && !refused; tries++) {
				await guess()
				refused = /failed=wait/.test(await signIn(ledger, 'one', right, cookie))
			}
			assert.ok(refused, what)
		}
		await guess()
		assert.doesNotMatch(await signIn(ledger, 'one', right, device), /failed=/)
		// its own mistakes count
		for (let i = 0, head = ''; i < 12 && !/failed=wait/.test(head); i++)
			last = head = await signIn(ledger, 'two', `guess ${i}`, other)
		assert.match(last, /failed=wait/)
	} finally {
		ledger.remove()
	}
})
