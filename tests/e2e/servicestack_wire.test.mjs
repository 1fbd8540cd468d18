// servicestack_wire.test.mjs - ServiceStack's wire without its JavaScript library: what other clients send, byte for byte; routes by name;
// bodies in each format with each verb; exact bytes of values that need care in each format.
import assert from 'node:assert/strict'
import { describe, test, before } from 'node:test'
import { connect } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { baseUrl, basic, bearer, day, env, newAccount, plusDays, send, sids } from './harness.mjs'

const today = day(new Date())
const range = { startDate: plusDays(today, -60), endDate: plusDays(today, -1) }
const query = new URLSearchParams({ accountId: sids.main, ...range }).toString()
const ai = `/ai/usage?${query}`
const admin = basic(env.ADMIN_USER, env.ADMIN_PASSWORD)
const namespace = 'http://schemas.datacontract.org/2004/07/Voice.Api.AI'
const instance = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
let aiJson, billingJson

before(async () => {
	aiJson = (await send(`/ai/usage.json?${query}`, { as: 'admin' })).is(200)
	billingJson = (await send(`/billing/usage.json?${query}`, { as: 'admin' })).is(200)
})

// Sends LINES of a head, then BODY, on a connection of its own; answers { status, reason, headers, text }.
function exchange(lines, body = '') {
	return new Promise((done, failed) => {
		const chunks = []
		const socket = connect({ host: baseUrl.hostname, port: +baseUrl.port, servername: 'localhost', rejectUnauthorized: false }, () =>
			socket.write(lines.concat('Connection: close', '', body).join('\r\n')))
		socket.setTimeout(20000, () => socket.destroy(new Error('no answer')))
		socket.on('data', c => chunks.push(c))
		socket.on('error', failed)
		socket.on('end', () => done(parseAnswer(Buffer.concat(chunks))))
	})
}

function parseAnswer(bytes) {
	let end = bytes.indexOf('\r\n\r\n'), head = bytes.subarray(0, end).toString()
	if (/^HTTP\/1\.1 100 /.test(head)) {
		bytes = bytes.subarray(end + 4)
		end = bytes.indexOf('\r\n\r\n')
		head = bytes.subarray(0, end).toString()
	}
	const [first, ...rest] = head.split('\r\n')
	const headers = Object.fromEntries(rest.map(l => [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 2)]))
	let body = bytes.subarray(end + 4)
	if (headers['transfer-encoding'] === 'chunked')
		body = unchunk(body)
	if (headers['content-encoding'] === 'gzip')
		body = gunzipSync(body)
	const [, status, reason] = /^HTTP\/1\.1 (\d+) (.*)$/.exec(first)
	return { status: +status, reason, headers, text: body.toString() }
}

function unchunk(bytes) {
	const parts = []
	for (;;) {
		const end = bytes.indexOf('\r\n'), n = parseInt(bytes.subarray(0, end).toString(), 16)
		if (!n)
			return Buffer.concat(parts)
		parts.push(bytes.subarray(end + 2, end + 2 + n))
		bytes = bytes.subarray(end + 2 + n + 2)
	}
}

const host = `Host: ${baseUrl.host}`
const length = body => `Content-Length: ${Buffer.byteLength(body)}`

describe('what other clients send', () => {
	const python = ['User-Agent: python-requests/2.31.0', 'Accept-Encoding: gzip, deflate', 'Accept: application/json']
	test('Python: a GET with spaces as +', async () => {
		const a = await exchange([`GET /api/GetAIUsage?accountId=${sids.main}&startDate=${range.startDate}+00%3A00%3A00&endDate=${range.endDate} HTTP/1.1`, host,
			...python, `Authorization: ${admin}`])
		assert.equal(a.text, aiJson.text)
		const b = await exchange([`GET /api/GetAIUsage?accountId=${sids.main}&customerId=Jane+Doe&startDate=${range.startDate}&endDate=${range.endDate} HTTP/1.1`, host,
			...python, `Authorization: ${admin}`])
		assert.equal(b.text, '{"accountUsage":[],"customerUsage":[]}')
		const c = await exchange([`GET /api/ListUsageRecords?${query} HTTP/1.1`, host, ...python, `Authorization: ${bearer(env.ADMIN_TOKEN)}`])
		assert.equal(c.text, billingJson.text)
	})
	test('Python: a POST, and a batch', async () => {
		const body = JSON.stringify({ accountId: sids.main, ...range })
		const a = await exchange(['POST /api/GetAIUsage HTTP/1.1', host, ...python, 'Content-Type: application/json', length(body), `Authorization: ${admin}`], body)
		assert.equal(a.text, aiJson.text)
		const b = await exchange(['POST /api/GetAIUsage[] HTTP/1.1', host, ...python, 'Content-Type: application/json', length(`[${body}]`), `Authorization: ${admin}`], `[${body}]`)
		assert.equal(b.text, `[${aiJson.text}]`)
		assert.equal(b.headers['x-autobatch-completed'], '1')
	})
	test('Python: an error has status, reason and a body', async () => {
		const a = await exchange([`GET /api/GetAIUsage?${query} HTTP/1.1`, host, ...python, `Authorization: ${bearer(env.MANAGER_TOKEN)}`])
		assert.deepEqual([a.status, a.reason, JSON.parse(a.text).responseStatus.errorCode], [403, 'Invalid Role', 'Forbidden'])
	})

	const dotnet = ['User-Agent: ServiceStackClient/8.50', 'Accept-Encoding: gzip,deflate']
	test('.NET JsonServiceClient: a challenge first, then Basic', async () => {
		const lines = [`GET /billing/usage?${query} HTTP/1.1`, 'Accept: application/json', ...dotnet, host]
		const a = await exchange(lines)
		assert.deepEqual([a.status, a.reason], [401, 'Not Authenticated'])
		assert.match(a.headers['www-authenticate'], /^Basic realm="/)
		assert.equal((await exchange([...lines, `Authorization: ${admin}`])).text, billingJson.text)
	})
	test('.NET JsonServiceClient: a POST that waits for 100 Continue', async () => {
		const body = `{"accountId":"${sids.main}","startDate":"${range.startDate}","endDate":"${range.endDate}"}`
		const a = await exchange(['POST /json/reply/GetAIUsage HTTP/1.1', 'Accept: application/json', ...dotnet, 'Content-Type: application/json', `Authorization: ${admin}`, host,
			length(body), 'Expect: 100-continue'], body)
		assert.equal(a.text, aiJson.text)
	})
	test('.NET JsonApiClient: a body of unknown length', async () => {
		const body = `{"accountId":"${sids.main}","startDate":"${range.startDate}","endDate":"${range.endDate}"}`
		const a = await exchange(['POST /api/GetAIUsage HTTP/1.1', host, 'Accept: application/json', ...dotnet, 'Content-Type: application/json; charset=utf-8', `Authorization: ${admin}`,
			'Transfer-Encoding: chunked'], `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`)
		assert.equal(a.text, aiJson.text)
	})
	test('.NET XmlServiceClient', async () => {
		const body = `<?xml version="1.0" encoding="utf-8"?><GetAIUsage ${instance} xmlns="${namespace}"><AccountId>${sids.main}</AccountId><CustomerId i:nil="true" />` +
			`<EndDate>${range.endDate}</EndDate><StartDate>${range.startDate}</StartDate></GetAIUsage>`
		const a = await exchange(['POST /xml/reply/GetAIUsage HTTP/1.1', 'Accept: application/xml', ...dotnet, 'Content-Type: application/xml', `Authorization: ${admin}`, host, length(body)], body)
		assert.equal(a.headers['content-type'], 'application/xml')
		assert.equal(a.text, (await send(`/ai/usage.xml?${query}`, { as: 'admin' })).is(200).text)
		const list = `<ListUsageRecords ${instance} xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.Dashboard"><AccountId>${sids.main}</AccountId>` +
			`<EndDate>${range.endDate}</EndDate><StartDate>${range.startDate}</StartDate></ListUsageRecords>`
		const b = await exchange(['POST /xml/reply/ListUsageRecords HTTP/1.1', 'Accept: application/xml', ...dotnet, 'Content-Type: application/xml', `Authorization: ${admin}`, host, length(list)], list)
		assert.equal(b.text, (await send(`/billing/usage.xml?${query}`, { as: 'admin' })).is(200).text)
	})
	test('Evo\'s command line: cookies with junk among them', async () => {
		const cookie = 'Cookie: ss-opt=perm; 21 Nov 2044 23:00:00 GMT=null; =; ;; ss-id="; ss-pid=%zz; ss-id=x y'
		const a = await exchange([`GET /ai/usage?accountId=${sids.main}&customerId=&startDate=${range.startDate}&endDate=${range.endDate} HTTP/1.1`, host,
			'accept: application/json', 'accept-language: *', 'sec-fetch-mode: cors', 'user-agent: node', 'accept-encoding: gzip, deflate', cookie, `Authorization: ${admin}`])
		assert.equal(a.text, aiJson.text)
	})
	test('the JavaScript client: JSON because the request says so', async () => {
		const a = await exchange([`GET /billing/usage?${query} HTTP/1.1`, host, 'connection: keep-alive', `authorization: ${admin}`, 'content-type: application/json', 'accept: */*',
			'accept-language: *', 'sec-fetch-mode: cors', 'user-agent: node', 'accept-encoding: gzip, deflate'])
		assert.equal(a.headers['content-type'], 'application/json; charset=utf-8')
		assert.equal(a.text, billingJson.text)
	})
})

describe('routes by name', () => {
	const types = { json: 'application/json', xml: 'application/xml', csv: 'text/csv', jsv: 'text/jsv', jsonl: 'text/jsonl', html: 'text/html' }
	for (const [format, type] of Object.entries(types)) {
		test(`/${format}/reply and /${format}/oneway`, async () => {
			const custom = (await send(`/ai/usage.${format}?${query}`, { as: 'admin' })).is(200)
			for (const path of [`/${format}/reply/GetAIUsage`, `/${format.toUpperCase()}/Oneway/getaiusage`]) {
				const a = (await send(`${path}?${query}`, { as: 'admin', headers: { Accept: 'image/png' } })).is(200)
				assert.equal(a.type, type)
				if (format !== 'html')
					assert.equal(a.text, custom.text)
			}
		})
		test(`/api/{Op}.${format}`, async () => {
			const a = (await send(`/api/ListUsageRecords.${format}?${query}`, { as: 'admin', headers: { Accept: 'image/png' } })).is(200)
			assert.equal(a.type, format === 'xml' ? 'text/xml' : type)
			if (format !== 'html')
				assert.equal(a.text, (await send(`/billing/usage.${format}?${query}`, { as: 'admin' })).is(200).text)
			assert.equal(a.headers['content-disposition'], format === 'csv' ? 'attachment;filename="ListUsageRecords.csv"' : undefined)
		})
		test(`errors of /${format}/reply`, async () => {
			const a = (await send(`/${format}/reply/Nope`, { as: 'admin' })).is(405)
			assert.equal(a.type, type)
			assert.match(a.text, /The operation (?:'|&#39;|&apos;)Nope(?:'|&#39;|&apos;) does not exist for this service/)
			assert.equal(a.headers['content-disposition'], undefined)
		})
	}
	test('the links of a page by name lead to the same report', async () => {
		const a = (await send(`/html/reply/GetAIUsage?${query}`, { as: 'admin' })).is(200)
		const links = [...a.text.matchAll(/href="(\/[^"]*usage[^"]*)"/gi)].map(m => m[1].replaceAll('&amp;', '&'))
		const csv = /href="(\/reports\/ai\.csv[^"]*)"/.exec(a.text)[1].replaceAll('&amp;', '&')
		assert.match((await send(csv, { as: 'admin' })).is(200).text, /sum|total|usage/i)
		for (const link of links)
			(await send(link, { as: 'admin' })).is(200)
	})
	test('only callback= and format= say otherwise', async () => {
		assert.equal((await send(`/xml/reply/GetAIUsage?${query}&format=json`, { as: 'admin' })).is(200).text, aiJson.text)
		assert.equal((await send(`/csv/reply/GetAIUsage?${query}&callback=f`, { as: 'admin' })).is(200).text, `f(${aiJson.text})`)
	})
	test('HEAD', async () => {
		const a = (await send(`/api/GetAIUsage?${query}`, { as: 'admin', method: 'HEAD' })).is(200)
		assert.equal(+a.headers['content-length'], aiJson.bytes.length)
		assert.equal(a.bytes.length, 0)
	})
	test('a read takes POST, too, and nothing else', async () => {
		for (const method of ['PUT', 'PATCH', 'DELETE']) {
			const a = (await send('/api/ListUsageRecords', { as: 'admin', method })).is(405)
			assert.equal(a.headers.allow, 'GET, HEAD, POST')
		}
		assert.equal((await send(`/api/ListUsageRecords?${query}`, { as: 'admin', method: 'POST', body: '' })).is(200).text, billingJson.text)
	})
	test('operations of other families have no such routes', async () =>
		assert.equal((await send('/api/ListAccounts', { as: 'admin' })).is(405).json.responseStatus.errorCode, 'NotImplementedException'))
	test('a body goes before the query, which fills in', async () => {
		const a = (await send(`/api/GetAIUsage?accountId=${sids.unknown}&startDate=${range.startDate}&endDate=${range.endDate}`,
			{ as: 'admin', method: 'POST', body: JSON.stringify({ accountId: sids.main, startDate: null }) })).is(200)
		assert.equal(a.text, aiJson.text)
	})
	test('who may not call it by its path may not by its name', async () => {
		for (const path of ['/api/GetAIUsage', '/json/reply/GetAIUsage', '/xml/oneway/GetAIUsage']) {
			for (const as of ['none', 'wrong', 'wrongBearer'])
				(await send(`${path}?${query}`, { as })).is(401)
			for (const as of ['main', 'manager', 'managerBearer', 'user', 'ingest'])
				(await send(`${path}?${query}`, { as })).is(403)
		}
		(await send('/api/GetAIUsage[]', { as: 'manager', method: 'POST', body: '[]' })).is(403)
	})
	test('/api lists them in groups, to everybody', async () => {
		for (const path of ['/api', '/API', '/api/']) {
			let a = await send(path)
			if (a.status === 302)
				a = await send(a.headers.location)
			a.is(200)
			assert.equal(a.headers['content-type'], 'application/json; charset=utf-8')
			const operation = (group, name) => a.json[group].find(o => o.name === name)
			assert.equal(operation('AI', 'GetAIUsage').returns, 'AIUsage')
			assert.equal(operation('Dashboard', 'ListUsageRecords').returns, 'List<UsageRecordInfo>')
			for (const { name, links } of Object.values(a.json).flat()) {
				assert.equal(links.api, `${env.BASE_URL}/api/${name}`)
				const answer = await send(new URL(links.api).pathname)
				const status = answer.status === 204 ? undefined : answer.json.responseStatus
				assert.notEqual(status?.errorCode, 'NotFound', name)
				assert.doesNotMatch(status?.message ?? '', /does not exist/, name)
			}
		}
	})
	test('a batch has a limit', async () => {
		const a = (await send('/api/GetAIUsage[]', { as: 'admin', method: 'POST', body: JSON.stringify(Array(101).fill({})) })).is(413)
		assert.match(a.json.responseStatus.message, /101 requests; at most 100/)
	})
})

describe('another verb for POST', () => {
	const post = (path, headers, body = '') => send(path, { as: 'admin', method: 'POST', headers, body })
	test('in a header, the query or a form', async () => {
		assert.equal((await post(`/billing/usage?${query}`, { 'X-Http-Method-Override': 'get' })).is(200).text, billingJson.text)
		assert.equal((await post(`/billing/usage?${query}&X-Http-Method-Override=GET`)).is(200).text, billingJson.text)
		assert.equal((await post('/billing/usage', { 'Content-Type': 'application/x-www-form-urlencoded' }, `x-http-method-override=GET&${query}`)).is(200).text, billingJson.text)
	})
	test('only for POST', async () =>
		(await send(`/billing/usage?${query}`, { as: 'admin', method: 'PUT', headers: { 'X-Http-Method-Override': 'GET' } })).is(404))
})

const multipart = fields => Object.entries(fields).map(([k, v]) => `--xyz\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${v}\r\n`).join('') + '--xyz--\r\n'

describe('bodies', () => {
	const fields = { accountId: sids.main, ...range }
	const bodies = {
		'a form': ['application/x-www-form-urlencoded', new URLSearchParams(fields).toString()],
		'a form of parts': ['multipart/form-data; boundary=xyz', multipart(fields)],
		'JSON': ['application/json', JSON.stringify(fields)],
		'JSV': ['text/jsv', `{accountId:${sids.main},startDate:${range.startDate},endDate:"${range.endDate}",other:{a:[1,2]}}`],
		'CSV': ['text/csv', `AccountId,StartDate,EndDate\r\n${sids.main},${range.startDate},"${range.endDate}"\r\n`],
		'XML': ['application/xml', `<GetAIUsage xmlns="${namespace}"><StartDate>${range.startDate}</StartDate><EndDate>${range.endDate}</EndDate><AccountId>${sids.main}</AccountId></GetAIUsage>`],
		'a form that is JSON': ['application/x-www-form-urlencoded', JSON.stringify(fields)],
	}
	for (const [what, [type, body]] of Object.entries(bodies))
		test(`${what}, with every verb`, async () => {
			for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
				assert.equal((await send('/ai/usage', { as: 'admin', method, headers: { 'Content-Type': type, Accept: 'application/json' }, body })).is(200).text, aiJson.text, method)
		})
	for (const [format, what] of [['json', 'JSON'], ['jsonl', 'JSON'], ['jsv', 'JSV'], ['csv', 'CSV'], ['xml', 'XML']])
		test(`/${format}/reply reads ${what} whatever the type says`, async () => {
			for (const type of ['text/plain', 'application/octet-stream', 'application/json', 'application/xml'])
				assert.equal((await send(`/${format}/reply/GetAIUsage?format=json`, { as: 'admin', method: 'POST', headers: { 'Content-Type': type }, body: bodies[what][1] })).is(200).text, aiJson.text, type)
		})
	test('forms are forms everywhere', async () => {
		for (const format of ['json', 'xml', 'csv'])
			for (const [type, body] of [bodies['a form'], bodies['a form of parts']])
				assert.equal((await send(`/${format}/reply/GetAIUsage?format=json`, { as: 'admin', method: 'POST', headers: { 'Content-Type': type }, body })).is(200).text, aiJson.text)
	})
	const broken = { 'application/json': '{"a":', 'application/xml': '<GetAIUsage', 'text/jsv': '{a', 'text/csv': 'a\n"b', 'multipart/form-data; boundary=x': '--x\r\n' }
	for (const [type, body] of Object.entries(broken))
		test(`a broken body of ${type} is refused before anybody asks who sends it`, async () => {
			for (const as of ['admin', 'none', 'wrong']) {
				const a = (await send('/ai/usage', { as, method: 'POST', headers: { 'Content-Type': type, Accept: 'application/json' }, body })).is(400)
				assert.equal(a.json.responseStatus.errorCode, 'SerializationException')
				assert.match(a.json.responseStatus.message, /^Could not deserialize '[a-z/-]+' request/)
				if (!type.startsWith('multipart'))
					assert.match(a.json.responseStatus.message, /request using Voice\.Api\.AI\.GetAIUsage'\nError: /)
			}
		})
	test('but parameters that are wrong are a matter for those who may ask', async () => {
		(await send('/ai/usage?startDate=never', { as: 'none' })).is(401);
		(await send('/ai/usage?startDate=never', { as: 'manager' })).is(403);
		(await send('/ai/usage?startDate=never', { as: 'admin' })).is(400)
	})
	test('bodies have limits', async () => {
		const post = body => send('/ai/usage', { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
		(await post(`{"x":"${'y'.repeat(262144)}"}`)).is(413);
		(await post(`{"x":${'['.repeat(40)}${']'.repeat(40)}}`)).is(400);
		(await post(JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`m${i}`, i]))))).is(400);
		(await send('/ai/usage', { as: 'none', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: `{"x":"${'y'.repeat(262144)}"}` })).is(401)
	})
})

describe('values that need care', () => {
	const customers = ['"quoted", [x] {y}', '<a href=\'b\'>&amp;</a>', 'Ærø 電話 📞', 'back\\slash:colon']
	const list = customers.slice().sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
	let account, path
	before(async () => {
		account = await newAccount('odd')
		const events = customers.map((customer, i) => ({ specversion: '1.0', type: 'usage', source: '/e2e/odd', id: `${account.sid}-${i}`, subject: account.sid,
			time: `${plusDays(today, -2)}T10:00:00Z`, data: { category: 'ai-minutes', usage: '1', customer } }))
		const written = (await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/cloudevents-batch+json' }, body: JSON.stringify(events) })).is(200)
		assert.equal(written.json.created, customers.length, written.text)
		path = format => `/ai/usage.${format}?accountId=${account.sid}&startDate=${range.startDate}&endDate=${range.endDate}`
	})
	const bytes = async format => (await send(path(format), { as: 'admin' })).is(200).text
	const jsvText = s => /[":,{}[\]\r\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s
	const jsvList = () => `[${list.map(c => `{accountId:${account.sid},customerId:${jsvText(c)},aiMinutes:1}`).join(',')}]`
	const total = () => `[{accountId:${account.sid},aiMinutes:4}]`
	const cell = s => `"${s.replaceAll('"', '""')}"`

	test('JSON', async () => assert.equal(await bytes('json'), JSON.stringify({ accountUsage: [{ accountId: account.sid, aiMinutes: 4 }],
		customerUsage: list.map(customerId => ({ accountId: account.sid, customerId, aiMinutes: 1 })) })))
	test('JSON lines: one object, no line end', async () => assert.equal(await bytes('jsonl'), await bytes('json')))
	test('XML', async () => {
		const escaped = s => s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
		assert.equal(await bytes('xml'), `<?xml version="1.0" encoding="utf-8"?><AIUsage ${instance} xmlns="${namespace}"><AccountUsage><AIAccountUsage><AIMinutes>4</AIMinutes>` +
			`<AccountId>${account.sid}</AccountId></AIAccountUsage></AccountUsage><CustomerUsage>` + list.map(c =>
			`<AICustomerUsage><AIMinutes>1</AIMinutes><AccountId>${account.sid}</AccountId><CustomerId>${escaped(c)}</CustomerId></AICustomerUsage>`).join('') + '</CustomerUsage></AIUsage>')
	})
	test('JSV', async () => assert.equal(await bytes('jsv'), `{accountUsage:${total()},customerUsage:${jsvList()}}`))
	test('CSV', async () => assert.equal(await bytes('csv'), `AccountUsage,CustomerUsage\r\n${cell(total())},${cell(jsvList())}\r\n`))
	test('HTML shows them and runs nothing', async () => {
		const html = await bytes('html')
		assert.ok(!html.includes('<a href=\'b\'>'))
		assert.ok(html.includes('Ærø 電話 📞') && html.includes('&quot;quoted&quot;, [x] {y}'))
	})
	test('asked for by name, in each way to ask', async () => {
		for (const customerId of customers) {
			const want = { accountUsage: [{ accountId: account.sid, aiMinutes: 1 }], customerUsage: [{ accountId: account.sid, customerId, aiMinutes: 1 }] }
			const ask = { accountId: account.sid, customerId, ...range }
			assert.deepEqual((await send(`/api/GetAIUsage?${new URLSearchParams(ask)}`, { as: 'admin' })).is(200).json, want)
			assert.deepEqual((await send('/api/GetAIUsage', { as: 'admin', method: 'POST', body: JSON.stringify(ask) })).is(200).json, want)
			assert.deepEqual((await send('/jsv/reply/GetAIUsage?format=json', { as: 'admin', method: 'POST',
				body: `{${Object.entries(ask).map(([k, v]) => `${k}:${jsvText(v)}`).join(',')}}` })).is(200).json, want)
			assert.deepEqual((await send('/csv/reply/GetAIUsage?format=json', { as: 'admin', method: 'POST',
				body: `${Object.keys(ask).join(',')}\n${Object.values(ask).map(cell).join(',')}\n` })).is(200).json, want)
		}
	})
	test('nothing, in each format', async () => {
		const nothing = async (path, format) => (await send(`${path}.${format}?accountId=${sids.unknown}&startDate=${range.startDate}&endDate=${range.endDate}`, { as: 'admin' })).is(200).text
		const header = 'AccountSid,Category,Count,CountUnit,Description,EndDate,Price,PriceUnit,StartDate,Usage,UsageUnit,Uri\r\n'
		const xml = (root, space, content) => `<?xml version="1.0" encoding="utf-8"?><${root} ${instance} xmlns="http://schemas.datacontract.org/2004/07/${space}"${content}`
		for (const [format, records, minutes] of [
			['json', '[]', '{"accountUsage":[],"customerUsage":[]}'], ['jsonl', '', '{"accountUsage":[],"customerUsage":[]}'],
			['jsv', '[]', '{accountUsage:[],customerUsage:[]}'], ['csv', header, 'AccountUsage,CustomerUsage\r\n"[]","[]"\r\n'],
			['xml', xml('ArrayOfUsageRecordInfo', 'Voice.Api.Dashboard', ' />'), xml('AIUsage', 'Voice.Api.AI', '><AccountUsage /><CustomerUsage /></AIUsage>')]]) {
			assert.equal(await nothing('/billing/usage', format), records, format)
			assert.equal(await nothing('/ai/usage', format), minutes, format)
		}
	})
})

describe('errors, byte for byte', () => {
	const path = '/ai/usage?startDate=2026-03-02&endDate=2026-03-01'
	const meta = (prefix) => `<Meta xmlns:${prefix}="http://schemas.microsoft.com/2003/10/Serialization/Arrays" i:nil="true" />`
	let message, field
	before(async () => {
		const { responseStatus } = (await send(`${path}&format=json`, { as: 'admin' })).is(400).json
		message = responseStatus.message
		field = responseStatus.errors[0]
		assert.equal(responseStatus.errorCode, 'ArgumentException')
		assert.equal(message, `${field.message} (Parameter '${field.fieldName}')`)
	})
	const bytes = async format => (await send(`${path}&format=${format}`, { as: 'admin' })).is(400).text
	const jsvText = s => /[":,{}[\]\r\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s
	const jsv = () => `{errorCode:ArgumentException,message:${jsvText(message)},errors:[{errorCode:ArgumentException,fieldName:${field.fieldName},message:${jsvText(field.message)}}]}`

	test('JSON, and JSON lines', async () => {
		const want = JSON.stringify({ responseStatus: { errorCode: 'ArgumentException', message, errors: [{ errorCode: 'ArgumentException', fieldName: field.fieldName, message: field.message }] } })
		assert.equal(await bytes('json'), want)
		assert.equal(await bytes('jsonl'), want)
	})
	test('XML', async () => assert.equal(await bytes('xml'), `<?xml version="1.0" encoding="utf-8"?><ErrorResponse ${instance} xmlns="http://schemas.servicestack.net/types"><ResponseStatus>` +
		`<ErrorCode>ArgumentException</ErrorCode><Message>${message}</Message><StackTrace i:nil="true" /><Errors><ResponseError><ErrorCode>ArgumentException</ErrorCode>` +
		`<FieldName>${field.fieldName}</FieldName><Message>${field.message}</Message>${meta('d5p1')}</ResponseError></Errors>${meta('d3p1')}</ResponseStatus></ErrorResponse>`))
	test('JSV', async () => assert.equal(await bytes('jsv'), `{responseStatus:${jsv()}}`))
	test('CSV', async () => assert.equal(await bytes('csv'), `ResponseStatus\r\n"${jsv().replaceAll('"', '""')}"\r\n`))
	test('HTML', async () => {
		const html = await bytes('html')
		assert.ok(html.includes('ArgumentException') && html.includes(field.fieldName))
	})
	test('in JSONP, with status 200', async () => {
		const a = (await send(`${path}&callback=cb`, { as: 'admin' })).is(200)
		assert.equal(a.text, `cb(${await bytes('json')})`)
		assert.equal(a.headers['content-type'], 'text/javascript')
		assert.match((await send('/ai/usage?callback=cb', { as: 'none' })).is(200).text, /^cb\(\{"responseStatus":\{"errorCode":"Unauthorized"/)
	})
	test('reason phrases say what is wrong', async () => {
		assert.equal((await send('/ai/usage', { as: 'none' })).is(401).reason, 'Not Authenticated')
		assert.equal((await send('/ai/usage', { as: 'wrong' })).is(401).reason, 'Invalid Username or Password')
		assert.equal((await send('/ai/usage', { as: 'manager' })).is(403).reason, 'Invalid Role')
		assert.equal((await send(`/billing/usage?accountId=${sids.other}`, { as: 'manager' })).is(403).reason, 'Forbidden')
	})
})
