// apart.test.mjs - tenants apart. Two worlds are the same but for a neighbour, who is only in one of them. Every operation, with
// every method, format and way of signing in that another tenant has, is asked the same in both, also with the neighbour's own names.
// Answers that differ tell about the neighbour. What is asked is made from /operations, so a new operation is asked as soon as it is there.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Connection, request } from './fastcgi.mjs'
import { Ledger } from './worker.mjs'

const formats = ['json', 'html', 'csv', 'xml']
const password = 'a password of length'
const now = new Date().toISOString(), today = now.slice(0, 10), month = now.slice(0, 7)
const worlds = []

after(() => worlds.forEach(w => w.remove()))

// ---- one request ----

let visitors = 0

// { status, head, body }. Each request comes from an address of its own, so that no throttle tells them apart.
async function ask(world, { method = 'GET', uri, body = '', headers = {} }) {
	const env = { REMOTE_ADDR: `10.${visitors >> 16 & 255}.${visitors >> 8 & 255}.${visitors & 255}`, HTTP_AUTHORIZATION: '', HTTP_HOST: 'usage.example', HTTPS: 'on' }
	visitors++
	for (const [name, value] of Object.entries(headers))
		env[name === 'Content-Type' ? 'CONTENT_TYPE' : 'HTTP_' + name.toUpperCase().replaceAll('-', '_')] = value
	const c = new Connection(world.socket)
	c.write(request('', { method, uri, body, env }))
	const { complete, head, body: answer } = await c.answer()
	c.close()
	assert.ok(complete, `${method} ${uri} was not answered: ${world.log}`)
	return { status: Number(/^Status: (\d+)/.exec(head)?.[1]), head, body: answer }
}

// What chance and the clock made is alike: SIDs and secrets that neither world had before, and times of today.
const comparable = ({ head, body }, known) => `${head}\n\n${body}`
	.replace(/\b[A-Z]{2}[0-9a-f]{32}\b/g, sid => known.has(sid) ? sid : 'SID')
	.replace(/\b[\w-]{43}\b/g, 'SECRET')
	.replace(/\d{4}-\d\d-\d\d(?:T|%20| )\d\d(?::|%3A)\d\d(?:(?::|%3A)\d\d)?(?:\.\d+)?/g, t => t.startsWith(today) ? 'NOW' : t)
	.replace(/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d/g, 'NOW')
	.replace(/\b\d\d:\d\d(?::\d\d)?\b/g, 'NOW')

// ---- who asks ----

const basic = (user, secret) => ({ Authorization: 'Basic ' + Buffer.from(`${user}:${secret}`).toString('base64') })
const bearer = secret => ({ Authorization: 'Bearer ' + secret })

const keyOf = (world, ...options) => Object.fromEntries([...world.run('key', 'add', ...options).matchAll(/^(SID|SECRET)=(.*)$/mg)].map(([, n, v]) => [n, v]))

async function cookieOf(world, user) {
	const { status, head } = await ask(world, { method: 'POST', uri: '/auth/credentials', headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
		body: `UserName=${user}&Password=${encodeURIComponent(password)}` })
	assert.equal(status, 200, head)
	return [...head.matchAll(/^Set-Cookie: ([^;\r]*)/mg)].map(m => m[1]).join('; ')
}

// ---- the worlds ----

const simOf = source => 'HS' + Buffer.from(source).toString('hex').padEnd(32, '0')
const event = (source, id, subject, more = {}) => ({ specversion: '1.0', type: 'usage', source, id, subject, time: `${month}-01T00:30:00Z`,
	data: { category: 'calls-outbound', usage: 3, price: 0.25, customer: `customer-${source}`, sim: simOf(source), network: simOf(source).replace('S', 'W'), iso_country: 'AT', ...more } })

async function store(world, list) {
	const { status, body } = await world.post(list.map(e => JSON.stringify(e)).join('\n'))
	assert.equal(status, 200, body)
}

// What a tenant has: accounts, people, keys, events with a correction, a rejection, a closing, and a trigger that has fired.
async function settle(world, tenant, letters) {
	const { sid, sub } = tenant
	tenant.user = `${letters}-manager`
	world.input(password + '\n', 'user', 'add', tenant.user, '--role', 'Manager', '--email', `${letters}@example.com`, '--grant', sid)
	tenant.key = keyOf(world, '--role', 'Account', '--account', sid)
	tenant.subkey = keyOf(world, '--role', 'Account', '--account', sub)
	tenant.only = keyOf(world, '--role', 'Key', '--account', sid)
	tenant.ingest = keyOf(world, '--role', 'Ingest', '--account', sid)
	await store(world, [1, 2, 3].flatMap(n => [event(letters, `${letters}-${n}`, sid), event(letters, `${letters}-sub-${n}`, sub, { category: 'ai-minutes' })]))
	world.run('sim', 'add', '--sid', simOf(letters), '--name', `sim-${letters}`, '--account', sid)
	tenant.source = letters
	tenant.id = `${letters}-1`
	const correct = await ask(world, { method: 'POST', uri: `/events/${letters}-2/void`, headers: { ...bearer(world.admin), 'Content-Type': 'application/json' },
		body: JSON.stringify({ source: letters, subject: sid, reason: `reason of ${letters}` }) })
	assert.equal(correct.status, 201, correct.body)
	await ask(world, { method: 'POST', uri: '/events', headers: { ...bearer(tenant.ingest.SECRET), 'Content-Type': 'application/json' }, body: JSON.stringify([{ id: `${letters}-bad` }]) })
	world.run('closing', 'close', '--account', sub, '--through', '2026-01-31')
	const trigger = await ask(world, { method: 'POST', uri: `/2010-04-01/Accounts/${sid}/Usage/Triggers.json`,
		headers: { ...bearer(tenant.key.SECRET), 'Content-Type': 'application/x-www-form-urlencoded' },
		body: new URLSearchParams({ CallbackUrl: `https://${letters}.example/`, UsageCategory: 'calls-outbound', TriggerValue: '1', FriendlyName: `trigger of ${letters}` }).toString() })
	assert.equal(trigger.status, 201, trigger.body)
	tenant.trigger = JSON.parse(trigger.body).sid
	await store(world, [event(letters, `${letters}-4`, sid)])
	tenant.delivery = JSON.parse((await ask(world, { uri: '/deliveries.json', headers: bearer(tenant.key.SECRET) })).body).deliveries[0].sid
	const list = await ask(world, { uri: `/events.json?AccountSid=${sid}&PageSize=1`, headers: bearer(tenant.key.SECRET) })
	tenant.token = /PageToken=([^"&]*)/.exec(list.body)?.[1] ?? ''
	assert.ok(tenant.token, list.body)
	return tenant
}

// A world with PREPARE's tenant, served, and the same world with what NEIGHBOUR adds to it, served too.
async function makeWorlds(prepare, neighbour) {
	const alone = new Ledger({ ledger: 'busy_timeout_ms = 300\n[webhooks]\nsend = no', server: 'threads = 4' })
	worlds.push(alone)
	alone.run('category', 'add', 'rare', '--description', 'Only the neighbour has it')
	const self = prepare(alone)
	await alone.start()
	await settle(alone, self, 'self')
	await alone.end('SIGTERM')
	const both = alone.copy()
	worlds.push(both)
	const other = neighbour(both, self)
	await alone.start()
	await both.start()
	await settle(both, other, 'other')
	await store(both, [event('other', 'other-rare', other.sub, { category: 'rare' })])
	self.cookies = new Map()
	for (const world of [alone, both])
		self.cookies.set(world, await cookieOf(world, self.user))
	// a main account's reports have the sums of its family, so a neighbour of the same family is watched without it
	const sub = { tenant: { ...other, sid: other.sub }, key: other.subkey }
	return { alone, both, self, other, watched: self.main ? [sub] : [sub, { tenant: other, key: other.key }], operations: await operationsOf(both),
		known: new Set([self, other].flatMap(t => [t.main, t.sid, t.sub, t.key.SID, t.subkey.SID, t.only.SID, t.ingest.SID, t.trigger, t.delivery])) }
}

// ---- what is asked ----

// The neighbour's values that fit a parameter, by the parameter's name.
function valuesOf(name, who) {
	switch (name) {
	case 'AccountSid': case 'AccountId': case 'account': case 'subject': case 'grant': case 'parent': case 'sid':
		return [who.sid, who.sub]
	case 'Id': case 'EventId': return [who.id]
	case 'Source': case 'source': return [who.source]
	case 'Customer': case 'CustomerId': case 'customer': return [`customer-${who.source}`]
	case 'Sim': case 'sim': return [simOf(who.source), `sim-${who.source}`]
	case 'sim_name': case 'fleet_name': return [`sim-${who.source}`]
	case 'Network': case 'network': return [simOf(who.source).replace('S', 'W')]
	case 'User': case 'user': case 'UserName': return [who.user]
	case 'UserEmailAddress': return [`${who.source}@example.com`]
	case 'UserId': return ['2']
	case 'KeySid': return [who.key.SID]
	case 'Sid': case 'Trigger': return [who.trigger]
	case 'Delivery': return [who.delivery]
	case 'PageToken': return [who.token]
	case 'Search': return [who.source]
	default: return []
	}
}

const required = { reason: 'a test', through: '2026-02-28', name: 'New', role: 'Key', password: 'another password', current_password: 'wrong password', Provider: 'credentials' }
const fixed = { StartDate: `${month}-01`, EndDate: today, TimeZone: 'UTC' }

// { method, uri, body } with VALUES of parameters.
function build(op, method, format, values) {
	const rest = { ...values }
	const path = op.path.replace(/\{(\w+)\}/g, (_, name) => { const v = rest[name]; delete rest[name]; return encodeURIComponent(v) })
	const uri = `${path}.${format}`
	if (op.id === 'PostEvents')
		return { method, uri, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify([event(rest.source ?? 'self', rest.id ?? 'self-new', rest.subject)]) }
	if (['GET', 'HEAD'].includes(method)) {
		const query = new URLSearchParams(rest).toString()
		return { method, uri: uri + (query && '?' + query), headers: {} }
	}
	return { method, uri, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(rest).toString() }
}

function* requestsOf(op, self, other) {
	const own = Object.fromEntries(op.parameters.flatMap(p => p.name in required && p.required ? [[p.name, required[p.name]]]
		: p.in === 'path' || p.required || ['source', 'Source', 'AccountSid', 'subject'].includes(p.name) ? [[p.name, (valuesOf(p.name, self)[0] ?? required[p.name] ?? fixed[p.name] ?? 'x')]]
		: p.name in fixed ? [[p.name, fixed[p.name]]] : []))
	for (const method of op.methods.split(','))
		for (const format of formats) {
			yield build(op, method, format, own)
			for (const p of op.id === 'PostEvents' ? [{ name: 'subject' }, { name: 'source' }, { name: 'id' }] : op.parameters)
				for (const value of valuesOf(p.name === 'id' ? 'Id' : p.name, other))
					yield build(op, method, format, { ...own, [p.name]: value })
			// also without an account, and with all of the neighbour's names at once
			const { AccountSid, ...anywhere } = own
			if (AccountSid && !op.path.includes('{AccountSid}'))
				yield build(op, method, format, anywhere)
			const theirs = Object.fromEntries(op.parameters.flatMap(p => valuesOf(p.name, other).slice(0, 1).filter(() => p.name in own).map(v => [p.name, v])))
			if (Object.keys(theirs).length > 1)
				yield build(op, method, format, { ...own, ...theirs })
		}
}

// Asks all of it by each caller, in both worlds. CALLERS: way of signing in -> the headers for it in a world.
async function compare({ alone, both, operations, callers, self, other, known, skipped = () => false }) {
	const statuses = {}
	for (const op of operations)
		for (const [way, headersIn] of Object.entries(callers))
			for (const rq of requestsOf(op, self, other)) {
				if (skipped(op, rq))
					continue
				const answers = []
				for (const world of [alone, both])
					answers.push(await ask(world, { ...rq, headers: { ...rq.headers, ...headersIn(world) } }))
				assert.equal(comparable(answers[1], known), comparable(answers[0], known), `${way}: ${rq.method} ${rq.uri} ${rq.body ?? ''}`)
				statuses[answers[0].status] = (statuses[answers[0].status] ?? 0) + 1
			}
	assert.ok(statuses[200] > 500 && statuses[403] > 100 && statuses[401] > 100 && statuses[404] > 100, JSON.stringify(statuses))
}

// What the keys of WATCHED, accounts of a tenant, see in every list and report.
async function view({ both, operations, known, watched }) {
	const parts = []
	for (const op of operations.filter(o => o.methods.includes('GET')))
		for (const { tenant, key } of watched) {
			const [rq] = requestsOf(op, tenant, tenant)
			parts.push(rq.uri + comparable(await ask(both, { ...rq, headers: bearer(key.SECRET) }), known))
		}
	return parts
}

const operationsOf = async world => JSON.parse((await ask(world, { uri: '/operations.json', headers: bearer(world.admin) })).body).operations

const callersOf = self => ({
	'nobody': () => ({}),
	'a key': () => bearer(self.key.SECRET),
	'a key of the account alone': () => basic(self.only.SID, self.only.SECRET),
	"the account's SID and token": () => basic(self.sid, self.key.SECRET),
	'an ingest key': () => bearer(self.ingest.SECRET),
	'a session': world => ({ Cookie: self.cookies.get(world) }),
})

const pairs = {
	'two families': {
		prepare: world => {
			const sid = world.account('self')
			return { sid, sub: world.account('self-sub', '--parent', sid) }
		},
		neighbour: world => {
			const sid = world.account('other')
			return { sid, sub: world.account('other-sub', '--parent', sid) }
		},
	},
	'a subaccount, and its parent with another one': {
		prepare: world => {
			const main = world.account('main'), sid = world.account('self', '--parent', main)
			return { main, sid, sub: sid }
		},
		neighbour: (world, self) => ({ sid: self.main, sub: world.account('other-sub', '--parent', self.main) }),
		// a family shares its identities: who sends one that is taken is told, so the time of an answer tells nothing more
		skipped: (op, rq) => op.id === 'PostEvents' && rq.body.includes('"id":"other-1"'),
		told: ["an event's id"],
	},
}

// ---- how long an answer takes ----

// How often one of A is longer than one of B, of all pairs: half the time if nothing tells them apart.
function share(a, b) {
	const all = [...a.map(t => ({ t, a: true })), ...b.map(t => ({ t }))].sort((x, y) => x.t - y.t)
	let before = 0, above = 0
	for (const x of all)
		x.a ? above += before : before++
	return above / (a.length * b.length)
}

// Asks in turn for what the neighbour has and for what nobody has, and measures each.
async function timed(world, options, rounds) {
	const times = [[], []]
	for (let i = 0; i < rounds * 2; i++) {
		const which = (i + (i >> 1)) % 2, start = process.hrtime.bigint()
		await ask(world, options[which])
		times[which].push(Number(process.hrtime.bigint() - start))
	}
	return share(...times)
}

const hex = 'e'.repeat(32)

// What is asked, of a name that the neighbour has (or nobody).
const lookups = {
	"an account's SID": (self, other) => [other.sid, 'AC' + hex, sid => ({ uri: `/accounts/${sid}.json`, headers: bearer(self.key.SECRET) })],
	"an account's SID in a report": (self, other) => [other.sid, 'AC' + hex, sid => ({ uri: `/reports/usage.json?AccountSid=${sid}`, headers: bearer(self.key.SECRET) })],
	"an account's SID in Twilio's API": (self, other) => [other.sid, 'AC' + hex, sid => ({ uri: `/2010-04-01/Accounts/${sid}/Usage/Records.json`, headers: bearer(self.key.SECRET) })],
	"an account's SID to sign in": (self, other) => [other.sid, 'AC' + hex, sid => ({ uri: '/accounts.json', headers: basic(sid, 'wrong') })],
	"a key's SID to sign in": (self, other) => [other.key.SID, 'SK' + hex, sid => ({ uri: '/accounts.json', headers: basic(sid, 'wrong') })],
	"an event's id": (self, other) => [other.id, 'other-' + hex, id => ({ uri: `/events/${id}.json?Source=other`, headers: bearer(self.key.SECRET) })],
	"a trigger's SID": (self, other) => [other.trigger, 'UT' + hex, sid => ({ uri: `/2010-04-01/Accounts/${self.sid}/Usage/Triggers/${sid}.json`, headers: bearer(self.key.SECRET) })],
	"a trigger's SID on a page": (self, other) => [other.trigger, 'UT' + hex, sid => ({ uri: `/triggers/${sid}/edit.html`, headers: bearer(self.key.SECRET) })],
	"a callback's SID": (self, other) => [other.delivery, 'WH' + hex, sid => ({ uri: `/deliveries/${sid}.json`, headers: bearer(self.key.SECRET) })],
	'a source': (self, other) => [other.source, hex, source => ({ uri: `/events.json?Source=${source}`, headers: bearer(self.key.SECRET) })],
	'a customer': (self, other) => [`customer-${other.source}`, hex, name => ({ uri: `/reports/ai.json?Customer=${name}`, headers: bearer(self.key.SECRET) })],
}

for (const [name, { prepare, neighbour, skipped, told = [] }] of Object.entries(pairs))
	describe(name, () => {
		let w

		before(async () => { w = await makeWorlds(prepare, neighbour) })
		test('no answer tells the one about the other, and nothing that it does changes the other', async () => {
			const hour = () => new Date().getUTCHours()
			let began, earlier, later
			// charts of today have a point more in the next hour: two views are of the same hour, or taken again
			do {
				began = hour()
				earlier = await view(w)
				await compare({ ...w, skipped, callers: callersOf(w.self) })
				later = await view(w)
			} while (hour() !== began)
			assert.deepEqual(later, earlier)
			assert.match(w.both.run('verify'), /, 0 differences/)
		})
		for (const [what, lookup] of Object.entries(lookups).filter(([what]) => !told.includes(what)))
			test(`the time of an answer doesn't tell whether the other has ${what}`, async () => {
				const [there, nowhere, options] = lookup(w.self, w.other)
				const found = []
				// a busy machine may give one odd result, not three on the same side
				do
					found.push(await timed(w.both, [options(there), options(nowhere)], 200))
				while (found.length < 3 && Math.abs(found.at(-1) - 0.5) > 0.15)
				assert.ok(Math.abs(found.at(-1) - 0.5) <= 0.15, `longer in ${found.map(f => f.toFixed(2))} of the pairs`)
			})
	})
