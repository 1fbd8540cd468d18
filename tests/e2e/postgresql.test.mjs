// postgresql.test.mjs - a ledger in PostgreSQL: servers that refuse to start, two of them on one database, and all that a database can do to a server:
// sessions that end, a restart, a crash, a halt. Nothing that was acknowledged is lost, nothing is there twice, and the server goes on by itself.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { missing, Postgres } from './postgresql.mjs'
import { Ledger, program, top } from './worker.mjs'

const AWAY = /^Status: 503 [^]*\r\nRetry-After: [1-9][0-9]*(\r\n|$)/
const options = { skip: missing }
let postgres

before(async () => {
	if (missing)
		return
	postgres = new Postgres()
	await postgres.start()
})
after(() => postgres?.remove())

const event = (account, source, i) => JSON.stringify({ specversion: '1.0', type: 'usage', source, id: String(i), subject: account,
	time: `2026-0${1 + i % 9}-1${i % 9}T10:00:00Z`, data: { category: 'calls-inbound', usage: 1.5, price: 0.01 } })
const events = (account, source, from, n) => Array.from({ length: n }, (_, i) => event(account, source, from + i)).join('\n')

// The words with which a server refuses to start.
function refusal(ledger) {
	const { status, stderr } = spawnSync(program, ['--config', ledger.config, 'serve'], { encoding: 'utf8', timeout: 60000 })
	assert.equal(status, 1, stderr)
	return stderr
}

// Senders that send each batch until it is acknowledged, to all HOSTS, while BODY does something to the database.
async function under(ledger, account, body, hosts = [ledger]) {
	const SENDERS = 6, EACH = 20
	let going = true, sent = 0, refused = 0
	const answers = new Map()
	const sender = async n => {
		for (let batch = 0; going; batch++) {
			for (;;) {
				const { head, body: text, status } = await hosts[n % hosts.length].post(events(account, `/sender/${n}`, batch * EACH, EACH))
				answers.set(status, (answers.get(status) ?? 0) + 1)
				if (status === 200) {
					const { created, duplicate } = JSON.parse(text)
					assert.equal(created + duplicate, EACH, text)
					break
				}
				assert.match(head, AWAY)
				refused++
				await sleep(50)
			}
			sent += EACH
		}
	}
	const senders = Promise.all(Array.from({ length: SENDERS }, (_, n) => sender(n)))
	await body()
	await sleep(300)
	going = false
	await senders
	return { sent, refused }
}

// The ledger of a test, with a server; at its end it is true.
const served = (name, body) => test(name, options, async t => {
	const ledger = new Ledger({ database: postgres.database(), ledger: 'busy_timeout_ms = 3000' })
	const account = ledger.account('One')
	try {
		await ledger.start()
		const expected = await body(ledger, account, t)
		assert.deepEqual(ledger.sql('SELECT count(*) FROM event'), [[expected]])
		assert.deepEqual(ledger.sql('SELECT coalesce(sum(count), 0) FROM total_month m JOIN category c ON c.id = m.category WHERE c.name = \'calls-inbound\''), [[expected]])
		assert.match(ledger.run('verify'), new RegExp(`^${expected} events, 0 differences`))
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		postgres.resume()
		ledger.remove()
	}
})

test('the tables are made once, and the address is shown without a password', options, () => {
	const database = postgres.database(), ledger = new Ledger({ database })
	const again = spawnSync(program, ['--config', ledger.host().config, 'init'], { encoding: 'utf8' })
	assert.match(again.stderr, /was made already, with this secret file: .*secret$/m)
	writeFileSync(join(ledger.folder, 'other.conf'), `[ledger]\ndatabase = ${database.address}\nsecret_file = other\n`)
	const other = spawnSync(program, ['--config', join(ledger.folder, 'other.conf'), 'init', '--categories', join(top, 'conf/categories.csv')], { encoding: 'utf8' })
	assert.match(other.stderr, /has a ledger already/)
	assert.equal(other.status, 1)
	for (const address of ['postgresql://me:word@host/name', 'postgresql://host/name?password=word']) {
		writeFileSync(join(ledger.folder, 'other.conf'), `[ledger]\ndatabase = ${address}\n`)
		const { status, stdout, stderr } = spawnSync(program, ['--config', join(ledger.folder, 'other.conf'), 'config'], { encoding: 'utf8' })
		assert.equal(status, 1)
		assert.match(stderr, /without a password/)
		assert.doesNotMatch(stdout + stderr, /word@|=word/)
	}
	for (const command of ['backup', 'restore']) {
		const { status, stderr } = spawnSync(program, ['--config', ledger.config, command, join(ledger.folder, 'copy')], { encoding: 'utf8' })
		assert.equal(status, 1)
		assert.match(stderr, /in PostgreSQL, not in a file: .*pg_(dump|restore)/)
	}
	assert.match(ledger.run('upgrade'), /needs no upgrade/)
	const doctor = spawnSync(program, ['--config', ledger.config, 'doctor'], { encoding: 'utf8' }).stdout
	assert.match(doctor, /^ok +database +PostgreSQL [0-9.]+, schema public, \d+ MB, \d+ of \d+ connections, synchronous_commit on$/m)
	assert.match(doctor, /^note +backup .*pg_dump/m)
	assert.match(doctor, /^note +role +usaged is a superuser; /m)
	ledger.remove()
})

test('doctor says what keeps a database from storing events, or from storing them quickly', options, () => {
	const database = postgres.database(), ledger = new Ledger({ database }), config = join(ledger.folder, 'plain.conf')
	const doctor = () => spawnSync(program, ['--config', config, 'doctor'], { encoding: 'utf8' }).stdout
	const set = (...settings) => {
		for (const setting of [...settings, ''])
			database.sql(setting ? `ALTER SYSTEM SET ${setting}` : 'SELECT pg_reload_conf()')
	}
	database.sql(`CREATE ROLE plain LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain`)
	writeFileSync(config, readFileSync(ledger.config, 'utf8').replace('user=usaged', 'user=plain'))
	try {
		assert.match(doctor(), /^ok +database +PostgreSQL [^]*^ok +role +plain is not a superuser$/m)
		database.sql('REVOKE INSERT ON "user" FROM plain; REVOKE ALL ON total_day FROM plain')
		assert.match(doctor(), /^TO DO +role +plain may not use tables of the ledger: total_day, user; run as a superuser, in the schema public, for each: ALTER TABLE NAME OWNER TO plain$/m)
		database.sql('GRANT ALL ON "user", total_day TO plain; CREATE TABLE other (n bigint)')
		assert.match(doctor(), /^ok +role +plain is not/m)
		database.sql(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`)
		assert.match(doctor(), /^TO DO +database +it stores no events, because default_transaction_read_only is on; turn it off where it was set/m)
		postgres.sql(`ALTER DATABASE ${database.name} RESET default_transaction_read_only`)
		for (const setting of ['autovacuum', 'track_counts']) {
			set(`${setting} = off`)
			assert.match(doctor(), /^TO DO +database +autovacuum is off, [^]*^ok +role/m)
			set(`${setting} = on`)
		}
		assert.match(doctor(), /^ok +database +PostgreSQL /m)
		database.sql('CREATE SCHEMA earlier CREATE TABLE account (id bigint); GRANT USAGE ON SCHEMA earlier TO plain; ALTER ROLE plain SET search_path = earlier, public')
		assert.match(doctor(), /^TO DO +ledger +the ledger is in the schema public, but an earlier schema of the search_path has a table account, too, which hides/m)
	} finally {
		postgres.sql(`ALTER DATABASE ${database.name} RESET default_transaction_read_only`)
		database.sql('DROP OWNED BY plain; DROP ROLE plain')
		ledger.remove()
	}
})

test('a password that is missing or wrong is an error that names the password file, and not the password', options, () => {
	const database = postgres.database(), ledger = new Ledger({ database }), passfile = join(ledger.folder, 'pgpass'), rules = join(postgres.data, 'pg_hba.conf')
	const before = readFileSync(rules, 'utf8')
	const list = settings => {
		writeFileSync(join(ledger.folder, 'guest.conf'), `[ledger]\ndatabase = ${database.address.replace('user=usaged', 'user=guest')}${settings}\nsecret_file = secret\n`)
		return spawnSync(program, ['--config', join(ledger.folder, 'guest.conf'), 'account', 'list'], { encoding: 'utf8', env: { ...process.env, HOME: ledger.folder } })
	}
	database.sql("CREATE ROLE guest LOGIN PASSWORD 'right'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
	try {
		writeFileSync(rules, `local all guest scram-sha-256\n${before}`)
		database.sql('SELECT pg_reload_conf()')
		assert.match(list('').stderr, new RegExp(`cannot be reached: .*; the password file ${ledger.folder}/.pgpass, which must have the mode 0600, has no line`))
		assert.match(list(`&passfile=${passfile}`).stderr, new RegExp(`the password file ${passfile}, which must have the mode 0600, has no line`))
		writeFileSync(passfile, '*:*:*:guest:wrong\n', { mode: 0o600 })
		const { stderr } = list(`&passfile=${passfile}`)
		assert.match(stderr, new RegExp(`cannot be reached: .*password retrieved from file "${passfile}"`))
		assert.doesNotMatch(stderr, /wrong/)
		writeFileSync(passfile, '*:*:*:guest:right\n', { mode: 0o600 })
		assert.equal(list(`&passfile=${passfile}`).stderr, '')
	} finally {
		writeFileSync(rules, before)
		database.sql('SELECT pg_reload_conf()')
		database.sql('DROP OWNED BY guest; DROP ROLE guest')
		ledger.remove()
	}
})

test('names of another program are said, with the schema, and a server that may lose what it confirmed', options, async () => {
	const database = postgres.database(), ledger = new Ledger({ database }), other = postgres.database(), config = join(ledger.folder, 'other.conf')
	const init = () => spawnSync(program, ['--config', config, 'init', '--categories', join(top, 'conf/categories.csv')], { encoding: 'utf8' })
	writeFileSync(config, `[ledger]\ndatabase = ${other.address}\nsecret_file = other\n`)
	other.sql('CREATE TABLE meta (id bigint)')
	assert.match(init().stderr, /another program uses names of a ledger in the schema public: meta; give the ledger a schema of its own/)
	other.sql('DROP TABLE meta')
	await postgres.stop()
	await postgres.start('fsync=off')
	try {
		const { status, stderr } = init()
		assert.equal(status, 0)
		assert.match(stderr, /^usaged init: warning: .*fsync = off; .*; until then usaged serve does not start$/m)
	} finally {
		await postgres.stop()
		await postgres.start()
		ledger.remove()
	}
})

test('servers of a distributed ledger that do not answer are named', options, async () => {
	const database = postgres.database(), name = /^postgresql:\/\/\/(\w+)/.exec(database.address)[1]
	// as if it were distributed
	database.sql(`ALTER DATABASE ${name} SET usaged.places = '3'`)
	const ledger = new Ledger({ database })
	const doctor = () => spawnSync(program, ['--config', ledger.config, 'doctor'], { encoding: 'utf8' }).stdout
	const health = async () => JSON.parse((await ledger.get('/health.json')).body)
	try {
		await ledger.start()
		assert.match(doctor(), /^ok +servers +.*all its servers answer$/m)
		assert.doesNotMatch((await health()).database, /do not answer/)
		database.sql("CREATE OR REPLACE FUNCTION servers_away() RETURNS text LANGUAGE sql AS $$ SELECT 'db3.example:5432' $$")
		assert.match(doctor(), /^TO DO +servers +these servers do not answer: db3\.example:5432;/m)
		assert.match((await health()).database, /; these servers do not answer: db3\.example:5432$/)
		assert.match((await ledger.get('/health.html')).body, /These servers of the ledger do not answer: db3\.example:5432\./)
		// a server that hangs does not hold up the page for long
		database.sql("CREATE OR REPLACE FUNCTION servers_away() RETURNS text LANGUAGE sql AS $$ SELECT pg_sleep(1000)::text $$")
		assert.match((await health()).database, /; these servers do not answer: one or more; load this page again/)
		database.sql("CREATE OR REPLACE FUNCTION servers_away() RETURNS text LANGUAGE sql AS $$ SELECT '' $$")
		assert.doesNotMatch((await health()).database, /do not answer/)
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger.remove()
	}
})

test('a server does not start with another secret, another schema, or a database that may lose what it confirmed', options, async () => {
	const database = postgres.database(), ledger = new Ledger({ database }), host = ledger.host()
	writeFileSync(join(host.folder, 'secret'), Buffer.alloc(32, 7), { mode: 0o600 })
	assert.match(refusal(host), /not the one of the ledger: copy the secret file/)
	const account = ledger.account('One')
	for (const command of ['key add --role Ingest', `trigger add --account ${account} --category calls-inbound --value 1 --url https://receiver.example/`,
		`trigger secret --account ${account}`, `trigger secret --account ${account} --renew`, 'report ListAccounts']) {
		const { status, stdout, stderr } = spawnSync(program, ['--config', host.config, ...command.split(' ')], { encoding: 'utf8' })
		assert.match(stderr, /not the one of the ledger: copy the secret file/, command)
		assert.deepEqual([status, stdout], [1, ''], command)
	}
	assert.deepEqual(database.sql('SELECT count(*) FROM signing UNION ALL SELECT count(*) FROM trigger').flat(), ['0', '0'])
	database.sql("UPDATE meta SET value = value + 1 WHERE name = 'schema'")
	assert.match(refusal(ledger), /schema version \d+, this program knows versions up to \d+: use the newer program/)
	database.sql("UPDATE meta SET value = value - 1 WHERE name = 'schema'")
	for (const setting of ['fsync', 'full_page_writes']) {
		await postgres.stop()
		await postgres.start(`${setting}=off`)
		assert.match(refusal(ledger), new RegExp(`${setting} = off`))
	}
	await postgres.stop()
	await postgres.start()
	writeFileSync(ledger.config, `[ledger]\ndatabase = ${database.address}\nsecret_file = secret\n[backup]\nfolder = copies\n[server]\nsocket = usaged.sock\n`)
	assert.match(refusal(ledger), /leave backup.folder empty/)
	host.remove()
	ledger.remove()
})

served('what one host changes holds on the other with the next request', async ledger => {
	const host = ledger.host()
	try {
		await host.start()
		const sid = ledger.account('Two')
		const { status, body } = await host.get('/accounts')
		assert.equal(status, 200)
		assert.ok(body.includes(sid))
		for (let i = 0; i < 20; i++) {
			const added = ledger.run('key', 'add', '--role', 'Ingest')
			const key = /^SID=(.*)$/m.exec(added)[1], token = /^SECRET=(.*)$/m.exec(added)[1]
			const send = () => host.post(event(sid, '/host', i), { }).then(() => host.get('/events?PageSize=1', { token }))
			assert.notEqual((await send()).status, 401)
			assert.equal((await ledger.get(`/keys/${key}/revoke`, { method: 'POST' })).status, 200)
			assert.equal((await send()).status, 401)
		}
		assert.deepEqual(await host.end('SIGTERM'), { code: 0, signal: null }, host.log)
	} finally {
		host.remove()
	}
	return 20
})

served('two hosts store events of the same accounts at the same time', async (ledger, account, t) => {
	const host = ledger.host(), other = ledger.account('Two')
	let sent = 0, going = true
	try {
		await host.start()
		const sender = async (at, n) => {
			for (let batch = 0; going; batch++) {
				const body = events(account, `/both/${n}`, batch * 40, 20) + '\n' + events(other, '/both/all', n * 1000000 + batch * 20, 20)
				const { status, body: text } = await at.post(body)
				assert.equal(status, 200, text)
				assert.equal(JSON.parse(text).created, 40, text)
				sent += 40
			}
		}
		const senders = Promise.all(Array.from({ length: 8 }, (_, n) => sender(n % 2 ? ledger : host, n)))
		await sleep(4000)
		going = false
		await senders
		assert.deepEqual(await host.end('SIGTERM'), { code: 0, signal: null }, host.log)
	} finally {
		host.remove()
	}
	t.diagnostic(`${sent} events`)
	return sent
})

served('a ledger that a newer program upgrades meanwhile is refused, and nothing is stored, also after a restart', async (ledger, account) => {
	const counter = "UPDATE meta SET value = value + 1 WHERE name = 'version'"
	const ids = []
	const refused = async () => {
		for (const { head, body } of [await ledger.post(event(account, '/new', 1)), await ledger.get('/accounts'), await ledger.get('/readyz')]) {
			assert.match(head, /^Status: 503 [^]*\r\nRetry-After: [1-9]/)
			assert.match(body, /of another version|started again/)
			ids.push(/^X-Request-Id: (\w+)/mi.exec(head)[1])
		}
	}
	assert.equal((await ledger.post(event(account, '/old', 1))).status, 200)
	ledger.sql(`UPDATE meta SET value = value + 1 WHERE name = 'schema'; ${counter}`)
	await refused()
	assert.match(ledger.log, /the ledger has schema version \d+, this program knows versions up to \d+: use the newer program/)
	await postgres.stop()
	await postgres.start()
	for (let i = 0; i < 3; i++)
		await refused()
	ledger.sql(`UPDATE meta SET value = value - 1 WHERE name = 'schema'; ${counter}`)
	assert.equal((await ledger.post(event(account, '/old', 2))).status, 200)
	assert.equal((await ledger.get('/readyz')).status, 200)
	for (const id of ids)
		assert.equal(ledger.log.split(id).length, 2, `the log has one line for each:\n${ledger.log}`)
	return 2
})

served('wrong passwords count on all hosts together', async ledger => {
	const host = ledger.host(), hosts = [ledger, host]
	const as = password => ({ env: { HTTP_AUTHORIZATION: 'Basic ' + Buffer.from(`ada:${password}`).toString('base64') } })
	ledger.input('the right password\n', 'user', 'add', 'ada', '--role', 'User')
	try {
		await host.start()
		const began = Date.now()
		let tries = 0
		for (; tries < 40; tries++) {
			const { status, head } = await hosts[tries % 2].get('/accounts', as(`wrong ${tries}`))
			if (status === 429) {
				assert.match(head, /\r\nRetry-After: [1-9]/)
				break
			}
			assert.equal(status, 401)
		}
		// where a try takes long, the wait of a second or more is over before the next one
		const seconds = Math.floor((Date.now() - began) / 1000)
		assert.ok(tries >= 4 && tries <= 6 + seconds, `${tries} tries in ${seconds} s`)
		for (const h of hosts)
			assert.equal((await h.get('/accounts', as('another wrong one'))).status, 429)
		let right
		for (let i = 0; i < 40 && right?.status !== 403; i++) {
			await sleep(500)
			right = await host.get('/accounts', as('the right password'))
		}
		assert.equal(right.status, 403)
		// the pair has signed in: all is forgiven, also on the first host
		for (let i = 0; i < 3; i++)
			assert.equal((await ledger.get('/accounts', as(`wrong again ${i}`))).status, 401)
		assert.deepEqual(await host.end('SIGTERM'), { code: 0, signal: null }, host.log)
	} finally {
		host.remove()
	}
	return 0
})

served('after the database was read-only for a while, each connection that began then is replaced', async (ledger, account) => {
	const name = /^postgresql:\/\/\/(\w+)/.exec(ledger.database)[1]
	const set = value => {
		postgres.sql(`ALTER DATABASE ${name} SET default_transaction_read_only = ${value}`)
	}
	set('on')
	postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'usaged'")
	// connections of readers, of which a writer may take any later
	await Promise.all(Array.from({ length: 8 }, () => ledger.get('/accounts')))
	for (let i = 0; i < 3; i++) {
		const { head, body } = await ledger.post(event(account, '/x', i))
		assert.match(head, AWAY)
		assert.match(body, /cannot be written to/)
	}
	assert.match((await ledger.get('/readyz')).head, AWAY)
	set('off')
	await ledger.post(event(account, '/x', 0))
	for (let i = 0; i < 20; i++)
		assert.equal((await ledger.post(event(account, '/x', i))).status, 200)
	assert.equal((await ledger.get('/readyz')).status, 200)
	return 20
})

test('a database that allows fewer connections than the server may have: requests wait for one another', options, async () => {
	const { name, sql } = postgres.database(), ROUNDS = 30
	sql(`CREATE ROLE few LOGIN CONNECTION LIMIT 3; ALTER DATABASE ${name} OWNER TO few`)
	const ledger = new Ledger({ database: { name, sql, address: `postgresql:///${name}?host=${postgres.folder}&user=few` } })
	try {
		const account = ledger.account('One')
		await ledger.start()
		await Promise.all(Array.from({ length: 12 }, async (_, n) => {
			for (let i = 0; i < ROUNDS; i++) {
				const { status, body } = n % 3 ? await ledger.get('/accounts') : await ledger.post(events(account, `/sender/${n}`, i * 5, 5))
				assert.equal(status, 200, body + ledger.log)
			}
		}))
		assert.deepEqual(ledger.sql('SELECT count(*) FROM event'), [[4 * ROUNDS * 5]])
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger.remove()
	}
})

served('sessions that the database ends cost nothing', async (ledger, account, t) => {
	const { sent, refused } = await under(ledger, account, async () => {
		for (let i = 0; i < 40; i++) {
			postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'usaged'")
			await sleep(20 + 10 * (i % 5))
		}
	})
	t.diagnostic(`${sent} events, ${refused} requests were told to come again`)
	return sent
})

served('a database that is restarted, and one that crashes', async (ledger, account, t) => {
	const { sent, refused } = await under(ledger, account, async () => {
		for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGINT']) {
			await postgres.stop(signal)
			assert.equal((await ledger.get('/healthz')).status, 200)
			const ready = await ledger.get('/readyz')
			assert.match(ready.head, AWAY)
			assert.match(ready.body, /the database /)
			assert.match((await ledger.get('/accounts')).head, AWAY)
			await sleep(500)
			await postgres.start()
			while ((await ledger.get('/readyz')).status !== 200)
				await sleep(20)
			const metrics = (await ledger.get('/metrics')).body
			assert.match(metrics, /^usaged_database_connections_lost_total [1-9]/m)
			assert.match(metrics, /^usaged_database_connections_open [1-9]/m)
			assert.match(JSON.parse((await ledger.get('/health')).body).database, /^PostgreSQL .* connections, synchronous_commit on$/)
			assert.equal((await ledger.get('/accounts')).status, 200)
		}
	})
	t.diagnostic(`${sent} events, ${refused} requests were told to come again`)
	return sent
})

test('under the unit the server reaches its database again and again', options, async t => {
	const under = ['python3', join(top, 'tests/e2e/under_unit.py'), join(top, 'conf/systemd/usaged.service.in')]
	const probe = spawnSync(under[0], [...under.slice(1), 'true'], { encoding: 'utf8' })
	if (probe.status === 77)
		return t.skip(probe.stderr.trim())
	const ledger = new Ledger({ database: postgres.database() })
	try {
		await ledger.start(...under)
		for (let i = 0; i < 5; i++) {
			postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'usaged'")
			assert.equal((await ledger.get('/readyz')).status, 200, ledger.log)
			assert.equal((await ledger.get('/accounts')).status, 200, ledger.log)
		}
		assert.deepEqual(await ledger.end('SIGTERM'), { code: 0, signal: null }, ledger.log)
	} finally {
		ledger.remove()
	}
})

test('standbys take over one after the other, with all that was acknowledged on two hosts', options, async t => {
	const FAILOVERS = 3
	let primary = new Postgres(), standby
	primary.start()
	const { name } = primary.database()
	standby = new Postgres([], primary)
	standby.follow(primary)
	const address = `postgresql:///${name}?host=${primary.folder},${standby.folder}&user=usaged&target_session_attrs=read-write`
	const ledger = new Ledger({ database: { address, sql: text => primary.sql(text, name) }, ledger: 'busy_timeout_ms = 3000' })
	const hosts = [ledger, ledger.host()], voided = []
	const until = async answer => {
		while (await answer() !== 200)
			await sleep(50)
	}
	try {
		const account = ledger.account('One')
		for (const host of hosts)
			await host.start()
		const { sent, refused } = await under(ledger, account, async () => {
			for (let i = 0; i < FAILOVERS; i++) {
				await sleep(500)
				// what is acknowledged just before the end is there after it, and is done once
				const void_ = () => hosts[i % 2].get(`/events/${i}/void?source=${encodeURIComponent('/sender/0')}`, { method: 'POST', body: 'reason=failover',
					env: { CONTENT_TYPE: 'application/x-www-form-urlencoded' } })
				const first = await void_()
				assert.ok([200, 201].includes(first.status), first.head + first.body)
				await primary.stop('SIGKILL')
				await sleep(300)
				for (const host of hosts)
					assert.match((await host.get('/readyz')).head, AWAY)
				standby.promote();
				[primary, standby] = [standby, primary]
				for (const host of hosts)
					await until(async () => (await host.get('/readyz')).status)
				await until(async () => (await void_()).status)
				voided.push(i)
				standby.follow(primary)
			}
		}, hosts)
		t.diagnostic(`${sent} events, ${refused} requests were told to come again`)
		assert.deepEqual(ledger.sql('SELECT count(*) FROM event WHERE correction IS NULL'), [[sent]])
		assert.deepEqual(ledger.sql('SELECT count(*), count(DISTINCT event) FROM correction'), [[FAILOVERS, FAILOVERS]])
		assert.deepEqual(ledger.sql("SELECT sum(m.count) FROM total_month m JOIN category c ON c.id = m.category WHERE c.name = 'calls-inbound'"), [[sent - FAILOVERS]])
		assert.match(ledger.run('verify'), new RegExp(`^${sent + FAILOVERS} events, 0 differences`))
		for (const host of hosts)
			assert.deepEqual(await host.end('SIGTERM'), { code: 0, signal: null }, host.log)
	} finally {
		hosts.forEach(host => host.remove())
		primary.remove()
		standby.remove()
	}
})

// What was lost may be asked for again under its old names, and its ids belong to something else by then.
test('a standby without the last commits takes over: nothing is kept under ids that it has lost', options, async () => {
	const primary = new Postgres()
	primary.start()
	const { name } = primary.database(), standby = new Postgres([], primary)
	let running = primary
	const sql = text => running.sql(text, name)
	const address = `postgresql:///${name}?host=${primary.folder},${standby.folder}&user=usaged&target_session_attrs=read-write`
	const ledger = new Ledger({ database: { address, sql } })
	const other = ledger.host()
	try {
		const [one, two] = [ledger.account('One'), ledger.account('Two')]
		await ledger.start()
		assert.equal((await ledger.post(event(two, '/two', 0))).status, 200)
		standby.copy(primary)
		assert.equal((await ledger.post(event(one, '/one', 1))).status, 200)
		await primary.stop('SIGKILL')
		standby.start()
		standby.promote()
		running = standby
		await other.start()
		// the lost ids are given to others
		for (let i = 0; i < 20; i++)
			assert.equal((await other.post(event(two, `/two/${i}`, i))).status, 200)
		let answer
		for (let tries = 0; (answer = await ledger.post(event(one, '/one', 2))).status !== 200; tries++) {
			assert.match(answer.head, AWAY)
			assert.ok(tries < 100, answer.head + answer.body)
			await sleep(50)
		}
		assert.deepEqual(sql("SELECT s.text, a.name FROM event e JOIN source s ON s.id = e.source JOIN account a ON a.id = e.account WHERE e.id = '2' AND a.name = 'One'"), [['/one', 'One']])
		assert.match(ledger.run('verify'), /^22 events, 0 differences/)
		for (const host of [ledger, other])
			assert.deepEqual(await host.end('SIGTERM'), { code: 0, signal: null }, host.log)
	} finally {
		ledger.remove()
		other.remove()
		primary.remove()
		standby.remove()
	}
})

served('a database that hangs: the server says so, is alive, and goes on with it', async (ledger, account, t) => {
	let slowest = 0, first = 0
	const { sent, refused } = await under(ledger, account, async () => {
		await sleep(300)
		postgres.pause()
		const began = Date.now()
		for (let told = false; !told;) {
			const before = Date.now()
			assert.equal((await ledger.get('/healthz')).status, 200)
			slowest = Math.max(slowest, Date.now() - before)
			await sleep(100)
			if (Date.now() - began > 40000) {
				assert.match((await ledger.get('/readyz')).head, AWAY)
				const asked = Date.now()
				assert.match((await ledger.get('/accounts')).head, AWAY)
				first = Date.now() - asked
				told = true
			}
		}
		postgres.resume()
		while ((await ledger.get('/readyz')).status !== 200)
			await sleep(50)
	})
	t.diagnostic(`${sent} events, ${refused} requests were told to come again; /healthz took up to ${slowest} ms, a refusal at the end ${first} ms`)
	assert.ok(slowest < 1000)
	return sent
})
