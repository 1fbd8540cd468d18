// soak_report.test.mjs - the verdict of `make soak` on growth.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columns, growth, median, picture, pictures, quantile, table, trend, trends } from '../bench/soak_report.mjs'

const sample = (minute, more = {}) => ({ minute, own: 50, all: 80, descriptors: 400, ledger: minute, wal: 16, perSecond: 900, event: 12, page: 40, faults: [], ...more })
const samples = (n, more) => Array.from({ length: n }, (_, i) => sample(i, more(i)))

test('what stays as it is has not grown, whatever its peaks', () => {
	assert.deepEqual(growth(samples(30, i => ({ own: i % 7 ? 50 : 200 }))), [])
})

test('each thing that must not grow is told when it does', () => {
	for (const [member, name, most] of columns.filter(c => c[2] !== null)) {
		assert.deepEqual(growth(samples(30, i => ({ [member]: 100 + i * most / 30 }))), [], `${name} grew a little`)
		const told = growth(samples(30, i => ({ [member]: 100 + i * most / 10 })))
		assert.equal(told.length, 1)
		assert.match(told[0], new RegExp(`^${name} grew from \\d`))
	}
})

test('the log may grow while the ledger is read from end to end, but not otherwise', () => {
	assert.deepEqual(growth(samples(30, i => ({ wal: i % 3 ? 16 : 16 + i * 100, reads: i % 3 === 0 }))), [])
	assert.match(growth(samples(30, i => ({ wal: i % 3 ? 16 + i * 100 : 16, reads: i % 3 === 0 })))[0], /^log MB grew/)
})

test('the ledger may grow, and few samples say nothing', () => {
	assert.deepEqual(growth(samples(30, i => ({ ledger: i * 1000 }))), [])
	assert.deepEqual(growth(samples(5, i => ({ own: i * 1000 }))), [])
})

test('the picture is as wide as it may be, and has its highest bar where the highest value is', () => {
	assert.equal(picture([0, 1, 2, 4]), '▁▃▅█')
	assert.equal(picture(Array(1000).fill(3)).length, 59)
	assert.equal(picture([0, 0]), '▁▁')
	assert.equal(pictures(samples(9, () => ({}))).split('\n').length, columns.length)
})

test('the table has a row for each sample', () => {
	const lines = table([sample(0), sample(1, { faults: ['kill', 'lock'] })]).split('\n')
	assert.equal(lines.length, 3)
	assert.match(lines[2], /^ +1\.0 .* kill lock$/)
})

test('medians and quantiles', () => {
	assert.equal(median([5, 1, 3]), 3)
	assert.equal(median([]), 0)
	assert.equal(quantile([1, 2, 3, 4, 100], 0.95), 100)
	assert.equal(quantile([], 0.95), 0)
})

const rest = (minute, own, descriptors = 47) => ({ minute, own, all: own + 20, descriptors })

test('a trend is what grows from the first rest to the last one, whatever one of them is', () => {
	const steady = Array.from({ length: 12 }, (_, i) => rest(10 * i, 50 + (i % 2) * 3))
	assert.ok(Math.abs(trend(steady, 'own')) < 3)
	const growing = Array.from({ length: 12 }, (_, i) => rest(10 * i, 50 + i / 2 + (i === 6 ? 100 : 0)))
	assert.ok(Math.abs(trend(growing, 'own') - 5.5) < 0.1)
	assert.equal(trend([rest(1, 50)], 'own'), 0)
})

test('the trends that are judged are those of memory and of descriptors', () => {
	const rests = Array.from({ length: 12 }, (_, i) => rest(10 * i, 50 + i, 40 + i))
	assert.deepEqual(trends(rests).map(t => [t.name, t.growth > t.most]), [['memory MB', true], ['descriptors', true]])
	assert.ok(trends(rests.map(r => ({ ...r, own: 50, descriptors: 47 }))).every(t => t.growth <= t.most))
})
