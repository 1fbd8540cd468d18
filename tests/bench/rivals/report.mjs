// report.mjs - usage by day, as in Twilio's API, from plain tables (tables.sql) with Node and better-sqlite3: one of the programs that usaged is
// measured against.
//
//   node report.mjs DATABASE SOCKET PROCESSES
import cluster from 'node:cluster'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import Database from 'better-sqlite3'

const [file, socket, processes] = process.argv.slice(2)
const PATH = /^\/2010-04-01\/Accounts\/(AC[0-9a-f]{32})\/Usage\/Records\/Daily\.json$/
const LINKS = { all_time: 'AllTime', today: 'Today', yesterday: 'Yesterday', this_month: 'ThisMonth', last_month: 'LastMonth',
	daily: 'Daily', monthly: 'Monthly', yearly: 'Yearly' }
const DAY_MS = 86400000

if (cluster.isPrimary) {
	for (let i = 0; i < Number(processes); i++) cluster.fork()
} else {
	serve()
}

function serve() {
	const db = new Database(file, { readonly: true, fileMustExist: true })
	db.pragma('mmap_size = 268435456')
	const statements = {
		key: db.prepare('SELECT account FROM key WHERE hash = ?').pluck(),
		account: db.prepare('SELECT id, sid, currency, first_day FROM account WHERE sid = ?'),
		listed: db.prepare(`SELECT c.id, c.name, c.description, c.count_unit, c.usage_unit FROM listed l JOIN category c ON c.id = l.category
			WHERE l.account = ? ORDER BY c.name`),
		sums: db.prepare(`SELECT day, category, sum(count) AS count, sum(usage) AS usage, sum(price) AS price FROM sums
			WHERE account IN (SELECT id FROM account WHERE id = @account OR parent = @account) AND day BETWEEN @from AND @to
			GROUP BY day, category`),
	}

	createServer((request, response) => {
		const [status, answer] = respond(statements, request)
		const body = Buffer.from(JSON.stringify(answer))
		response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length })
		response.end(body)
	}).listen(socket)
}

function respond(statements, request) {
	const url = new URL(request.url, 'http://localhost')
	const path = PATH.exec(url.pathname)
	const account = path && statements.account.get(path[1])
	if (!account) return [404, { code: 20404, message: 'There is no such page' }]
	if (statements.key.get(keyHash(request)) !== account.id) return [401, { code: 20003, message: 'Sign in' }]
	const size = Number(url.searchParams.get('PageSize') ?? 50)
	const page = Number(url.searchParams.get('Page') ?? 0)
	if (!(size >= 1 && size <= 1000 && page >= 0)) return [400, { code: 20001, message: 'PageSize or Page is out of range' }]
	return [200, daily(statements, account, page, size)]
}

function keyHash(request) {
	const [, encoded = ''] = (request.headers.authorization ?? '').split(' ')
	const login = Buffer.from(encoded, 'base64').toString()
	return createHash('sha256').update(login.slice(login.indexOf(':') + 1)).digest('hex')
}

// The days come newest first, and each has all categories.
function daily(statements, account, page, size) {
	const categories = statements.listed.all(account.id)
	const today = Math.floor(Date.now() / DAY_MS)
	const start = page * size
	const all = (today - account.first_day + 1) * categories.length
	const end = Math.min(start + size, all)
	const dayOf = (row) => today - Math.floor(row / categories.length)
	const sums = new Map()
	for (const sum of statements.sums.iterate({ account: account.id, from: dayOf(end - 1), to: dayOf(start) })) {
		sums.set(sum.day * 100000 + sum.category, sum)
	}

	const base = `/2010-04-01/Accounts/${account.sid}/Usage/Records/`
	const uri = (number) => `${base}Daily.json?PageSize=${size}&Page=${number}`
	const links = new Map()
	const asOf = new Date().toISOString().slice(0, 19) + '+00:00'
	const records = []
	for (let row = start; row < end; row++) {
		const category = categories[row % categories.length]
		const date = new Date(dayOf(row) * DAY_MS).toISOString().slice(0, 10)
		const sum = sums.get(dayOf(row) * 100000 + category.id) ?? { count: 0, usage: 0, price: 0 }
		const total = category.name === 'totalprice'
		if (!links.has(category.id)) links.set(category.id, subresources(base, category.name))
		records.push({
			category: category.name,
			description: category.description,
			account_sid: account.sid,
			start_date: date,
			end_date: date,
			as_of: asOf,
			count: total ? null : String(sum.count),
			count_unit: category.count_unit,
			usage: String(total ? sum.price / 1e9 : sum.usage / 1e6),
			usage_unit: total ? account.currency : category.usage_unit,
			price: sum.price / 1e9,
			price_unit: account.currency,
			api_version: '2010-04-01',
			uri: `${base}Daily.json?Category=${category.name}&StartDate=${date}&EndDate=${date}`,
			subresource_uris: links.get(category.id),
		})
	}
	return {
		page,
		page_size: size,
		uri: uri(page),
		first_page_uri: uri(0),
		previous_page_uri: page > 0 ? uri(page - 1) : null,
		next_page_uri: end < all ? uri(page + 1) : null,
		start,
		end: end - 1,
		usage_records: records,
	}
}

function subresources(base, category) {
	return Object.fromEntries(Object.entries(LINKS).map(([name, path]) => [name, `${base}${path}.json?Category=${category}`]))
}
