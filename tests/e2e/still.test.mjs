// still.test.mjs - nothing on a page moves while it comes in, however slowly: each page is delivered in pieces to a browser with a slow
// processor, and the sum of its layout shifts is measured.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { everyPage, launch, close, skip } from './browser.mjs'
import { newAccount, send } from './harness.mjs'

const PIECES = 8, PAUSE_MS = 40, SLOWER = 4, MOST = 0.1
const later = ms => new Promise(done => setTimeout(done, ms))

// The server's pages in pieces; everything else as it is.
async function slowServer() {
	const server = createServer(async (rq, rs) => {
		const answer = await send(rq.url, { as: 'adminBearer', headers: { Accept: rq.headers.accept ?? '*/*' } })
		rs.writeHead(answer.status, { 'Content-Type': answer.headers['content-type'] ?? 'text/plain' })
		const step = answer.type === 'text/html' ? Math.ceil(answer.bytes.length / PIECES) : answer.bytes.length
		for (let i = 0; i < answer.bytes.length; i += step) {
			rs.write(answer.bytes.subarray(i, i + step))
			if (step < answer.bytes.length)
				await later(PAUSE_MS)
		}
		rs.end()
	})
	await new Promise(done => server.listen(0, '127.0.0.1', done))
	return server
}

// Records that are refused, short and long ones: a list whose columns every row would widen anew.
async function makeRejections() {
	const { sid, token } = await newAccount('still')
	const lines = Array.from({ length: 60 }, (_, i) => i % 3 ? JSON.stringify({ specversion: '1.0', type: 'usage', source: `/still/${i}`, id: 'i'.repeat(i + 1), subject: sid,
		time: '2026-11-21T10:00:00Z', data: { category: 'c'.repeat(i * 3 + 1), note: 'n'.repeat(i * 20) } }) : '{"id": broken')
	await send('/events', { auth: 'Basic ' + Buffer.from(`${sid}:${token}`).toString('base64'), method: 'POST', headers: { 'Content-Type': 'application/x-ndjson' }, body: lines.join('\n') })
}

// Pages with a table; the others are short.
async function pagesWithTables() {
	const found = []
	for (const p of (await everyPage()).filter(p => p.as === 'admin'))
		if ((await send(p.path, { as: 'adminBearer', headers: { Accept: 'text/html' } })).text.includes('<table'))
			found.push(p)
	return found
}

const pages = skip ? [] : await pagesWithTables()

describe('a page that comes in slowly', { skip, concurrency: true }, () => {
	let server, browser
	before(async () => {
		await makeRejections()
		server = await slowServer()
		browser = await launch()
	})
	after(async () => {
		await close()
		server?.closeAllConnections()
		server?.close()
	})

	async function shifts(path, width) {
		const context = await browser.newContext({ baseURL: `http://127.0.0.1:${server.address().port}`, viewport: { width, height: 900 } })
		const page = await context.newPage()
		const debug = await context.newCDPSession(page)
		await debug.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
		await page.addInitScript(() => {
			window.moved = []
			new PerformanceObserver(list => list.getEntries().forEach(e => window.moved.push([e.value, e.sources.map(s => s.node?.outerHTML?.slice(0, 80))])))
				.observe({ type: 'layout-shift', buffered: true })
		})
		await page.goto(path)
		await page.evaluate(() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 600))))     // long tables come in several steps
		const moved = await page.evaluate(() => window.moved)
		await context.close()
		return moved
	}

	const phone = ['/rejections.html', '/accounts.html', '/operations.html'].map(path => ({ name: 'on a phone', path, width: 390 }))
	const all = [...pages.map(p => ({ ...p, width: 1440 })), ...phone]

	for (const lane of [0, 1])
		describe(`half of them, ${lane + 1}`, { concurrency: 1 }, () => {   // else all of them inherit it, and run at once
			for (const { name, path, width } of all.filter((_, i) => i % 2 === lane))
				test(`${name}: ${path}`, async () => {
					const moved = await shifts(path, width)
					assert.ok(moved.reduce((sum, [value]) => sum + value, 0) <= MOST, JSON.stringify(moved.filter(([value]) => value > 0.01)))
				})
		})
})
