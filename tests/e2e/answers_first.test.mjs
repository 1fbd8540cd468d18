// answers_first.test.mjs - whoever opens a report sees at once, without scrolling, what it comes to and how that changed; and what the pages
// of records show adds up to it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { allRecords, day, firstOfMonth, lastOfMonth, nano, plusDays, records, resources, send, sids, sum, usaged, valuesOf } from './harness.mjs'
import { close, open, skip } from './browser.mjs'

const today = day(new Date()), month = firstOfMonth(today), ended = plusDays(month, -1)
const window = { width: 1280, height: 900 }, desk = { viewport: window }
const ask = async (path, as = 'admin') => (await send(path, { as })).is(200).exact

// The days of the month before that has as many, or all of it.
function monthEarlier([first, last]) {
	const end = plusDays(first, -1), whole = last === lastOfMonth(first), same = end.slice(0, 8) + last.slice(8)
	return [firstOfMonth(end), whole || same > end ? end : same]
}
const dayEarlier = ([first]) => [plusDays(first, -1), plusDays(first, -1)]
const ranges = {
	Today: [[today, today], dayEarlier], Yesterday: [[plusDays(today, -1), plusDays(today, -1)], dayEarlier],
	ThisMonth: [[month, today], monthEarlier], LastMonth: [[firstOfMonth(ended), ended], monthEarlier],
}

// What days cost, by the APIs: [first, last] or nothing for all time.
const within = range => (range ? `&StartDate=${range[0]}&EndDate=${range[1]}` : '')
const costOfRecords = async range => nano((await ask(`${records(sids.main)}.json?Category=totalprice${within(range)}`)).usage_records[0]?.price ?? '0')
const costOfBilling = async range => sum((await ask(`/billing/usage?x=1${within(range)}`)).filter(r => r.category === 'totalprice' && r.priceUnit === 'usd').map(r => r.price))
const minutesOf = async range => nano((await ask(`/reports/ai.json?Compare=none${within(range)}`)).total.usage)
const bytesOf = async (from, to) => sum((await ask(`/v1/UsageRecords?AccountSid=${sids.main}&Granularity=day&PageSize=1000&StartTime=${from}&EndTime=${to}`)).usage_records.map(r => r.data_total))

// A report: { path, figure: what its total is called, now and then: what it comes to, and did in the days before (none: not compared) }.
const reports = {
	overview: { path: '/overview.html', now: async () => nano((await ask('/overview.json')).figures[0].value), then: async () => nano((await ask('/overview.json')).figures[0].previous) },
}
for (const name of ['usage', 'billing', 'ai', 'sim']) {
	const figure = { ai: 'AI minutes', sim: 'SIM data' }[name] ?? 'Cost', value = t => nano(name === 'ai' ? t.usage : name === 'sim' ? t.download : t.price) + (name === 'sim' ? nano(t.upload) : 0n)
	const total = async more => (await ask(`/reports/${name}.json?${more}`)).total
	const then = async more => {
		const r = await ask(`/reports/${name}.json?${more}`)
		return value(await total(`Compare=none&StartDate=${r.previous_start}&EndDate=${r.previous_end}`))
	}
	for (const more of ['', `StartDate=${plusDays(today, -300)}&By=month`, ...name === 'usage' ? ['By=day', 'GroupBy=none', 'Compare=year'] : []])
		reports[`${name} ${more}`] = { path: `/reports/${name}.html?${more}`, figure, now: async () => value(await total(more)), then: () => then(more) }
	if (name === 'billing' || name === 'sim')
		reports[`${name}, not compared`] = { path: `/reports/${name}.html?Compare=none`, figure, now: async () => value(await total('')) }
}
for (const resource of ['', ...resources]) {
	const [range, earlier] = ranges[resource] ?? []
	reports[`records ${resource}`] = { path: `${records(sids.main, resource)}.html`, now: () => costOfRecords(range), then: earlier && (() => costOfRecords(earlier(range))) }
}
const two = [plusDays(today, -9), plusDays(today, -3)]
Object.assign(reports, {
	'records by day of a week': { path: `${records(sids.main, 'Daily')}.html?${within(two).slice(1)}`, now: () => costOfRecords(two), then: () => costOfRecords([plusDays(today, -16), plusDays(today, -10)]) },
	'billing usage': { path: '/billing/usage.html', now: () => costOfBilling() },
	'billing usage of a month': { path: `/billing/usage.html?StartDate=${month}`, now: () => costOfBilling([month, today]), then: () => costOfBilling(monthEarlier([month, today])) },
	'AI usage of a month': { path: `/ai/usage.html?StartDate=${month}&EndDate=${today}`, figure: 'Minutes', now: () => minutesOf([month, today]), then: () => minutesOf(monthEarlier([month, today])) },
	'SIM usage by day': { path: `/v1/UsageRecords.html?AccountSid=${sids.main}&Granularity=day&StartTime=${two[0]}&EndTime=${two[1]}`, figure: 'Megabytes',
		now: async () => (await bytesOf(...two)) / 1000000n, then: async () => (await bytesOf(plusDays(two[0], -6), two[0])) / 1000000n },
	'SIM usage by SIM': { path: `/v1/UsageRecords.html?AccountSid=${sids.main}&Group=sim&StartTime=${two[0]}&EndTime=${two[1]}`, figure: 'Megabytes',
		now: async () => (await bytesOf(...two)) / 1000000n, then: async () => (await bytesOf(plusDays(two[0], -6), two[0])) / 1000000n },
})

const exactly = async locator => nano(await locator.evaluate(e => e.querySelector('data')?.value ?? /[\d.]+/.exec(e.textContent.replaceAll(',', ''))[0]))

async function isInTheWindow(page, locator, what) {
	const box = await locator.boundingBox()
	assert.ok(box, `${what} is shown`)
	assert.ok(box.y >= 0 && box.x >= 0 && box.y + box.height <= window.height && box.x + box.width <= window.width, `${what} is in the window: ${JSON.stringify(box)}`)
	assert.equal(await page.evaluate(() => scrollY), 0)
}

after(close)

describe('without scrolling', { skip }, () => {
	for (const [name, { path, figure = 'Cost', now, then }] of Object.entries(reports))
		test(`${name.replace(/ $/, '')}: the total is seen${then ? ', and its change' : ''}`, async () => {
			const { page, complaints } = await open(path, desk)
			const card = page.locator('.figures li').filter({ has: page.getByText(figure, { exact: true }), hasText: figure === 'Cost' ? 'usd' : '' })
			const [want, before] = [await now(), then ? await then() : null]

			await isInTheWindow(page, card.locator('.fig'), 'the total')
			assert.equal(await exactly(card.locator('.fig')), want, `${figure} of ${path}`)
			assert.equal(await card.locator('.before').count(), then ? 1 : 0, `whether ${path} is compared`)
			if (then && before !== 0n) {
				await isInTheWindow(page, card.locator('.change'), 'its change')
				assert.equal(await exactly(card.locator('.before')), before, `what ${path} is compared with`)
				const change = Number((want - before) * 10000n / before) / 100
				assert.ok(Math.abs(parseFloat(await card.locator('.change').getAttribute('value')) - change) < 0.06, `${change} %`)
				assert.match(await page.locator('.lede').first().innerText(), /Compared with/)
			}
			if (await page.locator('tr.total').count())
				await isInTheWindow(page, page.locator('tr.total').first(), 'the row of the total')
			assert.deepEqual(complaints, [])
			await page.close()
		})
})

// The rows of the page's table: { level (-1: a total), name, price }.
const rowsOf = page => page.locator('main table[id] tbody tr').evaluateAll(rows => rows.map(row => ({
	level: row.matches('.total') ? -1 : Number(/\bl(\d)/.exec(row.className)?.[1] ?? 0), name: row.cells[0].firstChild.textContent, label: row.querySelector('.sub')?.textContent ?? null,
	price: row.querySelector('td[data-label=Cost] data')?.value ?? row.querySelector('td[data-label=Cost]:not(:has(.none))')?.textContent.match(/[\d.]+/)[0] ?? null,
	text: row.textContent,
})))

// The rows below each total.
function groupsOf(rows) {
	const groups = []
	for (const row of rows)
		row.level < 0 ? groups.push({ ...row, rows: [] }) : groups.at(-1).rows.push(row)
	return groups
}

// No row is more to the right than one below the row above it, and what is below a row adds up to no more than that.
function checkTree(rows) {
	const open = []
	for (const row of rows) {
		assert.ok(row.level <= open.length, `${row.name} is below ${open.at(-1)?.name}`)
		open.length = row.level
		if (open.length)
			open.at(-1).left -= nano(row.price)
		assert.ok(!open.length || open.at(-1).left >= 0n, `${row.name} is more than what is left of ${open.at(-1)?.name}`)
		open.push({ name: row.name, left: nano(row.price) })
	}
	assert.ok(rows.some(r => r.level > 1), 'some row is below one that is below another')
}
// The group with the most rows: a day or a month that has just begun has few.
const most = groups => groups.reduce((a, b) => (b.rows.length > a.rows.length ? b : a))
const furthestLeft = rows => sum(rows.filter(r => r.level === 0).map(r => r.price))

describe('accounts of several currencies', { skip }, () => {
	test('have a figure for the cost in each, and one for what all of them used', async () => {
		const euro = valuesOf(await usaged('account', 'add', '--name', `euro ${process.pid} ${Date.now()}`, '--currency', 'eur')).SID
		await usaged('account', 'add', '--name', `yen ${process.pid} ${Date.now()}`, '--currency', 'jpy')         // nothing is used in it
		const data = { category: 'calls-inbound', usage: '2', price: '3.25' };
		(await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify([{ specversion: '1.0', type: 'usage', source: '/e2e/euro', id: `${Date.now()}`, subject: euro, time: new Date().toISOString(), data }]) })).is(200)
		const all = await ask(`/billing/usage?StartDate=${month}`), { page } = await open(`/billing/usage.html?StartDate=${month}`, desk)
		const figures = await page.locator('.figures li').evaluateAll(cards => cards.map(c => [c.querySelector('.label').textContent,
			c.querySelector('.fig data')?.value ?? /[\d.]+/.exec(c.querySelector('.fig').textContent)[0], c.querySelector('.fig .unit')?.textContent ?? null]))
		const cost = unit => sum(all.filter(r => r.category === 'totalprice' && r.priceUnit === unit).map(r => r.price))

		const costs = Object.fromEntries(figures.filter(([name]) => name === 'Cost').map(([, value, unit]) => [unit, nano(value)]))
		for (const unit of new Set(['eur', 'usd', ...Object.keys(costs)]))
			assert.equal(costs[unit], cost(unit), unit)
		assert.equal(costs.jpy, undefined)
		assert.equal(nano(figures.find(([name]) => name === 'Calls')[1]), sum(all.filter(r => r.category === 'calls').map(r => r.count)))
		await page.close()
	})
})

describe("the pages of Twilio's usage records", { skip }, () => {
	// The days that a resource has without dates: its own, or all since the account began.
	const daysOf = async resource => ranges[resource]?.[0] ??
		[(await allRecords(`${records(sids.main, resource)}.json?Category=totalprice&PageSize=1000`, 'admin')).map(r => r.start_date).sort()[0], today]

	for (const resource of ['', ...resources])
		test(`${resource || 'Records'}: one row of views, the one that is shown marked; the form has the days that are shown`, async () => {
			const { page } = await open(`${records(sids.main, resource)}.html`, desk)
			const names = await page.locator('main nav a').allInnerTexts(), field = name => page.locator(`input[name=${name}]`)

			assert.equal(await page.locator('main nav:not(.pager)').count(), 1)
			assert.deepEqual(names.filter(n => !n.includes('page')), ['This month', 'Last month', 'Today', 'Yesterday', 'By day', 'By month', 'By year', 'All time', 'Triggers'])
			assert.equal(await page.locator('main nav [aria-current=page]').count(), 1)
			assert.equal(await field('StartDate').isVisible(), false)
			await page.locator('details.fold > summary').click()
			assert.ok(await field('StartDate').isVisible())
			assert.deepEqual([await field('StartDate').inputValue(), await field('EndDate').inputValue()], await daysOf(resource))
			await page.close()
		})

	for (const resource of ['', 'Daily'])
		test(`${resource || 'Records'} of days that are given: the form has those`, async () => {
			const { page } = await open(`${records(sids.main, resource)}.html?${within(two).slice(1)}`, desk)
			assert.deepEqual([await page.locator('input[name=StartDate]').inputValue(), await page.locator('input[name=EndDate]').inputValue()], two)
			await page.close()
		})

	for (const resource of ['', 'ThisMonth', 'LastMonth', 'Monthly', 'Daily'])
		test(`${resource || 'Records'}: the rows furthest left add up to their total, and each total is that of its days`, async () => {
			const want = await allRecords(`${records(sids.main, resource)}.json?Category=totalprice&PageSize=1000`, 'admin')
			let { page } = await open(`${records(sids.main, resource)}.html?PageSize=100`, desk), rows = []

			for (let pages = 0; pages < 4; pages++) {
				rows.push(...await rowsOf(page))
				if (!await page.locator('a[rel=next]').count())
					break
				await page.locator('a[rel=next]').click()
			}
			await page.close()
			rows = rows.filter(r => r.level >= 0 || !r.name.endsWith(', continued'))
			const groups = groupsOf(rows)
			if (want.length > groups.length)
				groups.pop()                    // it goes on, on a page that wasn't read
			assert.ok(groups.length > 0)
			for (const [i, group] of groups.entries()) {
				assert.equal(nano(group.price), nano(want[i].price), `${group.name}: ${want[i].start_date}`)
				assert.equal(furthestLeft(group.rows), nano(group.price), group.name)
			}
			checkTree(most(groups).rows)
		})

	test('of one category: its rows are days, and lead on', async () => {
		const { page } = await open(`${records(sids.main, 'Monthly')}.html?Category=calls`, desk)
		const want = await allRecords(`${records(sids.main, 'Monthly')}.json?Category=calls`, 'admin')
		const rows = await rowsOf(page)

		assert.deepEqual(rows.map(r => [r.level, nano(r.price)]), want.filter(r => Number(r.count)).map(r => [0, nano(r.price)]))
		await page.locator('main table a[href*="/Daily"]').first().click()
		assert.equal(await page.locator('h1').innerText(), 'Usage by day')
		assert.equal(furthestLeft(await rowsOf(page)), nano(want[0].price))
		await page.close()
	})

	test('views keep the category and whether subaccounts count', async () => {
		const { page } = await open(`${records(sids.main, 'ThisMonth')}.html?Category=calls&IncludeSubaccounts=false`, desk)
		await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'By month' }).click()
		assert.match(page.url(), /\/Monthly\.html\?Category=calls&IncludeSubaccounts=false$/)
		await page.close()
	})
})

describe('the page of billing usage', { skip }, () => {
	let page, rows, accounts, records
	before(async () => {
		({ page } = await open(`/billing/usage.html?StartDate=${month}`, desk))
		rows = await rowsOf(page)
		accounts = Object.fromEntries((await ask('/accounts?PageSize=1000')).accounts.map(a => [a.sid, a.name]))
		records = await ask(`/billing/usage?StartDate=${month}`)
	})
	after(() => page?.close())

	test('calls accounts by their names, in their order, and never by their SIDs', async () => {
		const used = [...new Set(records.map(r => r.accountSid))].map(sid => accounts[sid])

		assert.deepEqual(rows.filter(r => r.level < 0).map(r => r.name), used.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)))
		assert.doesNotMatch(rows.map(r => r.text).join(), /AC[0-9a-f]{6}/)
	})

	test('says the days once, above the table', async () => {
		assert.match(await page.locator('.lede').first().innerText(), new RegExp(`\\b${+today.slice(8)} \\w+ ${today.slice(0, 4)}, UTC\\.`))
		assert.doesNotMatch(rows.map(r => r.text).join(), /\d{4}-\d\d-\d\d/)
		assert.equal(await page.locator('.presets [aria-current]').innerText(), today === month ? 'Today' : 'This month')
	})

	test('has columns in the order in which one reads them', async () => {
		assert.deepEqual(await page.locator('main table[id] thead th').allInnerTexts(), ['Account and category', 'Count', 'Usage', 'Cost'])
	})

	test('has a total for each account, which its rows add up to', async () => {
		const groups = groupsOf(rows)

		for (const group of groups) {
			assert.equal(furthestLeft(group.rows), nano(group.price), group.name)
			assert.equal(nano(group.price), sum(records.filter(r => accounts[r.accountSid] === group.name && r.category === 'totalprice').map(r => r.price)), group.name)
		}
		checkTree(most(groups).rows)
	})

	test('leads from an account and from a category to the report of the same days, with the same sum', async () => {
		for (const row of [page.locator('tr.total').first(), page.locator('tr.l1').first()]) {
			const href = await row.locator('a').first().getAttribute('href'), cost = await exactly(row.locator('td[data-label=Cost]'))
			const report = await ask(href.replace('.html', '.json'))

			assert.equal(nano(report.total.price), cost, href)
			assert.deepEqual([report.start, report.end, report.time_zone], [month, today, 'UTC'])
		}
	})

	test('says since when, where each account has days of its own', async () => {
		const { page } = await open('/billing/usage.html', desk)
		const groups = groupsOf(await rowsOf(page)), all = await ask('/billing/usage')

		for (const group of groups)
			assert.equal(group.label, 'from ' + all.find(r => accounts[r.accountSid] === group.name).startDate)
		await page.close()
	})

	test('other formats go on having what the API defines', async () => {
		const { text } = (await send(`/billing/usage?StartDate=${month}&AccountId=${sids.sub}`, { as: 'admin' })).is(200), [first] = JSON.parse(text)

		assert.deepEqual(Object.keys(first), ['accountSid', 'category', 'count', 'countUnit', 'description', 'endDate', 'price', 'priceUnit', 'startDate', 'usage', 'usageUnit', 'uri'])
		const names = JSON.parse(text).map(r => r.category)
		assert.deepEqual(names, [...names].sort())
	})
})
