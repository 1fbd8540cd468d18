// find.test.mjs - events are found again, one by one, and corrected; what a list adds up to is what the report says.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { bearer, callers, env, nano, newAccount, records, send, sids, usaged, valuesOf } from './harness.mjs'

const source = `/e2e/find/${process.pid}/${Date.now()}`
const odd = ['a/b', 'x.json', '../..', '%2F', 'a b+c&d=e?f#g', '\u00e4 \u20ac \u{1f600}', '.', 'csv', 'q"\'<>', 'ends/']
const at = i => new Date(Date.UTC(2026, 2, 1) + i * 1234000).toISOString().replace('.000Z', 'Z')
let main, sub, facts

const event = (id, subject, time, data) => ({ specversion: '1.0', type: 'usage', source, id, subject, time, data })
const post = body => send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
const path = (id, more = '', from = source) => `/events/${encodeURIComponent(id)}${more || '.json'}${from ? `?Source=${encodeURIComponent(from)}` : ''}`
const correct = (id, verb, body, caller = { as: 'admin' }) =>
	send(`/events/${encodeURIComponent(id)}/${verb}`, { ...caller, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ source, ...body }) })
const asMain = () => ({ auth: 'Basic ' + Buffer.from(`${main.sid}:${main.token}`).toString('base64') })
const idsOf = a => a.json.events.map(e => e.id)

// All pages of a list.
async function all(query, caller = { as: 'admin' }) {
	const list = []
	for (let next = `/events?${query}`, pages = 0; next; pages++) {
		const { events, next_page_uri: after } = (await send(next, caller)).is(200).exact
		list.push(...events)
		assert.ok(pages < 1000)
		next = after
	}
	return list
}
const sum = list => list.reduce((n, e) => n + nano(String(e.price)), 0n)

before(async () => {
	main = await newAccount('find')
	sub = { sid: valuesOf(await usaged('account', 'add', '--name', `find sub ${process.pid} ${Date.now()}`, '--parent', main.sid)).SID }
	facts = Array.from({ length: 137 }, (_, i) => event(`f${i}`, i % 3 ? main.sid : sub.sid, at(i), {
		category: ['calls-inbound-local', 'calls-outbound', 'ai-minutes', 'sms-outbound-longcode'][i % 4], usage: `${i}.5`, price: `0.${String(i + 1).padStart(9, '0')}`,
		...(i % 4 === 2 && { customer: `c${i % 5}` }) }))
	facts.push(...odd.map((id, i) => event(id, main.sid, at(i), { category: 'calls-inbound', price: '1' })))
	facts.push(...[1, 2, 3].map(i => event(`sim${i}`, main.sid, at(i), { category: 'sim-data', sim: 'HS' + String(i).repeat(32), iso_country: 'AT', data_upload: i, data_download: 7 })))
	// many at one instant
	facts.push(...Array.from({ length: 30 }, (_, i) => event(`same${i}`, i % 2 ? main.sid : sub.sid, at(500), { category: 'calls-outbound', price: '0.1' })))
	assert.equal((await post(facts)).is(200).json.created, facts.length)
})

describe('the list', () => {
	test('every event once, newest first or oldest first, whatever the size of a page', async () => {
		const whole = await all(`AccountSid=${main.sid}&PageSize=1000`)
		assert.deepEqual(whole.map(e => e.id).sort(), facts.map(f => f.id).sort())
		const times = whole.map(e => Date.parse(e.effective_time))
		assert.deepEqual(times, [...times].sort((a, b) => b - a))
		for (const size of [1, 7, 50])
			assert.deepEqual((await all(`AccountSid=${main.sid}&PageSize=${size}`)).map(e => e.id), whole.map(e => e.id))
		assert.deepEqual((await all(`AccountSid=${main.sid}&PageSize=13&Order=oldest`)).map(e => e.id), whole.map(e => e.id).reverse())
	})
	test('the way back leads over the same pages', async () => {
		const pages = []
		for (let next = `/events?AccountSid=${main.sid}&PageSize=19`; next;) {
			pages.push((await send(next, { as: 'admin' })).is(200).json)
			next = pages.at(-1).next_page_uri
		}
		for (let i = pages.length - 1; i > 0; i--) {
			const back = (await send(pages[i].previous_page_uri, { as: 'admin' })).is(200).json
			assert.deepEqual([back.events.map(e => e.id), back.page], [pages[i - 1].events.map(e => e.id), i - 1])
		}
		assert.equal(pages[0].previous_page_uri, undefined)
	})
	test('what was sent is what is found', async () => {
		const [e] = await all(`Id=f6&Source=${encodeURIComponent(source)}`)
		assert.deepEqual([e.id, e.source, e.subject, e.time, e.effective_time, e.category, e.count, e.usage, e.price, e.price_unit, e.customer, e.state],
			['f6', source, sub.sid, at(6), at(6), 'ai-minutes', '1', '6.5', '0.000000007', 'usd', 'c1', 'current'])
		const [s] = await all(`AccountSid=${main.sid}&Sim=HS${'2'.repeat(32)}`)
		assert.deepEqual([s.id, s.data_upload, s.data_download, s.usage, s.iso_country], ['sim2', '2', '7', '0.000009', 'AT'])
	})
	const filters = {
		'a category': ['Category=calls-outbound', f => f.data.category === 'calls-outbound'],
		'a category with those below it': ['Category=calls-inbound', f => f.data.category.startsWith('calls-inbound')],
		'all categories': ['Category=totalprice', () => true],
		'a customer': ['Customer=c2', f => f.data.customer === 'c2'],
		'a customer nobody has': ['Customer=c77', () => false],
		'a country': ['IsoCountry=AT', f => f.data.iso_country === 'AT'],
		'no subaccounts': ['IncludeSubaccounts=false', f => f.subject === main.sid],
		'instants': [`From=${at(20)}&To=${at(90)}`, f => f.time >= at(20) && f.time < at(90)],
		'days': ['StartDate=2026-03-02&EndDate=2026-03-02', f => f.time.startsWith('2026-03-02')],
		'days of a zone': ['StartDate=2026-03-02&EndDate=2026-03-02&TimeZone=Asia/Kathmandu', f => f.time >= '2026-03-01T18:15:00Z' && f.time < '2026-03-02T18:15:00Z'],
		'days and instants': ['StartDate=2026-03-02&From=2026-03-01T00:00:00Z&To=2026-03-02T12:00:00Z', f => f.time >= '2026-03-02T00:00:00Z' && f.time < '2026-03-02T12:00:00Z'],
		'a source': [`Source=${encodeURIComponent(source)}`, () => true],
		'a source that nobody is': ['Source=nobody', () => false],
		'an id with a slash': [`Id=${encodeURIComponent('a/b')}`, f => f.id === 'a/b'],
		'a state': ['State=current', () => true],
		'another state': ['State=void', () => false],
		'all at once': [`Category=calls-outbound&State=current&From=${at(1)}&Source=${encodeURIComponent(source)}&IncludeSubaccounts=false`, f => f.data.category === 'calls-outbound' && f.subject === main.sid && f.time >= at(1)],
	}
	for (const [what, [query, fits]] of Object.entries(filters))
		test(what, async () => {
			const want = facts.filter(fits).map(f => f.id).sort()
			for (const size of [1000, 11])
				assert.deepEqual((await all(`AccountSid=${main.sid}&${query}&PageSize=${size}`)).map(e => e.id).sort(), want)
		})
	test('who sees what', async () => {
		assert.equal((await all('PageSize=1000', asMain())).length, facts.length)
		assert.deepEqual((await all(`PageSize=1000&AccountSid=${sub.sid}`, asMain())).map(e => e.id).sort(), facts.filter(f => f.subject === sub.sid).map(f => f.id).sort());
		(await send(`/events?AccountSid=${main.sid}`, { as: 'other' })).is(404);
		(await send(`/events?AccountSid=${sids.unknown}`, { as: 'admin' })).is(404)
		assert.deepEqual(await all(`Id=f6&Source=${encodeURIComponent(source)}`, { as: 'other' }), [])
		for (const [as, status] of [['none', 401], ['ingest', 403], ['user', 403]])
			(await send('/events', { as })).is(status)
	})
	test('in each format', async () => {
		const query = `?AccountSid=${main.sid}&Category=calls-outbound&PageSize=5`
		for (const suffix of ['.xml', '.csv', '.jsv', '.jsonl', '.html'])
			assert.match((await send(`/events${suffix}${query}`, { as: 'admin' })).is(200).text, /same9/)
	})
	test('what can not be asked', async () => {
		for (const [query, word] of [['State=gone', 'State'], ['Category=moon', 'Category'], ['From=yesterday', 'From'], ['StartDate=2026-02-30', 'StartDate'],
			['StartDate=2026-03-02&EndDate=2026-03-01', 'EndDate'], ['From=2026-03-02T00:00:00Z&To=2026-03-01T00:00:00Z', 'To'], ['TimeZone=Mars', 'TimeZone'],
			['Order=random', 'Order'], ['PageToken=abc', 'PageToken'], ['Page=3', 'PageToken']])
			assert.match((await send(`/events?${query}`, { as: 'admin' })).is(400).json.message, new RegExp(word), query)
		const { next_page_uri: next } = (await send(`/events?AccountSid=${main.sid}&PageSize=2`, { as: 'admin' })).is(200).json;
		(await send(next.replace(main.sid, sub.sid), { as: 'admin' })).is(400)
	})
})

describe('one event', () => {
	for (const id of odd)
		test(`called ${id}`, async () => {
			const a = (await send(path(id), { as: 'admin' })).is(200).json
			assert.deepEqual([a.event.id, a.event.source, a.counts.id, a.corrections], [id, source, id, []])
			assert.equal((await send(a.event.uri, { as: 'admin' })).is(200).json.event.id, id)
			assert.match((await send(path(id, '.xml'), { as: 'admin' })).is(200).text, /<EventDetails>/)
		})
	test('of several sources, one must be named', async () => {
		const twin = { ...event('f1', main.sid, at(1), { category: 'calls-inbound' }), source: `${source}/twin` };
		(await post([twin])).is(200)
		assert.match((await send('/events/f1', asMain())).is(400).json.message, /source/)
		assert.equal((await send(path('f1', '', twin.source), asMain())).is(200).json.event.source, twin.source)
		facts.push(twin)
	})
	test('what is not there, or not for the caller, is 404', async () => {
		for (const [p, as] of [[path('nothing'), 'admin'], [path('f1', '', 'nobody'), 'admin'], [path('f4'), 'other'], ['/events/a/b/c', 'admin']])
			(await send(p, { as })).is(404)
	})
})

describe('corrections', () => {
	const total = async () => nano(String((await send(`${records(main.sid)}.json?Category=totalprice`, { as: 'admin' })).is(200).exact.usage_records[0].price))
	const listed = async () => sum(await all(`AccountSid=${main.sid}&PageSize=1000`))

	test('a void takes away, an amendment replaces; the list adds up to the report', async () => {
		const was = await total()
		assert.equal(await listed(), was)
		const v = (await correct('f9', 'void', { reason: 'never happened' })).is(201).exact
		assert.deepEqual([v.event.state, v.counts, v.corrections.length, v.corrections[0].reason, v.corrections[0].author], ['void', undefined, 1, 'never happened', env.ADMIN_USER])
		assert.equal(await total(), was - 10n)
		const again = (await correct('f9', 'void', { reason: 'once more' })).is(200).exact
		assert.deepEqual(again.corrections, v.corrections)
		const a = (await correct('f10', 'amend', { reason: 'a typo', price: '2.5', customer: 'late' })).is(201).exact
		assert.deepEqual([a.event.state, a.event.price, a.counts.price, a.counts.customer, a.counts.state], ['amended', '0.000000011', '2.5', 'late', 'replacement'])
		const b = (await correct('f10', 'amend', { reason: 'another', price: 3, without: 'customer' })).is(201).exact
		assert.deepEqual([b.counts.price, b.counts.customer, b.corrections.length], ['3', undefined, 2])
		assert.equal(await total(), was - 10n - 11n + 3000000000n)
		assert.equal(await listed(), await total())
	})
	test('their facts are found by state, and lead to what they correct', async () => {
		const found = async state => (await all(`AccountSid=${main.sid}&State=${state}`)).map(e => e.corrects ?? e.id).sort()
		assert.deepEqual(await found('void'), ['f9'])
		assert.deepEqual(await found('amended'), ['f10'])
		assert.deepEqual(await found('reversal'), ['f10', 'f10', 'f9'])
		assert.deepEqual(await found('replacement'), ['f10', 'f10'])
		const [fact] = await all(`AccountSid=${main.sid}&State=replacement`)
		const a = (await send(fact.uri, { as: 'admin' })).is(200).exact
		assert.deepEqual([a.event.id, a.event.corrects, a.event.corrects_source, a.corrections.length, a.counts.price], [fact.id, 'f10', source, 2, '3'])
	})
	test('as a form, and in XML', async () => {
		const a = (await send(`/events/f20/void.xml`, { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ source, reason: 'a form' }).toString() })).is(201)
		assert.match(a.text, /<Kind>void</)
	})
	test('an id with slashes', async () => {
		assert.equal((await correct('a/b', 'void', { reason: 'slashes' })).is(201).json.event.state, 'void')
	})
	test('on a page: links to where it is done, and the question before', async () => {
		(await post([event('page 1/2', sub.sid, at(9), { category: 'sms' })])).is(200)
		const page = async () => (await send(path('page 1/2', '.html'), { as: 'admin' })).is(200).text
		const linked = (text, verb) => new RegExp(`href="([^"]*/${verb}\\.html[^"]*)"`).exec(text)?.[1].replaceAll('&amp;', '&')
		assert.match((await send(linked(await page(), 'amend'), { as: 'admin' })).is(200).text, /name="price"/)
		const undo = linked(await page(), 'void')
		assert.match((await send(undo, { as: 'admin' })).is(200).text, /method="post"[^]*name="reason"[^>]* required/)
		const done = (await send(undo, { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'reason=by+mistake' })).is(201)
		assert.match(done.text, /by mistake/)
		assert.equal(linked(await page(), 'void'), undefined)
	})
	test('what can not be corrected, and what is wrong with it', async () => {
		const was = await total()
		for (const [id, verb, body, status, word] of [['f9', 'amend', { reason: 'x', price: 1 }, 409, /void/], ['nothing', 'void', { reason: 'x' }, 404, /nothing/],
			['f11', 'void', {}, 400, /reason/], ['f11', 'void', { reason: '' }, 400, /reason/], ['f11', 'void', { reason: 'x'.repeat(501) }, 400, /reason/],
			['f11', 'amend', { reason: 'x' }, 400, /nothing/], ['f11', 'amend', { reason: 'x', price: '-1' }, 400, /price/], ['f11', 'amend', { reason: 'x', price: 'much' }, 400, /price/],
			['f11', 'amend', { reason: 'x', category: 'moon' }, 400, /category/], ['f11', 'amend', { reason: 'x', category: 'totalprice' }, 400, /totalprice/],
			['f11', 'amend', { reason: 'x', time: 'soon' }, 400, /time/], ['f11', 'amend', { reason: 'x', without: 'time' }, 400, /without/], ['f11', 'amend', { reason: 'x', without: 'moon' }, 400, /without/],
			['f11', 'amend', { reason: 'x', price: { a: 1 } }, 400, /price/]])
			assert.match((await correct(id, verb, body)).is(status).json.message, word, JSON.stringify(body))
		assert.equal(await total(), was);
		(await send(`/events/f11/void`, { as: 'admin' })).is(405)
	})
	test('who may: those who may bring the events, and those who manage the account', async () => {
		for (const [as, status] of [['none', 401], ['main', 403], ['user', 403], ['manager', 404]])
			(await correct('f12', 'void', { reason: 'x' }, { as })).is(status)
		const { SECRET: own } = valuesOf(await usaged('key', 'add', '--role', 'Ingest', '--account', sub.sid));
		(await correct('f13', 'void', { reason: 'x' }, { auth: bearer(own) })).is(404);      // the main account's
		(await correct('f12', 'void', { reason: 'x' }, { auth: bearer(own) })).is(201);
		(await correct('f15', 'amend', { reason: 'x', count: 2 }, { as: 'ingest' })).is(201)
	})
	test('two at once make one correction', async () => {
		const answers = await Promise.all(Array.from({ length: 8 }, () => correct('f30', 'void', { reason: 'at once' })))
		assert.deepEqual(answers.map(a => a.status).sort(), [200, 200, 200, 200, 200, 200, 200, 201])
		assert.equal((await send(path('f30'), { as: 'admin' })).is(200).json.corrections.length, 1)
	})
	test('the ledger is sound', async () => {
		assert.equal(await listed(), await total())
		await usaged('verify')
	})
})
