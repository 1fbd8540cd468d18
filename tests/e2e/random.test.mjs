// random.test.mjs - thousands of random questions, each answered a second time by adding up the events one by one.
// SEED and QUESTIONS in the environment choose others.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { basic, bearer, dateIn, day, env, nano, plusDays, records, send, usaged, valuesOf } from './harness.mjs'

const QUESTIONS = Number(process.env.QUESTIONS ?? 10000)
const AT_ONCE = 8
const EVENTS = 3000
const ZONES = ['UTC', 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe']
const CREATED = plusDays(day(new Date()), -430)

// ---- chance ----

let state = BigInt(process.env.SEED ?? 20261122)
function chance(n) {
	state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
	return Number((state >> 33n) % BigInt(n))
}
const oneOf = list => list[chance(list.length)]
const sometimes = (percent, make) => chance(100) < percent ? make() : undefined

// ---- the events ----

const parents = { 'calls-inbound-local': 'calls-inbound', 'calls-inbound': 'calls', 'calls-outbound': 'calls',
	'sms-outbound-longcode': 'sms-outbound', 'sms-outbound': 'sms' }
const used = ['calls-inbound', 'calls-inbound-local', 'calls-outbound', 'calls', 'sms-outbound-longcode', 'ai-minutes', 'sim-data']
const customers = ['anna', 'ben', 'Cleo & co', 'd\u00f6ra']
const hex = (prefix, n) => prefix + n.toString(16).padStart(32, '0')
const sims = [1, 2, 3, 4].map(n => hex('HS', n)), fleets = [1, 2].map(n => hex('HF', n)), networks = [1, 2, 3].map(n => hex('HW', n))
const countries = ['AT', 'DE', 'EU']
const accounts = {}
const facts = []
const source = `/random/${process.pid}/${Date.now()}`
let names                                   // the metered categories, in the order of reports

const decimal = (n, places) => {
	const text = String(n).padStart(places + 1, '0')
	return `${text.slice(0, -places)}.${text.slice(-places)}`
}

// A time since the accounts' creation: half of them within the last five weeks, many on a border of a quarter hour.
function someTime() {
	const now = Math.floor(Date.now() / 1000) - 60
	const first = chance(2) ? now - 35 * 86400 : Date.parse(CREATED) / 1000 + 86400
	const sec = first + chance(now - first)
	return chance(3) ? sec : sec - sec % 900
}

function makeFact(i) {
	const category = oneOf(used)
	const fact = { id: `e${i}`, account: oneOf(['main', 'sub']), category, sec: someTime(), count: 1 + chance(3),
		usage: chance(9000000), price: chance(900000000), upload: 0, dims: {} }
	const data = { category, count: fact.count, price: decimal(fact.price, 9) }

	if (category === 'sim-data') {
		const down = chance(5000000)
		fact.upload = chance(1000000)
		fact.usage = fact.upload + down
		fact.dims = { sim: oneOf(sims), fleet: oneOf(fleets), network: oneOf(networks), iso_country: oneOf(countries) }
		Object.assign(data, fact.dims, { data_upload: fact.upload, data_download: down })
	} else {
		data.usage = decimal(fact.usage, 6)
		if (category === 'ai-minutes' && chance(5))
			data.customer = fact.dims.customer = oneOf(customers)
	}
	facts.push(fact)
	return { specversion: '1.0', type: 'usage', source, id: fact.id, subject: accounts[fact.account].sid,
		time: new Date(fact.sec * 1000).toISOString(), data }
}

// The local date of an instant, kept with the fact: the slow part of it all.
const dates = Object.fromEntries(ZONES.map(z => [z, dateIn(z)]))
const localDay = (sec, zone) => dates[zone](sec * 1000)

before(async () => {
	const add = (name, ...more) => usaged('account', 'add', '--name', `random ${name} ${process.pid} ${Date.now()}`, '--created', CREATED, ...more)
	accounts.main = { sid: valuesOf(await add('main')).SID }
	accounts.sub = { sid: valuesOf(await add('sub', '--parent', accounts.main.sid)).SID }
	// the sums of a large family are kept in another way
	for (let i = 0; i < 15; i++)
		await add(`sub without usage ${i}`, '--parent', accounts.main.sid)
	for (const a of Object.values(accounts))
		a.auth = basic(a.sid, valuesOf(await usaged('key', 'add', '--role', 'Account', '--account', a.sid)).SECRET)
	const events = Array.from({ length: EVENTS }, (_, i) => makeFact(i))
	for (const f of facts)
		f.days = Object.fromEntries(ZONES.map(z => [z, localDay(f.sec, z)]))
	const answer = (await send('/events', { auth: bearer(env.INGEST_TOKEN), method: 'POST', body: JSON.stringify(events),
		headers: { 'Content-Type': 'application/cloudevents-batch+json' } })).is(200)
	assert.equal(answer.json.created, EVENTS)
	names = (await usaged('category', 'list', '--metered')).split('\n').filter(l => l).map(l => l.split('\t')[0]).sort()
})

// ---- the slow reference ----

const below = (own, category) => {
	for (let c = own; c; c = parents[c])
		if (c === category) return true
	return false
}

function add(list, category) {
	const t = { count: 0, usage: 0, price: 0, upload: 0 }
	for (const f of list) {
		if (category !== 'totalprice' && !below(f.category, category)) continue
		t.price += f.price
		if (category === 'totalprice') continue
		t.count += f.count
		t.usage += f.usage
		t.upload += f.upload
	}
	return t
}

const micro = n => BigInt(n) * 1000n                   // as nano units, which all texts are compared in

// [first, last] of each period from the newest back, cut to the range.
function periods(kind, first, last) {
	const length = { Daily: 10, Monthly: 7, Yearly: 4 }[kind]
	const found = []
	if (!length)
		return [[first, last]]
	for (let end = last; end >= first;) {
		let begin = end.slice(0, length) + '-01-01'.slice(length - 4)
		if (begin < first) begin = first
		found.push([begin, end])
		end = plusDays(begin, -1)
	}
	return found
}

const monthBefore = date => {
	const last = plusDays(date.slice(0, 8) + '01', -1)
	return [last.slice(0, 8) + '01', last]
}

function defaults(kind, today) {
	switch (kind) {
	case 'Today':     return [today, today]
	case 'Yesterday': return [plusDays(today, -1), plusDays(today, -1)]
	case 'ThisMonth': return [today.slice(0, 8) + '01', today]
	case 'LastMonth': return monthBefore(today)
	}
}

function expectedRecords(q, today) {
	const zone = q.TimeZone ?? 'UTC'
	const begin = localDay(Date.parse(CREATED) / 1000, zone)
	const whole = begin.slice(0, { Monthly: 7, Yearly: 4 }[q.kind] ?? 10) + '-01-01'.slice(({ Monthly: 7, Yearly: 4 }[q.kind] ?? 10) - 4)
	const fixed = defaults(q.kind, today)
	const offset = text => /^-\d+days$/.test(text) ? plusDays(today, -parseInt(text.slice(1))) : text
	let first = q.StartDate ? offset(q.StartDate) : fixed?.[0] ?? whole
	let last = q.EndDate ? offset(q.EndDate) : fixed?.[1] ?? today

	if (last < first) {
		if (q.StartDate && q.EndDate) return null
		first = last = q.StartDate ? first : last
	}
	if (last < begin && (q.StartDate || q.EndDate)) return []
	if (['Daily', 'Monthly', 'Yearly'].includes(q.kind)) {
		if (first < whole) first = whole
		if (last > today) last = today
	}
	const mine = facts.filter(f => f.account === q.account || (q.IncludeSubaccounts !== 'false' && q.account === 'main'))
	return periods(q.kind, first, last).flatMap(([a, b]) => {
		const here = mine.filter(f => f.days[zone] >= a && f.days[zone] <= b)
		return (q.Category ? [q.Category] : names).map(c => ({ category: c, start_date: a, end_date: b, ...add(here, c) }))
	})
}

function sameRecord(got, want) {
	assert.equal(got.category, want.category)
	assert.equal(got.start_date, want.start_date)
	assert.equal(got.end_date, want.end_date)
	assert.equal(nano(got.price), BigInt(want.price))
	assert.equal(got.count, want.category === 'totalprice' ? null : String(want.count))
	assert.equal(nano(got.usage), want.category === 'totalprice' ? BigInt(want.price) : micro(want.usage))
}

// ---- questions about records ----

const someDay = () => sometimes(30, () => `-${chance(500)}days`) ?? plusDays(day(new Date()), -chance(500))

function recordQuestion() {
	return { kind: oneOf(['', 'AllTime', 'Daily', 'Monthly', 'Yearly', 'Today', 'Yesterday', 'ThisMonth', 'LastMonth']), account: oneOf(['main', 'sub']),
		Category: sometimes(60, () => oneOf(names)), StartDate: sometimes(50, someDay), EndDate: sometimes(40, someDay),
		IncludeSubaccounts: sometimes(40, () => oneOf(['true', 'false'])), TimeZone: sometimes(50, () => oneOf(ZONES)),
		PageSize: String(1 + chance(chance(4) ? 60 : 1000)) }
}

const query = q => Object.entries(q).filter(([k, v]) => /^[A-Z]/.test(k) && v !== undefined).map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&')

async function askRecords(q) {
	const auth = accounts[q.account].auth
	const size = Number(q.PageSize)
	const answer = await send(`${records(accounts[q.account].sid, q.kind)}.json?${query(q)}`, { auth })
	const want = expectedRecords(q, localDay(Math.floor(Date.parse(answer.headers.date) / 1000), q.TimeZone ?? 'UTC'))

	if (want === null) {
		answer.is(404)
		return
	}
	let page = answer.is(200).exact, start = 0
	for (let pages = 0; ; pages++) {
		assert.equal(page.usage_records.length, Math.min(size, want.length - start))
		page.usage_records.forEach((r, i) => sameRecord(r, want[start + i]))
		start += page.usage_records.length
		assert.equal(page.next_page_uri === null, start >= want.length)
		if (page.next_page_uri === null || pages === 2) return
		page = (await send(page.next_page_uri, { auth })).is(200).exact
	}
}

// ---- questions about SIMs ----

const filters = { Sim: ['sim', sims], Fleet: ['fleet', fleets], Network: ['network', networks], IsoCountry: ['iso_country', countries] }
const groups = { sim: 'sim', fleet: 'fleet', network: 'network', isoCountry: 'iso_country' }
const fields = { sim: 'sim_sid', fleet: 'fleet_sid', network: 'network_sid', iso_country: 'iso_country' }

function simQuestion() {
	const q = { account: oneOf(['main', 'sub']), Granularity: oneOf(['hour', 'day', 'all']), Group: sometimes(60, () => oneOf(Object.keys(groups))) }
	const step = q.Granularity === 'day' ? 86400 : 3600
	const longest = (q.Group === 'sim' || q.Granularity === 'hour' ? 31 : q.Granularity === 'day' ? 85 : 400) * 86400
	const end = Math.floor(Date.now() / 1000 / step) * step - chance(60) * step
	q.EndTime = new Date(end * 1000).toISOString()
	q.StartTime = new Date((end - (1 + chance(longest / step)) * step) * 1000).toISOString()
	for (const [name, [, values]] of Object.entries(filters))
		q[name] = sometimes(15, () => oneOf(values))
	q.PageSize = String(1 + chance(300))
	return q
}

function expectedSims(q) {
	const from = Date.parse(q.StartTime) / 1000, to = Date.parse(q.EndTime) / 1000
	const step = { hour: 3600, day: 86400, all: to - from }[q.Granularity]
	const mine = facts.filter(f => f.account === q.account && f.category === 'sim-data' && f.sec >= from && f.sec < to &&
		Object.entries(filters).every(([name, [dim]]) => !q[name] || f.dims[dim] === q[name]))
	const found = []
	for (let end = to; end > from; end -= step) {
		const here = mine.filter(f => f.sec >= end - step && f.sec < end)
		const members = q.Group ? [...new Set(here.map(f => f.dims[groups[q.Group]]))].sort() : [undefined]
		for (const m of members) {
			const t = add(here.filter(f => m === undefined || f.dims[groups[q.Group]] === m), 'sim-data')
			if (m === undefined || t.usage || t.price || t.count)
				found.push({ from: end - step, to: end, member: m, ...t })
		}
	}
	return found
}

function sameSim(q, got, want) {
	const time = sec => new Date(sec * 1000).toISOString().replace('.000', '')
	assert.deepEqual(got.period, { start_time: time(want.from), end_time: time(want.to) })
	assert.equal(got.data_upload, String(want.upload))
	assert.equal(got.data_total, String(want.usage))
	assert.equal(got.data_download, String(want.usage - want.upload))
	assert.equal(nano(got.data_total_billed), BigInt(want.price))
	assert.equal(got.billed_unit, want.price ? 'USD' : null)
	for (const [name, [dim]] of Object.entries(filters))
		assert.equal(got[fields[dim]], groups[q.Group] === dim ? want.member : q[name] ?? null)
}

async function askSims(q) {
	const auth = accounts[q.account].auth
	const want = expectedSims(q)
	let start = 0
	let page = (await send(`/v1/UsageRecords?${query(q)}`, { auth })).is(200).exact
	for (let pages = 0; ; pages++) {
		assert.equal(page.usage_records.length, Math.min(Number(q.PageSize), want.length - start))
		page.usage_records.forEach((r, i) => sameSim(q, r, want[start + i]))
		start += page.usage_records.length
		assert.equal(page.meta.next_page_url === null, start >= want.length)
		if (page.meta.next_page_url === null || pages === 2) return
		const next = new URL(page.meta.next_page_url)
		page = (await send(next.pathname + next.search, { auth })).is(200).exact
	}
}

// ---- questions about billing and AI minutes ----

const auth = bearer(env.ADMIN_TOKEN)

function dateQuestion() {
	const first = plusDays(day(new Date()), -chance(430)), last = plusDays(first, chance(120))
	return { account: oneOf(['main', 'sub']), StartDate: first, EndDate: last, TimeZone: sometimes(50, () => oneOf(ZONES)) }
}

const within = q => facts.filter(f => f.account === q.account && f.days[q.TimeZone ?? 'UTC'] >= q.StartDate && f.days[q.TimeZone ?? 'UTC'] <= q.EndDate)

async function askBilling(q) {
	const got = (await send(`/billing/usage.json?AccountId=${accounts[q.account].sid}&${query(q)}`, { auth })).is(200).exact
	const here = within(q)
	const want = names.map(c => ({ c, ...add(here, c) })).filter(t => t.count || t.usage || t.price)
	assert.deepEqual(got.map(r => r.category), want.map(t => t.c))
	got.forEach((r, i) => {
		assert.equal(r.count, String(want[i].count))
		assert.equal(nano(r.price), BigInt(want[i].price))
		assert.equal(nano(r.usage), want[i].c === 'totalprice' ? BigInt(want[i].price) : micro(want[i].usage))
	})
}

async function askMinutes(q) {
	const customer = sometimes(30, () => oneOf(customers))
	const got = (await send(`/ai/usage.json?AccountId=${accounts[q.account].sid}&${query(q)}${customer ? '&CustomerId=' + encodeURIComponent(customer) : ''}`, { auth }))
		.is(200).json
	const here = within(q).filter(f => f.category === 'ai-minutes' && (!customer || f.dims.customer === customer))
	const minutes = list => Math.ceil(list.reduce((n, f) => n + f.usage, 0) / 1e6)
	const bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))
	const who = [...new Set(here.map(f => f.dims.customer).filter(c => c))].sort(bytes)
	assert.deepEqual(got.accountUsage, here.length ? [{ accountId: accounts[q.account].sid, aiMinutes: minutes(here) }] : [])
	assert.deepEqual(got.customerUsage, who.map(c => ({ accountId: accounts[q.account].sid, customerId: c, aiMinutes: minutes(here.filter(f => f.dims.customer === c)) })))
}

// ---- all of them ----

const kinds = [
	{ share: 60, make: recordQuestion, ask: askRecords },
	{ share: 24, make: simQuestion, ask: askSims },
	{ share: 8, make: dateQuestion, ask: askBilling },
	{ share: 8, make: dateQuestion, ask: askMinutes },
]

describe('random questions equal sums straight from the events', () => {
	for (const { share, make, ask } of kinds)
		test(`${ask.name}: ${QUESTIONS * share / 100} questions`, async () => {
			let left = QUESTIONS * share / 100
			await Promise.all(Array.from({ length: AT_ONCE }, async () => {
				while (left-- > 0) {
					const q = make()
					await ask(q).catch(err => {
						err.message += `\nquestion: ${JSON.stringify(q)}`
						throw err
					})
				}
			}))
		})
})
