// follow.mjs - does `usaged import --follow` count each line once, however the file is rotated and the program killed?
//
//   [ROUNDS=40] [SEED=number] [USAGED=program] node follow.mjs
//
// Each round appends lines to two files, some of them in two parts. Between the rounds a file is renamed and made anew, or copied and truncated, up to
// three times in a row, and the program is killed (SIGKILL) and started again, sometimes a while later. In the end the ledger has each line once.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { appendFileSync, copyFileSync, existsSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ledger, program, randomOf } from './worker.mjs'

const rounds = Number(process.env.ROUNDS || 40)
const seed = Number(process.env.SEED || Math.floor(Math.random() * 2 ** 32))
const random = randomOf(seed)
const int = below => Math.floor(random() * below)
const ledger = new Ledger()
const account = ledger.account('One')
const folder = join(ledger.folder, 'logs')
mkdirSync(folder)
const counts = { lines: 0, renamed: 0, truncated: 0, kills: 0, starts: 0 }

// ---- the writer ----

const header = 'source,id,subject,time,category,usage\n'
const forms = [
	{ path: join(folder, 'calls.ndjson'), head: '', line: id => JSON.stringify({ specversion: '1.0', type: 'usage', source: '/ndjson', id, subject: account, time: '2026-11-01T10:00:00Z', data: { category: 'calls-outbound', usage: 1 } }) + '\n' },
	{ path: join(folder, 'calls.csv'), head: header, line: id => `/csv,${id},${account},2026-11-01T10:00:00Z,calls-outbound,1\n` },
]

async function write({ path, line }) {
	const n = random() < 0.1 ? 2000 + int(3000) : 1 + int(100)
	const text = Array.from({ length: n }, () => line(`line-${counts.lines++}`)).join('')
	const cut = int(text.length)
	appendFileSync(path, text.slice(0, cut))
	if (random() < 0.3)
		await sleep(int(60))
	appendFileSync(path, text.slice(cut))
}

const KEPT = 1000
function shift(path) {
	for (let i = KEPT; i >= 1; i--)
		if (existsSync(`${path}.${i}`))
			renameSync(`${path}.${i}`, `${path}.${i + 1}`)
}

function rotate({ path, head }) {
	shift(path)
	if (random() < 0.5) {
		counts.renamed++
		renameSync(path, `${path}.1`)
		writeFileSync(path, head)
	} else {
		counts.truncated++
		copyFileSync(path, `${path}.1`)
		truncateSync(path)
		appendFileSync(path, head)
	}
}

// ---- the follower ----

let follower, gone, log = ''
function start() {
	counts.starts++
	follower = spawn(program, ['--config', ledger.config, 'import', '--follow', '--state', join(ledger.folder, 'state'), ...forms.map(f => f.path)])
	follower.stderr.on('data', text => log += text)
	follower.stdout.on('data', text => log += text)
	gone = new Promise(done => follower.on('exit', (code, signal) => done({ code, signal })))
}

async function kill() {
	counts.kills++
	follower.kill('SIGKILL')
	await gone
}

const stored = () => ledger.sql('SELECT count(*) FROM event')[0][0]

async function wait() {
	let before = -1, quiet = 0
	for (let n = stored(); n !== counts.lines && quiet < 300; n = stored()) {
		quiet = n === before ? quiet + 1 : 0
		before = n
		await sleep(100)
	}
}

// ---- all of it ----

console.log(`# SEED=${seed} ROUNDS=${rounds}`)
for (const { path, head } of forms)
	writeFileSync(path, head)
start()
for (let round = 0; round < rounds; round++) {
	const form = forms[int(2)]
	await write(form)
	if (random() < 0.3)
		for (let i = int(3); i >= 0; i--) {
			rotate(form)
			await write(form)
		}
	if (random() < 0.25) {
		await kill()
		if (random() < 0.5) {
			await write(form)
			rotate(form)
			await write(form)
		}
		start()
	}
	await sleep(int(80))
}
await wait()
follower.kill('SIGTERM')
const end = await gone
try {
	assert.deepEqual(end, { code: 0, signal: null }, 'a signal ends it well')
	assert.equal(stored(), counts.lines, 'each line is stored once')
	assert.deepEqual(ledger.sql('SELECT count(*) FROM rejection'), [[0]], 'no line was rejected')
	assert.match(ledger.run('verify'), / 0 differences/)
	console.log(`ok 1 - each of ${counts.lines} lines is stored once, over ${counts.renamed} renamed and ${counts.truncated} truncated files and ${counts.kills} kills\n1..1`)
} catch (error) {
	console.log(`not ok 1 - following\n# ${error.message}\n# ${JSON.stringify(counts)}\n# ${log.slice(-3000).replaceAll('\n', '\n# ')}\n1..1`)
	process.exitCode = 1
} finally {
	if (!process.exitCode)
		ledger.remove?.()
}
