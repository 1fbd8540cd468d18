// intake.test.mjs - damaged files of every form, by path, standard input and POST: each record has a verdict, every whole one is stored once, and a
// file that comes another way is the same file. INTAKE_FILES and INTAKE_SEED choose more, and others.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { Ledger, program } from './worker.mjs'

const SID = 'AC00000000000000000000000000000001', files = process.env.INTAKE_FILES ?? '240', seed = process.env.INTAKE_SEED ?? '1'
const types = { ndjson: 'application/x-ndjson', json: 'application/json', csv: 'text/csv', tsv: 'text/tab-separated-values' }
const statuses = ['created', 'duplicate', 'conflict', 'rejected']
const ledger = new Ledger({ ledger: 'busy_timeout_ms = 5000\n[ingest]\nrecord_bytes = 1500', server: 'threads = 4' }), folder = join(ledger.folder, 'files')
let list

function run(command, args, input) {
	const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', cwd: ledger.folder, maxBuffer: 1 << 28 })
	return { status, stdout, stderr }
}

function groupBy(list, key) {
	const groups = new Map()
	for (const item of list)
		groups.set(key(item), [...groups.get(key(item)) ?? [], item])
	return groups
}

// The counts of each file named in what an import printed.
function countsOf(stdout) {
	return new Map([...stdout.matchAll(/^(.*): (\d+) created, (\d+) duplicate, (\d+) conflict, (\d+) rejected/mg)]
		.map(([, name, ...n]) => [name, Object.fromEntries(statuses.map((s, i) => [s, Number(n[i])]))]))
}

function importOf(names, mapping, ...options) {
	return ['--config', ledger.config, 'import', '--rejects', '/dev/null', ...mapping ? ['--mapping', join(folder, mapping)] : [], ...options, ...names]
}

// ---- the three ways: a file's counts, and whether it was told that the file isn't whole ----

// The form goes by the name; that of JSON values one after the other goes by the content, where they may be NDJSON as well.
function byPath(some) {
	for (const group of groupBy(some, f => f.mapping || f.form === 'JSON values').values()) {
		const options = group[0].form === 'JSON values' ? ['--format', 'json'] : []
		const { stdout, stderr } = run(program, importOf(group.map(f => join('files', f.name)), group[0].mapping, ...options))
		const counts = countsOf(stdout)
		for (const f of group) {
			f.path = { ...counts.get(join('files', f.name)), failed: stderr.includes(`files/${f.name}`) }
			assert.ok('created' in f.path, `${f.name}: ${stderr}`)
		}
	}
}

function byInput(some) {
	for (const f of some) {
		const { stdout, stderr, status } = run(program, importOf(['-'], f.mapping, ...f.mapping ? [] : ['--format', f.format]), readFileSync(join(folder, f.name)))
		f.input = { ...countsOf(stdout).get('total'), failed: stderr !== '' }
		assert.ok('created' in f.input, `${f.name}: ${stdout}${stderr}`)
		assert.equal(status !== 0, f.input.failed || f.input.conflict + f.input.rejected > 0, f.name)
	}
}

// Whole or not isn't told apart here: what ends a body before its end has a result like a record. If nothing can be read it is an error.
async function byPost(some) {
	for (const f of some) {
		const env = { CONTENT_TYPE: types[f.format], ...f.encoding && { HTTP_CONTENT_ENCODING: f.encoding } }
		const { status, body } = await ledger.post(readFileSync(join(folder, f.name)), { env })
		const answer = JSON.parse(body)
		f.post = { ...Object.fromEntries(statuses.map(s => [s, answer[s] ?? 0])) }
		if (status === 400) {
			assert.equal(total(f.post), 0, f.name)
			f.post.rejected++
			continue
		}
		const bad = f.post.conflict + f.post.rejected
		assert.equal(status, !bad ? 200 : bad === total(f.post) ? 422 : 207, f.name)
		for (const s of statuses)
			assert.equal(answer.results.filter(r => r.status === s).length, f.post[s], `${f.name}: ${s}`)
	}
}

const ways = [{ name: 'path', take: byPath }, { name: 'input', take: byInput }, { name: 'post', take: byPost }]

// Each file comes in each way, and each way is the first of some; a POST has no mapping.
function wayOf(f, i, number) {
	const way = ways[(i + number) % ways.length]
	return f.mapping && way.name === 'post' ? ways[0] : way
}

async function round(number) {
	for (const way of ways)
		await way.take(list.filter((f, i) => wayOf(f, i, number) === way))
}

const total = counts => statuses.reduce((sum, s) => sum + counts[s], 0)

function stored() {
	const events = run(program, ['--config', ledger.config, 'export']).stdout.trim().split('\n').map(l => JSON.parse(l))
	return groupBy(events, e => e.source)
}

before(async () => {
	const made = run('make', ['-s', '-C', dirname(program), 'tests/unit/intake_write'])
	assert.equal(made.status, 0, made.stderr)
	mkdirSync(folder)
	const { status, stdout, stderr } = run(join(dirname(program), 'tests/unit/intake_write'), [folder, files, seed])
	assert.equal(status, 0, stderr)
	list = stdout.trim().split('\n').map(l => JSON.parse(l))
	ledger.run('account', 'add', '--name', 'One', '--sid', SID, '--created', '2026-01-01')
	await ledger.start()
})

after(() => ledger.remove())

test('each record has a verdict, and every whole one is stored once', async () => {
	await round(0)
	const events = stored()
	for (const [i, f] of list.entries()) {
		const way = wayOf(f, i, 0).name, about = `${f.name} (${f.form}) by ${way}`
		const ids = (events.get(f.source) ?? []).map(e => e.id), has = new Set(ids)
		f.first = way
		f.created = f[way].created
		assert.equal(has.size, ids.length, `${about}: stored twice`)
		if (f.cut)
			continue
		for (const id of f.must)
			assert.ok(has.has(`r-${id}`), `${about}: r-${id} isn't stored`)
		if (f.lines >= 0)
			assert.equal(total(f[way]), f.lines, `${about}: verdicts`)
	}
	assert.equal([...events.values()].reduce((n, e) => n + e.length, 0), list.reduce((n, f) => n + f.created, 0))
})

test('a file that comes another way is the same file', async () => {
	const sums = ({ created, duplicate, conflict, rejected, failed }) => ({ stored: created + duplicate, conflict, rejected, failed })
	await round(1)
	await round(2)
	for (const f of list) {
		for (const way of ways.filter(w => f[w.name] && w.name !== f.first))
			assert.equal(f[way.name].created, 0, `${f.name} (${f.form}): created by ${way.name}, after ${f.first}`)
		assert.deepEqual(sums(f.input), sums(f.path), `${f.name} (${f.form})`)
		assert.ok(f.path.failed || !f.cut, `${f.name} (${f.form}): nothing was told of the cut`)
		if (f.post)
			assert.deepEqual(sums(f.post), { ...sums(f.path), rejected: f.path.rejected + f.path.failed, failed: undefined }, `${f.name} (${f.form})`)
	}
})

test('the ledger is true', () => {
	assert.match(ledger.run('verify'), / 0 differences/)
})
