// behind.test.mjs - from any record of a report to the events behind it: the link on the page leads to events whose sum is the
// record, to the last digit. SEED in the environment chooses other records.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { baseUrl, day, nano, newAccount, plusDays, records, resources, send, sids, usaged, valuesOf } from './harness.mjs'

const source = `/e2e/behind/${process.pid}/${Date.now()}`
const today = day(new Date())
const ZONES = ['UTC', 'Asia/Kathmandu', 'America/New_York']
let state = BigInt(process.env.SEED ?? 20261122)
function chance(n) {
	state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
	return Number((state >> 33n) % BigInt(n))
}
let main, sub

before(async () => {
	main = await newAccount('behind')
	sub = valuesOf(await usaged('account', 'add', '--name', `behind sub ${process.pid} ${Date.now()}`, '--parent', main.sid)).SID
	const events = Array.from({ length: 1200 }, (_, i) => {
		const time = new Date(Date.now() - 90000 - chance(50 * 86400) * 1000).toISOString()
		const category = ['calls-inbound-local', 'calls-inbound', 'calls', 'sms-outbound-longcode', 'ai-minutes', 'sim-data'][i % 6]
		const data = { category, count: chance(4), price: `0.${String(chance(1e9)).padStart(9, '0')}` }

		if (category === 'sim-data')
			Object.assign(data, { sim: 'HS' + String(chance(3)).repeat(32), fleet: 'HF' + String(chance(2)).repeat(32), network: 'HW' + String(chance(2)).repeat(32), iso_country: chance(2) ? 'AT' : 'DE', data_upload: chance(1e6), data_download: chance(1e6) })
		else
			data.usage = `${chance(50)}.${String(chance(1e6)).padStart(6, '0')}`
		if (category === 'ai-minutes' && chance(4))
			data.customer = ['anna', 'Ben & co', 'd\u00f6ra/1'][chance(3)]
		return { specversion: '1.0', type: 'usage', source, id: `b${i}`, subject: i % 3 ? main.sid : sub, time, data }
	});
	(await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(events) })).is(200)
	for (let i = 0; i < 60; i++) {
		const [verb, change] = i % 2 ? ['amend', { price: `1.${i}` }] : ['void', {}];
		(await send(`/events/b${chance(600) * 2 + i % 2}/${verb}`, { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ source, reason: 'a test', ...change }) }))
	}
})

// The links of a page to events.
const linksOf = html => [...new Set([...html.matchAll(/<a href="(\/events\.html\?[^"]*Category=[^"]*)"/g)].map(m => m[1].replaceAll('&amp;', '&')))]

// What a link is about, and what a record is about.
const keyOf = link => {
	const q = new URL(link, baseUrl).searchParams
	return JSON.stringify([q.get('AccountSid'), q.get('Category'), q.get('Customer'), q.get('StartDate') ?? q.get('From'), ...['Sim', 'Fleet', 'Network', 'IsoCountry'].map(d => q.get(d))])
}
const aboutRecord = r => [r.account_sid, r.category, null, r.start_date, null, null, null, null]
const aboutBilling = r => [r.accountSid, r.category, null, r.startDate, null, null, null, null]
const aboutMinutes = (start, customer) => r => [r.accountId, 'ai-minutes', r.customerId ?? customer, start, null, null, null, null]
const aboutData = r => [r.account_sid, 'sim-data', null, r.period.start_time, r.sim_sid, r.fleet_sid, r.network_sid, r.iso_country]

// What the events of a link add up to.
async function sumOf(link) {
	const total = { count: 0n, usage: 0n, price: 0n, upload: 0n, n: 0 }
	for (let next = link.replace('/events.html', '/events') + '&PageSize=1000'; next;) {
		const page = (await send(next, { as: 'admin' })).is(200).exact
		for (const e of page.events) {
			total.count += BigInt(e.count)
			total.usage += nano(String(e.usage))
			total.price += nano(String(e.price))
			total.upload += BigInt(e.data_upload ?? 0)
			total.n++
		}
		next = page.next_page_uri
	}
	return total
}

// Some of the records of a report that aren't nothing, each with its link. `path` has no suffix, and a query.
async function sample(path, query, list, about, most = 8) {
	const dot = path.startsWith('/v1') || path.startsWith('/2010') ? s => `${path}.${s}?${query}` : s => `${path}?format=${s}&${query}`
	const rows = list((await send(dot('json'), { as: 'admin' })).is(200).exact).filter(r => [r.count, r.usage, r.price, r.aiMinutes, r.data_total].some(Number))
	const links = new Map(linksOf((await send(dot('html'), { as: 'admin' })).is(200).text).map(link => [keyOf(link), link]))
	const all = rows.map(row => [row, links.get(JSON.stringify(about(row)))])
	for (const [row, link] of all)
		assert.ok(link, `${path}?${query}: a link on each record: ${JSON.stringify(row)}`)
	while (all.length > most)
		all.splice(chance(all.length), 1)
	return all
}

describe('the events behind', () => {
	for (const resource of ['', ...resources])
		for (const zone of ZONES)
			test(`usage records ${resource}, ${zone}`, async () => {
				for (const more of ['', '&IncludeSubaccounts=false', '&Category=totalprice'])
					for (const [r, link] of await sample(records(main.sid, resource), `TimeZone=${zone}&PageSize=200${more}`, j => j.usage_records, aboutRecord, 5)) {
						const s = await sumOf(link)
						assert.equal(s.price, nano(String(r.price)), `${link} price`)
						if (r.category === 'totalprice')
							continue
						assert.deepEqual([s.count, s.usage], [BigInt(r.count), nano(r.usage)], link)
					}
			})
	for (const zone of ZONES)
		test(`billing usage, ${zone}`, async () => {
			for (const more of ['', `&StartDate=${plusDays(today, -20)}&EndDate=${plusDays(today, -3)}`])
				for (const [r, link] of await sample('/billing/usage', `AccountId=${main.sid}&TimeZone=${zone}${more}`, j => j, aboutBilling)) {
					const s = await sumOf(link)
					assert.equal(s.price, nano(String(r.price)), link)
					if (r.category !== 'totalprice')
						assert.deepEqual([s.count, s.usage], [BigInt(r.count), nano(String(r.usage))], link)
				}
		})
	const whole = usage => (usage + 999999999n) / 1000000000n       // minutes, rounded up as the report does
	for (const zone of ZONES)
		test(`AI minutes, ${zone}`, async () => {
			for (const customer of [null, 'anna', 'Ben & co']) {
				const start = plusDays(today, -30), one = customer ? `&CustomerId=${encodeURIComponent(customer)}` : ''
				const query = `AccountId=${main.sid}&TimeZone=${zone}&StartDate=${start}&EndDate=${plusDays(today, -1)}${one}`
				const rows = await sample('/ai/usage', query, j => [...j.accountUsage, ...j.customerUsage], aboutMinutes(start, customer))
				assert.ok(rows.length > 1)
				for (const [r, link] of rows)
					assert.equal(whole((await sumOf(link)).usage), BigInt(r.aiMinutes), link)
			}
		})
	for (const query of ['', 'Group=sim&Granularity=day', 'Group=fleet', 'Group=network&Granularity=day', 'Group=isoCountry&Fleet=HF' + '1'.repeat(32), 'Granularity=hour&PageSize=100'])
		test(`SIM data ${query}`, async () => {
			const from = plusDays(today, -6)
			for (const [r, link] of await sample('/v1/UsageRecords', `AccountSid=${main.sid}&StartTime=${from}T00:00:00Z&EndTime=${today}T00:00:00Z&${query}`, j => j.usage_records, aboutData)) {
				const s = await sumOf(link)
				assert.deepEqual([s.usage / 1000n, s.upload, s.price], [BigInt(r.data_total), BigInt(r.data_upload), nano(String(r.data_total_billed))], link)
			}
		})
	test('the link stands on the page of the sample data, too, and leads to a page', async () => {
		const [link] = linksOf((await send(`${records(sids.main, 'ThisMonth')}.html`, { as: 'main' })).is(200).text)
		assert.match((await send(link, { as: 'main' })).is(200).text, /<table/)
	})
	test('no other format has it', async () => {
		for (const suffix of ['json', 'xml', 'csv'])
			assert.doesNotMatch((await send(`${records(main.sid)}.${suffix}`, { as: 'admin' })).is(200).text, /events/i)
	})
})
