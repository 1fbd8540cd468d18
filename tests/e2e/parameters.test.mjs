// parameters.test.mjs - parameters that an operation doesn't have: refused by the server's own operations, named by the others.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { config, day, plusDays, records, send, sids, usaged } from './harness.mjs'

const today = day(new Date())
const form = (path, body, as = 'admin') => send(path, { as, method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body })
const json = (path, body, as = 'admin') => send(path, { as, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })

describe('the server\'s own operations', () => {
	const misspelt = {
		'/reports/usage.json?StartDat=2026-01-01': ['StartDat', 'StartDate'], '/reports/usage.json?startdate=2026-01-01': ['startdate', 'StartDate'],
		'/reports/ai.json?GruopBy=customer': ['GruopBy', 'GroupBy'], '/events.json?Categroy=calls': ['Categroy', 'Category'],
		'/events.json?formt=csv': ['formt', 'format'], '/overview.json?TimeZon=UTC': ['TimeZon', 'TimeZone'], '/audit.json?PageSise=3': ['PageSise', 'PageSize'],
	}
	for (const [path, [name, near]] of Object.entries(misspelt))
		test(`${path} is refused, and ${near} named`, async () => {
			const { message } = (await send(path, { as: 'admin' })).is(400).json
			assert.ok(message.includes(name) && message.includes(near), message)
		})
	test('every one that reads refuses a name that is like no other', async () => {
		const { operations } = JSON.parse(await usaged('report', 'ListOperations', '--format', 'json'))
		const own = operations.filter(op => op.dialect === 'usaged' && op.methods.split(',').includes('GET') && !op.path.includes('{'))
		assert.ok(own.length > 10)
		for (const op of own) {
			const { message } = (await send(`${op.path}.json?Quagga=1`, { as: 'admin' })).is(400).json
			assert.match(message, /Quagga: is not a parameter of this operation/, op.id)
		}
	})
	test('in a form, in JSON, with an empty value', async () => {
		const before = (await send('/keys.json', { as: 'admin' })).is(200).text
		for (const a of [await form('/keys', 'role=Ingest&expires=2027-01-01'), await json('/keys', { role: 'Ingest', expires: '2027-01-01' }),
			await form('/keys', 'role=Ingest&expires='), await form('/keys?expires=2027-01-01', 'role=Ingest')])
			assert.match(a.is(400).json.message, /expires: is not a parameter of this operation/)
		assert.match((await json('/users', { user: 'parameters', role: 'Manager', password: 'x'.repeat(20), grants: sids.main })).is(400).json.message, /grants: .*did you mean grant\?/)
		assert.equal((await send('/keys.json', { as: 'admin' })).text, before)
		assert.doesNotMatch((await send('/users.json', { as: 'admin' })).text, /"parameters"/)
	})
	test('one that comes twice with two values is refused, in the query and in bodies', async () => {
		const before = (await send('/keys.json', { as: 'admin' })).is(200).text
		for (const a of [await send('/reports/usage.json?StartDate=2026-11-01&GroupBy=none&StartDate=2026-11-02', { as: 'admin' }),
			await form('/keys', 'role=User&user=twice&role=Ingest'), await form('/keys?user=twice&user=thrice', 'role=User')])
			assert.match(a.is(400).json.message, /(StartDate|role|user): has two values/)
		assert.equal((await send('/keys.json', { as: 'admin' })).text, before)
	})
	test('the same value twice, or an empty one beside it, is one value', async () => {
		(await send('/reports/usage.json?StartDate=2026-11-01&StartDate=2026-11-01&GroupBy=&GroupBy=none', { as: 'admin' })).is(200)
		;(await send(`${records(sids.main)}.json?StartDate=2026-11-01&StartDate=2026-11-02`, { as: 'main' })).is(200)
	})
	test('on a page the form is shown again, with the fault', async () => {
		const a = (await form('/keys.html', 'Role=Ingest&expires=2027-01-01')).is(400)
		assert.match(a.text, /is not a parameter of this operation/)
	})
	test('bytes that are no name for a header are encoded, and long names cut', async () => {
		const { message } = (await send(`/accounts.json?${encodeURIComponent('a\r\nb<i>')}${'x'.repeat(80)}=1`, { as: 'admin' })).is(400).json
		assert.match(message, /a%0D%0Ab%3Ci%3E/)
		assert.ok(message.length < 200)
	})
	test('format and what a page was led to with are known', async () => {
		(await send('/accounts?format=csv', { as: 'admin' })).is(200)
		;(await send('/keys.html?Done=CreateKey', { as: 'admin' })).is(200)
	})
})

describe('the dialects of others', () => {
	const ignored = async (path, options) => (await send(path, options)).is(200).headers['usaged-ignored-parameters']

	test('answer as if it weren\'t there, and name it', async () => {
		const path = `/billing/usage.json?startDate=${plusDays(today, -3)}&endDate=${plusDays(today, -2)}`
		const a = (await send(`${path}&moon=full&Tide=1&moon=new`, { as: 'admin' })).is(200)
		assert.equal(a.text, (await send(path, { as: 'admin' })).text)
		assert.equal(a.headers['usaged-ignored-parameters'], 'moon, Tide')
		assert.equal(await ignored(`${records(sids.main)}.json?category=calls`, { as: 'main' }), 'category')
		assert.equal(await ignored('/v1/UsageRecords?StartTim=now', { as: 'main' }), 'StartTim')
	})
	test('nothing is named where nothing is unknown', async () => {
		for (const [path, as] of [[`${records(sids.main)}.json?Category=calls&PageSize=3&format=json`, 'main'], ['/v1/UsageRecords?Page=1', 'main'],
			['/billing/usage?format=json&callback=f&jsconfig=edv&debug=&v=1&_=1718&X-Http-Method-Override=GET', 'admin'], ['/api/GetAIUsage?accountid=x&start_date=', 'admin']])
			assert.equal(await ignored(path, { as }), undefined, path)
	})
	test('members of bodies count', async () => {
		const post = (type, body) => ignored('/ai/usage?format=json', { as: 'admin', method: 'POST', headers: { 'Content-Type': type }, body })
		const ns = 'xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI"'
		assert.equal(await post('application/json', '{"moon":1,"accountId":"x","tide":{"a":1}}'), 'moon, tide')
		assert.equal(await post('application/xml', `<GetAIUsage ${ns}><moon/><AccountId>x</AccountId></GetAIUsage>`), 'moon')
		assert.equal(await post('text/jsv', '{moon:1,accountId:x}'), 'moon')
		assert.equal(await post('text/csv', 'moon,AccountId\r\n1,x\r\n'), 'moon')
		assert.equal(await post('application/x-www-form-urlencoded', 'moon=1&AccountId=x'), 'moon')
	})
	test('the header is safe and bounded, and so is the log', async () => {
		const evil = encodeURIComponent('x\r\nSet-Cookie: a=b'), many = Array.from({ length: 40 }, (_, i) => `n${i}=1`).join('&')
		assert.equal(await ignored(`/billing/usage?format=json&${evil}=1`, { as: 'admin' }), 'x%0D%0ASet-Cookie%3A%20a%3Db')
		assert.equal(await ignored(`/billing/usage?format=json&${many}`, { as: 'admin' }), 'n0, n1, n2, n3, n4, n5, n6, n7')
		assert.match(await ignored(`/billing/usage?format=json&${'y'.repeat(100)}=1`, { as: 'admin' }), /^y{40}\.\.\.$/)
		assert.match(readFileSync(join(dirname(config), 'usaged.log'), 'utf8'), /ignored parameters: x%0D%0ASet-Cookie%3A%20a%3Db\n/)
	})
	test('a refusal names them too', async () =>
		assert.equal((await send('/billing/usage.json?startDate=never&moon=1', { as: 'admin' })).is(400).headers['usaged-ignored-parameters'], 'moon'))
	test('names may have underscores, in the query and in bodies', async () => {
		const query = `startDate=${plusDays(today, -9)}&endDate=${plusDays(today, -2)}`
		const a = (await send(`/ai/usage.json?accountId=${sids.main}&${query}`, { as: 'admin' })).is(200)
		for (const q of [`account_id=${sids.main}&start_date=${plusDays(today, -9)}&end_date=${plusDays(today, -2)}`, `ACCOUNT_ID=${sids.main}&${query}`])
			assert.equal((await send(`/ai/usage.json?${q}`, { as: 'admin' })).is(200).text, a.text)
		const body = { account_id: sids.main, start_date: plusDays(today, -9), end_date: plusDays(today, -2) }
		assert.equal((await json('/ai/usage.json', body)).is(200).text, a.text)
		/* the query goes before the body, however either spells the name */
		assert.equal((await json(`/ai/usage.json?account_id=${sids.unknown}`, { accountId: sids.main })).is(200).text, '{"accountUsage":[],"customerUsage":[]}')
	})
})

describe('bodies of strangers', () => {
	const evil = n => `<GetAIUsage ${Array.from({ length: n }, (_, i) => `a${i.toString(36)}=""`).join(' ')}/>`
	const post = (body, as) => send('/ai/usage', { as, method: 'POST', headers: { 'Content-Type': 'application/xml', Accept: 'application/json' }, body })

	test('a short one that can\'t be decoded is refused before credentials are looked at', async () => {
		assert.equal((await post('<GetAIUsage', 'none')).is(400).json.responseStatus.errorCode, 'SerializationException')
		assert.match((await post(evil(1000), 'none')).is(400).json.responseStatus.message, /more than 16 attributes/)
	})
	test('a long one is not decoded', async () => assert.equal((await post(evil(30000), 'none')).is(401).json.responseStatus.errorCode, 'Unauthorized'))
	test('of a known caller it is, and refused for what it is', async () => assert.match((await post(evil(30000), 'admin')).is(400).json.responseStatus.message, /more than 16 attributes/))
	test('where no credentials are needed a long one is too large', async () =>
		(await send('/auth/credentials', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ UserName: 'x'.repeat(20000) }) })).is(413))
})
