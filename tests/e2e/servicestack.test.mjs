// servicestack.test.mjs - ServiceStack's client library and its wire on /billing/usage and /ai/usage.
import assert from 'node:assert/strict'
import { describe, test, before } from 'node:test'
import { JsonServiceClient } from '@servicestack/client'
import { allRecords, child, children, day, env, nano, newAccount, numbersAsText, parseCsv, plusDays, records, send, sids, sum } from './harness.mjs'

const today = day(new Date())
const range = { startDate: plusDays(today, -60), endDate: plusDays(today, -1) }
const query = new URLSearchParams(range).toString()
const recordKeys = ['accountSid', 'category', 'count', 'countUnit', 'description', 'endDate', 'price', 'priceUnit', 'startDate', 'usage', 'usageUnit', 'uri']
const pascal = name => name === 'aiMinutes' ? 'AIMinutes' : name[0].toUpperCase() + name.slice(1)

function signedIn() {
	const client = new JsonServiceClient(env.BASE_URL)
	client.setCredentials(env.ADMIN_USER, env.ADMIN_PASSWORD)
	return client
}

describe('the client library', () => {
	test('lists usage records with credentials', async () => {
		const list = await signedIn().get('/billing/usage', { accountId: sids.main, ...range })
		assert.ok(Array.isArray(list) && list.length > 5)
		for (const r of list) {
			assert.equal(r.accountSid, sids.main)
			assert.equal(typeof r.price, 'number')
			assert.equal(typeof r.usage, 'string')
			assert.deepEqual([r.startDate, r.endDate], [range.startDate, range.endDate])
			if (r.category !== 'totalprice')
				assert.equal(typeof r.count, 'number')
		}
	})
	test('lists usage records with a bearer key, from a path alone', async () => {
		const client = new JsonServiceClient(env.BASE_URL)
		client.bearerToken = env.MANAGER_TOKEN
		assert.ok((await client.get(`/billing/usage?accountId=${sids.main}`)).length > 0)
	})
	for (const verb of ['postToUrl', 'putToUrl', 'patchToUrl'])
		test(`asks for AI usage with ${verb}`, async () => {
			const asked = await signedIn()[verb]('/ai/usage', { accountId: sids.main, ...range })
			assert.deepEqual(asked, await signedIn().get('/ai/usage', { accountId: sids.main, ...range }))
			assert.ok(asked.accountUsage[0].aiMinutes > 0 && asked.customerUsage.length >= 3)
		})
	test('asks for AI usage with delete', async () => {
		assert.deepEqual(await signedIn().delete(`/ai/usage?accountId=${sids.main}&${query}`), await signedIn().get('/ai/usage', { accountId: sids.main, ...range }))
	})
	test('leaves out what is null', async () => {
		assert.ok((await signedIn().get('/billing/usage', { accountId: sids.main, startDate: range.startDate, endDate: null })).length > 0)
	})

	const fails = (promise, code, message) => assert.rejects(promise, e => {
		assert.equal(e.responseStatus?.errorCode, code, JSON.stringify(e))
		assert.match(e.responseStatus.message, message)
		return true
	})
	test('says Not Authenticated', () => fails(new JsonServiceClient(env.BASE_URL).get('/billing/usage'), 'Unauthorized', /Not Authenticated|Authenticate/))
	test('says that a password is wrong', () => {
		const client = new JsonServiceClient(env.BASE_URL)
		client.setCredentials(env.ADMIN_USER, 'not it')
		return fails(client.get('/billing/usage'), 'Unauthorized', /Invalid Username or Password|incorrect|Authenticate/i)
	})
	test('says Invalid Role', () => {
		const client = new JsonServiceClient(env.BASE_URL)
		client.bearerToken = env.MANAGER_TOKEN
		return fails(client.get('/ai/usage', range), 'Forbidden', /Invalid Role/)
	})
	test('needs no dates', async () => {
		const all = await signedIn().get('/ai/usage'), long = await signedIn().get('/ai/usage', { startDate: '2000-01-01', endDate: '2099-12-31' })
		assert.ok(all.accountUsage.length > 0 && all.customerUsage.length > 0)
		assert.deepEqual(all, long)
	})
	test('names a date that does not exist', () => assert.rejects(signedIn().get('/billing/usage', { startDate: '2026-02-30' }), e => {
		assert.equal(e.responseStatus.errorCode, 'FormatException')
		assert.equal(e.responseStatus.errors[0].fieldName, 'StartDate')
		return true
	}))
	test('refuses an end before the start', () => fails(signedIn().get('/billing/usage', { startDate: '2026-03-02', endDate: '2026-03-01' }), 'ArgumentException', /./))
})

describe('what is counted', () => {
	for (const who of ['main', 'sub', 'other'])
		test(`the records of ${who} are those of the Twilio API`, async () => {
			const a = (await send(`/billing/usage?accountId=${sids[who]}&${query}`, { as: 'admin' })).is(200)
			const twilio = await allRecords(`${records(sids[who])}.json?StartDate=${range.startDate}&EndDate=${range.endDate}&IncludeSubaccounts=false&PageSize=1000`, 'admin')
			const used = r => [r.usage, r.price, r.count ?? '0'].some(v => nano(v) > 0n)
			const here = a.exact.filter(used).map(r => [r.category, r.count ?? null, nano(r.usage), nano(r.price), r.price_unit ?? r.priceUnit])
			const there = twilio.filter(used).map(r => [r.category, r.count, nano(r.usage), nano(r.price), r.price_unit])
			assert.deepEqual(here.map(r => [r[0], ...r.slice(2)]), there.map(r => [r[0], ...r.slice(2)]))
			assert.deepEqual(here.filter(r => r[0] !== 'totalprice').map(r => r[1]), there.filter(r => r[0] !== 'totalprice').map(r => r[1]))
			assert.ok(here.length > 5)
		})
	test('each record\'s uri gives the same record', async () => {
		const list = (await send(`/billing/usage?accountId=${sids.main}&${query}`, { as: 'admin' })).is(200).exact
		for (const r of list) {
			const [there] = (await send(r.uri, { as: 'admin' })).is(200).exact.usage_records
			assert.deepEqual([there.usage, there.price, there.start_date, there.end_date], [r.usage, r.price, r.startDate, r.endDate])
		}
	})
	test('customers of an account, and one of them alone', async () => {
		const all = (await send(`/ai/usage?accountId=${sids.main}&${query}`, { as: 'admin' })).is(200).json
		assert.deepEqual(all.accountUsage.map(r => r.accountId), [sids.main])
		const ids = all.customerUsage.map(r => r.customerId)
		assert.deepEqual(ids, [...ids].sort())
		for (const c of all.customerUsage) {
			const one = (await send(`/ai/usage?accountId=${sids.main}&customerId=${encodeURIComponent(c.customerId)}&${query}`, { as: 'admin' })).is(200).json
			assert.deepEqual(one.customerUsage, [c])
			assert.deepEqual(one.accountUsage, [{ accountId: sids.main, aiMinutes: c.aiMinutes }])
		}
	})
	test('AI minutes are rounded up once, per total', async () => {
		const account = await newAccount('minutes')
		const events = [['a', '0.25'], ['a', '0.25'], ['b', '1.5'], ['b', '0.000001']].map(([customer, usage], i) => ({ specversion: '1.0', type: 'usage',
			source: '/e2e/minutes', id: `${account.sid}-${i}`, subject: account.sid, time: `${plusDays(today, -2)}T10:00:00Z`, data: { category: 'ai-minutes', usage, customer } }))
		const written = (await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/cloudevents-batch+json' }, body: JSON.stringify(events) })).is(200)
		assert.equal(written.json.created, 4, written.text)
		const found = (await send(`/ai/usage?accountId=${account.sid}&${query}`, { as: 'admin' })).is(200).json
		assert.deepEqual(found, {
			accountUsage: [{ accountId: account.sid, aiMinutes: 3 }],
			customerUsage: [{ accountId: account.sid, customerId: 'a', aiMinutes: 1 }, { accountId: account.sid, customerId: 'b', aiMinutes: 2 }],
		})
	})
	test('a Manager sees its accounts, an administrator all', async () => {
		const seen = async as => new Set((await send(`/billing/usage?${query}`, { as })).is(200).json.map(r => r.accountSid))
		const [manager, admin] = [await seen('manager'), await seen('admin')]
		assert.ok(manager.has(sids.main) && !manager.has(sids.other))
		assert.ok([sids.main, sids.sub, sids.other].every(sid => admin.has(sid)))
	})
	test('a foreign account is forbidden, an unknown one is empty', async () => {
		assert.equal((await send(`/billing/usage?accountId=${sids.other}`, { as: 'manager' })).is(403).json.responseStatus.errorCode, 'Forbidden')
		assert.equal((await send(`/billing/usage?accountId=${sids.unknown}`, { as: 'admin' })).is(200).text, '[]')
		assert.equal((await send(`/ai/usage?accountId=${sids.unknown}&${query}`, { as: 'admin' })).is(200).text, '{"accountUsage":[],"customerUsage":[]}')
	})
})

describe('the wire', () => {
	const ai = `/ai/usage?accountId=${sids.main}&${query}`
	const billing = `/billing/usage?accountId=${sids.main}&${query}`
	const get = (path, headers = {}) => send(path, { as: 'admin', headers })
	let aiJson, billingJson
	before(async () => {
		aiJson = (await get(ai, { Accept: 'application/json' })).is(200)
		billingJson = (await get(billing, { Accept: 'application/json' })).is(200)
	})

	test('JSON has the members in their order, compact, with a charset and a length', () => {
		for (const a of [aiJson, billingJson]) {
			assert.equal(a.headers['content-type'], 'application/json; charset=utf-8')
			assert.equal(+a.headers['content-length'], a.bytes.length)
			assert.match(a.headers.vary, /Accept/i)
			assert.equal(JSON.stringify(a.exact), numbersAsText(a.text))
		}
		for (const r of billingJson.json)
			assert.deepEqual(Object.keys(r), recordKeys.filter(k => k in r))
		for (const k of recordKeys)
			assert.ok(billingJson.json.some(r => k in r), k)
		assert.deepEqual(Object.keys(aiJson.json), ['accountUsage', 'customerUsage'])
		assert.deepEqual(Object.keys(aiJson.json.customerUsage[0]), ['accountId', 'customerId', 'aiMinutes'])
	})
	test('no Accept but a JSON Content-Type means JSON', async () => {
		assert.equal((await get(ai, { Accept: '*/*', 'Content-Type': 'application/json' })).is(200).text, aiJson.text)
	})

	const xmlText = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
	const xmlMember = (name, value) => value === undefined ? `<${name} i:nil="true" />` : `<${name}>${xmlText(String(value))}</${name}>`
	const members = (names, r) => names.map(n => xmlMember(pascal(n), r[n])).join('')
	const ordinal = names => [...names].sort((a, b) => pascal(a) < pascal(b) ? -1 : 1)
	const instance = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'

	test('XML of AI usage is what DataContractSerializer writes', async () => {
		const a = (await get(ai, { Accept: 'application/xml' })).is(200)
		assert.equal(a.headers['content-type'], 'application/xml')
		const list = (name, item, names, rows) => rows.length ? `<${name}>${rows.map(r => `<${item}>${members(ordinal(names), r)}</${item}>`).join('')}</${name}>` : `<${name} />`
		const { accountUsage, customerUsage } = aiJson.exact
		assert.equal(a.text, `<?xml version="1.0" encoding="utf-8"?><AIUsage ${instance} xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI">` +
			list('AccountUsage', 'AIAccountUsage', ['accountId', 'aiMinutes'], accountUsage) +
			list('CustomerUsage', 'AICustomerUsage', ['accountId', 'aiMinutes', 'customerId'], customerUsage) + '</AIUsage>')
	})
	test('XML of usage records is what DataContractSerializer writes', async () => {
		const a = (await get(billing, { Accept: 'application/xml' })).is(200)
		const items = billingJson.exact.map(r => `<UsageRecordInfo>${members(ordinal(recordKeys), r)}</UsageRecordInfo>`).join('')
		assert.equal(a.text, `<?xml version="1.0" encoding="utf-8"?><ArrayOfUsageRecordInfo ${instance} xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.Dashboard">${items}</ArrayOfUsageRecordInfo>`)
	})
	test('XML of nothing', async () => {
		assert.equal((await get(`/ai/usage.xml?accountId=${sids.unknown}&${query}`)).is(200).text,
			`<?xml version="1.0" encoding="utf-8"?><AIUsage ${instance} xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI"><AccountUsage /><CustomerUsage /></AIUsage>`)
		assert.equal((await get(`/billing/usage.xml?accountId=${sids.unknown}`)).is(200).text,
			`<?xml version="1.0" encoding="utf-8"?><ArrayOfUsageRecordInfo ${instance} xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.Dashboard" />`)
	})

	const jsvText = s => s === '' ? '""' : /[":,{}[\]\r\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s
	const jsv = v => Array.isArray(v) ? `[${v.map(jsv).join(',')}]` : typeof v === 'object' ? `{${Object.entries(v).map(([k, x]) => `${k}:${jsv(x)}`).join(',')}}` : jsvText(String(v))
	const csvCell = s => /["\r\n,]|^[[{]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s

	test('CSV of usage records has a row each', async () => {
		const a = (await get(billing + '&format=csv')).is(200)
		assert.equal(a.headers['content-type'], 'text/csv')
		assert.match(a.headers['content-disposition'], /^attachment; ?filename="ListUsageRecords\.csv"$/)
		assert.equal(a.text, [recordKeys.map(pascal), ...billingJson.exact.map(r => recordKeys.map(k => csvCell(r[k] ?? '')))].map(row => row.join(',') + '\r\n').join(''))
	})
	test('CSV of AI usage is one row of two lists', async () => {
		const { accountUsage, customerUsage } = aiJson.exact
		assert.equal((await get(ai + '&format=csv')).is(200).text, `AccountUsage,CustomerUsage\r\n${csvCell(jsv(accountUsage))},${csvCell(jsv(customerUsage))}\r\n`)
		assert.equal(parseCsv((await get(ai + '&format=csv')).text).length, 2)
	})
	test('JSV is JSON without quotes', async () => {
		assert.equal((await get(ai + '&format=jsv')).is(200).text, jsv(aiJson.exact))
		assert.equal((await get(billing + '&format=jsv')).is(200).text, jsv(billingJson.exact))
	})
	test('JSONP wraps JSON, and nothing but a name gets through', async () => {
		const a = (await get(ai + '&callback=show.it')).is(200)
		assert.equal(a.type, 'text/javascript')
		assert.equal(a.text, `show.it(${aiJson.text})`)
		assert.equal((await get(ai + `&callback=${encodeURIComponent('alert(1)//')}`)).is(200).text, `alert_1___(${aiJson.text})`)
		assert.equal((await get(ai + '&callback=')).is(200).text, aiJson.text)
	})
	test('errors under JSONP come with status 200', async () => {
		const a = (await get('/ai/usage?startDate=never&endDate=2026-01-01&callback=cb')).is(200)
		assert.match(a.text, /^cb\(\{"responseStatus":\{"errorCode":"FormatException".*\}\)$/)
	})
	test('HEAD is GET without a body', async () => {
		const a = (await send(ai + '&format=json', { as: 'admin', method: 'HEAD' })).is(200)
		assert.equal(a.bytes.length, 0)
		assert.equal(a.headers['content-type'], aiJson.headers['content-type'])
		assert.equal(a.headers['content-length'], aiJson.headers['content-length'])
	})
	test('paths ignore case and empty segments', async () => {
		assert.equal((await get(`//AI/Usage/?accountId=${sids.main}&${query}&format=json`)).is(200).text, aiJson.text)
	})
	test('parameter names ignore case, unknown ones are ignored, empty ones are not there', async () => {
		assert.equal((await get(`/ai/usage.json?ACCOUNTID=${sids.main}&StartDate=${range.startDate}&endDATE=${range.endDate}&customerId=&moon=full`)).is(200).text, aiJson.text)
	})
	test('an unknown suffix is another path', async () => {
		(await get('/ai/usage.yaml')).is(404)
	})
	test('a verb that is not there is a plain 404', async () => {
		const a = (await send('/billing/usage', { as: 'admin', method: 'POST', body: '' })).is(404)
		assert.equal(a.type, 'text/plain')
		assert.equal(a.text, '404')
	})

	const body = { accountId: sids.main, ...range }
	const namespace = 'http://schemas.datacontract.org/2004/07/Voice.Api.AI'
	const bodies = {
		'a form': ['application/x-www-form-urlencoded', new URLSearchParams(body).toString()],
		'JSON': ['application/json', JSON.stringify(body)],
		'JSON with names in another case': ['application/json; charset=utf-8', JSON.stringify({ AccountId: sids.main, STARTDATE: range.startDate, enddate: range.endDate, extra: [1, { a: null }] })],
		'JSON that calls itself text': ['text/plain;charset=UTF-8', JSON.stringify(body)],
		'XML': ['application/xml', `<GetAIUsage xmlns="${namespace}"><AccountId>${sids.main}</AccountId><EndDate>${range.endDate}</EndDate><StartDate>${range.startDate}</StartDate></GetAIUsage>`],
		'XML in any order, with a prefix and a null': ['text/xml', `<?xml version="1.0"?><q:GetAIUsage xmlns:q="${namespace}" ${instance}><q:StartDate>${range.startDate}</q:StartDate><q:EndDate>${range.endDate}</q:EndDate>` +
			`<q:CustomerId i:nil="true" /><q:Moon>full</q:Moon><q:AccountId>${sids.main}</q:AccountId></q:GetAIUsage>`],
	}
	for (const [what, [type, content]] of Object.entries(bodies))
		for (const method of ['POST', 'PUT'])
			test(`${method} with ${what}`, async () => {
				const a = (await send('/ai/usage', { as: 'admin', method, headers: { 'Content-Type': type, Accept: 'application/json' }, body: content })).is(200)
				assert.equal(a.text, aiJson.text)
			})
	test('the query goes before the body', async () => {
		const a = (await send(`/ai/usage?accountId=${sids.unknown}`, { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(body) })).is(200)
		assert.deepEqual(a.json, { accountUsage: [], customerUsage: [] })
	})
	for (const [what, content] of [['another root', '<GetUsage xmlns="' + namespace + '"/>'], ['no namespace', '<GetAIUsage><AccountId>x</AccountId></GetAIUsage>']])
		test(`XML with ${what} is refused`, async () => {
			const a = (await send('/ai/usage', { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/xml', Accept: 'application/json' }, body: content })).is(400)
			assert.equal(a.json.responseStatus.errorCode, 'SerializationException')
		})

	test('errors have the same content in every format', async () => {
		const path = '/ai/usage?startDate=never&endDate=2026-01-01'
		const json = (await get(path, { Accept: 'application/json' })).is(400)
		const status = json.json.responseStatus
		assert.deepEqual(Object.keys(json.json), ['responseStatus'])
		assert.deepEqual(Object.keys(status), ['errorCode', 'message', 'errors'])
		assert.equal(status.errors[0].fieldName, 'StartDate')
		const xml = (await get(path, { Accept: 'application/xml' })).is(400)
		assert.ok(xml.text.startsWith(`<?xml version="1.0" encoding="utf-8"?><ErrorResponse ${instance} xmlns="http://schemas.servicestack.net/types"><ResponseStatus><ErrorCode>FormatException</ErrorCode><Message>`), xml.text)
		assert.ok(xml.text.endsWith('<Meta xmlns:d3p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true" /></ResponseStatus></ErrorResponse>'), xml.text)
		const rs = child(xml.xml, 'ResponseStatus')
		assert.equal(child(rs, 'Message').textContent, status.message)
		assert.deepEqual(children(child(rs, 'Errors')).map(e => child(e, 'FieldName').textContent), ['StartDate'])
		const csv = (await get(path, { Accept: 'text/csv' })).is(400)
		assert.deepEqual(csv.csv[0], ['ResponseStatus'])
		assert.ok(csv.csv[1][0].includes('errorCode:FormatException'))
		assert.equal(csv.headers['content-disposition'], undefined)
	})
	test('401 carries the challenge and the reason', async () => {
		const a = (await send('/billing/usage', { headers: { Accept: 'application/json' } })).is(401)
		assert.match(a.headers['www-authenticate'], /^Basic realm=/i)
		assert.equal(a.json.responseStatus.errorCode, 'Unauthorized')
	})
	test('a cookie with a broken date in it does no harm', async () => {
		(await get(ai, { Cookie: 'ss-opt=perm; 21 Nov 2044 23:00:00 GMT=null; ss-id=x; ss-pid=y' })).is(200)
	})
	test('minutes and amounts add up to what the records say', async () => {
		const [r] = billingJson.exact.filter(x => x.category === 'ai-minutes')
		const [account] = aiJson.exact.accountUsage
		assert.equal(nano(account.aiMinutes), (nano(r.usage) + 999999999n) / 1000000000n * 1000000000n)
		assert.ok(sum(aiJson.exact.customerUsage.map(c => c.aiMinutes)) >= nano(r.usage))
	})
})
