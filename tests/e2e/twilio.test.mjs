// twilio.test.mjs - a program written for Twilio, with the official SDK, on this server.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test, after, before } from 'node:test'
import twilio from 'twilio'
import RequestClient from 'twilio/lib/base/RequestClient.js'
import {
	allRecords, basic, baseUrl, callers, checkDescription, checkJson, config, contracts, dateIn, day, descriptionsMissing, env, firstOfMonth, lastOfMonth, nano,
	newAccount, parseXml, plusDays, program, records, resources, send, sids, subaccountsOf, sum, usaged, valuesOf,
} from './harness.mjs'

// ---- the two ways of pointing the SDK at another server ----

function redirected(sid, token) {
	const client = twilio(sid, token)
	client.api.baseUrl = env.BASE_URL
	client.supersim.baseUrl = env.BASE_URL
	return client
}

// Whatever the SDK receives is checked as well.
const plainRequest = RequestClient.prototype.request
RequestClient.prototype.request = async function (opts) {
	const answer = await plainRequest.call(this, opts)
	const body = Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
	checkJson(opts.uri, answer.statusCode, 'application/json', body)
	return answer
}

class Rewriting extends RequestClient {
	request(opts) {
		const uri = new URL(opts.uri)
		uri.protocol = baseUrl.protocol
		uri.host = baseUrl.host
		return super.request({ ...opts, uri: uri.href })
	}
}

const rewritten = (sid, token) => twilio(sid, token, { httpClient: new Rewriting() })
const ways = { 'with baseUrl': redirected, 'with an httpClient': rewritten }
const client = redirected(env.ACCOUNT_SID, env.AUTH_TOKEN)

const sub = { Records: c => c.usage.records }
for (const name of resources)
	sub[name] = c => c.usage.records[name[0].toLowerCase() + name.slice(1)]

const linkNames = { all_time: 'AllTime', today: 'Today', yesterday: 'Yesterday', this_month: 'ThisMonth', last_month: 'LastMonth',
	daily: 'Daily', monthly: 'Monthly', yearly: 'Yearly' }
const metered = ['totalprice', 'calls', 'calls-inbound', 'calls-inbound-local', 'calls-outbound', 'sms', 'sms-inbound', 'sms-outbound',
	'mms', 'recordings', 'calls-recordings', 'phonenumbers', 'lookups', 'ai-minutes', 'sim-data']
const key = r => [r.category, day(new Date(r.startDate)), day(new Date(r.endDate))].join(' ')
const numbers = r => [r.count, r.usage, r.price]

// Today, as the answer itself says.
const todayOf = record => (record.asOf ?? record.as_of).slice(0, 10)

for (const [how, connect] of Object.entries(ways))
	describe(`the SDK, redirected ${how}`, () => {
		const client = connect(env.ACCOUNT_SID, env.AUTH_TOKEN)

		for (const name of Object.keys(sub))
			test(`lists ${name}`, async () => {
				const list = await sub[name](client).list({ limit: 60 })
				assert.ok(list.length > 0)
				for (const r of list) {
					assert.equal(r.accountSid, env.ACCOUNT_SID)
					assert.ok(r.startDate instanceof Date && r.endDate instanceof Date)
				}
			})

		test('lists Super SIM usage', async () => {
			const list = await client.supersim.v1.usageRecords.list()
			assert.equal(list.length, 1)
			assert.equal(list[0].accountSid, env.ACCOUNT_SID)
			assert.equal(list[0].dataTotal, list[0].dataUpload + list[0].dataDownload)
			assert.ok(list[0].dataTotal > 0)
		})

		test('follows small pages to the end, by list, each, page and getPage', async () => {
			const daily = client.usage.records.daily, params = { startDate: '-3days', category: 'calls' }
			const whole = (await daily.list(params)).map(key)
			assert.equal(whole.length, 4)
			assert.deepEqual((await daily.list({ ...params, pageSize: 1 })).map(key), whole)
			const each = []
			await new Promise((done, failed) => daily.each({ ...params, pageSize: 3, callback: r => each.push(key(r)), done: e => e ? failed(e) : done() }))
			assert.deepEqual(each, whole)
			const paged = []
			for (let page = await daily.page({ ...params, pageSize: 1 }); page; page = await page.nextPage())
				paged.push(...page.instances.map(key))
			assert.deepEqual(paged, whole)
			const one = await daily.page({ ...params, pageSize: 2 })
			const two = await daily.getPage(one.nextPageUrl)
			assert.deepEqual(two.instances.map(key), whole.slice(2))
			assert.deepEqual((await daily.getPage(two.previousPageUrl)).instances.map(key), whole.slice(0, 2))
		})

		test('follows small pages of Super SIM usage to the end', async () => {
			const usage = client.supersim.v1.usageRecords, sim = r => r.simSid
			const whole = (await usage.list({ group: 'sim' })).map(sim)
			assert.ok(whole.length >= 6)
			assert.deepEqual((await usage.list({ group: 'sim', pageSize: 1 })).map(sim), whole)
			const two = await usage.getPage((await usage.page({ group: 'sim', pageSize: 4 })).nextPageUrl)
			assert.deepEqual(two.instances.map(sim), whole.slice(4, 8))
			assert.deepEqual((await usage.getPage(two.previousPageUrl)).instances.map(sim), whole.slice(0, 4))
		})

		test('reaches subaccounts with the main account\'s token', async () => {
			const [r] = await client.api.v2010.accounts(env.SUBACCOUNT_SID).usage.records.thisMonth.list({ category: 'calls' })
			assert.equal(r.accountSid, env.SUBACCOUNT_SID)
			const own = await connect(env.SUBACCOUNT_SID, env.SUBACCOUNT_AUTH_TOKEN).usage.records.thisMonth.list({ category: 'calls' })
			assert.deepEqual(own.map(numbers), [numbers(r)])
		})

		test('turns an error into a RestException', async () => {
			await assert.rejects(client.usage.records.list({ category: 'no-such-thing' }),
				e => e.constructor.name === 'RestException' && e.status === 400 && e.code === 20001 && /no-such-thing/.test(e.message))
		})
	})

describe('days of the sub-resources', () => {
	const first = async name => (await sub[name](client).list({ limit: 1 }))[0]
	const days = r => [day(r.startDate), day(r.endDate)]

	test('Today is today', async () => {
		const r = await first('Today')
		assert.deepEqual(days(r), [todayOf(r), todayOf(r)])
	})
	test('Yesterday is yesterday', async () => {
		const r = await first('Yesterday')
		assert.deepEqual(days(r), Array(2).fill(plusDays(todayOf(r), -1)))
	})
	test('ThisMonth runs from the 1st to today', async () => {
		const r = await first('ThisMonth')
		assert.deepEqual(days(r), [firstOfMonth(todayOf(r)), todayOf(r)])
	})
	test('LastMonth is a whole month', async () => {
		const r = await first('LastMonth')
		const last = plusDays(firstOfMonth(todayOf(r)), -1)
		assert.deepEqual(days(r), [firstOfMonth(last), last])
	})
	test('Records and AllTime run from the account\'s beginning to today', async () => {
		const [all, same, oldest] = [await first('Records'), await first('AllTime'), (await client.usage.records.daily.list({ category: 'calls' })).at(-1)]
		assert.deepEqual(days(all), days(same))
		assert.equal(days(all)[1], todayOf(all))
		assert.equal(days(oldest)[0], days(all)[0])
	})
	test('Daily has one record a day, newest first, without a gap', async () => {
		const list = await client.usage.records.daily.list({ category: 'calls' })
		list.forEach((r, i) => assert.deepEqual(days(r), Array(2).fill(plusDays(todayOf(r), -i))))
		assert.ok(list.length > 300)
	})
	test('Monthly has whole months, and the current one until today', async () => {
		const list = await client.usage.records.monthly.list({ category: 'calls' })
		assert.deepEqual(days(list[0]), [firstOfMonth(todayOf(list[0])), todayOf(list[0])])
		for (let i = 1; i < list.length; i++) {
			const last = plusDays(day(list[i - 1].startDate), -1)
			assert.deepEqual(days(list[i]), [firstOfMonth(last), last])
			assert.equal(last, lastOfMonth(last))
		}
		assert.ok(list.length >= 13)
	})
	test('Yearly has whole years, and the current one until today', async () => {
		const list = await client.usage.records.yearly.list({ category: 'calls' })
		const year = +todayOf(list[0]).slice(0, 4)
		list.forEach((r, i) => assert.deepEqual(days(r), [`${year - i}-01-01`, i ? `${year - i}-12-31` : todayOf(r)]))
		assert.ok(list.length >= 2)
	})
	test('a range of days cuts the first and the last month', async () => {
		const [r] = await client.usage.records.list({ limit: 1 })
		const to = plusDays(todayOf(r), -10), from = plusDays(to, -40)
		const list = await client.usage.records.monthly.list({ category: 'calls', startDate: new Date(from), endDate: new Date(to) })
		assert.equal(day(list[0].endDate), to)
		assert.equal(day(list.at(-1).startDate), from)
		const daily = await client.usage.records.daily.list({ category: 'calls', startDate: new Date(from), endDate: new Date(to) })
		assert.equal(daily.length, 41)
		assert.equal(sum(list.map(r => r.count)), sum(daily.map(r => r.count)))
	})
	test('offsets count from today, encoded or not', async () => {
		const [r] = await client.usage.records.list({ startDate: '-30days', category: 'calls' })
		assert.deepEqual(days(r), [plusDays(todayOf(r), -30), todayOf(r)])
		for (const [offset, start] of [['-1day', t => plusDays(t, -1)], ['-2weeks', t => plusDays(t, -14)], ['-1week', t => plusDays(t, -7)],
			['-1year', t => `${+t.slice(0, 4) - 1}${t.slice(4).replace('-02-29', '-02-28')}`]]) {
			const [r] = await client.usage.records.list({ startDate: offset, category: 'calls' })
			assert.equal(day(r.startDate), start(todayOf(r)), offset)
		}
		for (const unit of ['day', 'week', 'month', 'year'])
			for (const [one, several] of [[`-1${unit}`, `-1${unit}s`], [`-3${unit}`, `-3${unit}s`]]) {
				const [a] = await client.usage.records.list({ startDate: one, category: 'calls' })
				const [b] = await client.usage.records.list({ startDate: several, category: 'calls' })
				assert.deepEqual(days(a), days(b), several)
			}
		const [m] = await client.usage.records.list({ startDate: '-2months', category: 'calls' })
		const month = new Date(firstOfMonth(todayOf(m)))
		month.setUTCMonth(month.getUTCMonth() - 2)
		const last = lastOfMonth(day(month))
		assert.equal(day(m.startDate), day(month).slice(0, 8) + (todayOf(m).slice(8) < last.slice(8) ? todayOf(m).slice(8) : last.slice(8)))
		for (const end of ['%2B30days', '+30days', ' 30days'.replace(' ', '%20')]) {
			const a = (await send(`${records(sids.main)}.json?Category=calls&StartDate=-30days&EndDate=${end}`, { as: 'main' })).is(200)
			const [r] = a.json.usage_records
			assert.deepEqual([r.start_date, r.end_date], [plusDays(todayOf(r), -30), plusDays(todayOf(r), 30)], end)
		}
	})
})

describe('lists and pages', () => {
	const params = { startDate: '-6days' }

	test('every metered category is in every period, used or not', async () => {
		const list = await client.usage.records.daily.list(params)
		const byDay = new Map()
		for (const r of list)
			byDay.set(day(r.startDate), [...byDay.get(day(r.startDate)) ?? [], r.category])
		assert.equal(byDay.size, 7)
		const [one] = byDay.values()
		for (const categories of byDay.values())
			assert.deepEqual(categories, one)
		assert.equal(new Set(one).size, one.length)
		for (const name of metered)
			assert.ok(one.includes(name), name)
	})
	test('small pages, each and list give the same records, each once', async () => {
		const whole = await client.usage.records.daily.list({ ...params, pageSize: 1000 })
		const keys = whole.map(key)
		assert.equal(new Set(keys).size, keys.length)
		for (const pageSize of [1, 7, 50])
			assert.deepEqual((await client.usage.records.daily.list({ ...params, pageSize })).map(key), keys, `pages of ${pageSize}`)
		const each = []
		await new Promise((done, failed) => client.usage.records.daily.each({ ...params, pageSize: 13, callback: r => each.push(r), done: e => e ? failed(e) : done() }))
		assert.deepEqual(each.map(key), keys)
	})
	test('a limit ends a list', async () => {
		assert.equal((await client.usage.records.daily.list({ ...params, limit: 61 })).length, 61)
	})
	test('pages lead on and back', async () => {
		const one = await client.usage.records.daily.page({ ...params, pageSize: 5 })
		assert.equal(one.instances.length, 5)
		assert.equal(one.previousPageUrl, undefined)
		const two = await one.nextPage()
		const again = await client.usage.records.daily.getPage(two.previousPageUrl)
		const next = await client.usage.records.daily.getPage(one.nextPageUrl)
		assert.deepEqual(again.instances.map(key), one.instances.map(key))
		assert.deepEqual(next.instances.map(key), two.instances.map(key))
		assert.notDeepEqual(one.instances.map(key), two.instances.map(key))
	})
	test('an empty page has no next one and no records', async () => {
		const account = await newAccount('nothing yet')
		const list = await redirected(account.sid, account.token).usage.records.list({ category: 'fraud-lookups' })
		assert.ok(list.every(r => r.category === 'fraud-lookups' && nano(r.count) === 0n))
	})
	test('a page size above 1000 is cut and reported', async () => {
		const a = (await send(`${records(sids.main, 'Daily')}.json?PageSize=5000`, { as: 'main' })).is(200)
		assert.equal(a.json.page_size, 1000)
		assert.equal(a.json.usage_records.length, 1000)
		assert.equal(a.json.end, 999)
	})
	test('links keep every filter, and first, next and previous are consistent', async () => {
		const asked = `${records(sids.main, 'Daily')}.json?Category=calls&StartDate=-40days&EndDate=-3days&IncludeSubaccounts=false&PageSize=10`
		const one = (await send(asked, { as: 'main' })).is(200).json
		assert.equal(one.page, 0)
		assert.equal(one.page_size, 10)
		assert.deepEqual([one.start, one.end], [0, 9])
		assert.equal(one.previous_page_uri, null)
		const two = (await send(one.next_page_uri, { as: 'main' })).is(200).json
		assert.deepEqual([two.page, two.start, two.end], [1, 10, 19])
		for (const uri of [one.uri, one.first_page_uri, one.next_page_uri, two.uri, two.previous_page_uri, two.next_page_uri]) {
			const q = new URL(uri, env.BASE_URL).searchParams
			assert.equal(q.get('Category'), 'calls')
			assert.ok(q.get('StartDate') && q.get('EndDate') && q.get('IncludeSubaccounts') === 'false', uri)
			assert.equal(q.get('PageSize'), '10')
			assert.ok(q.has('Page'))
			assert.ok(uri.startsWith(`/2010-04-01/Accounts/${sids.main}/Usage/Records/Daily.json?`))
		}
		assert.deepEqual((await send(two.previous_page_uri, { as: 'main' })).is(200).json.usage_records.map(r => r.start_date), one.usage_records.map(r => r.start_date))
		assert.deepEqual((await send(two.first_page_uri, { as: 'main' })).is(200).json.usage_records.map(r => r.start_date), one.usage_records.map(r => r.start_date))
	})
	test('a token that was tampered with is refused', async () => {
		const one = (await send(`${records(sids.main, 'Daily')}.json?PageSize=10`, { as: 'main' })).is(200).json
		const uri = new URL(one.next_page_uri, env.BASE_URL)
		const token = uri.searchParams.get('PageToken')
		const middle = token.length >> 1
		for (const bad of [token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1), token.slice(0, -4), 'x', `${token}AAAA`]) {
			uri.searchParams.set('PageToken', bad)
			const a = (await send(uri.pathname + uri.search, { as: 'main' })).is(400)
			assert.match(a.json.message, /PageToken/)
		}
		uri.searchParams.delete('PageToken')
		assert.equal((await send(uri.pathname + uri.search, { as: 'main' })).is(400).json.code, 70002)
	})
	test('events that arrive between two pages make no record come twice or not at all', async () => {
		const account = await newAccount('pages')
		const event = (id, category, time) => ({ specversion: '1.0', type: 'usage', source: '/e2e/pages', id: `${account.sid} ${id}`, subject: account.sid, time, data: { category, count: 1, usage: '1', price: '0.5' } })
		const write = async events => {
			const a = (await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/cloudevents-batch+json' }, body: JSON.stringify(events) })).is(200)
			assert.equal(a.json.created, events.length, a.text)
		}
		const auth = basic(account.sid, account.token)
		const today = day(new Date())
		await write(['calls-outbound', 'sms-outbound-longcode'].map((c, i) => event(`before-${i}`, c, `${plusDays(today, -6)}T10:00:00Z`)))
		const range = `StartDate=${plusDays(today, -6)}&EndDate=${plusDays(today, -2)}`
		const seen = []
		let next = `${records(account.sid, 'Daily')}.json?${range}&PageSize=9`
		for (let page = 0; next; page++) {
			const a = (await send(next, { auth })).is(200)
			seen.push(...a.json.usage_records.map(r => `${r.category} ${r.start_date}`))
			next = a.json.next_page_uri
			/* a category that this account never had, in a slot that was read and in one that is still to come */
			if (page === 2)
				await write([event('between-1', 'calls-inbound-local', `${plusDays(today, -2)}T11:00:00Z`), event('between-2', 'studio-engagements', `${plusDays(today, -4)}T11:00:00Z`)])
		}
		assert.equal(new Set(seen).size, seen.length, 'a record came twice')
		for (const name of metered)
			for (let back = 2; back <= 6; back++)
				assert.ok(seen.includes(`${name} ${plusDays(today, -back)}`), `${name} ${back} days ago was skipped`)
	})
})

describe('shapes that SDKs insist on', () => {
	const pageKeys = ['end', 'first_page_uri', 'next_page_uri', 'page', 'page_size', 'previous_page_uri', 'start', 'uri', 'usage_records']
	const recordKeys = ['account_sid', 'api_version', 'as_of', 'category', 'count', 'count_unit', 'description', 'end_date', 'price', 'price_unit',
		'start_date', 'subresource_uris', 'uri', 'usage', 'usage_unit']

	for (const name of ['', ...resources])
		test(`${name || 'Records'}: keys and types of the page and of each record`, async () => {
			const a = (await send(`${records(sids.main, name)}.json`, { as: 'main' })).is(200)
			const page = a.json
			assert.equal(a.headers['content-type'].split(';')[0], 'application/json')
			assert.deepEqual(Object.keys(page).sort(), pageKeys)
			for (const k of ['end', 'page', 'page_size', 'start'])
				assert.ok(Number.isInteger(page[k]), k)
			for (const k of ['first_page_uri', 'uri'])
				assert.match(page[k], /^\/2010-04-01\/.*\.json\?.*PageSize=50&Page=0/, k)
			for (const k of ['next_page_uri', 'previous_page_uri'])
				assert.ok(page[k] === null || /^\/2010-04-01\/.*\.json\?/.test(page[k]), k)
			for (const r of page.usage_records) {
				assert.deepEqual(Object.keys(r).sort(), recordKeys)
				assert.equal(r.account_sid, sids.main)
				assert.equal(r.api_version, '2010-04-01')
				assert.match(r.as_of, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
				assert.ok(r.count === null || /^\d+$/.test(r.count), `count ${r.count}`)
				assert.match(r.usage, /^\d+(\.\d+)?$/)
				assert.equal(typeof r.price, 'number')
				assert.match(r.price_unit, /^[a-z]{3}$/)
				assert.match(r.start_date, /^\d{4}-\d\d-\d\d$/)
				assert.match(r.end_date, /^\d{4}-\d\d-\d\d$/)
				for (const k of ['category', 'description', 'count_unit', 'usage_unit'])
					assert.equal(typeof r[k], 'string', k)
				assert.ok(r.subresource_uris !== null && !Array.isArray(r.subresource_uris))
				assert.deepEqual(r.subresource_uris, Object.fromEntries(Object.entries(linkNames).map(([k, n]) => [k, `${records(sids.main, n)}.json?Category=${r.category}`])))
			}
			if (!descriptionsMissing)
				assert.ok(checkDescription(a), 'no description of this path')
		})

	test('totalprice has a price for usage and nothing to count', async () => {
		const a = (await send(`${records(sids.main)}.json?Category=totalprice`, { as: 'main' })).is(200)
		const [r] = a.exact.usage_records
		assert.equal(r.count, null)
		assert.equal(r.count_unit, '')
		assert.equal(r.usage, r.price)
		assert.equal(r.usage_unit, r.price_unit)
		assert.ok(nano(r.price) > 0n)
	})
	test('published descriptions and units are used', async () => {
		const [r] = await client.usage.records.list({ category: 'calls-inbound' })
		assert.deepEqual([r.description, r.countUnit, r.usageUnit], ['Inbound Voice Minutes', 'calls', 'minutes'])
	})
	for (const name of ['', ...resources])
		test(`${name || 'Records'}: every URI of a record gives what it says`, async () => {
			const page = (await send(`${records(sids.main, name)}.json?Category=calls&IncludeSubaccounts=false`, { as: 'main' })).is(200).exact
			const r = page.usage_records[Math.min(1, page.usage_records.length - 1)]
			const itself = (await send(r.uri, { as: 'main' })).is(200).exact.usage_records
			assert.equal(itself.length, 1)
			for (const k of ['category', 'start_date', 'end_date', 'count', 'usage', 'price'])
				assert.equal(itself[0][k], r[k], k)
			for (const uri of Object.values(r.subresource_uris)) {
				const found = (await send(uri, { as: 'main' })).is(200).json.usage_records
				assert.ok(found.length > 0 && found.every(f => f.category === 'calls'), uri)
			}
		})
	test('Usage.json leads to the records', async () => {
		const a = (await send(`/2010-04-01/Accounts/${sids.main}/Usage.json`, { as: 'main' })).is(200)
		const links = Object.values(a.json.subresource_uris)
		assert.ok(links.length > 0)
		for (const uri of links)
			(await send(uri, { as: 'main' })).is(200)
	})
	for (const [status, path, options] of [
		[200, `${records('SID')}.json`, { as: 'main' }], [200, `${records('SID')}.csv`, { as: 'main', method: 'HEAD' }], [200, '/v1/UsageRecords', { as: 'main' }],
		[400, `${records('SID')}?Category=nothing`, { as: 'main' }], [401, `${records('SID')}.json`, {}], [403, `${records('SID')}.json`, { as: 'ingest' }],
		[404, `${records(sids.unknown)}.json`, { as: 'main' }], [404, '/2010-04-01/nothing', { as: 'main' }], [404, '/v1/nothing', { as: 'main' }],
		[405, `${records('SID')}.json`, { as: 'main', method: 'DELETE' }], [406, records('SID'), { as: 'main', headers: { Accept: 'image/png' } }],
		[405, `${records('SID')}.json`, { as: 'main', method: 'TRACE' }], [413, `${records('SID')}.json`, { as: 'main', method: 'POST', body: 'x'.repeat(8500000) }],
	])
		test(`${options.method ?? 'GET'} ${path}: ${status} names its request, and so does the log`, async () => {
			const a = (await send(path.replace('SID', sids.main), options)).is(status)
			assert.match(a.headers['twilio-request-id'] ?? '', /^RQ[0-9a-f]{32}$/)
			const id = a.headers['twilio-request-id'].slice(2)
			/* nginx writes its line after the answer */
			for (let i = 0; ; i++) {
				const logs = ['usaged.log', 'access.log'].map(f => readFileSync(join(dirname(config), f), 'utf8').slice(-200000)).join('')
				if (logs.includes(id))
					break
				assert.ok(i < 100, `${id} is in no log`)
				await new Promise(done => setTimeout(done, 20))
			}
		})
})

describe('parents, subaccounts and sums', () => {
	let subaccounts
	before(async () => { subaccounts = await subaccountsOf(sids.main) })

	const byCategory = list => Object.fromEntries(list.map(r => [r.category, r]))
	const totals = list => {
		const found = {}
		for (const r of list) {
			const t = found[r.category] ??= { count: 0n, usage: 0n, price: 0n }
			t.count += r.count === null ? 0n : nano(r.count)
			t.usage += nano(r.usage)
			t.price += nano(r.price)
		}
		return found
	}

	test('parents hold their children', async () => {
		const found = totals(await allRecords(`${records(sids.main)}.json?PageSize=1000`))
		const parents = { calls: ['calls-inbound', 'calls-outbound'], 'calls-inbound': ['calls-inbound-local', 'calls-inbound-mobile', 'calls-inbound-tollfree'],
			sms: ['sms-inbound', 'sms-outbound'], mms: ['mms-inbound', 'mms-outbound'] }
		for (const [parent, children] of Object.entries(parents))
			for (const what of ['count', 'price'])
				assert.equal(found[parent][what], children.reduce((n, c) => n + found[c][what], 0n), `${what} of ${parent}`)
		assert.ok(found.calls.count > 0n && found.sms.count > 0n)
	})
	test('a main account includes its subaccounts unless told not to', async () => {
		assert.ok(subaccounts.length >= 2 && subaccounts.includes(sids.sub))
		const all = byCategory(await allRecords(`${records(sids.main)}.json?PageSize=1000`))
		const parts = [totals(await allRecords(`${records(sids.main)}.json?IncludeSubaccounts=false&PageSize=1000`))]
		for (const sid of subaccounts)
			parts.push(totals(await allRecords(`${records(sid)}.json?PageSize=1000`)))
		for (const [category, r] of Object.entries(all)) {
			assert.equal(r.account_sid, sids.main)
			for (const what of ['count', 'usage', 'price'])
				assert.equal(r[what] === null ? 0n : nano(r[what]), parts.reduce((n, p) => n + (p[category]?.[what] ?? 0n), 0n), `${what} of ${category}`)
		}
		assert.notEqual(nano(all.totalprice.price), parts[0].totalprice.price)
	})
	test('a subaccount sees itself alone, through the SDK too', async () => {
		const own = redirected(env.SUBACCOUNT_SID, env.SUBACCOUNT_AUTH_TOKEN)
		const [mine] = await own.usage.records.list({ category: 'calls' })
		const [seen] = await client.api.v2010.accounts(sids.sub).usage.records.list({ category: 'calls' })
		assert.deepEqual(numbers(mine), numbers(seen))
		for (const sid of [sids.main, sids.other, sids.unknown, ...subaccounts.filter(s => s !== sids.sub)])
			await assert.rejects(own.api.v2010.accounts(sid).usage.records.list(), e => e.status === 404 && e.code === 20404)
	})
	test('a key of the main account does not reach its subaccounts', async () => {
		const { SID, SECRET } = valuesOf(await usaged('key', 'add', '--role', 'Key', '--account', sids.main))
		const keyed = twilio(SID, SECRET, { accountSid: sids.main })
		keyed.api.baseUrl = env.BASE_URL
		assert.ok((await keyed.usage.records.list({ category: 'calls' })).length === 1)
		await assert.rejects(keyed.api.v2010.accounts(sids.sub).usage.records.list(), e => e.status === 404 && e.code === 20404)
		await usaged('key', 'revoke', SID)
		await assert.rejects(keyed.usage.records.list({ category: 'calls' }), e => e.status === 401 && e.code === 20003)
	})

	for (const zone of [undefined, 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe'])
		test(`Daily, Monthly, Yearly, AllTime and Records agree for main accounts alone and for every subaccount in ${zone ?? 'GMT'}`, async () => {
			for (const sid of [sids.main, sids.other, ...subaccounts]) {
				const filter = `&IncludeSubaccounts=false${zone ? `&TimeZone=${encodeURIComponent(zone)}` : ''}`
				const get = async name => totals(await allRecords(`${records(sid, name)}.json?PageSize=1000${filter}`, 'adminBearer'))
				const all = await get('AllTime')
				assert.ok(all.totalprice.price > 0n)
				for (const name of ['', 'Daily', 'Monthly', 'Yearly'])
					assert.deepEqual(await get(name), all, `${name || 'Records'} of ${sid}`)
			}
		})
	for (const zone of [undefined, 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe'])
		for (const who of ['main', 'sub', 'other'])
			test(`Daily, Monthly, Yearly, AllTime and Records agree for ${who} in ${zone ?? 'GMT'}`, async () => {
				const filter = zone ? `&TimeZone=${encodeURIComponent(zone)}` : ''
				const get = async name => totals(await allRecords(`${records(sids[who], name)}.json?PageSize=1000${filter}`, who))
				const all = await get('AllTime')
				assert.ok(all.totalprice.price > 0n)
				for (const name of ['', 'Daily', 'Monthly', 'Yearly'])
					assert.deepEqual(await get(name), all, name || 'Records')
			})
	test('a time zone moves usage between days, not out of them', async () => {
		const gmt = await allRecords(`${records(sids.main, 'Daily')}.json?Category=calls&PageSize=1000`)
		const there = await allRecords(`${records(sids.main, 'Daily')}.json?Category=calls&PageSize=1000&TimeZone=Asia/Kathmandu`)
		assert.equal(sum(gmt.map(r => r.count)), sum(there.map(r => r.count)))
		assert.notDeepEqual(gmt.slice(5, 35).map(r => r.count), there.slice(5, 35).map(r => r.count))
	})
	test('the price of a subaccount in another currency is in its own records alone', async () => {
		const main = await newAccount('dollars'), sub = async currency => valuesOf(await usaged('account', 'add', '--name', `${currency} ${main.sid}`, '--parent', main.sid, '--currency', currency)).SID
		const accounts = { usd: main.sid, dollars: await sub('usd'), euros: await sub('eur') }, time = new Date().toISOString()
		const events = Object.values(accounts).map((subject, i) => JSON.stringify({ specversion: '1.0', type: 'usage', source: '/currencies', id: `${subject} ${i}`, subject, time, data: { category: 'sms-inbound', usage: '1', price: String(10 ** i) } }))
		assert.equal((await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/x-ndjson' }, body: events.join('\n') })).is(200).json.created, 3)
		const read = async (account, category, resource, more = '') => (await send(`${records(account, resource)}.json?Category=${category}${more}`, { as: 'admin' })).is(200).json.usage_records.map(r => [r.count, r.usage, String(r.price), r.price_unit])[0]
		for (const resource of ['', 'Today', 'Daily', 'Monthly']) {
			assert.deepEqual(await read(main.sid, 'sms', resource), ['3', '3', '11', 'usd'], resource)
			assert.deepEqual(await read(main.sid, 'totalprice', resource), [null, '11', '11', 'usd'], resource)
		}
		assert.deepEqual(await read(main.sid, 'sms', 'Today', '&IncludeSubaccounts=false'), ['1', '1', '1', 'usd'])
		assert.deepEqual(await read(accounts.euros, 'sms', 'Today'), ['1', '1', '100', 'eur'])
		const page = (await send(`${records(main.sid, 'Today')}`, { as: 'admin', headers: { Accept: 'text/html' } })).is(200).text
		assert.match(page, /11\.00[^]*usd/)
		assert.ok(!page.includes('111.00'))
	})
})

describe('categories', () => {
	const amounts = r => [r.count, r.usage, r.price]
	let catalogue
	before(async () => {
		catalogue = (await usaged('category', 'list')).split('\n').filter(l => l).map(l => l.split('\t'))
			.map(([name, parent, metered, countUnit, usageUnit, description]) => ({ name, parent: parent === '-' ? null : parent, countUnit, usageUnit, description }))
	})

	test('the catalogue has the published names, parents, words and units', { skip: descriptionsMissing }, () => {
		const ours = new Map(catalogue.map(c => [c.name, c]))
		const published = JSON.parse(readFileSync(join(contracts, 'twilio_categories.json'), 'utf8'))
		let compared = 0
		for (const c of Array.isArray(published) ? published : published.categories) {
			if (c.status === 'removed' || ['category', 'demo', 'test-uc-script-1'].includes(c.category))
				continue
			const own = ours.get(c.category)
			assert.ok(own, `${c.category} is missing`)
			if (c.parent)
				assert.equal(own.parent, c.parent, c.category)
			/* the unit of totalprice is the account's currency, not the catalogue's */
			if (c.description && c.category !== 'totalprice')
				assert.deepEqual([own.description, own.countUnit, own.usageUnit], [c.description, c.count_unit, c.usage_unit], c.category)
			compared++
		}
		assert.ok(compared > 600)
	})
	test('every parent of the sample is the sum of its children, alone and with subaccounts', async () => {
		for (const filter of ['', '&IncludeSubaccounts=false']) {
			const found = new Map((await allRecords(`${records(sids.main)}.json?PageSize=1000${filter}`)).map(r => [r.category, r]))
			let parents = 0
			for (const name of found.keys()) {
				const children = catalogue.filter(c => c.parent === name)
				if (!children.length)
					continue
				parents++
				for (const [i, what] of ['count', 'usage', 'price'].entries())
					assert.equal(nano(amounts(found.get(name))[i]), sum(children.map(c => found.get(c.name)?.[what] ?? '0')), `${what} of ${name}`)
			}
			assert.ok(parents >= 8)
		}
	})
	test('what is used of a parent itself counts there too, and totalprice has it once', async () => {
		const account = await newAccount('parents')
		const used = { calls: 2, 'calls-inbound': 3, 'calls-inbound-local': 5, 'calls-outbound': 7, lookups: 11 }
		const events = Object.entries(used).map(([category, n]) => ({ specversion: '1.0', type: 'usage', source: '/e2e/parents', id: `${account.sid} ${category}`, subject: account.sid,
			time: new Date().toISOString(), data: { category, count: n, usage: `${n}.5`, price: `0.${n}` } }))
		assert.equal((await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(events) })).is(200).json.created, events.length)
		const found = new Map((await send(`${records(account.sid)}.json?PageSize=1000`, { auth: basic(account.sid, account.token) })).is(200).exact.usage_records.map(r => [r.category, r]))
		for (const [name, expected] of Object.entries({ calls: ['17', '19', '1.7'], 'calls-inbound': ['8', '9', '0.8'], 'calls-inbound-local': ['5', '5.5', '0.5'],
			'calls-inbound-mobile': ['0', '0', '0'], 'calls-outbound': ['7', '7.5', '0.7'], totalprice: [null, '1.81', '1.81'] }))
			assert.deepEqual(amounts(found.get(name)), expected, name)
		const total = found.get('totalprice')
		assert.deepEqual([total.count_unit, total.usage_unit, total.price_unit], ['', 'usd', 'usd'])
	})
	for (const suffix of ['.json', '', '.csv'])
		test(`an unknown one is 400 and 20001 with its name, as ${suffix || 'XML'}`, async () => {
			const a = (await send(`${records(sids.main, 'Monthly')}${suffix}?Category=calls-to-%3Cmars%3E`, { as: 'main' })).is(400)
			assert.match(a.text, /20001/)
			assert.match(a.text, suffix === '' ? /calls-to-&lt;mars&gt;/ : /calls-to-<mars>/)
		})
})

describe('days where the clocks change', () => {
	const offset = (zone, ms) => Date.parse(new Date(ms).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T') + 'Z') - ms
	const quarter = 900000, dayMs = 86400000

	// UTC days of the last thirteen months in which ZONE's offset changes.
	function changes(zone) {
		const today = Date.parse(day(new Date())), found = []
		for (let t = today - 396 * dayMs; t < today - 4 * dayMs; t += dayMs)
			if (offset(zone, t) !== offset(zone, t + dayMs))
				found.push(t)
		return found
	}

	for (const [zone, lengths] of [['America/New_York', [23, 25]], ['Australia/Lord_Howe', [23.5, 24.5]], ['Asia/Kathmandu', []]])
		test(`an event every quarter of an hour in ${zone}`, async () => {
			const account = await newAccount(zone)
			const auth = basic(account.sid, account.token), dateOf = dateIn(zone)
			const found = changes(zone), middles = found.length ? found : [Date.parse(day(new Date())) - 40 * dayMs]
			const filter = `TimeZone=${encodeURIComponent(zone)}`
			const expected = {}
			assert.equal(found.length > 0, lengths.length > 0)
			for (const middle of middles) {
				const events = []
				for (let t = middle - 2 * dayMs; t < middle + 3 * dayMs; t += quarter) {
					events.push({ specversion: '1.0', type: 'usage', source: '/e2e/clocks', id: `${account.sid} ${t}`, subject: account.sid, time: new Date(t).toISOString(),
						data: { category: 'ai-minutes', count: 1, usage: '1' } })
					expected[dateOf(t)] = (expected[dateOf(t)] ?? 0) + 1
				}
				assert.equal((await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(events) })).is(200).json.created, events.length)
			}
			for (const hours of lengths)
				assert.ok(Object.values(expected).includes(hours * 4), `no day of ${hours} hours`)
			const daily = await allOf(`${records(account.sid, 'Daily')}.json?Category=ai-minutes&PageSize=1000&${filter}`, auth)
			assert.deepEqual(Object.fromEntries(daily.filter(r => r.count !== '0').map(r => [r.start_date, +r.count])), expected)
			assert.equal(new Set(daily.map(r => r.start_date)).size, daily.length)
			const monthly = await allOf(`${records(account.sid, 'Monthly')}.json?Category=ai-minutes&${filter}`, auth)
			const months = {}
			for (const [date, n] of Object.entries(expected))
				months[date.slice(0, 7)] = (months[date.slice(0, 7)] ?? 0) + n
			assert.deepEqual(Object.fromEntries(monthly.filter(r => r.count !== '0').map(r => [r.start_date.slice(0, 7), +r.count])), months)
			for (const [date, n] of Object.entries(expected)) {
				const range = `StartDate=${date}&EndDate=${date}&AccountId=${account.sid}&${filter}`
				const lines = (await send(`/billing/usage.json?${range}`, { as: 'admin' })).is(200).json
				assert.deepEqual(lines.filter(l => l.category === 'ai-minutes').map(l => [l.startDate, l.endDate, l.count]), [[date, date, n]])
				const ai = (await send(`/ai/usage.json?${range}`, { as: 'admin' })).is(200).json
				assert.deepEqual(ai.accountUsage.map(a => a.aiMinutes), [n], date)
			}
		})

	async function allOf(path, auth) {
		const found = []
		for (let next = path; next;) {
			const page = (await send(next, { auth })).is(200).json
			found.push(...page.usage_records)
			next = page.next_page_uri
		}
		return found
	}
})

describe('prices as strings, by the setting', () => {
	const strings = join(dirname(config), `strings-${process.pid}.conf`)
	before(() => writeFileSync(strings, `${readFileSync(config, 'utf8')}\n[twilio]\nprice_as_string = yes\n`))
	after(() => rmSync(strings))

	// One request to a worker of that setting, as plain CGI.
	const ask = uri => {
		const { status, stdout, stderr } = spawnSync(program, ['--config', strings, 'serve'], { encoding: 'utf8', maxBuffer: 1 << 26,
			env: { REQUEST_METHOD: 'GET', REQUEST_URI: uri, HTTP_AUTHORIZATION: callers.main, HTTP_HOST: baseUrl.host, HTTPS: 'on' } })
		assert.equal(status, 0, stderr)
		assert.match(stdout, /^Status: 200 /)
		return stdout.slice(stdout.indexOf('\r\n\r\n') + 4)
	}
	const timeless = list => list.map(({ as_of, ...rest }) => rest)

	for (const name of ['', ...resources])
		test(`${name || 'Records'} differs in nothing but the quotes of price`, async () => {
			const uri = `${records(sids.main, name)}.json?StartDate=-40days&EndDate=-1days&PageSize=200`
			const page = JSON.parse(ask(uri))
			assert.ok(page.usage_records.every(r => typeof r.price === 'string' && /^\d+(\.\d*[1-9])?$/.test(r.price)))
			/* a Python client takes the one key that is none of these for the records */
			const paging = ['end', 'first_page_uri', 'last_page_uri', 'next_page_uri', 'num_pages', 'page', 'page_size', 'previous_page_uri', 'start', 'total', 'uri']
			assert.deepEqual(Object.keys(page).filter(k => !paging.includes(k)), ['usage_records'])
			const plain = (await send(uri, { as: 'main' })).is(200)
			assert.deepEqual(timeless(page.usage_records), timeless(plain.exact.usage_records))
			assert.ok(plain.json.usage_records.every(r => typeof r.price === 'number'))
		})
	test('Super SIM: data_total_billed is a string, the bytes stay numbers', async () => {
		const uri = `/v1/UsageRecords?Group=sim&EndTime=${day(new Date())}T00%3A00%3A00Z`
		const { usage_records: list, meta } = JSON.parse(ask(uri))
		const plain = (await send(uri, { as: 'main' })).is(200)
		assert.ok(list.length > 0 && list.every(r => typeof r.data_total_billed === 'string' && Number.isInteger(r.data_total)))
		assert.deepEqual(list.map(r => r.data_total_billed), plain.exact.usage_records.map(r => r.data_total_billed))
		assert.ok(plain.json.usage_records.every(r => typeof r.data_total_billed === 'number'))
		assert.deepEqual(meta, plain.json.meta)
	})
	test('XML and CSV are the same either way', async () => {
		for (const suffix of ['.xml', '.csv']) {
			const without = text => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00/g, '')
			const uri = `${records(sids.main, 'LastMonth')}${suffix}`
			assert.equal(without(ask(uri)), without((await send(uri, { as: 'main' })).is(200).text))
		}
	})
})

describe('errors', () => {
	const fails = (promise, status, code, message) => assert.rejects(promise, e => {
		assert.equal(e.constructor.name, 'RestException')
		assert.equal(e.status, status)
		assert.equal(e.code, code)
		assert.equal(e.moreInfo, `https://www.twilio.com/docs/errors/${code}`)
		assert.match(e.message, message)
		return true
	})

	test('wrong credentials are 401', () => fails(redirected(env.ACCOUNT_SID, 'a'.repeat(32)).usage.records.list(), 401, 20003, /./))
	test('an unknown account is 404', () => fails(client.api.v2010.accounts(sids.unknown).usage.records.list(), 404, 20404, /The requested resource .* was not found/))
	test('a foreign account is the same 404', () => fails(client.api.v2010.accounts(sids.other).usage.records.list(), 404, 20404, /The requested resource .* was not found/))
	test('a bad date is 400 and names the parameter', () => fails(client.usage.records.list({ startDate: '2026-02-30' }), 400, 20001, /StartDate/))
	test('an end before the start is 404', () => fails(client.usage.records.list({ startDate: '2026-03-02', endDate: '2026-03-01' }), 404, 20404, /./))
	test('an unknown category is 400 and named', () => fails(client.usage.records.daily.list({ category: 'calls-to-the-moon' }), 400, 20001, /calls-to-the-moon/))
	test('a page size of 0 is 400', async () => {
		const a = (await send(`${records(sids.main)}.json?PageSize=0`, { as: 'main' })).is(400)
		assert.match(a.json.message, /PageSize/)
		assert.equal(a.json.status, 400)
	})
	test('a method that is not there is 405 and says which are', async () => {
		const a = (await send(`${records(sids.main)}.json`, { as: 'main', method: 'DELETE' })).is(405)
		assert.equal(a.json.code, 20004)
		assert.match(a.headers.allow, /GET/)
	})
	test('XML errors are a RestException', async () => {
		const root = (await send(records(sids.unknown), { as: 'main' })).is(404).xml
		assert.equal(root.localName, 'TwilioResponse')
		assert.equal(root.getElementsByTagName('RestException')[0].getElementsByTagName('Code')[0].textContent, '20404')
		assert.equal(root.getElementsByTagName('Status')[0].textContent, '404')
	})
	test('401 says how to sign in', async () => {
		const a = (await send(`${records(sids.main)}.json`)).is(401)
		assert.equal(a.headers['www-authenticate'], 'Basic realm="Twilio API"')
	})
})

describe('Super SIM', () => {
	const usage = client.supersim.v1.usageRecords
	const dimensions = { sim: 'simSid', fleet: 'fleetSid', network: 'networkSid', isoCountry: 'isoCountry' }
	const granularities = { hour: 3600, day: 86400 }
	const range = { endTime: undefined, startTime: undefined }
	const data = list => ['dataUpload', 'dataDownload', 'dataTotal'].map(k => list.reduce((n, r) => n + BigInt(r[k]), 0n))
	const billed = list => sum(list.map(r => r.dataTotalBilled))
	const time = text => Date.parse(text) / 1000

	before(() => {
		const today = day(new Date())
		range.endTime = new Date(`${today}T00:00:00Z`)
		range.startTime = new Date(`${plusDays(today, -30)}T00:00:00Z`)
	})

	for (const group of [undefined, ...Object.keys(dimensions)])
		for (const granularity of ['all', 'day', 'hour'])
			test(`by ${group ?? 'nothing'}, granularity ${granularity}`, async () => {
				const all = await usage.list({ ...range })
				const list = await usage.list({ ...range, group, granularity, pageSize: 200 })
				assert.deepEqual(data(list), data(all))
				assert.ok(data(list)[2] > 0n)
				for (const r of list) {
					const [from, to] = [time(r.period.start_time), time(r.period.end_time)]
					if (granularity === 'all')
						assert.deepEqual([from, to], [range.startTime / 1000, range.endTime / 1000])
					else
						assert.deepEqual([to - from, from % granularities[granularity]], [granularities[granularity], 0])
					for (const [name, member] of Object.entries(dimensions))
						assert.equal(r[member] !== null, name === group, `${member} with Group ${group}`)
					assert.equal(r.dataTotal, r.dataUpload + r.dataDownload)
				}
				const starts = list.map(r => time(r.period.start_time))
				assert.deepEqual(starts, [...starts].sort((a, b) => b - a), 'newest first')
				const keys = list.map(r => [r.period.start_time, ...Object.values(dimensions).map(m => r[m])].join())
				assert.equal(new Set(keys).size, keys.length)
				if (group && granularity === 'all')
					assert.ok(list.length >= { sim: 6, fleet: 2, network: 3, isoCountry: 3 }[group])
			})

	test('filters and groups add up, and fill both members', async () => {
		const countries = await usage.list({ ...range, group: 'isoCountry' })
		for (const { isoCountry, dataTotal } of countries) {
			const sims = await usage.list({ ...range, group: 'sim', isoCountry })
			assert.equal(data(sims)[2], BigInt(dataTotal))
			assert.ok(sims.every(r => r.isoCountry === isoCountry && /^HS[0-9a-f]{32}$/i.test(r.simSid)))
		}
		for (const [group, member, filter] of [['sim', 'simSid', 'sim'], ['fleet', 'fleetSid', 'fleet'], ['network', 'networkSid', 'network']])
			for (const r of await usage.list({ ...range, group })) {
				const [one] = await usage.list({ ...range, [filter]: r[member] })
				assert.equal(one.dataTotal, r.dataTotal)
				assert.equal(one[member], r[member])
			}
	})
	test('small pages give every record once', async () => {
		const whole = await usage.list({ ...range, group: 'sim', granularity: 'day', pageSize: 1000 })
		const small = await usage.list({ ...range, group: 'sim', granularity: 'day', pageSize: 7 })
		const key = r => `${r.period.start_time} ${r.simSid}`
		assert.deepEqual(small.map(key), whole.map(key))
	})
	test('meta has absolute addresses of this server, with every filter', async () => {
		const a = (await send('/v1/UsageRecords?Group=sim&Granularity=day&IsoCountry=FR&PageSize=2', { as: 'main' })).is(200)
		assert.deepEqual(Object.keys(a.json).sort(), ['meta', 'usage_records'])
		assert.deepEqual(Object.keys(a.json.meta).sort(), ['first_page_url', 'key', 'next_page_url', 'page', 'page_size', 'previous_page_url', 'url'])
		assert.equal(a.json.meta.key, 'usage_records')
		assert.equal(a.json.meta.previous_page_url, null)
		for (const url of [a.json.meta.url, a.json.meta.first_page_url, a.json.meta.next_page_url ?? a.json.meta.url]) {
			assert.ok(url.startsWith(`${env.BASE_URL}/v1/UsageRecords?`), url)
			const q = new URL(url).searchParams
			assert.deepEqual(['Group', 'Granularity', 'IsoCountry', 'PageSize'].map(k => q.get(k)), ['sim', 'day', 'FR', '2'])
		}
		if (!descriptionsMissing)
			assert.ok(checkDescription(a))
	})
	test('keys and types of a record', async () => {
		const a = (await send('/v1/UsageRecords?Group=sim', { as: 'main' })).is(200)
		assert.ok(a.json.usage_records.length > 0)
		for (const r of a.json.usage_records) {
			assert.deepEqual(Object.keys(r).sort(), ['account_sid', 'billed_unit', 'data_download', 'data_total', 'data_total_billed', 'data_upload', 'fleet_sid',
				'iso_country', 'network_sid', 'period', 'sim_sid'])
			for (const k of ['data_upload', 'data_download', 'data_total'])
				assert.ok(Number.isInteger(r[k]), k)
			assert.ok(['string', 'number'].includes(typeof r.data_total_billed))
			assert.ok(r.billed_unit === null || /^[A-Z]{3}$/.test(r.billed_unit))
			assert.match(r.period.start_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
		}
	})
	test('what is billed adds up', async () => {
		assert.equal(billed(await usage.list({ ...range, group: 'sim', granularity: 'day' })), billed(await usage.list({ ...range })))
	})
	test('without times the range ends now and begins a month before, at a full hour', async () => {
		const asked = Math.floor(Date.now() / 1000), [r] = await usage.list(), end = time(r.period.end_time)
		assert.ok(end >= asked - 1 && end <= Date.now() / 1000 + 1, r.period.end_time)
		assert.equal(time(r.period.start_time) % 3600, 0)
		const before = new Date(end * 1000)
		before.setUTCMonth(before.getUTCMonth() - 1)
		if (before.getUTCDate() === new Date(end * 1000).getUTCDate())
			assert.ok(time(r.period.start_time) - before / 1000 >= 0 && time(r.period.start_time) - before / 1000 < 3600)
	})
	test('the end is exclusive: two halves make a whole', async () => {
		const middle = new Date(range.endTime - 10 * 86400000)
		const [whole] = await usage.list({ ...range })
		const halves = [...await usage.list({ ...range, endTime: middle }), ...await usage.list({ ...range, startTime: middle })]
		assert.deepEqual(data(halves), data([whole]))
	})
	test('another account has its own SIMs only', async () => {
		const own = await redirected(env.SUBACCOUNT_SID, env.SUBACCOUNT_AUTH_TOKEN).supersim.v1.usageRecords.list({ ...range })
		assert.ok(own.every(r => r.accountSid === sids.sub))
	})

	test('SIMs that turn up between two pages make no record come twice or not at all', async () => {
		const account = await newAccount('sim pages')
		const auth = basic(account.sid, account.token)
		const sim = n => `HS${String(n).padStart(32, '0')}`
		const days = [4, 3, 2].map(back => plusDays(day(new Date()), -back))
		const write = async sims => {
			const events = days.flatMap(d => sims.map(n => ({ specversion: '1.0', type: 'usage', source: '/e2e/sims', id: `${account.sid} ${d} ${n}`, subject: account.sid,
				time: `${d}T10:00:00Z`, data: { category: 'sim-data', sim: sim(n), data_upload: 1, data_download: 1 } })))
			assert.equal((await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(events) })).is(200).json.created, events.length)
		}
		const old = [20, 30, 40, 50, 60]
		await write(old)
		const seen = []
		let next = `/v1/UsageRecords?Group=sim&Granularity=day&PageSize=2&StartTime=${days[0]}T00%3A00%3A00Z&EndTime=${plusDays(days[2], 1)}T00%3A00%3A00Z`
		for (let page = 0; next; page++) {
			const a = (await send(next, { auth })).is(200).json
			seen.push(...a.usage_records.map(r => `${r.period.start_time.slice(0, 10)} ${r.sim_sid}`))
			next = a.meta.next_page_url?.slice(env.BASE_URL.length)
			/* before, among and behind those of the page */
			if (page < 3)
				await write([10 + page, 30 + 5 - page, 70 + page])
		}
		assert.equal(new Set(seen).size, seen.length, 'a record came twice')
		assert.deepEqual(days.flatMap(d => old.map(n => `${d} ${sim(n)}`)).filter(k => !seen.includes(k)), [])
	})
	test('names that no SIM should have come back as they are, in JSON, XML and CSV, and can be asked for', async () => {
		const account = await newAccount('odd names')
		const auth = basic(account.sid, account.token)
		const odd = ['<b>&amp;"\'', 'a, b;\u00a0c', '=1+1', '\u{1f4f1}\u00e9', '%2B+ %'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
		const events = odd.map((sim, i) => ({ specversion: '1.0', type: 'usage', source: '/e2e/odd', id: `${account.sid} ${i}`, subject: account.sid, time: `${plusDays(day(new Date()), -3)}T10:00:00Z`,
			data: { category: 'sim-data', sim, data_upload: i, data_download: 1 } }))
		assert.equal((await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(events) })).is(200).json.created, odd.length)
		const get = async (suffix, query) => (await send(`/v1/UsageRecords${suffix}?${query}`, { auth, odd: true })).is(200)
		assert.deepEqual((await get('', 'Group=sim')).json.usage_records.map(r => r.sim_sid), odd)
		assert.deepEqual(Array.from((await get('.xml', 'Group=sim')).xml.getElementsByTagName('SimSid')).map(e => e.textContent), odd)
		assert.equal((await get('.csv', 'Group=sim')).csv.length, odd.length + 1)
		const paged = []
		for (let url = `${env.BASE_URL}/v1/UsageRecords?Group=sim&PageSize=2`; url;) {
			const page = (await send(url.slice(env.BASE_URL.length), { auth, odd: true })).is(200).json
			paged.push(...page.usage_records.map(r => r.sim_sid))
			url = page.meta.next_page_url
		}
		assert.deepEqual(paged, odd)
		for (const [i, sim] of odd.entries()) {
			const [r] = (await get('', `Sim=${encodeURIComponent(sim)}`)).json.usage_records
			assert.deepEqual([r.sim_sid, r.data_upload, r.data_download], [sim, i, 1])
		}
	})
	for (const suffix of ['.json', '.xml', '.csv', '.html'])
		test(`what is no text does no harm in ${suffix}`, async () => {
			for (const bytes of ['%01%0B%1F', '%FF%C0%80', '%EF%BF%BF%EF%BF%BE', '%ED%A0%80', ']]%3E%3C!--'])
				for (const path of [`/v1/UsageRecords${suffix}?Sim=${bytes}`, `/v1/UsageRecords${suffix}?Network=${bytes}`, `${records(sids.main)}${suffix}?Category=${bytes}`,
					`${records(sids.main)}${suffix}?StartDate=${bytes}`, `${records(']]%3E%3C!--')}${suffix}`]) {
					const a = await send(path, { as: 'main' })
					assert.ok([200, 400, 404].includes(a.status), `${path}: ${a.status}`)
					assert.doesNotMatch(a.text, /[\0-\x08\x0b\x0c\x0e-\x1f]/)
					if (suffix === '.json')
						assert.ok(a.json)
					if (suffix === '.xml')
						/* the reader takes U+FFFD, which stands for what XML can't hold, for a mistake */
						assert.equal(parseXml(a.text.replaceAll('\ufffd', '?')).localName, 'TwilioResponse')
					if (suffix === '.csv')
						assert.ok(a.csv.length > 0)
				}
		})

	const at = (days, clock = '00:00:00') => `${plusDays(day(new Date()), -days)}T${clock}Z`
	for (const [what, query, code] of [
		['a granularity that is none', 'Granularity=week', 83600],
		['a group that is none', 'Group=city', 83600],
		['a network that is no SID', 'Network=HW12', 83600],
		['a country that is none', 'IsoCountry=FRA', 83600],
		['an end before the start', `StartTime=${at(3)}&EndTime=${at(4)}`, 83600],
		['a time that is none', 'StartTime=yesterday', 83600],
		['days that do not begin at midnight', `Granularity=day&StartTime=${at(4, '01:00:00')}&EndTime=${at(2)}`, 83601],
		['hours that are not full', `Granularity=hour&StartTime=${at(4, '01:30:00')}&EndTime=${at(2)}`, 83602],
		['more than 31 days by SIM', `Group=sim&StartTime=${at(40)}&EndTime=${at(2)}`, 83603],
		['more than 31 days by the hour', `Granularity=hour&StartTime=${at(40)}&EndTime=${at(2)}`, 83604],
		['more than 3 months by the day', `Granularity=day&StartTime=${at(120)}&EndTime=${at(2)}`, 83604],
		['what is older than 18 months', `StartTime=${at(600)}&EndTime=${at(590)}`, 83605],
	])
		test(`refuses ${what} with ${code}`, async () => {
			const a = (await send(`/v1/UsageRecords?${query}`, { as: 'main' })).is(400)
			assert.equal(a.json.code, code)
			assert.equal(a.json.status, 400)
			assert.ok(a.json.message)
		})
})

test('the SDK\'s headers are enough: nothing but Basic is asked for', async () => {
	(await send(`${records(sids.main)}.json`, { auth: callers.main })).is(200)
})
