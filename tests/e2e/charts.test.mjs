// charts.test.mjs - the charts of the reports: the SVG on the page, the table of its numbers, the JSON and the picture of the same address hold the
// same numbers; they obey the page's own rules, need no script, and a script only says in another way what they hold.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { DOMParser } from '@xmldom/xmldom'
import { close, open, skip } from './browser.mjs'
import { callers, csvRecords, env, send } from './harness.mjs'

const year = new Date().getUTCFullYear(), today = new Date().toISOString().slice(0, 10)
// What begins with the month has a single bar on its first day.
const days = `StartDate=${new Date(Date.now() - 20 * 86400e3).toISOString().slice(0, 10)}`

// What is drawn, from which list of the JSON.
const reports = {
	'the overview': { path: '/overview', list: 'days', along: 'date', series: 'name', values: ['price'] },
	usage: { path: '/reports/usage', list: 'chart', along: 'start', series: 'name', values: ['price'] },
	'calls by hour': { path: '/reports/usage', query: `StartDate=${today}&EndDate=${today}&Category=calls&GroupBy=none`,
		list: 'chart', along: 'start', series: 'name', values: ['price'] },
	'a year by account': { path: '/reports/billing', query: `StartDate=${year}-01-01&EndDate=${today}`,
		list: 'chart', along: 'start', series: 'name', values: ['price'] },
	'AI minutes': { path: '/reports/ai', list: 'chart', along: 'start', series: 'name', values: ['usage'] },
	'SIM data': { path: '/reports/sim', list: 'chart', along: 'start', values: ['upload', 'download'] },
	'lines by day': { path: '/reports/usage', query: 'By=day&PageSize=1000', list: 'chart', along: 'start', series: 'name', values: ['price'] },
}

const url = (r, ext) => `${r.path}.${ext}${r.query ? '?' + r.query : ''}`

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

const elements = (node, name) => [...node.getElementsByTagName(name)]

// What the bars of a plot say: their title is a line for the bar, one for each part, and one for all of them.
const saidBy = plot => elements(plot, 'title').filter(t => t.parentNode.nodeName === 'g').flatMap(title => {
	const [bar, ...parts] = title.textContent.split('\n')
	return parts.map(line => /^(.*): (-?[\d,.]+)( .*)?$/s.exec(line)).filter(([, part]) => part !== 'in all').map(([, part, amount]) => [bar, part, amount.replaceAll(',', '')])
})

// The chart of a page, without a browser: its SVG, and the rows of the table of its numbers.
function chartOf(html) {
	const svg = /<svg class="plot"[^]*?<\/svg>/.exec(html)[0], table = /<details><summary>The numbers[^]*?<\/table>/.exec(html)[0]
	const [heads, ...rows] = elements(new DOMParser().parseFromString(/<table>[^]*/.exec(table)[0].replaceAll('<wbr>', '').replaceAll('&nbsp;', ' '), 'text/xml'), 'tr')
	const names = elements(heads, 'th').map(h => h.textContent)
	return {
		plot: new DOMParser().parseFromString(svg, 'text/xml'), names,
		numbers: rows.flatMap(row => elements(row, 'td').slice(1).map((cell, i) => [row.firstChild.textContent, names[i + 1],
			elements(cell, 'data')[0]?.getAttribute('value') ?? cell.textContent]).filter(([, part]) => part !== 'In all')),
		sums: rows.map(row => [row.firstChild.textContent, elements(row, 'td').slice(1).map(c => elements(c, 'data')[0]?.getAttribute('value') ?? c.textContent)]),
	}
}

describe('charts', () => {
	for (const [name, r] of Object.entries(reports))
		test(`${name}: chart, its table, JSON and picture hold the same numbers`, async () => {
			const json = (await send(url(r, 'json'), { as: 'admin' })).is(200).exact
			const svg = (await send(url(r, 'svg'), { as: 'admin' })).is(200)
			const { plot, numbers, sums } = chartOf((await send(url(r, 'html'), { as: 'adminBearer' })).is(200).text)
			const want = summed(partsOf(json[r.list], r))

			assert.ok(Object.keys(want).length > 0)
			assert.deepEqual(summed(saidBy(plot)), want, 'the chart')
			assert.deepEqual(summed(numbers), want, 'its table')
			assert.deepEqual(summed(saidBy(new DOMParser().parseFromString(svg.text, 'image/svg+xml'))), want, 'the picture')
			assert.deepEqual(sums.map(([bar]) => bar), [...new Set(json[r.list].map(b => b[r.along]))], 'a row for each bar, those without usage too')
			for (const [bar, cells] of sums.filter(([, c]) => c.length > 1))
				assert.equal(cells.slice(0, -1).reduce((s, c) => s + exactly(c), 0n), exactly(cells.at(-1)), `the sum of ${bar}`)
		})

	test('bars are as high as their numbers', async () => {
		const { plot, sums } = chartOf((await send('/reports/usage.html', { as: 'adminBearer' })).is(200).text)
		const high = Object.fromEntries(elements(plot, 'g').map(g => [elements(g, 'title')[0].textContent.split('\n')[0],
			elements(g, 'rect').slice(1).reduce((s, rect) => s + +rect.getAttribute('height'), 0)]))
		const bars = sums.filter(([bar]) => high[bar]).map(([bar, cells]) => [high[bar], +cells.at(-1)])
		const [most, n] = bars.reduce((a, b) => (a[1] > b[1] ? a : b))

		for (const [height, amount] of bars)
			assert.ok(Math.abs(height / most - amount / n) < 0.02, `${amount} of ${n} is ${height} of ${most} high`)
	})

	test('a category has the same colour on every page, and in pictures', async () => {
		const legends = await Promise.all(['/overview', '/reports/usage', '/reports/usage?By=day'].map(async path => {
			const [p, q] = path.split('?'), { text } = await send(`${p}.html${q ? '?' + q : ''}`, { as: 'adminBearer' })
			return Object.fromEntries([...text.matchAll(/<i class="(c\d)"><\/i>([^<]+)/g)].map(([, c, name]) => [name, c]).sort())
		}))
		const css = (await send('/static/style.css', { as: 'none' })).is(200).text
		const colours = Object.fromEntries([...css.split('@media')[0].matchAll(/--(c\d): (#[0-9a-f]{6})/g)].map(([, c, hex]) => [c, hex]))
		const svg = new DOMParser().parseFromString((await send('/reports/usage.svg', { as: 'admin' })).text, 'image/svg+xml')

		assert.ok(Object.keys(legends[0]).length > 3)
		assert.deepEqual(legends[1], legends[0])
		assert.deepEqual(legends[2], legends[0])
		assert.equal([...css.matchAll(/--c1: #/g)].length, 2, 'the colours stand once for light and once for dark')
		for (const rect of elements(svg, 'rect').filter(r => r.getAttribute('width') === '10'))
			assert.equal(rect.getAttribute('fill'), colours[legends[0][rect.nextSibling.textContent]], rect.nextSibling.textContent)
	})

	test('the bar of a share has the colour that its row has in the chart', async () => {
		const { text } = await send('/reports/usage.html', { as: 'adminBearer' })
		const legend = Object.fromEntries([...text.matchAll(/<i class="(c\d)"><\/i>([^<]+)/g)].map(([, c, name]) => [name, c]))
		const rows = [...text.split('data-list="lines"')[1].matchAll(/<tr><td data-label="Category"><a [^>]*>([^<]+)<[^]*?<\/tr>/g)]

		assert.ok(rows.length > 3)
		for (const [row, name] of rows)
			assert.match(row, new RegExp(`<svg class="bar ${legend[name] ?? legend.others}"`), name)
	})

	test('a day without usage is in the chart and in the table', async () => {
		const all = (await send('/reports/usage.json?GroupBy=none&By=day&StartDate=1980-01-01&PageSize=1000', { as: 'main' })).is(200).json
		const r = (await send('/reports/usage.json?Category=recordings&GroupBy=category&By=hour&PageSize=1000', { as: 'main' })).is(200).json

		for (const report of [all, r])
			assert.deepEqual([...new Set(report.lines.map(l => l.start))].sort(), [...new Set(report.chart.map(b => b.start))].sort().slice(-1000))
		const empty = r.lines.find(l => l.name === 'no usage')
		assert.ok(empty, 'there is an hour without recordings')
		assert.equal(+empty.price, 0)
	})

	test('a picture holds nothing but shapes and words', async () => {
		const { text } = (await send('/overview.svg', { as: 'main' })).is(200)
		for (const no of ['<script', '<style', 'style=', 'href', 'url(', '<image', '<foreignObject', 'class='])
			assert.ok(!text.includes(no), no)
		assert.match(text, /<title id="title">[^<]+<\/title>\n<desc id="desc">[^<]+\d[^<]+<\/desc>/)
	})

	test('CSV has the lines of the JSON', async () => {
		const json = (await send('/reports/sim.json', { as: 'admin' })).is(200).exact, csv = csvRecords((await send('/reports/sim.csv', { as: 'admin' })).is(200).text)
		assert.deepEqual(csv.map(l => [l.name.replace(/^'(?=[=+@-])/, ''), l.price]), json.lines.map(l => [l.name, l.price]))       // what would be a formula is defused
	})

	test('where there is nothing to draw no picture is offered, and asking for one says why', async () => {
		assert.doesNotMatch((await send('/accounts.html', { as: 'adminBearer' })).text, />SVG</)
		assert.match((await send('/reports/usage.html', { as: 'adminBearer' })).text, />SVG</)
		for (const path of ['/accounts.svg', '/accounts?format=svg', `/2010-04-01/Accounts/${env.ACCOUNT_SID}/Usage/Records.svg`]) {
			const answer = await send(path, { as: 'main' })
			assert.equal(answer.status, 406, path)
		}
		assert.match((await send('/reports/usage.svg?Category=nope', { as: 'main' })).is(400).text, /Category/)
	})
})

describe('charts in a browser', { skip }, () => {
	after(close)

	test('without scripts the chart is there, in its colours, and no box is empty', async () => {
		for (const path of ['/overview.html', '/reports/usage.html', '/reports/sim.html']) {
			const { page } = await open(path, { javaScriptEnabled: false })
			const box = await page.locator('svg.plot').boundingBox()
			const fills = await page.locator('svg.plot rect[class^=c]').evaluateAll(all => [...new Set(all.map(r => getComputedStyle(r).fill))])

			assert.ok(box.width > 300 && box.height > 150, `${path}: ${box.width} x ${box.height}`)
			assert.ok(fills.length > 1 && !fills.includes('rgb(0, 0, 0)'), `${fills}`)
			await page.close()
		}
	})

	test('its colours are those of the scheme, at once', async () => {
		const { page } = await open('/overview.html', { colorScheme: 'light' })
		const colour = () => page.locator('svg.plot rect[class^=c]').first().evaluate(r => getComputedStyle(r).fill)
		const light = await colour()
		await page.emulateMedia({ colorScheme: 'dark' })
		assert.notEqual(await colour(), light)
		await page.close()
	})

	for (const width of [390, 768, 1280])
		test(`${width} wide: the chart fits, and its labels don't touch`, async () => {
			for (const path of ['/overview.html', `/reports/sim.html?${days}`, `/reports/billing.html?StartDate=${year - 1}-01-01`]) {
				const { page, complaints } = await open(path, { viewport: { width, height: 900 } })
				const boxes = await page.locator('svg.plot text').evaluateAll(all => all.filter(t => getComputedStyle(t).display !== 'none').map(t => t.getBoundingClientRect()).map(({ left, right }) => [left, right]))

				assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0)
				assert.ok(boxes.length > (path === '/overview.html' ? 0 : 1), path)
				for (let i = 1; i < boxes.length; i++)
					assert.ok(boxes[i][0] > boxes[i - 1][1], `${path}: label ${i} begins at ${boxes[i][0]}, the one before ends at ${boxes[i - 1][1]}`)
				assert.ok(boxes.at(-1)[1] <= width, `${path}: the last label ends at ${boxes.at(-1)[1]}`)
				assert.deepEqual(complaints, [])
				await page.close()
			}
		})

	test('the pointer and the arrow keys say what a bar holds', async () => {
		const { page, complaints } = await open(`/reports/sim.html?${days}`, { viewport: { width: 1280, height: 900 } })
		const first = (await send(`/reports/sim.json?${days}`, { as: 'admin' })).exact.chart[0], tip = page.getByRole('status')
		const said = async () => (await tip.innerText()).replaceAll(',', '')

		assert.match(await page.locator('svg.plot').getAttribute('aria-label'), /^SIM data by day: bars from \S+ to \S+, in all [\d,.]+ megabytes\. /)
		await page.locator('svg.plot').focus()
		await page.keyboard.press('Home')
		assert.match(await said(), new RegExp(`^${first.start}\\s+Download: ${first.download} megabytes\\s+Upload: ${first.upload} megabytes|^${first.start}\\s+Upload: ${first.upload} megabytes\\s+Download: ${first.download} megabytes`))
		await page.keyboard.press('Escape')
		assert.equal(await tip.isVisible(), false)
		await page.locator('svg.plot g').first().hover()
		assert.match(await said(), new RegExp(first.start))
		assert.deepEqual(complaints, [])
		await page.close()
	})

	test('a chart prints', async () => {
		const { page } = await open('/reports/usage.html', { viewport: { width: 800, height: 900 } })
		await page.emulateMedia({ media: 'print' })
		assert.ok((await page.locator('svg.plot').boundingBox()).height > 150)
		assert.equal(await page.locator('.choose').isVisible(), false)
		await page.close()
	})

	test('a picture is shown as an image and as a document of its own, by the strict rules', async () => {
		const { page, complaints } = await open('/reports/usage.svg')
		assert.equal(await page.evaluate(() => document.documentElement.getAttribute('viewBox')?.split(' ')[2]), '860')
		await page.goto('/reports/usage.html')
		assert.deepEqual(await page.evaluate(async () => {
			const image = document.createElement('img')
			image.src = '/reports/usage'            // without a suffix: what a browser says it takes for an image decides
			await image.decode()
			return [image.naturalWidth > 0, document.querySelectorAll('script:not([src]), style, [style]').length]
		}), [true, 0])
		assert.deepEqual(complaints, [])
		await page.close()
	})

	test('the first visit is small: at most 150 kB, data unpacked, in 8 requests', async () => {
		const { page } = await open('/login', { as: 'none', lane: 'size', viewport: { width: 1440, height: 900 } })
		const session = await page.context().newCDPSession(page), sizes = new Map()
		await session.send('Network.enable')
		session.on('Network.loadingFinished', e => sizes.set(e.requestId, e.encodedDataLength))
		await page.context().setExtraHTTPHeaders({ Authorization: callers.admin })
		await page.goto('/overview.html', { waitUntil: 'networkidle' })
		const html = (await send('/overview.html', { as: 'admin' })).is(200).bytes.length
		const [, ...others] = [...sizes.values()], total = html + others.reduce((a, b) => a + b, 0)
		assert.ok(total <= 150_000, `${total} bytes, ${html} of them the page`)
		assert.ok(sizes.size <= 8, `${sizes.size} requests`)
		await page.close()
	})
})
