// bad_input.test.mjs - what nobody should send, and what disks do: a clear error that names the culprit, nothing
// partial stored, the worker alive.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { baseUrl, callers, credentialsFile, csvRecords, day, env, newAccount, plusDays, records, send, sids, usaged, valuesOf } from './harness.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const vardir = dirname(credentialsFile())
const today = day(new Date())
const range = `startDate=${plusDays(today, -7)}&endDate=${today}`
const daily = `${records(sids.main, 'Daily')}.json`
const namespace = 'http://schemas.datacontract.org/2004/07/Voice.Api.AI'

const pid = () => readFileSync(join(vardir, 'usaged.pid'), 'utf8').trim()
const fingerprint = async () => (await send(`${records(sids.main, 'Monthly')}.csv?PageSize=1000&EndDate=${plusDays(today, -1)}`, { as: 'main' })).is(200)
	.text.replace(/\d{4}-\d\d-\d\dT[^",]*/g, '')

let worker, totals
before(async () => {
	worker = pid()
	totals = await fingerprint()
})
after(async () => {
	assert.equal(pid(), worker, 'the worker was replaced')
	assert.equal(await fingerprint(), totals, 'something was stored')
	await usaged('verify')
})

describe('parameters', () => {
	const refuses = (what, path, name, as = 'main', status = 400) => test(what, async () => {
		const a = (await send(path, { as })).is(status)
		const message = a.json.responseStatus?.message ?? a.json.message
		assert.match(message, new RegExp(name))
		assert.ok(message.length < 1000)
	})

	for (const size of ['0', '-1', 'abc', '1.5', '0x10', '%20', '1000000000000'])
		refuses(`PageSize=${size}`, `${daily}?PageSize=${size}`, 'PageSize')
	for (const page of ['-1', 'abc', '99999999999999999999'])
		refuses(`Page=${page}`, `${daily}?Page=${page}`, 'Page')
	for (const date of ['2026-02-30', '2026-13-01', '2026-00-10', '2025-02-29', '26-01-01', '2026-1-1', 'today', '2026-01-01T00:00', '-30', '-30fortnights', '+-3days', '-99999999999days', '2026-01-01x'])
		refuses(`StartDate=${date}`, `${daily}?StartDate=${encodeURIComponent(date)}`, 'StartDate')
	refuses('EndDate=2026-06-31', `${daily}?EndDate=2026-06-31`, 'EndDate')
	refuses('an end before the start', `${daily}?StartDate=2026-03-02&EndDate=2026-03-01`, '.', 'main', 404)
	refuses('an unknown category', `${daily}?Category=calls-to-the-moon`, 'calls-to-the-moon')
	refuses('a category in other letters', `${daily}?Category=${encodeURIComponent('<b>"calls"</b>')}`, 'Category')
	refuses('a truth that is none', `${daily}?IncludeSubaccounts=perhaps`, 'IncludeSubaccounts')
	refuses('a zone that is none', `${daily}?TimeZone=Mars/Olympus`, 'TimeZone')
	refuses('a zone that climbs out of its folder', `${daily}?TimeZone=../../../../etc/passwd`, 'TimeZone')
	for (const [name, value] of [['Group', 'city'], ['Granularity', 'week'], ['StartTime', 'noon'], ['StartTime', '2026-02-30T00:00:00Z'], ['EndTime', '2026-01-01T25:00:00Z'],
		['Network', 'HW1'], ['IsoCountry', 'Austria'], ['PageSize', '0'], ['PageToken', 'x']])
		refuses(`Super SIM: ${name}=${value}`, `/v1/UsageRecords?${name}=${encodeURIComponent(value)}`, name)
	for (const name of ['StartDate', 'EndDate'])
		refuses(`billing usage: ${name}=2026-02-30`, `/billing/usage?format=json&${name}=2026-02-30`, name, 'admin')
	refuses('billing usage: an end before the start', '/billing/usage?format=json&startDate=2026-03-02&endDate=2026-03-01', '.', 'admin')
	refuses('AI usage: an end before the start', '/ai/usage?format=json&startDate=2026-03-02&endDate=2026-03-01', '.', 'admin')

	test('HTML in a value comes back escaped', async () => {
		const a = (await send(`${records(sids.main)}.html?Category=${encodeURIComponent('<script>alert(1)</script>')}`, { as: 'main' })).is(400)
		assert.doesNotMatch(a.text, /<script>alert/)
	})
	test('the message of an error is not longer than its reader has patience', async () => {
		const a = (await send(`${daily}?Category=${'x'.repeat(7000)}`, { as: 'main' })).is(400)
		assert.ok(a.bytes.length < 2000)
	})
})

describe('bytes', () => {
	for (const [what, path] of [
		['a NUL in a value', `${daily}?Category=calls%00`],
		['a NUL in a name', `${daily}?Cat%00egory=calls`],
		['invalid UTF-8 in a value', `${daily}?Category=%ff%fe`],
		['an overlong encoding', `${daily}?Category=%c0%af`],
		['half a surrogate', `${daily}?Category=%ed%a0%80`],
		['a broken escape', `${daily}?Category=%zz`],
		['101 parameters', `${daily}?${'a=1&'.repeat(101)}`],
	])
		test(what, async () => { (await send(path, { as: 'main' })).is(400) })
	for (const [what, path] of [['a NUL in the path', '/2010-04-01/Accounts/AC%00/Usage/Records.json'], ['invalid UTF-8 in the path', '/2010-04-01/Accounts/%ff/Usage/Records.json'],
		['dots in the path', `/2010-04-01/Accounts/${sids.other}/../${sids.main}%2f..%2f/Usage/Records.json`]])
		test(what, async () => {
			const a = await send(path, { as: 'main' })
			assert.ok([400, 404].includes(a.status), `${a.status}`)
		})
	test('a URL of 100 kB', async () => {
		const a = await send(`${daily}?Category=${'x'.repeat(100000)}`, { as: 'main' })
		assert.ok([400, 414].includes(a.status), `${a.status}`)
	})
	test('headers that are too large', async () => {
		const a = await send(daily, { as: 'main', headers: { 'X-Much': 'x'.repeat(60000) } })
		assert.ok([400, 431].includes(a.status), `${a.status}`)
	})
	test('an Authorization of 6 kB, and one with NULs', async () => {
		for (const user of ['x'.repeat(4000), 'a\0b', '\xff'])
			(await send(daily, { auth: 'Basic ' + Buffer.from(`${user}:x`, 'latin1').toString('base64') })).is(401)
	})
})

describe('bodies of AI usage', () => {
	const refuses = (what, type, body, message = /./) => test(what, async () => {
		const a = (await send(`/ai/usage?${range}`, { as: 'admin', method: 'POST', headers: { 'Content-Type': type, Accept: 'application/json' }, body })).is(400)
		assert.match(a.json.responseStatus.message, message)
		assert.doesNotMatch(a.text, /root:|daemon/)
	})
	const xml = content => `<?xml version="1.0"?>${content}`

	refuses('half an object', 'application/json', '{"accountId":"x"')
	refuses('an array', 'application/json', '[]')
	refuses('words', 'application/json', 'hello')
	refuses('two objects', 'application/json', '{}{}')
	refuses('invalid UTF-8 in JSON', 'application/json', Buffer.from('7b226163636f756e744964223a22ff227d', 'hex'))
	refuses('a NUL in JSON', 'application/json', '{"accountId":"a\\u0000b"}')
	refuses('an object as a text', 'application/json', '{"accountId":{"a":1}}')
	refuses('nesting without end', 'application/json', '{"a":'.repeat(5000) + '1' + '}'.repeat(5000))
	refuses('XML that does not end', 'application/xml', `<GetAIUsage xmlns="${namespace}"><AccountId>`)
	refuses('XML with a DTD', 'application/xml', xml(`<!DOCTYPE GetAIUsage><GetAIUsage xmlns="${namespace}"/>`))
	refuses('XML with an entity', 'application/xml', xml(`<!DOCTYPE x [<!ENTITY a "b">]><GetAIUsage xmlns="${namespace}"><AccountId>&a;</AccountId></GetAIUsage>`))
	refuses('XML that reads a file', 'application/xml', xml(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><GetAIUsage xmlns="${namespace}"><AccountId>&a;</AccountId></GetAIUsage>`))
	refuses('a billion laughs', 'application/xml', xml(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i} "${`&a${i ? i - 1 : ''};`.repeat(10)}">`).join('')}]>` +
		`<GetAIUsage xmlns="${namespace}"><AccountId>&a8;</AccountId></GetAIUsage>`))
	refuses('deep XML', 'application/xml', `<GetAIUsage xmlns="${namespace}">${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</GetAIUsage>`)
	refuses('a form with a NUL', 'application/x-www-form-urlencoded', 'accountId=a%00b')

	test('a body over the limit is 413 in the dialect and format of the path', async () => {
		const a = (await send('/ai/usage', { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: Buffer.alloc(9 << 20, ' ') })).is(413)
		assert.ok(a.json.responseStatus.errorCode)
	})
})

describe('events', () => {
	let account
	before(async () => { account = await newAccount('bad input') })

	const good = (id, more = {}) => ({ specversion: '1.0', type: 'usage', source: '/e2e/bad', id: `${account.sid} ${id}`, subject: account.sid, time: `${plusDays(today, -1)}T10:00:00Z`, ...more,
		data: { category: 'calls-inbound', count: 1, usage: '2', price: '0.5', ...more.data } })
	const post = (body, type = 'application/cloudevents-batch+json') => send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': type }, body })
	const stored = async () => {
		const a = (await send(`${records(account.sid)}.json?Category=totalprice`, { as: 'admin' })).is(200)
		return a.exact.usage_records[0].price
	}

	const rejects = (what, field, more) => test(what, async () => {
		const was = await stored()
		const a = (await post(JSON.stringify([good(what, more)]))).is(422)
		assert.deepEqual([a.json.created, a.json.rejected], [0, 1], a.text)
		const [r] = a.json.results
		assert.equal(r.status, 'rejected')
		assert.equal(r.field, field, r.message)
		assert.ok(r.message && r.code)
		assert.equal(await stored(), was)
	})
	rejects('an unknown category', 'category', { data: { category: 'calls-to-the-moon' } })
	rejects('a category that no event can have', 'category', { data: { category: 'totalprice' } })
	rejects('an unknown account', 'subject', { subject: sids.unknown })
	rejects('a subject that is no SID', 'subject', { subject: 'me' })
	rejects('a count that overflows', 'count', { data: { count: '99999999999999999999' } })
	rejects('a usage that overflows', 'usage', { data: { usage: '1e30' } })
	rejects('a usage beyond the limit', 'usage', { data: { usage: '10000000000000' } })
	rejects('a price that overflows', 'price', { data: { price: '9'.repeat(40) } })
	rejects('a price with ten places', 'price', { data: { price: '0.0000000001' } })
	rejects('a usage with seven places', 'usage', { data: { usage: '0.0000001' } })
	rejects('a negative price', 'price', { data: { price: '-1' } })
	rejects('half a call', 'count', { data: { count: 1.5 } })
	rejects('a price in words', 'price', { data: { price: 'much' } })
	rejects('a time that does not exist', 'time', { time: '2026-02-30T00:00:00Z' })
	rejects('a time without a zone', 'time', { time: '2026-02-03T00:00:00' })
	rejects('a time to come', 'time', { time: `${plusDays(today, 3)}T00:00:00Z` })
	rejects('a time before all time', 'time', { time: '1812-01-01T00:00:00Z' })
	rejects('another version of the form', 'specversion', { specversion: '0.3' })
	rejects('no identity', 'id', { id: '' })
	rejects('an identity of 10 kB', 'id', { id: 'x'.repeat(10000) })
	rejects('a control character', 'source', { source: 'a\u0001b' })
	rejects('a country that is none', 'iso_country', { data: { category: 'sim-data', usage: undefined, sim: 'HS' + '1'.repeat(32), iso_country: 'Austria', data_upload: 1, data_download: 1 } })
	rejects('bytes on a call', 'data_upload', { data: { data_upload: 5 } })

	test('one bad event among good ones is rejected alone', async () => {
		const a = (await post(JSON.stringify([good('first'), good('second', { data: { category: 'nonsense' } }), good('third')]))).is(207)
		assert.deepEqual([a.json.created, a.json.rejected], [2, 1])
		assert.deepEqual(a.json.results.map(r => r.status), ['created', 'rejected', 'created'])
	})
	test('the same again is a duplicate, something else under its name a conflict', async () => {
		const was = await stored()
		const a = (await post(JSON.stringify([good('first'), good('third', { data: { price: '0.6' } })]))).is(207)
		assert.deepEqual(a.json.results.map(r => r.status), ['duplicate', 'conflict'])
		assert.equal(await stored(), was)
	})
	for (const [what, body] of [['half a body', '[{"specversion":"1.0",'], ['words', 'hello'], ['nothing', ''], ['deep nesting', '['.repeat(50000)]])
		test(`${what} is refused`, async () => {
			const was = await stored()
			const a = await post(body)
			assert.ok(a.status === 400 || (a.status === 422 && a.json.created === 0 && a.json.rejected > 0), `${a.status} ${a.bytes.toString().slice(0, 300)}`)
			assert.equal(await stored(), was)
		})
	test('a body of another type is 415', async () => {
		assert.match((await post('<event/>', 'application/xml')).is(415).json.message, /application\/json/)
	})
	test('a body over the limit is 413', async () => {
		(await post(Buffer.alloc(9 << 20, ' '))).is(413)
	})
	test('an id that can not be one is not repeated', async () => {
		const csv = `source,id,subject,time,category\r\n/e2e/bad,a\xffb,${account.sid},${today}T00:00:00Z,calls-inbound\r\n`
		for (const a of [await post(JSON.stringify([good('', { id: 'a\0b' })])), await post(Buffer.from(csv, 'latin1'), 'text/csv')])
			assert.deepEqual(Object.keys(a.is(422).json.results[0]), ['source', 'status', 'code', 'field', 'message'])
	})
	test('invalid UTF-8 in a line harms only that line', async () => {
		const lines = [JSON.stringify(good('utf8-1')), '{"specversion":"1.0","id":"\xff"}', JSON.stringify(good('utf8-2'))]
		const a = (await post(Buffer.from(lines.join('\n') + '\n', 'latin1'), 'application/x-ndjson')).is(207)
		assert.deepEqual([a.json.created, a.json.rejected], [2, 1], a.text)
	})
})

describe('FastCGI that is cut short', () => {
	const record = (type, content, announced = content.length) => {
		const head = Buffer.from([1, type, 0, 1, announced >> 8, announced & 255, 0, 0])
		return Buffer.concat([head, content])
	}
	const begin = record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]))
	const pair = (name, value) => Buffer.concat([Buffer.from([name.length, value.length]), Buffer.from(name + value)])
	const params = Buffer.concat([pair('REQUEST_METHOD', 'GET'), pair('REQUEST_URI', '/ai/usage'), pair('SCRIPT_NAME', '/ai/usage')])

	// Sends bytes, hangs up, and waits until the other side has noticed.
	const hangUp = bytes => new Promise(done => {
		const s = connect(join(vardir, 'usaged.sock'))
		s.on('error', () => {})
		s.on('close', done)
		s.resume()
		s.end(bytes)
	})
	for (const [what, bytes] of [
		['nothing at all', Buffer.alloc(0)],
		['half a header', begin.subarray(0, 5)],
		['a beginning and no more', begin],
		['parameters that do not end', Buffer.concat([begin, record(4, params, 4000)])],
		['parameters with a length beyond their record', Buffer.concat([begin, record(4, Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 65])), record(4, Buffer.alloc(0))])],
		['a body that ends before its length', Buffer.concat([begin, record(4, Buffer.concat([params, pair('CONTENT_LENGTH', '5000'), pair('CONTENT_TYPE', 'application/json')])), record(4, Buffer.alloc(0)), record(5, Buffer.from('{"a"')), record(5, Buffer.alloc(0))])],
		['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
		['noise', Buffer.from(Array.from({ length: 5000 }, (_, i) => i * 7919 % 251))],
	])
		test(what, async () => {
			await hangUp(bytes);
			(await send(`${records(sids.main)}.json`, { as: 'main' })).is(200)
			assert.equal(pid(), worker)
		})
	test('clients that go away in the middle of an answer', async () => {
		await Promise.all(Array.from({ length: 20 }, () => new Promise(done => {
			const rq = request({ host: baseUrl.hostname, port: baseUrl.port, path: `${daily}?PageSize=1000`, agent: false, ca: readFileSync(env.CA_CERT), headers: { Authorization: callers.main } }, rs => {
				rs.once('data', () => rs.destroy())
				rs.on('error', done)
				rs.on('close', done)
			})
			rq.on('error', done)
			rq.end()
		})));
		(await send(`${records(sids.main)}.json`, { as: 'main' })).is(200)
	})
})

describe('files and disks', () => {
	const program = process.env.USAGED ?? join(here, '../../usaged')
	const categories = join(here, '../../conf/categories.csv')
	let dir, sid

	// Exit code and both outputs of a command; it goes to a ledger of its own.
	const run = (command, args, input) => new Promise((done, failed) => {
		const child = spawn(command, args, { cwd: dir })
		let stdout = '', stderr = ''
		child.stdout.on('data', d => { stdout += d })
		child.stderr.on('data', d => { stderr += d })
		child.on('error', failed)
		child.on('close', code => done({ code, stdout, stderr }))
		child.stdin.on('error', () => {})
		child.stdin.end(input)
	})
	const ledger = (...args) => run(program, ['--config', join(dir, 'usaged.conf'), ...args])
	const line = (id, more = {}) => JSON.stringify({ specversion: '1.0', type: 'usage', source: '/e2e/file', id, subject: sid, time: '2026-01-02T03:04:05Z', data: { category: 'calls-inbound', price: '0.25', ...more } })
	const total = async () => JSON.parse((await ledger('report', 'ListUsageRecord', '--AccountSid', sid, '--Category', 'totalprice', '--format', 'json')).stdout).usage_records[0].price
	const settings = more => writeFileSync(join(dir, 'usaged.conf'), `[ledger]\ndatabase = usage.db\nsecret_file = secret\nbusy_timeout_ms = 200\n${more ?? ''}`)

	before(async () => {
		dir = mkdtempSync(join(tmpdir(), 'usaged-e2e-'))
		settings()
		assert.equal((await ledger('init', '--categories', categories)).code, 0)
		sid = valuesOf((await ledger('account', 'add', '--name', 'files')).stdout).SID
		writeFileSync(join(dir, 'good.ndjson'), line('one') + '\n' + line('two') + '\n')
		assert.equal((await ledger('import', 'good.ndjson')).code, 0)
		assert.equal(await total(), 0.5)
	})
	after(async () => {
		assert.equal((await ledger('verify')).code, 0)
		assert.equal(await total(), 0.5)
		rmSync(dir, { recursive: true })
	})

	test('an unknown category on import is named with file and line, and kept in a file', async () => {
		writeFileSync(join(dir, 'mixed.ndjson'), [line('one'), line('three', { category: 'moon' }), line('two')].join('\n') + '\n')
		const r = await ledger('import', '--rejects', 'rejects.csv', 'mixed.ndjson')
		assert.equal(r.code, 1)
		const rejects = csvRecords(readFileSync(join(dir, 'rejects.csv'), 'utf8'))
		assert.equal(rejects.length, 1)
		assert.match(JSON.stringify(rejects[0]), /moon/)
		assert.ok(Object.values(rejects[0]).includes('2'), JSON.stringify(rejects[0]))
	})
	for (const [what, name, bytes] of [['binary noise', 'noise.ndjson', Buffer.from(Array.from({ length: 4000 }, (_, i) => i * 7919 % 251))],
		['a line of a megabyte', 'long.ndjson', `{"id":"${'x'.repeat(1 << 20)}"}\n`], ['a CSV with another header', 'other.csv', 'a,b\n1,2\n'],
		['a CSV whose quote never ends', 'quote.csv', 'source,id,subject,time,category\n"/x,1\n'], ['an empty CSV', 'empty.csv', '']])
		test(`${what} on import is refused by file name, and nothing is stored`, async () => {
			writeFileSync(join(dir, name), bytes)
			const r = await ledger('import', '--rejects', 'rejects.csv', name)
			if (bytes.length) {
				assert.equal(r.code, 1, r.stdout)
				assert.match(r.stderr + r.stdout, new RegExp(name.replace('.', '\\.')))
			}
			assert.equal(await total(), 0.5)
		})
	test('a file that is not there', async () => {
		const r = await ledger('import', 'nowhere.ndjson')
		assert.equal(r.code, 1)
		assert.match(r.stderr, /nowhere\.ndjson/)
	})
	test('a setting that is none, and a value that is none, name file and line', async () => {
		for (const [more, message] of [['[server]\nthreads = many\n', /usaged\.conf:6: server\.threads/], ['[server]\ncolour = red\n', /usaged\.conf:6: server\.colour/]]) {
			settings(more)
			const r = await ledger('account', 'list')
			settings()
			assert.equal(r.code, 1)
			assert.match(r.stderr, message)
		}
	})
	test('a ledger that is missing', async () => {
		writeFileSync(join(dir, 'missing.conf'), '[ledger]\ndatabase = nowhere.db\nsecret_file = secret\n')
		const r = await run(program, ['--config', join(dir, 'missing.conf'), 'account', 'list'])
		assert.equal(r.code, 1)
		assert.match(r.stderr, /nowhere\.db/)
	})
	test('a ledger that is somebody else\'s is refused and left alone', async () => {
		const sql = await run('sqlite3', ['theirs.db'], 'CREATE TABLE recipe (name TEXT);')
		assert.equal(sql.code, 0, sql.stderr)
		writeFileSync(join(dir, 'noise.db'), Buffer.alloc(8192, 'no database at all '))
		for (const name of ['theirs.db', 'noise.db']) {
			const was = readFileSync(join(dir, name))
			writeFileSync(join(dir, 'theirs.conf'), `[ledger]\ndatabase = ${name}\nsecret_file = secret\n`)
			for (const args of [['account', 'list'], ['import', 'good.ndjson'], ['init', '--categories', categories]]) {
				const r = await run(program, ['--config', join(dir, 'theirs.conf'), ...args])
				assert.equal(r.code, 1, `${name} ${args[0]}`)
				assert.match(r.stderr, new RegExp(args[0] === 'init' ? 'secret|' + name : name))
			}
			assert.deepEqual(readFileSync(join(dir, name)), was)
		}
	})
	test('a ledger that somebody holds: commands say so, an import waits', async () => {
		const holder = spawn('sqlite3', [join(dir, 'usage.db')])
		await new Promise(done => {
			holder.stdout.once('data', done)
			holder.stdin.write('BEGIN IMMEDIATE;\n.shell echo held\n')
		})
		const patient = ledger('import', 'good.ndjson')
		const r = await ledger('account', 'add', '--name', 'in vain')
		holder.stdin.end('ROLLBACK;\n')
		assert.equal(r.code, 1)
		assert.match(r.stderr, /locked|busy|another/i)
		assert.equal((await patient).code, 0)
		assert.doesNotMatch((await ledger('account', 'list')).stdout, /in vain/)
	})
	test('a disk that is full stores all or nothing of a batch, and says so', async () => {
		const many = Array.from({ length: 20000 }, (_, i) => line(`many-${i}`)).join('\n') + '\n'
		writeFileSync(join(dir, 'many.ndjson'), many)
		/* a limit on the size of files stands for the end of the disk */
		const blocks = Math.ceil(statSync(join(dir, 'usage.db')).size / 1024) + 64
		const r = await run('bash', ['-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" --config usaged.conf import many.ndjson`, program])
		assert.equal(r.code, 1, r.stdout)
		assert.match(r.stderr, /full|disk|I\/O|write/i)
		assert.equal(await total(), 0.5)
		assert.equal((await ledger('verify')).code, 0)
	})
	test('a ledger that may only be read', { skip: process.getuid() === 0 && 'root may write everywhere' }, async () => {
		chmodSync(dir, 0o555)
		chmodSync(join(dir, 'usage.db'), 0o444)
		const r = await ledger('import', 'good.ndjson')
		chmodSync(join(dir, 'usage.db'), 0o644)
		chmodSync(dir, 0o755)
		assert.equal(r.code, 1)
		assert.match(r.stderr, /read-only|readonly|permission/i)
	})
})
