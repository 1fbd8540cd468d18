// browser.mjs - one Chromium for a test file, who is signed in to it, and every page that the server has.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { knownDelivery, callers, env, send, sids } from './harness.mjs'

// The headless shell draws the same pages as the whole Chromium does, in a third of the processor time.
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync)
export const skip = !existsSync(executablePath ?? '') && `there is no ${executablePath ?? 'Chromium'}`
export const screenshots = process.env.SCREENSHOTS
export const widths = [390, 768, 1280, 1440], schemes = ['light', 'dark']

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync', '--force-color-profile=srgb']
// How long a page, and each thing done on it, may take: the one limit of all browser tests. It ends what hangs; on a slow machine that does
// other work, too, nothing takes a tenth of it.
const PATIENCE_MS = 240000
let launching, browser
const contexts = new Map()

export async function launch(...more) {
	launching ??= chromium.launch({ executablePath, args: [...quiet, ...more], timeout: PATIENCE_MS })
	browser = await launching
	return browser
}

// To be called after a file's last test: the browser keeps its process alive.
export const close = () => browser?.close()

const people = {
	admin: { name: env.ADMIN_USER, password: env.ADMIN_PASSWORD }, manager: { name: env.MANAGER_USER, password: env.MANAGER_PASSWORD },
}

// The cookies of a person who signed in once.
async function signIn({ name: UserName, password: Password }) {
	const context = await browser.newContext({ baseURL: env.BASE_URL, ignoreHTTPSErrors: true })
	assert.equal((await context.request.post('/auth/credentials', { form: { UserName, Password } })).status(), 200)
	const state = await context.storageState()
	await context.close()
	return state
}

const states = {}
async function optionsOf(as) {
	if (as === 'none')
		return {}
	const person = people[as] ?? (as.password && as)
	if (!person)
		return { extraHTTPHeaders: { Authorization: callers[as] } }
	return { storageState: await (states[person.name] ??= signIn(person)) }
}

// The window of `as` (a caller's name, or a user's { name, password }), the same one for the same wishes. Only one tab of a window is drawn at a time: who works beside others says a LANE of its own.
async function contextOf(as, lane, options) {
	await launch()
	const key = JSON.stringify([as, lane, options])
	if (!contexts.has(key))
		contexts.set(key, browser.newContext({ baseURL: env.BASE_URL, ignoreHTTPSErrors: true, ...await optionsOf(as), ...options }).then(async context => {
			context.setDefaultTimeout(PATIENCE_MS)
			if (options.javaScriptEnabled !== false)
				await context.addInitScript(() => {
					window.violations = []
					document.addEventListener('securitypolicyviolation', e => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`))
				})
			return context
		}))
	return contexts.get(key)
}

// A click that leads to another page ends when all of that page is there: else, on a busy machine, a test reads the half that has come.
function awaitPages(page) {
	const locators = Object.getPrototypeOf(page.locator('body')), click = locators.click
	if (locators.awaitsPages)
		return
	locators.awaitsPages = true
	locators.click = async function (...options) {
		await click.apply(this, options)
		await this.page().waitForLoadState()
	}
}

// A tab at PATH, and what it complains of: errors, refused requests, failures of scripts. An answer that is no success says so on the
// console, too; that is no complaint where it is EXPECTED.
export async function open(path, { as = 'admin', lane, expected = 200, ...options } = {}) {
	const page = await (await contextOf(as, lane, options)).newPage()
	const complaints = [], requests = []
	awaitPages(page)
	page.on('console', m => ['error', 'warning'].includes(m.type()) && !(expected >= 400 && m.location().url.endsWith(path)) && complaints.push(m.text()))
	page.on('pageerror', e => complaints.push(e.message))
	page.on('requestfailed', r => r.failure().errorText !== 'net::ERR_ABORTED' && complaints.push(`${r.url()} failed`))      // by going on
	page.on('request', r => requests.push(r))
	const answer = await page.goto(path)
	assert.equal(answer.status(), expected, path)
	return { page, complaints, requests, answer }
}

export async function picture(page, name) {
	if (!screenshots)
		return
	mkdirSync(screenshots, { recursive: true })
	await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true })
}

// ---- every page ----

const month = new Date().toISOString().slice(0, 8) + '01', today = new Date().toISOString().slice(0, 10)

// What a page is asked for with so that it has something to show; by its operation's name.
const queries = {
	ListUsageRecordDaily: '?Category=calls&PageSize=20', ListUsageRecord: '?PageSize=20', ListUsageRecords: `?StartDate=${month}&AccountId=${sids.main}`,
	GetAIUsage: `?StartDate=${month}&EndDate=${today}&AccountId=${sids.main}`, ListEvents: '?PageSize=20',
	// the other lists have as many rows as they have by default
	ListAccounts: '?PageSize=20', ListKeys: '?PageSize=20', ListClosings: '?PageSize=20', ListAudit: '?PageSize=20',
	ListSuperSimUsageRecord: `?AccountSid=${sids.main}&Granularity=day&Group=network&PageSize=20`,
}
// Those that answer a plain GET with something else than 200.
const statuses = { Authenticate: 405, RequestAuthToken: 400 }

// A trigger that is far from firing; the first call makes it.
async function knownTrigger() {
	const path = `/2010-04-01/Accounts/${sids.main}/Usage/Triggers.json`
	const { usage_triggers: [first] } = (await send(path, { as: 'admin' })).is(200).json
	return first?.sid ?? (await send(path, { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
		body: 'UsageCategory=calls&TriggerValue=1e9&CallbackUrl=https://com.invalid/usage' })).is(201).json.sid
}

// What stands for the {Name}s of a path.
async function knownArgs() {
	const { events } = (await send('/events?PageSize=1', { as: 'admin' })).is(200).json
	return { AccountSid: sids.main, EventId: events[0].id, Provider: 'credentials', Sid: await knownTrigger(), Delivery: (await knownDelivery()).sid }
}

// The page of every operation that can be got, from the server's own table of them.
async function operationPages(operations) {
	const args = await knownArgs()
	return operations.filter(op => op.methods.split(',').includes('GET')).map(op => ({
		name: op.id, expected: statuses[op.id] ?? 200,
		path: op.path.replace(/\{(\w+)\}/g, (_, arg) => {
			assert.ok(args[arg], `${op.path}: say what stands for {${arg}}`)
			return encodeURIComponent(args[arg])
		}) + '.html' + (queries[op.id] ?? ''),
	}))
}

// From a path to what it is a case of: an operation, or a document about operations.
function kinds(operations) {
	const patterns = operations.map(op => [new RegExp(`^${op.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`), op.id])
	return path => {
		const plain = path.split('?')[0].replace(/\.html$/, '')
		return patterns.find(([pattern]) => pattern.test(plain))?.[1] ??
			plain.replace(/^\/ui\/\w+$/, '/ui/{operation}').replace(/^\/\w+\/metadata$/, '/{format}/metadata')
	}
}

// One page of each kind that links lead to, from PAGES and what those lead to, without the kinds that are among PAGES.
async function linkedPages(pages, kindOf) {
	const seen = new Set(pages.map(p => kindOf(p.path))), found = [], ask = path => send(path, { as: 'adminBearer', headers: { Accept: 'text/html' } })
	for (const todo = pages.map(p => p.path); todo.length;) {
		const { text } = await ask(todo.shift())
		for (const [, href] of text.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)) {
			const path = href.replaceAll('&amp;', '&').replace(/#.*/, ''), kind = kindOf(path)
			if (!path.startsWith('/') || path === '/' || seen.has(kind))
				continue
			seen.add(kind)
			const { type, status } = await ask(path)
			if (type === 'text/html' && status === 200) {
				todo.push(path)
				found.push({ name: kind.replace(/\W+/g, '-').replace(/^-|-$/g, ''), path })
			}
		}
	}
	return found
}

// Those that no link leads to: people's mistakes, and states that a page can be in.
const further = [
	{ name: 'login', path: '/login', as: 'none' },
	{ name: 'login-failed', path: '/login?failed=password&redirect=%2Faccounts.html', as: 'none' },
	{ name: 'overview-of-an-account', path: '/overview.html', as: 'sub' },
	{ name: 'overview-of-a-manager', path: '/overview.html', as: 'manager' },
	{ name: 'nothing-there', path: '/nowhere.html', expected: 404 },
	{ name: 'nothing-used', path: '/reports/usage.html?StartDate=2001-01-01&EndDate=2001-01-31' },
	{ name: 'wrong-question', path: '/reports/usage.html?StartDate=tomorrow', expected: 400 },
	{ name: 'forbidden', path: '/rejections.html', as: 'user', expected: 403 },
	{ name: 'explorer-with-body', path: '/ui/PostEvents' },
]

export async function everyPage() {
	const { operations } = (await send('/operations', { as: 'admin' })).is(200).json
	const own = await operationPages(operations)
	const pages = [...own, ...await linkedPages(own, kinds(operations)), ...further]
	return pages.map(p => ({ as: 'admin', expected: 200, ...p }))
}
