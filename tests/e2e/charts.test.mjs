// charts.test.mjs - the charts of the reports in a browser: they, their table, the JSON, the CSV and the picture of the same address hold the
// same numbers; without scripts nothing of them is there; they obey the page's own rules.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { DOMParser } from '@xmldom/xmldom'
import { chromium } from 'playwright-core'
import { csvRecords, env, send, signIn } from './harness.mjs'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const skip = !existsSync(executablePath) && `there is no ${executablePath}`
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync']
const year = new Date().getUTCFullYear(), today = new Date().toISOString().slice(0, 10)

// What is drawn over time, and as a ranking.
const reports = {
	'the overview': { path: '/overview', over: { list: 'days', along: 'date', series: 'name', values: ['price'] } },
	usage: { path: '/reports/usage', over: { list: 'chart', along: 'start', series: 'name', values: ['price'] }, ranked: ['price'] },
	'calls by hour': { path: '/reports/usage', query: `StartDate=${today}&EndDate=${today}&Category=calls&GroupBy=none`,
		over: { list: 'chart', along: 'start', series: 'name', values: ['price'] }, ranked: ['price'] },
	'a year by account': { path: '/reports/billing', query: `StartDate=${year}-01-01&EndDate=${today}`,
		over: { list: 'chart', along: 'start', series: 'name', values: ['price'] }, ranked: ['price'] },
	'AI minutes': { path: '/reports/ai', over: { list: 'chart', along: 'start', series: 'name', values: ['usage'] }, ranked: ['usage'] },
	'SIM data': { path: '/reports/sim', over: { list: 'chart', along: 'start', values: ['upload', 'download'] }, ranked: ['upload', 'download'] },
	'lines by day': { path: '/reports/usage', query: 'By=day&PageSize=1000', over: { list: 'chart', along: 'start', series: 'name', values: ['price'] } },
}

const url = (r, ext) => `${r.path}.${ext}${r.query ? '?' + r.query : ''}`
const RANKED_MOST = 8

// "12.5" as billionths.
function exactly(text) {
	const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
	return BigInt(sign + whole + fraction.padEnd(9, '0'))
}

// { "bar, part": amount } of [bar, part, amount as text] where there is any.
function summed(amounts) {
	const sums = {}
	for (const [bar, part, amount] of amounts)
		if (amount !== null && amount !== undefined)
			sums[`${bar}, ${part}`] = (sums[`${bar}, ${part}`] ?? 0n) + exactly(amount)
	return Object.fromEntries(Object.entries(sums).filter(([, n]) => n !== 0n).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, n]) => [k, String(n)]))
}

const capital = name => name[0].toUpperCase() + name.slice(1)
const partsOf = (records, { along, series, values }) =>
	records.flatMap(r => values.map(v => [r[along], series ? r[series] : capital(v), r[v]]))

describe('charts in a browser', { skip }, () => {
	let browser, cookies

	before(async () => {
		cookies = Object.entries(await signIn(env.ADMIN_USER, env.ADMIN_PASSWORD)).map(([name, value]) => ({ name, value, url: env.BASE_URL }))
		browser = await chromium.launch({ executablePath, args: quiet })
	})
	after(() => browser?.close())

	async function open(path, options = {}) {
		const context = await browser.newContext({ baseURL: env.BASE_URL, ignoreHTTPSErrors: true, ...options })
		const complaints = []
		await context.addCookies(cookies)
		const page = await context.newPage()
		page.on('console', m => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()))
		page.on('pageerror', e => complaints.push(e.message))
		page.on('requestfailed', r => complaints.push(`${r.url()} failed`))
		await page.goto(path)
		return { context, page, complaints }
	}

	// All charts, drawn.
	async function drawn(page) {
		for (const figure of await page.locator('figure.chart').all()) {
			if (!await figure.isVisible()) continue
			await figure.scrollIntoViewIfNeeded()
			await figure.locator('canvas').waitFor()
		}
	}

	// What the chart of FIGURE was given: [bar, part, amount].
	const given = figure => figure.locator('canvas').evaluate(canvas => {
		const { labels, datasets } = globalThis.Chart.getChart(canvas).data
		return datasets.flatMap(d => {
			if (d.data.some((n, i) => n !== (d.exact[i] === null ? null : Number(d.exact[i])))) throw new Error(`${d.label} draws other numbers than it says`)
			return labels.map((bar, i) => [bar, d.label, d.exact[i]])
		})
	})

	// The rows of the figure's table as objects by field, exact.
	const rowsOf = figure => figure.evaluate(f => {
		const table = document.getElementById(f.dataset.of), heads = [...table.tHead.rows[0].cells].map(h => h.dataset.field)
		const text = cell => [...cell.childNodes].filter(n => !['sub', 'unit'].includes(n.className)).map(n => n.dateTime ?? n.textContent).join('').trim()
		return [...table.tBodies].flatMap(b => [...b.rows]).map(row => Object.fromEntries([...row.cells].map((c, i) => [heads[i], c.querySelector('data')?.value ?? text(c)])))
	})

	for (const [name, r] of Object.entries(reports))
		test(`${name}: chart, table, JSON, CSV and picture hold the same numbers`, async () => {
			const json = (await send(url(r, 'json'), { as: 'admin' })).is(200).exact
			const csv = csvRecords((await send(url(r, 'csv'), { as: 'admin' })).is(200).text)
			const svg = (await send(url(r, 'svg'), { as: 'admin' })).is(200)
			const { context, page, complaints } = await open(url(r, 'html'))
			await drawn(page)
			const want = summed(partsOf(json[r.over.list], r.over))
			const over = page.locator('figure.chart[data-kind=stacked]'), ranking = page.locator('figure.chart[data-kind=ranked]')

			assert.ok(Object.keys(want).length > 0)
			assert.deepEqual(summed(await given(over)), want, 'the chart')
			assert.deepEqual(summed(partsOf(await rowsOf(over), r.over)), want, 'its table')
			assert.deepEqual(summed(pictured(svg, want)), want, 'the picture')
			if (r.ranked) {
				const of = records => summed(records.slice(0, RANKED_MOST).flatMap((line, i) => r.ranked.map(v => [`${i} ${line.name}`, capital(v), line[v]])))
				const rows = await rowsOf(ranking)
				assert.deepEqual(of(rows), of(json.lines), 'the table of lines')
				assert.deepEqual(of(csv), of(json.lines), 'the CSV')
				if (rows.length > 1)
					assert.deepEqual(summed((await given(ranking)).map(([, part, amount], i) => [`${i % Math.min(rows.length, RANKED_MOST)} ${rows[i % Math.min(rows.length, RANKED_MOST)].name}`, part, amount])),
						of(json.lines), 'the ranking')
			} else {
				assert.equal(await ranking.count(), 0)
			}
			assert.deepEqual(complaints, [])
			await context.close()
		})

	// The bars of a picture, by their titles: "2026-11-01, SMS: 1.5 USD". With one part its name is left out.
	function pictured(svg, want) {
		const document = new DOMParser().parseFromString(svg.text, 'image/svg+xml')
		const only = new Set(Object.keys(want).map(k => k.slice(k.indexOf(', ') + 2)))
		assert.equal(svg.type, 'image/svg+xml')
		return [...document.getElementsByTagName('rect')].flatMap(rect => [...rect.getElementsByTagName('title')]).map(title => {
			const [, bar, , part, amount] = /^([^,]*?)(, (.*))?: (-?[0-9.]+)( .*)?$/.exec(title.textContent)
			return [bar, part ?? [...only][0], amount]
		})
	}

	test('a category has the same colour on every page, and in pictures', async () => {
		const colours = []
		for (const path of ['/overview', '/reports/usage']) {
			const { context, page } = await open(`${path}.html`)
			await drawn(page)
			colours.push(Object.fromEntries((await page.locator('figure[data-kind=stacked] .legend li').evaluateAll(items => items.map(i => [i.textContent, getComputedStyle(i.firstChild).backgroundColor]))).sort()))
			await context.close()
		}
		const svg = new DOMParser().parseFromString((await send('/reports/usage.svg', { as: 'admin' })).text, 'image/svg+xml')
		const rgb = hex => `rgb(${hex.match(/[0-9a-f]{2}/g).map(h => parseInt(h, 16)).join(', ')})`
		assert.ok(Object.keys(colours[0]).length > 3)
		assert.deepEqual(colours[0], colours[1])
		for (const title of [...svg.getElementsByTagName('rect')].flatMap(r => [...r.getElementsByTagName('title')])) {
			const name = /, (.*): /.exec(title.textContent)[1]
			assert.equal(rgb(title.parentNode.getAttribute('fill')), colours[0][name], name)
		}
	})

	test('the colours follow the system, at once', async () => {
		const { context, page } = await open('/overview.html', { colorScheme: 'light' })
		const colour = () => page.locator('figure[data-kind=stacked] canvas').evaluate(c => globalThis.Chart.getChart(c).data.datasets[0].backgroundColor)
		await drawn(page)
		const light = await colour()
		await page.emulateMedia({ colorScheme: 'dark' })
		await page.waitForFunction(was => globalThis.Chart.getChart(document.querySelector('figure[data-kind=stacked] canvas'))?.data.datasets[0].backgroundColor !== was, light)
		assert.match(await colour(), /^#[0-9a-f]{6}$/)
		await context.close()
	})

	test('without scripts there is no chart, and no hole where it would be', async () => {
		const { context, page } = await open('/reports/usage.html', { javaScriptEnabled: false })
		assert.equal(await page.locator('canvas').count(), 0)
		for (const figure of await page.locator('figure.chart').all())
			assert.equal(await figure.isVisible(), false)
		assert.ok(await page.locator('table[data-chart] tbody tr').count() > 0)
		await context.close()
	})

	test('without the library the page stays whole', async () => {
		const context = await browser.newContext({ baseURL: env.BASE_URL, ignoreHTTPSErrors: true })
		await context.addCookies(cookies)
		const page = await context.newPage()
		await page.route('**/static/chart.js', route => route.abort())
		await page.goto('/reports/usage.html')
		await page.locator('figure.chart[data-kind=stacked]').waitFor({ state: 'hidden' })
		assert.ok(await page.locator('table[data-list], table[id=table-lines] tbody tr').count() > 0)
		await context.close()
	})

	test('its room is there before it is drawn: nothing shifts', async () => {
		for (const path of ['/overview.html', '/reports/sim.html']) {
			const { context, page } = await open(path, { viewport: { width: 1280, height: 900 } })
			await drawn(page)
			const shifted = await page.evaluate(() => new Promise(done => {
				let sum = 0
				new PerformanceObserver(l => l.getEntries().forEach(e => { sum += e.value })).observe({ type: 'layout-shift', buffered: true })
				requestAnimationFrame(() => requestAnimationFrame(() => done(sum)))
			}))
			assert.ok(shifted < 0.1, `${path} shifts by ${shifted}`)       // a chart without its room would by twice as much
			await context.close()
		}
	})

	for (const width of [390, 768])
		test(`${width} wide: the charts fit, labels and legend included`, async () => {
			for (const path of ['/overview.html', '/reports/sim.html']) {
				const { context, page, complaints } = await open(path, { viewport: { width, height: 800 }, colorScheme: 'dark' })
				await drawn(page)
				assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0)
				for (const canvas of await page.locator('figure.chart canvas').all()) {
					const box = await canvas.boundingBox()
					assert.ok(box.width > width / 2 && box.height > 60, `${path}: ${box.width} x ${box.height}`)
				}
				assert.deepEqual(complaints, [])
				await context.close()
			}
		})

	test('what it shows is said in words, and the arrow keys go through it', async () => {
		const { context, page } = await open('/reports/sim.html')
		await drawn(page)
		const figure = page.locator('figure[data-kind=stacked]'), canvas = figure.locator('canvas')
		const first = (await send('/reports/sim.json', { as: 'admin' })).exact.chart[0]

		assert.equal(await canvas.getAttribute('role'), 'img')
		assert.match(await canvas.getAttribute('aria-label'), /^Bars for 1 \w+ \d{4}( to .*)?, in megabytes\. Each of Upload, Download\. The numbers are in the table Chart\.$/)
		assert.deepEqual(await figure.locator('.legend li').allInnerTexts(), ['Upload', 'Download'])
		await canvas.focus()
		await page.keyboard.press('ArrowRight')
		assert.match((await figure.getByRole('status').textContent()).replaceAll(',', ''), new RegExp(`Upload ${first.upload} megabytes Download ${first.download} megabytes`))
		await page.keyboard.press('Escape')
		assert.equal(await figure.getByRole('status').textContent(), '')
		await context.close()
	})

	test('a picture is shown as an image and as a document of its own, by the strict rules', async () => {
		const { context, page, complaints } = await open('/reports/usage.svg')
		assert.equal(await page.evaluate(() => document.documentElement.getAttribute('viewBox')?.split(' ')[2]), '860')
		assert.ok(await page.evaluate(() => document.querySelectorAll('rect > title').length) > 0)
		await page.goto('/reports/usage.html')
		assert.deepEqual(await page.evaluate(async () => {
			const image = document.createElement('img')
			image.src = '/reports/usage'            // without a suffix: what a browser says it takes for an image decides
			await image.decode()
			return [image.naturalWidth > 0, document.querySelectorAll('script:not([src]), style, [style]:not(canvas)').length]
		}), [true, 0])
		assert.deepEqual(complaints, [])
		await context.close()
	})

	test('a picture holds nothing but shapes and words', async () => {
		const { text } = (await send('/overview.svg', { as: 'main' })).is(200)
		for (const no of ['<script', '<style', 'style=', 'href', 'url(', '<image', '<foreignObject', 'class='])
			assert.ok(!text.includes(no), no)
		assert.match(text, /<title id="title">[^<]+<\/title>\n<desc id="desc">[^<]+\d[^<]+<\/desc>/)
	})

	test('where there is nothing to draw no picture is offered, and asking for one says why', async () => {
		const { context, page } = await open('/accounts.html')
		assert.equal(await page.locator('.exports a', { hasText: 'SVG' }).count(), 0)
		await page.goto('/reports/usage.html')
		assert.equal(await page.locator('.exports a', { hasText: 'SVG' }).count(), 1)
		await context.close()
		for (const path of ['/accounts.svg', '/accounts?format=svg', `/2010-04-01/Accounts/${env.ACCOUNT_SID}/Usage/Records.svg`]) {
			const answer = await send(path, { as: 'main' })
			assert.equal(answer.status, 406, path)
			assert.match(answer.text, /nothing to draw/)
		}
		assert.match((await send('/reports/usage.svg?Category=nope', { as: 'main' })).is(400).text, /Category/)
	})

	test('the first visit is small: at most 150 kB, data unpacked, in 8 requests', async () => {
		const context = await browser.newContext({ baseURL: env.BASE_URL, ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 } })
		await context.addCookies(cookies)
		const page = await context.newPage(), session = await context.newCDPSession(page), sizes = new Map()
		await session.send('Network.enable')
		session.on('Network.loadingFinished', e => sizes.set(e.requestId, e.encodedDataLength))
		await page.goto('/overview.html', { waitUntil: 'load' })
		await page.locator('figure.chart canvas').first().waitFor()
		const html = (await send('/overview.html', { as: 'admin' })).is(200).bytes.length
		const [, ...others] = [...sizes.values()], all = html + others.reduce((a, b) => a + b, 0)
		assert.ok(sizes.size <= 8, `${sizes.size} requests`)
		assert.ok(all <= 150000, `${all} bytes, ${html} of them the page`)
		await context.close()
	})
})
