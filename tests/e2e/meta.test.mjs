// meta.test.mjs - what the server says of itself: the pages of metadata, the explorer, data for ServiceStack's tools, XML schemas. All of it is there
// for strangers, and all of it follows the operations' tables.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { close, open, skip } from './browser.mjs'
import { day, env, htmlTables, parseXml, plusDays, send, sids, usaged } from './harness.mjs'

const tables = JSON.parse(await usaged('report', 'ListOperations', '--format', 'json')).operations
const ours = tables.filter(op => op.dialect === 'servicestack')
const formats = ['json', 'xml', 'jsv', 'csv', 'jsonl']
const today = day(new Date())
const range = `startDate=${plusDays(today, -30)}&endDate=${plusDays(today, -1)}`

const unescape = html => html.replace(/&(amp|lt|gt|quot|#39);/g, (_, e) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[e])
const textOf = html => unescape(html.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ')
const linksOf = html => [...html.matchAll(/ href="([^"]*)"/g)].map(m => unescape(m[1])).filter(h => h.startsWith('/'))

async function page(path) {
	const answer = (await send(path)).is(200)
	assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
	wellFormed(answer.text, path)
	return answer.text
}

// Every element is closed where it may be, ids are unique, labels lead to fields.
function wellFormed(html, path) {
	const empty = /^(meta|link|input|br|wbr|hr|img)$/
	const open = []
	for (const [, close, name, rest] of html.replace(/<!doctype html>/i, '').matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
		if (close)
			assert.equal(open.pop(), name, `${path}: </${name}> closes another element`)
		else if (!empty.test(name) && !rest.endsWith('/'))
			open.push(name)
	}
	assert.deepEqual(open, [], `${path}: never closed`)
	const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(m => m[1])
	assert.equal(new Set(ids).size, ids.length, `${path}: an id twice`)
	for (const [, target] of html.matchAll(/<label for="([^"]*)"/g))
		assert.ok(ids.includes(target), `${path}: a label of nothing: ${target}`)
	assert.equal(html.match(/<h1\b/g)?.length, 1, `${path}: one h1`)
}

describe('/metadata', () => {
	test('lists the operations by name, with locks and formats', async () => {
		const html = await page('/metadata')
		const [table] = htmlTables(html)
		assert.deepEqual(table.rows.map(r => r[0].split(' ')[0]), ours.map(op => op.id).sort((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1))
		for (const row of table.rows)
			assert.deepEqual(row[2].split(' '), formats.map(f => f.toUpperCase()))
		assert.match(html, /Requires Roles: SystemAdministrator\?, {2}Manager\?"/)
		assert.match(textOf(html), /The following operations are supported\. For a formal definition, please review the Service XSD ?\./)
	})
	test('lists the operations of all other families, too', async () => {
		const names = htmlTables(await page('/metadata')).slice(1).flatMap(t => t.rows.map(r => r[0].split(' ')[0]))
		assert.deepEqual(names.sort(), tables.filter(op => op.dialect !== 'servicestack').map(op => op.id).sort())
	})
	test('is found with a slash and in any case', async () => {
		const answer = (await send('/metadata/')).is(302)
		assert.equal(answer.headers.location, '/metadata')
		;(await send('/Metadata')).is(200)
	})
	test('leads nowhere in vain', async () => {
		const seen = new Set(), open = ['/metadata', '/ui']
		while (open.length) {
			const path = open.pop()
			if (seen.has(path) || path === '/')
				continue
			seen.add(path)
			const answer = (await send(path)).is(200)
			if (answer.type === 'text/html')
				open.push(...linksOf(answer.text))
		}
		assert.ok(seen.size > 5 * ours.length + tables.length, `${seen.size} pages`)
	})
	test('has a title by the settings, and no answer for other verbs', async () => {
		const name = /^name = (.*)/m.exec(await usaged('config'))[1]
		assert.match(await page('/metadata'), new RegExp(`<h1>${name}</h1>`))
		const head = (await send('/metadata', { method: 'HEAD' })).is(200)
		assert.equal(head.bytes.length, 0)
		assert.ok(+head.headers['content-length'] > 1000)
		for (const method of ['POST', 'PUT', 'DELETE'])
			(await send('/metadata', { method, body: '' })).is(404)
		;(await send('/xsd/nothing.xsd')).is(404)
		;(await send('/json/metadata?op=Nothing')).is(404)
		;(await send('/html/metadata?op=GetAIUsage')).is(404)
		;(await send('/ui/Nothing')).is(404)
	})
})

describe('the page of an operation', () => {
	for (const op of ours)
		for (const format of formats)
			test(`${op.id} in ${format} has all sections in their order`, async () => {
				const html = await page(`/${format}/metadata?op=${op.id}`)
				const text = textOf(html)
				const sections = ['<back to all web services', op.id, op.doc, ...op.roles === 'Anyone' ? [] : ['Requires Authentication'],
					'The following routes are available for this service:', op.path, 'Metadata', 'C#', `${op.id} Parameters:`,
					`To override the Content-type in your clients, use the HTTP Accept Header, append the .${format} suffix or ?format=${format}`,
					...format === 'json' ? ['To embed the response in a jsonp callback, append ?callback=myCallback'] : [], `HTTP + ${format.toUpperCase()}`,
					'The following are sample HTTP requests and responses. The placeholders shown need to be replaced with actual values.',
					`${op.path} HTTP/1.1`, `Host: ${new URL(env.BASE_URL).host}`, 'HTTP/1.1 200 OK']
				let at = 0
				for (const section of sections) {
					const found = text.indexOf(section, at)
					assert.ok(found >= 0, `${section} is not behind ${text.slice(Math.max(0, at - 60), at)}`)
					at = found + section.length
				}
				for (const p of op.parameters)
					assert.ok(text.includes(`${p.name} ${p.in} `) && text.includes(p.doc), p.name)
			})
	test('names who may call it', async () => {
		assert.match(textOf(await page('/json/metadata?op=GetAIUsage')), /Required role: SystemAdministrator The/)
		assert.match(textOf(await page('/json/metadata?op=ListUsageRecords')), /Requires any of the roles: SystemAdministrator, Manager The/)
	})
	test('has the types of an answer, but not of a list', async () => {
		const captions = async op => [...(await page(`/json/metadata?op=${op}`)).matchAll(/<caption>(\w+) Parameters:/g)].map(m => m[1])
		assert.deepEqual(await captions('GetAIUsage'), ['GetAIUsage', 'AIUsage', 'AIAccountUsage', 'AICustomerUsage'])
		assert.deepEqual(await captions('ListUsageRecords'), ['ListUsageRecords'])
	})
	test('shows requests as they are sent', async () => {
		const samples = async (format, op) => [...(await page(`/${format}/metadata?op=${op}`)).matchAll(/<pre class="http"><code>([\s\S]*?)<\/code>/g)].map(m => unescape(m[1]))
		const host = new URL(env.BASE_URL).host
		assert.equal((await samples('json', 'ListUsageRecords'))[0], `GET /billing/usage HTTP/1.1 \nHost: ${host} \nAccept: application/json`)
		const [request, response] = await samples('json', 'GetAIUsage')
		assert.equal(request, `POST /ai/usage HTTP/1.1 \nHost: ${host} \nAccept: application/json\nContent-Type: application/json\nContent-Length: length\n\n` +
			'{"accountId":"String","customerId":"String","startDate":"String","endDate":"String"}')
		assert.match(response, /\n\n\{"accountUsage":\[\{"accountId":"String","aiMinutes":0\}\],"customerUsage":\[/)
		assert.match((await samples('xml', 'GetAIUsage'))[0], /\n\n<GetAIUsage xmlns:i="[^"]*" xmlns="[^"]*Voice\.Api\.AI">\n {2}<AccountId>String<\/AccountId>\n/)
	})
	test('has every language as a tab, with a link to its types', async () => {
		const languages = Object.keys((await send('/types')).is(200).json)
		const html = await page('/json/metadata?op=GetAIUsage')
		for (const l of languages) {
			assert.ok(linksOf(html).includes(`/json/metadata?op=GetAIUsage&lang=${l}`), l)
			const tab = await page(`/json/metadata?op=GetAIUsage&lang=${l}`)
			assert.ok(linksOf(tab).includes(`/types/${l}?IncludeTypes=GetAIUsage.*`), l)
			assert.match(tab, /AIAccountUsage/)
			assert.doesNotMatch(tab, /Parameters:/)
		}
	})
})

describe('data for tools', () => {
	test('/types/metadata has each operation with its types', async () => {
		const data = (await send('/types/metadata')).is(200).json
		assert.deepEqual(data.operations.map(o => o.request.name).sort(), ours.map(op => op.id).sort())
		assert.equal(data.config.baseUrl, env.BASE_URL)
		const usage = data.operations.find(o => o.request.name === 'ListUsageRecords')
		assert.deepEqual(usage.returnType, { name: 'List`1', namespace: 'System.Collections.Generic', genericArgs: ['UsageRecordInfo'] })
		assert.deepEqual(usage.routes, [{ path: '/billing/usage', verbs: 'GET' }])
		assert.deepEqual(usage.requiresAnyRole, ['SystemAdministrator', 'Manager'])
		for (const name of ['UsageRecordInfo', 'AIAccountUsage', 'AICustomerUsage'])
			assert.equal(data.types.filter(t => t.name === name).length, 1, name)
	})
	test('/metadata/app names the server and its formats, with a suffix and without', async () => {
		const app = (await send('/metadata/app')).is(200).json
		assert.deepEqual((await send('/metadata/app.json')).is(200).json, app)
		assert.deepEqual(Object.values(app.contentTypeFormats), formats)
		assert.equal(app.api.operations.length, ours.length)
	})
	test('/operations/metadata comes in the format asked for', async () => {
		assert.deepEqual((await send('/operations/metadata')).is(200).json.operations.map(o => o.name), ours.map(op => op.id))
		for (const format of ['xml', 'csv', 'html'])
			assert.match((await send(`/operations/metadata?format=${format}`)).is(200).text, /ListUsageRecords/)
	})
})

// ---- XML schemas ----

const xmllint = spawnSync('xmllint', ['--version']).error

describe('/xsd', { skip: xmllint ? 'xmllint is not installed' : false }, () => {
	let folder, n = 0
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), 'usaged-xsd-'))
		mkdirSync(join(folder, 'xsd'))
		const index = (await send('/xsd')).is(200)
		writeFileSync(join(folder, 'all.xsd'), index.bytes)
		const parts = [...index.text.matchAll(/schemaLocation="([^"]*)"/g)].map(m => m[1])
		assert.ok(parts.includes('xsd/Voice.Api.Dashboard.xsd') && parts.includes('xsd/Voice.Api.AI.xsd'))
		for (const part of parts)
			writeFileSync(join(folder, part), (await send(`/${part}`)).is(200).bytes)
	})
	after(() => rmSync(folder, { recursive: true, force: true }))

	function validate(xml) {
		const file = join(folder, `${n++}.xml`)
		writeFileSync(file, xml)
		const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', join(folder, 'all.xsd'), file], { encoding: 'utf8' })
		return { ok: status === 0, stderr }
	}
	function valid(xml) {
		const { ok, stderr } = validate(xml)
		assert.ok(ok, `${stderr}\n${String(xml).slice(0, 500)}`)
	}

	const answers = {
		'usage records': [`/billing/usage.xml?${range}`, 200],
		'no usage records': [`/billing/usage.xml?accountId=${sids.unknown}&${range}`, 200],
		'AI usage': [`/ai/usage.xml?${range}`, 200],
		'no AI usage': [`/ai/usage.xml?accountId=${sids.unknown}&${range}`, 200],
		'an error with fields': ['/ai/usage.xml?startDate=never&endDate=never', 400],
		'an error of one field': ['/billing/usage.xml?startDate=never', 400],
		'nothing there': ['/nothing.xml', 404],
	}
	for (const [what, [path, status]] of Object.entries(answers))
		test(`allows ${what}`, async () => valid((await send(path, { as: 'admin' })).is(status).bytes))
	test('allows refusals', async () => {
		valid((await send('/ai/usage.xml')).is(401).bytes)
		valid((await send('/ai/usage.xml', { as: 'manager' })).is(403).bytes)
	})
	test('allows the samples of requests and answers, which are understood when filled in', async () => {
		for (const op of ours) {
			const html = await page(`/xml/metadata?op=${op.id}`)
			for (const [, sample] of html.matchAll(/<pre class="http"><code>([\s\S]*?)<\/code>/g)) {
				const xml = unescape(sample).split('\n\n')[1]
				if (xml)
					valid(xml)
			}
		}
		const request = unescape(/<code>(POST[\s\S]*?)<\/code>/.exec(await page('/xml/metadata?op=GetAIUsage'))[1]).split('\n\n')[1]
		const body = request.replace(/<(AccountId|CustomerId)>String<\/\1>\s*/g, '').replace(/(Date>)String/g, `$1${plusDays(today, -1)}`)
		valid(body)
		const answer = (await send('/ai/usage.xml', { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/xml' }, body })).is(200)
		assert.equal(parseXml(answer.text).localName, 'AIUsage')
	})
	test('allows members of a request in any order, and null', () => {
		const ns = 'xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
		valid(`<GetAIUsage ${ns}><StartDate>2026-01-01</StartDate><EndDate i:nil="true"/><AccountId>a</AccountId></GetAIUsage>`)
		valid(`<GetAIUsage ${ns}/>`)
	})
	test('refuses what is not so', async () => {
		const good = (await send(`/ai/usage.xml?${range}`, { as: 'admin' })).is(200).text
		const bad = {
			'another namespace': good.replace('Voice.Api.AI', 'Voice.Api.Other'),
			'text for a number': good.replace(/<AIMinutes>\d+/, '<AIMinutes>many'),
			'an unknown member': good.replace('<AIMinutes>', '<Surprise/><AIMinutes>'),
			'members out of order': good.replace(/(<AIMinutes>\d+<\/AIMinutes>)(<AccountId>\w+<\/AccountId>)/, '$2$1'),
			'another root': good.replaceAll('AIUsage ', 'Usage ').replace('</AIUsage>', '</Usage>'),
		}
		for (const [what, xml] of Object.entries(bad)) {
			assert.notEqual(xml, good, what)
			assert.equal(validate(xml).ok, false, what)
		}
	})
})

// ---- the explorer ----

describe('/ui in a browser', { skip }, () => {
	after(close)
	let visits = 0

	// As a stranger, in a window of its own.
	async function visit(path, options = {}) {
		const { page: tab, complaints: faults } = await open(path, { as: 'none', lane: `visit ${visits++}`, ...options })
		return { tab, faults }
	}

	test('every page fits every window, without a complaint', async () => {
		const { tab, faults } = await visit('/ui')
		for (const path of ['/metadata', '/ui', ...tables.map(op => `/ui/${op.id}`), '/xml/metadata?op=GetAIUsage', '/json/metadata?op=GetAIUsage&lang=java']) {
			await tab.goto(env.BASE_URL + path)
			for (const width of [390, 768, 1440]) {
				await tab.setViewportSize({ width, height: 900 })
				assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} at ${width}`)
			}
			assert.deepEqual(faults, [], path)
		}
		await tab.close()
	})
	test('sends a question with a token and shows the answer and the line for curl', async () => {
		const { tab, faults } = await visit('/ui/GetAIUsage')
		await tab.fill('#p-AccountId', sids.main)
		await tab.fill('#p-StartDate', plusDays(today, -30))
		await tab.fill('#p-EndDate', plusDays(today, -1))
		await tab.fill('#p-token', env.ADMIN_TOKEN)
		const path = `/ai/usage?AccountId=${sids.main}&StartDate=${plusDays(today, -30)}&EndDate=${plusDays(today, -1)}`
		const expected = (await send(path, { as: 'admin' })).is(200).json
		for (const verb of ['GET', 'POST']) {
			await tab.selectOption('select[name=method]', verb)
			const answered = tab.waitForResponse(rs => rs.url().includes('/ai/usage'))
			await tab.click('button:text("Send")')
			assert.equal((await answered).request().method(), verb)
			await tab.waitForSelector('#answer[data-ok=true]')
			assert.match(await tab.textContent('.status'), /^200 .*application\/json/)
			assert.deepEqual(JSON.parse(await tab.textContent('#answer .body')), expected)
			assert.match(await tab.textContent('#answer .headers'), /content-type: application\/json/)
			const curl = await tab.textContent('#answer .curl')
			assert.ok(!curl.includes(env.ADMIN_TOKEN), 'the line shows the token')
			assert.deepEqual(run(curl, { TOKEN: env.ADMIN_TOKEN }), expected)
		}
		assert.deepEqual(faults, [])
		await tab.close()
	})
	test('fills in a path and posts a body', async () => {
		const { tab } = await visit('/ui/ListUsageRecordToday')
		await tab.fill('#p-AccountSid', sids.main)
		await tab.fill('#p-token', env.ADMIN_TOKEN)
		await tab.selectOption('#p-format', 'csv')
		await tab.click('button:text("Send")')
		await tab.waitForSelector('#answer[data-ok=true]')
		assert.match(await tab.textContent('#answer .body'), /^AccountSid,|^Category,/)
		await tab.goto(`${env.BASE_URL}/ui/PostEvents`)
		await tab.fill('#p-token', env.INGEST_TOKEN)
		await tab.fill('textarea', '[{}]')
		await tab.click('button:text("Send")')
		await tab.waitForSelector('#answer[data-ok=false]')
		assert.match(await tab.textContent('.status'), /^422/)
		await tab.close()
	})
	test('works without scripts', async () => {
		const { tab } = await visit('/login', { javaScriptEnabled: false })
		await tab.fill('input[name=UserName]', env.ADMIN_USER)
		await tab.fill('input[name=Password]', env.ADMIN_PASSWORD)
		await tab.click('main button')
		await tab.goto(`${env.BASE_URL}/ui/ListUsageRecordToday`)
		await tab.fill('#p-AccountSid', sids.main)
		await tab.selectOption('#p-format', 'html')
		await tab.click('button:text("Send")')
		await tab.waitForURL(`**/2010-04-01/Accounts/${sids.main}/Usage/Records/Today?**`)
		assert.equal(await tab.locator('h1').count(), 1)
		await tab.close()
	})
})

// What the shell makes of the line, with those values in its environment.
function run(line, values) {
	const { stdout, stderr } = spawnSync('sh', ['-c', line.replace(/^curl/, `curl -s --cacert ${env.CA_CERT}`)], { encoding: 'utf8', env: { ...process.env, ...values } })
	assert.ok(stdout, stderr)
	return JSON.parse(stdout)
}
