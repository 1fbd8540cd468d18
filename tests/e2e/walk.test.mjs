// walk.test.mjs - what people do on the pages: follow links, ask with forms, use the keyboard alone, print; and that what they see is what programs get.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { csvRecords, env, newAccount, records, send, sids, usaged } from './harness.mjs'
import { close, open, screenshots, skip } from './browser.mjs'

const today = new Date().toISOString().slice(0, 10), month = today.slice(0, 8) + '01', year = `${+today.slice(0, 4) - 1}${today.slice(4)}`
const desk = { viewport: { width: 1440, height: 900 } }

// Pages with lists.
const lists = [
	'/accounts', '/overview', '/reports/usage', '/reports/billing', '/reports/ai', '/reports/sim',
	`/reports/usage?By=month&StartDate=${year}&EndDate=${today}`, `${records(sids.main, 'ThisMonth')}?PageSize=100`,
	`${records(sids.main, 'Daily')}?Category=calls&PageSize=20`, `/billing/usage?StartDate=${month}&AccountId=${sids.main}`,
	`/ai/usage?StartDate=${month}&EndDate=${today}&AccountId=${sids.main}`,
	`/v1/UsageRecords?AccountSid=${sids.main}&Granularity=day&Group=network`, '/events?PageSize=20',
]
const as = (path, ext) => path.replace(/(?=\?|$)/, '.' + ext)

// The page's tables, without the numbers of a chart, which charts.test.mjs reads, and of their rows the records': { list, fields, rows: [{ field: exact text of its number }] }.
const tablesOf = page => page.locator('main table[id]').evaluateAll(tables => tables.map(table => {
	const fields = [...table.tHead.rows[0].cells].map(h => h.classList.contains('n') ? h.dataset.field : null)
	const exact = cell => cell.querySelector('data')?.value ?? (cell.querySelector('.none') ? null : /^\s*(-?[\d.]+)/.exec(cell.textContent)?.[1])
	return { list: table.closest('[data-list]').dataset.list, fields: fields.filter(f => f),
		rows: [...table.tBodies].flatMap(b => [...b.rows]).filter(r => !r.matches('.total') && r.querySelector('td[data-label]')).map(r => Object.fromEntries([...r.cells].map((c, i) => [fields[i], exact(c)]).filter(([f]) => f))) }
}))

// 12.50 and 12.5 are the same number, exactly.
const plain = text => text === null || text === undefined || text === '' ? null : String(text).includes('.') ? String(text).replace(/\.?0+$/, '') : String(text)
const word = name => name.toLowerCase().replace(/[^a-z]/g, '')

// The numbers of FIELDS in RECORDS, whatever their API's spelling, also of objects in them.
function numbersOf(list, fields) {
	const flat = (o, prefix = '') => Object.entries(o).flatMap(([k, v]) => v !== null && typeof v === 'object' && !Array.isArray(v) ? flat(v, prefix + k) : [[word(prefix + k), v], [word(k), v]])
	return list.map(r => {
		const all = Object.fromEntries(flat(r).reverse())
		return Object.fromEntries(fields.map(f => [f, plain(all[word(f)])]))
	})
}

// Records of a CSV; where a cell holds a list of records of its own, as ServiceStack writes it, those.
const csvOf = text => csvRecords(text).flatMap(r => {
	const inner = Object.values(r).flatMap(cell => [...cell.matchAll(/[[,]\{([^}]*)\}/g)])
	return inner.length ? inner.map(([, members]) => Object.fromEntries(members.split(',').map(m => m.split(':')))) : [r]
})

// Pages of the APIs of Twilio and Evo Voice have the records that aren't nothing, in an order for people; the total is a row of its own, and
// SIM data are in megabytes.
const megabytes = bytes => String(bytes).padStart(7, '0').replace(/(\d{6})$/, '.$1')
const isOurs = path => !/^\/(2010|v1|billing|ai)/.test(path)
const used = (path, records) => (isOurs(path) ? records : records.filter(r => {
	const all = Object.fromEntries(Object.entries(r).map(([k, v]) => [word(k), v]))
	return all.category !== 'totalprice' && ['count', 'usage', 'price', 'aiminutes', 'datatotal'].some(f => Number(all[f]))
}).map(r => Object.fromEntries(Object.entries(r).map(([k, v]) => {
	const of = word(k)
	return of === 'datatotalbilled' ? ['price', v] : of.startsWith('data') ? [of.slice(4), megabytes(v)] : [k, v]
}))))
const inOrder = (path, rows) => (isOurs(path) ? rows : [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)))

// The text of a PDF, page by page, as it is laid out.
function textOf(pdf) {
	const folder = mkdtempSync(join(tmpdir(), 'usaged-pdf-'))
	try {
		writeFileSync(join(folder, 'page.pdf'), pdf)
		return execFileSync('pdftotext', ['-layout', join(folder, 'page.pdf'), '-'], { encoding: 'utf8' }).split('\f').slice(0, -1)
	} finally {
		rmSync(folder, { recursive: true })
	}
}

// The page on paper: its title, sentence and totals, numbered sheets, and nothing that can only be clicked.
async function checkPaper(page, path) {
	const [title, sentence, totals] = await Promise.all([page.locator('h1').innerText(), page.locator('.lede').first().innerText(),
		page.locator('tr.total td.n').allInnerTexts()])
	const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true })
	const sheets = textOf(pdf), all = sheets.join(' ').replace(/\s+/g, ' ')

	if (screenshots)
		writeFileSync(join(screenshots, `${path.replace(/\W+/g, '-').slice(1, 60)}.pdf`), pdf)
	assert.ok(sheets.length > 0)
	assert.ok(sheets[0].replace(/\s+/g, ' ').includes(title), `the title on ${sheets[0]}`)
	assert.ok(all.includes(sentence.replace(/\s+/g, ' ').slice(0, 40)), `'${sentence}' in ${all.slice(0, 300)}`)
	for (const total of totals)
		assert.ok(all.includes(total.trim().split(/\s/)[0]), `the total ${total}`)
	sheets.forEach((sheet, i) => assert.match(sheet, new RegExp(`\\b${i + 1} ?/ ?${sheets.length}\\b`), `sheet ${i + 1} has its number`))
	for (const other of ['Sign out', 'Skip to', 'Export as', 'More filters', 'The same as an API call', 'Last month'])
		assert.ok(!all.includes(other), `no ${other}`)
}

after(close)

describe('what the pages show', { skip }, () => {
	for (const path of lists)
		test(`${path}: the numbers of the tables are those of the JSON and the CSV, and it prints`, async () => {
			const { page } = await open(as(path, 'html'), desk)
			const tables = await tablesOf(page)
			const json = (await send(as(path, 'json'), { as: 'admin' })).is(200).exact
			const csv = csvOf((await send(as(path, 'csv'), { as: 'admin' })).is(200).text)
			const shown = tables.map(({ rows }) => rows.map(r => Object.fromEntries(Object.entries(r).map(([f, v]) => [f, plain(v)]))))
			await checkPaper(page, path)
			await page.close()
			assert.ok(tables.length > 0)
			tables.forEach(({ list, fields }, i) => {
				const got = Array.isArray(json) ? json : Object.entries(json).find(([name, v]) => list ? word(name) === word(list) : Array.isArray(v))[1]
				assert.deepEqual(inOrder(path, shown[i]), inOrder(path, numbersOf(used(path, got), fields)), `the table ${list} and the JSON`)
			})
			// the CSV is one of the tables, or all of them
			const alike = [...shown, shown.flat()].filter(rows => isDeepStrictEqual(inOrder(path, numbersOf(used(path, csv), Object.keys(rows[0] ?? {}))), inOrder(path, rows)))
			assert.ok(csv.length > 0 && alike.length > 0, `the CSV ${JSON.stringify(csv.slice(0, 2))}`)
		})
})

describe('the time zone', { skip }, () => {
	let vienna
	before(async () => {
		({ sid: vienna } = await newAccount('zone'))
		await usaged('account', 'set', vienna, '--time-zone', 'Europe/Vienna')
	})
	const zone = page => page.locator('select[name=TimeZone]')
	const zoneOf = page => new URL(page.url()).searchParams.get('TimeZone')
	const lede = page => page.locator('.lede').first().innerText()
	const unfold = page => page.locator('details.fold > summary').click()

	test("is that of the account, and a list to choose from that says so", async () => {
		const { page } = await open(`/reports/usage.html?AccountSid=${vienna}`, { lane: 'zones', ...desk })
		const choices = await zone(page).locator('option').allTextContents()

		assert.equal(choices[0], "Europe/Vienna, the account's own")
		assert.equal(await zone(page).inputValue(), '')
		assert.ok(choices.length > 300 && choices.includes('UTC') && choices.includes('Asia/Kathmandu'), `${choices.length} zones`)
		assert.match(await lede(page), /Europe\/Vienna\./)
		await page.close()
	})

	test('the APIs of Twilio and Evo Voice have days of UTC, and their pages say so', async () => {
		for (const path of [`${records(vienna, 'ThisMonth')}.html`, `/billing/usage.html?AccountId=${vienna}`, `/ai/usage.html?AccountId=${vienna}&StartDate=${month}&EndDate=${today}`]) {
			const { page } = await open(path, { lane: 'zones', ...desk })

			assert.deepEqual([await zone(page).inputValue(), await zone(page).locator('option:checked').textContent()], ['', 'UTC'], path)
			await page.close()
		}
	})

	test('once chosen goes along to every page, by links, by the address and by what is folded away', async () => {
		const { page, complaints } = await open('/reports/usage.html', { lane: 'zone', ...desk })
		await unfold(page)
		await zone(page).selectOption('Asia/Tokyo')
		await page.getByRole('button', { name: 'Show' }).click()
		assert.match(await lede(page), /Asia\/Tokyo\./)
		for (const name of ['Last month', 'Overview', 'Billing', 'AI minutes', 'SIM data', 'Events', 'Usage']) {
			await page.getByRole('link', { name, exact: true }).first().click()
			assert.equal(zoneOf(page), 'Asia/Tokyo', name)
			assert.equal(await zone(page).inputValue(), 'Asia/Tokyo', name)
		}
		await page.goto('/accounts.html')
		await page.locator(`a[href*="${sids.main}"]`, { hasText: 'This month' }).first().click()
		assert.match(await lede(page), /Asia\/Tokyo/)
		await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'By day' }).click()
		assert.match(await lede(page), /Asia\/Tokyo/)
		await page.goto('/reports/billing.html?By=day')
		assert.equal(page.url().replace(/.*reports/, ''), '/billing.html?By=day&TimeZone=Asia%2FTokyo')
		assert.deepEqual(complaints, [])
		await page.close()
	})

	test('is forgotten when the account\'s own is chosen again, and was never one of programs', async () => {
		const { page } = await open('/overview.html', { lane: 'zone', ...desk })
		assert.equal(zoneOf(page), 'Asia/Tokyo')
		assert.equal(await page.evaluate(async () => (await (await fetch('/overview.json')).json()).time_zone), 'UTC')
		await unfold(page)
		await zone(page).selectOption('')
		await page.getByRole('button', { name: 'Show' }).click()
		assert.match(await lede(page), /, UTC\./)
		await page.getByRole('link', { name: 'Usage', exact: true }).click()
		assert.equal(zoneOf(page), null)
		assert.match(await lede(page), /, UTC\./)
		await page.close()
	})

	test('of a cookie that is no zone is not believed, nor one that a page of another origin chooses', async () => {
		for (const cookie of ['usaged-zone=', 'usaged-zone=Nowhere/Land', 'usaged-zone=../../etc/passwd', `usaged-zone=${'x'.repeat(3000)}`])
			(await send('/overview.html', { as: 'admin', headers: { Cookie: cookie } })).is(200)
		const ask = headers => send('/overview.html?TimeZone=Asia/Tokyo', { as: 'admin', headers })
		assert.match((await ask({})).is(200).headers['set-cookie'][0], /^usaged-zone=Asia\/Tokyo; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
		for (const headers of [{ Origin: 'https://elsewhere.example' }, { 'Sec-Fetch-Site': 'cross-site' }])
			assert.equal((await ask(headers)).is(200).headers['set-cookie'], undefined)
	})
})

describe('what people do', { skip }, () => {
	test('whoever comes to the bare host sees the overview; from an account to its month, its days, older ones and back', async () => {
		const { page, complaints } = await open('/', desk)
		assert.equal(new URL(page.url()).pathname, '/overview.html')
		await page.goto('/accounts.html')
		await page.locator(`a[href*="${sids.main}"]`, { hasText: 'This month' }).first().click()
		assert.equal(await page.locator('h1').innerText(), 'Usage this month')
		await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'By day' }).click()
		assert.equal(await page.locator('h1').innerText(), 'Usage by day')
		const first = await page.locator('main table').innerText()
		await page.getByRole('link', { name: /Next page/ }).click()
		assert.notEqual(await page.locator('main table').innerText(), first)
		await page.getByRole('link', { name: /Previous page/ }).click()
		assert.equal(await page.locator('main table').innerText(), first)
		assert.deepEqual(complaints, [])
		await page.close()
	})

	test('the form asks for what is filled in, and says what is wrong with it', async () => {
		const { page } = await open(`${records(sids.main, 'ThisMonth')}.html`, { lane: 'form', ...desk })
		await page.locator('details.fold > summary').click()
		await page.locator('select[name=Category]').selectOption('calls')
		await page.getByRole('button', { name: 'Show' }).click()
		assert.equal(await page.locator('main table tbody tr').count(), 1)
		await page.locator('details.fold > summary').click()
		await page.locator('select[name=TimeZone]').selectOption('Europe/Vienna')
		await page.getByRole('button', { name: 'Show' }).click()
		assert.equal(await page.locator('select[name=TimeZone]').inputValue(), 'Europe/Vienna')
		await page.goto(page.url().replace('Europe%2FVienna', 'Nowhere%2FLand'))
		assert.match(await page.locator('main').innerText(), /Nowhere\/Land/)
		assert.equal(await page.locator('select[name=TimeZone]').inputValue(), 'Nowhere/Land')
		await page.close()
	})

	test('filters that are seldom asked for are folded away until they are given', async () => {
		const { page } = await open('/events.html?PageSize=5', desk)
		assert.equal(await page.locator('input[name=Network]').isVisible(), false)
		await page.getByText('More filters').click()
		await page.locator('input[name=Source]').fill('sample/1')
		await page.locator('input[name=Source]').press('Enter')
		await page.waitForURL(/Source=sample/)
		assert.equal(await page.locator('input[name=Source]').isVisible(), true)
		assert.equal(await page.locator('input[name=Network]').isVisible(), false)
		await page.close()
	})

	test('what has nothing to show, or can not be shown, leads on', async () => {
		const { page } = await open('/reports/usage.html?StartDate=2001-01-01&EndDate=2001-01-31', desk)
		await page.locator('.empty').getByRole('link', { name: 'This year' }).click()
		assert.ok(await page.locator('main table tbody tr').count() > 0)
		await page.goto('/nowhere.html')
		await page.getByRole('main').getByRole('link', { name: 'Overview' }).click()
		assert.equal(new URL(page.url()).pathname, '/overview.html')
		await page.close()
	})

	test('pages depend on the language of who asks, and say so', async () => {
		const german = await send('/overview.html', { as: 'admin', headers: { 'Accept-Language': 'de' } })
		assert.match(german.headers.vary, /Accept-Language/)
		assert.match(german.text, /\d,\d\d<\/data>/)
		assert.doesNotMatch((await send('/overview.json', { as: 'admin' })).headers.vary, /Accept-Language/)
	})
})

// Goes on with Tab until WHAT has the focus: a selector of what can be reached.
async function tabTo(page, what) {
	for (let i = 0; i < 150; i++) {
		await page.keyboard.press('Tab')
		if (await page.evaluate(selector => document.activeElement?.matches(selector), what)) {
			const ring = await page.evaluate(() => {
				const style = getComputedStyle(document.activeElement)
				return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
			})
			assert.ok(ring, `who has the focus is seen: ${what}`)
			return
		}
	}
	assert.fail(`Tab never comes to ${what}`)
}

test('from signing in to an export with the keyboard alone', { skip }, async () => {
	const { page, complaints } = await open('/overview.html', { as: 'none', lane: 'keyboard', ...desk })
	assert.equal(new URL(page.url()).pathname, '/login')
	assert.ok(await page.evaluate(() => document.activeElement?.name === 'UserName'), 'the name has the focus')
	await page.keyboard.type(env.ADMIN_USER)
	await tabTo(page, 'input[name=Password]')
	await page.keyboard.type(env.ADMIN_PASSWORD)
	await page.keyboard.press('Enter')
	await page.waitForURL('**/overview.html')

	await page.keyboard.press('Tab')
	assert.equal(await page.evaluate(() => document.activeElement.className), 'skip')
	await page.keyboard.press('Enter')
	await tabTo(page, 'main a[href*="/reports/usage"]')
	await page.keyboard.press('Enter')
	await page.waitForURL('**/reports/usage*')

	await tabTo(page, 'details.fold > summary')
	await page.keyboard.press('Enter')
	await tabTo(page, 'select[name=Category]')
	await page.keyboard.type('Voice')
	await tabTo(page, 'form.filters button')
	await page.keyboard.press('Enter')
	await page.waitForURL(/Category=calls.*GroupBy=/)
	const lines = await page.locator('[data-list=lines] tbody tr:not(.total)').count()

	await tabTo(page, '.exports a[href*=".csv"]')
	const [download] = await Promise.all([page.waitForEvent('download').catch(() => null), page.keyboard.press('Enter'), page.waitForTimeout(0)])
	const text = download ? readFileSync(await download.path(), 'utf8') : await page.locator('pre').innerText()
	assert.equal(csvRecords(text).length, lines)
	assert.ok(lines > 0)
	assert.deepEqual(complaints, [])
	await page.close()
})

describe('what a page costs', { skip }, () => {
	test('the overview, cold: at most 8 requests and 150 kB, and complete before a script runs', async () => {
		const { page, requests } = await open('/overview.html', { lane: 'cold', ...desk })
		await page.waitForLoadState('networkidle')
		// data as they are, files as they come
		const sizes = await Promise.all(requests.map(async r => ({ url: r.url(), bytes: r.url().includes('/static/')
			? (await r.sizes()).responseBodySize : (await (await r.response()).body()).length })))
		const all = sizes.reduce((sum, s) => sum + s.bytes, 0)
		await page.close()
		assert.ok(sizes.length <= 8, JSON.stringify(sizes))
		assert.ok(all <= 150_000, `${all} bytes: ${JSON.stringify(sizes)}`)

		const plain = await open('/overview.html', { lane: 'cold', javaScriptEnabled: false, ...desk })
		assert.ok(await plain.page.locator('main table tbody tr').count() > 10)
		assert.ok(await plain.page.locator('.figures li').count() >= 4)
		await plain.page.close()
	})

	test('a page of a thousand rows is one table, and one chart that does not grow with it', async () => {
		const { page, complaints } = await open(`/reports/usage.html?By=day&StartDate=${year}&EndDate=${today}&PageSize=1000`, desk)
		await page.locator('figure.chart svg.plot').first().waitFor()
		const { rows, elements, cells } = await page.evaluate(() => ({ rows: document.querySelectorAll('[data-list=lines] tbody tr:not(.total)').length,
			elements: document.querySelectorAll('[data-list=lines] *').length, cells: document.querySelectorAll('[data-list=lines] tbody td').length }))
		assert.equal(rows, 1000)
		await page.waitForFunction(() => [...document.querySelectorAll('[data-list=lines] tbody')].every(b => b.checkVisibility()))
		assert.ok(elements < 4 * cells, `${elements} elements for ${cells} cells`)
		assert.deepEqual(complaints, [])
		await page.close()
	})
})
