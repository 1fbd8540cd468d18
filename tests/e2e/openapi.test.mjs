// openapi.test.mjs - /openapi.json: two validators agree that it is OpenAPI 3.1, it says what the operations' tables say, and a client
// that a generator makes from it calls every operation.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import SwaggerParser from '@apidevtools/swagger-parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { generate } from 'openapi-typescript-codegen'
import { day, env, knownDelivery, newAccount, plusDays, send, sids, usaged } from './harness.mjs'

const require = createRequire(import.meta.url)
const doc = (await send('/openapi.json')).is(200).json
const tables = JSON.parse(await usaged('report', 'ListOperations', '--format', 'json')).operations
const verbs = ['get', 'put', 'post', 'delete', 'patch']
const operations = Object.entries(doc.paths).flatMap(([path, item]) =>
	verbs.filter(v => item[v]).map(verb => ({ path, verb, ...item[verb] })))
const today = day(new Date())

const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }))
for (const format of ['currency', 'decimal', 'int64'])
	ajv.addFormat(format, true)
ajv.addSchema(doc, 'doc')
const pointer = (...parts) => 'doc#/' + parts.map(p => encodeURIComponent(p.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')

// The JSON that came with STATUS is what the document says comes with it.
function fits(op, status, body) {
	const response = op.responses[status]
	assert.ok(response, `${op.operationId} says nothing of ${status}: ${JSON.stringify(body)}`)
	const at = response.$ref ? response.$ref.slice(2).split('/') : ['paths', op.path, op.verb, 'responses', `${status}`]
	const check = ajv.compile({ $ref: pointer(...at, 'content', 'application/json', 'schema') })
	assert.ok(check(body), `${op.operationId} ${status}: ${JSON.stringify(check.errors)}\n${JSON.stringify(body).slice(0, 300)}`)
}

describe('the document', () => {
	test('is OpenAPI 3.1 for @seriousme/openapi-schema-validator', async () => {
		const { valid, errors } = await new Validator().validate(structuredClone(doc))
		assert.ok(valid, JSON.stringify(errors))
		assert.equal(doc.openapi, '3.1.0')
	})
	test('is OpenAPI 3.1 for @apidevtools/swagger-parser, and all that it refers to is there', async () => {
		await SwaggerParser.validate(structuredClone(doc))
	})
	test('is refused by both once it is broken', async () => {
		const broken = structuredClone(doc)
		delete broken.info.version
		assert.equal((await new Validator().validate(structuredClone(broken))).valid, false)
		await assert.rejects(SwaggerParser.validate(structuredClone(broken)))
	})
	test('has every operation of the tables with all its verbs, and no other', () => {
		const expected = tables.flatMap(op => op.methods.split(',').filter(m => m !== 'HEAD').map(m => `${m} ${op.path}`))
		assert.deepEqual(operations.map(o => `${o.verb.toUpperCase()} ${o.path}`).sort(), expected.sort())
	})
	test('names each operation once', () => {
		assert.equal(new Set(operations.map(o => o.operationId)).size, operations.length)
		for (const op of tables)
			assert.ok(operations.some(o => o.operationId === op.id && o.path === op.path), op.id)
	})
	test('has the parameters of the tables, with their limits', () => {
		for (const op of tables) {
			const found = operations.find(o => o.operationId === op.id)
			const schemas = new Map(found.parameters.map(p => [p.name.toLowerCase(), { ...p.schema, in: p.in, required: p.required }]))
			for (const type of Object.values(found.requestBody?.content ?? {}))
				for (const [name, schema] of Object.entries(doc.components.schemas[type.schema?.$ref?.split('/').pop()]?.properties ?? {}))
					schemas.set(name.toLowerCase(), schema)
			for (const p of op.parameters) {
				const schema = schemas.get(p.name.toLowerCase())
				assert.ok(schema, `${op.id} lacks ${p.name}`)
				if (p.type === 'enum')
					assert.equal(schema.enum.join(','), p.values, `${op.id} ${p.name}`)
				if (p.type === 'integer' && p.max)
					assert.equal(schema.maximum, p.max, `${op.id} ${p.name}`)
				if (p.default !== undefined && p.default !== null)
					assert.equal(String(schema.default), p.default, `${op.id} ${p.name}`)
			}
		}
	})
	test('names the server by its base URL, and ways to sign in', () => {
		assert.deepEqual(doc.servers.map(s => s.url), [env.BASE_URL])
		assert.deepEqual(Object.values(doc.components.securitySchemes).map(s => s.scheme ?? s.in), ['basic', 'bearer', 'cookie'])
	})
})

// An account and an event of our own.
const { sid } = await newAccount('openapi')
const trigger = (await send(`/2010-04-01/Accounts/${sids.main}/Usage/Triggers.json`, { as: 'admin', method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
	body: 'UsageCategory=calls&TriggerValue=1e9&CallbackUrl=https://com.invalid/' })).is(201).json
const delivery = await knownDelivery()
after(() => send(`/2010-04-01/Accounts/${sids.main}/Usage/Triggers/${trigger.sid}`, { as: 'admin', method: 'DELETE' }))
const event = { id: `openapi-${process.pid}-${Date.now()}`, subject: sid, time: `${plusDays(today, -1)}T10:00:00Z` }

// What each operation is called with, beside what the document itself says (examples, defaults, enums).
const given = {
	AccountSid: sids.main, accountId: sids.main, startDate: plusDays(today, -20), endDate: plusDays(today, -1),
	StartDate: plusDays(today, -20), EndDate: plusDays(today, -1), EventId: event.id,
	Provider: 'logout', userId: 1, Sid: trigger.sid, Delivery: delivery.sid,
}

function valueOf(p) {
	if (p.name in given)
		return given[p.name]
	const { type, format, default: usual, enum: values, minimum } = p.schema
	return usual ?? values?.[0] ?? (format === 'date' ? plusDays(today, -1) : format === 'date-time' ? `${plusDays(today, -1)}T00:00:00Z`
		: type === 'integer' ? minimum ?? 1 : type === 'boolean' ? false : 'x')
}

function bodyOf(op) {
	const content = op.requestBody.content['application/json'] ?? Object.values(op.requestBody.content)[0]
	if (Array.isArray(content.example))
		return content.example.map(e => ({ ...e, ...event }))
	// of another program, whose form the server does not describe
	if (!content.schema.$ref)
		return content.example ?? { AccountSid: 'AC0123456789abcdef0123456789abcdef' }
	const { properties, required = [] } = doc.components.schemas[content.schema.$ref.split('/').pop()]
	return Object.fromEntries(required.map(name => [name, valueOf({ name, schema: properties[name] })]))
}

describe('a client made by openapi-typescript-codegen', () => {
	let folder, client
	const methods = new Map()
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), 'usaged-openapi-'))
		await generate({ input: structuredClone(doc), output: join(folder, 'ts'), httpClient: 'fetch', useOptions: true, useUnionTypes: true })
		writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}')
		const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
		const { status, stdout } = spawnSync(process.execPath, [tsc, '--outDir', join(folder, 'js'), '--module', 'commonjs', '--target', 'es2020',
			'--lib', 'es2022,dom', '--strict', '--skipLibCheck', join(folder, 'ts/index.ts')], { encoding: 'utf8' })
		assert.equal(status, 0, stdout)
		client = require(join(folder, 'js/index.js'))
		const post = operations.find(o => o.operationId === 'PostEvents')
		;(await send(post.path, { as: 'ingest', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(bodyOf(post)) })).is(200)
		for (const [name, service] of Object.entries(client))
			if (name.endsWith('Service'))
				for (const method of Object.getOwnPropertyNames(service).filter(m => typeof service[m] === 'function'))
					methods.set(method.toLowerCase(), service[method].bind(service))
	})
	after(() => rmSync(folder, { recursive: true, force: true }))

	test('has a method for every operation', () => {
		assert.deepEqual([...methods.keys()].sort(), operations.map(o => o.operationId.toLowerCase()).sort())
	})
	// What reads is called as an administrator. What changes something beyond adding an event is called by a stranger: the answer
	// must be one that the document knows. A profile is a person's, and the administrator here is a key.
	for (const op of operations) {
		const reads = op.verb === 'get' || op.operationId.startsWith('GetAIUsage')
		const safe = (reads && op.operationId !== 'GetProfile') || op.operationId === 'PostEvents'
		test(`calls ${op.operationId} (${op.verb} ${op.path})`, async () => {
			/* an administrator must say whose SIMs, and whose token */
			const said = op.parameters.filter(p => p.required || ['AccountSid', 'userId'].includes(p.name) && op.operationId !== 'GetEvent')
			const args = Object.fromEntries(said.map(p => [p.name[0].toLowerCase() + p.name.slice(1), valueOf(p)]))
			if (op.requestBody)
				args.requestBody = args.formData = bodyOf(op)
			client.OpenAPI.TOKEN = safe ? env.ADMIN_TOKEN : undefined
			try {
				fits(op, 200, await methods.get(op.operationId.toLowerCase())(args))
			} catch (err) {
				if (!(err instanceof client.ApiError))
					throw err
				fits(op, err.status, err.body)
				assert.ok(!safe, `${op.operationId}: ${err.status} ${JSON.stringify(err.body)}`)
			}
		})
	}
})
