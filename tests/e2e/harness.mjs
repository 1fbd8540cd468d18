// harness.mjs - what every test needs: who may call, requests, and strict readers of the four formats.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { request as httpsRequest, Agent } from 'node:https'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DOMParser } from '@xmldom/xmldom'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'

const here = dirname(fileURLToPath(import.meta.url))

// ---- the server and its callers ----

export function credentialsFile() {
	const path = process.env.USAGED_CREDENTIALS
	if (!path)
		throw new Error('USAGED_CREDENTIALS must name the credentials file of a running server')
	return resolve(path)
}

// NAME=value lines that a shell can read.
export function readCredentials() {
	const values = {}
	for (const line of readFileSync(credentialsFile(), 'utf8').split('\n')) {
		const m = /^([A-Z_]+)=(.*)$/.exec(line)
		if (m)
			values[m[1]] = m[2].replace(/^(['"])(.*)\1$/, '$2')
	}
	return values
}

export const env = readCredentials()
export const baseUrl = new URL(env.BASE_URL)
export const sids = { main: env.ACCOUNT_SID, sub: env.SUBACCOUNT_SID, other: env.OTHER_ACCOUNT_SID, unknown: 'AC' + 'f'.repeat(32) }

export const basic = (user, password) => 'Basic ' + Buffer.from(`${user}:${password}`).toString('base64')
export const bearer = token => 'Bearer ' + token

// Authorization headers by who calls; `none` has none.
export const callers = {
	none: undefined,
	wrong: basic(env.ACCOUNT_SID, 'x'.repeat(32)),
	wrongBearer: bearer('x'.repeat(40)),
	main: basic(env.ACCOUNT_SID, env.AUTH_TOKEN),
	sub: basic(env.SUBACCOUNT_SID, env.SUBACCOUNT_AUTH_TOKEN),
	other: basic(env.OTHER_ACCOUNT_SID, env.OTHER_AUTH_TOKEN),
	admin: basic(env.ADMIN_USER, env.ADMIN_PASSWORD),
	adminBearer: bearer(env.ADMIN_TOKEN),
	manager: basic(env.MANAGER_USER, env.MANAGER_PASSWORD),
	managerBearer: bearer(env.MANAGER_TOKEN),
	user: bearer(env.USER_TOKEN),
	ingest: bearer(env.INGEST_TOKEN),
}

export const program = process.env.USAGED ?? join(here, '../../usaged')
export const config = join(dirname(credentialsFile()), 'usaged.conf')

// `usaged ARGS` on the running ledger; USAGED names the program.
export function usaged(...args) {
	return new Promise((done, failed) =>
		execFile(program, ['--config', config, ...args], (err, stdout, stderr) =>
			err ? failed(new Error(`usaged ${args.join(' ')}: ${stderr || err.message}`)) : done(stdout)))
}

// The same with INPUT as its standard input.
export function usagedWith(input, ...args) {
	return new Promise((done, failed) => {
		const child = execFile(program, ['--config', config, ...args], (err, stdout, stderr) =>
			err ? failed(new Error(`usaged ${args.join(' ')}: ${stderr || err.message}`)) : done(stdout))
		child.stdin.end(input)
	})
}

// A new main account with nothing in it, for tests that write: { sid, token }.
export async function newAccount(name) {
	const { SID: sid } = valuesOf(await usaged('account', 'add', '--name', `${name} ${process.pid} ${Date.now()}`))
	const { SECRET: token } = valuesOf(await usaged('key', 'add', '--role', 'Account', '--account', sid))
	return { sid, token }
}

// A new user, whom the test removes: { name, password }.
export async function newUser(name, role, ...options) {
	const unique = `e2e-${name}-${process.pid}-${Date.now()}`, password = `secret of ${unique}`
	await usagedWith(password + '\n', 'user', 'add', unique, '--role', role, ...options)
	return { name: unique, password }
}

// The subaccounts of a main account.
export async function subaccountsOf(sid) {
	return (await usaged('account', 'show', sid)).split('\n').filter(l => l.startsWith('subaccount\t')).map(l => l.split('\t')[1])
}

// NAME=value lines of a command's output.
export function valuesOf(text) {
	return Object.fromEntries(text.split('\n').filter(l => l.includes('=')).map(l => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]))
}

// ---- requests ----

const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: env.CA_CERT ? readFileSync(env.CA_CERT) : undefined })

// One exchange. `as` is a caller's name, or `auth` a header's value. The path goes out as it stands. A JSON answer
// that does not fit the program's table or its published description fails; `odd`: the events behind it have texts that the
// description knows no place for.
export function send(path, { as = 'none', auth = callers[as], method = 'GET', headers = {}, body, odd = false } = {}) {
	assert.ok(as in callers, `no caller ${as}`)
	const payload = body === undefined ? undefined : Buffer.from(body)
	const all = { ...headers }
	if (auth !== undefined)
		all.Authorization = auth
	if (payload !== undefined)
		all['Content-Length'] = payload.length
	return new Promise((done, failed) => {
		const rq = httpsRequest({ agent, method, host: baseUrl.hostname, port: baseUrl.port, path, headers: all }, rs => {
			const chunks = []
			rs.on('data', c => chunks.push(c))
			rs.on('error', failed)
			rs.on('end', () => {
				const answer = new Answer(path, rs, Buffer.concat(chunks))
				try {
					checkJson(answer.path, answer.status, answer.type, answer.bytes, odd, method)
					done(answer)
				} catch (err) {
					failed(err)
				}
			})
		})
		rq.on('error', failed)
		rq.end(payload)
	})
}

class Answer {
	constructor(path, rs, bytes) {
		Object.assign(this, { path, status: rs.statusCode, reason: rs.statusMessage, headers: rs.headers, bytes })
	}
	get type() {
		return (this.headers['content-type'] ?? '').split(';')[0].trim()
	}
	get text() {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes)
	}
	get json() {
		return JSON.parse(this.text)
	}
	// Numbers as the digits that were sent.
	get exact() {
		return JSON.parse(numbersAsText(this.text))
	}
	get xml() {
		return parseXml(this.text)
	}
	get csv() {
		return parseCsv(this.text)
	}
	is(status) {
		assert.equal(this.status, status, `${this.path}: ${this.status} ${this.bytes.toString().slice(0, 600)}`)
		return this
	}
}

// Signs in, and gives the cookies that were set: { name: value }. Deleted ones are left out.
export async function signIn(user, password, more = {}) {
	const answer = (await send('/auth/credentials', { method: 'POST', headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ UserName: user, Password: password, ...more }) })).is(200)
	return cookiesOf(answer)
}

export function cookiesOf(answer) {
	const pairs = (answer.headers['set-cookie'] ?? []).map(c => c.split(';')[0]).map(p => [p.slice(0, p.indexOf('=')), p.slice(p.indexOf('=') + 1)])
	return Object.fromEntries(pairs.filter(([, value]) => value !== ''))
}

export const cookieHeader = cookies => Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join('; ')

export const records = (account, resource = '') => `/2010-04-01/Accounts/${account}/Usage/Records${resource && '/' + resource}`
export const resources = ['AllTime', 'Daily', 'Monthly', 'Yearly', 'Today', 'Yesterday', 'ThisMonth', 'LastMonth']

// Every record of a 2010 list, by its links.
export async function allRecords(path, as = 'main') {
	const found = []
	for (let next = path, pages = 0; next; pages++) {
		assert.ok(pages < 100000, 'the list has no end')
		const answer = (await send(next, { as })).is(200)
		found.push(...answer.exact.usage_records)
		next = answer.json.next_page_uri
	}
	return found
}

// ---- exact numbers ----

// Makes every number of a JSON text a string of the same digits.
export function numbersAsText(json) {
	return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, t => t[0] === '"' ? t : `"${t}"`)
}

// A decimal text as an integer of 10^-9 units. Anything else than plain digits fails.
export function nano(text) {
	const m = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(String(text))
	assert.ok(m, `not a plain decimal: ${text}`)
	const n = BigInt(m[2]) * 1000000000n + BigInt((m[3] ?? '').padEnd(9, '0'))
	return m[1] ? -n : n
}

export const sum = texts => texts.reduce((total, t) => total + nano(t), 0n)

// ---- days ----

export const day = d => d.toISOString().slice(0, 10)
export const plusDays = (date, n) => day(new Date(Date.parse(date + 'T00:00:00Z') + n * 86400000))
export const lastOfMonth = date => day(new Date(Date.UTC(+date.slice(0, 4), +date.slice(5, 7), 0)))

export const firstOfMonth = date => date.slice(0, 8) + '01'

// From milliseconds to the date in ZONE. Put together here, for how a locale writes dates differs from one version of its data to the next.
export function dateIn(zone) {
	const format = new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
	return ms => {
		const parts = Object.fromEntries(format.formatToParts(ms).map(p => [p.type, p.value]))
		return `${parts.year}-${parts.month}-${parts.day}`
	}
}

// ---- strict readers ----

export function parseXml(text) {
	const fail = (level, message) => { throw new Error(`XML ${level}: ${message}\n${text.slice(0, 400)}`) }
	return new DOMParser({ onError: fail }).parseFromString(text, 'application/xml').documentElement
}

export const children = (node, name) => Array.from(node.childNodes).filter(c => c.nodeType === 1 && (!name || c.localName === name))
export const child = (node, name) => children(node, name)[0]
export const valueOf = (node, name) => child(node, name)?.textContent
export const names = node => children(node).map(c => c.localName)

// RFC 4180, perhaps with a byte order mark. Returns rows of texts; every row must be as long as the first.
export function parseCsv(text) {
	text = text.replace(/^\uFEFF/, '')
	const rows = []
	let row = [], at = 0
	while (at < text.length) {
		let cell
		if (text[at] === '"') {
			const m = /"((?:[^"]|"")*)"/y
			m.lastIndex = at
			const found = m.exec(text)
			assert.ok(found, `a quote that is never closed, at ${at}`)
			cell = found[1].replaceAll('""', '"')
			at = m.lastIndex
		} else {
			const m = /[^",\r\n]*/y
			m.lastIndex = at
			cell = m.exec(text)[0]
			at += cell.length
		}
		row.push(cell)
		if (text[at] === ',') {
			at++
			if (at === text.length)
				row.push('')
			continue
		}
		const end = /\r?\n/y
		end.lastIndex = at
		assert.ok(end.test(text), `row ${rows.length + 1} does not end with a line break, at ${at}`)
		at = end.lastIndex
		rows.push(row)
		row = []
	}
	for (const r of rows)
		assert.equal(r.length, rows[0].length, `a row of another length than the header: ${r}`)
	return rows
}

// A CSV text as objects by its header.
export function csvRecords(text) {
	const [header, ...rows] = parseCsv(text)
	assert.equal(new Set(header).size, header.length, 'a column name twice')
	return rows.map(r => Object.fromEntries(header.map((name, i) => [name, r[i]])))
}

const unescapeHtml = text => text.replace(/&(amp|lt|gt|quot|#39|#x27|nbsp|#x2F|#x60|#x3D);/g, (_, e) =>
	({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", nbsp: '\u00a0', '#x2F': '/', '#x60': '`', '#x3D': '=' })[e])
const plain = html => unescapeHtml(html.replace(/<[^>]*>/g, '')).replace(/\s+/g, ' ').trim()

// The tables of a page: [{ head: [text], rows: [[text]] }].
export function htmlTables(html) {
	return [...html.matchAll(/<table\b[^>]*>([\s\S]*?)<\/table>/g)].map(([, table]) => {
		const body = [...table.matchAll(/<tbody\b[^>]*>([\s\S]*?)<\/tbody>/g)].map(b => b[1]).join('') || table
		const head = /<thead\b[^>]*>([\s\S]*?)<\/thead>/.exec(table)?.[1] ?? ''
		const cells = row => [...row.matchAll(/<t[hd]\b[^>]*>([\s\S]*?)<\/t[hd]>/g)].map(c => plain(c[1]))
		return { head: cells(head), rows: [...body.matchAll(/<tr\b[^>]*>([\s\S]*?)<\/tr>/g)].map(r => cells(r[1])), html: table }
	})
}

// ---- the published descriptions ----

export const contracts = process.env.USAGED_CONTRACTS ?? join(here, '../../../shared/contracts')
export const descriptionsMissing = existsSync(join(contracts, 'twilio_usage_v2010.openapi.json')) ? false
	: `the published API descriptions are not in ${contracts}`

// OpenAPI 3.0's `nullable` in JSON Schema's words.
function withNull(schema) {
	if (Array.isArray(schema))
		return schema.map(withNull)
	if (schema === null || typeof schema !== 'object')
		return schema
	const { nullable, ...rest } = Object.fromEntries(Object.entries(schema).map(([k, v]) => [k, withNull(v)]))
	if (nullable && rest.type)
		rest.type = [rest.type, 'null']
	if (nullable && rest.enum)
		rest.enum = [...rest.enum, null]
	return rest
}

function loadValidators() {
	const validators = []
	/* the older API says "uri" and sends paths: the keyword `uri` is read as a reference there */
	const apis = { 'twilio_usage_v2010.openapi.json': 'uri-reference', 'twilio_supersim_usage_v1.openapi.json': 'uri' }
	for (const [file, uri] of descriptionsMissing ? [] : Object.entries(apis)) {
		const published = JSON.parse(readFileSync(join(contracts, file), 'utf8')), { schemas } = published.components
		// contracts: twilio B.1: the description forgets triggers that don't recur
		if (schemas.usage_trigger_enum_recurring)
			schemas.usage_trigger_enum_recurring.nullable = true
		const api = withNull(published)
		const ajv = addFormats(new Ajv({ strict: false, allErrors: true }))
		for (const name of ['currency', 'iso-country-code', 'uri-map', 'http-method', 'date-time-rfc-2822'])
			ajv.addFormat(name, true)
		ajv.addFormat('uri', ajv.formats[uri])
		ajv.addSchema(api, file)
		for (const [path, item] of Object.entries(api.paths))
			for (const [status, response] of Object.entries(item.get?.responses ?? {}))
				if (response.content?.['application/json'])
					validators.push({
						status: +status,
						path: new RegExp('^' + path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+') + '$'),
						check: ajv.compile({ $ref: `${file}#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/get/responses/${status}/content/application~1json/schema` }),
					})
	}
	return validators
}

const validators = loadValidators()

// The answer fits the published description of its path. True if there was one to check against.
export function checkDescription(answer) {
	const path = answer.path.split('?')[0]
	const found = validators.find(v => v.path.test(path) && v.status === answer.status)
	if (found)
		assert.ok(found.check(answer.json), `${answer.path}: ${JSON.stringify(found.check.errors)}`)
	return Boolean(found)
}

// ---- the program's own tables ----

const pathPattern = op => op.path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')

// By operation: a pattern of its paths, and a tree of what its JSON answer holds.
const tables = JSON.parse(execFileSync(program, ['--config', config, 'report', 'ListOperations', '--format', 'json'])).operations.map(op => ({
	id: op.id, methods: op.methods.split(','), path: op.dialect === 'servicestack'
		? new RegExp(`^(?:${pathPattern(op)}${op.short_path ? '|' + op.short_path : ''}|/api/${op.id}|/json/(?:reply|oneway)/${op.id})(?:\\.\\w+)?$`, 'i')
		: new RegExp(`^${pathPattern(op)}(?:\\.\\w+)?$`),
	tree: treeOf(op.returns), nullsLeftOut: op.dialect !== 'twilio' && op.dialect !== 'supersim',
}))

// Paths such as "usage_records[].period.start_time" as nested members; "[]" is a list's item.
function treeOf(fields) {
	const root = { members: {} }
	for (const f of fields) {
		let node = root
		for (const step of f.path.split(/\.|(?=\[\])/).filter(s => s)) {
			node = node.members[step] ??= { members: {} }
		}
		node.field = f
	}
	return root
}

const isNumber = { integer: v => Number.isInteger(v), decimal: v => typeof v === 'number' }

function checkScalar(value, f, where) {
	if (f.type === 'texts') {
		assert.ok(Array.isArray(value) && value.every(v => typeof v === 'string'), `${where} is no list of texts`)
		return
	}
	const digits = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)
	if (f.type in isNumber)
		assert.ok(f.quoted ? digits : isNumber[f.type](value) || (f.money && digits), `${where} is ${JSON.stringify(value)}, not ${f.type}`)
	else
		assert.equal(typeof value, f.type === 'boolean' ? 'boolean' : 'string', where)
	if (f.format === 'date')
		assert.match(value, /^\d{4}-\d\d-\d\d$/, where)
}

// VALUE has the members of NODE, all of them unless nulls are left out, and no others.
function checkNode(value, node, where, nullsLeftOut) {
	if (value === null) {
		assert.ok(node.field?.nullable, `${where} is null`)
	} else if (node.members['[]']) {
		assert.ok(Array.isArray(value), `${where} is no list`)
		value.forEach((v, i) => checkNode(v, node.members['[]'], `${where}[${i}]`, nullsLeftOut))
	} else if (Object.keys(node.members).length) {
		assert.ok(typeof value === 'object' && !Array.isArray(value), `${where} is no object`)
		for (const name of Object.keys(value)) {
			assert.ok(node.members[name], `${where} has ${name}, which its table does not`)
			checkNode(value[name], node.members[name], `${where}.${name}`, nullsLeftOut)
		}
		for (const [name, { field }] of Object.entries(node.members))
			assert.ok(name in value || (nullsLeftOut && field.nullable), `${where} lacks ${name}`)
	} else {
		checkScalar(value, node.field, where)
	}
}

// Every JSON answer that a test gets: it fits the program's own table and, where that is at hand, the published description.
export function checkJson(url, status, type, body, odd = false, method = 'GET') {
	checkTable(url, status, type, body, method)
	if (!odd && type === 'application/json' && body.length > 0)
		checkDescription({ path: new URL(url, 'https://any').pathname, status, json: JSON.parse(body.toString()) })
}

// A JSON answer holds what the table of its operation says. Returns the operation's name, if there is one.
function checkTable(url, status, type, body, method) {
	const path = new URL(url, 'https://any').pathname
	const here = tables.filter(t => t.path.test(path)), op = here.find(t => t.methods.includes(method)) ?? here[0]
	if (!op || ![200, 201, 207].includes(status) || type !== 'application/json' || body.length === 0)
		return
	checkNode(JSON.parse(body.toString()), op.tree, op.id, op.nullsLeftOut)
	return op.id
}

// A callback that is in the outbox, of a trigger on an account of its own that leads nowhere; the first call makes it.
export async function knownDelivery() {
	const { deliveries: [first] } = (await send('/deliveries?PageSize=1', { as: 'admin' })).is(200).json
	if (first)
		return first
	const { sid } = await newAccount('callback'), headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
	const event = { specversion: '1.0', type: 'usage', source: '/e2e/callback', id: sid, subject: sid, time: new Date().toISOString(), data: { category: 'calls-inbound', usage: '2' } };
	(await send(`/2010-04-01/Accounts/${sid}/Usage/Triggers`, { as: 'admin', method: 'POST', headers, body: 'UsageCategory=calls&TriggerValue=1&CallbackUrl=https://usage.invalid/' })).is(201);
	(await send('/events', { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) })).is(200)
	return knownDelivery()
}
