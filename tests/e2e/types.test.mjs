// types.test.mjs - the source text of /types in each language, compiled or run where a compiler is to be had, else parsed: the
// server's own, and the golden ones, which have one of everything.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { JsonServiceClient } from '@servicestack/client'
import { Language, Parser } from 'web-tree-sitter'
import { day, env, plusDays, send, sids } from './harness.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const languages = ['csharp', 'typescript', 'mjs', 'python', 'java', 'kotlin', 'swift', 'dart', 'fsharp', 'vbnet', 'php', 'go', 'typescript.d']
const range = { startDate: plusDays(day(new Date()), -40), endDate: plusDays(day(new Date()), -1) }
const texts = {}, golden = {}
let operations, usage, minutes, work

const client = () => {
	const c = new JsonServiceClient(env.BASE_URL)
	c.setCredentials(env.ADMIN_USER, env.ADMIN_PASSWORD)
	return c
}

before(async () => {
	work = mkdtempSync(join(tmpdir(), 'usaged-types.'))
	symlinkSync(join(here, 'node_modules'), join(work, 'node_modules'))
	operations = (await send('/operations', { as: 'admin' })).json.operations.filter(o => o.dialect === 'servicestack')
	usage = (await send(`/billing/usage?${new URLSearchParams({ accountId: sids.main, ...range })}`, { as: 'admin' })).text
	minutes = (await send(`/ai/usage?${new URLSearchParams({ accountId: sids.main, ...range })}`, { as: 'admin' })).text
	for (const language of languages) {
		const answer = await send(`/types/${language}`)
		assert.equal(answer.status, 200, language)
		texts[language] = answer.text
		golden[language] = readFileSync(join(here, `../golden/types/${language}.txt`), 'utf8')
	}
})
after(() => work && rmSync(work, { recursive: true }))

// A folder with FILES, for one compiler.
function folder(name, files) {
	const path = join(work, name)
	for (const [file, text] of Object.entries(files)) {
		mkdirSync(dirname(join(path, file)), { recursive: true })
		writeFileSync(join(path, file), text)
	}
	return path
}

function run(cwd, command, args, input = '') {
	const r = spawnSync(command, args, { cwd, input, encoding: 'utf8', timeout: 600000, env: { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=mod', GOCACHE: join(work, 'go-cache') } })
	assert.equal(r.status, 0, `${command} ${args.join(' ')}: ${r.error ?? ''}\n${r.stdout}${r.stderr}`)
	return r.stdout
}

const has = command => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

// A test that needs COMMAND; without it, it says so.
const needs = (command, name, body) => test(name, t => has(command) ? body(t) : t.skip(`${command} is not here`))

// Both texts of a language.
const both = language => [['served', texts[language]], ['golden', golden[language]]]

describe('what /types answers', () => {
	test('names every language', async () => {
		const { json } = await send('/types')
		assert.deepEqual(Object.keys(json).sort(), [...languages].sort())
		for (const [name, url] of Object.entries(json))
			assert.equal(url, `${env.BASE_URL}/types/${name}`)
	})
	test('is plain text, but JavaScript for mjs', async () => {
		for (const language of languages)
			assert.match((await send(`/types/${language}`)).headers['content-type'], language === 'mjs' ? /^text\/javascript/ : /^text\/plain/)
	})
	test('says where it comes from', () => {
		for (const language of languages)
			assert.match(texts[language], new RegExp(`BaseUrl: ${env.BASE_URL.replaceAll('.', '\\.')}\n`), language)
	})
	test('is asked for in any case and with a suffix', async () => {
		const undated = text => text.replace(/Date: .*/, '')
		for (const path of ['/types/CSharp', '/types/csharp.cs', '/Types/csharp/'])
			if (path.endsWith('/'))
				assert.ok([302, 404].includes((await send(path)).status))
			else
				assert.equal(undated((await send(path)).text), undated(texts.csharp), path)
		assert.equal(undated((await send('/types/typescript.d.ts')).text), undated(texts['typescript.d']))
	})
	test('goes by its other names, too', async () => {
		const undated = text => text.replace(/Date: .*/, '')
		for (const [name, other] of [['mjs', 'js'], ['swift', 'swift4']])
			assert.equal(undated((await send(`/types/${other}`)).is(200).text), undated(texts[name]))
	})
	test('has every operation, parameter and field of the tables in every language', () => {
		const flat = text => text.replaceAll('_', '').toLowerCase()
		for (const language of languages)
			for (const o of operations) {
				const names = [o.id, ...o.parameters.map(p => p.name), ...o.returns.filter(f => !/^responseStatus\b/i.test(f.path)).map(f => f.path.replace(/^.*[\].]\.?/, '')).filter(n => n)]
				for (const name of names)
					assert.ok(flat(texts[language]).includes(flat(name)), `${language} lacks ${o.id}'s ${name}`)
			}
	})
	test('holds what IncludeTypes says, and no more', async () => {
		for (const language of languages) {
			const { text } = await send(`/types/${language}?IncludeTypes=GetAIUsage.*`)
			assert.match(text, /AICustomerUsage/, language)
			assert.doesNotMatch(text, /UsageRecordInfo|ListUsageRecords/, language)
			assert.match(text, /\n'?IncludeTypes: GetAIUsage\.\*\n/, language)
		}
	})
	test('refuses options that are no identifiers, by name', async () => {
		for (const option of ['IncludeTypes', 'ExcludeTypes', 'GlobalNamespace', 'Package', 'MakePropertiesOptional', 'AddServiceStackTypes']) {
			const { status, text } = await send(`/types/csharp?${option}=${encodeURIComponent('*/ class X {}')}`)
			assert.equal(status, 400, option)
			assert.match(text, new RegExp(option))
		}
	})
	test('is 404 for a language that it does not have', async () => {
		assert.equal((await send('/types/cobol')).status, 404)
	})
})

// ---- TypeScript and JavaScript ----

const program = `
import { JsonServiceClient } from '@servicestack/client'
import { ListUsageRecords, GetAIUsage, UsageRecordInfo, AIUsage } from './dtos'

const client = new JsonServiceClient(process.argv[2])
client.setCredentials(process.argv[3], process.argv[4])
const asked = { accountId: process.argv[5], startDate: process.argv[6], endDate: process.argv[7] }
const list: UsageRecordInfo[] = await client.get(new ListUsageRecords(asked))
const price: number = list.reduce((sum, r) => sum + r.price, 0)
const api = await client.api(new GetAIUsage(asked))
const used: AIUsage = api.response!
const failed = await client.api(new GetAIUsage({ ...asked, startDate: '2026-02-02', endDate: '2026-01-01' }))
console.log(JSON.stringify({ list, used, price, failed: failed.error?.errorCode }))
`

function assertAnswers(printed) {
	const { list, used, failed } = typeof printed === 'string' ? JSON.parse(printed) : printed
	assert.deepEqual(list, JSON.parse(usage))
	assert.deepEqual(used, JSON.parse(minutes))
	assert.equal(failed, 'ArgumentException')
}

describe('the types', () => {
	const tsc = ['--strict', '--target', 'es2022', '--module', 'es2022', '--moduleResolution', 'bundler', '--skipLibCheck', '--declaration']
	const compiler = join(here, 'node_modules/typescript/bin/tsc')

	test('TypeScript compiles strictly, and its program calls this server', () => {
		const dir = folder('typescript', { 'dtos.ts': texts.typescript, 'program.ts': `declare const process: any\n${program}`, 'golden.ts': golden.typescript, 'package.json': '{"type":"module"}' })
		run(dir, process.execPath, [compiler, ...tsc, 'program.ts', 'golden.ts'])
		writeFileSync(join(dir, 'program.js'), readFileSync(join(dir, 'program.js'), 'utf8').replace("'./dtos'", "'./dtos.js'"))
		assertAnswers(run(dir, process.execPath, ['program.js', env.BASE_URL, env.ADMIN_USER, env.ADMIN_PASSWORD, sids.main, range.startDate, range.endDate]))
	})
	test("TypeScript compiles with the client library's own types, in a namespace, with all optional", async () => {
		const files = {}
		for (const [name, query] of [['library', 'AddServiceStackTypes=False'], ['space', 'GlobalNamespace=Usage'], ['optional', 'MakePropertiesOptional=True']])
			files[`${name}.ts`] = (await send(`/types/typescript?${query}`)).text
		run(folder('typescript-options', files), process.execPath, [compiler, ...tsc, ...Object.keys(files)])
	})
	test('declarations fit the objects of a program, whoever brings IReturn', async () => {
		const use = `
			import type { AIUsage, GetAIUsage, ListUsageRecords, UsageRecordInfo } from './dtos'
			export const ask: GetAIUsage = { startDate: '2026-01-01', endDate: '2026-01-31' }, list: ListUsageRecords = {}
			export const minutes = (r: UsageRecordInfo, a: AIUsage): number => r.count + a.accountUsage[0]!.aiMinutes`
		for (const [name, query] of [['own', ''], ['library', '?AddServiceStackTypes=False'], ['space', '?GlobalNamespace=Usage']]) {
			const files = { 'dtos.d.ts': (await send(`/types/typescript.d${query}`)).text, 'golden.d.ts': golden['typescript.d'], 'use.ts': name === 'space' ? 'export {}' : use }
			run(folder(`declarations-${name}`, files), process.execPath, [compiler, ...tsc.filter(o => o !== '--skipLibCheck'), ...Object.keys(files)])
		}
	})
	test('JavaScript (mjs) is loaded, and calls this server', async () => {
		const dir = folder('mjs', { 'dtos.mjs': texts.mjs, 'golden.mjs': golden.mjs })
		const { ListUsageRecords, GetAIUsage } = await import(pathToFileURL(join(dir, 'dtos.mjs')))
		const asked = { accountId: sids.main, ...range }
		const failed = await client().api(new GetAIUsage({ ...asked, startDate: '2026-02-02', endDate: '2026-01-01' }))
		assertAnswers({ list: await client().get(new ListUsageRecords(asked)), used: (await client().api(new GetAIUsage(asked))).response, failed: failed.error.errorCode })
		assert.equal(new (await import(pathToFileURL(join(dir, 'golden.mjs')))).FindOrders({ class: 'x' }).class, 'x')
	})

	// ---- Python ----

	// Debian's, if another one comes first in PATH.
	const python = ['/usr/bin/python3', 'python3'].find(p => spawnSync(p, ['-c', 'import dataclasses_json']).status === 0)

	test('Python is imported, and reads and writes what this server answers', t => {
		if (!python)
			return t.skip('python3-dataclasses-json is not here')
		const dir = folder('python', {
			'servicestack.py': 'from typing import Generic, TypeVar\nT = TypeVar("T")\nclass IReturn(Generic[T]): pass\n' +
				['IReturnVoid', 'IGet', 'IPost', 'IPut', 'IDelete', 'IPatch'].map(n => `class ${n}: pass\n`).join(''),
			'dtos.py': texts.python, 'golden.py': golden.python,
			'program.py': `
import json, sys
from dtos import *
import golden
list, used = json.load(sys.stdin)
records = UsageRecordInfo.schema().load(list, many=True)
assert records[0].account_sid == list[0]["accountSid"] and str(records[0].usage) == list[0]["usage"]
asked = GetAIUsage(account_id="AC1", start_date="2024-01-01")
assert json.loads(asked.to_json()) == {"accountId": "AC1", "customerId": None, "startDate": "2024-01-01", "endDate": None, "timeZone": None}
assert AIUsage.from_dict(used).to_dict() == used
assert golden.FindOrders(class_="x").to_dict()["class"] == "x"
assert golden.Order.from_dict({"in": 3, "yield": True, "is": {"class": "y"}}).is_.class_ == "y"
print(len(records))
` })
		run(dir, python, ['-W', 'error::SyntaxWarning', '-m', 'py_compile', 'dtos.py', 'golden.py'])
		assert.equal(+run(dir, python, ['program.py'], `[${usage},${minutes}]`), JSON.parse(usage).length)
	})

	// ---- Java ----

	const javaStub = (path, text) => [`${path}.java`, `package ${dirname(path).replaceAll('/', '.')};\n${text}\n`]
	const attribute = (name, members) => javaStub(`net/servicestack/client/${name}`,
		`@java.lang.annotation.Retention(java.lang.annotation.RetentionPolicy.RUNTIME) public @interface ${name} { ${members} }`)
	const javaStubs = Object.fromEntries([
		javaStub('net/servicestack/client/IReturn', 'public interface IReturn<T> { Object getResponseType(); }'),
		...['Get', 'Post', 'Put', 'Delete', 'Patch'].map(v => javaStub(`net/servicestack/client/I${v}`, `public interface I${v} { }`)),
		attribute('Route', 'String value() default ""; String Path() default ""; String Verbs() default "";'),
		attribute('Api', 'String Description() default "";'),
		attribute('ApiMember', 'String Description() default ""; boolean IsRequired() default false;'),
		javaStub('com/google/gson/annotations/SerializedName', 'public @interface SerializedName { String value(); }'),
		javaStub('com/google/gson/reflect/TypeToken', 'public class TypeToken<T> { public java.lang.reflect.Type getType() { return getClass().getGenericSuperclass(); } }'),
	])

	needs('javac', 'Java compiles (javac), and its program runs', () => {
		const dir = folder('java', {
			...javaStubs, 'dtos.java': texts.java, 'golden/dtos.java': `package golden;\n${golden.java}`,
			'Program.java': `
public class Program {
	public static void main(String[] args) {
		dtos.GetAIUsage asked = new dtos.GetAIUsage().setAccountId("AC1").setStartDate("2024-01-01");
		net.servicestack.client.IReturn<dtos.AIUsage> request = asked;
		System.out.println(asked.accountId + " " + request.getResponseType() + " " + new dtos.ListUsageRecords().getResponseType());
	}
}` })
		run(dir, 'javac', ['-Xlint:all', '-Werror', '-d', 'out', 'Program.java', 'dtos.java', 'golden/dtos.java'])
		assert.match(run(dir, 'java', ['-cp', 'out', 'Program']), /^AC1 class dtos\$AIUsage .*ArrayList<dtos\$UsageRecordInfo>/)
	})

	// ---- .NET ----

	const marks = ['Get', 'Post', 'Put', 'Delete', 'Patch']

	needs('mcs', 'C# compiles (mcs)', () => {
		const stubs = `
namespace System.Runtime.Serialization { class Stub { } }
namespace ServiceStack.DataAnnotations { class Stub { } }
namespace ServiceStack {
	public interface IReturn<T> { }
	${marks.map(v => `public interface I${v} { }`).join(' ')}
	public class RouteAttribute : System.Attribute { public RouteAttribute(string path) { } public RouteAttribute(string path, string verbs) { } }
	public class ApiAttribute : System.Attribute { public string Description { get; set; } }
	public class ApiMemberAttribute : System.Attribute { public string Description { get; set; } public bool IsRequired { get; set; } }
}
`
		for (const [name, text] of both('csharp'))
			run(folder(`csharp-${name}`, { 'dtos.cs': text, 'stubs.cs': stubs }), 'mcs', ['-noconfig', '-warnaserror', '-doc:dtos.xml', '-nowarn:1591', '-target:library', '-out:dtos.dll', 'dtos.cs', 'stubs.cs'])
	})

	test('F# compiles (fable-standalone)', async () => {
		const stubs = `
namespace System.Runtime.Serialization
type Stub() = class end
namespace ServiceStack.DataAnnotations
type Stub() = class end
namespace ServiceStack
[<AllowNullLiteral>]
type IReturn<'T> = interface end
${marks.map(v => `[<AllowNullLiteral>]\ntype I${v} = interface end`).join('\n')}
type RouteAttribute(path:string, verbs:string) =
    inherit System.Attribute()
    new(path) = RouteAttribute(path, "")
type ApiAttribute() =
    inherit System.Attribute()
    member val Description:string = null with get,set
type ApiMemberAttribute() =
    inherit System.Attribute()
    member val Description:string = null with get,set
    member val IsRequired:bool = false with get,set
`
		const assemblies = join(here, 'node_modules/fable-metadata/lib')
		await import('fable-standalone')
		const fable = globalThis.__FABLE_STANDALONE__.init()
		const names = readdirSync(assemblies).map(n => n.replace(/\.dll$/, ''))
		const checker = fable.CreateChecker(names, n => new Uint8Array(readFileSync(join(assemblies, `${n.replace(/^.*\/|\.dll$/g, '')}.dll`))), [], '')
		const errors = text => fable.GetErrors(fable.ParseAndCheckProject(checker, 'types.fsproj', ['stubs.fs', 'dtos.fs'], [stubs, text], ''))
			.filter(e => !e.IsWarning).map(e => `${e.FileName}:${e.StartLine}: ${e.Message}`)
		for (const [name, text] of both('fsharp'))
			assert.deepEqual(errors(text), [], name)
		assert.notDeepEqual(errors(texts.fsharp.replace(':int = 0', ':int = 0M')), [], 'the compiler finds faults')
	})

	// There is no compiler or grammar of it to be had: its lines are all of these forms, and its blocks close.
	test('VB.NET has known lines alone (no compiler here)', () => {
		const name = '(?:\\[\\w+\\]|\\w+)', type = '(?:String|Integer\\??|Decimal\\??|Boolean\\??|\\w+|List\\(Of \\w+\\))', string = '"(?:[^"]|"")*"'
		const forms = [/^'.*$/, /^$/, /^Imports [\w.]+$/, `^<Route\\(${string}(, ${string})?\\)>$`, `^<Api\\(Description:=${string}\\)>$`,
			`^<ApiMember\\(Description:=${string}(, IsRequired:=True)?\\)>$`, /^(?:End )?(?:Namespace|Class)(?: [\w.]+)?$/, `^Public Partial Class ${name}$`,
			`^Implements (?:IReturn\\(Of ${type}\\)|I\\w+)$`, `^Public Overridable Property ${name} As ${type}( = New ${type})?$`].map(f => new RegExp(f))
		for (const [which, text] of both('vbnet')) {
			const open = []
			for (const line of text.split('\n').map(l => l.trim())) {
				assert.ok(forms.some(f => f.test(line)), `${which}: ${line}`)
				const [, word] = /^(?:Public Partial )?(Namespace|Class) \S/.exec(line) ?? []
				if (word)
					open.push(word)
				if (line.startsWith('End '))
					assert.equal(line, `End ${open.pop()}`)
				assert.doesNotMatch(line, /Property (Class|In|Is) /)
			}
			assert.deepEqual(open, [])
		}
	})

	// ---- PHP, Go ----

	needs('php', 'PHP is loaded, and reads and writes what this server answers', () => {
		const stubs = `<?php namespace ServiceStack;
interface IReturn {} ${marks.map(v => `interface I${v} {}`).join(' ')}
#[\\Attribute] class Returns { public function __construct(public string $type) {} }
class JsonConverters {
	public static $space = 'dtos';
	public static function from(string $type, $o) { $class = self::$space . "\\\\$type"; $r = new $class(); $r->fromMap($o); return $r; }
	public static function fromArray(string $type, $list) { return array_map(fn($o) => self::from($type, $o), $list); }
	public static function to(string $type, $o) { return $o; }
	public static function toArray(string $type, $list) { return $list; }
}
`
		const dir = folder('php', {
			'stubs.php': stubs, 'dtos.php': texts.php, 'golden.php': golden.php.replace('namespace dtos;', 'namespace golden;'),
			'program.php': `<?php
require 'stubs.php'; require 'dtos.php'; require 'golden.php';
[$list, $used] = json_decode(file_get_contents('php://stdin'), true);
$records = ServiceStack\\JsonConverters::fromArray('UsageRecordInfo', $list);
$minutes = ServiceStack\\JsonConverters::from('AIUsage', $used);
$asked = new dtos\\GetAIUsage(accountId: 'AC1');
$order = new golden\\Order(in: 3, yield: true);
echo json_encode([$records, $minutes, $asked, $asked->getMethod(), get_class($asked->createResponse()), new dtos\\ListUsageRecords(), $order]);
` })
		for (const file of ['dtos.php', 'golden.php'])
			run(dir, 'php', ['-l', file])
		const [records, used, asked, method, type, nothing, order] = JSON.parse(run(dir, 'php', ['-d', 'error_reporting=-1', '-d', 'display_errors=1', 'program.php'], `[${usage},${minutes}]`))
		assert.deepEqual(records, JSON.parse(usage))
		assert.deepEqual(used, JSON.parse(minutes))
		assert.deepEqual([asked.accountId, method, type, nothing], ['AC1', 'GET', 'dtos\\AIUsage', {}])
		assert.deepEqual([order.in, order.yield], [3, true])
	})

	needs('go', 'Go is vetted and formatted, and reads and writes what this server answers, digit by digit', () => {
		const dir = folder('go', {
			'go.mod': 'module example\n\ngo 1.19\n', 'dtos/dtos.go': texts.go, 'golden/golden.go': golden.go.replace('package dtos', 'package golden'),
			'main.go': `package main

import (
	"encoding/json"
	"os"

	"example/dtos"
	"example/golden"
)

type request interface{ ResponseType() interface{} }

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, asked := range []request{&dtos.ListUsageRecords{}, &dtos.GetAIUsage{}} {
		answer := asked.ResponseType()
		if err := in.Decode(answer); err != nil {
			panic(err)
		}
		out.Encode(answer)
	}
	out.Encode(golden.FindOrders{Class: "x"})
}
` })
		assert.equal(run(dir, 'gofmt', ['-l', '.']), '')
		run(dir, 'go', ['vet', './...'])
		assert.equal(run(dir, 'go', ['run', '.'], `${usage}\n${minutes}\n`), `${usage.replaceAll(/"\w+":"",?/g, '')}\n${minutes}\n{"class":"x","pageSize":0}\n`)
	})

	// ---- parsed: no compiler to be had for little ----

	for (const [language, grammar] of [['swift', 'swift'], ['dart', 'dart'], ['kotlin', 'kotlin']])
		test(`${language[0].toUpperCase()}${language.slice(1)} parses (tree-sitter's grammar, no compiler here)`, async () => {
			await Parser.init()
			const parser = new Parser()
			parser.setLanguage(await Language.load(join(here, `node_modules/tree-sitter-wasms/out/tree-sitter-${grammar}.wasm`)))
			for (const [name, text] of both(language)) {
				const { rootNode } = parser.parse(text)
				const faults = rootNode.descendantsOfType('ERROR').map(n => `${n.startPosition.row + 1}: ${n.text}`)
				assert.deepEqual([rootNode.hasError, faults], [false, []], name)
				assert.ok(rootNode.descendantsOfType(['class_declaration', 'class_definition']).length >= 4)
			}
			assert.ok(parser.parse(texts[language].replace('{', '(')).rootNode.hasError, 'the grammar finds faults')
		})
})
