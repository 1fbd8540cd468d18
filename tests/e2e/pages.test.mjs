// pages.test.mjs - every page in a browser, at the widths of a phone, a tablet and a desk, light and dark, with and without scripts: nothing is
// complained of, everybody can use it (axe), nothing hangs out of the window, nothing moves. SCREENSHOTS=folder keeps a picture of each.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, describe, test } from 'node:test'
import { baseUrl } from './harness.mjs'
import { close, everyPage, open, picture, schemes, screenshots, skip, widths } from './browser.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// What axe looks at. Of its rules only those about colours can tell dark from light, for nothing else in the style sheet does.
const rules = { light: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
	dark: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }

// Brings axe into the page. Where scripts are off, what a debugger evaluates and its promises still run, but no timer ever fires: axe only
// uses them to come after itself, so there a promise takes their place. The page's own scripts stay off, and the style sheet knows it.
async function bringAxe(page, scripts) {
	if (await page.evaluate(() => 'axe' in window))
		return
	if (!scripts)
		await page.evaluate(() => { window.setTimeout = (f, ms = 0) => { if (ms < 50) Promise.resolve().then(f) } })
	await page.evaluate(axe)
}

// The kinds of elements that axe has looked at, by where it looked.
const known = {}

// Whether the page has an element of a kind that axe has not seen under KEY: with this tag, class, these attributes and such a parent. Lists
// of one form with other rows have none. `./check long` does without.
async function hasNewKinds(page, key) {
	const kinds = await page.evaluate(() => {
		const kind = e => `${e.localName}.${e.getAttribute('class') ?? ''}`
		const words = e => e.getAttributeNames().map(n => ['id', 'type', 'role'].includes(n) || n.startsWith('aria-') ? `${n}=${e.getAttribute(n).replace(/\d+/g, '0')}` : n)
		return [...new Set([...document.querySelectorAll('body, body *')].map(e => `${kind(e.parentElement)} > ${kind(e)} ${words(e).join(' ')} ${e.innerText === ''}`))]
	})
	const before = known[key] ??= new Set(), fresh = kinds.filter(k => !before.has(k))
	fresh.forEach(k => before.add(k))
	return fresh.length > 0 || process.env.USAGED_LONG === '1'
}

// What axe finds, as sentences.
async function violations(page, scheme, scripts) {
	await bringAxe(page, scripts)
	const found = await page.evaluate(runOnly => window.axe.run({ runOnly, resultTypes: ['violations'], preload: false }), rules[scheme])
	return found.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 4).map(n => `${n.html} ${n.failureSummary}`).join(' | ')}`)
}

const overhang = page => page.evaluate(() => {
	const width = document.documentElement.clientWidth
	return document.documentElement.scrollWidth <= width ? []
		: [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.scroll, pre')).map(e => e.outerHTML.slice(0, 120))
})

// Everything that is named by the page can be gone to: one h1, headings without gaps, landmarks, a title that begins with what the h1 says.
async function checkOutline(page) {
	const { title, h1, levels, landmarks, lang } = await page.evaluate(() => ({
		title: document.title, h1: [...document.querySelectorAll('h1')].map(h => h.innerText), lang: document.documentElement.lang,
		levels: [...document.querySelectorAll('h1, h2, h3, h4')].filter(h => h.checkVisibility()).map(h => +h.tagName[1]),
		landmarks: ['header', 'main', 'footer'].map(l => document.querySelectorAll(`body > ${l}`).length),
	}))
	assert.equal(h1.length, 1, `h1: ${h1}`)
	assert.ok(title.startsWith(h1[0]), `the title '${title}' begins with '${h1[0]}'`)
	assert.deepEqual(landmarks, [1, 1, 1])
	assert.ok(levels.every((l, i) => i === 0 ? l === 1 : l <= levels[i - 1] + 1), `headings ${levels}`)
	assert.equal(lang, 'en')
}

// How far things moved after they were first shown (CLS).
const shift = page => page.evaluate(() => new Promise(done => {
	let sum = 0
	new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value }).observe({ type: 'layout-shift', buffered: true })
	requestAnimationFrame(() => setTimeout(() => done(sum), 0))
}))

// Waits until scripts have drawn in a new size or new colours.
const drawn = page => page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))

// Where axe looks, which takes most of the time: with scripts at a desk, light and dark, and on a phone; without them in between. What it
// finds at one of these it finds a little wider or narrower as well, for the style sheet only changes at 1000 and at 760 pixels, and not in
// colours. A page that has no scripts is the same with and without them.
const looks = { scripts: { 1440: schemes, 390: ['light'] }, plain: { 768: ['light'] } }
looks.both = { ...looks.scripts, ...looks.plain }

// No word of the API's where the reader's is meant, and no number of one thing with the name of many.
async function checkWords(page) {
	const text = await page.locator('main').innerText()
	assert.doesNotMatch(text, /\bas usual\b|\bEach leads to\b|\b(By|GroupBy): (all|none)\b|\bCompare: before\b/)
	assert.doesNotMatch(text, /(?<![\d.,:-])1[ \u00a0](messages|calls|minutes|records|sessions|recordings|rows|accounts|megabytes|categories|events|days)\b/)
}

// Fits at each width, and axe has nothing to say, neither in light nor in dark; from the widest one down. LOOKS: where it looks.
async function inEverySize(page, name, scripts, looks) {
	for (const width of [...widths].reverse()) {
		await page.setViewportSize({ width, height: 900 })
		for (const colorScheme of schemes) {
			await page.emulateMedia({ colorScheme })
			if (scripts)
				await drawn(page)
			assert.deepEqual(await overhang(page), [], `hangs out, ${width} wide`)
			if (looks[width]?.includes(colorScheme) && await hasNewKinds(page, `${width} ${colorScheme} ${scripts}`))
				assert.deepEqual(await violations(page, colorScheme, scripts), [], `${width} wide, ${colorScheme}`)
			await picture(page, `${name}-${width}-${colorScheme}`)
		}
	}
}

const desk = { viewport: { width: widths.at(-1), height: 900 } }

// Loaded on a desk in light, and again as the last of the sizes leaves it: on a phone in the dark. Returns if it has scripts.
async function withScripts({ as, expected, path, name, lane }) {
	const { page, complaints, requests } = await open(path, { as, expected, lane, ...desk })
	// what Web Vitals call good: while a table comes in, its columns may still find their widths
	const still = async () => { const moved = await shift(page); assert.ok(moved < 0.1, `nothing moves that one would see: ${moved}`) }
	try {
		await still()
		await checkOutline(page)
		await checkWords(page)
		const scripted = await page.locator('script').count() > 0
		await inEverySize(page, name, true, scripted ? looks.scripts : looks.both)
		assert.deepEqual(await page.evaluate(() => window.violations), [], 'what the content policy refused')
		await page.reload()
		await still()
		assert.deepEqual(complaints, [])
		assert.deepEqual(await page.evaluate(() => window.violations), [], 'what the content policy refused')
		assert.deepEqual([...new Set(requests.map(r => new URL(r.url()).host))], [baseUrl.host])
		return scripted
	} finally {
		await page.close()
	}
}

async function withoutScripts({ as, expected, path, name, lane }) {
	const { page, complaints } = await open(path, { as, expected, lane, javaScriptEnabled: false, ...desk })
	try {
		await checkOutline(page)
		assert.ok((await page.locator('main').innerText()).length > 20)
		await inEverySize(page, `${name}-plain`, false, looks.plain)
		assert.deepEqual(complaints, [])
	} finally {
		await page.close()
	}
}

const pages = skip ? [] : await everyPage()

describe('every page', { skip, concurrency: true }, () => {
	after(close)
	for (const lane of [0, 1])
		describe(`half of them, ${lane + 1}`, { concurrency: 1 }, () => {   // else all of them inherit it, and run at once
			for (const p of pages.filter((_, i) => i % 2 === lane))
				test(`${p.name} as ${p.as}: ${p.path}`, async () => {
					if (await withScripts({ ...p, lane }))
						await withoutScripts({ ...p, lane })
				})
		})
})
