// sdk_lines.test.mjs - the lines of the README that make SDKs call this server, run as they stand there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { allRecords, env, records, send, sids, sum } from './harness.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const readme = readFileSync(resolve(here, '../../README'), 'utf8')

// The indented lines that follow the paragraph which begins with HEADING.
function linesOf(heading) {
	const at = readme.indexOf(`\n${heading}`)
	assert.ok(at >= 0, `the README has no "${heading}"`)
	const lines = readme.slice(readme.indexOf('\n\n', at) + 2).split('\n')
	const end = lines.findIndex(l => l !== '' && !l.startsWith('  '))
	return lines.slice(0, end).map(l => l.slice(2)).join('\n')
}

let folder

before(() => {
	folder = mkdtempSync(join(tmpdir(), 'sdk-'))
	symlinkSync(join(here, 'node_modules'), join(folder, 'node_modules'))
})
after(() => rmSync(folder, { recursive: true }))

// Runs a program with what var/credentials has in its environment; what it prints, as JSON.
function run(command, args) {
	const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 300000,
		env: { ...process.env, ...env, NODE_EXTRA_CA_CERTS: env.CA_CERT, REQUESTS_CA_BUNDLE: env.CA_CERT, SSL_CERT_FILE: env.CA_CERT } })
	assert.equal(status, 0, `${error ?? ''} ${stderr}`)
	return JSON.parse(stdout)
}

// Without MODULE of a language a test is skipped, and says so.
const lacks = (command, args, what) => spawnSync(command, args, { env: { ...process.env, GOPROXY: 'off' }, timeout: 60000 }).status === 0 ? false : `${what} is not installed here`

const total = async () => (await allRecords(`${records(sids.main, 'LastMonth')}.json?Category=totalprice`))[0].price
const simTotal = async () => (await send('/v1/UsageRecords?Granularity=day&PageSize=1000', { as: 'main' })).is(200).json.usage_records.slice(1).reduce((n, r) => n + r.data_total, 0)

describe('Twilio', () => {
	test('Node.js', async () => {
		writeFileSync(join(folder, 'twilio.cjs'), `${linesOf('Twilio, Node.js')}
			async function main() {
				const records = await client.usage.records.lastMonth.list({ category: 'totalprice' })
				const days = await client.supersim.usageRecords.list({ granularity: 'day' })
				console.log(JSON.stringify({ price: String(records[0].price), bytes: days.slice(1).reduce((n, r) => n + r.dataTotal, 0) }))
			}
			main()`)
		const got = run(process.execPath, ['twilio.cjs'])
		assert.equal(sum([got.price]), sum([await total()]))
		assert.equal(got.bytes, await simTotal())
	})
	test('Python', { skip: lacks('/usr/bin/python3', ['-c', 'import twilio'], "Debian's python3-twilio") }, async () => {
		writeFileSync(join(folder, 'twilio_lines.py'), `${linesOf('Twilio, Python')}
import json
records = client.usage.records.last_month.list(category='totalprice')
days = client.supersim.usage_records.list(granularity='day')
print(json.dumps({'price': '%.9f' % float(records[0].price), 'bytes': sum(r.data_total for r in days[1:])}))
`)
		const got = run('/usr/bin/python3', ['twilio_lines.py'])
		assert.equal(sum([got.price]), sum([await total()]))
		assert.equal(got.bytes, await simTotal())
	})
	/* Debian has no such package; a machine that has the module can run it */
	test('Go', { skip: lacks('go', ['list', '-m', 'github.com/twilio/twilio-go@latest'], 'the Go module github.com/twilio/twilio-go') }, async () => {
		const at = join(folder, 'go')
		mkdirSync(at)
		writeFileSync(join(at, 'main.go'), `package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"

	"github.com/twilio/twilio-go"
	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

${linesOf('Twilio, Go')}

func main() {
	params := &api.ListUsageRecordLastMonthParams{}
	params.SetCategory("totalprice")
	list, err := newClient().Api.ListUsageRecordLastMonth(params)
	if err != nil {
		panic(err)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]string{"usage": *list[0].Usage})
}
`)
		for (const args of [['mod', 'init', 'lines'], ['get', 'github.com/twilio/twilio-go']])
			assert.equal(spawnSync('go', args, { cwd: at }).status, 0, args.join(' '))
		assert.equal(sum([run('go', ['-C', 'go', 'run', '.']).usage]), sum([await total()]))
	})
})

describe('ServiceStack', () => {
	const want = async () => (await send('/ai/usage.json', { as: 'admin' })).is(200).json.accountUsage

	test('JavaScript', async () => {
		writeFileSync(join(folder, 'servicestack.cjs'), `${linesOf('ServiceStack, JavaScript')}
			client.get('/ai/usage').then(r => console.log(JSON.stringify(r.accountUsage)))`)
		assert.deepEqual(run(process.execPath, ['servicestack.cjs']), await want())
	})
	test('Python', { skip: lacks('/usr/bin/python3', ['-c', 'import servicestack'], 'the Python package servicestack') }, async () => {
		writeFileSync(join(folder, 'servicestack_lines.py'), `${linesOf('ServiceStack, Python')}
import json
print(json.dumps(client.get_url('/ai/usage')['accountUsage']))
`)
		assert.deepEqual(run('/usr/bin/python3', ['servicestack_lines.py']), await want())
	})
})
