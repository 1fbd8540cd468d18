// limits.test.mjs - what the system gives the server: too few files and too little memory are refused at its start, memory that a large
// answer took is given back, and the ledger's log stays about as large as the ledger.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { test } from 'node:test'
import { Connection, request } from './fastcgi.mjs'
import { Ledger, program } from './worker.mjs'

const limited = (ledger, limit) => ['bash', '-c', `ulimit ${limit} && exec "$@"`, 'bash']
const serve = (ledger, limit) => spawnSync('bash', [...limited(ledger, limit).slice(1), program, '--config', ledger.config, 'serve'], { encoding: 'utf8', timeout: 60000 })

const event = (account, id, more = {}) => JSON.stringify({ specversion: '1.0', type: 'usage', source: 'limits', id, subject: account,
	time: '2026-05-05T10:00:00Z', data: { category: 'calls-inbound', usage: 1.5, price: 0.01, ...more } })

const ask = async (ledger, uri) => {
	const c = new Connection(ledger.socket)
	c.write(request(ledger.admin, { uri }))
	const answer = await c.answer()
	c.close()
	assert.match(answer.head, /^Status: 200 /, ledger.log)
	return answer
}

test('too few files are refused at the start, with the number needed', async () => {
	const ledger = new Ledger({ server: 'threads = 96' })
	const readers = Math.max(16, 2 * cpus().length), needed = 3 * 96 + 2 * readers + 178
	try {
		for (const limit of [64, needed - 1]) {
			const { status, stderr } = serve(ledger, `-n ${limit}`)
			assert.equal(status, 1, stderr)
			assert.match(stderr, new RegExp(`server\\.threads.*96 threads need ${needed} open files, but the limit is ${limit}\\D`))
		}
		await ledger.start(...limited(ledger, '-S -n 64'))       // which it may raise itself
		assert.match(readFileSync(`/proc/${ledger.worker.pid}/limits`, 'utf8'), new RegExp(`Max open files +${needed + 2 * 511} `))
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null })
	} finally {
		ledger.remove()
	}
})

test('with exactly as many files as it asks for, all threads can work at once', async () => {
	const ledger = new Ledger({ server: 'threads = 24' })
	try {
		await ledger.start(...limited(ledger, '-n 298'))
		const account = ledger.account('One'), long = ' '.repeat(100000)
		const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => i % 3 ? ledger.post(event(account, `${i}`) + (i % 3 === 1 ? long : '')) : ask(ledger, '/overview.html')))
		assert.equal(answers.length, 90)
		assert.doesNotMatch(ledger.log, /Too many open files/)
	} finally {
		ledger.remove()
	}
})

test('too little memory is refused at the start, with the number needed', () => {
	const ledger = new Ledger({ server: 'threads = 96' })
	try {
		for (const limit of ['-v 200000', '-d 100000']) {
			const { status, stderr } = serve(ledger, limit)
			assert.equal(status, 1, stderr)
			assert.match(stderr, /server\.threads.*96 threads need 320 MB of memory, but the limit is (195|97) MB/)
		}
	} finally {
		ledger.remove()
	}
})

test('memory that large answers took is given back', async () => {
	const ledger = new Ledger({ server: 'threads = 24' }), account = ledger.account('One')
	const own = () => Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${ledger.worker.pid}/status`, 'utf8'))[1]) / 1024
	try {
		await ledger.start()
		for (let n = 0; n < 3; n++)
			await ledger.post(Array.from({ length: 1000 }, (_, i) => event(account, `${n}-${i}`, { note: 'n'.repeat(3500) })).join('\n'))
		await Promise.all(Array.from({ length: 24 }, () => ask(ledger, '/events.json?PageSize=1')))
		const before = own()
		for (let n = 0; n < 3; n++)
			await Promise.all(Array.from({ length: 24 }, () => ask(ledger, '/events.json?PageSize=1000')))
		await new Promise(done => setTimeout(done, 1100))       // it gives back once a second
		await ask(ledger, '/events.json?PageSize=1000')
		const grown = own() - before
		// the answers are long; what stays are the caches of 24 connections
		assert.ok(grown < 24, `24 threads hold ${grown.toFixed(1)} MB more than before`)
	} finally {
		ledger.remove()
	}
})

test('threads without work keep nothing', async () => {
	const ledger = new Ledger({ server: 'threads = 96\naccount_requests = 24' }), account = ledger.account('One')
	const own = async () => {
		await new Promise(done => setTimeout(done, 2500))
		return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${ledger.worker.pid}/status`, 'utf8'))[1]) / 1024
	}
	const askAll = path => Promise.all(Array.from({ length: 96 }, () => ask(ledger, path)))
	try {
		await ledger.start()
		await ledger.post(Array.from({ length: 1000 }, (_, i) => event(account, `${i}`)).join('\n'))
		await askAll('/events.json?PageSize=1')
		const before = await own()
		for (let n = 0; n < 3; n++)
			await askAll('/events.json?PageSize=100')
		const grown = await own() - before
		assert.ok(grown < 5, `96 threads hold ${grown.toFixed(1)} MB more than before`)
	} finally {
		ledger.remove()
	}
})

test('the log of a small ledger stays small, however many always read in it', async t => {
	const ledger = new Ledger({ file: true, server: 'threads = 24' }), account = ledger.account('One'), sizes = []
	try {
		await ledger.start()
		let going = true
		const readers = Array.from({ length: 4 }, async () => {
			while (going)
				await ask(ledger, '/overview.html')
		})
		for (let n = 0; n < 900; n++) {
			await ledger.post(event(account, `${n}`, { customer: `c${n % 50}` }))
			if (n % 20 === 0)
				sizes.push(statSync(ledger.database + '-wal').size)
		}
		going = false
		await Promise.all(readers)
		const most = Math.max(...sizes) / 1048576
		t.diagnostic(`the log had up to ${most.toFixed(1)} MB, the ledger has ${(statSync(ledger.database).size / 1048576).toFixed(1)} MB`)
		assert.ok(most < 24, `${most} MB`)
	} finally {
		ledger.remove()
	}
})

test('the log stays small while many sign in', async t => {
	const ledger = new Ledger({ server: 'threads = 24' }), account = ledger.account('One'), sizes = []
	ledger.input('a password of length\n', 'user', 'add', 'ada', '--role', 'Manager', '--grant', account)
	const signIn = async () => {
		const c = new Connection(ledger.socket)
		c.write(request('', { method: 'POST', uri: '/auth/credentials', body: 'UserName=ada&Password=a+password+of+length',
			env: { CONTENT_TYPE: 'application/x-www-form-urlencoded', HTTP_AUTHORIZATION: '', REMOTE_ADDR: '198.51.100.7' } }))
		const { head } = await c.answer()
		c.close()
		return /^Status: 200 /.test(head)
	}
	try {
		await ledger.start()
		let going = true, good = 0
		const people = Array.from({ length: 6 }, async () => {
			while (going)
				if (await signIn())
					good++
		})
		const batch = n => Array.from({ length: 300 }, (_, i) => event(account, `${n}-${i}`, { customer: `c${n}-${i}` })).join('\n')
		for (let n = 0; n < 120; n++) {
			assert.equal((await ledger.post(batch(n))).status, 200)
			sizes.push(statSync(ledger.database + '-wal').size)
		}
		going = false
		await Promise.all(people)
		const most = Math.max(...sizes) / 1048576, file = statSync(ledger.database).size / 1048576
		t.diagnostic(`${good} signed in; the log had up to ${most.toFixed(1)} MB, the ledger has ${file.toFixed(1)} MB`)
		assert.ok(good > 50)
		assert.ok(most < 16 + file + 8, `${most} MB`)
	} finally {
		ledger.remove()
	}
})

test('what is rejected of one sender pushes out nothing of another, whether it is sent or imported', async () => {
	const ledger = new Ledger(), other = Object.assign(Object.create(ledger), { token: ledger.key('--role', 'Ingest') }), lines = '{}\n'.repeat(1000)
	const importLines = text => assert.equal(spawnSync(program, ['--config', ledger.config, 'import', '-'], { input: text, cwd: ledger.folder }).status, 1)
	const sorted = found => Object.values(found).sort((a, b) => a - b)
	// How many are listed, by author.
	const counts = async () => {
		const found = {}
		for (let next = '/rejections.json?PageSize=1000'; next;) {
			const page = JSON.parse((await ask(ledger, next)).body)
			for (const r of page.rejections)
				found[r.author] = (found[r.author] ?? 0) + 1
			next = page.next_page_uri
		}
		return found
	}
	try {
		await ledger.start()
		assert.equal((await other.post('{"id":"1"}\n{"id":"2"}\n{"id":"3"}\n')).status, 422)
		for (let n = 0; n < 12; n++)
			assert.equal((await ledger.post(lines)).status, 422)
		importLines('{}\n')
		assert.deepEqual(sorted(await counts()), [1, 3, 10000])
		for (let n = 0; n < 11; n++)
			importLines(lines)
		const found = await counts()
		assert.equal(found.console, 10000)
		assert.deepEqual(sorted(found), [3, 10000, 10000])
	} finally {
		ledger.remove()
	}
})
