// accounts.test.mjs - accounts being looked after: changed, suspended and reactivated, by call, on pages and by command.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import twilio from 'twilio'
import { basic, baseUrl, bearer, env, newAccount, send, sids, usaged, usagedWith, valuesOf } from './harness.mjs'

const json = { 'Content-Type': 'application/json' }, form = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'text/html' }
const run = `${process.pid}-${Date.now()}`
let count = 0
const unique = name => `e2e ${name} ${run} ${++count}`
const get = (path, as = 'adminBearer') => send(path, { as })
const call = (path, body = {}, { as = 'adminBearer', method = 'POST', ...more } = {}) =>
	send(path, { method, as, headers: json, body: JSON.stringify(body), ...more })
const submit = (path, fields) => send(path, { method: 'POST', as: 'adminBearer', headers: form, body: new URLSearchParams(fields).toString() })
const accountOf = async sid => (await get(`/accounts/${sid}`)).is(200).json
const auditOf = async sid => (await get('/audit?PageSize=1000')).is(200).json.entries.filter(e => e.subject === sid)
const newSub = async (parent, name = unique('sub')) => (await call('/accounts', { name, parent })).is(201).json.sid
const shown = async which => Object.fromEntries((await usaged('account', 'show', which)).trimEnd().split('\n').map(l => l.split('\t')))

describe('an account', () => {
	test('is made with number, zone and cycle day', async () => {
		const name = unique('made'), number = unique('K')
		const made = (await call('/accounts', { name: ` ${name}  `, number, time_zone: 'Europe/Vienna', cycle_day: 28 })).is(201).json
		assert.equal(made.name, name)
		assert.deepEqual([made.number, made.time_zone, made.cycle_day, made.own_time_zone, made.own_cycle_day, made.status],
			[number, 'Europe/Vienna', 28, 'Europe/Vienna', 28, 'active'])
		assert.deepEqual(await accountOf(made.sid), made)
		assert.deepEqual((await get('/accounts?PageSize=1000')).is(200).json.accounts.find(a => a.sid === made.sid), made)
	})
	test('is changed part by part, with POST or PATCH; empty takes a part away', async () => {
		const { sid } = await newAccount('changed'), before = await accountOf(sid), name = unique('renamed'), number = unique('N')
		let is = (await call(`/accounts/${sid}`, { name, number }, { method: 'PATCH' })).is(200).json
		assert.deepEqual(is, { ...before, name, number })
		is = (await call(`/accounts/${sid}`, { time_zone: 'Asia/Kathmandu', cycle_day: 15, currency: 'EUR' })).is(200).json
		assert.deepEqual(is, { ...before, name, number, time_zone: 'Asia/Kathmandu', own_time_zone: 'Asia/Kathmandu', cycle_day: 15, own_cycle_day: 15, currency: 'eur' })
		is = (await call(`/accounts/${sid}`, { number: '', time_zone: '', cycle_day: '' })).is(200).json
		assert.deepEqual(is, { ...before, name, currency: 'eur' })
		assert.deepEqual((await auditOf(sid)).filter(e => e.action === 'account.set').map(e => e.detail), [
			`number from "${number}" to "", time_zone from "Asia/Kathmandu" to "", cycle_day from "15" to ""`,
			'time_zone from "" to "Asia/Kathmandu", cycle_day from "" to "15", currency from "usd" to "eur"',
			`name from "${before.name}" to "${name}", number from "" to "${number}"`,
		])
	})
	test('that is a subaccount has its main account\'s zone and cycle day until it has its own', async () => {
		const { sid } = await newAccount('parent'), sub = await newSub(sid);
		(await call(`/accounts/${sid}`, { time_zone: 'Pacific/Apia', cycle_day: 7 })).is(200)
		let is = await accountOf(sub)
		assert.deepEqual([is.time_zone, is.cycle_day, is.own_time_zone, is.own_cycle_day], ['Pacific/Apia', 7, undefined, undefined])
		is = (await call(`/accounts/${sub}`, { cycle_day: 3 })).is(200).json
		assert.deepEqual([is.time_zone, is.cycle_day, is.own_time_zone, is.own_cycle_day], ['Pacific/Apia', 3, undefined, 3])
	})
	test('takes nothing that can not be, and says what would be right', async () => {
		const { sid } = await newAccount('strict'), { sid: taken } = await newAccount('taken'), number = unique('T')
		const { name } = (await call(`/accounts/${taken}`, { number })).is(200).json, before = await accountOf(sid)
		const rows = [
			[{ name }, 409, /name/], [{ name: number }, 409, /name/], [{ number }, 409, /number/], [{ number: name }, 409, /number/], [{ name: ' ' }, 400, /name/],
			[{ time_zone: 'Mars/Olympus' }, 400, /time_zone.*IANA/], [{ cycle_day: 0 }, 400, /cycle_day.*1 to 28/], [{ cycle_day: 29 }, 400, /cycle_day.*1 to 28/],
			[{ currency: 'dollars' }, 400, /currency/], [{ number: 'x'.repeat(65) }, 400, /number/],
		]
		for (const [body, status, words] of rows)
			assert.match((await call(`/accounts/${sid}`, body)).is(status).json.message, words, JSON.stringify(body))
		assert.deepEqual(await accountOf(sid), before);
		(await call(`/accounts/${sids.unknown}`, { name: unique('none') })).is(404)
		assert.match((await call(`/accounts/${sids.main}`, { currency: 'eur' })).is(409).json.message, /has events/)
	})
	test('is seen by those who see its usage, and changed by administrators alone', async () => {
		for (const as of ['main', 'adminBearer', 'admin'])
			(await get(`/accounts/${sids.sub}`, as)).is(200);
		(await get(`/accounts/${sids.sub}`, 'other')).is(404);
		(await get(`/accounts/${sids.sub}`, 'none')).is(401)
		for (const as of ['main', 'sub', 'manager', 'user', 'ingest'])
			for (const path of ['', '/suspend', '/reactivate'])
				(await call(`/accounts/${sids.sub}${path}`, { name: unique('no') }, { as })).is(403)
	})
	test('has a page that leads to its forms, which have what there is filled in', async () => {
		const { sid } = await newAccount('page'), number = unique('P');
		(await call(`/accounts/${sid}`, { number, time_zone: 'America/New_York' })).is(200)
		const page = (await get(`/accounts/${sid}.html`)).is(200).text
		assert.ok(page.includes(`/accounts/${sid}/edit.html`) && page.includes(`/accounts/${sid}/suspend.html`) && !page.includes('reactivate.html'))
		const edit = (await get(`/accounts/${sid}/edit.html`)).is(200).text
		assert.ok(edit.includes(`value="${number}"`) && edit.includes('America/New_York') && edit.includes('value="usd"'))
		let done = await submit(`/accounts/${sid}.html`, { name: unique('by form'), number: '', time_zone: '', cycle_day: '4', currency: 'usd' })
		assert.equal(done.is(303).headers.location, `/accounts/${sid}.html?Done=SetAccount`)
		assert.match((await get(done.headers.location)).is(200).text, /The account was changed/)
		const is = await accountOf(sid)
		assert.deepEqual([is.number, is.own_time_zone, is.own_cycle_day], [undefined, undefined, 4])
		const again = (await submit(`/accounts/${sid}.html`, { name: is.name, cycle_day: '31' })).is(400).text
		assert.ok(again.includes('1 to 28') && again.includes('value="31"'))
		done = await submit(`/accounts/${sid}/suspend.html`, { reason: 'unpaid' })
		assert.match((await get(done.is(303).headers.location)).is(200).text, /The account is suspended[^]*reactivate\.html/)
		done = await submit(`/accounts/${sid}/reactivate.html`, {})
		assert.match((await get(done.is(303).headers.location)).is(200).text, /The account is active again/)
		assert.deepEqual((await auditOf(sid)).slice(0, 2).map(e => e.action), ['account.reactivate', 'account.suspend'])
	})
	test('is changed by command as well, named by SID, name or number', async () => {
		const name = unique('command'), number = unique('C')
		const { SID: sid } = valuesOf(await usaged('account', 'add', '--name', name, '--number', number, '--time-zone', 'Europe/Paris', '--cycle-day', '9'))
		const line = (await usaged('account', 'list')).split('\n').map(l => l.split('\t')).find(f => f[0] === sid)
		assert.deepEqual([line[1], ...line.slice(5)], [name, number, 'Europe/Paris', '9', '-'])
		await usaged('account', 'set', number, '--cycle-day', '10')
		await usaged('account', 'set', name, '--time-zone', '')
		await usaged('account', 'set', sid, '--number', '')
		let is = await shown(sid)
		assert.deepEqual([is.name, is.number, is['time zone'], is['cycle day'], is.suspended], [name, '-', 'UTC', '10', '-'])
		await usaged('account', 'suspend', name, '--reason', 'unpaid')
		assert.match((await shown(name)).suspended, /^\d{4}-/)
		await assert.rejects(usaged('account', 'suspend', name), /already/)
		await usaged('account', 'reactivate', name)
		await assert.rejects(usaged('account', 'reactivate', name), /not suspended/)
		await assert.rejects(usaged('account', 'set', name, '--cycle-day', '29'), /1 to 28/)
		await assert.rejects(usaged('account', 'set', 'no such account', '--number', '1'), /no account/)
		is = await accountOf(sid)
		assert.equal(is.status, 'active')
		assert.deepEqual((await auditOf(sid)).map(e => [e.author, e.action]), [['console', 'account.reactivate'], ['console', 'account.suspend'],
			['console', 'account.set'], ['console', 'account.set'], ['console', 'account.set'], ['console', 'account.add']])
	})
})

describe('a suspended account', () => {
	const redirected = (sid, token) => {
		const client = twilio(sid, token)
		client.api.baseUrl = client.supersim.baseUrl = baseUrl.origin
		return client
	}
	const minute = 60e3
	const event = (account, id, time) => ({ specversion: '1.0', type: 'usage', source: `/e2e/accounts/${run}`, id, subject: account, time: new Date(time).toISOString(),
		data: { category: 'calls-inbound', usage: '1', price: '0.5' } })
	const bring = (auth, ...events) => send('/events', { method: 'POST', auth, headers: { 'Content-Type': 'application/cloudevents-batch+json' }, body: JSON.stringify(events) })
	const verdict = async (auth, ...rest) => {
		const answer = await bring(auth, event(...rest))
		const [r] = answer.json.results
		return r.code ?? r.status
	}

	test('takes events of times before, and rejects later ones; so do its subaccounts', async () => {
		const { sid } = await newAccount('events'), sub = await newSub(sid), ingest = bearer(env.INGEST_TOKEN), now = Date.now(), early = now - 10 * minute
		assert.equal(await verdict(ingest, sid, 'stored', now + 5 * minute), 'created');
		(await call(`/accounts/${sid}/suspend`, { reason: 'unpaid' })).is(200)
		assert.deepEqual([(await accountOf(sid)).status, (await accountOf(sub)).status], ['suspended', 'suspended'])
		for (const account of [sid, sub]) {
			assert.equal(await verdict(ingest, account, `${account} early`, early), 'created')
			assert.equal(await verdict(ingest, account, `${account} late`, now + 5 * minute), 'suspended')
		}
		assert.equal(await verdict(ingest, sid, 'stored', now + 5 * minute), 'duplicate')
		const listed = (await get('/rejections?PageSize=1000')).is(200).json.rejections.find(r => r.id === `${sub} late`)
		assert.deepEqual([listed.code, listed.field], ['suspended', 'time']);
		(await call(`/accounts/${sub}/reactivate`)).is(409);
		(await call(`/accounts/${sid}/reactivate`)).is(200)
		assert.equal(await verdict(ingest, sub, `${sub} late`, now + 5 * minute), 'created')
	})
	test('has its credentials refused as each dialect says, and its reports read by operators', async () => {
		const { sid, token } = await newAccount('credentials'), sub = await newSub(sid)
		const keyOf = async (role, account) => valuesOf(await usaged('key', 'add', '--role', role, '--account', account)).SECRET
		const key = await keyOf('Key', sub), ingest = await keyOf('Ingest', sid), records = `/2010-04-01/Accounts/${sid}/Usage/Records.json`
		const client = redirected(sid, token)
		await client.usage.records.list({ limit: 1 });
		(await call(`/accounts/${sid}/suspend`)).is(200)
		for (const list of [() => client.usage.records.list({ limit: 1 }), () => client.supersim.v1.usageRecords.list()])
			await assert.rejects(list(), err => err.status === 403 && err.code === 20005 && /not active/.test(err.message) && err.moreInfo.endsWith('/20005'))
		for (const auth of [basic(sid, token), bearer(token), bearer(key), basic(key, '')]) {
			const stack = (await send('/billing/usage', { auth })).is(403).json
			assert.equal(stack.responseStatus.errorCode, 'AccountSuspended')
			assert.equal((await send('/accounts', { auth })).is(403).json.status, 403)
		}
		(await send(records, { auth: basic(sid, 'wrong') })).is(401)
		assert.equal(await verdict(bearer(ingest), sid, 'key early', Date.now() - 10 * minute), 'created')
		assert.equal(await verdict(bearer(ingest), sid, 'key late', Date.now() + minute), 'suspended')
		for (const as of ['admin', 'adminBearer'])
			assert.equal((await send(`${records}?Category=calls-inbound`, { as })).is(200).json.usage_records[0].count, '1');
		(await call(`/accounts/${sid}/reactivate`)).is(200)
		assert.equal((await client.usage.records.list({ category: 'calls-inbound' }))[0].accountSid, sid);
		(await send('/accounts', { auth: bearer(key) })).is(200)
	})
	test('takes no event of a later time by an amendment either', async () => {
		const { sid } = await newAccount('amended'), id = unique('amend'), early = Date.now() - 60 * minute
		assert.equal(await verdict(bearer(env.INGEST_TOKEN), sid, id, early), 'created');
		(await call(`/accounts/${sid}/suspend`)).is(200)
		const amend = fields => call(`/events/${encodeURIComponent(id)}/amend?source=/e2e/accounts/${run}`, { reason: 'a test', ...fields })
		assert.match((await amend({ time: new Date(Date.now() + minute).toISOString() })).is(403).json.message, /suspended since/);
		(await amend({ usage: '2' })).is(201);
		(await amend({ time: new Date(early - minute).toISOString() })).is(201)
	})
	test('is found by its number in a file', async () => {
		const number = unique('file'), { sid } = await newAccount('number');
		(await call(`/accounts/${sid}`, { number })).is(200)
		const folder = mkdtempSync(join(tmpdir(), 'usaged-e2e-')), mapping = join(folder, 'numbers.conf')
		writeFileSync(mapping, '[file]\nheader = yes\n[event]\nsource = /e2e/numbers\nid = {id}\naccount = {account}\ntime = {time}\ncategory = calls-inbound\nusage = {usage}\n')
		const file = `id,account,time,usage\n${sid},${number},${new Date(Date.now() - 60 * minute).toISOString()},3\n`
		assert.match(await usagedWith(file, 'import', '--mapping', mapping, '-'), /1 created/)
		rmSync(folder, { recursive: true })
		assert.equal((await get(`/events?AccountSid=${sid}`)).is(200).json.events[0].id, sid)
	})
})
