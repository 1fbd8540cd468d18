// worker.mjs - a ledger of its own in a new folder, and the worker that serves it, for tests that are hard on both.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Connection, request } from './fastcgi.mjs'
import { commonPostgres, inPostgresql } from './postgresql.mjs'

export const top = join(dirname(fileURLToPath(import.meta.url)), '../..')
export const program = process.env.USAGED ?? join(top, 'usaged')

// One number after the other, the same for the same seed, from 0 to below 1 (mulberry32).
export function randomOf(seed) {
	let a = seed >>> 0
	return () => {
		a = a + 0x6D2B79F5 | 0
		let t = Math.imul(a ^ a >>> 15, 1 | a)
		t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
		return ((t ^ t >>> 14) >>> 0) / 2 ** 32
	}
}

export { inPostgresql }
const usualDatabase = () => inPostgresql ? commonPostgres().database() : undefined

export class Ledger {
	// DATABASE: of a Postgres (postgresql.mjs), instead of a file. FILE: always a file, for tests of the file itself.
	constructor({ ledger = 'busy_timeout_ms = 300', server = 'threads = 24', level = 'error', file = false, database = file ? undefined : usualDatabase(), folder = mkdtempSync(join(tmpdir(), 'usaged-')) } = {}) {
		this.folder = folder
		this.postgresql = database
		this.database = database ? database.address : join(this.folder, 'usage.db')
		this.socket = join(this.folder, 'usaged.sock')
		this.config = join(this.folder, 'usaged.conf')
		writeFileSync(this.config, `[ledger]\ndatabase = ${database?.address ?? 'usage.db'}\nsecret_file = secret\n${ledger}\n[server]\nsocket = usaged.sock\ntemplates = ${join(top, 'templates')}\n${server}\nlog_level = ${level}\n`)
		this.run('init', '--categories', join(top, 'conf/categories.csv'))
		this.token = this.key('--role', 'Ingest')
		this.admin = this.key('--role', 'SystemAdministrator', '--user', 'admin')
		this.log = ''
	}
	// The same ledger once more, in a folder of its own: its secrets open both. This one isn't being served.
	copy() {
		const folder = mkdtempSync(join(tmpdir(), 'usaged-')), copy = Object.create(Ledger.prototype)
		cpSync(this.folder, folder, { recursive: true })
		if (this.postgresql) {
			const postgresql = commonPostgres().database(), config = join(folder, 'usaged.conf')
			this.run('move', '--to', postgresql.address, '--final')
			// the ledger has moved, and comes back
			this.postgresql.sql("DROP TABLE moved; UPDATE meta SET value = -value WHERE name = 'version'")
			writeFileSync(config, readFileSync(config, 'utf8').replace(this.database, postgresql.address))
			return Object.assign(copy, this, { folder, postgresql, database: postgresql.address, socket: join(folder, 'usaged.sock'), config, log: '' })
		}
		return Object.assign(copy, this, { folder, database: join(folder, 'usage.db'), socket: join(folder, 'usaged.sock'), config: join(folder, 'usaged.conf'), log: '' })
	}
	// Another host: a server of its own on the same database, with the same secret.
	host() {
		const folder = mkdtempSync(join(tmpdir(), 'usaged-')), host = Object.create(Ledger.prototype)
		writeFileSync(join(folder, 'usaged.conf'), readFileSync(this.config, 'utf8').replace(/^database = .*/m, `database = ${this.database}`))
		cpSync(join(this.folder, 'secret'), join(folder, 'secret'))
		return Object.assign(host, this, { folder, worker: undefined, socket: join(folder, 'usaged.sock'), config: join(folder, 'usaged.conf'), log: '' })
	}
	run(...args) {
		return this.input('', ...args)
	}
	input(text, ...args) {
		const { status, stdout, stderr } = spawnSync(program, ['--config', this.config, ...args], { encoding: 'utf8', input: text, maxBuffer: 1 << 28 })
		assert.equal(status, 0, stdout + stderr)
		return stdout
	}
	key(...args) {
		return /^SECRET=(.*)$/m.exec(this.run('key', 'add', ...args))[1]
	}
	account(name, ...more) {
		return /^SID=(.*)$/m.exec(this.run('account', 'add', '--name', name, '--created', '2026-01-01', ...more))[1]
	}
	// What is stored, past the program: rows of numbers. A program that has just begun may hold the file for a moment, to recover its log.
	sql(text) {
		if (this.postgresql)
			return this.postgresql.sql(text).map(row => row.map(Number))
		const { status, stdout, stderr } = spawnSync('sqlite3', ['-cmd', '.timeout 10000', `file:${this.database}?mode=ro`, text], { encoding: 'utf8' })
		assert.equal(status, 0, stderr)
		return stdout.trim().split('\n').map(row => row.split('|').map(Number))
	}
	// BEFORE: a command that runs the worker
	spawn(...before) {
		const command = [...before, program, '--config', this.config, 'serve']
		const worker = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })
		worker.stderr.on('data', d => { this.log = (this.log + d).slice(-10000) })
		worker.ended = new Promise(done => worker.on('exit', (code, signal) => done({ code, signal })))
		this.worker = worker
		return worker
	}
	async start(...before) {
		this.spawn(...before)
		for (;;) {
			const c = new Connection(this.socket)
			c.write(request(this.admin, { uri: '/accounts' }))
			const { complete, head } = await c.answer()
			c.close()
			if (complete) {
				assert.match(head, /^Status: 200 /, this.log)
				return this.worker
			}
			assert.equal(this.worker.exitCode, null, this.log)
			await sleep(3)
		}
	}
	// A request on a connection of its own.
	async get(uri, { token = this.admin, ...options } = {}) {
		const c = new Connection(this.socket)
		c.write(request(token, { uri, ...options }))
		const answer = await c.answer()
		c.close()
		return { ...answer, status: Number(/^Status: (\d+)/.exec(answer.head)?.[1]) }
	}
	// Sends events as NDJSON on a connection of their own.
	async post(body, options) {
		const c = new Connection(this.socket)
		c.write(request(this.token, { method: 'POST', uri: '/events', body, env: { CONTENT_TYPE: 'application/x-ndjson' }, ...options }))
		const answer = await c.answer()
		c.close()
		return { ...answer, status: Number(/^Status: (\d+)/.exec(answer.head)?.[1]) }
	}
	async end(signal) {
		this.worker.kill(signal)
		return this.worker.ended
	}
	remove() {
		this.worker?.kill('SIGKILL')
		rmSync(this.folder, { recursive: true, force: true })
	}
}
