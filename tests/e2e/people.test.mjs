// people.test.mjs - people look after themselves and are looked after: passwords, names, the keys and tokens that end with them.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { basic, bearer, cookieHeader, env, newUser, send, sids, signIn, usaged, usagedWith } from './harness.mjs'

const json = { 'Content-Type': 'application/json' }, form = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'text/html' }
const run = `${process.pid}-${Date.now()}`
let count = 0
const unique = name => `e2e-${name}-${run}-${++count}`
const users = []
const get = (path, as = 'adminBearer') => send(path, { as })
const call = (path, body = {}, { as = 'adminBearer', method = 'POST', headers = {}, ...more } = {}) =>
	send(path, { method, as, headers: { ...json, ...headers }, body: JSON.stringify(body), ...more })
const userOf = async name => (await get('/users?PageSize=1000')).is(200).json.users.find(u => u.user === name)
const keyOf = async sid => (await get('/keys?PageSize=1000')).is(200).json.keys.find(k => k.sid === sid)
const entries = async () => (await get('/audit?PageSize=1000')).is(200).json.entries
const auditOf = async subject => (await entries()).filter(e => e.subject === subject)
const makeKey = async (more, auth) => (await call('/keys', more, auth ? { auth } : {})).is(201).json

async function makeUser(name, role = 'Manager', ...options) {
	const user = await newUser(name, role, ...options)
	users.push(user.name)
	return { ...user, auth: basic(user.name, user.password) }
}
const tokenFor = (auth, query) => send(`/auth/token?${query}`, { auth })
const works = async (token, path = '/accounts') => (await send(path, { auth: bearer(token) })).status === 200
const idOf = async auth => (await send('/auth/status', { auth })).is(200).json.id

after(async () => {
	for (const name of users)
		await usaged('user', 'remove', name).catch(() => {})
})

describe('a user', () => {
	test('changes the own password, and stays signed in here alone', async () => {
		const { name, password, auth } = await makeUser('self', 'User'), next = `another secret of ${name}`
		const here = { Cookie: cookieHeader(await signIn(name, password)) }, there = { Cookie: cookieHeader(await signIn(name, password)) }
		assert.match((await call('/profile/password', { current_password: 'not it, not it', password: next }, { as: 'none', headers: here })).is(400).json.message, /current_password/);
		(await call('/profile/password', { password: next }, { as: 'none', headers: here })).is(400);
		(await call('/profile/password', { current_password: password, password: 'short' }, { as: 'none', headers: here })).is(400);
		(await send('/profile', { headers: there })).is(200);
		(await call('/profile/password', { current_password: password, password: next }, { as: 'none', headers: here })).is(200);
		(await send('/profile', { headers: here })).is(200);
		(await send('/profile', { headers: there })).is(401);
		(await send('/profile', { auth })).is(401);
		(await send('/profile', { auth: basic(name, next) })).is(200)
		assert.deepEqual((await auditOf(name)).map(e => [e.author, e.action])[0], [name, 'user.password'])
	})
	test('changes the own display name and e-mail address; an administrator can, too', async () => {
		const { name, auth } = await makeUser('texts'), email = `${name}@example.org`
		assert.equal((await call('/profile', { display: 'Tess T.', email }, { auth })).is(200).json.display, 'Tess T.')
		assert.equal((await call('/profile', { email: '' }, { auth, method: 'PATCH' })).is(200).json.email, undefined)
		assert.deepEqual((({ display, email }) => ({ display, email }))((await call(`/users/${name}`, { display: 'T.', email })).is(200).json), { display: 'T.', email })
		await usaged('user', 'set', name, '--display', 'By command', '--email', '')
		const is = await userOf(name)
		assert.deepEqual([is.display, is.email], ['By command', undefined]);
		(await call(`/users/${name}`, { email: 'nobody' })).is(400);
		(await call(`/users/${unique('none')}`, { display: 'x' })).is(404);
		(await call(`/users/${name}`, { display: 'x' }, { auth })).is(403)
		assert.deepEqual((await auditOf(name)).filter(e => e.action === 'user.set').map(e => e.author === 'console' ? 'console' : e.author === name ? 'user' : 'admin'),
			['console', 'admin', 'user', 'user'])
	})
	test('finds all that on pages, from the corner of every page', async () => {
		const { name, password } = await makeUser('page', 'Manager', '--grant', sids.main), next = `next secret of ${name}`
		const headers = { Cookie: cookieHeader(await signIn(name, password)) }
		const post = (path, fields) => send(path, { method: 'POST', headers: { ...headers, ...form }, body: new URLSearchParams(fields).toString() })
		assert.match((await send('/overview.html', { headers })).is(200).text, /class="who" href="\/profile\.html"/)
		assert.match((await send('/profile.html', { headers })).is(200).text, /\/profile\/edit\.html[^]*\/profile\/password\.html/)
		assert.ok((await send('/profile/edit.html', { headers })).is(200).text.includes(`value="${name}"`))
		let done = (await post('/profile.html', { display: 'Paige', email: '' })).is(303).headers.location
		assert.match((await send(done, { headers })).is(200).text, /Your profile was changed/)
		assert.match((await send('/profile/password.html', { headers })).is(200).text, /name="current_password"[^]*name="password"/)
		const again = (await post('/profile/password.html', { current_password: 'wrong one, wrong one', password: next })).is(400).text
		assert.ok(again.includes('Current password') && !again.includes(next))
		done = (await post('/profile/password.html', { current_password: password, password: next })).is(303).headers.location
		assert.match((await send(done, { headers })).is(200).text, /Your password was changed/)
	})
	test('that is a key has no profile', async () => {
		for (const [path, method, body] of [['/profile', 'GET'], ['/profile', 'POST', '{"display":"x"}'], ['/profile/password', 'POST', '{"current_password":"x","password":"long enough to be one"}']])
			(await send(path, { as: 'adminBearer', method, headers: body ? json : {}, body })).is(403)
	})
	test('signs in however the name is typed, and no other user looks like it', async () => {
		const { name, password } = await makeUser('Look', 'User')
		await signIn(name.toUpperCase(), password)
		await signIn(`  ${name} `, password);
		(await send('/profile', { auth: basic(name.toLowerCase(), password) })).is(200)
		for (const alike of [name.toUpperCase(), ` ${name}`, name.replace('L', 'Ｌ')])
			assert.match((await call('/users', { user: alike, role: 'User', password: 'long enough to be one' })).is(409).json.message, /user/);
		for (const name of ['Console', 'key SK' + '0'.repeat(32), 'ada (token by bob)'])
			(await call('/users', { user: name, role: 'User', password: 'long enough to be one' })).is(400)
	})
})

describe('what ends with a user', () => {
	test('are the keys named after the user and those that the user made, told before', async () => {
		const { name, auth } = await makeUser('owner', 'SystemAdministrator')
		const named = await makeKey({ role: 'Manager', user: ` ${name.toUpperCase()}`, grant: sids.main }), made = await makeKey({ role: 'Ingest' }, auth)
		const admin = await makeKey({ role: 'SystemAdministrator', user: unique('robot') }, auth), below = await makeKey({ role: 'Ingest' }, bearer(admin.secret))
		const other = await makeKey({ role: 'Ingest' })
		const page = (await get(`/users/${name}/remove.html`)).is(200).text
		for (const key of [named, made, admin, below])
			assert.ok(page.includes(key.sid), 'the page names it')
		assert.ok(!page.includes(other.sid));
		(await call(`/users/${name}/remove`)).is(200)
		for (const key of [named, made, admin, below]) {
			assert.equal((await keyOf(key.sid)).status, 'revoked');
			(await send('/accounts', { auth: bearer(key.secret) })).is(401)
			assert.deepEqual((await auditOf(key.sid)).map(e => e.action), ['key.revoke', 'key.add'])
		}
		assert.equal((await keyOf(other.sid)).status, 'active')
		await usaged('key', 'revoke', other.sid)
	})
	test('also by command, which prints them', async () => {
		const { name } = await makeUser('gone'), key = await makeKey({ role: 'User', user: name })
		assert.equal(await usaged('user', 'remove', name), `${key.sid}\t${name}\n`)
		assert.equal((await keyOf(key.sid)).status, 'revoked')
	})
	test('is a right that is taken away, in the keys named after the user', async () => {
		const { name } = await makeUser('rights', 'Manager', '--grant', sids.main, '--grant', sids.other)
		const key = await makeKey({ role: 'Manager', user: name, grant: `${sids.main},${sids.other}` })
		const seen = async () => (await send('/accounts', { auth: bearer(key.secret) })).is(200).json.accounts.map(a => a.sid).sort()
		assert.deepEqual(await seen(), [sids.main, sids.other].sort());
		(await call(`/users/${name}/grant`, { account: sids.other, granted: false })).is(200)
		assert.deepEqual(await seen(), [sids.main])
		assert.deepEqual((await auditOf(key.sid)).map(e => e.action), ['key.ungrant', 'key.add'])
	})
})

describe('a token for another user', () => {
	test('names its maker in the log, and is in the log itself', async () => {
		const admin = await makeUser('maker', 'SystemAdministrator'), target = await makeUser('target', 'SystemAdministrator')
		const { authToken } = (await tokenFor(admin.auth, `UserId=${await idOf(target.auth)}`)).is(200).json
		assert.deepEqual((await auditOf(target.name)).map(e => [e.author, e.action])[0], [admin.name, 'token.add'])
		const category = unique('by-token');
		(await call('/categories', { name: category }, { auth: bearer(authToken) })).is(201)
		assert.equal((await auditOf(category))[0].author, `${target.name} (token by ${admin.name})`)
	})
	test('ends with its maker: a user who is removed, a key that is revoked', async () => {
		const admin = await makeUser('ends', 'SystemAdministrator'), target = await makeUser('lasts', 'Manager', '--grant', sids.main)
		const id = await idOf(target.auth), key = await makeKey({ role: 'Manager', user: unique('robot'), grant: sids.main })
		const one = (await tokenFor(admin.auth, `UserId=${id}`)).is(200).json.authToken, two = (await tokenFor(bearer(key.secret), `UserId=${id}`)).is(200).json.authToken
		const again = (await tokenFor(bearer(one), `UserId=${id}`)).is(200).json.authToken
		assert.deepEqual([await works(one), await works(two), await works(again)], [true, true, true])
		await usaged('key', 'revoke', key.sid)
		assert.deepEqual([await works(one), await works(two), await works(again)], [true, false, true])
		await usaged('user', 'remove', admin.name)
		assert.deepEqual([await works(one), await works(two), await works(again)], [false, false, false])
		assert.ok(await works((await tokenFor(target.auth, `UserId=${id}`)).is(200).json.authToken), 'the own token is another matter')
	})
	test('shows no more than its maker sees, whatever is granted or taken later', async () => {
		const maker = await makeUser('less', 'Manager', '--grant', sids.main), target = await makeUser('more', 'Manager', '--grant', sids.main)
		const { authToken } = (await tokenFor(maker.auth, `UserId=${await idOf(target.auth)}`)).is(200).json
		assert.ok(await works(authToken));
		(await call(`/users/${target.name}/grant`, { account: sids.other })).is(200)
		assert.ok(!await works(authToken), 'the user sees more than the maker');
		(await call(`/users/${target.name}/grant`, { account: sids.other, granted: false })).is(200)
		assert.ok(await works(authToken));
		(await call(`/users/${maker.name}/grant`, { account: sids.main, granted: false })).is(200)
		assert.ok(!await works(authToken), 'the maker sees less than the user')
	})
	test('can be had a hundred times at once', async () => {
		const maker = await makeUser('many', 'Manager', '--grant', sids.main), target = await makeUser('them', 'User'), id = await idOf(target.auth)
		for (let i = 0; i < 100; i++)
			(await tokenFor(maker.auth, `UserId=${id}`)).is(200)
		const refused = (await tokenFor(maker.auth, `UserId=${id}`)).is(429)
		assert.match(refused.headers['retry-after'], /^\d+$/);
		(await tokenFor(maker.auth, `UserId=${await idOf(maker.auth)}`)).is(200)
		assert.equal((await auditOf(target.name)).filter(e => e.action === 'token.add').length, 100)
	})
})

describe('an actor', () => {
	test('is a key with its SID and label, where it corrects, sends and administers', async () => {
		const name = unique('pbx'), account = (await call('/accounts', { name })).is(201).json.sid
		const key = await makeKey({ role: 'SystemAdministrator', user: env.ADMIN_USER }), ingest = await makeKey({ role: 'Ingest', account })
		const auth = bearer(key.secret), actor = `key ${key.sid} (${env.ADMIN_USER})`
		const event = { specversion: '1.0', type: 'usage', source: '/e2e/people', id: name, subject: account, time: new Date(Date.now() - 3600e3).toISOString(), data: { category: 'calls-inbound', usage: '1' } }
		const sendEvent = e => send('/events', { method: 'POST', auth: bearer(ingest.secret), headers: { 'Content-Type': 'application/cloudevents+json' }, body: JSON.stringify(e) });
		(await sendEvent(event)).is(200)
		const answer = (await call(`/events/${encodeURIComponent(name)}/void?source=/e2e/people`, { reason: 'a test' }, { auth })).is(201).json
		assert.equal(answer.corrections[0].author, actor)
		await sendEvent({ ...event, id: `${name}-bad`, data: { category: 'no-such-category' } })
		const rejected = (await get(`/rejections?PageSize=1000`)).is(200).json.rejections ?? []
		assert.equal(rejected.find(r => r.id === `${name}-bad`)?.author, `key ${ingest.sid}`)
		const category = unique('cat');
		(await call('/categories', { name: category }, { auth })).is(201)
		assert.equal((await auditOf(category))[0].author, actor)
		await usaged('key', 'revoke', key.sid)
		await usaged('key', 'revoke', ingest.sid)
	})
})
