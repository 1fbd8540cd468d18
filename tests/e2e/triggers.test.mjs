// triggers.test.mjs - Usage/Triggers with the official SDK, in every format, and their values while events arrive.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'node:test'
import twilio from 'twilio'
import { basic, env, newAccount, send, sids, usaged } from './harness.mjs'

const golden = join(dirname(fileURLToPath(import.meta.url)), '../golden/triggers')
const { sid, token } = await newAccount('triggers')
const client = twilio(sid, token)
client.api.baseUrl = env.BASE_URL
const auth = basic(sid, token)
const list = `/2010-04-01/Accounts/${sid}/Usage/Triggers`
const usual = { callbackUrl: 'https://com.invalid/cb', triggerValue: '50', usageCategory: 'calls' }
const refused = (promise, status, code, words) => assert.rejects(promise, err => {
	assert.deepEqual([err.status, err.code], [status, code], err.message)
	assert.match(err.message, words)
	return true
})

let number = 0
async function call(more = {}) {
	const event = { specversion: '1.0', type: 'usage', source: '/e2e/triggers', id: `${process.pid}-${Date.now()}-${++number}`, subject: sid,
		time: new Date().toISOString(), data: { category: 'calls-inbound', ...more } }
	const a = await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) })
	assert.equal(a.json.created, 1, a.text)
}

const form = values => Object.entries(values).map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&')
const post = (path, values, as = auth) => send(path, { auth: as, method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: form(values) })

describe('the SDK', () => {
	test('creates, fetches, updates and removes a trigger', async () => {
		const t = await client.usage.triggers.create(usual)
		assert.match(t.sid, /^UT[0-9a-f]{32}$/)
		assert.deepEqual([t.accountSid, t.apiVersion, t.triggerBy, t.recurring, t.callbackMethod, t.friendlyName, t.dateFired, t.triggerValue, t.currentValue],
			[sid, '2010-04-01', 'usage', null, 'POST', 'Trigger for calls at usage of 50', null, '50', '0'])
		assert.ok(Math.abs(t.dateCreated - Date.now()) < 60000)
		assert.equal(t.uri, `${list}/${t.sid}.json`)
		assert.equal(t.usageRecordUri, `/2010-04-01/Accounts/${sid}/Usage/Records.json?Category=calls`)
		const changed = await client.usage.triggers(t.sid).update({ friendlyName: 'Ünseriös', callbackMethod: 'GET', callbackUrl: 'https://org.invalid/' })
		assert.deepEqual([changed.friendlyName, changed.callbackMethod, changed.callbackUrl], ['Ünseriös', 'GET', 'https://org.invalid/'])
		const fetched = await client.usage.triggers(t.sid).fetch()
		assert.deepEqual({ ...fetched.toJSON() }, { ...changed.toJSON() })
		assert.equal(await client.usage.triggers(t.sid).remove(), true)
		await refused(client.usage.triggers(t.sid).fetch(), 404, 20404, /The requested resource .*UT.* was not found/)
		await refused(client.usage.triggers(t.sid).remove(), 404, 20404, /not found/)
	})
	test('lists with filters and pages', async () => {
		const made = []
		for (const [recurring, triggerBy, usageCategory] of [['daily', 'price', 'totalprice'], ['monthly', 'count', 'calls'], [undefined, 'usage', 'sms'], ['yearly', 'usage', 'sms']])
			made.push(await client.usage.triggers.create({ ...usual, recurring, triggerBy, usageCategory }))
		const found = async options => (await client.usage.triggers.list(options)).map(t => made.findIndex(m => m.sid === t.sid))
		assert.deepEqual(await found({}), [3, 2, 1, 0])
		assert.deepEqual(await found({ pageSize: 1 }), [3, 2, 1, 0])
		assert.deepEqual(await found({ pageSize: 3, usageCategory: 'sms' }), [3, 2])
		assert.deepEqual(await found({ pageSize: 1, usageCategory: 'sms' }), [3, 2])
		assert.deepEqual(await found({ recurring: 'alltime' }), [2])
		assert.deepEqual(await found({ recurring: 'daily', triggerBy: 'price' }), [0])
		assert.deepEqual(await found({ triggerBy: 'usage', limit: 1 }), [3])
		assert.equal((await send(`${list}.json?Recurring=`, { auth })).json.usage_triggers[0].sid, made[2].sid)
		const page = await client.usage.triggers.page({ pageSize: 2 }), next = await page.nextPage(), back = await next.previousPage()
		assert.deepEqual([next, back].map(p => p.instances.map(t => t.sid)), [[made[1].sid, made[0].sid], [made[3].sid, made[2].sid]])
		assert.equal(await next.nextPage(), undefined)
		await refused(client.usage.triggers.page({ pageNumber: 1 }), 400, 70002, /PageToken/)
		for (const t of made)
			await client.usage.triggers(t.sid).remove()
		assert.deepEqual((await send(`${list}.json`, { auth })).json, { page: 0, page_size: 50, start: 0, end: 0, previous_page_uri: null, next_page_uri: null,
			uri: `${list}.json?PageSize=50&Page=0`, first_page_uri: `${list}.json?PageSize=50&Page=0`, usage_triggers: [] })
	})
	test('is refused with the numbers of Twilio', async () => {
		const create = more => client.usage.triggers.create({ ...usual, ...more })
		await refused(create({ callbackUrl: 'example.com' }), 400, 21456, /Invalid CallbackUrl/)
		await refused(create({ friendlyName: 'x'.repeat(65) }), 400, 20002, /Invalid FriendlyName/)
		await refused(create({ triggerValue: '-1' }), 400, 20001, /Invalid TriggerValue: must be a positive number/)
		await refused(create({ usageCategory: 'no-such' }), 400, 20001, /Invalid UsageCategory/)
		await refused(create({ recurring: 'weekly' }), 400, 20001, /Invalid Recurring/)
		const a = (await post(`${list}.json`, {})).is(400)
		assert.match(a.json.message, /UsageCategory,TriggerValue,CallbackUrl/)
		assert.equal((await send(`${list}/x.json`, { auth, method: 'PUT' })).status, 405)
	})
	test('sends TriggerValue with an update in vain, as on Twilio', async () => {
		const t = await client.usage.triggers.create(usual)
		const a = (await post(`${list}/${t.sid}.json`, { TriggerValue: 70, FriendlyName: 'x' })).is(200)
		assert.deepEqual([a.json.trigger_value, a.json.friendly_name], ['50', 'x'])
		await client.usage.triggers(t.sid).remove()
	})
	test('sees the value of each event that was acknowledged', async () => {
		const once = await client.usage.triggers.create(usual), daily = await client.usage.triggers.create({ ...usual, recurring: 'daily', triggerBy: 'price', triggerValue: '0.05' })
		await call({ usage: '30', price: '0.03' })
		const values = async () => (await Promise.all([once, daily].map(t => client.usage.triggers(t.sid).fetch()))).map(t => [t.currentValue, t.dateFired !== null])
		assert.deepEqual(await values(), [['30', false], ['0.03', false]])
		await call({ usage: '30', price: '0.03' })
		assert.deepEqual(await values(), [['60', true], ['0.06', true]])
		const above = await client.usage.triggers.create({ ...usual, triggerValue: '+30' })
		assert.deepEqual([above.triggerValue, above.currentValue], ['90', '60'])
		const raw = (await send(`${list}.json`, { auth, method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
			body: 'TriggerValue=+5&UsageCategory=calls&CallbackUrl=https://com.invalid/' })).is(201)
		assert.equal(raw.json.trigger_value, '65')
		for (const t of await client.usage.triggers.list())
			await client.usage.triggers(t.sid).remove()
	})
})

describe('who may', () => {
	test('a main account has triggers of its subaccounts, a stranger has not', async () => {
		const path = `/2010-04-01/Accounts/${sids.sub}/Usage/Triggers`, values = { UsageCategory: 'calls', TriggerValue: 1e9, CallbackUrl: 'https://com.invalid/' }
		const made = (await post(`${path}.json`, values, basic(env.ACCOUNT_SID, env.AUTH_TOKEN))).is(201).json
		for (const as of ['other', 'main', 'sub', 'manager'])
			assert.equal((await send(`${path}/${made.sid}.json`, { as })).status, as === 'other' ? 404 : 200, as)
		assert.equal((await send(`/2010-04-01/Accounts/${sids.main}/Usage/Triggers/${made.sid}.json`, { as: 'main' })).status, 404)
		assert.equal((await send(`${path}/${made.sid}.json`, { as: 'other', method: 'DELETE' })).status, 404)
		assert.equal((await send(`${path}/${made.sid}.json`, { as: 'manager', method: 'DELETE' })).status, 403)
		const gone = (await send(`${path}/${made.sid}.json`, { as: 'sub', method: 'DELETE' })).is(204)
		assert.equal(gone.bytes.length, 0)
	})
	test('the audit log has each change, without the query of the URL', async () => {
		const t = await client.usage.triggers.create({ ...usual, triggerValue: '1e6', callbackUrl: 'https://com.invalid/cb?key=hidden' })
		await client.usage.triggers(t.sid).remove()
		const entries = (await send('/audit?PageSize=20', { as: 'admin' })).is(200).json.entries.filter(e => e.subject === t.sid)
		assert.deepEqual(entries.map(e => e.action), ['trigger.remove', 'trigger.add'])
		assert.ok(!JSON.stringify(entries).includes('hidden'))
	})
})

describe('the bytes', () => {
	let made
	const fixed = text => text.replaceAll(sid, 'AC' + '1'.repeat(32)).replaceAll(made[0], 'UT' + '1'.repeat(32)).replaceAll(made[1], 'UT' + '2'.repeat(32))
		.replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000/g, 'Sat, 29 Sep 2012 19:45:43 +0000')
	for (const what of ['list', 'one'])
		for (const format of ['json', 'xml', 'csv', 'html'])
			test(`${what}.${format}`, async () => {
				made ??= [await client.usage.triggers.create({ ...usual, friendlyName: 'Calls & "more" <', recurring: 'daily' }),
					await client.usage.triggers.create({ ...usual, usageCategory: 'totalprice', triggerBy: 'price', triggerValue: '500.000000' })].map(t => t.sid)
				const a = (await send(`${list}${what === 'one' ? `/${made[0]}` : ''}.${format}`, { auth })).is(200)
				const text = fixed(format === 'html' ? /<(section class="card" data|dl)[^]*?<\/(section|dl)>/.exec(a.text)[0] : a.text)
				assert.equal(text, readFileSync(join(golden, `${what}.${format}`), 'utf8'))
			})
	test('of an error', async () => {
		const a = (await send(`${list}/UT${'0'.repeat(32)}`, { auth })).is(404)
		assert.match(a.text, /^<\?xml.*\n<TwilioResponse><RestException><Code>20404<\/Code><Message>The requested resource .*<\/Message><MoreInfo>.*<\/MoreInfo><Status>404<\/Status><\/RestException><\/TwilioResponse>$/)
	})
})

describe('the pages', () => {
	const page = path => send(path, { auth, headers: { Accept: 'text/html' } })
	const plain = text => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
	// The form of a page: where it goes, and what is filled in.
	const formOf = text => {
		const [all, action] = /<form class="ask" method="post" action="([^"]*)"[^]*?<\/form>/.exec(text)
		return { action, values: Object.fromEntries([...all.matchAll(/<input [^>]*name="(\w+)" value="([^"]*)"|<select name="(\w+)"[^]*?<option value="([^"]*)" selected/g)]
			.map(([, input, value, select, choice]) => [input ?? select, plain(value ?? choice)])) }
	}
	const submit = ({ action, values }, more = {}) => send(action, { auth, method: 'POST',
		headers: { Accept: 'text/html', 'Content-Type': 'application/x-www-form-urlencoded' }, body: form({ ...values, ...more }) })
	const said = async answer => /role="status">([^<]*)</.exec((await page(answer.is(303).headers.location)).is(200).text)[1]

	test('add, edit and delete a trigger', async () => {
		const add = formOf((await page('/triggers/new')).is(200).text)
		assert.deepEqual(add.values, { AccountSid: '', UsageCategory: '', TriggerBy: 'usage', TriggerValue: '', Recurring: 'alltime', CallbackUrl: '', CallbackMethod: 'POST', FriendlyName: '' })
		const wrong = (await submit(add, { AccountSid: sid, UsageCategory: 'sms', Recurring: 'monthly', TriggerValue: 'many', CallbackUrl: 'https://com.invalid/page?a=1&b' })).is(400)
		assert.match(wrong.text, /Value: must be a positive number/)
		const again = formOf(wrong.text)
		assert.deepEqual(again.values, { ...add.values, AccountSid: sid, UsageCategory: 'sms', Recurring: 'monthly', TriggerValue: 'many', CallbackUrl: 'https://com.invalid/page?a=1&b' })
		assert.equal(await said(await submit(again, { TriggerValue: '12', FriendlyName: 'By "hand"' })), 'The trigger was added.')
		const [t] = await client.usage.triggers.list({ usageCategory: 'sms' })
		assert.deepEqual([t.friendlyName, t.triggerValue, t.recurring, t.triggerBy, t.callbackMethod], ['By "hand"', '12', 'monthly', 'usage', 'POST'])
		const edit = formOf((await page(`/triggers/${t.sid}/edit`)).is(200).text)
		assert.deepEqual(edit.values, { CallbackUrl: 'https://com.invalid/page?a=1&b', CallbackMethod: 'POST', FriendlyName: 'By "hand"' })
		assert.match((await submit(edit, { CallbackUrl: 'nowhere' })).is(400).text, /Callback URL: must be a URL/)
		assert.equal(await said(await submit(edit, { CallbackMethod: 'GET', FriendlyName: 'By mouse' })), 'The trigger was changed.')
		const changed = await client.usage.triggers(t.sid).fetch()
		assert.deepEqual([changed.friendlyName, changed.callbackMethod, changed.callbackUrl], ['By mouse', 'GET', t.callbackUrl])
		assert.match((await page('/triggers?Search=by%20mouse')).is(200).text, new RegExp(`/triggers/${t.sid}/edit[^]*/triggers/${t.sid}/remove`))
		assert.equal(await said(await submit(formOf((await page(`/triggers/${t.sid}/remove`)).is(200).text))), 'The trigger was deleted.')
		assert.deepEqual(await client.usage.triggers.list({ usageCategory: 'sms' }), [])
	})
	test('show a trigger near its value, one that has fired, and its callback, which can be sent again', async () => {
		const make = (friendlyName, triggerValue) => client.usage.triggers.create({ ...usual, usageCategory: 'mms', friendlyName, triggerValue })
		for (const t of await client.usage.triggers.list())
			await t.remove()
		const fired = await make('Fires now', '8'), near = await make('Comes near', '10'), far = await make('Far away', '1000')
		await call({ category: 'mms-inbound', usage: '9' })
		const names = text => ['Fires now', 'Comes near', 'Far away'].filter(n => text.includes(n))
		assert.deepEqual((await send('/overview.json', { auth })).is(200).json.triggers.map(t => [t.name, t.share, 'fired' in t]), [['Comes near', 90, false], ['Fires now', 112.5, true]])
		assert.deepEqual(names((await page('/overview')).is(200).text), ['Fires now', 'Comes near'])
		const account = (await page(`/accounts/${sid}`)).is(200).text
		assert.match(account, new RegExp(`Fired trigger</dt><dd><a href="[^"]*${fired.sid}\\.html">Fires now`))
		let found
		for (const end = Date.now() + 20000; !found?.attempts; await new Promise(done => setTimeout(done, 50))) {
			assert.ok(Date.now() < end, 'the callback was not tried')
			found = (await send(`/deliveries.json?Trigger=${fired.sid}`, { auth })).is(200).json.deliveries[0]
		}
		assert.deepEqual([found.state, found.trigger, found.attempts], ['waiting', 'Fires now', 1])
		const list = (await page(`/deliveries?Trigger=${fired.sid}`)).is(200).text
		assert.ok(list.includes(`/deliveries/${found.sid}.html`) && list.includes(`/deliveries/${found.sid}/repeat`))
		assert.match((await page(`/deliveries/${found.sid}`)).is(200).text, /The receiver has not taken it yet\.[^]*com\.invalid/)
		assert.equal(await said(await submit(formOf((await page(`/deliveries/${found.sid}/repeat`)).is(200).text))), 'The callback is sent again.')
		const actions = (await send('/audit?PageSize=20', { as: 'admin' })).is(200).json.entries.filter(e => [fired.sid, found.sid].includes(e.subject)).map(e => e.action)
		assert.deepEqual(actions, ['delivery.repeat', 'trigger.fire', 'trigger.add'])
		await near.remove()
		await far.remove()
	})
})

test('the ledger is true afterwards', async () => {
	assert.match(await usaged('verify'), /\S/)
})
