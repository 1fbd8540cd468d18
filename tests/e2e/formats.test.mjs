// formats.test.mjs - the four APIs in four formats: each can be read, and all say the same numbers.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { child, children, csvRecords, day, htmlTables, names, parseXml, plusDays, records, send, sids, valueOf } from './harness.mjs'

const today = day(new Date())
const days = `StartDate=${plusDays(today, -20)}&EndDate=${plusDays(today, -1)}`
const camel = name => name.replace(/(^|_)(\w)/g, (_, __, c) => c.toUpperCase())

// How a record of each API is found in each format, and which of its fields are numbers.
const twilioRecord = {
	fields: ['category', 'start_date', 'end_date', 'count', 'usage', 'price', 'price_unit', 'account_sid'],
	json: answer => answer.exact.usage_records,
	xml: root => children(child(root, 'UsageRecords'), 'UsageRecord'),
	name: camel,
	numbers: ['count', 'usage', 'price'],
}
const simRecord = {
	fields: ['data_upload', 'data_download', 'data_total', 'data_total_billed', 'billed_unit', 'iso_country', 'account_sid'],
	json: answer => answer.exact.usage_records,
	xml: root => children(child(root, 'UsageRecords'), 'UsageRecord'),
	name: camel,
	numbers: ['data_upload', 'data_download', 'data_total', 'data_total_billed'],
	onPage: (field, text) => (field === 'data_total_billed' ? text : String(Number(text) / 1e6)),       // in megabytes
}
const billingRecord = {
	fields: ['accountSid', 'category', 'count', 'usage', 'price', 'priceUnit', 'startDate', 'endDate', 'description'],
	json: answer => answer.exact,
	xml: root => children(root, 'UsageRecordInfo'),
	name: name => name[0].toUpperCase() + name.slice(1),
	numbers: ['count', 'usage', 'price'],
}

const apis = {
	'Twilio usage records': { path: records(sids.main), query: days, as: 'main', bare: 'application/xml', refuses: 406, record: twilioRecord },
	'Twilio daily records': { path: records(sids.main, 'Daily'), query: `${days}&PageSize=100`, as: 'main', bare: 'application/xml', refuses: 406, record: twilioRecord },
	'Super SIM usage': { path: '/v1/UsageRecords', query: `Group=isoCountry&Granularity=day&StartTime=${plusDays(today, -20)}T00:00:00Z&EndTime=${today}T00:00:00Z&PageSize=100`, as: 'main', bare: 'application/json', refuses: 406, record: simRecord },
	'billing usage': { path: '/billing/usage', query: `accountId=${sids.main}&${days}`, as: 'admin', bare: 'application/json', refuses: 200, record: billingRecord },
}
const types = { json: 'application/json', xml: 'application/xml', csv: 'text/csv', html: 'text/html' }

// A page may group digits; its exact number is in the cell's text or in an attribute.
const ungrouped = html => html.replace(/(\d)[,\u00a0\u202f\u2009](?=\d{3})/g, '$1')
const holds = (html, number) => new RegExp(`(^|[^0-9.])${number.replaceAll('.', '\\.')}([^0-9.]|\\.\\D|$)`).test(html)

for (const [name, { path, query, as, bare, refuses, record }] of Object.entries(apis))
	describe(name, () => {
		const get = (suffix, headers = {}, extra = '') => send(`${path}${suffix}?${query}${extra}`, { as, headers })
		const expected = async () => {
			const list = record.json((await get('.json')).is(200))
			assert.ok(list.length > 5)
			return list.map(r => Object.fromEntries(record.fields.map(f => [f, r[f] ?? ''])))
		}

		test('XML says what JSON says', async () => {
			const items = record.xml((await get('.xml')).is(200).xml)
			const found = items.map(x => Object.fromEntries(record.fields.map(f => [f, valueOf(x, record.name(f))])))
			assert.deepEqual(found, await expected())
		})
		test('CSV says what JSON says', async () => {
			const rows = csvRecords((await get('.csv')).is(200).text)
			const found = rows.map(r => Object.fromEntries(record.fields.map(f => [f, r[record.name(f)]])))
			assert.deepEqual(found, await expected())
		})
		test('HTML has a table with every number but those of what was not used', async () => {
			const a = (await get('.html')).is(200)
			assert.match(a.text, /^<!doctype html>/i)
			assert.match(a.text, /<html\b[^>]*\blang="en"/)
			assert.match(a.text, /<title>[^<]+<\/title>/)
			assert.doesNotMatch(a.text, /\{\{|\}\}/)
			assert.doesNotMatch(a.text, /<[^>]+\s(?:style|on[a-z]+)=/i)
			const list = (await expected()).filter(r => record.numbers.some(n => Number(r[n])))
			const table = htmlTables(a.text).find(t => t.rows.length >= list.length)
			assert.ok(table, 'no table with a row a record')
			const numbersOf = r => (r.category === 'totalprice' ? ['price'] : record.numbers)      // the total has no count
			const rows = [...ungrouped(table.html).matchAll(/<tr\b[\s\S]*?<\/tr>/g)].map(m => m[0])
			for (const r of list)
				assert.ok(rows.some(row => numbersOf(r).every(n => holds(row, record.onPage?.(n, r[n]) ?? r[n]))), `no row for ${JSON.stringify(r)}`)
		})
		test('suffix, format= and Accept choose alike', async () => {
			for (const [format, type] of Object.entries(types)) {
				assert.equal((await get('.' + format)).is(200).type, type, `.${format}`)
				assert.equal((await get('', {}, `&format=${format}`)).is(200).type, type, `format=${format}`)
				assert.equal((await get('', { Accept: type })).is(200).type, type, `Accept: ${type}`)
			}
		})
		test('Accept is read with its q-values', async () => {
			for (const [accept, type] of [
				['application/json;q=0.5, text/csv', 'text/csv'],
				['text/csv;q=0.2, application/xml;q=0.9, application/json;q=0.3', 'application/xml'],
				['image/png, text/html;q=0.1', 'text/html'],
				['application/json;q=0, */*;q=0.1, text/csv;q=0.9', 'text/csv'],
				['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'text/html'],
				['*/*', bare],
			])
				assert.equal((await get('', { Accept: accept })).is(200).type, type, accept)
			assert.equal((await get('')).is(200).type, bare, 'no Accept')
		})
		test('a suffix goes before Accept', async () => {
			assert.equal((await get('.csv', { Accept: 'application/json' })).is(200).type, 'text/csv')
		})
		test('what we do not have', async () => {
			assert.equal((await get('', { Accept: 'image/png' })).status, refuses)
		})
		test('JSON is valid and its length is announced, unless it is sent in pieces', async () => {
			const a = (await get('.json')).is(200)
			assert.doesNotThrow(() => a.json)
			assert.equal(a.headers['content-length'], a.bytes.length > 96 * 1024 ? undefined : String(a.bytes.length))
		})
	})

describe('AI usage', () => {
	const get = suffix => send(`/ai/usage${suffix}?accountId=${sids.main}&${days}`, { as: 'admin' })
	const keys = { accountUsage: ['accountId', 'aiMinutes'], customerUsage: ['accountId', 'aiMinutes', 'customerId'] }
	const pascal = name => name === 'aiMinutes' ? 'AIMinutes' : name[0].toUpperCase() + name.slice(1)

	test('XML says what JSON says', async () => {
		const json = (await get('.json')).is(200).exact
		const root = (await get('.xml')).is(200).xml
		for (const [list, fields] of Object.entries(keys)) {
			const found = children(child(root, pascal(list))).map(x => Object.fromEntries(fields.map(f => [f, valueOf(x, pascal(f))])))
			assert.deepEqual(found, json[list].map(r => Object.fromEntries(fields.map(f => [f, r[f]]))))
		}
		assert.ok(json.customerUsage.length >= 3)
	})
	test('CSV says what JSON says', async () => {
		const json = (await get('.json')).is(200).exact
		const [row] = csvRecords((await get('.csv')).is(200).text)
		for (const list of Object.keys(keys))
			assert.equal(row[pascal(list)], `[${json[list].map(r => `{${Object.entries(r).map(([k, v]) => `${k}:${v}`).join(',')}}`).join(',')}]`)
	})
	test('HTML has every customer and every number', async () => {
		const json = (await get('.json')).is(200).exact
		const html = (await get('.html')).is(200).text
		const rows = [...ungrouped(html).matchAll(/<tr\b[\s\S]*?<\/tr>/g)].map(m => m[0])
		for (const c of json.customerUsage)
			assert.ok(rows.some(r => r.includes(c.customerId) && holds(r, c.aiMinutes)), c.customerId)
	})
})

describe('Twilio\'s XML and CSV', () => {
	test('elements and attributes are Twilio\'s, in its order', async () => {
		const a = (await send(`${records(sids.main)}?${days}&PageSize=3`, { as: 'main' })).is(200)
		assert.ok(a.text.startsWith('<?xml version=\'1.0\' encoding=\'UTF-8\'?>'), a.text.slice(0, 60))
		const root = parseXml(a.text)
		assert.equal(root.localName, 'TwilioResponse')
		const list = child(root, 'UsageRecords')
		assert.deepEqual(Array.from(list.attributes).map(x => x.name), ['page', 'pagesize', 'uri', 'firstpageuri', 'previouspageuri', 'nextpageuri'])
		assert.equal(list.getAttribute('previouspageuri'), '')
		assert.equal(list.getAttribute('pagesize'), '3')
		for (const uri of ['uri', 'firstpageuri', 'nextpageuri'])
			assert.match(list.getAttribute(uri), /^\/2010-04-01\/Accounts\/AC[0-9a-f]{32}\/Usage\/Records\?/i)
		const order = ['Category', 'Description', 'AccountSid', 'StartDate', 'EndDate', 'AsOf', 'Count', 'CountUnit', 'Usage', 'UsageUnit', 'Price', 'PriceUnit',
			'ApiVersion', 'Uri', 'SubresourceUris']
		for (const r of children(list)) {
			assert.deepEqual(names(r), order)
			assert.deepEqual(names(child(r, 'SubresourceUris')).sort(), ['AllTime', 'Daily', 'LastMonth', 'Monthly', 'ThisMonth', 'Today', 'Yearly', 'Yesterday'])
			assert.doesNotMatch(valueOf(r, 'Uri'), /\.(json|xml)/)
		}
		const next = (await send(list.getAttribute('nextpageuri'), { as: 'main' })).is(200)
		assert.equal(next.type, 'application/xml')
	})
	test('the CSV header has the names of the XML elements', async () => {
		const [header] = (await send(`${records(sids.main)}.csv?${days}`, { as: 'main' })).is(200).csv
		for (const name of ['Category', 'Description', 'AccountSid', 'StartDate', 'EndDate', 'Count', 'CountUnit', 'Usage', 'UsageUnit', 'Price', 'PriceUnit', 'Uri'])
			assert.ok(header.includes(name), name)
	})
	test('totalprice has an empty count in XML and CSV', async () => {
		const path = suffix => `${records(sids.main)}${suffix}?${days}&Category=totalprice`
		const [x] = children(child((await send(path('.xml'), { as: 'main' })).is(200).xml, 'UsageRecords'))
		assert.equal(valueOf(x, 'Count'), '')
		assert.equal(csvRecords((await send(path('.csv'), { as: 'main' })).is(200).text)[0].Count, '')
	})
})
