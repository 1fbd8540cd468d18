// auth.test.mjs - signing in and out: passwords, cookies, tokens, what ends a session, pages of other origins, the way to /login.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { JsonServiceClient } from '@servicestack/client'
import { basic, bearer, child, cookieHeader, cookiesOf, env, newUser, program, records, send, sids, signIn, usaged, usagedWith, valueOf } from './harness.mjs'

const json = { 'Content-Type': 'application/json' }, form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const users = []
let ada

async function addUser(role, ...options) {
	const user = await newUser(role.toLowerCase(), role, ...options)
	users.push(user.name)
	return user
}

before(async () => {
	ada = await addUser('Manager', '--display', 'Ada L.', '--email', `ada-${process.pid}-${Date.now()}@example.org`, '--grant', sids.main)
})
after(async () => {
	for (const name of users)
		await usaged('user', 'remove', name).catch(() => {})
})

const post = (path, body, headers = json, more = {}) => send(path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body), ...more })
const withCookies = (cookies, path = '/auth', more = {}) => send(path, { ...more, headers: { Cookie: cookieHeader(cookies), ...more.headers } })
const credentials = user => ({ UserName: user.name, Password: user.password })

describe('signing in', () => {
	const xml = u => `<Authenticate xmlns="http://schemas.servicestack.net/types"><UserName>${u.name}</UserName><Password>${u.password}</Password></Authenticate>`
	const bodies = {
		'JSON': ['/auth/credentials', json, u => JSON.stringify(credentials(u))],
		'JSON in other case, as the command line has it': ['/auth/credentials', json, u => JSON.stringify({ provider: 'credentials', userName: u.name, password: u.password, rememberMe: false })],
		'a form': ['/auth/credentials', form, u => new URLSearchParams(credentials(u)).toString()],
		'XML': ['/auth/credentials', { 'Content-Type': 'application/xml', Accept: 'application/json' }, xml],
		'the other name': ['/auth/login', json, u => JSON.stringify(credentials(u))],
		'no provider': ['/auth', json, u => JSON.stringify(credentials(u))],
		'its name': ['/api/Authenticate', json, u => JSON.stringify({ provider: 'credentials', ...credentials(u) })],
		'its other name': ['/json/reply/Authenticate', json, u => JSON.stringify(credentials(u))],
	}
	for (const [how, [path, headers, body]] of Object.entries(bodies))
		test(`by ${how}`, async () => {
			const a = (await post(path, body(ada), headers)).is(200)
			assert.deepEqual(Object.keys(a.json), ['userId', 'sessionId', 'userName', 'displayName', 'roles', 'permissions'])
			assert.equal(a.json.userName, ada.name)
			assert.equal(a.json.displayName, 'Ada L.')
			assert.deepEqual(a.json.roles, ['Manager'])
			assert.equal(cookiesOf(a)['ss-id'], a.json.sessionId)
			assert.equal((await withCookies(cookiesOf(a))).is(200).json.userName, ada.name)
		})
	test('sets cookies that scripts and other sites do not get', async () => {
		for (const remember of [false, true]) {
			const a = (await post('/auth/credentials', { ...credentials(ada), RememberMe: remember })).is(200)
			const set = a.headers['set-cookie'].filter(c => !/^ss-p?id=;/.test(c))
			assert.deepEqual(set.map(c => c.split('=')[0]), [remember ? 'ss-pid' : 'ss-id', 'ss-opt'])
			for (const c of a.headers['set-cookie'])
				for (const part of ['; Path=/', '; HttpOnly', '; Secure', '; SameSite=Lax'])
					assert.ok(c.includes(part), `${part} in ${c}`)
			for (const c of set)
				assert.equal(/; Max-Age=(\d+)/.exec(c)?.[1], remember ? String(28 * 86400) : undefined)
			assert.ok(!/expires/i.test(a.headers['set-cookie'].join()))
			assert.equal(a.headers['cache-control'], 'private, no-store')
		}
	})
	test('gives another id each time, and ends the one before', async () => {
		const first = await signIn(ada.name, ada.password)
		const again = cookiesOf((await post('/auth/credentials', credentials(ada), { ...json, Cookie: cookieHeader(first) })).is(200))
		assert.notEqual(again['ss-id'], first['ss-id']);
		(await withCookies(first)).is(401);
		(await withCookies(again)).is(200)
		const chosen = 'a'.repeat(43)
		assert.notEqual(cookiesOf((await post('/auth/credentials', credentials(ada), { ...json, Cookie: `ss-id=${chosen}` })).is(200))['ss-id'], chosen)
	})
	test('is found by cookie, among junk, and by header, which goes before', async () => {
		const temporary = await signIn(ada.name, ada.password), permanent = await signIn(ada.name, ada.password, { RememberMe: true })
		const nobody = 'n'.repeat(43)
		for (const headers of [
			{ Cookie: `ss-opt=perm; 21 Nov 2044 23:00:00 GMT=null; ss-id=; ss-pid=${permanent['ss-pid']}` },
			{ Cookie: `;;=;x; ss-id=${temporary['ss-id']}` },
			{ 'X-ss-id': temporary['ss-id'] }, { 'X-ss-pid': permanent['ss-pid'] },
			{ 'X-ss-pid': permanent['ss-pid'], Cookie: `ss-id=${nobody}` },
		])
			assert.equal((await send('/auth', { headers })).is(200).json.userName, ada.name);
		(await send('/auth', { headers: { 'X-ss-id': nobody, Cookie: cookieHeader(temporary) } })).is(401)
	})
	test('refuses what is wrong, alike, and says what is missing', async () => {
		const right = await post('/auth/credentials', credentials(ada))
		for (const wrong of [{ ...credentials(ada), Password: ada.password + 'x' }, { UserName: 'e2e-nobody', Password: ada.password }]) {
			const a = (await post('/auth/credentials', wrong)).is(401)
			assert.deepEqual(a.json, { responseStatus: { errorCode: 'Unauthorized', message: 'Invalid Username or Password', errors: [] } })
			assert.equal(a.reason === '' || a.reason === 'Invalid Username or Password', true)
			assert.equal(a.headers['set-cookie'], undefined)
		}
		right.is(200)
		const empty = (await post('/auth/credentials', {})).is(400).json.responseStatus
		assert.equal(empty.errorCode, 'NotEmpty')
		assert.deepEqual(empty.errors, [
			{ errorCode: 'NotEmpty', fieldName: 'UserName', message: "'User Name' must not be empty." },
			{ errorCode: 'NotEmpty', fieldName: 'Password', message: "'Password' must not be empty." }])
		assert.equal((await post('/auth/nowhere', credentials(ada))).is(404).json.responseStatus.errorCode, 'NotFound')
	})
	test('takes no password from an address', async () => {
		const query = new URLSearchParams(credentials(ada))
		for (const path of [`/auth/credentials?${query}`, `/auth?${query}`, `/api/Authenticate?provider=credentials&${query}`])
			assert.equal((await send(path)).is(405).json.responseStatus.errorCode, 'NotSupportedException');
		(await post(`/auth/credentials?${query}`, {})).is(400)
	})
	test('says who is signed in, and 401 or nothing where nobody is', async () => {
		(await send('/auth')).is(401);
		assert.equal((await send('/auth/status')).is(204).bytes.length, 0)
		const who = (await send('/auth/status', { auth: basic(ada.name, ada.password) })).is(200).json
		assert.equal(who.isAuthenticated, true)
		assert.equal(who.name, 'Ada L.')
		assert.match(who.emailAddress, /^ada-.*@example\.org$/)
		assert.deepEqual([who.roles, who.accountIds, who.managerAccess, who.dashboardPermissions], [['Manager'], [sids.main], true, []])
		const doc = (await send('/auth/status.xml', { auth: basic(ada.name, ada.password) })).is(200).xml
		assert.equal(valueOf(doc, 'Name'), 'Ada L.')
		assert.equal(child(child(doc, 'Roles'), 'string').textContent, 'Manager')
	})
	test('may be part of a batch', async () => {
		const list = (await post('/api/GetAuthStatus[]', [{}, {}])).is(200)
		assert.equal(list.text, '[null,null]')
	})
})

describe("ServiceStack's client", () => {
	class Authenticate {
		constructor(init) { Object.assign(this, init) }
		getTypeName() { return 'Authenticate' }
		getMethod() { return 'POST' }
		createResponse() { return {} }
	}
	test('signs in by cookie, asks, signs out', async () => {
		const client = new JsonServiceClient(env.BASE_URL)
		const answer = await client.post(new Authenticate({ provider: 'credentials', userName: ada.name, password: ada.password, rememberMe: true }))
		assert.equal(answer.userName, ada.name)
		assert.ok((await client.get('/billing/usage', { accountId: sids.main })).length > 0)
		assert.equal((await client.get('/auth/status')).name, 'Ada L.')
		await client.post(new Authenticate({ provider: 'logout' }))
		await assert.rejects(client.get('/billing/usage'), e => e.responseStatus.errorCode === 'Unauthorized')
	})
	test('signs in for as long as it runs', async () => {
		const client = new JsonServiceClient(env.BASE_URL)
		await client.post(new Authenticate({ userName: ada.name, password: ada.password }))
		assert.equal((await client.get('/auth')).userName, ada.name)
	})
	test('is told what is wrong', async () => {
		const client = new JsonServiceClient(env.BASE_URL)
		const { error } = await client.api(new Authenticate({ provider: 'credentials', userName: ada.name, password: 'not the one' }))
		assert.deepEqual([error.errorCode, error.message], ['Unauthorized', 'Invalid Username or Password'])
	})
})

describe('what ends a session', () => {
	test('signing out, by GET and by POST, and only that one', async () => {
		for (const method of ['GET', 'POST']) {
			const one = await signIn(ada.name, ada.password), other = await signIn(ada.name, ada.password)
			const a = (await withCookies(one, '/auth/logout', { method })).is(200)
			assert.equal(a.text, '{}')
			assert.deepEqual(a.headers['set-cookie'].map(c => c.split(';').slice(0, 2).join()), ['ss-id=, Max-Age=0', 'ss-pid=, Max-Age=0', 'ss-opt=, Max-Age=0']);
			(await withCookies(one)).is(401);
			(await withCookies(other)).is(200)
		}
		(await send('/auth/logout')).is(200)
	})
	test('another password, which works at once', async () => {
		const user = await addUser('User'), cookies = await signIn(user.name, user.password)
		const { authToken } = (await withCookies(await signIn(env.ADMIN_USER, env.ADMIN_PASSWORD), `/auth/token?userId=${(await withCookies(cookies)).json.userId}`)).is(200).json;
		(await send('/auth', { auth: bearer(authToken) })).is(200);
		(await send('/auth', { auth: basic(user.name, user.password) })).is(200)
		await usagedWith('quite another one\n', 'user', 'passwd', user.name);
		(await withCookies(cookies)).is(401);
		(await send('/auth', { auth: bearer(authToken) })).is(401);
		(await send('/auth', { auth: basic(user.name, user.password) })).is(401);
		(await send('/auth', { auth: basic(user.name, 'quite another one') })).is(200)
	})
	test('the removal of the user', async () => {
		const user = await addUser('User'), cookies = await signIn(user.name, user.password);
		(await send('/auth', { auth: basic(user.name, user.password) })).is(200)
		await usaged('user', 'remove', user.name);
		(await withCookies(cookies)).is(401);
		(await send('/auth', { auth: basic(user.name, user.password) })).is(401)
	})
	test('not a change of grants, which counts at once', async () => {
		const user = await addUser('Manager'), cookies = await signIn(user.name, user.password)
		const seen = async () => (await withCookies(cookies, '/auth/status')).is(200).json.accountIds
		assert.deepEqual(await seen(), [])
		await usaged('user', 'grant', user.name, sids.main)
		assert.deepEqual(await seen(), [sids.main])
		await usaged('user', 'grant', user.name, '--revoke', sids.main)
		assert.deepEqual(await seen(), [])
	})
})

describe('tokens', () => {
	const idOf = async user => (await send('/auth', { auth: basic(user.name, user.password) })).is(200).json.userId
	test('an administrator gets one for anybody, by number or address', async () => {
		for (const query of [`userId=${await idOf(ada)}`, `userEmailAddress=${encodeURIComponent((await send('/auth/status', { auth: basic(ada.name, ada.password) })).json.emailAddress.toUpperCase())}`]) {
			const { authToken } = (await send(`/auth/token?${query}`, { as: 'admin' })).is(200).json
			assert.equal((await send('/auth', { auth: bearer(authToken) })).is(200).json.userName, ada.name);
			(await send('/ai/usage', { auth: bearer(authToken) })).is(403);
			(await withCookies({ 'ss-id': authToken })).is(401)
		}
		(await send('/auth/token', { as: 'admin' })).is(400);
		(await send('/auth/token?userId=999999', { as: 'admin' })).is(404)
	})
	test('a manager gets one for itself and for those who see no more', async () => {
		const auth = basic(ada.name, ada.password), token = async user => (await send(`/auth/token?userId=${await idOf(user)}`, { auth })).status
		const admin = await addUser('SystemAdministrator')
		assert.equal(await token(ada), 200)
		assert.equal(await token(await addUser('User')), 200)
		assert.equal(await token(await addUser('Manager')), 200)
		assert.equal(await token(await addUser('Manager', '--grant', sids.main)), 200)
		assert.equal(await token(await addUser('Manager', '--grant', sids.main, '--grant', sids.other)), 404)
		assert.equal(await token(admin), 404)
	})
	test('nobody else gets one', async () => {
		for (const [as, status] of [['none', 401], ['user', 403], ['main', 403], ['ingest', 403]])
			(await send('/auth/token?userId=1', { as })).is(status)
	})
})

describe('pages of other origins', () => {
	const own = env.BASE_URL, other = 'https://elsewhere.example'
	const from = {
		'an Origin elsewhere': [{ Origin: other }, false], 'an Origin that hides': [{ Origin: 'null' }, false], 'our Origin': [{ Origin: own }, true],
		'another port': [{ Origin: own.replace(/:\d+$/, '') + ':1' }, false], 'another site': [{ 'Sec-Fetch-Site': 'cross-site' }, false],
		'the same site': [{ 'Sec-Fetch-Site': 'same-site' }, false], 'the same origin': [{ 'Sec-Fetch-Site': 'same-origin' }, true],
		'a Referer elsewhere': [{ Referer: other + '/page' }, false], 'a Referer of ours': [{ Referer: own + '/page' }, true], 'no page': [{}, true],
	}
	for (const [what, [headers, good]] of Object.entries(from))
		test(`${what}: ${good ? 'may' : 'may not'} change something`, async () => {
			const admin = { Cookie: cookieHeader(await signIn(env.ADMIN_USER, env.ADMIN_PASSWORD)) }
			const refused = a => a.status === 403 && /another origin/.test(a.text)
			const attempts = {
				events: post('/events', '', { ...json, ...admin, ...headers }),
				basic: post('/events', '', { ...json, ...headers }, { as: 'admin' }),
				'sign-in': post('/auth/credentials', credentials(ada), { ...json, ...headers }),
				token: send('/auth/token?userId=1', { headers: { ...admin, ...headers } }),
				'sign-out': send('/auth/logout', { headers: { ...admin, ...headers } }),
			}
			for (const [name, attempt] of Object.entries(attempts))
				assert.equal(refused(await attempt), !good, `${name}: ${(await attempt).status} ${(await attempt).text}`)
			/* whoever knows a token is no page that a browser was led to, and reading is no change */
			assert.ok(!refused(await post('/events', '', { ...json, ...headers }, { as: 'adminBearer' })));
			(await send('/accounts', { headers: { ...headers, Cookie: cookieHeader(await signIn(env.ADMIN_USER, env.ADMIN_PASSWORD)) } })).is(200)
		})
})

describe('the way to the login page', () => {
	const page = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
	test('a page leads there, with where it came from', async () => {
		for (const path of ['/billing/usage?accountId=a%20b&x=%26', `${records(sids.main, 'Daily')}.html?PageSize=1`, '/accounts.html', '/html/reply/ListUsageRecords']) {
			const a = (await send(path, { headers: path.includes('html') ? {} : page })).is(302)
			assert.equal(a.headers.location, `/login?redirect=${encodeURIComponent(env.BASE_URL + path)}`)
			assert.equal(a.headers['www-authenticate'], undefined)
		}
		// each "/" becomes three bytes, more than fit in a header
		assert.equal((await send(`/billing/usage?a=${'/'.repeat(5000)}`, { headers: page })).is(302).headers.location, '/login')
	})
	test('a program never does, nor who has wrong credentials, nor a change', async () => {
		for (const headers of [{}, { Accept: '*/*' }, { Accept: 'application/json' }, { Accept: 'text/*' }, { ...json, Accept: '*/*' }])
			(await send('/billing/usage', { headers })).is(401);
		(await send('/billing/usage', { headers: page, auth: bearer('wrong') })).is(401);
		(await send('/ai/usage', { method: 'POST', headers: page })).is(401)
	})
	test('the page has a form that works without scripts', async () => {
		const html = (await send('/login?redirect=%2Faccounts.html%22%3E%3Cb%3E', { headers: page })).is(200).text
		for (const part of [/<form[^>]* method="post" action="\/auth\/credentials"/, /name="UserName"[^>]*autocomplete="username"/, /type="password" name="Password"/, /name="RememberMe"/,
			/name="Redirect" value="\/accounts\.html&quot;&gt;&lt;b&gt;"/])
			assert.match(html, part)
		assert.doesNotMatch(html, /<script|failed/)
	})
	test('the form leads on to the page that was wanted, if it is ours', async () => {
		const go = async Redirect => {
			const a = (await post('/auth/credentials', new URLSearchParams({ ...credentials(ada), ...(Redirect !== undefined && { Redirect }) }).toString(), { ...form, ...page, Origin: env.BASE_URL })).is(303);
			(await withCookies(cookiesOf(a))).is(200)
			return a.headers.location
		}
		assert.equal(await go(env.BASE_URL + '/billing/usage?a=1'), '/billing/usage?a=1')
		assert.equal(await go('/accounts.html?x=%2F'), '/accounts.html?x=%2F')
		for (const evil of [undefined, '', 'https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', env.BASE_URL + '.evil.example/', env.BASE_URL + '@evil.example/', 'accounts.html'])
			assert.equal(await go(evil), '/')
	})
	test('what was wrong is said on the page, without a password in the address', async () => {
		const wrong = (await post('/auth/credentials', new URLSearchParams({ UserName: ada.name, Password: 'not the right one', Redirect: '/accounts.html' }).toString(), { ...form, ...page })).is(303)
		assert.equal(wrong.headers.location, '/login?failed=password&redirect=%2Faccounts.html')
		const html = (await send(wrong.headers.location, { headers: page })).is(200).text
		assert.match(html, /role="alert">No user has this name and password\./)
		assert.match(html, /name="Redirect" value="\/accounts\.html"/)
		assert.equal((await post('/auth/credentials', '', { ...form, ...page })).is(303).headers.location, '/login?failed=empty&redirect=%2F')
		assert.doesNotMatch((await send('/login?failed=%3Cscript%3E', { headers: page })).text, /<script/)
	})
	test('pages say who is signed in and let them out', async () => {
		const cookies = await signIn(ada.name, ada.password)
		const html = (await withCookies(cookies, '/accounts.html')).is(200).text
		assert.match(html, /<a class="who" href="\/profile\.html">Ada L\.<\/a>/)
		assert.match(html, /<form[^>]* method="post" action="\/auth\/logout"/)
		const out = (await withCookies(cookies, '/auth/logout', { method: 'POST', headers: { ...page, Origin: env.BASE_URL } })).is(303)
		assert.equal(out.headers.location, '/login');
		(await withCookies(cookies, '/accounts.html')).is(302)
		assert.doesNotMatch((await send('/accounts.html', { as: 'admin' })).is(200).text, /auth\/logout/)
	})
})

describe('wrong passwords', () => {
	test('are answered later and later, and nobody else suffers', async () => {
		const user = await addUser('User'), cookies = await signIn(user.name, user.password)
		const fresh = await addUser('User')
		let a
		for (let i = 0; i < 12; i++) {
			a = await send('/auth', { auth: basic(fresh.name, `guess number ${i}`) })
			if (a.status === 429)
				break
			a.is(401)
		}
		assert.equal(a.status, 429)
		assert.match(a.headers['retry-after'], /^[1-9]\d*$/)
		assert.equal(a.json.responseStatus.errorCode, 'TooManyRequests')
		const inForm = (await post('/auth/credentials', new URLSearchParams(credentials(fresh)).toString(), { ...form, Accept: 'text/html' })).is(303)
		assert.match(inForm.headers.location, /failed=wait/);
		(await withCookies(cookies)).is(200);
		(await send('/auth', { auth: basic(user.name, user.password) })).is(200)
		/* told when, they are let in then */
		let last
		for (let i = 0; i < 20 && last?.status !== 200; i++) {
			if (last)
				await new Promise(done => setTimeout(done, 1000 * last.headers['retry-after']))
			last = await send('/auth', { auth: basic(fresh.name, fresh.password) })
		}
		last.is(200)
	})
	test('a password that is right and often sent is checked once', async () => {
		const user = await addUser('User')
		const all = await Promise.all(Array.from({ length: 40 }, () => send('/auth', { auth: basic(user.name, user.password) })))
		assert.deepEqual([...new Set(all.map(a => a.status))], [200])
	})
})

// A ledger of its own, each request by another process, and a clock that is set.
describe('across restarts and days', () => {
	const folder = mkdtempSync(join(tmpdir(), 'usaged-auth-')), config = join(folder, 'usaged.conf')
	const top = new URL('../..', import.meta.url).pathname
	const run = (args, input, clock) => {
		const { status, stdout, stderr } = spawnSync(program, ['--config', config, ...args], { input, encoding: 'utf8', env: { ...process.env, ...(clock && { USAGED_CLOCK: clock }) } })
		assert.equal(status, 0, stderr)
		return stdout
	}
	const request = (clock, method, uri, variables = {}, body = '') => {
		const { stdout } = spawnSync(program, ['--config', config, 'serve'], { input: body, encoding: 'utf8', env: { USAGED_CLOCK: clock, REQUEST_METHOD: method, REQUEST_URI: uri,
			REQUEST_SCHEME: 'https', HTTP_HOST: 'ledger.test', REMOTE_ADDR: '192.0.2.1', CONTENT_LENGTH: String(Buffer.byteLength(body)), CONTENT_TYPE: body ? 'application/json' : '', ...variables } })
		const [head, text] = [stdout.slice(0, stdout.indexOf('\r\n\r\n')), stdout.slice(stdout.indexOf('\r\n\r\n') + 4)]
		return { status: +/^Status: (\d+)/.exec(head)[1], head, text, cookies: Object.fromEntries([...head.matchAll(/^Set-Cookie: ([\w-]+)=([^;]+);/gm)].map(m => [m[1], m[2]])) }
	}
	const who = (clock, variables) => request(clock, 'GET', '/auth', variables).status
	const start = '2026-03-01T12:00:00Z'
	let number = 0
	const enter = more => {
		const a = request(start, 'POST', '/auth/credentials', {}, JSON.stringify({ UserName: 'ada', Password: 'a long password', ...more }))
		assert.equal(a.status, 200, a.text)
		number++
		return { HTTP_COOKIE: cookieHeader(a.cookies) }
	}

	before(() => {
		writeFileSync(config, `[ledger]\ndatabase = usage.db\nsecret_file = secret\n[server]\ntemplates = ${top}templates\ntoken_seconds = 600\nlogin_redirect = no\n`)
		run(['init', '--categories', `${top}conf/categories.csv`])
		run(['user', 'add', 'ada', '--role', 'SystemAdministrator'], 'a long password\n')
	})
	after(() => rmSync(folder, { recursive: true, force: true }))

	test('a session survives, for 14 days', () => {
		const session = enter()
		assert.equal(who(start, session), 200)
		assert.equal(who('2026-03-15T11:59:59Z', session), 200)
		assert.equal(who('2026-03-15T12:00:00Z', session), 401)
	})
	test('a remembered one for 28', () => {
		const session = enter({ RememberMe: true })
		assert.equal(who('2026-03-29T11:59:59Z', session), 200)
		assert.equal(who('2026-03-29T12:00:00Z', session), 401)
	})
	test('a token as long as the setting says, and no longer by asking for another', () => {
		const token = (variables, clock) => JSON.parse(request(clock, 'POST', '/api/RequestAuthToken', variables, '{"userId":1}').text).authToken
		const first = { HTTP_AUTHORIZATION: 'Bearer ' + token(enter(), start) }
		assert.equal(who('2026-03-01T12:09:59Z', first), 200)
		const second = { HTTP_AUTHORIZATION: 'Bearer ' + token(first, '2026-03-01T12:05:00Z') }
		assert.equal(who('2026-03-01T12:09:59Z', second), 200)
		for (const t of [first, second])
			assert.equal(who('2026-03-01T12:10:00Z', t), 401)
	})
	test('those that are over are removed by the next that signs in', { skip: spawnSync('sqlite3', ['--version']).error && 'there is no sqlite3' }, () => {
		const count = () => +spawnSync('sqlite3', [join(folder, 'usage.db'), 'SELECT count(*) FROM session'], { encoding: 'utf8' }).stdout
		assert.ok(count() >= number)
		assert.equal(request('2027-01-01T00:00:00Z', 'POST', '/auth/credentials', {}, '{"UserName":"ada","Password":"a long password"}').status, 200)
		assert.equal(count(), 1)
	})
	test('only keyed hashes are in the ledger', () => {
		const session = enter(), id = /ss-id=(\w+)/.exec(session.HTTP_COOKIE)[1]
		assert.equal(spawnSync('grep', ['-c', id, join(folder, 'usage.db')], { encoding: 'utf8' }).stdout.trim(), '0')
	})
	test('a page is refused as a program is, where the setting says so', () => {
		const a = request(start, 'GET', '/accounts.html')
		assert.equal(a.status, 401)
		assert.match(a.head, /^WWW-Authenticate: Basic/m)
	})
})
