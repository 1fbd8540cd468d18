// links.test.mjs - every address that an answer holds can be requested and gives what it says, in the answer's own format.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allRecords, baseUrl, child, children, csvRecords, day, env, parseXml, plusDays, records, send, sids, valueOf } from './harness.mjs'

const today = day(new Date())
const types = { json: 'application/json', xml: 'application/xml', csv: 'text/csv', jsv: 'text/jsv', jsonl: 'text/jsonl', html: 'text/html' }
const linkNames = { all_time: 'AllTime', today: 'Today', yesterday: 'Yesterday', this_month: 'ThisMonth', last_month: 'LastMonth',
	daily: 'Daily', monthly: 'Monthly', yearly: 'Yearly' }

// Paths of this server among texts.
const own = texts => texts.filter(t => typeof t === 'string').map(t => t.startsWith(env.BASE_URL + '/') ? t.slice(env.BASE_URL.length) : t)
	.filter(t => /^\/(2010-04-01|v1|accounts|billing|ai)\b/.test(t))

const leaves = value => value !== null && typeof value === 'object' ? Object.values(value).flatMap(leaves) : [value]
const xmlLeaves = node => [...Array.from(node.attributes ?? []).map(a => a.value),
	...children(node).length ? children(node).flatMap(xmlLeaves) : [node.textContent]]
const unescape = text => text.replace(/&amp;/g, '&').replace(/&#x2F;/g, '/').replace(/&#x3D;/g, '=').replace(/&#39;/g, "'")

const linksOf = {
	json: text => own(leaves(JSON.parse(text))),
	jsonl: text => own(text.split('\n').filter(l => l).flatMap(l => leaves(JSON.parse(l)))),
	xml: text => own(xmlLeaves(parseXml(text))),
	csv: text => own(csvRecords(text).flatMap(leaves)),
	jsv: text => own(text.split(/[{},[\]]|:(?=\/|https)/).map(t => t.replace(/^"|"$/g, ''))),
	html: text => own([...text.matchAll(/\bhref="([^"]*)"/g)].map(m => unescape(m[1]))),
}

const formatOf = answer => Object.keys(types).find(f => types[f] === answer.type)

// Follows the links of an answer and of what they lead to, up to MOST of them. Returns how many were followed.
async function crawl(start, { as, most = 150, sameFormat = true, keeps = {}, check = () => {} }) {
	const first = (await send(start, { as })).is(200)
	const format = formatOf(first)
	const seen = new Set([start]), queue = [first]
	let followed = 0
	while (queue.length) {
		const answer = queue.shift()
		for (const link of linksOf[formatOf(answer)](answer.text)) {
			if (seen.has(link) || followed >= most)
				continue
			seen.add(link)
			followed++
			const next = (await send(link, { as })).is(200)
			if (sameFormat)
				assert.equal(next.type, types[format], `${link}, in ${answer.path}`)
			for (const [name, value] of Object.entries(keeps))
				assert.equal(new URL(link, baseUrl).searchParams.get(name), value, `${name} of ${link}, in ${answer.path}`)
			check(link, next)
			queue.push(next)
		}
	}
	return followed
}

describe('every link can be followed, and keeps format and filters', () => {
	const keeps = { IncludeSubaccounts: 'false', TimeZone: 'Asia/Kathmandu', Category: 'calls' }
	const query = 'Category=calls&StartDate=-9days&IncludeSubaccounts=false&TimeZone=Asia%2FKathmandu&PageSize=3'

	for (const [format, most] of [['json', 120], ['xml', 120], ['csv', 20], ['jsv', 20], ['jsonl', 20]])
		test(`usage records as ${format}`, async () => {
			assert.ok(await crawl(`${records(sids.main, 'Daily')}.${format}?${query}`, { as: 'main', most, keeps }) >= (format === 'csv' || format === 'jsonl' ? 3 : 9))
		})
	test('usage records without a suffix are XML, and their links have none', async () => {
		assert.ok(await crawl(`${records(sids.main, 'Daily')}?${query}`, { as: 'main', most: 60, keeps,
			check: link => assert.match(link, /\/Records(\/\w+)?\?/) }) > 20)
	})
	test('links of XML have no suffix though it was asked for with one', async () => {
		const a = (await send(`${records(sids.main)}.xml?Category=calls`, { as: 'main' })).is(200)
		assert.ok(linksOf.xml(a.text).length > 9)
		for (const link of linksOf.xml(a.text))
			assert.match(link, /\/Records(\/\w+)?\?/)
	})
	test('the format that ?format= or Accept chose is the one of the links', async () => {
		for (const [path, headers] of [[`${records(sids.main)}?format=json&Category=calls`, {}], [`${records(sids.main)}?Category=calls`, { Accept: 'application/json' }]])
			for (const link of linksOf.json((await send(path, { as: 'main', headers })).is(200).text))
				assert.equal((await send(link, { as: 'main' })).is(200).type, 'application/json', link)
	})
	for (const format of ['json', 'xml', 'csv', 'jsv', 'jsonl'])
		test(`Super SIM usage as ${format}`, async () => {
			const filters = { Group: 'sim', Granularity: 'day' }
			const range = `StartTime=${plusDays(today, -5)}T00%3A00%3A00Z&EndTime=${today}T00%3A00%3A00Z`
			const n = await crawl(`/v1/UsageRecords.${format}?${new URLSearchParams(filters)}&${range}&PageSize=2`, { as: 'main', most: 20,
				keeps: { ...filters, StartTime: `${plusDays(today, -5)}T00:00:00Z`, EndTime: `${today}T00:00:00Z` } })
			assert.ok(n > 2 || !['json', 'xml'].includes(format))
		})
	for (const suffix of ['', '.json', '.xml', '.jsv', '.jsonl'])
		test(`/accounts${suffix}`, async () => {
			assert.ok(await crawl(`/accounts${suffix}`, { as: 'main', most: 12 }) >= 6)
		})
	test('of a spreadsheet are whole addresses, and lead to pages', async () => {
		for (const path of ['/accounts.csv', '/events.csv?PageSize=2', '/reports/usage.csv?PageSize=2', '/overview.csv']) {
			const links = [...new Set((await send(path, { as: 'main' })).is(200).csv.slice(1).flat())].filter(cell => /^(https?:\/)?\//.test(cell))
			assert.ok(links.length >= 2, path)
			for (const link of links.slice(0, 4)) {
				assert.equal(new URL(link).origin, baseUrl.origin, `${link}, in ${path}`)
				assert.equal((await send(link.slice(baseUrl.origin.length), { as: 'main' })).is(200).type, 'text/html', link)
			}
		}
	})
	for (const suffix of ['', '.json', '.xml', '.csv'])
		test(`Usage${suffix}`, async () => {
			assert.ok(await crawl(`/2010-04-01/Accounts/${sids.main}/Usage${suffix}`, { as: 'main', most: 12 }) >= 1)
		})
	test('pages for people', async () => {
		assert.ok(await crawl('/accounts.html', { as: 'main', most: 40, sameFormat: false }) > 20)
	})
	test('the address in a line of /billing/usage gives that line', async () => {
		for (const zone of ['', '&TimeZone=America/New_York']) {
			const list = (await send(`/billing/usage?StartDate=${plusDays(today, -40)}&EndDate=${plusDays(today, -2)}${zone}`, { as: 'admin' })).is(200).exact
			assert.ok(list.length > 10)
			for (const line of list.slice(0, 40)) {
				const [r] = (await send(line.uri, { as: 'admin' })).is(200).exact.usage_records
				assert.deepEqual([r.category, r.start_date, r.end_date, r.count ?? '0', r.usage, r.price],
					[line.category, line.startDate, line.endDate, line.count, line.usage, line.price], line.uri)
			}
		}
	})
})

describe('links say what they give', () => {
	const same = ['category', 'account_sid', 'start_date', 'end_date', 'count', 'usage', 'price']
	const only = (r, keys) => Object.fromEntries(keys.map(k => [k, r[k]]))

	for (const name of ['', ...Object.values(linkNames)])
		for (const filters of ['', '&IncludeSubaccounts=false', '&IncludeSubaccounts=true&TimeZone=Australia%2FLord_Howe'])
			test(`${name || 'Records'}${filters}: a record's own address gives just it, the others its category`, async () => {
				const page = (await send(`${records(sids.main, name)}.json?Category=sms${filters}`, { as: 'main' })).is(200).exact
				for (const r of [page.usage_records[0], page.usage_records.at(-1)]) {
					const itself = (await send(r.uri, { as: 'main' })).is(200).exact
					assert.deepEqual(itself.usage_records.map(i => only(i, same)), [only(r, same)])
					for (const [key, resource] of Object.entries(linkNames)) {
						assert.equal(r.subresource_uris[key], `${records(sids.main, resource)}.json?Category=sms${filters}`)
						const asked = (await send(`${records(sids.main, resource)}.json?Category=sms${filters}`, { as: 'main' })).is(200).exact
						const given = (await send(r.subresource_uris[key], { as: 'main' })).is(200).exact
						assert.deepEqual(given.usage_records.map(i => only(i, same)), asked.usage_records.map(i => only(i, same)))
					}
				}
			})
	test('first, this, next and previous page are what they say, on every page', async () => {
		const path = `${records(sids.main, 'Monthly')}.json?StartDate=-5months&PageSize=17`
		const all = await allRecords(path)
		const slice = (page, n) => all.slice(page * n, page * n + n).map(r => r.uri)
		const get = async uri => (await send(uri, { as: 'main' })).is(200).json
		let page = await get(path)
		for (let i = 0; ; i++) {
			const uris = list => list.usage_records.map(r => r.uri)
			assert.deepEqual(uris(page), slice(i, 17))
			assert.deepEqual([page.page, page.start, page.end], [i, i * 17, i * 17 + uris(page).length - 1])
			assert.deepEqual(uris(await get(page.uri)), uris(page))
			assert.deepEqual(uris(await get(page.first_page_uri)), slice(0, 17))
			assert.equal(page.previous_page_uri === null, i === 0)
			if (i > 0)
				assert.deepEqual(uris(await get(page.previous_page_uri)), slice(i - 1, 17))
			if (!page.next_page_uri)
				return assert.ok(i > 3 && (i + 1) * 17 >= all.length)
			page = await get(page.next_page_uri)
		}
	})
	test('the page element of XML has the same links as JSON', async () => {
		const query = 'Category=calls&StartDate=-5days&PageSize=2'
		const json = (await send(`${records(sids.main, 'Daily')}.json?${query}`, { as: 'main' })).is(200).json
		const two = (await send(json.next_page_uri.replace('.json', ''), { as: 'main' })).is(200).xml
		const list = child(two, 'UsageRecords')
		assert.deepEqual(Array.from(list.attributes).map(a => a.name), ['page', 'pagesize', 'uri', 'firstpageuri', 'previouspageuri', 'nextpageuri'])
		assert.deepEqual(['page', 'pagesize'].map(n => list.getAttribute(n)), ['1', '2'])
		assert.equal(list.getAttribute('firstpageuri'), json.first_page_uri.replace('.json', ''))
		const before = (await send(list.getAttribute('previouspageuri'), { as: 'main' })).is(200).xml
		assert.deepEqual(children(child(before, 'UsageRecords')).map(r => valueOf(r, 'StartDate')), json.usage_records.map(r => r.start_date))
		const last = (await send(`${records(sids.main)}?Category=calls`, { as: 'main' })).is(200).xml
		for (const name of ['nextpageuri', 'previouspageuri'])
			assert.equal(child(last, 'UsageRecords').getAttribute(name), '', name)
	})
	test('the elements of XML are in their order', async () => {
		const root = (await send(`${records(sids.main)}?Category=calls`, { as: 'main' })).is(200).xml
		const [r] = children(child(root, 'UsageRecords'))
		assert.deepEqual(children(r).map(c => c.localName), ['Category', 'Description', 'AccountSid', 'StartDate', 'EndDate', 'AsOf', 'Count', 'CountUnit', 'Usage',
			'UsageUnit', 'Price', 'PriceUnit', 'ApiVersion', 'Uri', 'SubresourceUris'])
		assert.deepEqual(children(child(r, 'SubresourceUris')).map(c => c.localName), Object.values(linkNames))
		assert.equal(root.getElementsByTagName('RestException').length, 0)
	})
})
