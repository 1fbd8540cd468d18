// run.mjs - runs the tests against the server that USAGED_CREDENTIALS describes:
//
//   USAGED_CREDENTIALS=var/credentials node run.mjs [together | alone | stored-together | stored-alone | FILE...]
//
// Suites that have a ledger of their own or only read, use no browser and measure no time run together, one for each processor;
// the others one after the other. "stored" are those of either whose answers depend on what the ledger stores, and not only on how it is told.
//
// Libraries that make their own connections find the server's certificate through NODE_EXTRA_CA_CERTS, which Node reads
// only when it starts: hence this step.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCredentials } from './harness.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const suites = names => names.map(name => join(here, `${name}.test.mjs`))
const together = suites(['clock', 'damage', 'device', 'formats', 'intake', 'late', 'links', 'sandbox', 'sdk_lines', 'servicestack_clients',
	'types', 'unit', 'webhooks'])
const alone = readdirSync(here).filter(f => f.endsWith('.test.mjs')).sort().map(f => join(here, f)).filter(f => !together.includes(f))
const stored = suites(['accounts', 'admin', 'apart', 'clock', 'damage', 'device', 'dimensions', 'events', 'families', 'feeds', 'find', 'formats', 'intake',
	'late', 'links', 'people', 'random', 'reports', 'roles', 'sandbox', 'servicestack', 'sims', 'triggers', 'twilio', 'unit', 'webhooks', 'work'])
const { CA_CERT } = readCredentials()

function run(files, atOnce) {
	const { status } = spawnSync(process.execPath, ['--test', `--test-concurrency=${atOnce}`, ...files],
		{ stdio: 'inherit', env: { ...process.env, NODE_EXTRA_CA_CERTS: CA_CERT } })
	return status ?? 1
}

const args = process.argv.slice(2)
const isStored = file => stored.includes(file)
const runs = { together: () => run(together, availableParallelism()), alone: () => run(alone, 1),
	'stored-together': () => run(together.filter(isStored), availableParallelism()), 'stored-alone': () => run(alone.filter(isStored), 1) }
process.exit(args[0] in runs ? runs[args[0]]() : run(args.length ? args.map(f => resolve(f)) : [...together, ...alone], 1))
