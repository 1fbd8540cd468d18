// cloudevents.test.mjs - the official CloudEvents SDK sends; the ledger has what it meant.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { CloudEvent, HTTP } from 'cloudevents'
import { newAccount, records, send } from './harness.mjs'

const source = `/e2e/cloudevents/${process.pid}/${Date.now()}`
const time = new Date(Date.now() - 60000).toISOString()
let account

before(async () => { account = await newAccount('CloudEvents') })

const event = (id, data, more = {}) => new CloudEvent({ type: 'usage', source, id, subject: account.sid, time, data, ...more })
const post = message => send('/events', { as: 'ingest', method: 'POST', headers: message.headers, body: message.body })
const sums = async category => {
	const [r] = (await send(`${records(account.sid)}.json?Category=${category}`, { as: 'admin' })).is(200).exact.usage_records
	return [r.count, r.usage, String(r.price)]
}

describe('the official SDK', () => {
	test('one event, structured', async () => {
		const e = event('structured', { category: 'calls-inbound', usage: '2.5', price: 0.017 })
		const message = HTTP.structured(e)
		assert.match(message.headers['content-type'], /^application\/cloudevents\+json/)
		assert.deepEqual((await post(message)).is(200).json, { created: 1, duplicate: 0, conflict: 0, rejected: 0, results: [{ source, id: 'structured', status: 'created' }] })
		assert.deepEqual(await sums('calls-inbound'), ['1', '2.5', '0.017'])
	})
	test('the same event, binary, is a duplicate: it is the same event', async () => {
		const message = HTTP.binary(event('structured', { category: 'calls-inbound', usage: '2.5', price: 0.017 }))
		assert.equal(message.headers['ce-id'], 'structured')
		assert.deepEqual((await post(message)).is(200).json.results, [{ source, id: 'structured', status: 'duplicate' }])
	})
	test('one event, binary', async () => {
		const message = HTTP.binary(event('binary', { category: 'calls-outbound', count: 3, usage: '1.000001', price: '0.000000001' }))
		assert.match(message.headers['content-type'], /^application\/json/)
		assert.equal((await post(message)).is(200).json.created, 1)
		assert.deepEqual(await sums('calls-outbound'), ['3', '1.000001', '0.000000001'])
	})
	test('a batch', async () => {
		const events = Array.from({ length: 250 }, (_, i) => event(`batch ${i}`, { category: 'sms-inbound', price: '0.01', usage: 1 }))
		const body = JSON.stringify(events)
		const message = { headers: { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }, body }
		const a = (await post(message)).is(200).json
		assert.deepEqual([a.created, a.results.length, a.results[249].id], [250, 250, 'batch 249'])
		assert.deepEqual(await sums('sms-inbound'), ['250', '250', '2.5'])
	})
	test('extensions and a schema pass unseen', async () => {
		const e = event('extended', { category: 'calls-inbound' }, { traceparent: '00-1', dataschema: 'https://example.com/s.json', datacontenttype: 'application/json' })
		for (const [message, status] of [[HTTP.binary(e), 'created'], [HTTP.structured(e), 'duplicate']])
			assert.equal((await post(message)).is(200).json.results[0].status, status)
	})
	test('data of another type are rejected by name', async () => {
		const e = event('xml', '<a/>', { datacontenttype: 'application/xml' })
		const { results: [r] } = (await post(HTTP.structured(e))).is(422).json
		assert.deepEqual([r.status, r.field, r.id], ['rejected', 'datacontenttype', 'xml'])
		assert.match(r.message, /application\/json/);
		assert.match((await post(HTTP.binary(e))).is(415).json.message, /application\/json/)
	})
	test('an event without data is rejected for what it lacks', async () => {
		for (const message of [HTTP.binary(event('no data')), HTTP.structured(event('no data'))]) {
			const { results: [r] } = (await post(message)).is(422).json
			assert.deepEqual([r.status, r.field, r.id], ['rejected', 'category', 'no data'])
		}
	})
	test('the answer to an event is readable as it is for any other caller', async () => {
		const message = HTTP.binary(event('bad', { category: 'moon' }))
		const { results: [r] } = (await post(message)).is(422).json
		assert.deepEqual([r.source, r.id, r.status, r.code, r.field], [source, 'bad', 'rejected', 'invalid', 'category'])
	})
})

describe('headers by hand', () => {
	const headers = (id, more = {}) => ({ 'ce-specversion': '1.0', 'ce-type': 'usage', 'ce-source': source, 'ce-id': id, 'ce-subject': account.sid, 'ce-time': time, 'Content-Type': 'application/json', ...more })
	const byHand = (id, more, body = '{"category":"calls-inbound"}') => post({ headers: headers(id, more), body })

	test('percent-encoded values are decoded once, quotes taken off', async () => {
		for (const [sent, id] of [['%E2%82%AC%20%F0%9F%98%80', '\u20ac \u{1f600}'], ['100%2525', '100%25'], ['"say \\"hi\\""', 'say "hi"'], ['a/b+c', 'a/b+c']]) {
			assert.deepEqual((await byHand(sent)).is(200).json.results, [{ source, id, status: 'created' }])
			const again = { specversion: '1.0', type: 'usage', source, id, subject: account.sid, time, data: { category: 'calls-inbound' } }
			const a = await post({ headers: { 'Content-Type': 'application/cloudevents+json' }, body: JSON.stringify(again) })
			assert.equal(a.is(200).json.results[0].status, 'duplicate')
		}
	})
	test('a percent sign that says nothing, and bytes that are no text, are rejected by attribute', async () => {
		for (const id of ['50%', '%zz', '%ff', '%00'])
			assert.deepEqual((await byHand(id)).is(422).json.results.map(r => [r.status, r.field]), [['rejected', 'id']], id)
	})
	test('a header that is missing, and one of another version', async () => {
		const { 'ce-time': gone, ...rest } = headers('no time')
		const a = (await post({ headers: rest, body: '{"category":"calls-inbound"}' })).is(422).json
		assert.equal(a.results[0].field, 'time')
		assert.equal((await byHand('old', { 'ce-specversion': '0.3' })).is(422).json.results[0].field, 'specversion')
	})
	test('extensions are kept as in the other modes', async () => {
		const extensions = { traceparent: '00-ab-cd-01', sampledrate: '5' }, data = { category: 'calls-inbound', tariff: 'night', sampledrate: 'own' }
		const structured = { specversion: '1.0', type: 'usage', source, id: 'structured ext', subject: account.sid, time, ...extensions, data };
		(await post({ headers: { 'Content-Type': 'application/cloudevents+json' }, body: JSON.stringify(structured) })).is(200);
		(await byHand('binary ext', { 'ce-traceparent': '%300-ab-cd-01', 'ce-sampledrate': '5' }, JSON.stringify(data))).is(200)
		const kept = async id => (await send(`/events/${encodeURIComponent(id)}?AccountSid=${account.sid}`, { as: 'adminBearer' })).is(200).json.attributes
		assert.deepEqual(await kept('binary ext'), await kept('structured ext'))
		assert.match(JSON.stringify(await kept('binary ext')), /"own".*"night".*"00-ab-cd-01"/)
	})
	test('data that are no object', async () => {
		for (const body of ['[1]', '"text"', '{"a":1}{}', '7'])
			assert.match((await byHand('odd', {}, body)).is(422).json.results[0].message, /JSON/)
		const a = (await byHand('half', {}, '{"category":')).is(422).json
		assert.deepEqual([a.results[0].id, a.results[0].status, a.results[0].code], ['half', 'rejected', 'unreadable'])
	})
	test('with a type of CloudEvents the headers are not the event', async () => {
		const e = event('inside', { category: 'calls-inbound' })
		const a = await byHand('outside', { 'Content-Type': 'application/cloudevents+json' }, JSON.stringify(e))
		assert.deepEqual(a.is(200).json.results, [{ source, id: 'inside', status: 'created' }])
	})
})
