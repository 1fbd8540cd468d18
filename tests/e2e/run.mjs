// run.mjs - runs the tests against the server that USAGED_CREDENTIALS describes:
//
//   USAGED_CREDENTIALS=var/credentials node run.mjs [FILE...]
//
// Libraries that make their own connections find the server's certificate through NODE_EXTRA_CA_CERTS, which Node reads
// only when it starts: hence this step.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCredentials } from './harness.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const named = process.argv.slice(2).map(f => resolve(f))
const all = readdirSync(here).filter(f => f.endsWith('.test.mjs')).sort().map(f => join(here, f))
const { CA_CERT } = readCredentials()

const { status } = spawnSync(process.execPath, ['--test', ...(named.length ? named : all)],
	{ stdio: 'inherit', env: { ...process.env, NODE_EXTRA_CA_CERTS: CA_CERT } })
process.exit(status ?? 1)
