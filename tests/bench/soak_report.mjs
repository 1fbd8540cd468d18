// soak_report.mjs - what soak.mjs measured over time: a table, a picture in text, and a verdict on growth.

// The columns: [member of a sample, heading, most growth from the first third to the last one; null: it may grow]. A sample is taken under load: each
// password takes 64 MB while it is checked, and each request a descriptor. soak.mjs compares memory more closely while nothing is asked. The ledger's
// log can't begin anew while a verification or a backup reads: samples in which one read all the time (`reads`) don't say whether it grows.
export const columns = [
	['own', 'memory MB', 80],
	['all', 'with mapped files MB', null],
	['descriptors', 'descriptors', 200],
	['ledger', 'ledger MB', null],
	['wal', 'log MB', 256],
	['perSecond', 'requests/s', null],
	['event', 'event p95 ms', null],
	['page', 'page p95 ms', null],
]

export const median = list => {
	const sorted = [...list].sort((a, b) => a - b)
	return sorted.length ? sorted[Math.floor((sorted.length - 1) / 2)] : 0
}

export const quantile = (list, q) => {
	const sorted = [...list].sort((a, b) => a - b)
	return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] : 0
}

const number = n => n >= 100 ? n.toFixed(0) : n.toFixed(1)

const BARS = '▁▂▃▄▅▆▇█'

// One character a sample, at most WIDTH: each is the highest of the samples that it stands for. From 0 to the highest of all.
export function picture(values, width = 60) {
	const step = Math.max(1, Math.ceil(values.length / width)), high = Math.max(...values, 0)
	let text = ''
	for (let i = 0; i < values.length; i += step) {
		const value = Math.max(...values.slice(i, i + step))
		text += BARS[high > 0 ? Math.min(BARS.length - 1, Math.floor(value / high * BARS.length)) : 0]
	}
	return text
}

export function pictures(samples) {
	const heading = Math.max(...columns.map(c => c[1].length))
	return columns.map(([member, name]) => {
		const values = samples.map(s => s[member])
		return `${name.padEnd(heading)}  ${picture(values)}  ${number(Math.min(...values))} to ${number(Math.max(...values))}`
	}).join('\n')
}

export function table(samples) {
	const rows = [['minute', ...columns.map(c => c[1]), 'faults'],
		...samples.map(s => [s.minute.toFixed(1), ...columns.map(c => number(s[c[0]])), s.faults.join(' ')])]
	const widths = rows[0].map((_, i) => Math.max(...rows.map(row => row[i].length)))
	return rows.map(row => row.map((cell, i) => i === row.length - 1 ? cell : cell.padStart(widths[i])).join('  ').trimEnd()).join('\n')
}

// By how much MEMBER grows from the first sample to the last, by the median of the slopes between two samples: one odd sample changes nothing.
export function trend(samples, member) {
	const slopes = samples.flatMap((a, i) => samples.slice(i + 1).map(b => (b[member] - a[member]) / (b.minute - a.minute)))
	return slopes.length ? median(slopes) * (samples.at(-1).minute - samples[0].minute) : 0
}

// What the server held while nothing was asked: [member, heading, most growth by the trend].
export const restColumns = [['own', 'memory MB', 1.05], ['all', 'with mapped files MB', null], ['descriptors', 'descriptors', 0.5]]

export const restTable = rests => [['minute', ...restColumns.map(c => c[1])], ...rests.map(r => [r.minute.toFixed(1), ...restColumns.map(c => number(r[c[0]]))])]
	.map(row => row.map((cell, i) => cell.padStart(restColumns[i - 1]?.[1].length ?? 6)).join('  ')).join('\n')

export const trends = rests => restColumns.filter(c => c[2] !== null).map(([member, name, most]) => ({ name, most, growth: trend(rests, member) }))

// What grew too much: the median of the last third of the samples against that of the first third. Too few samples say nothing.
export function growth(samples) {
	const third = Math.floor(samples.length / 3)
	if (third < 2)
		return []
	return columns.filter(c => c[2] !== null).flatMap(([member, name, most]) => {
		const of = part => median(part.filter(s => member !== 'wal' || !s.reads).map(s => s[member]))
		const before = of(samples.slice(0, third)), after = of(samples.slice(-third))
		return after - before > most ? [`${name} grew from ${number(before)} to ${number(after)}; at most ${most} more are right`] : []
	})
}
