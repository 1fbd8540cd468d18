// admin.test.mjs - running the server: users, keys, accounts, categories, closings, the audit log and the ledger's health, by
// call and on pages without scripts; who may, and what pages of other origins can't.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { close, open as openPage, skip } from './browser.mjs'
import { basic, bearer, config, cookieHeader, day, env, newUser, records, send, sids, signIn, usaged } from './harness.mjs'

const json = { 'Content-Type': 'application/json' }, form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const run = `${process.pid}-${Date.now()}`
const unique = name => `e2e-${name}-${run}`
const secrets = []

const get = (path, as = 'adminBearer') => send(path, { as })
const post = (path, body = {}, { as = 'adminBearer', headers = {}, ...more } = {}) =>
	send(path, { method: 'POST', as, headers: { ...json, ...headers }, body: JSON.stringify(body), ...more })
const secretOf = text => (secrets.push(text), text)
const userOf = async name => (await get('/users')).is(200).json.users.find(u => u.user === name)
const keyOf = async sid => (await get('/keys')).is(200).json.keys.find(k => k.sid === sid)
// What the log says of SUBJECT, the newest first.
const auditOf = async subject => (await get('/audit?PageSize=1000')).is(200).json.entries.filter(e => e.subject === subject)
const said = entries => entries.map(e => [e.author, e.action, e.detail])

let adminKey, adminActor
const users = [], keys = []

async function makeUser(name, more = {}) {
	const user = { user: unique(name), role: 'Manager', password: secretOf(`the password of ${unique(name)}`), ...more }
	const made = (await post('/users', user)).is(201).json
	users.push(user.user)
	return { ...user, made }
}

async function makeKey(more) {
	const made = (await post('/keys', more)).is(201).json
	keys.push(made.sid)
	secretOf(made.secret)
	return made
}

before(async () => {
	adminKey = (await get('/keys')).is(200).json.keys.find(k => k.role === 'SystemAdministrator' && k.user === env.ADMIN_USER && k.status === 'active').sid
	adminActor = `key ${adminKey} (${env.ADMIN_USER})`
})
after(async () => {
	for (const name of users)
		await usaged('user', 'remove', name).catch(() => {})
	for (const sid of keys)
		await usaged('key', 'revoke', sid)
})

describe('users', () => {
	test('are created, sign in, and are in the log', async () => {
		const email = `${unique('ada')}@example.org`
		const { user, password, made } = await makeUser('ada', { display: 'Ada L.', email, grant: `${sids.main},${sids.sub}` })
		assert.deepEqual({ ...made, created: undefined }, { user, display: 'Ada L.', email, role: 'Manager', grants: made.grants, may_see: made.may_see, created: undefined, status: 'active' })
		assert.equal(made.may_see.split(', ').length, 2)
		assert.deepEqual([...made.grants].sort(), [sids.main, sids.sub].sort())
		assert.deepEqual(await userOf(user), made)
		assert.ok((await signIn(user, password))['ss-id'])
		assert.deepEqual((await send('/accounts', { auth: basic(user, password) })).is(200).json.accounts.map(a => a.sid).sort(), [sids.main, sids.sub].sort())
		assert.deepEqual(said(await auditOf(user)), [[adminActor, 'user.add', 'Manager']])
	})
	test('that can not be are refused by name', async () => {
		const { user } = await makeUser('taken', { role: 'User' })
		const good = { user: unique('refused'), role: 'Manager', password: 'long enough to be one' }
		const cases = [
			[{ ...good, user }, 409, /user: |user/], [{ ...good, user: 'a:b' }, 400, /user/], [{ ...good, user: 'console' }, 400, /user.*console/],
			[{ ...good, role: 'Emperor' }, 400, /role/], [{ ...good, role: 'Ingest' }, 400, /role/], [{ ...good, password: 'short' }, 400, /password/],
			[{ ...good, password: undefined }, 400, /password/], [{ ...good, email: 'nobody' }, 400, /email/],
			[{ ...good, grant: sids.unknown }, 400, /grant/], [{ ...good, role: 'User', grant: sids.main }, 400, /grant/],
		]
		for (const [body, status, words] of cases)
			assert.match((await post('/users', body)).is(status).json.message, words)
		assert.equal(await userOf(good.user), undefined)
		assert.deepEqual(await auditOf(good.user), [])
	})
	test('get another password, which ends what they are signed in to', async () => {
		const { user, password } = await makeUser('bob', { grant: sids.main })
		const cookies = await signIn(user, password), next = secretOf(`another one of ${user}`);
		(await send('/accounts', { headers: { Cookie: cookieHeader(cookies) } })).is(200);
		(await post(`/users/${user}/password`, { password: next })).is(200);
		(await send('/accounts', { headers: { Cookie: cookieHeader(cookies) } })).is(401);
		(await post('/auth/credentials', { UserName: user, Password: password }, { as: 'none' })).is(401);
		(await signIn(user, next));
		(await post(`/users/${unique('nobody')}/password`, { password: next })).is(404)
		assert.deepEqual(said(await auditOf(user)).map(e => e[1]), ['user.password', 'user.add'])
	})
	test('have their password in a body, never in an address', async () => {
		const { user, password } = await makeUser('url');
		(await post(`/users/${user}/password?password=${encodeURIComponent('from the address')}`)).is(400)
		await signIn(user, password)
	})
	test('are granted accounts, and these are taken away', async () => {
		const { user, password } = await makeUser('carl')
		const seen = async () => (await send('/accounts', { auth: basic(user, password) })).is(200).json.accounts.map(a => a.sid)
		assert.deepEqual(await seen(), [])
		assert.deepEqual((await post(`/users/${user}/grant`, { account: sids.other })).is(200).json.grants, [sids.other])
		assert.deepEqual(await seen(), [sids.other]);
		(await send(records(sids.other, 'ThisMonth') + '.json', { auth: basic(user, password) })).is(200)
		assert.deepEqual((await post(`/users/${user}/grant`, { account: sids.other, granted: false })).is(200).json.grants, [])
		assert.deepEqual(await seen(), []);
		(await post(`/users/${user}/grant`, { account: sids.unknown })).is(400);
		(await post(`/users/${user}/grant`)).is(400)
		const { user: none } = await makeUser('dora', { role: 'User' });
		(await post(`/users/${none}/grant`, { account: sids.main })).is(400)
		assert.deepEqual(said(await auditOf(user)).map(e => [e[1], e[2]]).slice(0, 2), [['user.ungrant', sids.other], ['user.grant', sids.other]])
	})
	test('are removed, once, and their name stays taken', async () => {
		const { user, password } = await makeUser('eve', { grant: sids.main })
		const cookies = await signIn(user, password)
		const gone = (await post(`/users/${user}/remove`)).is(200).json
		assert.equal(gone.status, 'removed')
		assert.ok(gone.removed >= gone.created);
		(await send('/accounts', { headers: { Cookie: cookieHeader(cookies) } })).is(401);
		(await send('/accounts', { auth: basic(user, password) })).is(401);
		(await post(`/users/${user}/remove`)).is(404);
		(await post('/users', { user, role: 'User', password })).is(409)
		assert.deepEqual(said(await auditOf(user)).map(e => e[1]), ['user.remove', 'user.add'])
	})
	test('do not remove themselves', async () => {
		const { user, password } = await makeUser('last', { role: 'SystemAdministrator' });
		(await send(`/users/${user}/remove`, { method: 'POST', auth: basic(user, password) })).is(409)
		assert.equal((await userOf(user)).status, 'active')
	})
	test('may have names that an address must spell', async () => {
		const { user, password } = await makeUser('ü /?%.html')
		const next = secretOf('yet another password');
		(await post(`/users/${encodeURIComponent(user)}/password`, { password: next })).is(200);
		(await post('/auth/credentials', { UserName: user, Password: password }, { as: 'none' })).is(401)
		await signIn(user, next)
	})
})

describe('keys', () => {
	test('are made, work at once, and are noted on the day of their use', async () => {
		const made = await makeKey({ role: 'Key', account: sids.main })
		assert.match(made.sid, /^SK[0-9a-f]{32}$/)
		assert.match(made.secret, /^[A-Za-z0-9]{43}$/)
		const before = await keyOf(made.sid)
		assert.equal(before.account_sid, sids.main)
		assert.equal(before.status, 'active')
		assert.equal(before.last_used ?? null, null);
		(await send(records(sids.main, 'ThisMonth') + '.json', { auth: bearer(made.secret) })).is(200)
		let used
		for (let i = 0; i < 1000 && !used; i++)          // it is written behind the answer
			used = (await keyOf(made.sid)).last_used
		assert.ok([day(new Date()), day(new Date(Date.now() - 86400e3))].includes(used), used)
		assert.deepEqual(said(await auditOf(made.sid)), [[adminActor, 'key.add', 'Key']])
	})
	test('of each role have what goes with it', async () => {
		const rows = [
			[{ role: 'Ingest' }, 201], [{ role: 'Ingest', account: sids.main }, 201], [{ role: 'Account', account: sids.other }, 201],
			[{ role: 'Manager', user: unique('service'), grant: sids.main }, 201], [{ role: 'Account' }, 400], [{ role: 'Key' }, 400],
			[{ role: 'Manager' }, 400], [{ role: 'Key', account: sids.unknown }, 400], [{ role: 'Ingest', grant: sids.main }, 400],
			[{ role: 'User', user: 'x', account: sids.main }, 400], [{}, 400],
		]
		for (const [body, status] of rows) {
			const a = (await post('/keys', body)).is(status)
			if (status === 201) {
				keys.push(a.json.sid)
				secretOf(a.json.secret)
			}
		}
	})
	test('open nothing once they are revoked, whichever thread is asked', async () => {
		const { sid, secret } = await makeKey({ role: 'Manager', user: unique('revoked'), grant: sids.main })
		const ask = () => Promise.all(Array.from({ length: 64 }, () => send('/accounts', { auth: bearer(secret) }).then(a => a.status)))
		assert.deepEqual(new Set(await ask()), new Set([200]))
		const revoked = (await post(`/keys/${sid}/revoke`)).is(200).json
		assert.equal(revoked.status, 'revoked')
		assert.deepEqual(new Set(await ask()), new Set([401]))
		assert.equal((await post(`/keys/${sid}/revoke`)).is(200).json.revoked, revoked.revoked);
		(await post(`/keys/SK${'0'.repeat(32)}/revoke`)).is(404)
		assert.deepEqual(said(await auditOf(sid)).map(e => e[1]), ['key.revoke', 'key.add'])
	})
})

describe('accounts, categories and closings', () => {
	test('an account and its subaccount', async () => {
		const name = unique('account')
		const made = (await post('/accounts', { name, currency: 'EUR', created: '2026-01-02' })).is(201).json
		assert.equal(made.currency, 'eur')
		assert.equal(made.created, '2026-01-02')
		const sub = (await post('/accounts', { name: unique('sub'), parent: made.sid })).is(201).json
		assert.equal(sub.parent_sid, made.sid)
		assert.deepEqual((await get('/accounts')).is(200).json.accounts.find(a => a.sid === sub.sid), sub);
		(await post('/accounts', { name })).is(409);
		(await post('/accounts', { name: unique('x'), parent: sub.sid })).is(400);
		(await post('/accounts', { name: unique('x'), currency: 'euro' })).is(400);
		(await post('/accounts', { name: unique('x'), created: '2026-02-30' })).is(400);
		(await post('/accounts', { name: unique('x'), sid: 'AC1' })).is(400)
		assert.deepEqual(said(await auditOf(made.sid)), [[adminActor, 'account.add', name]])
	})
	test('a category, which events can be of at once', async () => {
		const name = unique('category'), made = (await post('/categories', { name, parent: 'calls', description: 'Calls to the moon',
			count_unit: 'calls', usage_unit: 'minutes', metered: false })).is(201).json
		assert.deepEqual(made, { category: name, description: 'Calls to the moon', parent: 'calls', count_unit: 'calls', usage_unit: 'minutes', metered: false })
		assert.deepEqual((await get('/categories')).is(200).json.categories.find(c => c.category === name), made);
		(await post('/categories', { name })).is(409);
		(await post('/categories', { name: 'Bad Name' })).is(400);
		(await post('/categories', { name: unique('x'), parent: 'nothing-such' })).is(400);
		(await post('/categories', { name: unique('x'), parent: 'totalprice' })).is(400)
		assert.deepEqual(said(await auditOf(name)), [[adminActor, 'category.add', 'calls']])
		const account = (await post('/accounts', { name: unique('moon') })).is(201).json.sid
		// as wide as events are: microseconds, long amounts, and names that have no place to wrap (see the pages below)
		const time = new Date(Date.now() - 60e3).toISOString().replace(/\.\d+Z/, '.123456Z'), customer = unique('customer').replaceAll('-', '')
		const event = { specversion: '1.0', id: unique('event'), source: 'e2e', type: 'usage', subject: account, time, data: { category: name, usage: '12345.75', count: 1, price: '1234.56', customer } }
		const headers = { 'Content-Type': 'application/cloudevents+json' };
		(await send('/events', { as: 'ingest', method: 'POST', headers, body: JSON.stringify(event) })).is(200)
		assert.equal((await get(`/events?AccountSid=${account}`)).is(200).json.events[0].category, name)
	})
	test('an account is closed through a day that is over', async () => {
		const account = (await post('/accounts', { name: unique('closing'), created: '2026-01-01' })).is(201).json.sid
		const made = (await post('/closings', { account, through: '2026-03-31' })).is(201).json
		assert.equal(made.through, '2026-03-31')
		assert.equal(made.author, adminActor)
		assert.deepEqual((await get('/closings?PageSize=1000')).is(200).json.closings.find(c => c.account_sid === account), made);
		(await post('/closings', { account, through: '2026-02-28' })).is(409);
		(await post('/closings', { account, through: day(new Date(Date.now() + 86400e3)) })).is(400);
		(await post('/closings', { account: sids.unknown, through: '2026-03-31' })).is(400);
		(await post('/closings', { account })).is(400)
		assert.deepEqual(said(await auditOf(account)), [[adminActor, 'closing.close', 'through 2026-03-31'], [adminActor, 'account.add', unique('closing')]])
	})
	test('closing a main account closes its subaccounts, and late events change no closed report', async () => {
		const main = (await post('/accounts', { name: unique('family'), created: '2026-01-01' })).is(201).json.sid
		const sub = (await post('/accounts', { name: unique('child'), created: '2026-01-01', parent: main })).is(201).json.sid
		const send_event = async (id, time, subject) => {
			const event = { specversion: '1.0', id: unique(id), source: 'e2e', type: 'usage', subject, time, data: { category: 'calls', count: 1, usage: '1', price: '50' } };
			(await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/cloudevents+json' }, body: JSON.stringify(event) })).is(200)
		}
		const report = `/2010-04-01/Accounts/${main}/Usage/Records.json?Category=calls&StartDate=2026-03-01&EndDate=2026-03-31`
		const price = async zone => (await get(report + (zone ? `&TimeZone=${zone}` : ''))).is(200).json.usage_records[0].price
		await send_event('on time', '2026-03-15T12:00:00Z', sub);
		(await post('/closings', { account: main, through: '2026-03-31' })).is(201)
		const closings = (await get('/closings?PageSize=1000')).is(200).json.closings
		const closing = closings.find(c => c.account_sid === sub)
		assert.deepEqual([closing.through, closing.closed_until, closing.by_main_account], ['2026-03-31', '2026-04-01T00:00:00Z', true])
		const before = [await price(), await price('Europe/Vienna')]
		await send_event('late', '2026-03-16T12:00:00Z', sub)
		assert.deepEqual([await price(), await price('Europe/Vienna')], before)
		const late = (await get(`/events?AccountSid=${main}&State=late`)).is(200).json.events
		assert.deepEqual(late.map(e => [e.id, e.effective_time]), [[unique('late'), '2026-04-01T00:00:00Z']])
		const { changes } = (await get(`/closings/${main}/changes`)).is(200).json
		assert.deepEqual(changes.map(c => [c.kind, c.account_sid, c.id, Number(c.price)]), [['late', sub, unique('late'), 50]]);
		(await post(`/closings/${sub}/reopen`, { reason: 'no' })).is(409);
		(await post(`/closings/${main}/reopen`, {})).is(400)
		const open = (await post(`/closings/${main}/reopen`, { from: '2026-03-15', reason: 'a bill was wrong' })).is(200).json
		assert.deepEqual([open.through, open.closed_until], ['2026-03-14', '2026-03-15T00:00:00Z'])
		const since = (await get(`/closings/${sub}/changes`)).is(200).json.changes
		assert.deepEqual(since.map(c => [c.kind, c.reason, c.effective_time]), [['reopened', 'a bill was wrong', '2026-03-15T00:00:00Z'], ['late', undefined, '2026-04-01T00:00:00Z']])
		assert.deepEqual(said(await auditOf(main)).slice(0, 2), [[adminActor, 'closing.reopen', 'from 2026-03-15: a bill was wrong'], [adminActor, 'closing.close', 'through 2026-03-31, with 1 subaccount']])
	})
	test('a report that is closed in part says until when', async () => {
		const account = (await post('/accounts', { name: unique('part'), created: '2026-01-01' })).is(201).json.sid;
		(await post('/closings', { account, through: '2026-03-31' })).is(201)
		const twilio = `/2010-04-01/Accounts/${account}/Usage/Records.json?IncludeSubaccounts=false`
		const until = async path => (await get(path)).is(200).headers['usaged-closed-until']
		assert.equal(await until(`${twilio}&StartDate=2026-03-01&EndDate=2026-03-31`), undefined)
		assert.equal(await until(`${twilio}&StartDate=2026-04-01&EndDate=2026-04-30`), undefined)
		assert.equal(await until(`${twilio}&StartDate=2026-03-01&EndDate=2026-03-31&TimeZone=America/New_York`), '2026-04-01T00:00:00Z')
		for (const path of [`${twilio}&StartDate=2026-03-01&EndDate=2026-04-30`, `/billing/usage?format=json&AccountId=${account}&StartDate=2026-03-01&EndDate=2026-04-30`,
			`/ai/usage?format=json&AccountId=${account}&StartDate=2026-03-01&EndDate=2026-04-30`, `/reports/usage?AccountSid=${account}&StartDate=2026-03-01&EndDate=2026-04-30`])
			assert.equal(await until(path), '2026-04-01T00:00:00Z', path)
		const page = (await get(`/reports/usage.html?AccountSid=${account}&StartDate=2026-03-01&EndDate=2026-04-30`)).is(200).text
		assert.match(page, /Closed until 2026-04-01T00:00:00Z/)
	})
	test('all accounts are closed at once', async () => {
		const account = (await post('/accounts', { name: unique('all'), created: '2026-01-01' })).is(201).json.sid
		const answer = (await post('/closings/all', { through: '1981-01-31' })).is(201).json
		assert.equal(answer.through, '1981-01-31')
		assert.ok(answer.closed >= 1)
		assert.equal((await get('/closings?PageSize=1000')).is(200).json.closings.find(c => c.account_sid === account).through, '1981-01-31');
		(await post('/closings/all', { through: day(new Date(Date.now() + 86400e3)) })).is(400)
	})
})

describe('the audit log', () => {
	test('is read a page at a time, forth and back', async () => {
		const pages = []
		let answer = (await get('/audit?PageSize=4')).is(200).json
		for (; pages.length < 5; answer = (await get(answer.next_page_uri)).is(200).json)
			pages.push(answer.entries)
		const whole = (await get('/audit?PageSize=1000')).is(200).json.entries, from = whole.findIndex(e => JSON.stringify(e) === JSON.stringify(pages[0][0]))
		assert.deepEqual(pages.flat(), whole.slice(from, from + 20))
		for (let i = 4; i > 0; i--) {
			answer = (await get(answer.previous_page_uri)).is(200).json
			assert.deepEqual(answer.entries, pages[i])
		}
		assert.ok((await get(answer.previous_page_uri)).is(200).json.entries.length > 0)
	})
	test('has who did it: the console, a key, a person', async () => {
		const { name, password } = await newUser('author', 'SystemAdministrator')
		users.push(name)
		const category = unique('authored');
		(await send('/categories', { method: 'POST', auth: basic(name, password), headers: json, body: JSON.stringify({ name: category }) })).is(201)
		assert.deepEqual((await auditOf(category)).map(e => e.author), [name])
		assert.deepEqual((await auditOf(name)).map(e => e.author), ['console'])
	})
	test('in XML and CSV, too', async () => {
		const rows = (await get('/audit.csv?PageSize=3')).is(200).csv
		assert.deepEqual(rows[0], ['at_utc', 'author', 'action', 'subject', 'detail'])
		assert.equal(rows.length, 4)
		assert.ok((await get('/audit.xml?PageSize=3')).is(200).xml)
	})
})

describe('health', () => {
	test('says what verifying has found, and how large the ledger is', async () => {
		await usaged('verify').catch(() => {})
		const h = (await get('/health')).is(200).json
		assert.deepEqual(Object.keys(h).filter(k => !['last_failed_write', 'last_backup', 'last_failed_backup', 'database'].includes(k)).sort(), ['backing_up', 'differences', 'last_commit', 'last_verify', 'last_verify_of', 'last_whole_verify', 'ledger_bytes', 'log_bytes', 'schema', 'server_time', 'status', 'verifying', 'version'])
		assert.equal(h.status, h.differences === 0 ? 'good' : 'differences')
		assert.ok(h.ledger_bytes > 100000 && h.log_bytes >= 0 && h.schema >= (h.database ? 1 : 2))
		for (const time of [h.last_commit, h.last_verify, h.server_time])
			assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
		assert.ok(!(await get('/health')).text.includes('/'), 'it names no file')
	})
	test('the ledger is verified from there, one verification at a time, in the background', async () => {
		const asked = new Date().toISOString().slice(0, 19)
		const answers = await Promise.all([1, 2, 3, 4].map(() => post('/health/verify')))
		assert.ok(answers.some(a => a.status === 202))
		for (const a of answers)
			assert.ok(a.status === 202 ? a.json.verifying : a.status === 409 && /already/.test(a.json.message), `${a.status} ${a.text}`)
		let h
		do {
			await new Promise(done => setTimeout(done, 100))
			h = (await get('/health')).is(200).json
			if (h.verifying)
				assert.ok(h.verified_percent >= 0 && h.verified_percent <= 100)
		} while (h.verifying)
		assert.ok(h.last_verify >= asked, `${h.last_verify} is not before ${asked}`)
		assert.deepEqual([h.last_verify_of, h.last_whole_verify], ['everything', h.last_verify])
		assert.equal(h.status, h.differences === 0 ? 'good' : 'differences')
	})
	test('is told to everybody as far as "ok"', async () => {
		for (const as of ['none', 'user', 'main'])
			assert.deepEqual((await send('/healthz', { as })).is(200).json, { status: 'ok' })
		assert.equal((await send('/healthz.csv')).is(200).text, '\uFEFFstatus\r\nok\r\n')
	})
	test('is told to Prometheus by /metrics, if an administrator asks', async () => {
		const text = (await get('/metrics')).is(200).text
		assert.match(text, /^usaged_requests_total\{operation="GetHealth",status="200"\} [1-9]/m)
		assert.match(text, /^usaged_ledger_readable 1$/m)
		assert.match(text, /^usaged_commit_seconds_count [1-9]/m)
		for (const [as, status] of [['none', 401], ['user', 403], ['manager', 403], ['main', 403]])
			(await send('/metrics', { as })).is(status)
	})
	test('and whether events can be stored', async () => {
		for (const as of ['none', 'user', 'main'])
			assert.deepEqual((await send('/readyz', { as })).is(200).json, { status: 'ready' })
	})
})

const changes = [
	['/users', () => ({ user: unique('foreign'), role: 'User', password: 'long enough to be one' }), '/users/new'],
	['/keys', () => ({ role: 'Ingest' }), '/keys/new'],
	['/accounts', () => ({ name: unique('foreign') }), '/accounts/new'],
	[`/accounts/${sids.other}`, () => ({ name: unique('foreign') }), `/accounts/${sids.other}/edit`],
	[`/accounts/${sids.other}/suspend`, () => ({})],
	[`/accounts/${sids.other}/reactivate`, () => ({})],
	[`/users/${env.MANAGER_USER}`, () => ({ display: unique('foreign') }), `/users/${env.MANAGER_USER}/edit`],
	['/categories', () => ({ name: unique('foreign') }), '/categories/new'],
	['/closings', () => ({ account: sids.other, through: '2024-01-31' }), '/closings/new'],
	['/sims', () => ({ account: sids.other, sid: unique('foreign'), name: unique('foreign') }), '/sims/new'],
	['/fleets', () => ({ account: sids.other, sid: unique('foreign'), name: unique('foreign') }), '/fleets/new'],
	[`/sims/${unique('foreign')}`, () => ({ name: unique('foreign') }), `/sims/${unique('foreign')}/rename`],
	[`/fleets/${unique('foreign')}/remove`, () => ({})],
	[`/users/${env.MANAGER_USER}/password`, () => ({ password: 'long enough to be one' })],
	[`/users/${env.MANAGER_USER}/remove`, () => ({})],
	[`/users/${env.MANAGER_USER}/grant`, () => ({ account: sids.other })],
	[() => `/keys/${adminKey}/revoke`, () => ({})],
	['/health/verify', () => ({})],
].map(([path, body, page = path]) => ({ path: () => typeof path === 'string' ? path : path(), body, page: () => typeof page === 'string' ? page : page() }))
const lists = ['/users', '/keys', '/categories', '/closings', '/audit', '/health']
// Changes that those made who may make none. Other tests go on meanwhile, so all that one can look at is who did what.
async function changesOf(...names) {
	const others = (await get('/keys')).is(200).json.keys.filter(k => k.role !== 'SystemAdministrator').map(k => k.sid)
	return (await get('/audit?PageSize=1000')).is(200).json.entries.filter(e => e.action !== 'token.add').filter(e => names.includes(e.author) || others.some(sid => e.author.startsWith(`key ${sid}`)))
}

describe('others', () => {
	test('neither see nor change anything of it', async () => {
		for (const as of ['manager', 'managerBearer', 'main', 'sub', 'user', 'ingest', 'none']) {
			const status = as === 'none' ? 401 : 403
			for (const path of lists)
				(await send(path, { as })).is(status)
			for (const c of changes) {
				(await post(c.path(), c.body(), { as })).is(status)
				const page = await send(c.page(), { as, headers: { Accept: 'text/html' } })
				page.is(as === 'none' ? 302 : 403)
			}
		}
		assert.deepEqual(await changesOf(env.MANAGER_USER), [])
		for (const list of ['/users', '/accounts', '/categories', '/sims', '/fleets'])
			assert.ok(!(await get(list)).is(200).text.includes(unique('foreign')))
	})
	test('get no pages of it, and no link to them', async () => {
		const text = (await send('/overview.html', { as: 'manager' })).is(200).text
		assert.ok(text.includes('/accounts.html') && !text.includes('/health.html'))
		const admin = (await send('/overview.html', { as: 'admin' })).is(200).text
		assert.ok(admin.includes('/health.html'))
	})
	test('who are pages of other origins change nothing, whatever the browser sends along', async () => {
		const { name, password } = await newUser('victim', 'SystemAdministrator')
		users.push(name)
		const cookies = cookieHeader(await signIn(name, password))
		for (const who of [{ Cookie: cookies }, { Authorization: basic(name, password) }])
			for (const from of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }, { Referer: 'https://evil.example/' }])
				for (const c of changes) {
					const headers = { ...form, ...who, ...from, Accept: 'text/html' }
					;(await send(c.path(), { method: 'POST', headers, body: new URLSearchParams(c.body()).toString() })).is(403)
				}
		assert.deepEqual(await changesOf(name), [])
		assert.deepEqual(said(await auditOf(unique('foreign'))), [])
	})
	test('never hear a secret: not in answers, not in the log', async () => {
		assert.ok(secrets.length > 10)
		const told = (await Promise.all(['/users', '/keys', '/audit?PageSize=1000', '/keys.html', '/users.html'].map(p => get(p)))).map(a => a.is(200).text).join('\n')
		const log = readFileSync(join(dirname(config), 'usaged.log'), 'utf8')
		for (const s of secrets)
			assert.ok(!told.includes(s) && !log.includes(s) && !log.includes(encodeURIComponent(s)))
		assert.ok(!/argon2/.test(told))
	})
})

// ---- on pages ----

describe('on pages', { skip }, () => {
	let admin

	before(async () => {
		admin = await newUser('operator', 'SystemAdministrator')
		users.push(admin.name)
	})
	after(close)

	const open = (path, options = {}) => openPage(path, { as: admin, javaScriptEnabled: false, ...options })

	for (const path of ['/health.html', '/health/verify.html', '/users.html', '/keys.html', '/accounts.html', '/categories.html', '/closings.html', '/sims.html', '/fleets.html', '/audit.html', '/users/new.html',
		'/keys/new.html', '/accounts/new.html', '/categories/new.html', '/closings/new.html', '/sims/new.html', `/users/${env.MANAGER_USER}/remove.html`,
		`/users/${env.MANAGER_USER}/grant.html`, `/users/${env.MANAGER_USER}/password.html`])
		test(`${path} is one of the operator's`, async () => {       // that it fits any window is among what pages.test.mjs says of every page
			const { text } = (await send(path, { as: 'admin' })).is(200)
			assert.equal(text.match(/<h1\b/g).length, 1)
			assert.match(text, /<nav aria-label="Reports">[^]*?<a [^>]*aria-current="page">Operator<\/a>[^]*?<\/nav>/)
		})

	test('every list fits a desk of 1280, with all that can be done to its records', async () => {
		for (const path of ['/events.html', '/events.html?Category=sim-data', '/rejections.html', '/users.html', '/keys.html', '/accounts.html', '/categories.html',
			'/closings.html', '/sims.html', '/fleets.html', '/audit.html']) {
			const { page } = await open(path, { viewport: { width: 1280, height: 900 } })
			assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1).map(s => s.scrollWidth)), [], path)       // widths are rounded
			assert.ok(await page.locator('tbody tr').count() <= 200, `${path} is too long`)
			await page.close()
		}
		const { page } = await open('/events.html', { viewport: { width: 1280, height: 900 } })
		for (const name of ['Amend', 'Void']) {
			const box = await page.getByRole('link', { name }).first().boundingBox()
			assert.ok(box.x >= 0 && box.x + box.width <= 1280, `${name} at ${box.x}`)
		}
		await page.close()
	})
	test('what is seldom looked at is folded into its row, and opens without scripts', async () => {
		const { page } = await open(`/events.html?Category=sim-data&AccountSid=${sids.main}`, { viewport: { width: 1280, height: 900 } }), row = page.locator('tr.more').first()
		assert.match(await row.locator('summary').innerText(), /SIM HS[0-9a-f]{32}/)
		assert.equal(await row.locator('dl').isVisible(), false)
		await row.locator('summary').click()
		assert.match(await row.locator('dl').innerText(), /SIM\s+HS[0-9a-f]{32}[^]*Country\s+[A-Z]{2}[^]*Bytes uploaded\s+[\d,]+/)
		await page.close()
	})
	test('a list is searched, and leads on to all of it', async () => {
		const all = (await get('/categories')).is(200).json
		assert.equal(all.categories.length, all.total)
		const found = (await get('/categories?Search=OUTBOUND%20sms&PageSize=2')).is(200).json
		assert.ok(found.total >= 3 && found.total < all.total && found.categories.length === 2)
		const rest = (await get(found.next_page_uri)).is(200).json
		assert.notEqual(rest.categories[0].category, found.categories[0].category)
		assert.ok(/Search=OUTBOUND/.test(rest.previous_page_uri))
		for (const c of [...found.categories, ...rest.categories])
			assert.match(`${c.category} ${c.description}`, /outbound sms/i)

		const { page } = await open('/categories.html'), names = []
		for (;;) {
			names.push(...await page.locator('tbody tr td:first-child').evaluateAll(cells => cells.map(c => c.firstChild.textContent)))
			const next = page.getByRole('link', { name: 'Next page' })
			if (!await next.count())
				break
			await next.click()
		}
		assert.deepEqual(names, all.categories.map(c => c.category))
		await page.locator('input[name=Search]').fill('no such category')
		await page.getByRole('button', { name: 'Show' }).click()
		assert.match(await page.locator('.empty').innerText(), /No category/)
		await page.close()
	})
	test('the ledger is verified with a button', async () => {
		const { page } = await open('/health.html')
		await page.getByRole('link', { name: 'Verify the ledger' }).click()
		await page.getByRole('button', { name: 'Verify now' }).click()
		assert.match(await page.getByRole('status').or(page.getByRole('alert')).first().innerText(), /Verification has begun|already/)
		await page.close()
	})

	test('a user is added, after a mistake, and removed after a question', async () => {
		const { page } = await open('/users.html'), name = unique('page'), password = secretOf(`password of ${name}`)
		users.push(name)
		await page.getByRole('link', { name: 'New user' }).click()
		assert.equal(await page.locator('h1').innerText(), 'New user')
		assert.equal(await page.locator('input[name=password]').getAttribute('type'), 'password')
		await page.locator('input[name=user]').fill(name)
		await page.locator('select[name=role]').selectOption('Manager')
		await page.locator('input[name=password]').fill(password)
		await page.locator('input[name=grant]').fill('AC1')
		await page.getByRole('button', { name: 'Add the user' }).click()
		assert.match(await page.getByRole('alert').innerText(), /^Accounts: /)
		assert.equal(await page.locator('input[name=user]').inputValue(), name)
		assert.equal(await page.locator('select[name=role]').inputValue(), 'Manager')
		assert.equal(await page.locator('input[name=password]').inputValue(), '')
		assert.ok(!(await page.content()).includes(password))
		assert.equal(await userOf(name), undefined)
		await page.locator('input[name=grant]').fill(sids.main)
		await page.locator('input[name=password]').fill(password)
		await page.locator('input[name=password]').press('Enter')
		assert.equal(new URL(page.url()).pathname, '/users.html')
		assert.equal(await page.getByRole('status').innerText(), 'The user was added.')
		await signIn(name, password)
		assert.deepEqual(said(await auditOf(name)), [[admin.name, 'user.add', 'Manager']])

		const row = page.locator('tbody tr', { has: page.getByText(name, { exact: true }) })
		await row.getByRole('link', { name: 'Remove' }).click()
		assert.match(await page.locator('main').innerText(), /can no longer sign in/)
		assert.match(await page.locator('main').innerText(), new RegExp(name))
		assert.equal((await userOf(name)).status, 'active', 'asking changes nothing')
		await page.getByRole('link', { name: 'Cancel' }).click()
		await row.getByRole('link', { name: 'Remove' }).click()
		await page.getByRole('button', { name: 'Remove the user' }).click()
		assert.equal(await page.getByRole('status').innerText(), 'The user was removed.')
		assert.match(await row.innerText(), /removed/)
		assert.equal(await row.getByRole('link').count(), 0);
		(await send('/accounts', { auth: basic(name, password) })).is(401)
		await page.close()
	})
	test('a password is set, and an account granted', async () => {
		const { user } = await makeUser('page2'), next = secretOf(`next password of ${user}`)
		const { page } = await open(`/users/${user}/password.html`)
		await page.locator('input[name=password]').fill(next)
		await page.getByRole('button', { name: 'Set the password' }).click()
		assert.match(await page.getByRole('status').innerText(), /Password changed/)
		await signIn(user, next)
		await page.locator('tbody tr', { has: page.getByText(user, { exact: true }) }).getByRole('link', { name: 'Grant' }).click()
		await page.locator('select[name=account]').selectOption(sids.other)
		await page.getByRole('button', { name: 'Save' }).click()
		assert.deepEqual((await userOf(user)).grants, [sids.other])
		await page.close()
	})
	test('a key is made, shown once, and revoked after a question', async () => {
		const { page } = await open('/keys.html')
		await page.getByRole('link', { name: 'New key' }).click()
		await page.locator('select[name=role]').selectOption('Key')
		await page.getByRole('button', { name: 'Create the key' }).click()
		assert.match(await page.getByRole('alert').innerText(), /^Account: /)
		await page.locator('select[name=account]').selectOption(sids.main)
		await page.getByRole('button', { name: 'Create the key' }).click()
		const text = await page.locator('main').innerText(), sid = /SK[0-9a-f]{32}/.exec(text)[0], secret = secretOf(/\b[A-Za-z0-9]{43}\b/.exec(text)[0])
		keys.push(sid)
		assert.match(text, /shown only once/);
		(await send(records(sids.main, 'ThisMonth') + '.json', { auth: bearer(secret) })).is(200)
		await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Keys' }).click()
		assert.ok(!(await page.content()).includes(secret))
		await page.locator('tbody tr', { has: page.locator(`[title=${sid}]`) }).getByRole('link', { name: 'Revoke' }).click()
		assert.match(await page.locator('main').innerText(), new RegExp(`The key stops working at once[^]*${sid}`))
		await page.getByRole('button', { name: 'Revoke the key' }).click()
		assert.match(await page.getByRole('status').innerText(), /revoked/);
		(await send(records(sids.main, 'ThisMonth') + '.json', { auth: bearer(secret) })).is(401)
		assert.deepEqual(said(await auditOf(sid)), [[admin.name, 'key.revoke', undefined], [admin.name, 'key.add', 'Key']])
		await page.close()
	})
	test('an account, a category, a closing: then the log has them', async () => {
		const { page } = await open('/accounts.html'), account = unique('page account'), category = unique('page')
		await page.getByRole('link', { name: 'New account' }).click()
		await page.locator('input[name=name]').fill(account)
		await page.getByRole('button', { name: 'Add the account' }).click()
		assert.equal(await page.getByRole('status').innerText(), 'The account was added.')
		await page.getByRole('link', { name: 'Categories' }).click()
		await page.getByRole('link', { name: 'New category' }).click()
		await page.locator('input[name=name]').fill(category)
		await page.locator('select[name=parent]').selectOption('calls')
		await page.getByRole('button', { name: 'Add the category' }).click()
		assert.match(await page.getByRole('status').innerText(), /category was added/)
		await page.getByRole('link', { name: 'Closings' }).click()
		await page.getByRole('link', { name: 'Close an account' }).click()
		await page.locator('select[name=account]').selectOption({ label: account })
		await page.locator('input[name=through]').fill('2026-03-31')
		await page.getByRole('button', { name: 'Close' }).click()
		assert.equal(await page.getByRole('status').innerText(), 'The account is closed.')
		await page.getByRole('link', { name: 'Audit log' }).click()
		const rows = (await page.locator('tbody tr').allInnerTexts()).filter(r => r.includes(admin.name))
		assert.ok(rows[0].includes('closing.close') && rows[1].includes(category) && rows[2].includes(account), rows.slice(0, 3).join('\n'))
		await page.close()
	})
	test('all of it with the keyboard alone', async () => {
		const { page } = await open('/keys.html', { javaScriptEnabled: true })
		const tabTo = async what => {
			for (let i = 0; i < 200; i++) {
				await page.keyboard.press('Tab')
				if (await page.evaluate(() => document.activeElement?.name || document.activeElement?.textContent.trim()) === what)
					return
			}
			assert.fail(`${what} can't be reached`)
		}
		await tabTo('New key')
		await page.keyboard.press('Enter')
		await page.waitForURL('**/keys/new.html')
		await tabTo('role')
		await page.keyboard.press('I')
		await tabTo('Create the key')
		await page.keyboard.press('Enter')
		await page.waitForURL('**/keys.html')
		const text = await page.locator('main').innerText()
		keys.push(/SK[0-9a-f]{32}/.exec(text)[0])
		assert.match(text, /Ingest/)
		await page.close()
	})
	test('what is not there is not found', async () => {
		for (const path of [`/users/${unique('nobody')}/remove.html`, `/keys/SK${'0'.repeat(32)}/revoke.html`])
			(await send(path, { as: 'admin' })).is(404)
		const { user } = await makeUser('gone');
		(await post(`/users/${user}/remove`)).is(200);
		(await send(`/users/${user}/remove.html`, { as: 'admin' })).is(404)
	})
	test('programs do not see forms', async () => {
		(await get('/keys/new')).is(404);
		(await get(`/keys/${adminKey}/revoke`)).is(405)
		assert.equal((await get(`/keys/${adminKey}/revoke`)).headers.allow, 'POST')
	})
})
