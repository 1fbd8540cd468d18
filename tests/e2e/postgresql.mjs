// postgresql.mjs - a private PostgreSQL server in a folder of its own, which ends with this process. Its socket is in the folder. It syncs, since the
// server refuses one that does not.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const versions = '/usr/lib/postgresql'
const newest = existsSync(versions) ? readdirSync(versions).sort((a, b) => b - a)[0] : undefined
const bin = newest && join(versions, newest, 'bin')
export const missing = bin && existsSync(join(bin, 'initdb')) ? false : 'PostgreSQL\'s server is not installed'

// PostgreSQL does not run as root.
const root = process.getuid() === 0
const idOf = name => Number(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8'))?.[1])
const as = root ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] : []

function run(...command) {
	const all = [...as, ...command]
	const { status, stdout, stderr } = spawnSync(all[0], all.slice(1), { encoding: 'utf8', cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } })
	assert.equal(status, 0, `${command.join(' ')}: ${stdout}${stderr}`)
	return stdout
}

// Rows of texts, of the database at ADDRESS.
function rowsOf(address, text) {
	const out = run(join(bin, 'psql'), '-qAtX', '-d', address, '-c', text)
	return out.trim() ? out.trim().split('\n').map(row => row.split('|')) : []
}

// The processes below PID.
function below(pid) {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
	return children ? children.split(' ').map(Number) : []
}

export class Postgres {
	#databases = 0
	// PRIMARY: make a standby of it
	constructor(more = [], primary) {
		this.more = more
		this.folder = mkdtempSync(join(tmpdir(), 'usaged-pg-'))
		this.data = join(this.folder, 'data')
		if (root)
			chownSync(this.folder, idOf('nobody'), 65534)
		if (primary)
			this.copy(primary)
		else run(join(bin, 'initdb'), '-D', this.data, '-U', 'usaged', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C.UTF-8')
		this.remove = this.remove.bind(this)
		process.once('exit', this.remove)
	}
	start(...more) {
		const command = [...as, 'setpriv', '--pdeathsig', 'QUIT', join(bin, 'postgres'), '-D', this.data, '-k', this.folder, '-c', 'listen_addresses=',
			'-c', 'max_connections=100', '-c', 'shared_buffers=32MB', ...[...this.more, ...more].flatMap(s => ['-c', s])]
		// into a file: a pipe would be full while this process waits, and the server would stand still
		const output = openSync(join(this.folder, 'log'), 'w')
		this.server = spawn(command[0], command.slice(1), { cwd: '/', stdio: ['ignore', 'ignore', output] })
		closeSync(output)
		this.server.ended = new Promise(done => this.server.on('exit', done))
		for (let tries = 0;;) {
			if (spawnSync(join(bin, 'pg_isready'), ['-q', '-h', this.folder]).status === 0)
				return
			assert.ok(existsSync(join(this.data, 'postmaster.pid')) || tries++ < 500, this.log)
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
		}
	}
	get log() {
		return readFileSync(join(this.folder, 'log'), 'utf8').slice(-10000)
	}
	// SIGINT ends all sessions, SIGQUIT is the end without a checkpoint; SIGKILL is a crash.
	async stop(signal = 'SIGINT') {
		const all = signal === 'SIGKILL' ? below(this.server.pid) : []
		this.server.kill(signal)
		for (const pid of all)
			try { process.kill(pid, 'SIGKILL') } catch { /* it is gone */ }
		await this.server.ended
	}
	// All of the server stands still, as if its disk or its machine hung.
	pause() {
		this.paused = [this.server.pid, ...below(this.server.pid)]
		for (const pid of this.paused)
			process.kill(pid, 'SIGSTOP')
	}
	resume() {
		for (const pid of this.paused ?? [])
			try { process.kill(pid, 'SIGCONT') } catch { /* it is gone */ }
		this.paused = undefined
	}
	// Rows of texts.
	sql(text, database = 'postgres') {
		return rowsOf(`postgresql:///${database}?host=${this.folder}&user=usaged`, text)
	}
	// A new empty database: { name, address, sql() }.
	database() {
		const name = `ledger${++this.#databases}`
		this.sql(`CREATE DATABASE ${name}`)
		return { name, address: `postgresql:///${name}?host=${this.folder}&user=usaged`, sql: text => this.sql(text, name) }
	}
	// A standby becomes the primary. It waits for no standby of its own until FOLLOW.
	promote() {
		run(join(bin, 'pg_ctl'), '-D', this.data, '-w', 'promote')
		this.sql('ALTER SYSTEM RESET synchronous_standby_names')
		this.sql('SELECT pg_reload_conf()')
	}
	// A server that does not run gets what PRIMARY has now, to be a standby of it.
	copy(primary) {
		rmSync(this.data, { recursive: true, force: true })
		run(join(bin, 'pg_basebackup'), '-D', this.data, '-h', primary.folder, '-U', 'usaged', '-R', '-c', 'fast')
	}
	// A server that has ended becomes a standby of PRIMARY, which waits for it from then on.
	follow(primary) {
		this.copy(primary)
		this.start()
		primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
		primary.sql('SELECT pg_reload_conf()')
		while (primary.sql("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'").length === 0)
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
	}
	remove() {
		this.resume()
		this.server?.kill('SIGQUIT')
		rmSync(this.folder, { recursive: true, force: true })
	}
}

// A database of any server, by its address. Each ledger is in a schema of its own, which is dropped when this process ends, unless the test has
// failed and KEEP is set; a process that is killed leaves its schemas.
class Schemas {
	#names = []
	constructor(address) {
		this.address = address
		process.once('exit', code => code && process.env.KEEP || this.#names.forEach(name => rowsOf(address, `SET client_min_messages = error; DROP SCHEMA ${name} CASCADE`)))
	}
	// A new empty schema: { name, address, sql() }.
	database() {
		const name = `usaged_e2e_${process.pid}_${Date.now().toString(36)}_${this.#names.length}`
		rowsOf(this.address, `CREATE SCHEMA ${name}`)
		this.#names.push(name)
		const address = `${this.address}${this.address.includes('?') ? '&' : '?'}options=-csearch_path%3D${name}`
		return { name, address, sql: text => rowsOf(address, text) }
	}
}

// Where ledgers are unless a test says otherwise: USAGED_E2E_STORE is empty (in files), "postgresql" (in a private server, which all ledgers of this
// process share), or the address of a database: in that one.
const place = process.env.USAGED_E2E_STORE ?? ''
export const inPostgresql = /^postgresql(:|$)/.test(place)
assert.ok(inPostgresql || !place, `USAGED_E2E_STORE=${place} is neither "postgresql" nor an address that begins with postgresql://`)

let common
export function commonPostgres() {
	if (!common && place !== 'postgresql') {
		common = new Schemas(place)
	} else if (!common) {
		common = new Postgres()
		common.start()
		// the process does not wait for it
		common.server.unref()
	}
	return common
}
