// events.test.mjs - events on their way in: forms and encodings, verdicts, all or nothing.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { newAccount, records, send, usaged } from './harness.mjs'

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
	test('a broken stream is 400, and nothing of it is stored', async () => {
		const was = await stored()
		const lines = Array.from({ length: 2000 }, (_, i) => JSON.stringify(event(`broken ${i} ${Math.random()}`)) + '\n').join('')
		for (const [encoding, bytes] of [['gzip', gzipSync(lines)], ['zstd', zstd(lines)]]) {
			const flipped = Buffer.from(bytes)
			flipped[flipped.length >> 1] ^= 0xff
			for (const body of [bytes.subarray(0, bytes.length - 5), bytes.subarray(0, bytes.length >> 1), flipped, Buffer.from('plain text'), Buffer.concat([bytes, Buffer.from('more')])])
				assert.ok((await post(body, { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': encoding })).is(400).json.message)
		}
		assert.equal(await stored(), was)
	})
	test('what unpacks to more than the limit is 413, and nothing of it is stored', async () => {
		const was = await stored()
		const bomb = JSON.stringify(event('bomb')) + '\n' + '\n'.repeat(80 << 20)
		for (const [encoding, bytes] of [['gzip', gzipSync(bomb)], ['zstd', zstd(bomb)]])
			assert.match((await post(bytes, { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': encoding })).is(413).json.message, /67108864/)
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
		const [r] = (await post(JSON.stringify([event('typed', { count: true })]))).is(207).json.results
		assert.deepEqual([r.id, r.status, r.code, r.field], ['typed', 'rejected', 'invalid', 'count'])
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
		(await post(Buffer.from(`{"id":"\xff","source":"${source}/bytes"}\n`, 'latin1'), { 'Content-Type': 'application/x-ndjson' })).is(207)
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
