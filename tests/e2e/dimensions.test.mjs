// dimensions.test.mjs - declared dimensions on a running server: in events of every form, filled in for those of before, in
// reports, in lists of events, on pages.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { newAccount, send, usaged } from './harness.mjs'

const unique = `${process.pid}-${Date.now() % 1e9}`
const team = `team-${unique}`, region = `region-${unique}`          // attributes, and the dimensions from them
const source = `/e2e/dimensions/${unique}`
let main

const asMain = () => ({ auth: 'Basic ' + Buffer.from(`${main.sid}:${main.token}`).toString('base64') })
const data = i => ({ category: i % 2 ? 'calls-inbound' : 'calls-outbound', price: '1', [team]: ['red', 'rust', 'blue, x'][i % 3], [region]: ['eu', 'us'][i % 2] })
const event = i => ({ specversion: '1.0', type: 'usage', source, id: `e${i}`, subject: main.sid, time: `2026-03-0${1 + i % 9}T10:00:00Z`, data: data(i) })
const post = (body, type = 'application/json') => send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': type }, body })
const report = async query => (await send(`/reports/usage.json?StartDate=2026-03-01&EndDate=2026-03-31&${query}`, asMain())).is(200).json
const lines = async query => Object.fromEntries((await report(query)).lines.map(l => [l.second ? `${l.name}/${l.second}` : l.name, Number(l.price)]))

before(async () => {
	main = await newAccount('dimensions')
	assert.equal((await post(JSON.stringify([0, 1, 2, 3, 4, 5].map(event)))).is(200).json.created, 6)
	await usaged('dimension', 'add', team, '--from', team)
	await usaged('dimension', 'add', region, '--from', region, '--backfill')
})

describe('declared dimensions', { concurrency: 1 }, () => {
	test('count from their declaration on, in every form of events', async () => {
		assert.deepEqual(await lines(`GroupBy=${team}`), { [`no ${team}`]: 6 })
		assert.equal((await post([6, 7].map(i => JSON.stringify(event(i))).join('\n'), 'application/x-ndjson')).is(200).json.created, 2)
		const csv = `source,id,subject,time,category,price,${team},${region}\n${source},e8,${main.sid},2026-03-09T10:00:00Z,calls-outbound,1,"blue, x",eu\n`
		assert.equal((await post(csv, 'text/csv')).is(200).json.created, 1)
		assert.deepEqual(await lines(`GroupBy=${team}`), { [`no ${team}`]: 6, red: 1, rust: 1, 'blue, x': 1 })
	})

	test('are filled in for the events of before, which stay duplicates', async () => {
		assert.match(await usaged('dimension', 'backfill', team), /filled in for 6 events/)
		assert.deepEqual(await lines(`GroupBy=${team}`), { red: 3, rust: 3, 'blue, x': 3 })
		assert.equal((await post(JSON.stringify([0, 1, 2, 6, 7].map(event)))).is(200).json.duplicate, 5)
		const other = { ...event(0), data: { ...data(0), [team]: 'green' } }
		assert.equal((await post(JSON.stringify([other]))).json.conflict, 1)
	})

	test('group reports in pairs, and filter them', async () => {
		assert.deepEqual(await lines(`GroupBy=${team}&ThenBy=${region}`),
			{ 'red/eu': 2, 'red/us': 1, 'rust/us': 2, 'rust/eu': 1, 'blue, x/eu': 2, 'blue, x/us': 1 })
		assert.deepEqual(await lines(`GroupBy=${region}&Filter=${team}:r*`), { eu: 3, us: 3 })
		assert.deepEqual(await lines(`GroupBy=none&Filter=${encodeURIComponent(`${team}:blue\\, x,${region}:us`)}`), { all: 1 })
		assert.equal((await send(`/reports/usage.json?GroupBy=nothing-${unique}`, asMain())).is(400).json.status, 400)
	})

	test('lead from each line to a finer report and to its events', async () => {
		for (const line of (await report(`GroupBy=${team}&ThenBy=${region}&By=day`)).lines.filter(l => l.uri)) {
			const finer = (await send(line.uri.replace('/usage', '/usage.json'), asMain())).is(200).json
			assert.equal(Number(finer.total.price), Number(line.price), line.uri)
			const { events } = (await send(line.events_uri.replace('/events', '/events.json'), asMain())).is(200).json
			assert.equal(events.length, Number(line.price), line.events_uri)
		}
		const { events } = (await send(`/events.json?Filter=${team}:r*,${region}:eu`, asMain())).is(200).json
		assert.deepEqual(events.map(e => e.id).sort(), ['e0', 'e4', 'e6'])
	})

	test('are choices of a page', async () => {
		const page = (await send(`/reports/usage.html?GroupBy=${team}&ThenBy=${region}&StartDate=2026-03-01&EndDate=2026-03-31`, asMain())).is(200).text
		assert.ok(page.includes(`<option value="${team}" selected`) && page.includes(`<option value="${region}" selected`))
		assert.ok(page.includes('blue, x, eu'))           // in the chart
	})

	test('stay once they are used, and the ledger is sound', async () => {
		await assert.rejects(usaged('dimension', 'remove', team), /events have values of it/)
		assert.match(await usaged('dimension', 'list'), new RegExp(`^${team}\t${team}\t.*\tdone$`, 'm'))
		assert.match(await usaged('verify'), /\b0 differences/)
	})
})
