// sims.test.mjs - SIMs and fleets have unique names: events, commands, calls and pages register them, and reports find them by either.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { basic, newAccount, send, sids, usaged, usagedWith, valuesOf } from './harness.mjs'

const source = `/e2e/sims/${process.pid}/${Date.now()}`
const json = { 'Content-Type': 'application/json' }
const time = new Date(Date.now() - 60000).toISOString(), today = time.slice(0, 10)
const run = Date.now().toString(16).padStart(12, '0'), hs = n => 'HS' + run + String(n).padStart(20, '0'), hf = n => 'HF' + run + String(n).padStart(20, '0')
const admin = { as: 'adminBearer' }
let main, sub, other

const event = (id, data, subject = main.sid) => ({ specversion: '1.0', type: 'usage', source, id, subject, time, data: { category: 'sim-data', data_download: 1, ...data } })
const post = (body, type = 'application/json', headers = {}) => send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': type, ...headers }, body })
const sendOne = (...args) => post(JSON.stringify(event(...args)))
const change = (path, body, caller = admin) => send(path, { ...caller, method: 'POST', headers: json, body: JSON.stringify(body) })
const asAccount = a => ({ auth: basic(a.sid, a.token) })
const usage = async (query, account = main) => (await send(`/v1/UsageRecords?StartTime=${today}&${query}`, asAccount(account))).is(200).json.usage_records
const totals = async (query, account) => (await usage(query, account)).map(r => [r.sim_sid, r.fleet_sid, r.data_total])
const names = async (kind, caller = admin) => Object.fromEntries((await send(`/${kind}?Search=${main.sid}`, caller)).is(200).json[kind].map(r => [r.sid, r.name]))
const only = answer => { assert.equal(answer.json.results.length, 1); return answer.json.results[0] }

before(async () => {
	main = await newAccount('sims')
	other = await newAccount('sims of others')
	const { SID } = valuesOf(await usaged('account', 'add', '--name', `sims sub ${process.pid} ${Date.now()}`, '--parent', main.sid))
	const { SECRET } = valuesOf(await usaged('key', 'add', '--role', 'Account', '--account', SID))
	sub = { sid: SID, token: SECRET }
})

describe('events', () => {
	const cell = e => [e.source, e.id, e.subject, e.time, e.data.category, e.data.data_download, e.data.sim ?? '', e.data.sim_name].join()
	const head = 'source,id,subject,time,category,data_download,sim,sim_name'
	const forms = {
		'application/json': list => JSON.stringify(list),
		'application/cloudevents-batch+json': list => JSON.stringify(list),
		'application/x-ndjson': list => list.map(e => JSON.stringify(e) + '\n').join(''),
		'text/csv': list => [head, ...list.map(cell)].map(l => l + '\r\n').join(''),
		'text/tab-separated-values': list => [head, ...list.map(cell)].map(l => l.replaceAll(',', '\t') + '\n').join(''),
	}
	Object.entries(forms).forEach(([type, write], i) =>
		test(`register a name and mean it: ${type}`, async () => {
			const sid = hs(10 + i), sim_name = `form ${i}`
			const list = [event(`form ${i} both`, { sim: sid, sim_name }), event(`form ${i} name`, { sim_name })]
			assert.equal((await post(write(list), type)).is(200).json.created, 2)
			assert.deepEqual(await totals(`Sim=${encodeURIComponent(sim_name)}`), [[sid, null, 2]])
			assert.deepEqual(await totals(`Sim=${sid}`), [[sid, null, 2]])
			assert.equal((await post(write(list), type)).is(200).json.duplicate, 2)
		}))
	test('in binary mode', async () => {
		const headers = Object.fromEntries(Object.entries({ specversion: '1.0', type: 'usage', source, id: 'binary', subject: main.sid, time }).map(([k, v]) => [`ce-${k}`, v]))
		const body = JSON.stringify({ category: 'sim-data', data_download: 3, sim: hs(30), sim_name: 'binary', fleet: hf(30), fleet_name: 'binaries' })
		assert.equal(only((await post(body, 'application/json', headers)).is(200)).status, 'created')
		assert.deepEqual(await totals('Sim=binary&Group=fleet'), [[hs(30), hf(30), 3]])
		assert.deepEqual(await totals('Fleet=binaries'), [[null, hf(30), 3]])
	})
	test('a later event gives another name; one that is sent again does not', async () => {
		await sendOne('first', { sim: hs(40), sim_name: 'red' })
		await sendOne('second', { sim: hs(40), sim_name: 'green' })
		assert.equal(only((await sendOne('first', { sim: hs(40), sim_name: 'red' })).is(200)).status, 'duplicate')
		assert.equal((await names('sims'))[hs(40)], 'green')
		assert.deepEqual(await usage('Sim=red'), [])
		assert.deepEqual(await totals('Sim=green'), [[hs(40), null, 2]])
	})
	test('what can not be is rejected by its field, and listed', async () => {
		await sendOne('taken', { sim: hs(41), sim_name: 'taken', fleet: hf(41), fleet_name: 'taken' })
		const cases = [
			[{ sim: hs(42), sim_name: 'taken' }, 'sim_name', /another SIM/], [{ sim_name: 'nobody' }, 'sim_name', /also send its SID, as sim/],
			[{ fleet: hf(42), fleet_name: 'taken' }, 'fleet_name', /another fleet/], [{ fleet_name: 'nobody' }, 'fleet_name', /as fleet/],
			[{ sim: hs(42), sim_name: hs(43) }, 'sim_name', /form of a SID/], [{ sim: 'taken', sim_name: 'free' }, 'sim', /not a SID/],
			[{ sim: hs(42), sim_name: 'x'.repeat(65) }, 'sim_name', /64/], [{ sim: hs(42), sim_nam: 'x' }, 'sim_name', /sim_nam/],
		]
		for (const [data, field, words] of cases) {
			const r = only((await sendOne(`rejected ${field} ${words}`, data)).is(422))
			assert.deepEqual([r.status, r.code, r.field], ['rejected', 'invalid', field])
			assert.match(r.message, words)
		}
		assert.equal((await names('sims'))[hs(42)], undefined)
		const listed = (await send('/rejections?PageSize=200', asAccount(main))).is(200).json.rejections.filter(r => r.source === source)
		assert.ok(listed.length >= cases.length && listed.some(r => r.field === 'sim_name' && /another SIM/.test(r.message)))
	})
	test('a batch that is stored whole or not at all registers nothing when it is not', async () => {
		const a = await send('/events?atomic=true', { as: 'ingest', method: 'POST', headers: json,
			body: JSON.stringify([event('whole 1', { sim: hs(44), sim_name: 'whole' }), event('whole 2', { sim_name: 'nobody' })]) })
		assert.deepEqual(a.is(207).json.results.map(r => r.status), ['aborted', 'rejected'])
		assert.equal((await names('sims'))[hs(44)], undefined)
	})
	test('that are imported, by a mapping too', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'usaged-sims-'))
		try {
			const rows = [['1', hs(50), 'van'], ['2', '', 'van'], ['3', hs(51), 'van'], ['4', '', 'nobody']]
			const csv = join(dir, 'plain.csv'), mapped = join(dir, 'mapped.csv'), mapping = join(dir, 'm.ini'), rejects = join(dir, 'rejected.csv')
			writeFileSync(csv, [head, ...rows.map(([id, sim, name]) => [source, `csv ${id}`, main.sid, time, 'sim-data', 1, sim, name].join())].join('\n') + '\n')
			writeFileSync(mapped, ['n,card,label', ...rows.map(([id, sim, name]) => [id, sim && hs(Number(sim.slice(-2)) + 10), name.replace('van', 'bus')].join())].join('\n') + '\n')
			writeFileSync(mapping, `[file]\nformat = csv\nheader = yes\n[event]\nsource = ${source}\nid = mapped {n}\nsubject = ${main.sid}\ntime = ${time}\n` +
				'category = sim-data\ndata_download = 1\nsim = {card}\nsim_name = {label}\n')
			for (const [file, ...more] of [[csv], [mapped, '--mapping', mapping]]) {
				const refused = await usaged('import', '--rejects', rejects, ...more, file).then(() => assert.fail('nothing was rejected'), e => e)
				assert.ok(refused)
				const text = readFileSync(rejects, 'utf8')
				assert.match(text, /,4,sim_name,.*another SIM/)
				assert.match(text, /,5,sim_name,.*also send its SID/)
			}
			assert.deepEqual(await totals('Sim=van'), [[hs(50), null, 2]])
			assert.deepEqual(await totals('Sim=bus'), [[hs(60), null, 2]])
			await usagedWith(JSON.stringify(event('stdin', { sim: hs(52), sim_name: 'stdin' })) + '\n', 'import', '-')
			assert.deepEqual(await totals('Sim=stdin'), [[hs(52), null, 1]])
		} finally {
			rmSync(dir, { recursive: true })
		}
	})
	test('that are exported have the SID and no name', async () => {
		const text = await usaged('export', '--account', main.sid, '--format', 'csv')
		const [header, ...rows] = text.trimEnd().split('\r\n')
		assert.ok(!header.includes('sim_name') && !header.includes('fleet_name'))
		assert.ok(rows.some(r => r.includes(hs(50)) && r.includes('csv 2')))
		assert.ok(!(await usaged('export', '--account', main.sid)).includes('sim_name'))
	})
})

describe('reports', () => {
	before(async () => {
		await sendOne('report 1', { sim: hs(70), sim_name: 'truck 7', fleet: hf(70), fleet_name: 'north' })
		await sendOne('report 2', { sim: hs(71), sim_name: 'car', fleet: hf(70), data_download: 10 })
		await sendOne('report 3', { sim: hs(72), sim_name: 'bike', data_download: 100 }, sub.sid)
		await sendOne('report 4', { sim: hs(79), sim_name: 'truck 7', data_download: 1000 }, other.sid)
	})
	test('find usage by SID and by name, and say the SID', async () => {
		for (const query of ['Sim=truck%207', `Sim=${hs(70)}`])
			assert.deepEqual(await totals(query), [[hs(70), null, 1]])
		for (const query of ['Fleet=north', `Fleet=${hf(70)}`])
			assert.deepEqual(await totals(query), [[null, hf(70), 11]])
		assert.deepEqual(await totals('Fleet=north&Group=sim'), [[hs(70), hf(70), 1], [hs(71), hf(70), 10]])
		assert.deepEqual(await totals('Sim=truck%207', other), [[hs(79), null, 1000]])
		assert.deepEqual(await totals('Sim=bike', sub), [[hs(72), null, 100]])
	})
	test('page by page, with the name in the links', async () => {
		const a = (await send(`/v1/UsageRecords?StartTime=${today}&Fleet=north&Group=sim&PageSize=1`, asAccount(main))).is(200).json
		const next = new URL(a.meta.next_page_url)
		assert.equal(next.searchParams.get('Fleet'), 'north')
		const b = (await send(next.pathname + next.search, asAccount(main))).is(200).json
		assert.deepEqual([a, b].map(p => p.usage_records.map(r => r.sim_sid)), [[hs(70)], [hs(71)]])
	})
	test('of one that the account does not know are an empty list', async () => {
		for (const query of ['Sim=nobody', 'Fleet=nobody', `Sim=${hs(999)}`, 'Sim=north', 'Sim=nobody&Granularity=day', 'Sim=nobody&Group=fleet', 'Sim=truck%207&Fleet=nobody'])
			assert.deepEqual(await usage(query), [], query)
		for (const query of ['Sim=truck%207', 'Sim=car', 'Fleet=north'])
			assert.deepEqual(await usage(query, sub), [], query)
		for (const query of ['Sim=car', `Sim=${hs(70)}`])
			assert.deepEqual(await usage(query, other), [], query)
	})
	test('of one that is registered and has used nothing are zero', async () => {
		(await change('/sims', { account: main.sid, sid: hs(73), name: 'spare' })).is(201)
		assert.deepEqual(await totals('Sim=spare'), [[hs(73), null, 0]])
		assert.deepEqual(await totals('Sim=bike'), [[hs(72), null, 0]])
		assert.deepEqual(await usage('Sim=spare', sub), [])
	})
	test('say on a page that nobody knows it, and only then', async () => {
		const page = async (path, caller = asAccount(main)) => (await send(path, { ...caller, headers: { Accept: 'text/html' } })).is(200).text
		const sentence = (noun, text) => `No ${noun} with the SID or the unique name "${text}" is known.`.replaceAll('"', '&quot;')
		for (const path of ['/v1/UsageRecords', '/reports/sim.html']) {
			const text = await page(`${path}?Sim=nobody&Fleet=nowhere`)
			assert.ok(text.includes(sentence('SIM', 'nobody')) && text.includes(sentence('fleet', 'nowhere')), path)
			assert.ok(!(await page(`${path}?Sim=truck%207&Fleet=${hf(70)}`)).includes('is known.'), path)
		}
		assert.ok((await page('/reports/sim.html?Sim=%3Cb%3E')).includes('&lt;b&gt;'))
	})
	test('of the server itself and lists of events take either', async () => {
		for (const [query, want] of [['Sim=truck%207', '0.000001'], [`Sim=${hs(70)}`, '0.000001'], ['Fleet=north', '0.000011'], ['Sim=bike', '0.0001']]) {
			const r = (await send(`/reports/sim?StartDate=${today}&${query}&AccountSid=${main.sid}`, admin)).is(200).exact
			assert.equal(r.total.download, want, query)
		}
		const { lines } = (await send(`/reports/sim?StartDate=${today}&Sim=nobody`, admin)).is(200).json
		assert.deepEqual(lines, [])
		for (const [query, ids] of [['Sim=truck%207', ['report 1']], ['Fleet=north', ['report 1', 'report 2']], ['Sim=nobody', []]])
			assert.deepEqual((await send(`/events?AccountSid=${main.sid}&${query}`, admin)).is(200).json.events.map(e => e.id).sort(), ids)
	})
})

describe('the registry', () => {
	test('by call: add, rename, remove, each in the audit log', async () => {
		const made = (await change('/sims', { account: sub.sid, sid: hs(80), name: ' lorry ' })).is(201).json
		assert.deepEqual([made.name, made.sid, made.account_sid], ['lorry', hs(80), main.sid])
		assert.equal((await change('/sims/lorry', { name: 'lorry/2 %' })).is(200).json.name, 'lorry/2 %')
		const renamed = (await send(`/sims/${encodeURIComponent('lorry/2 %')}?account=${sub.sid}`, { ...admin, method: 'PATCH', headers: json, body: '{"name":"coach"}' })).is(200).json
		assert.deepEqual([renamed.name, renamed.sid], ['coach', hs(80)])
		assert.equal((await names('sims'))[hs(80)], 'coach');
		(await change(`/sims/${hs(80)}/remove`, {})).is(200)
		assert.equal((await names('sims'))[hs(80)], undefined);
		(await change('/sims/coach/remove', {})).is(404)
		const log = (await send('/audit?PageSize=1000', admin)).is(200).json.entries.filter(e => e.subject === hs(80))
		assert.deepEqual(log.map(e => [e.action, e.detail]).reverse(), [['sim.add', 'name "lorry"'], ['sim.rename', 'name from "lorry" to "lorry/2 %"'],
			['sim.rename', 'name from "lorry/2 %" to "coach"'], ['sim.remove', 'name "coach"']])
		const fleet = (await change('/fleets', { account: main.sid, sid: hf(80), name: 'harbour' })).is(201).json
		assert.deepEqual([fleet.name, fleet.sid], ['harbour', hf(80)])
		assert.equal((await change('/fleets/harbour', { name: 'port' })).is(200).json.name, 'port')
		assert.equal((await names('fleets'))[hf(80)], 'port')
	})
	test('refuses by name what can not be', async () => {
		(await change('/sims', { account: main.sid, sid: hs(81), name: 'one' })).is(201);
		(await change('/sims', { account: other.sid, sid: hs(81), name: 'one' })).is(201)
		const good = { account: main.sid, sid: hs(82), name: 'two' }
		const cases = [
			['/sims', { ...good, name: 'one' }, 409, /one/], ['/sims', { ...good, sid: hs(81) }, 409, /SID/], ['/sims', { ...good, name: hs(7) }, 400, /name.*form of a SID/s],
			['/sims', { ...good, account: sids.unknown }, 400, /account/], ['/sims', { ...good, name: undefined }, 400, /name/], ['/sims', { ...good, name: 'x'.repeat(65) }, 400, /name/],
			['/sims', { ...good, sid: '' }, 400, /sid/], ['/sims', { ...good, nmae: 'x' }, 400, /nmae/], ['/sims/nobody', { name: 'three' }, 404, /nobody/],
			['/sims/one', { name: 'three' }, 400, /account/], [`/sims/one?account=${main.sid}`, { name: hs(82) }, 400, /form of a SID/], ['/fleets/one/remove', {}, 404, /fleet/],
		]
		for (const [path, body, status, words] of cases) {
			const a = (await change(path, body)).is(status)
			assert.match(JSON.stringify(a.json), words, `${path} ${JSON.stringify(body)}`)
		}
		assert.equal((await names('sims'))[hs(82)], undefined)
	})
	test('is seen by those who see the account, and changed by administrators', async () => {
		assert.ok((await names('sims', asAccount(main)))[hs(81)])
		const all = async caller => (await send('/sims?PageSize=1000', caller)).is(200).json.sims
		assert.ok((await all(asAccount(main))).every(r => r.account_sid === main.sid))
		assert.ok((await all(asAccount(other))).every(r => r.account_sid === other.sid && r.sid !== hs(70)))
		// a subaccount sees what it has used, and not whose it is
		assert.deepEqual((await all(asAccount(sub))).map(r => [r.sid, r.account_sid]), [[hs(72), undefined]])
		for (const path of ['/sims', `/sims/${hs(81)}`, `/sims/${hs(81)}/remove`, '/fleets'])
			for (const caller of [asAccount(main), { as: 'manager' }, { as: 'ingest' }])
				(await change(path, { account: main.sid, sid: hs(83), name: 'mine' }, caller)).is(403)
		for (const [as, status] of [['none', 401], ['ingest', 403], ['user', 403], ['manager', 200]])
			(await send('/sims', { as })).is(status)
	})
	test('in each format, and found by search, page by page', async () => {
		for (const suffix of ['.xml', '.csv', '.jsv', '.jsonl', '.html'])
			assert.ok((await send(`/sims${suffix}?Search=${main.sid}`, admin)).is(200).text.includes('truck 7'))
		const a = (await send(`/sims?Search=${main.sid}&PageSize=2`, admin)).is(200).json
		assert.equal(a.sims.length, 2)
		assert.equal(a.total, Object.keys(await names('sims')).length)
		const b = (await send(a.next_page_uri, admin)).is(200).json
		assert.ok(!a.sims.map(s => s.sid).includes(b.sims[0].sid))
		assert.deepEqual((await send('/sims?Search=TRUCK%207', asAccount(main))).is(200).json.sims.map(s => s.sid), [hs(70)])
	})
	test('on pages: a button for a new one, and one for each change that asks first', async () => {
		const html = { headers: { Accept: 'text/html' }, as: 'admin' }
		const list = (await send(`/sims.html?Search=${main.sid}`, html)).is(200).text
		assert.ok(list.includes('/sims/new.html') && list.includes(`/sims/${hs(70)}/rename.html?account=${main.sid}`) && list.includes(`/sims/${hs(70)}/remove.html`))
		assert.ok(!(await send('/sims.html', { ...html, as: undefined, ...asAccount(main) })).is(200).text.includes('/rename.html'))
		for (const path of ['/sims/new.html', '/fleets/new.html', `/sims/${hs(70)}/rename.html?account=${main.sid}`, `/sims/${hs(70)}/remove.html?account=${main.sid}`])
			assert.match((await send(path, html)).is(200).text, /<form[^>]*method="post"/i)
		assert.ok((await send(`/sims/${hs(70)}/rename.html?account=${main.sid}`, html)).text.includes('value="truck 7"'));
		(await send('/sims/nobody/rename.html', html)).is(404)
	})
	test('by command', async () => {
		await usaged('sim', 'add', '--account', main.sid, '--sid', hs(90), '--name', 'by command')
		const lines = async word => (await usaged(word, 'list')).split('\n').map(l => l.split('\t'))
		assert.ok((await lines('sim')).some(l => l.join() === [hs(90), 'by command', main.sid].join()))
		await usaged('sim', 'rename', 'by command', 'by another', '--account', sub.sid)
		assert.equal((await names('sims'))[hs(90)], 'by another')
		await usaged('sim', 'remove', hs(90))
		assert.equal((await names('sims'))[hs(90)], undefined)
		await usaged('fleet', 'add', '--account', main.sid, '--sid', hf(90), '--name', 'by command')
		assert.ok((await lines('fleet')).some(l => l[0] === hf(90)))
		await usaged('fleet', 'remove', 'by command', '--account', main.sid)
		for (const [args, words] of [[['sim', 'add', '--sid', 'x', '--name', 'y'], /--account is missing/], [['sim', 'rename', 'x'], /its new name/], [['fleet', 'remove'], /one fleet/],
			[['sim', 'remove', 'nobody'], /no SIM with the SID or the name nobody/], [['sim', 'rename', 'one', 'three'], /several main accounts/]])
			await assert.rejects(usaged(...args), words)
	})
})
