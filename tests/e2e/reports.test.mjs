// reports.test.mjs - the reports that pages show, as data: their lines add up, to the last digit, to their own total, to the chart,
// and to what the other APIs say of the same days; and what leads from a line to a finer report keeps its numbers.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { baseUrl, csvRecords, day, firstOfMonth, nano, newAccount, numbersAsText, plusDays, records, send, sids, sum } from './harness.mjs'

const today = day(new Date()), month = firstOfMonth(today)
const ranges = {
	'this month so far': '', 'the last 70 days': `StartDate=${plusDays(today, -69)}`, 'one day': `StartDate=${plusDays(today, -3)}&EndDate=${plusDays(today, -3)}`,
	'all time': 'StartDate=1980-01-01', 'days in Kathmandu': `StartDate=${plusDays(today, -20)}&TimeZone=Asia/Kathmandu`,
}
const groups = {
	usage: ['category', 'account', 'customer', 'none'], billing: ['account', 'category'],
	ai: ['customer', 'account', 'none'], sim: ['sim', 'fleet', 'network', 'country', 'account', 'none'],
}

const ask = async (path, as = 'main') => JSON.parse(numbersAsText((await send(path, { as })).is(200).text))
const prices = list => sum(list.map(l => l.price))

async function allLines(path) {
	const lines = []
	let answer

	for (let page = 0; page === 0 || answer.next_page_uri; page++) {
		answer = await ask(`${path}&PageSize=1000&Page=${page}`)
		lines.push(...answer.lines)
	}
	assert.equal(lines.length, +answer.line_count)
	return { ...answer, lines }
}

// What Twilio's records say the days cost.
async function costByRecords(r, category = 'totalprice') {
	const zone = r.time_zone === 'UTC' ? '' : `&TimeZone=${r.time_zone}`
	const answer = await ask(`${records(sids.main)}.json?Category=${category}&StartDate=${r.start}&EndDate=${r.end}${zone}`)

	return nano(answer.usage_records[0].price)
}

describe('reports', () => {
	for (const [report, list] of Object.entries(groups))
		for (const group of list)
			for (const [name, range] of Object.entries(ranges))
				test(`${report} by ${group}, ${name}: lines, chart and total are the same`, async () => {
					const path = `/reports/${report}.json?GroupBy=${group}&${range}`
					const whole = await allLines(path)
					const category = { ai: 'ai-minutes', sim: 'sim-data' }[report]

					assert.equal(prices(whole.lines), nano(whole.total.price))
					assert.equal(nano(whole.total.price), await costByRecords(whole, category))
					if (report === 'usage' || report === 'billing')
						assert.equal(prices(whole.chart), nano(whole.total.price))
					for (const by of ['day', 'month', 'year']) {
						const slots = await allLines(`${path}&By=${by}`)

						assert.equal(prices(slots.lines), nano(whole.total.price), by)
						assert.ok(slots.lines.every(l => l.start >= whole.start && l.end <= whole.end && l.start <= l.end))
					}
				})

	test('a category opens into those below it, with the same sum', async () => {
		const top = await ask(`/reports/usage.json?StartDate=${plusDays(today, -60)}&Compare=none`)

		for (const line of top.lines.filter(l => l.uri.includes('GroupBy=category'))) {
			const finer = await ask(line.uri)

			assert.ok(finer.lines.length > 0)
			assert.equal(prices(finer.lines), nano(line.price), line.key)
			assert.equal(sum(finer.lines.map(l => l.usage)), nano(line.usage), line.key)
			assert.equal(sum(finer.lines.map(l => l.count)), nano(line.count), line.key)
		}
	})

	test('every line leads to a finer report that says the same, down to hours', async () => {
		let opened = 0

		async function open(uri, price, depth) {
			const r = await allLines(uri.replace(/(\/reports\/\w+)(\.json)?/, '$1.json'))

			opened++
			assert.equal(prices(r.lines), price, uri)
			for (const line of r.lines.slice(0, 2))
				if (line.uri && depth < 6) await open(line.uri, nano(line.price), depth + 1)
		}
		for (const [report, list] of Object.entries(groups))
			for (const group of list) {
				const r = await ask(`/reports/${report}.json?GroupBy=${group}&StartDate=${plusDays(today, -40)}`)

				for (const line of r.lines.slice(0, 3))
					if (line.uri) await open(line.uri, nano(line.price), 0)
			}
		assert.ok(opened > 100, `${opened}`)
	})

	test('CSV has the lines, and nothing else', async () => {
		const json = await ask('/reports/usage.json?GroupBy=category'), csv = csvRecords((await send('/reports/usage.csv?GroupBy=category', { as: 'main' })).is(200).text)

		assert.deepEqual(csv.map(l => [l.name, l.price]), json.lines.map(l => [l.name, l.price]))
	})

	test('CSV has the totals as a last row for those who ask for them', async () => {
		const { lines, total } = await ask('/reports/usage.json?GroupBy=category')
		const csv = csvRecords((await send('/reports/usage.csv?GroupBy=category&Totals=true', { as: 'main' })).is(200).text)

		assert.equal(csv.length, lines.length + 1)
		assert.deepEqual([csv.at(-1).name, csv.at(-1).price], [total.name, total.price])
	})

	test('CSV of the server\'s own begins with a byte order mark and has no empty column, that of the dialects has its own bytes', async () => {
		for (const path of ['/reports/usage.csv', '/reports/ai.csv', '/reports/sim.csv?By=day', '/events.csv', '/accounts.csv']) {
			const a = (await send(path, { as: 'main' })).is(200), [header, ...rows] = a.csv

			assert.equal(a.headers['content-type'], 'text/csv; charset=utf-8', path)
			assert.ok(a.text.startsWith('\uFEFF'), path)
			for (const [i, name] of header.entries())
				assert.ok(rows.some(row => row[i] !== ''), `${name} of ${path}`)
		}
		for (const [path, as] of [[`/2010-04-01/Accounts/${sids.main}/Usage/Records.csv?PageSize=2`, 'main'], ['/v1/UsageRecords.csv', 'main'],
			[`/billing/usage.csv?StartDate=${month}`, 'admin'], [`/ai/usage.csv?StartDate=${month}&EndDate=${today}`, 'admin']])
			assert.ok(!(await send(path, { as })).is(200).text.startsWith('\uFEFF'), path)
	})

	test('the pages of APIs whose CSV is for programs lead to one for people', async () => {
		for (const [page, report] of [[`/ai/usage.html?StartDate=${month}&EndDate=${today}&AccountId=${sids.main}`, '/reports/ai.csv'],
			[`/billing/usage.html?StartDate=${month}&EndDate=${today}&AccountId=${sids.main}`, '/reports/billing.csv']]) {
			const [, href] = /href="([^"]*\.csv[^"]*)"/.exec((await send(page, { as: 'admin' })).is(200).text), link = href.replaceAll('&amp;', '&')

			assert.ok(link.startsWith(report), link)
			const query = new URL(link, baseUrl).searchParams
			assert.deepEqual([query.get('AccountSid'), query.get('StartDate'), query.get('EndDate')], [sids.main, month, today])
			assert.ok((await send(link, { as: 'admin' })).is(200).csv.length > 1)
		}
	})

	test('what came before is what those days cost', async () => {
		for (const query of ['', `StartDate=${month}&Compare=year`, `StartDate=${plusDays(today, -9)}`]) {
			const r = await ask(`/reports/usage.json?${query}`)
			const before = await ask(`/reports/usage.json?StartDate=${r.previous_start}&EndDate=${r.previous_end}&Compare=none`)

			assert.equal(nano(r.total.previous_price), nano(before.total.price), query)
			assert.equal(before.total.previous_price ?? null, null)
		}
	})

	test('this month so far is compared with the same days of the month before, whole months with whole ones', async () => {
		const days = async query => { const r = await ask(`/reports/usage.json?${query}`); return [r.previous_start, r.previous_end] }

		assert.deepEqual(await days('StartDate=2026-03-01&EndDate=2026-03-10'), ['2026-02-01', '2026-02-10'])
		assert.deepEqual(await days('StartDate=2026-03-01&EndDate=2026-03-31'), ['2026-02-01', '2026-02-28'])
		assert.deepEqual(await days('StartDate=2026-03-01&EndDate=2026-03-30'), ['2026-02-01', '2026-02-28'])
		assert.deepEqual(await days('StartDate=2026-02-01&EndDate=2026-04-30'), ['2025-11-01', '2026-01-31'])
		assert.deepEqual(await days('StartDate=2026-03-05&EndDate=2026-03-07'), ['2026-03-02', '2026-03-04'])
		assert.deepEqual(await days('StartDate=2026-03-05&EndDate=2026-03-07&Compare=year'), ['2025-03-05', '2025-03-07'])
	})

	test('days without a beginning are those of the month that they end in, and days before all accounts stay what they are', async () => {
		const of = async query => { const r = await ask(`/reports/usage.json?${query}`); return [r.start, r.end] }
		const last = plusDays(month, -3)

		assert.deepEqual(await of(`EndDate=${last}`), [firstOfMonth(last), last])
		assert.deepEqual(await of('StartDate=2001-01-01&EndDate=2001-01-31'), ['2001-01-01', '2001-01-31'])
	})

	test('an account that began in the middle of the month is compared with the same days as others', async () => {
		const { sid } = await newAccount('young'), r = await ask(`/reports/usage.json?AccountSid=${sid}`, 'admin')

		assert.deepEqual([r.start, r.end], [month, today])
	})

	test('a currency is told as the ledger spells it', async () => {
		assert.equal((await ask('/reports/usage.json?Currency=USD')).currency, 'usd')
	})

	for (const [sort, value] of [['price', l => nano(l.price)], ['name', l => l.name], ['count', l => nano(l.count)]])
		test(`lines are sorted by ${sort}`, async () => {
			const values = (await ask(`/reports/usage.json?Sort=${sort}`)).lines.map(value)
			const down = (await ask(`/reports/usage.json?Sort=-${sort}`)).lines.map(value)

			assert.deepEqual(values, [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
			assert.deepEqual(down, [...values].reverse())
		})

	test('pages have every line once', async () => {
		const whole = (await ask('/reports/usage.json?By=day&PageSize=1000')).lines.map(l => l.start + l.key), pages = []

		for (let uri = '/reports/usage.json?By=day&PageSize=7'; uri;) {
			const r = await ask(uri)

			pages.push(...r.lines.map(l => l.start + l.key))
			uri = r.next_page_uri
		}
		assert.deepEqual(pages, whole)
	})

	test('what would be too much is refused with what to do', async () => {
		const a = await send('/reports/sim.json?StartDate=1980-01-01&By=hour', { as: 'main' })

		assert.ok([200, 413].includes(a.status), `${a.status}`)
		if (a.status === 413) assert.match(a.text, /choose fewer days/)
	})

	test('another account is refused, and one without usage has an empty report', async () => {
		assert.equal((await send(`/reports/usage.json?AccountSid=${sids.other}`, { as: 'main' })).status, 400)
		assert.equal((await ask('/reports/usage.json?Customer=nobody')).lines.length, 0)
	})
})

describe('the overview', () => {
	test('is what the reports say', async () => {
		for (const as of ['main', 'admin', 'manager']) {
			const o = await ask('/overview.json', as), usage = await ask('/reports/usage.json', as), ai = await ask('/reports/ai.json', as), sim = await ask('/reports/sim.json', as)
			const figure = name => o.figures.find(f => f.name === name)

			assert.equal(nano(figure('Cost').value), nano(usage.total.price))
			assert.equal(nano(figure('Cost').previous), nano(usage.total.previous_price))
			assert.equal(nano(figure('AI minutes').value), nano(ai.total.usage))
			assert.equal(nano(figure('SIM data').value), nano(sim.total.upload) + nano(sim.total.download))
			assert.equal(prices(o.days), nano(usage.total.price))
			assert.deepEqual(o.accounts.map(a => a.price), (await ask('/reports/billing.json?Sort=-price', as)).lines.slice(0, o.accounts.length).map(l => l.price))
			assert.deepEqual(o.categories.map(c => [c.key, c.price]), usage.lines.slice(0, o.categories.length).map(l => [l.key, l.price]))
		}
	})

	test('leads from a customer to that customer alone', async () => {
		for (const c of (await ask('/overview.json', 'admin')).customers)
			assert.equal(nano((await ask(c.uri.replace('/reports/ai', '/reports/ai.json'), 'admin')).total.price), nano(c.price), c.uri)
	})

	test('leads to reports of the same account and zone', async () => {
		const o = await ask(`/overview.json?AccountSid=${sids.sub}&TimeZone=Europe/Vienna`)

		for (const f of o.figures) assert.match(f.uri, new RegExp(`AccountSid=${sids.sub}.*TimeZone=Europe%2FVienna`))
		for (const uri of [...o.figures, ...o.categories, ...o.accounts, ...o.customers].map(x => x.uri)) await send(uri, { as: 'main' }).then(a => a.is(200))
	})
})

describe('the events behind a line', () => {
	async function allEvents(uri) {
		const events = []

		for (let next = uri.replace(/^\/events(\.json)?/, '/events.json') + '&PageSize=1000'; next;) {
			const page = await ask(next)

			events.push(...page.events)
			next = page.next_page_uri
		}
		return events
	}

	const questions = [
		'/reports/usage.json', `/reports/usage.json?By=day&StartDate=${plusDays(today, -4)}&TimeZone=America/New_York`,
		`/reports/usage.json?By=hour&StartDate=${plusDays(today, -1)}`, '/reports/usage.json?Category=calls',
		'/reports/billing.json', '/reports/ai.json', `/reports/ai.json?AccountSid=${sids.sub}&By=month&StartDate=${plusDays(today, -60)}`,
		'/reports/sim.json', '/reports/sim.json?GroupBy=country', '/reports/sim.json?GroupBy=network&By=day',
	]
	for (const question of questions)
		test(`add up to it: ${question.replace(/AC[0-9a-f]+/, 'AC...')}`, async () => {
			const { lines } = await ask(question)
			let followed = 0

			for (const line of lines.slice(0, 6)) {
				if (!line.events_uri) continue
				const events = await allEvents(line.events_uri)

				followed++
				assert.equal(prices(events), nano(line.price), line.events_uri)
				if (line.count) assert.equal(sum(events.map(e => e.count)), nano(line.count), line.events_uri)
			}
			assert.ok(followed > 0 || !lines.length, 'no line leads to its events')
		})
})
