// bench_pages.mjs - how long a browser works on a page of a thousand rows and its chart: the longest task of the page's main thread, from a
// trace of each of ROUNDS (5) loads. No test, for it is about time:
//
//   USAGED_CREDENTIALS=var/credentials node bench_pages.mjs
import { close, launch, open } from './browser.mjs'

const today = new Date().toISOString().slice(0, 10), begin = `${+today.slice(0, 4) - 1}${today.slice(4)}`
const path = `/reports/usage.html?By=day&StartDate=${begin}&EndDate=${today}&PageSize=1000`
const categories = ['disabled-by-default-devtools.timeline', 'devtools.timeline', 'toplevel', '__metadata']

// The tasks on the main thread of the process that parsed the page, in milliseconds: how long they took, and how long they had the processor.
function tasksOf(events) {
	const parser = events.filter(e => e.name === 'ParseHTML').sort((a, b) => (b.dur ?? 0) - (a.dur ?? 0))[0]
	return events.filter(e => e.ph === 'X' && e.pid === parser.pid && e.tid === parser.tid && e.name === 'RunTask').map(e => ({ took: e.dur / 1000, worked: (e.tdur ?? e.dur) / 1000 }))
}

const said = t => `${t.took.toFixed(0)} ms (${t.worked.toFixed(0)} of work)`
const browser = await launch(), longest = []
const { page } = await open('/login', { viewport: { width: 1440, height: 900 } })
for (let i = 0; i < +(process.env.ROUNDS ?? 5); i++) {
	await browser.startTracing(page, { categories })
	await page.goto(path)
	await page.locator('figure.chart canvas').first().waitFor()
	await page.waitForTimeout(500)
	const { traceEvents } = JSON.parse(await browser.stopTracing())
	const tasks = tasksOf(traceEvents)
	longest.push({ took: Math.max(...tasks.map(t => t.took)), worked: Math.max(...tasks.map(t => t.worked)) })
	console.log(`${await page.locator('[data-list=lines] tbody tr').count()} rows: longest task ${said(longest.at(-1))}, of ${tasks.length} tasks, ${tasks.filter(t => t.took > 50).length} over 50 ms`)
}
longest.sort((a, b) => a.took - b.took)
console.log(`longest task of a load: ${longest.map(said).join(', ')}; the aim is below 200 ms`)
await close()
