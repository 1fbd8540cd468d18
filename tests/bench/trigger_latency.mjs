// trigger_latency.mjs - how long a callback takes after the event that passes its threshold was acknowledged, against that request itself.
//
//   USAGED=program [FIRINGS=1000] node trigger_latency.mjs
//
// Prints "POST CALLBACK P99" in milliseconds: medians of the request and of the callback, and the longest callback but for one of a hundred.
import { createServer } from 'node:http'
import { performance } from 'node:perf_hooks'
import { Connection, request } from '../e2e/fastcgi.mjs'
import { Ledger } from '../e2e/worker.mjs'
import { quantile } from './soak_report.mjs'

const firings = Number(process.env.FIRINGS || 1000)
const waiting = new Map()
const receiver = createServer((rq, rs) => {
	let body = ''
	rq.on('data', d => { body += d })
	rq.on('end', () => {
		const done = waiting.get(new URLSearchParams(body).get('UsageTriggerSid'))
		rs.end()
		done?.(performance.now())
	})
}).listen(0, '127.0.0.1')
await new Promise(done => receiver.once('listening', done))
const ledger = new Ledger({ ledger: 'busy_timeout_ms = 300\n[webhooks]\nallow = 127.0.0.1' })
const account = ledger.account('Latency'), posts = [], callbacks = []
await ledger.start()
const c = new Connection(ledger.socket)
const ask = async (token, uri, body, type) => {
	c.write(request(token, { method: 'POST', uri, body, keep: true, env: { CONTENT_TYPE: type } }))
	return c.answer()
}
try {
	for (let i = 0; i < firings; i++) {
		const { body } = await ask(ledger.admin, `/2010-04-01/Accounts/${account}/Usage/Triggers.json`,
			`UsageCategory=calls&TriggerBy=count&TriggerValue=${i + 1}&CallbackUrl=http://127.0.0.1:${receiver.address().port}/`, 'application/x-www-form-urlencoded')
		const { sid } = JSON.parse(body), came = new Promise(done => waiting.set(sid, done)), event = JSON.stringify({ specversion: '1.0', type: 'usage', source: 's', id: `${i}`,
			subject: account, time: new Date().toISOString(), data: { category: 'calls-inbound', count: i ? 1 : 2 } })
		const begun = performance.now()
		await ask(ledger.token, '/events', event, 'application/x-ndjson')
		const answered = performance.now()
		posts.push(answered - begun)
		callbacks.push(Math.max(0, await came - answered))
	}
	console.log(...[quantile(posts, 0.5), quantile(callbacks, 0.5), quantile(callbacks, 0.99)].map(ms => ms.toFixed(2)))
} finally {
	c.close()
	await ledger.end('SIGTERM')
	ledger.remove()
	receiver.close()
}
