// receiver.mjs - a receiver of callbacks on this machine, which behaves as the path says.
import { createServer } from 'node:http'

// What /NAME answers; COUNT: how often it was called.
const behaviours = {
	ok: (rs) => rs.end('thanks'),
	'': (rs) => rs.end('the root'),
	redirect: (rs, count, port) => rs.writeHead(302, { Location: `http://127.0.0.1:${port}/ok` }).end(),
	hang: () => {},
	slow: rs => {
		let left = 10
		const timer = setInterval(() => rs.write('.') && --left === 0 && (clearInterval(timer), rs.end()), 50)
	},
	big: rs => {
		const part = Buffer.alloc(1 << 20, 'x')
		let left = 10
		const more = () => { while (left-- > 0 && !rs.destroyed) if (!rs.write(part)) return void rs.once('drain', more); rs.end() }
		more()
	},
	twice: (rs, count) => rs.writeHead(count <= 2 ? 503 : 200).end(`answer ${count}`),
	gone: rs => rs.writeHead(410).end('never again'),
}

export class Receiver {
	calls = []
	// by name: how many calls wait for their answers, now and at most
	open = {}
	mostOpen = {}
	async start() {
		const counts = {}
		this.server = createServer((rq, rs) => {
			const chunks = []
			rq.on('data', c => chunks.push(c))
			rq.on('end', () => {
				const url = new URL(rq.url, 'http://x'), name = url.pathname.split('/')[1], body = Buffer.concat(chunks).toString()
				this.calls.push({ name, host: rq.headers.host, url: rq.url, method: rq.method, body, at: Date.now(), signature: rq.headers['x-twilio-signature'],
					params: Object.fromEntries(new URLSearchParams(rq.method === 'GET' ? url.search : body)) })
				this.open[name] = (this.open[name] ?? 0) + 1
				this.mostOpen[name] = Math.max(this.mostOpen[name] ?? 0, this.open[name])
				rs.on('close', () => this.open[name]--)
				counts[url.pathname] = (counts[url.pathname] ?? 0) + 1
				behaviours[name](rs, counts[url.pathname], this.port)
			})
		})
		await new Promise(done => this.server.listen(0, '127.0.0.1', done))
		this.port = this.server.address().port
		return this
	}
	at(name) {
		return this.calls.filter(c => c.name === name)
	}
	of(account) {
		return this.calls.filter(c => c.params.AccountSid === account)
	}
	url(path) {
		return `http://127.0.0.1:${this.port}/${path}`
	}
	stop() {
		this.server.closeAllConnections?.()
		this.server.close()
	}
}
