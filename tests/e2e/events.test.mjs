// events.test.mjs - events on their way in: forms and encodings, verdicts, all or nothing.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { before, describe, test } from 'node:test'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { newAccount, records, send, sids, usaged } from './harness.mjs'

const source = `/e2e/events/${process.pid}/${Date.now()}`
const time = new Date(Date.now() - 60000).toISOString()
let account

before(async () => { account = await newAccount('events') })

const event = (id, data = {}) => ({ specversion: '1.0', type: 'usage', source, id, subject: account.sid, time, data: { category: 'calls-inbound', price: '1', ...data } })
const post = (body, headers = {}, query = '') => send(`/events${query}`, { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body })
const zstd = text => execFileSync('zstd', ['-q', '-c'], { input: text, maxBuffer: 1 << 28 })
const stored = async () => String((await send(`${records(account.sid)}.json?Category=totalprice`, { as: 'admin' })).is(200).exact.usage_records[0].price)
const statuses = answer => answer.json.results.map(r => r.status)

describe('encodings', () => {
	const forms = {
		'application/json': ids => JSON.stringify(ids.map(id => event(id))),
		'application/x-ndjson': ids => ids.map(id => JSON.stringify(event(id)) + '\n').join(''),
		'text/csv': ids => 'source,id,subject,time,category,price\r\n' + ids.map(id => `${source},${id},${account.sid},${time},calls-inbound,1\r\n`).join(''),
	}
	for (const [type, write] of Object.entries(forms))
		for (const [encoding, pack] of [['gzip', gzipSync], ['GZIP', gzipSync], ['x-gzip', gzipSync], ['zstd', zstd], ['identity', t => t]])
			test(`${type} as ${encoding}`, async () => {
				const ids = Array.from({ length: 20 }, (_, i) => `${type} ${encoding} ${i}`)
				const a = (await post(pack(write(ids)), { 'Content-Type': type, 'Content-Encoding': encoding })).is(200)
				assert.deepEqual(a.json.results, ids.map(id => ({ source, id, status: 'created' })))
			})
	test('several members, one after the other', async () => {
		const lines = [1, 2, 3].map(i => JSON.stringify(event(`members ${i}`)) + '\n')
		const a = (await post(Buffer.concat(lines.map(l => gzipSync(l))), { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' })).is(200)
		assert.equal(a.json.created, 3)
		const b = (await post(Buffer.concat(lines.map(zstd)), { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'zstd' })).is(200)
		assert.equal(b.json.duplicate, 3)
	})
	test('an encoding that is none of ours is 415 and says which are', async () => {
		for (const encoding of ['br', 'deflate', 'gzip, zstd', 'x'])
			assert.match((await post('[]', { 'Content-Encoding': encoding })).is(415).json.message, /gzip or zstd/)
	})
	test('of a broken stream everything before the damage is stored, and one reason is given', async () => {
		for (const [encoding, pack] of [['gzip', gzipSync], ['zstd', zstd]]) {
			const ids = Array.from({ length: 2000 }, (_, i) => `broken ${encoding} ${i} ${Math.random()}`)
			const bytes = pack(ids.map(id => JSON.stringify(event(id)) + '\n').join(''))
			const headers = { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': encoding }
			const half = (await post(bytes.subarray(0, bytes.length >> 1), headers)).json
			const n = half.results.length - 1
			assert.deepEqual(half.results.slice(0, n).map(r => r.id), ids.slice(0, n))
			assert.deepEqual([half.created, half.rejected, half.results[n].code], [n, 1, 'unreadable'])
			assert.match(half.results[n].message, /valid up to here: the \w+ data ends too soon/)
			for (const body of [bytes.subarray(0, bytes.length - 2), Buffer.concat([bytes, Buffer.from('more')])]) {
				const a = (await post(body, headers)).is(207).json
				assert.equal(a.created + a.duplicate, 2000)
				assert.equal(a.rejected, 1)
			}
			const was = await stored()
			const fresh = pack(Array.from({ length: 100 }, (_, i) => JSON.stringify(event(`whole ${encoding} ${i}`)) + '\n').join(''))
			assert.equal((await post(fresh.subarray(0, fresh.length - 2), headers, '?atomic=true')).is(207).json.created, 0)
			assert.equal(await stored(), was);
			(await post('plain text', headers)).is(400)
		}
	})
	test('NUL bytes behind the end say nothing', async () => {
		const line = JSON.stringify(event('padded')) + '\n'
		for (const [encoding, bytes] of [['gzip', gzipSync(line)], ['zstd', zstd(line)]])
			(await post(Buffer.concat([bytes, Buffer.alloc(1000)]), { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': encoding })).is(200)
	})
	test('what unpacks to more than the limits is 413, and nothing of it is stored', async () => {
		const was = await stored()
		const bomb = JSON.stringify(event('bomb')) + '\n' + '\n'.repeat(80 << 20)
		const large = [JSON.stringify(event('large')), ...Array.from({ length: 9000 }, () => `{"x":"${randomBytes(120).toString('base64')}${'x'.repeat(8000)}"}`)].join('\n')
		for (const [text, want] of [[bomb, /200 times/], [large, /67108864/]])
			for (const [encoding, bytes] of [['gzip', gzipSync(text)], ['zstd', zstd(text)]])
				assert.match((await post(bytes, { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': encoding })).is(413).json.message, want)
		assert.equal(await stored(), was)
	})
	test('ten thousand records are taken, one more is 413', async () => {
		const lines = n => Array.from({ length: n }, (_, i) => JSON.stringify(event(`many ${i}`)) + '\n').join('')
		const was = await stored();
		(await post(gzipSync(lines(10001)), { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' })).is(413)
		assert.equal(await stored(), was)
		const a = (await post(gzipSync(lines(10000)), { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' })).is(200)
		assert.deepEqual([a.json.created, a.json.results.length], [10000, 10000])
	})
})

describe('verdicts', () => {
	const bodies = () => [event('v1'), event('v2', { category: 'moon' }), event('v3'), event('v1', { price: '9' }), event('v1')]
	test('in the order sent, in each format', async () => {
		const want = ['created', 'rejected', 'created', 'conflict', 'duplicate'];
		assert.deepEqual(statuses((await post(JSON.stringify(bodies()))).is(207)), want)
		const again = ['duplicate', 'rejected', 'duplicate', 'conflict', 'duplicate']
		const ask = suffix => send(`/events${suffix}`, { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(bodies()) })
		const csv = (await ask('.csv')).is(207).csv
		const rows = csv.rows ?? csv
		assert.match(JSON.stringify(rows), /duplicate.*rejected.*duplicate.*conflict.*duplicate/)
		assert.deepEqual((await ask('.jsonl')).is(207).text.trim().split('\n').map(l => JSON.parse(l).status), again)
		const xml = (await ask('.xml')).is(207).text
		assert.deepEqual([...xml.matchAll(/<Status>(\w+)</g)].map(m => m[1]), again)
	})
	test('a value of the wrong JSON type is rejected with its field, and its name', async () => {
		const [r] = (await post(JSON.stringify([event('typed', { count: true })]))).is(422).json.results
		assert.deepEqual([r.id, r.status, r.code, r.field], ['typed', 'rejected', 'invalid', 'count'])
	})
})

describe('damaged bodies', () => {
	const type = t => ({ 'Content-Type': t })
	test('every record before and after the damage is stored', async () => {
		const line = id => JSON.stringify(event(id)), many = 'x'.repeat(2 << 20)
		const cases = [
			['application/x-ndjson', `${line('n1')}\n{"id":"cut\n${line('n2')}\n{"a":1}\0\\\n${line('n3')}\0\0zz\n{"x":"${many}"}\n${line('n4')}\n`, 3, 4],
			['application/json', `${line('j1')}{"x":"${many}"}${line('j2')}`, 2, 1],
			['application/json', `[${line('j3')},\n${line('j4').slice(0, 90)}\n${line('j5')}]`, 2, 1],
			['text/csv', `source,id,subject,time,category\n${source},c1,${account.sid},${time},calls-inbound\n${source},"c2,${account.sid},${time},calls-inbound\n${source},c3,${account.sid},${time},calls-inbound\n`, 2, 1],
			['text/tab-separated-values', `source\tid\tsubject\ttime\tcategory\n${source}\t"t1\t${account.sid}\t${time}\tcalls-inbound\n${source}\tt2\t${account.sid}\t${time}\tcalls-inbound\n`, 2, 0],
		]
		for (const [t, body, created, rejected] of cases) {
			const a = (await post(body, type(t))).is(rejected ? 207 : 200).json
			assert.deepEqual([a.created, a.rejected], [created, rejected], body.slice(0, 300))
		}
	})
	test('bytes that end a string too early crash nothing', async () => {
		for (const body of ['{"a":1}\0\\', '{"a":"\\', '{"a":"\\u', '{"a":"\\ud83d\\', '\0', '[\0', '"', '{"a":1}\\'])
			for (const t of ['application/x-ndjson', 'application/json'])
				(await post(body, type(t))).is(422)
	})
	test('a member that comes twice is named', async () => {
		const a = (await post(`{"source":"${source}","id":"twice","subject":"${account.sid}","time":"${time}","data":{"category":"calls-inbound","usage":1,"usage":2}}`)).is(422)
		assert.match(a.json.results[0].message, /"usage" comes twice/)
	})
	test('a misspelt member is named with the one that is meant', async () => {
		const a = (await post(JSON.stringify(event('misspelt', { useage: 1 })))).is(422)
		assert.equal(a.json.results[0].field, 'usage')
		assert.match(a.json.results[0].message, /"useage".*lacks usage/);
		(await post(JSON.stringify({ ...event('extension'), useage: 1 }))).is(200)
	})
})

describe('all or nothing', () => {
	const atomic = (events, query = '?atomic=true') => post(JSON.stringify(events), {}, query)

	test('all good: all are stored', async () => {
		const a = (await atomic([event('a1'), event('a2'), event('a1')])).is(200)
		assert.deepEqual(statuses(a), ['created', 'created', 'duplicate'])
		assert.deepEqual([a.json.created, a.json.duplicate, a.json.aborted], [2, 1, 0])
	})
	test('a conflict keeps all out, and says which it is', async () => {
		const was = await stored()
		const a = (await atomic([event('a3'), event('a1', { price: '7' }), event('a2'), event('a4')])).is(207)
		assert.deepEqual(statuses(a), ['aborted', 'conflict', 'aborted', 'aborted'])
		const { results, ...counts } = a.json
		assert.deepEqual(counts, { created: 0, duplicate: 0, conflict: 1, rejected: 0, aborted: 3 })
		assert.equal(await stored(), was)
	})
	test('one that is rejected, wherever that is found out, keeps all out; everything else in the way is said, too', async () => {
		const was = await stored()
		for (const bad of [event('bad', { category: 'moon' }), event('bad', { price: -1 }), { ...event('bad'), subject: 'AC' + '0'.repeat(32) }, 7, event('bad', { usage: [] })]) {
			const a = (await atomic([event('a5'), bad, event('a1', { price: '7' }), event('a6')])).is(207)
			assert.deepEqual(statuses(a), ['aborted', 'rejected', 'conflict', 'aborted'])
			assert.equal(await stored(), was)
		}
		assert.deepEqual(statuses((await atomic([event('a5'), event('a6')])).is(200)), ['created', 'created'])
	})
	test('what others send at the same moment is theirs', async () => {
		const was = Number(await stored())
		const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => i % 2
			? atomic([event(`mixed ${i}`), event('a1', { price: '7' })])
			: post(JSON.stringify([event(`mixed ${i}`), event('a1', { price: '7' })]))))
		answers.forEach((a, i) => assert.deepEqual(statuses(a.is(207)), [i % 2 ? 'aborted' : 'created', 'conflict']))
		assert.equal(Number(await stored()), was + 20)
	})
	test('false is as if not said, and another word is refused', async () => {
		const a = (await atomic([event('a7'), event('a1', { price: '7' })], '?atomic=false')).is(207)
		assert.deepEqual(statuses(a), ['created', 'conflict'])
		assert.ok(!('aborted' in a.json));
		assert.match((await atomic([event('a8')], '?atomic=maybe')).is(400).json.message, /atomic/)
	})
})

describe('the log of what was rejected', () => {
	const log = async (caller, query = '?PageSize=1000') => (await send(`/rejections${query}`, caller)).is(200).json
	const mine = list => list.filter(r => r.source === source || (r.record ?? '').includes(source))
	const own = () => ({ auth: 'Basic ' + Buffer.from(`${account.sid}:${account.token}`).toString('base64') })

	test('has each with its reason, its account and the record as it came', async () => {
		const bodies = [event('r1', { category: 'moon' }), event('r2', { price: -1 }), 7, { ...event('r3'), subject: 'me' }, event('r4')]
		assert.equal((await post(JSON.stringify(bodies))).is(207).json.rejected, 4)
		const all = (await log({ as: 'admin' })).rejections, found = mine(all)
		for (const [id, field] of [['r1', 'category'], ['r2', 'price']]) {
			const r = found.find(x => x.id === id)
			assert.deepEqual([r.field, r.code, r.account_sid, JSON.parse(r.record).id], [field, 'invalid', account.sid, id])
			assert.ok(r.message && r.author && Date.parse(r.at))
		}
		assert.equal(found.find(x => x.id === 'r3').account_sid, undefined)
		assert.ok(all.some(r => r.record === '7' && r.code === 'unreadable'))
		assert.ok(!found.some(x => x.id === 'r4'))
	})
	test('an atomic request that stored nothing is logged as well', async () => {
		(await post(JSON.stringify([event('ra1', { category: 'moon' }), event('ra2')]), {}, '?atomic=true')).is(207)
		assert.ok(mine((await log({ as: 'admin' })).rejections).some(r => r.id === 'ra1'))
	})
	test('bytes that are no text are kept as well as can be', async () => {
		(await post(Buffer.from(`{"id":"\xff","source":"${source}/bytes"}\n`, 'latin1'), { 'Content-Type': 'application/x-ndjson' })).is(422)
		assert.ok((await log({ as: 'admin' })).rejections.some(r => r.record === `{"id":"?","source":"${source}/bytes"}`))
	})
	test('others see only what names their accounts', async () => {
		const list = (await log(own())).rejections
		assert.ok(list.length && list.every(r => r.account_sid === account.sid))
		assert.deepEqual(mine((await log({ as: 'other' })).rejections), [])
	})
	test('what is older than the days they are kept is not shown any more', async () => {
		const shown = days => {
			process.env.USAGED_CLOCK = new Date(Date.now() + days * 86400000).toISOString().replace(/\.\d+/, '')
			return usaged('report', 'ListRejections', '--PageSize', '1000', '--format', 'json').then(out => mine(JSON.parse(out).rejections).length)
		}
		try {
			assert.ok(await shown(29) > 0)
			assert.equal(await shown(31), 0)
		} finally {
			delete process.env.USAGED_CLOCK
		}
	})
	test('page by page, in each format', async () => {
		const all = (await log(own())).rejections, list = []
		for (let next = '/rejections?PageSize=1'; next;) {
			const page = (await send(next, own())).is(200).json
			list.push(...page.rejections)
			next = page.next_page_uri
		}
		assert.deepEqual(list, all)
		for (const suffix of ['.xml', '.csv', '.html', '.jsonl'])
			assert.match((await send(`/rejections${suffix}`, own())).is(200).text, /moon/)
	})
})

describe('the status', () => {
	const types = { json: { 'Content-Type': 'application/json' }, ndjson: { 'Content-Type': 'application/x-ndjson' } }
	test('says whether everything was stored, nothing, or a part', async () => {
		const good = () => event(`status ${Math.random()}`), bad = event('status bad', { category: 'moon' })
		const kept = good();
		(await post(JSON.stringify(kept))).is(200);
		(await post(JSON.stringify([kept, kept]))).is(200);
		(await post(JSON.stringify(bad))).is(422);
		(await post(JSON.stringify([bad, { ...kept, data: { ...kept.data, price: '2' } }]))).is(422);
		(await post(JSON.stringify([bad, kept]))).is(207);
		(await post(JSON.stringify([bad, good()]))).is(207)
	})
	test('is the same however long the answer is', async () => {
		const lines = Array.from({ length: 9999 }, (_, i) => `{"source":"${source}","id":"x${'y'.repeat(200)}${i}"}`)
		const a = (await post(gzipSync(lines.join('\n')), { ...types.ndjson, 'Content-Encoding': 'gzip' })).is(422)
		assert.equal(a.json.rejected, 9999)
		assert.ok(a.text.length > 2 << 20)
		const b = (await post(gzipSync([...lines, JSON.stringify(event('one of many'))].join('\n')), { ...types.ndjson, 'Content-Encoding': 'gzip' })).is(207)
		assert.deepEqual([b.json.rejected, b.json.created], [9999, 1])
	})
	test('texts in the answer are cut where an event may not be longer', async () => {
		const lines = Array.from({ length: 1000 }, () => JSON.stringify(event('€'.repeat(2000))))
		const a = (await post(lines.join('\n'), types.ndjson)).is(422)
		assert.equal(a.json.results[0].id, '€'.repeat(85))
		assert.ok(a.text.length < 1000 * 1000)
	})
	test('an empty list is a list, an empty body is none', async () => {
		for (const headers of [types.json, { 'Content-Type': 'application/cloudevents-batch+json' }])
			assert.deepEqual((await post('[]', headers)).is(200).json, { created: 0, duplicate: 0, conflict: 0, rejected: 0, results: [] })
		for (const headers of [types.json, types.ndjson])
			(await post('', headers)).is(400)
	})
	test('a slash behind the path says nothing', async () => {
		(await send('/events/', { as: 'ingest', method: 'POST', headers: types.json, body: JSON.stringify(event('slash')) })).is(200)
		for (const [path, status] of [['/events/', 200], ['/accounts/', 200], ['/reports/usage/', 200], ['/billing/usage/', 200], ['/ai/usage/', 200], ['/events//', 404],
			['/v1/UsageRecords/', 404], [`/2010-04-01/Accounts/${sids.main}/Usage/Records/`, 404]])
			(await send(path, { as: 'adminBearer' })).is(status)
	})
})
