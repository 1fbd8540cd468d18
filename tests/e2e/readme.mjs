// readme.mjs - every example in the README runs and prints what the README says, but for its figures and months: those
// change with the sample data, which end today. README=write in the environment puts today's output there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const readme = join(top, 'README')
const credentials = resolve(process.env.USAGED_CREDENTIALS)
const usaged = process.env.USAGED
const MARK = '@@'

// Commands and the lines that follow them: [{ command, output, line }]
function examples(lines) {
	const found = []
	lines.forEach((line, i) => {
		if (!line.startsWith('  $ ')) return
		let end = i + 1
		while (end < lines.length && /^ {2}[^ $]/.test(lines[end])) end++
		found.push({ line: i, command: line.slice(4), output: lines.slice(i + 1, end).map(l => l.slice(2)) })
	})
	return found
}

// All in one shell, as a reader would type them; each output ends with a mark and the exit code.
function run(list) {
	const folder = mkdtempSync(join(tmpdir(), 'readme-'))
	const script = list.map(e => `${e.command}\necho "${MARK}$?"`).join('\n')
		.replaceAll('var/credentials', credentials).replaceAll('var/usaged.conf', join(dirname(credentials), 'usaged.conf'))
	const { stdout, stderr } = spawnSync('bash', ['-c', `usaged() { "${usaged}" "$@"; }\n${script}`],
		{ cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
	rmSync(folder, { recursive: true })
	assert.equal(stderr, '')
	return stdout.split(/^(?=.*@@\d+$)/m).length && split(stdout)
}

function split(text) {
	const parts = text.split(/@@(\d+)\n/)
	const all = []
	for (let i = 0; i + 1 < parts.length; i += 2)
		all.push({ output: parts[i].replace(/\r/g, '').replace(/\n+$/, '').split('\n').filter(l => l), code: Number(parts[i + 1]) })
	return all
}

const shape = line => line.replace(/PageToken=[\w-]+/g, 'PageToken=T').replace(/(AC|SK)[0-9a-f]{32}/g, '$1')
	.replace(/\b(January|February|March|April|May|June|July|August|September|October|November|December)\b/g, 'Month')
	.replace(/\d+([.,]\d+)*/g, 'N').replace(/ +/g, ' ').replace(/-{3,}/g, '---')

test('the examples of the README', { skip: !usaged && 'USAGED names no program' }, async t => {
	const lines = readFileSync(readme, 'utf8').split('\n')
	const list = examples(lines)
	const ran = run(list)

	assert.ok(list.length > 10)
	assert.equal(ran.length, list.length)
	if (process.env.README === 'write') {
		for (let i = list.length - 1; i >= 0; i--)
			lines.splice(list[i].line + 1, list[i].output.length, ...ran[i].output.map(l => '  ' + l))
		writeFileSync(readme, lines.join('\n'))
		return
	}
	for (const [i, example] of list.entries())
		await t.test(example.command, () => {
			assert.equal(ran[i].code, 0)
			assert.deepEqual(ran[i].output.map(shape), example.output.map(shape))
		})
})
