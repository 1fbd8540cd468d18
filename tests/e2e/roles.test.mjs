// roles.test.mjs - the role walk: every operation with each of its verbs, every role, every way of signing in, every format. What
// may be called is read from /operations, so that a new operation is walked as soon as it is there.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { basic, bearer, cookieHeader, day, env, newUser, send, sids, signIn, usaged, valuesOf } from './harness.mjs'

const operations = JSON.parse(await usaged('report', 'ListOperations', '--format', 'json')).operations
const accountName = /^name\t(.*)$/m.exec(await usaged('account', 'show', sids.main))[1]
const formats = ['json', 'xml', 'csv', 'jsv', 'jsonl', 'html']
const userRoles = { SystemAdministrator: [], Manager: ['--grant', sids.main], User: [] }
const keyRoles = {
	SystemAdministrator: ['--user', 'e2e-walk'], Manager: ['--user', 'e2e-walk', '--grant', sids.main], User: ['--user', 'e2e-walk'],
	Account: ['--account', sids.main], Key: ['--account', sids.main], Ingest: [],
}

// { role, way, headers }
const callers = [{ role: 'nobody', way: 'nothing', headers: {} }, { role: 'nobody', way: 'a cookie of nobody', headers: { Cookie: `ss-id=${'x'.repeat(43)}` } }]
const keys = [], users = []

before(async () => {
	for (const [role, options] of Object.entries(keyRoles)) {
		const { SID, SECRET } = valuesOf(await usaged('key', 'add', '--role', role, ...options))
		const add = (way, Authorization) => callers.push({ role, way, headers: { Authorization } })
		keys.push(SID)
		add('bearer key', bearer(SECRET))
		add("key's SID and secret", basic(SID, SECRET))
		add('secret as user', basic(SECRET, ''))
		if (role === 'Account')
			add("account's SID and token", basic(sids.main, SECRET))
	}
	for (const [role, options] of Object.entries(userRoles)) {
		const { name, password } = await newUser(`walk-${role}`, role, ...options)
		const add = (way, headers) => callers.push({ role, way, headers, person: true })
		users.push(name)
		add('user and password', { Authorization: basic(name, password) })
		const temporary = await signIn(name, password), permanent = await signIn(name, password, { RememberMe: true })
		add('session cookie', { Cookie: cookieHeader(temporary) })
		add('remembered cookie', { Cookie: cookieHeader(permanent) })
		add('X-ss-id', { 'X-ss-id': temporary['ss-id'] })
		add('X-ss-pid', { 'X-ss-pid': permanent['ss-pid'] })
		const who = (await send('/auth/status', { headers: { Cookie: cookieHeader(temporary) } })).is(200).json
		const token = (await send(`/auth/token?userId=${who.id}`, { as: 'admin' })).is(200).json.authToken
		add('token', { Authorization: bearer(token) })
	}
})
after(async () => {
	for (const sid of keys)
		await usaged('key', 'revoke', sid)
	for (const name of users)
		await usaged('user', 'remove', name)
})

// Something that fits the parameter, so that it isn't what is refused.
function valueOf(p) {
	if (p.name === 'AccountSid')
		return sids.main
	return { date: day(new Date()), instant: new Date().toISOString(), zone: 'UTC', category: 'calls', integer: '1', boolean: 'true',
		enum: (p.values ?? '').split(',')[0] }[p.type] ?? 'e2e-walk'
}

function queryOf(op) {
	const pairs = op.parameters.filter(p => p.in !== 'path' && (p.required || p.name === 'AccountSid')).map(p => `${p.name}=${encodeURIComponent(valueOf(p))}`)
	return pairs.length ? '?' + pairs.join('&') : ''
}

function pathOf(op) {
	return op.path.replace(/\{(\w+)\}/g, (_, name) => name === 'Provider' ? 'credentials' : encodeURIComponent(valueOf(op.parameters.find(p => p.name === name))))
}

// Where an operation can be called, each in every format.
function* requestsOf(op) {
	for (const method of op.methods.split(','))
		for (const format of formats) {
			yield { method, format, path: `${pathOf(op)}.${format}${queryOf(op)}` }
			yield { method, format, path: `${pathOf(op)}${queryOf(op)}`, accept: format === 'html' ? 'text/html' : format === 'json' ? 'application/json' : undefined }
			if (op.dialect === 'servicestack') {
				yield { method, format, path: `/${format}/reply/${op.id}${queryOf(op)}` }
				yield { method, format, path: `/api/${op.id}.${format}${queryOf(op)}` }
			}
		}
}

// Twilio's families know no jsv by Accept, but everything has a suffix; without one only these two are asked for.
const sensible = rq => rq.path.includes(`.${rq.format}`) || rq.path.startsWith(`/${rq.format}/`) || rq.accept

// A key may have a user's role, but is nobody who has a profile.
const isNoProfile = (op, caller) => op.path.startsWith('/profile') && !caller.person

const counts = { walked: 0, let: 0, refused: 0, 'sent to sign in': 0 }

function expect(op, caller, rq, a) {
	const where = `${caller.role} by ${caller.way}: ${rq.method} ${rq.path} (${rq.accept ?? rq.format}) is ${a.status}: ${a.bytes.toString().slice(0, 200)}`
	const page = rq.format === 'html' && ['GET', 'HEAD'].includes(rq.method)
	counts.walked++
	if (op.roles === 'Anyone') {
		assert.ok(a.status !== 403 && (caller.role === 'nobody' || a.status !== 401), where)
		counts.let++
	} else if (op.roles.split(',').includes(caller.role)) {
		assert.ok([200, 201, 202, 204, 207, 303, 400, 404, 409, 413, 415, 422].includes(a.status) || (isNoProfile(op, caller) && a.status === 403), where)
		counts.let++
	} else if (caller.role !== 'nobody') {
		assert.equal(a.status, 403, where)
		counts.refused++
	} else if (page) {
		assert.equal(a.status, 302, where)
		assert.match(a.headers.location, /^\/login\?redirect=https%3A%2F%2F/, where)
		counts['sent to sign in']++
	} else {
		assert.equal(a.status, 401, where)
		assert.match(a.headers['www-authenticate'] ?? '', /^Basic realm="/, where)
		counts.refused++
	}
	if (a.status === 401 || a.status === 403)
		assert.ok(!a.text.includes(accountName), `tells what it refuses: ${where}`)
}

describe('the role walk', () => {
	for (const op of operations)
		test(`${op.id}: ${op.roles}`, async () => {
			for (const rq of requestsOf(op)) {
				if (!sensible(rq))
					continue
				await Promise.all(callers.map(async caller => {
					const headers = { ...caller.headers, ...(rq.accept && { Accept: rq.accept }) }
					expect(op, caller, rq, await send(rq.path, { method: rq.method, headers, odd: true }))
				}))
			}
		})
	test('walked everything', t => {
		const ways = new Set(callers.map(c => `${c.role} ${c.way}`)).size
		assert.ok(operations.length > 15 && ways > 30)
		t.diagnostic(`${operations.length} operations, ${ways} callers, ${formats.length} formats: ` + Object.entries(counts).map(([k, n]) => `${n} ${k}`).join(', '))
	})
})
