// seeds.test.mjs - requests as the documentation of the real services prints them, with real values for their placeholders.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, describe, test } from 'node:test'
import { allRecords, baseUrl, bearer, callers, children, config, csvRecords, day, env, htmlTables, nano, newAccount, plusDays, program, records, resources, send, sids, sum } from './harness.mjs'

const today = day(new Date())

describe('List Usage Record Yearly', () => {
	const seed = account => `/2010-04-01/Accounts/${account}/Usage/Records/Yearly.json?Category=trunking-origination-mobile&StartDate=1976-09-29&EndDate=1976-09-29&IncludeSubaccounts=true&PageSize=16`

	test('as printed, with days before the account began, it is an empty list', async () => {
		const a = (await send(seed(sids.main), { as: 'main', headers: { Accept: 'application/json' } })).is(200)
		assert.deepEqual(a.json.usage_records, [])
		assert.equal(a.json.page_size, 16)
		assert.equal(a.json.next_page_uri, null)
	})
	test('so it is on every sub-resource', async () => {
		for (const resource of ['', ...resources])
			assert.deepEqual((await send(`${records(sids.main, resource)}.json?StartDate=1976-09-29&EndDate=1976-09-29`, { as: 'main' })).is(200).json.usage_records, [], resource)
	})
	test('and in every format', async () => {
		const path = format => seed(sids.main).replace('.json', '.' + format)
		assert.equal(children((await send(path('xml'), { as: 'main' })).is(200).xml.getElementsByTagName('UsageRecords')[0]).length, 0)
		assert.equal(csvRecords((await send(path('csv'), { as: 'main' })).is(200).text).length, 0)
		assert.match((await send(path('html'), { as: 'main' })).is(200).text, /29 September 1976/)
	})
	test('its days with usage have records', async () => {
		const list = await allRecords(seed(sids.main).replaceAll(/(Start|End)Date=1976-09-29&/g, '').replace('Category=trunking-origination-mobile', 'Category=totalprice'))
		assert.ok(list.length >= 1)
		assert.ok(list.every(r => r.category === 'totalprice' && nano(r.price) > 0n))
	})
	test('an end before the start is still no resource', async () => {
		for (const resource of ['', ...resources])
			assert.equal((await send(`${records(sids.main, resource)}.json?StartDate=1976-09-30&EndDate=1976-09-29`, { as: 'main' })).is(404).json.code, 20404)
	})
	test('one date beyond the other side of the resource is that one day', async () => {
		for (const [resource, query] of [['Daily', 'StartDate=2099-01-01'], ['Monthly', 'EndDate=1976-09-29'], ['', 'EndDate=1976-09-29'], ['Today', 'EndDate=1976-09-29'], ['Yearly', 'StartDate=2099-01-01']])
			assert.deepEqual((await send(`${records(sids.main, resource)}.json?${query}`, { as: 'main' })).is(200).json.usage_records, [], `${resource}?${query}`)
	})
	test('yesterday and last month of an account that began today are there, as its own records say', async () => {
		const { sid, token } = await newAccount('seeds')
		const auth = 'Basic ' + Buffer.from(`${sid}:${token}`).toString('base64')
		const [record] = (await send(`${records(sid, 'Yesterday')}.json?Category=calls`, { auth })).is(200).json.usage_records
		assert.equal(record.count, '0')
		assert.deepEqual((await send(record.uri, { auth })).is(200).json.usage_records.map(r => r.start_date), [record.start_date])
	})
})

describe('ListUsageRecords', () => {
	test('as printed', async () => {
		const a = (await send('/billing/usage', { as: 'manager', headers: { Accept: 'application/json' } })).is(200)
		assert.equal(a.headers['content-type'], 'application/json; charset=utf-8')
		assert.ok(a.json.length > 0)
		assert.deepEqual(Object.keys(a.json[0]), ['accountSid', 'category', 'count', 'countUnit', 'description', 'endDate', 'price', 'priceUnit', 'startDate', 'usage', 'usageUnit', 'uri'])
	})
	test('a start to come is an empty list, in every format', async () => {
		const get = format => send(`/billing/usage.${format}?startDate=${plusDays(today, 30)}`, { as: 'admin' })
		assert.deepEqual((await get('json')).is(200).json, [])
		assert.equal(children((await get('xml')).is(200).xml).length, 0)
		assert.equal(csvRecords((await get('csv')).is(200).text).length, 0)
		assert.equal((await get('jsv')).is(200).text, '[]')
		;(await get('html')).is(200)
	})
	test('an end before all usage is an empty list', async () =>
		assert.deepEqual((await send('/billing/usage.json?endDate=1976-09-29', { as: 'admin' })).is(200).json, []))
	test('an end before the start is refused', async () =>
		assert.equal((await send('/billing/usage.json?startDate=2099-01-02&endDate=2099-01-01', { as: 'admin' })).is(400).json.responseStatus.errors[0].fieldName, 'EndDate'))
})

describe('GetAIUsage', () => {
	const ns = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI"'
	const post = (body, as = 'admin') => send('/ai/usage', { as, method: 'POST', headers: { Accept: 'application/xml', 'Content-Type': 'application/xml' }, body })
	const minutes = root => children(root).map(list => children(list).map(row => children(row).map(c => c.textContent)))
	let long

	before(async () => { long = minutes((await send('/ai/usage.xml?startDate=2000-01-01&endDate=2099-12-31', { as: 'admin' })).is(200).xml) })

	test('as printed, with real values', async () => {
		const a = (await post(`<GetAIUsage ${ns}>\n<AccountId>${sids.main}</AccountId>\n<CustomerId></CustomerId>\n<EndDate>${today}</EndDate>\n<StartDate>${plusDays(today, -30)}</StartDate>\n</GetAIUsage>`)).is(200)
		assert.equal(a.headers['content-type'], 'application/xml')
		assert.ok(a.text.startsWith(`<?xml version="1.0" encoding="utf-8"?><AIUsage ${ns}><AccountUsage><AIAccountUsage><AIMinutes>`))
	})
	test('an empty request has no bounds', async () => {
		assert.ok(long[0].length > 0 && long[1].length > 0)
		assert.deepEqual(minutes((await post(`<GetAIUsage ${ns}/>`)).is(200).xml), long)
		assert.deepEqual(minutes((await post(`<GetAIUsage ${ns}></GetAIUsage>`)).is(200).xml), long)
		assert.deepEqual(minutes((await send('/ai/usage.xml', { as: 'admin' })).is(200).xml), long)
	})
	test('each date alone bounds its side', async () => {
		const total = async query => sum((await send(`/ai/usage.json?${query}`, { as: 'admin' })).is(200).json.accountUsage.map(a => String(a.aiMinutes)))
		const all = await total(''), before = await total(`endDate=${plusDays(today, -31)}`), since = await total(`startDate=${plusDays(today, -30)}`)
		assert.ok(before > 0n && since > 0n && before < all && since < all)
		assert.equal(await total(`startDate=${plusDays(today, 30)}`), 0n)
		assert.equal(await total('endDate=1976-09-29'), 0n)
	})
	test('links to the events behind it keep the bounds that were given', async () => {
		const rows = htmlTables((await send('/ai/usage.html', { as: 'admin' })).is(200).text)
		const links = [...rows[0].html.matchAll(/href="(\/events[^"]*)"/g)].map(m => m[1])
		assert.ok(links.length > 0)
		assert.ok(links.every(l => !/StartDate|EndDate/.test(l)))
	})
	test('its page says that no date is required', async () => {
		const page = (await send('/xml/metadata?op=GetAIUsage')).is(200).text
		const [request] = htmlTables(page).filter(t => t.rows.some(r => r[0] === 'StartDate'))
		const at = request.head.indexOf('Required')
		for (const name of ['AccountId', 'CustomerId', 'StartDate', 'EndDate'])
			assert.equal(request.rows.find(r => r[0] === name)[at], 'No', name)
	})
})

describe('ListUsageRecord of Super SIM', () => {
	const list = '/v1/UsageRecords'
	const get = async (query, auth = callers.main) => (await send(`${list}?${query}`, { auth })).is(200).json.usage_records
	let own

	const post = (account, time, id, bytes, more = {}) => send('/events', { auth: bearer(env.INGEST_TOKEN), method: 'POST', headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ specversion: '1.0', type: 'usage', source: `/seeds/${account}`, id, subject: account, time, data: { category: 'sim-data', data_upload: bytes, data_download: 0, ...more } }) })

	before(async () => {
		const { sid, token } = await newAccount('seeds sims')
		own = { sid, auth: 'Basic ' + Buffer.from(`${sid}:${token}`).toString('base64') }
	})

	test('as printed', async () => {
		const [record, ...more] = await get('')
		assert.deepEqual(more, [])
		assert.ok(record.data_total > 0)
	})
	test('usage up to now counts at once, by every granularity', async () => {
		let total = 0
		for (let i = 0; i < 3; i++, total += 5) {
			(await post(own.sid, new Date().toISOString(), `now-${i}`, 5)).is(200)
			for (const granularity of ['all', 'day', 'hour']) {
				const found = await get(`Granularity=${granularity}`, own.auth)
				assert.equal(found.reduce((n, r) => n + r.data_total, 0), total + 5, granularity)
			}
		}
		const [all] = await get('', own.auth)
		assert.ok(Math.abs(Date.parse(all.period.end_time) - Date.now()) < 60000, all.period.end_time)
	})
	test('all its pages hold the same moment', async () => {
		for (const sim of ['HS' + '1'.repeat(32), 'HS' + '2'.repeat(32), 'HS' + '3'.repeat(32)])
			(await post(own.sid, new Date().toISOString(), `paged-${sim}`, 7, { sim })).is(200)
		const found = []
		for (let next = `${list}?Group=sim&PageSize=1`; next;) {
			const page = (await send(next, { auth: own.auth })).is(200).json
			found.push(...page.usage_records)
			next = page.meta.next_page_url && page.meta.next_page_url.replace(env.BASE_URL, '')
		}
		assert.deepEqual(found.map(r => r.data_total), [7, 7, 7])
		assert.equal(new Set(found.map(r => r.period.end_time)).size, 1)
	})

	const at = plusDays(today, -20), compact = at.replaceAll('-', '')
	const forms = {
		[at]: `${at}T00:00:00Z`,
		[compact]: `${at}T00:00:00Z`,
		[`${compact}T000000Z`]: `${at}T00:00:00Z`,
		[`${at}T10:30:00`]: `${at}T10:30:00Z`,
		[`${at}T10:30`]: `${at}T10:30:00Z`,
		[`${at}T10:30:00+01:00`]: `${at}T09:30:00Z`,
		[`${at}T10:30:00%2B01:00`]: `${at}T09:30:00Z`,
		[`${at}T10:30:00-0530`]: `${at}T16:00:00Z`,
		[`${at}T10:07:33Z`]: `${at}T10:07:33Z`,
		[`${at}T10:07:33.5Z`]: `${at}T10:07:33Z`,
	}
	for (const [text, start] of Object.entries(forms))
		test(`StartTime=${text}`, async () => assert.equal((await get(`StartTime=${text}&EndTime=${today}`))[0].period.start_time, start))

	test('over all, ranges that meet at any second count each event once', async () => {
		const noon = `${plusDays(today, -3)}T12:`
		for (const [i, time] of ['00:00Z', '07:32.999Z', '07:33Z', '07:34Z', '14:59Z', '15:00Z'].entries())
			(await post(own.sid, noon + time, `meet-${i}`, 10 ** i)).is(200)
		const between = async (from, to) => (await get(`StartTime=${noon}${from}&EndTime=${noon}${to}`, own.auth))[0].data_total
		assert.equal(await between('00:00Z', '15:00Z'), 11111)
		assert.equal(await between('00:00Z', '07:33Z'), 11)
		assert.equal(await between('07:33Z', '07:34Z'), 100)
		assert.equal(await between('07:33Z', '15:01Z'), 111100)
		assert.equal(await between('07:34Z', '07:35Z'), 1000)
	})
	test('by the day midnight is needed, by the hour a full hour', async () => {
		const refused = async (query, code) => assert.equal((await send(`${list}?${query}`, { as: 'main' })).is(400).json.code, code, query)
		await refused(`Granularity=day&StartTime=${at}T01:00:00Z`, 83601)
		await refused(`Granularity=hour&StartTime=${at}T01:30:00Z&EndTime=${today}`, 83602)
		await get(`Granularity=day&StartTime=${at}`)
		await get(`Granularity=hour&StartTime=${at}T01&EndTime=${today}`)
		await get(`Granularity=day&StartTime=${at}T02:00:00+02:00`)
	})
	test('a time that is none is refused, and the answer says what would be right', async () => {
		const a = (await send(`${list}?StartTime=noon`, { as: 'main' })).is(400).json
		assert.equal(a.code, 83600)
		assert.match(a.message, /StartTime.*ISO 8601, such as 20/)
	})
	test('a start to come is an empty list', async () => assert.deepEqual(await get('StartTime=2099-01-01'), []))
	test('limits of a range hold, unless the setting says otherwise', async () => {
		const free = join(dirname(config), `free-${process.pid}.conf`)
		const ask = query => {
			const { stdout } = spawnSync(program, ['--config', free, 'serve'], { encoding: 'utf8', maxBuffer: 1 << 26,
				env: { REQUEST_METHOD: 'GET', REQUEST_URI: `${list}?${query}`, HTTP_AUTHORIZATION: callers.main, HTTP_HOST: baseUrl.host, HTTPS: 'on' } })
			assert.match(stdout, /^Status: 200 /, `${query}: ${stdout}`)
			return JSON.parse(stdout.slice(stdout.indexOf('\r\n\r\n') + 4))
		}
		writeFileSync(free, `${readFileSync(config, 'utf8')}\n[twilio]\nrange_limits = no\n`)
		try {
			for (const [query, code] of [['Group=sim&StartTime=2000-01-01', 83605], [`Group=sim&StartTime=${plusDays(today, -60)}`, 83603],
				[`Granularity=day&StartTime=${plusDays(today, -200)}`, 83604], [`Granularity=hour&StartTime=${plusDays(today, -40)}`, 83604]]) {
				assert.equal((await send(`${list}?${query}`, { as: 'main' })).is(400).json.code, code, query)
				assert.ok(ask(query).usage_records.length > 0, query)
			}
			/* all days of the account's usage, and none before */
			const [newest] = ask('Granularity=day&StartTime=0001-01-01&PageSize=1').usage_records
			assert.equal(newest.period.start_time, `${today}T00:00:00Z`)
			const days = ask('Granularity=day&StartTime=0001-01-01&EndTime=9999-12-31&PageSize=1000').usage_records
			assert.ok(days.length > 60 && days.length < 1000, days.length)
			const [all] = ask('StartTime=0001-01-01&EndTime=9999-12-31').usage_records
			assert.equal(days.reduce((n, r) => n + r.data_total, 0), all.data_total)
		} finally {
			rmSync(free)
		}
	})
	test('Page without a token is for the client alone', async () => {
		const ignored = (await send(`${list}?Page=3&PageSize=1&Group=sim`, { as: 'main' })).is(200).json
		const first = (await send(`${list}?PageSize=1&Group=sim`, { as: 'main' })).is(200).json
		assert.deepEqual(ignored.usage_records.map(r => r.sim_sid), first.usage_records.map(r => r.sim_sid))
		assert.ok(ignored.meta.next_page_url)
		assert.equal((await send(`${records(sids.main)}.json?Page=1`, { as: 'main' })).is(400).json.code, 70002)
		assert.equal((await send(`${list}?Page=-1`, { as: 'main' })).is(400).json.code, 83600)
	})
})

describe('OPTIONS', () => {
	const paths = {
		[`${records(sids.main)}.json`]: 'GET, HEAD, OPTIONS', [records(sids.main, 'Daily')]: 'GET, HEAD, OPTIONS', '/v1/UsageRecords': 'GET, HEAD, OPTIONS',
		'/billing/usage': 'GET, HEAD, OPTIONS', '/billing/usage.csv': 'GET, HEAD, OPTIONS', '/ai/usage': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
		'/api/GetAIUsage': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', '/json/reply/ListUsageRecords': 'GET, HEAD, POST, OPTIONS',
		'/events': 'GET, HEAD, POST, OPTIONS', '/keys/new': 'GET, HEAD, OPTIONS', '/metadata': 'GET, HEAD, OPTIONS', '/types': 'GET, HEAD, OPTIONS',
		'/': 'GET, HEAD, OPTIONS', '/static/style.css': 'GET, HEAD, OPTIONS', '/favicon.ico': 'GET, HEAD, OPTIONS',
	}
	for (const [path, allow] of Object.entries(paths))
		test(`${path}: what it takes`, async () => {
			for (const headers of [{}, { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'GET' }]) {
				const a = (await send(path, { method: 'OPTIONS', headers })).is(204)
				assert.equal(a.headers.allow, allow)
				assert.equal(a.bytes.length, 0)
			}
		})
	test('a path that does not exist', async () => {
		for (const path of ['/nothing', '/v1/Nothing', '/2010-04-01/nothing.json'])
			(await send(path, { method: 'OPTIONS' })).is(404)
	})
})
