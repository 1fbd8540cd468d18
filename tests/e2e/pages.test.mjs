// pages.test.mjs - every page in a browser, at the widths of a phone, a tablet and a desk, light and dark, with and without scripts: nothing is
// complained of, everybody can use it (axe), nothing hangs out of the window, nothing moves. SCREENSHOTS=folder keeps a picture of each.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, describe, test } from 'node:test'
import { baseUrl } from './harness.mjs'
import { close, everyPage, open, picture, schemes, screenshots, skip, widths } from './browser.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// What axe finds, as sentences. RULES: only these.
async function violations(page, rules) {
	if (!await page.evaluate(() => 'axe' in window))
		await page.evaluate(axe)
	const found = await page.evaluate(only => window.axe.run({ runOnly: only, resultTypes: ['violations'] }), rules
		? { type: 'rule', values: rules }
		: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
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

// Fits at each width; axe looks at all of it once on a phone, and at the contrast of the dark colours on a desk.
async function inEverySize(page, name, scripts) {
	for (const width of widths) {
		await page.setViewportSize({ width, height: 900 })
		if (scripts)         // that draw in the new size
			await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
		assert.deepEqual(await overhang(page), [], `hangs out, ${width} wide`)
		for (const colorScheme of screenshots ? schemes : []) {
			await page.emulateMedia({ colorScheme })
			await picture(page, `${name}-${width}-${colorScheme}`)
		}
		if (scripts && width === widths[0])
			assert.deepEqual(await violations(page), [], `${width} wide, light`)
	}
	await page.emulateMedia({ colorScheme: 'dark' })
	if (scripts)
		assert.deepEqual(await violations(page, ['color-contrast']), [], 'dark')
	await page.emulateMedia({ colorScheme: 'light' })
}

async function withScripts({ as, expected, path, name, lane }) {
	const { page, complaints, requests } = await open(path, { as, expected, lane, viewport: { width: 1440, height: 900 } })
	try {
		await page.waitForLoadState('load')
		assert.ok(await shift(page) < 0.01, 'nothing moves that one would see')
		await checkOutline(page)
		await inEverySize(page, name, true)
		assert.deepEqual(complaints, [])
		assert.deepEqual(await page.evaluate(() => window.violations), [], 'what the content policy refused')
		assert.deepEqual([...new Set(requests.map(r => new URL(r.url()).host))], [baseUrl.host])
	} finally {
		await page.close()
	}
}

async function withoutScripts({ as, expected, path, name, lane }) {
	const { page, complaints } = await open(path, { as, expected, lane, javaScriptEnabled: false, viewport: { width: 1440, height: 900 } })
	try {
		await checkOutline(page)
		assert.ok((await page.locator('main').innerText()).length > 20)
		await inEverySize(page, `${name}-plain`, false)
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
					await withScripts({ ...p, lane })
					await withoutScripts({ ...p, lane })
				})
		})
})
