// fastcgi.mjs - the other side of a FastCGI worker's socket: requests in, answers out.
import { connect } from 'node:net'

export const types = { BEGIN: 1, END: 3, PARAMS: 4, STDIN: 5, STDOUT: 6, GET_VALUES: 9 }
const KEEP = 1, MOST = 65535

export function record(type, content = Buffer.alloc(0), id = 1) {
	const header = Buffer.from([1, type, id >> 8, id & 255, content.length >> 8, content.length & 255, 0, 0])
	return Buffer.concat([header, content])
}

export function pair(name, value) {
	const length = n => n < 128 ? Buffer.from([n]) : Buffer.from([n >> 24 | 128, n >> 16 & 255, n >> 8 & 255, n & 255])
	const parts = [Buffer.from(name), Buffer.from(value)]
	return Buffer.concat([length(parts[0].length), length(parts[1].length), ...parts])
}

function stream(type, bytes) {
	const parts = []
	for (let at = 0; at < bytes.length; at += MOST)
		parts.push(record(type, bytes.subarray(at, at + MOST)))
	return [...parts, record(type)]
}

export function request(token, { method = 'GET', uri = '/billing/usage', body = '', keep = false, env = {} } = {}) {
	const bytes = Buffer.from(body)
	const all = { REQUEST_METHOD: method, REQUEST_URI: uri, HTTP_AUTHORIZATION: 'Bearer ' + token, REMOTE_ADDR: '192.0.2.7', ...env }
	if (bytes.length && !('CONTENT_LENGTH' in all))
		all.CONTENT_LENGTH = String(bytes.length)
	const params = Buffer.concat(Object.entries(all).map(([n, v]) => pair(n, v)))
	return Buffer.concat([record(types.BEGIN, Buffer.from([0, 1, keep ? KEEP : 0, 0, 0, 0, 0, 0])),
		...stream(types.PARAMS, params), ...stream(types.STDIN, bytes)])
}

function parse(parts, complete) {
	const text = Buffer.concat(parts).toString(), at = text.indexOf('\r\n\r\n')
	return { complete, head: at < 0 ? text : text.slice(0, at), body: at < 0 ? '' : text.slice(at + 4) }
}

export class Connection {
	constructor(path) {
		this.bytes = Buffer.alloc(0)
		this.socket = connect(path)
		this.socket.on('error', () => {})
		this.socket.on('data', d => { this.bytes = Buffer.concat([this.bytes, d]); this.wake?.() })
		this.closed = false
		this.socket.on('close', () => { this.closed = true; this.wake?.() })
	}
	write(bytes) {
		this.socket.write(bytes)
	}
	// The records up to the end of a request; `complete` if it ended, else the connection was closed before.
	async answer() {
		const out = []
		for (;;) {
			while (this.bytes.length >= 8) {
				const type = this.bytes[1], length = this.bytes.readUInt16BE(4), all = 8 + length + this.bytes[6]
				if (this.bytes.length < all)
					break
				const content = this.bytes.subarray(8, 8 + length)
				this.bytes = this.bytes.subarray(all)
				if (type === types.STDOUT)
					out.push(content)
				if (type === types.END)
					return parse(out, true)
			}
			if (this.closed)
				return parse(out, false)
			await new Promise(done => { this.wake = done })
		}
	}
	close() {
		this.socket.destroy()
	}
}
