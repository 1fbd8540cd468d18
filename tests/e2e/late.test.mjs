// late.test.mjs - late events are found where people look for them, whether they are taken or rejected: by call, from link to link on the pages, and by
// command.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Connection, request } from './fastcgi.mjs'
import { Ledger } from './worker.mjs'

for (const late of ['adjust', 'reject'])
	describe(`late events that are ${late === 'adjust' ? 'taken' : 'rejected'}`, () => {
		const ledger = new Ledger({ ledger: `busy_timeout_ms = 5000\nlate_events = ${late}`, server: 'threads = 4' })
		const taken = late === 'adjust' ? ['late-main', 'late-sub'] : [], rejected = late === 'reject' ? ['late-main', 'late-sub'] : []
		let main, sub

		async function get(uri) {
			const c = new Connection(ledger.socket)
			c.write(request(ledger.admin, { uri }))
			const { head, body } = await c.answer()
			c.close()
			assert.match(head, /^Status: 200 /, `${uri}: ${body}`)
			return body
		}
		const json = async uri => JSON.parse(await get(uri))
		// Where the link called TEXT on the page leads.
		const linked = async (uri, text) => new RegExp(`<a href="([^"]*)">${text}</a>`).exec(await get(uri))?.[1].replaceAll('&amp;', '&')
		const event = (id, subject, time) => JSON.stringify({ specversion: '1.0', type: 'usage', source: '/pbx', id, subject, time, data: { category: 'calls', usage: '1' } })

		before(async () => {
			main = ledger.account('Main')
			sub = /^SID=(.*)$/m.exec(ledger.run('account', 'add', '--name', 'Sub', '--parent', main, '--created', '2026-01-01'))[1]
			ledger.run('closing', 'close', '--account', main, '--through', '2026-03-31')
			await ledger.start()
			const { body } = await ledger.post([event('late-main', main, '2026-03-15T10:00:00Z'), event('late-sub', sub, '2026-03-31T23:59:59Z'),
				event('on-time', main, '2026-04-01T00:00:00Z'), event('bad', main, 'yesterday')].join('\n'))
			assert.deepEqual(JSON.parse(body).results.map(r => r.code ?? r.status),
				late === 'adjust' ? ['created', 'created', 'created', 'invalid'] : ['closed', 'closed', 'created', 'invalid'])
		})
		after(() => ledger.remove())

		test('are listed by call', async () => {
			assert.deepEqual((await json('/events?State=late')).events.map(e => e.id).sort(), taken)
			assert.deepEqual((await json(`/events?State=late&AccountSid=${sub}`)).events.map(e => e.id), taken.slice(1))
			assert.deepEqual((await json('/rejections?State=late')).rejections.map(r => r.id).sort(), rejected)
			assert.deepEqual((await json('/rejections')).rejections.map(r => r.id).sort(), ['bad', ...rejected])
			assert.deepEqual((await json(`/closings/${main}/changes`)).changes.map(c => c.id).sort(), taken)
		})
		test('are linked to by each page that concerns them', async () => {
			for (const page of ['/events.html', '/closings.html', '/rejections.html', `/closings/${main}/changes.html`]) {
				const events = await get(await linked(page, 'Late events')), rejections = await get(await linked(page, 'Rejected late events'))
				for (const id of ['late-main', 'late-sub', 'on-time', 'bad']) {
					assert.equal(events.includes(`>${id}<`), taken.includes(id), `${id}, by ${page}`)
					assert.equal(rejections.includes(`>${id}<`), rejected.includes(id), `rejected ${id}, by ${page}`)
				}
			}
		})
		test("of one account's changes lead to those of that account", async () => {
			assert.equal((await get(await linked(`/closings/${sub}/changes.html`, 'Late events'))).includes('late-main'), false)
		})
		test('are listed by the command', () => {
			const rows = ledger.run('event', 'list', '--state', 'late').trim().split('\n').map(l => l.split('\t'))
			assert.deepEqual(rows.map(r => r[2]).sort(), ['late-main', 'late-sub'])
			assert.deepEqual(rows.map(r => r.at(-1)), Array(2).fill(late === 'adjust' ? 'current' : 'rejected'))
		})
		test('leave the ledger true', () => {
			assert.match(ledger.run('verify'), / 0 differences/)
		})
	})
