// work.test.mjs - reports of very many customers are paged and drawn, and what would be too much work is refused, stopped when the
// caller has gone, and counted for each key that brings in what is new.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, request } from './fastcgi.mjs'
import { Ledger } from './worker.mjs'

const customers = 7000, days = 31
let many, account

const day = n => new Date(Date.UTC(2026, 4, 1 + n)).toISOString().slice(0, 10)

// Each customer has one minute more than the one before; three events on days that differ.
function* events() {
	yield 'source,id,subject,time,category,usage,price,customer\n'
	for (let c = 0; c < customers; c++)
		for (let n = 0; n < 3; n++)
			yield `/work,${c}-${n},${account},${day((c * 7 + n * 11) % days)}T10:00:00Z,ai-minutes,${c + 1},0.01,customer ${c}\n`
	yield `/work,none,${account},${day(3)}T11:00:00Z,ai-minutes,5,0.01,\n`
}

before(async () => {
	many = new Ledger({ server: 'threads = 4', level: 'info' })
	account = many.account('Main')
	many.input([...events()].join(''), 'import', '--format', 'csv', '-')
	await many.start()
})

after(() => many?.remove())

async function get(ledger, uri, options) {
	const c = new Connection(ledger.socket)
	c.write(request(ledger.admin, { uri, ...options }))
	const { head, body } = await c.answer()
	c.close()
	return { status: Number(/^Status: (\d+)/.exec(head)?.[1]), head, body }
}

const json = async (ledger, uri) => {
	const { status, body } = await get(ledger, uri)
	assert.equal(status, 200, body)
	return JSON.parse(body)
}

const range = `StartDate=${day(0)}&EndDate=${day(days - 1)}`

test('every customer stands on one page of the report', async () => {
	const seen = new Map()
	let uri = `/reports/ai.json?${range}&PageSize=1000`, pages = 0
	while (uri) {
		const page = await json(many, uri)
		assert.equal(page.line_count, customers + 1)
		for (const line of page.lines) {
			assert.ok(!seen.has(line.name), line.name)
			seen.set(line.name, line)
		}
		uri = page.next_page_uri
		pages++
	}
	assert.equal(pages, 8)
	assert.equal(seen.size, customers + 1)
	assert.deepEqual([...seen.values()].slice(0, 3).map(l => [l.name, l.usage]),
		[1, 2, 3].map(n => [`customer ${customers - n}`, 3 * (customers - n + 1)]))
	assert.equal(seen.get('no customer').usage, 5)
	for (const n of [0, 1, 77, 3500])
		assert.equal(seen.get(`customer ${n}`).usage, 3 * (n + 1))
})

test('the total and any order are those of all customers', async () => {
	const all = await json(many, `/reports/ai.json?${range}&PageSize=1`)
	assert.equal(all.total.usage, 3 * customers * (customers + 1) / 2 + 5)
	const middle = await json(many, `/reports/ai.json?${range}&PageSize=10&Page=350&Sort=usage`)
	// the two smallest, "no customer" (5) between the first (3) and the second (6), then one after the other
	assert.deepEqual(middle.lines.map(l => l.usage), Array.from({ length: 10 }, (_, i) => 3 * (3500 + i)))
	const names = await json(many, `/reports/ai.json?${range}&PageSize=3&Sort=name`)
	assert.deepEqual(names.lines.map(l => l.name), ['customer 0', 'customer 1', 'customer 10'])
})

test('a row a customer and day can be paged through as well', async () => {
	const first = await json(many, `/reports/ai.json?${range}&By=day&PageSize=1000`)
	assert.equal(first.line_count, 3 * customers + 1)
	const last = await json(many, `/reports/ai.json?${range}&By=day&PageSize=1000&Page=21`)
	assert.equal(last.lines.length, 1)
	assert.equal(last.next_page_uri, undefined)
})

test('the chart has the largest and the others together, which add up', async () => {
	const { chart, total } = await json(many, `/reports/ai.json?${range}`)
	const names = new Set(chart.map(bar => bar.name))
	assert.deepEqual([...names].sort(), [...[1, 2, 3, 4, 5].map(n => `customer ${customers - n}`), 'others'].sort())
	assert.equal(chart.reduce((sum, bar) => sum + bar.usage, 0), total.usage)
	for (let n = 1; n <= 5; n++)
		assert.equal(chart.filter(bar => bar.name === `customer ${customers - n}`).length, 3)
	const svg = await get(many, `/reports/ai.svg?${range}`)
	assert.equal(svg.status, 200)
	assert.match(svg.body, /others/)
})

test('the overview of very many customers names the largest', async () => {
	const { status, body } = await get(many, '/overview.json')
	assert.equal(status, 200)
	assert.ok(JSON.parse(body).customers.length <= 8)
})

// ---- refused before it begins ----

test('what would be too much work is refused in the form of each API, and says what would be right', async () => {
	const none = new Ledger({ server: 'threads = 4\nmax_report_work = 1' })
	try {
		const sid = none.account('Main')
		await none.start()
		const own = await get(none, '/reports/usage.json')
		assert.equal(own.status, 413)
		assert.match(JSON.parse(own.body).message, /more than 1 sums would have to be read.*shorter range, longer periods/)
		const twilio = await get(none, `/2010-04-01/Accounts/${sid}/Usage/Records/Daily.json?StartDate=2026-01-01&TimeZone=Asia/Kathmandu`)
		assert.equal(twilio.status, 413)
		assert.deepEqual([JSON.parse(twilio.body).status, JSON.parse(twilio.body).code], [413, null])
		const sims = await get(none, `/v1/UsageRecords?AccountSid=${sid}&Group=sim`)
		assert.equal(sims.status, 413)
		assert.match(JSON.parse(sims.body).message, /shorter range/)
		const billing = await get(none, '/billing/usage.json')
		assert.equal(billing.status, 413)
		assert.equal(JSON.parse(billing.body).responseStatus.errorCode, 'RequestEntityTooLarge')
		const page = await get(none, '/reports/usage.html')
		assert.equal(page.status, 413)
		assert.match(page.body, /shorter range/)
	} finally {
		none.remove()
	}
})

// ---- nobody waits ----

test('work ends when its caller has gone', async () => {
	const used = () => readFileSync(`/proc/${many.worker.pid}/stat`, 'utf8').split(' ').slice(13, 15).reduce((a, b) => a + Number(b), 0)
	const asked = `[${Array(100).fill('{"StartDate":"2026-05-01"}').join()}]`
	const heavy = { method: 'POST', uri: '/json/reply/GetAIUsage[]', body: asked, env: { CONTENT_TYPE: 'application/json' } }
	const callers = 10, gone = () => many.log.match(/GetAIUsage \d+ 0 bytes .*the caller was gone/g)?.length ?? 0
	let begun = used()
	await get(many, heavy.uri, heavy)
	const whole = used() - begun
	begun = used()
	for (let i = 0; i < callers; i++) {
		const c = new Connection(many.socket)
		c.write(request(many.admin, heavy))
		await sleep(3)
		c.close()
	}
	// one that leaves before its request is read whole isn't logged
	for (let i = 0; i < 60 && gone() < callers; i++)
		await sleep(50)
	assert.ok(gone() > 0, many.log)
	assert.ok(used() - begun < whole * callers / 2, `${used() - begun} ticks for ${callers} that were gone, ${whole} for one that stays`)
})

// ---- new series ----

test('a key brings in only so many new series a day, and an import any number', async () => {
	const few = new Ledger({ ledger: 'busy_timeout_ms = 300\n[ingest]\nnew_series = 2', server: 'threads = 4' })
	try {
		const subject = few.account('Main')
		const event = (id, customer) => JSON.stringify({ specversion: '1.0', type: 'usage', source: '/new', id, subject, time: '2026-05-01T00:00:00Z',
			data: { category: 'ai-minutes', usage: 1, customer } })
		few.input(event('first', 'z') + '\n', 'import', '--format', 'ndjson', '-')
		await few.start()
		const { status, body } = await few.post(['a', 'b', 'c', 'a', 'z'].map((c, i) => event(String(i), c)).join('\n'))
		assert.equal(status, 207)
		const { results } = JSON.parse(body)
		assert.deepEqual(results.map(r => r.status), ['created', 'created', 'rejected', 'created', 'created'])
		assert.equal(results[2].code, 'too_many')
		assert.match(results[2].message, /a new combination.*2 such new combinations today/)
		const { rejections } = await json(few, '/rejections.json')
		assert.deepEqual(rejections.map(r => r.code), ['too_many'])
		few.input(['c', 'd', 'e', 'f'].map((c, i) => event(`i${i}`, c)).join('\n') + '\n', 'import', '--format', 'ndjson', '-')
		assert.equal((await few.post(event('9', 'f'))).status, 200)
		assert.equal((await few.post(event('10', 'g'))).status, 422)
	} finally {
		few.remove()
	}
})
