// pages.test.mjs - the pages in a browser: they show what the JSON says, fit their window, break no rule of their own, and can be
// walked through. SCREENSHOTS=folder keeps a picture of each.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { env, records, send, sids, signIn } from './harness.mjs'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const skip = !existsSync(executablePath) && `there is no ${executablePath}`
const screenshots = process.env.SCREENSHOTS
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync']
const month = new Date().toISOString().slice(0, 8) + '01', today = new Date().toISOString().slice(0, 10)

const pages = {
	accounts: { path: '/accounts', heading: 'Accounts', list: j => j.accounts },
	month: { path: `${records(sids.main, 'ThisMonth')}`, query: 'PageSize=100', heading: 'Usage this month', list: j => j.usage_records },
	daily: { path: `${records(sids.main, 'Daily')}`, query: 'Category=calls&PageSize=20', heading: 'Usage by day', list: j => j.usage_records },
	billing: { path: '/billing/usage', query: `StartDate=${month}&AccountId=${sids.main}`, heading: 'Billing usage', list: j => j },
	minutes: { path: '/ai/usage', query: `StartDate=${month}&EndDate=${today}&AccountId=${sids.main}`, heading: 'AI minutes',
		list: j => [...j.accountUsage, ...j.customerUsage] },
	sims: { path: '/v1/UsageRecords', query: `AccountSid=${sids.main}&Granularity=day&Group=network`, heading: 'SIM data', list: j => j.usage_records },
}

const url = (p, ext) => `${p.path}.${ext}${p.query ? '?' + p.query : ''}`

describe('pages in a browser', { skip }, () => {
	let browser, cookies

	before(async () => {
		cookies = Object.entries(await signIn(env.ADMIN_USER, env.ADMIN_PASSWORD)).map(([name, value]) => ({ name, value, url: env.BASE_URL }))
		if (screenshots) mkdirSync(screenshots, { recursive: true })
		browser = await chromium.launch({ executablePath, args: quiet })
	})
	after(() => browser?.close())

	// A page with its own window, and what it complained of.
	async function open(path, options = {}) {
		const context = await browser.newContext({ baseURL: env.BASE_URL, ignoreHTTPSErrors: true, ...options })
		await context.addCookies(cookies)
		const page = await context.newPage()
		const complaints = []
		page.on('console', m => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()))
		page.on('pageerror', e => complaints.push(e.message))
		page.on('requestfailed', r => complaints.push(`${r.url()} failed`))
		const answer = await page.goto(path)
		return { context, page, complaints, answer }
	}

	for (const [name, p] of Object.entries(pages))
		for (const width of [390, 768, 1440])
			for (const colorScheme of ['light', 'dark'])
				test(`${name}, ${width} wide, ${colorScheme}`, async () => {
					const { context, page, complaints, answer } = await open(url(p, 'html'), { viewport: { width, height: 900 }, colorScheme })
					const rows = await page.locator('main table tbody tr').count()
					const got = p.list((await send(url(p, 'json'), { as: 'admin' })).is(200).json)

					assert.equal(answer.status(), 200)
					assert.equal(await page.locator('h1').innerText(), p.heading)
					assert.match(await page.title(), new RegExp(`^${p.heading}`))
					assert.ok(got.length > 0)
					assert.equal(rows, got.length)
					assert.deepEqual(complaints, [])
					assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0)
					if (screenshots)
						await page.screenshot({ path: join(screenshots, `${name}-${width}-${colorScheme}.png`), fullPage: true })
					await context.close()
				})

	test('figures on the page are those of the JSON', async () => {
		const { context, page } = await open(url(pages.month, 'html'))
		const shown = await page.locator('main table tbody tr').evaluateAll(rows => rows.map(r => r.innerHTML))
		const got = (await send(url(pages.month, 'json'), { as: 'admin' })).is(200).exact.usage_records

		got.forEach((r, i) => {
			const text = shown[i].replaceAll(',', '')
			for (const figure of [r.category, r.usage, r.price])
				assert.ok(text.includes(figure), `${figure} in ${text}`)
		})
		await context.close()
	})

	test('an account leads to its month, a tab to its days, the next page to older ones and back', async () => {
		const { context, page, complaints } = await open('/')
		await page.locator(`a[href*="${sids.main}"]`, { hasText: 'This month' }).click()
		assert.equal(await page.locator('h1').innerText(), 'Usage this month')
		await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'By day' }).click()
		assert.equal(await page.locator('h1').innerText(), 'Usage by day')
		const first = await page.locator('main table').innerText()
		await page.getByRole('link', { name: /Next page/ }).click()
		assert.notEqual(await page.locator('main table').innerText(), first)
		await page.getByRole('link', { name: /Previous page/ }).click()
		assert.equal(await page.locator('main table').innerText(), first)
		assert.deepEqual(complaints, [])
		await context.close()
	})

	test('the form asks for what is filled in, and says what is wrong with it', async () => {
		const { context, page } = await open(url(pages.month, 'html'))
		await page.locator('select[name=Category]').selectOption('calls')
		await page.getByRole('button', { name: 'Show' }).click()
		assert.equal(await page.locator('main table tbody tr').count(), 1)
		await page.locator('input[name=TimeZone]').fill('Nowhere/Land')
		await page.locator('input[name=TimeZone]').press('Enter')
		assert.match(await page.locator('main').innerText(), /Nowhere\/Land/)
		assert.equal(await page.locator('input[name=TimeZone]').inputValue(), 'Nowhere/Land')
		await context.close()
	})

	test('everything can be reached with the keyboard alone', async () => {
		const { context, page } = await open(url(pages.month, 'html'))
		const reached = new Set()
		for (let i = 0; i < 150; i++) {
			await page.keyboard.press('Tab')
			reached.add(await page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.name))
		}
		for (const what of ['Skip to the content', 'Operator', 'By day', 'Show', 'CSV'])
			assert.ok(reached.has(what), `${what} among ${[...reached]}`)
		await context.close()
	})

	test('nothing comes from anywhere else, and nothing needs a script', async () => {
		const { context, page } = await open(url(pages.month, 'html'), { javaScriptEnabled: false })
		const asked = []
		page.on('request', r => asked.push(new URL(r.url()).host))
		await page.reload()
		assert.deepEqual([...new Set(asked)], [new URL(env.BASE_URL).host])
		assert.ok(await page.locator('main table tbody tr').count() > 0)
		await context.close()
	})
})
