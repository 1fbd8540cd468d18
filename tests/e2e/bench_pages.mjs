// bench_pages.mjs - how long a browser works on a page of a thousand rows and its chart: the longest task of the page's main thread, from a
// trace of each of ROUNDS (5) loads. No test, for it is about time:
//
//   USAGED_CREDENTIALS=var/credentials node bench_pages.mjs
import { close, launch, open } from './browser.mjs'

const today = new Date().toISOString().slice(0, 10), begin = `${+today.slice(0, 4) - 1}${today.slice(4)}`
const path = `/reports/usage.html?By=day&StartDate=${begin}&EndDate=${today}&PageSize=1000`
const categories = ['disabled-by-default-devtools.timeline', 'devtools.timeline', 'toplevel', '__metadata']

// Milliseconds of the tasks on the main thread of the process that parsed the page.
function tasksOf(events) {
	const parser = events.filter(e => e.name === 'ParseHTML').sort((a, b) => (b.dur ?? 0) - (a.dur ?? 0))[0]
	return events.filter(e => e.ph === 'X' && e.pid === parser.pid && e.tid === parser.tid && e.name === 'RunTask').map(e => e.dur / 1000)
}

const browser = await launch(), longest = []
const { page } = await open('/login', { viewport: { width: 1440, height: 900 } })
for (let i = 0; i < +(process.env.ROUNDS ?? 5); i++) {
	await browser.startTracing(page, { categories })
	await page.goto(path)
	await page.locator('figure.chart canvas').first().waitFor()
	await page.waitForTimeout(500)
	const { traceEvents } = JSON.parse(await browser.stopTracing())
	const tasks = tasksOf(traceEvents)
	longest.push(Math.max(...tasks))
	console.log(`${await page.locator('[data-list=lines] tbody tr').count()} rows: longest task ${longest.at(-1).toFixed(0)} ms, of ${tasks.length} tasks, ${tasks.filter(t => t > 50).length} over 50 ms`)
}
longest.sort((a, b) => a - b)
console.log(`longest task of a load: ${longest.map(t => t.toFixed(0)).join(' ')} ms; the aim is below 200 ms`)
await close()
