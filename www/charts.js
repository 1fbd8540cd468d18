// charts.js - draws the tables of a page as bars, with Chart.js. The numbers are those of the table, which stays as it is:
// <table data-chart="stacked|ranked" data-along=FIELD data-series=FIELD data-values="FIELD ...">, each column with its data-field;
// the picture comes into <figure class="chart" data-of=ID>. Nothing moves; nothing is loaded before a chart is near the window.
'use strict'

const LIBRARY = '/static/chart.js'
const OTHERS = 'others', COLOURS = 6
const MOST_BARS = 1000, MOST_RANKED = 8, MOST_COLOURED = 100

// ---- exact numbers: "-12.5" as text, added as whole numbers ----

const places = text => text.split('.')[1]?.length ?? 0
const scaled = (text, n) => BigInt(text.replace('.', '')) * 10n ** BigInt(n - places(text))

function add(a, b) {
	if (a === null || b === null) return a ?? b
	const n = Math.max(places(a), places(b)), sum = scaled(a, n) + scaled(b, n)
	const digits = (sum < 0n ? -sum : sum).toString().padStart(n + 1, '0')
	const text = n ? digits.slice(0, -n) + '.' + digits.slice(-n) : digits
	return (sum < 0n ? '-' : '') + (n ? text.replace(/\.?0+$/, '') : text)
}

const sum = list => list.reduce(add, null)
const format = new Intl.NumberFormat()
const point = format.formatToParts(1.5).find(p => p.type === 'decimal').value

// All the digits it has, in the reader's groups.
function grouped(text) {
	const [whole, fraction] = text.replace('-', '').split('.')
	return (text[0] === '-' ? '\u2212' : '') + format.format(BigInt(whole)) + (fraction ? point + fraction : '')
}

// ---- reading ----

// What a cell says, without its unit and the words below.
function said(cell) {
	let text = ''
	for (const node of cell?.childNodes ?? []) {
		if (node.className === 'sub' || node.className === 'unit') break
		text += node.dateTime ?? node.textContent
	}
	return text.trim()
}

function exact(cell) {
	const text = cell?.querySelector('data')?.value ?? said(cell)
	return /^-?\d+(\.\d+)?$/.test(text) ? text : null
}

// The table as bars, each of parts: exact[part][bar] is text, or null where there is nothing.
function read(table) {
	const { chart, along, series, values } = table.dataset
	const heads = [...table.tHead.rows[0].cells], column = name => heads.findIndex(h => h.dataset.field === name)
	const rows = [...table.tBodies].flatMap(b => [...b.rows]), at = column(along), named = series ? column(series) : -1, ranked = chart === 'ranked'
	const columns = values.split(' ').map(v => ({ at: column(v), name: heads[column(v)]?.textContent }))
	const model = { ranked, bars: [], parts: [], rows: rows.length, name: table.caption?.querySelector('b')?.textContent ?? '' }
	const bars = new Map(), parts = new Map()
	const unit = rows[0]?.cells[columns[0].at]?.querySelector('.unit')

	if (unit) model.unit = rows[0].cells[columns[0].at].classList.contains('c') ? unit.textContent.toUpperCase() : unit.textContent
	for (const row of ranked ? rows.slice(0, MOST_RANKED) : rows) {
		const bar = said(row.cells[at]), key = ranked ? bars.size : bar
		if (!bars.has(key)) bars.set(key, model.bars.push(bar) - 1)
		for (const c of columns) {
			const name = series ? said(row.cells[named]) : c.name, amount = exact(row.cells[c.at])
			if (amount === null) continue
			if (!parts.has(name)) parts.set(name, model.parts.push({ name, exact: [] }) - 1)
			const part = model.parts[parts.get(name)]
			part.exact[bars.get(key)] = add(part.exact[bars.get(key)] ?? null, amount)
		}
	}
	for (const part of model.parts) {
		part.exact = model.bars.map((_, i) => part.exact[i] ?? null)
		part.size = Number(sum(part.exact) ?? 0)
	}
	if (series) model.parts.sort((a, b) => (a.name === OTHERS) - (b.name === OTHERS) || b.size - a.size)
	return model
}

// ---- words ----

// "2026-11-01" among its neighbours: a day, a month, a year, an hour.
function wordsOf(bars) {
	const days = bars.map(b => Date.parse(b) / 86400000), n = bars.length
	const gap = n > 1 ? (days[n - 1] - days[0]) / (n - 1) : bars[0]?.length > 10 ? 0 : 1
	const say = options => { const f = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options }); return d => f.format(d * 86400000) }
	if (days.some(Number.isNaN)) return { short: bars, long: bars }
	const [short, long] = gap < 0.9 ? [{ hour: '2-digit', minute: '2-digit' }, { dateStyle: 'medium', timeStyle: 'short' }]
		: gap < 28 ? [{ day: 'numeric', month: 'short' }, { dateStyle: 'medium' }]
		: gap < 365 ? [{ month: 'short', year: 'numeric' }, { month: 'long', year: 'numeric' }] : [{ year: 'numeric' }, { year: 'numeric' }]
	return { short: days.map(say(short)), long: days.map(say(long)) }
}

const shortened = name => name.length > 22 ? /^[A-Z]{2}[0-9a-f]{32}$/.test(name) ? name.slice(0, 6) + '…' + name.slice(-4) : name.slice(0, 21) + '…' : name
const withUnit = (text, unit) => grouped(text) + (unit ? ' ' + unit : '')

function described(model, words) {
	const of = model.parts.length > 1 ? ` Each of ${model.parts.map(p => p.name).join(', ')}.` : ''
	const range = model.bars.length > 1 ? `${words.long[0]} to ${words.long.at(-1)}` : words.long[0]
	const what = model.ranked ? `The first ${model.bars.length} as bars` : `Bars for ${range}`
	return `${what}${model.unit ? `, in ${model.unit}` : ''}.${of} The numbers are in the table ${model.name}.`
}

// ---- colours: a name has the same one on every page, unless a chart has two names of that colour ----

function preference(name) {
	let hash = 18999508           // with it the usual categories differ
	for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 16777619)
	return (hash >>> 16) % (COLOURS - 1)
}

function colours(names) {
	const taken = new Map(names.includes(OTHERS) ? [[OTHERS, COLOURS - 1]] : [])
	for (const name of names.filter(n => n !== OTHERS).sort()) {
		let c = preference(name), tried = 0
		while ([...taken.values()].includes(c) && tried++ < COLOURS) c = (c + 1) % COLOURS
		taken.set(name, c)
	}
	return taken
}

const variable = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

// ---- drawing ----

function element(name, props = {}, ...children) {
	const e = Object.assign(document.createElement(name), props)
	e.append(...children)
	return e
}

function axes(model, words) {
	const line = variable('--rule'), ink = variable('--ink-2')
	const bars = { stacked: true, grid: { display: false }, border: { display: false }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 12,
		autoSkip: !model.ranked, callback: i => model.ranked ? shortened(words.short[i]) : words.short[i] } }
	const amounts = { stacked: true, beginAtZero: true, grid: { color: line, drawBorder: false }, ticks: { color: ink, maxTicksLimit: 6, maxRotation: 0,
		autoSkipPadding: 12, callback: v => format.format(v) } }
	return model.ranked ? { x: amounts, y: bars } : { x: bars, y: amounts }
}

function tooltip(model, words) {
	return {
		backgroundColor: variable('--ink'), titleColor: variable('--sheet'), bodyColor: variable('--sheet'), footerColor: variable('--sheet'),
		boxPadding: 4, padding: 10,
		filter: item => item.dataset.exact[item.dataIndex] !== null && (item.dataset.exact[item.dataIndex] !== '0' || model.parts.length === 1),
		itemSort: (a, b) => b.datasetIndex - a.datasetIndex,
		callbacks: {
			title: items => items.length ? words.long[items[0].dataIndex] : '',
			label: item => `${model.parts.length > 1 ? item.dataset.label + ': ' : ''}${withUnit(item.dataset.exact[item.dataIndex], model.unit)}`,
			footer: items => items.length > 1 ? 'In all: ' + withUnit(sum(items.map(i => i.dataset.exact[i.dataIndex])), model.unit) : '',
		},
	}
}

// The parts of a bar in words, for those who go through them with the arrow keys.
function spoken(model, words, i) {
	const parts = model.parts.filter(p => p.exact[i] !== null).map(p => `${p.name} ${withUnit(p.exact[i], model.unit)}`)
	return `${words.long[i]}: ${parts.join(', ')}`
}

function listen(canvas, chart, model, words, status) {
	let at = -1
	const show = i => {
		const active = i < 0 ? [] : model.parts.flatMap((p, d) => p.exact[i] === null ? [] : [{ datasetIndex: d, index: i }])
		at = i
		chart.setActiveElements(active)
		chart.tooltip.setActiveElements(active, { x: 0, y: 0 })
		chart.update('none')
		status.textContent = i < 0 ? '' : spoken(model, words, i)
	}
	canvas.addEventListener('keydown', e => {
		const last = model.bars.length - 1
		const to = { ArrowRight: Math.min(at + 1, last), ArrowDown: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), ArrowUp: Math.max(at - 1, 0),
			Home: 0, End: last, Escape: -1 }[e.key]
		if (to === undefined) return
		e.preventDefault()
		show(to)
	})
	canvas.addEventListener('blur', () => show(-1))
}

// The next frame is on the screen: what is measured now is laid out already, and what is done now is a task of its own.
const shown = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)))

async function draw(figure, model, colourOf) {
	const words = wordsOf(model.ranked ? [] : model.bars), several = model.parts.length > 1
	const colour = name => variable(`--c${colourOf(name) + 1}`)
	const status = element('p', { className: 'spoken' }), canvas = element('canvas', { tabIndex: 0 })
	if (model.ranked) words.short = words.long = model.bars
	canvas.setAttribute('role', 'img')
	canvas.setAttribute('aria-label', described(model, words))
	status.setAttribute('role', 'status')
	figure.replaceChildren(element('div', { className: 'canvas' }, canvas), status)
	if (model.unit) figure.prepend(element('p', { className: 'axis' }, model.unit))
	if (several)
		figure.append(element('ul', { className: 'legend' }, ...model.parts.map(p => element('li', {}, element('i', { className: `s${colourOf(p.name) + 1}` }), p.name))))
	await shown()
	if (!canvas.isConnected) return         // drawn again meanwhile
	const chart = new Chart(canvas, {
		type: 'bar',
		data: { labels: model.bars, datasets: model.parts.map(p => ({ label: p.name, exact: p.exact, data: p.exact.map(t => t === null ? null : Number(t)),
			backgroundColor: model.ranked && !several ? model.bars.map(colour) : colour(p.name),
			maxBarThickness: model.ranked ? 18 : 60, categoryPercentage: 0.88, barPercentage: 1 })) },
		options: { animation: false, maintainAspectRatio: false, indexAxis: model.ranked ? 'y' : 'x', scales: axes(model, words),
			interaction: { mode: 'index', intersect: false, axis: model.ranked ? 'y' : 'x' }, plugins: { legend: { display: false }, tooltip: tooltip(model, words) } },
	})
	listen(canvas, chart, model, words, status)
}

// ---- the page ----

const figures = [...document.querySelectorAll('figure.chart')].map(figure => ({ figure, table: document.getElementById(figure.dataset.of) })).filter(f => f.table)
const overTime = figures.find(f => f.table.dataset.chart === 'stacked')
let library, known

// The colours of the page's chart over time; in a ranking other names are as the rest is there.
function colourOf(model) {
	const own = colours(model.parts.map(p => p.name))
	if (overTime) known ??= colours((overTime.model ??= read(overTime.table)).parts.map(p => p.name))
	return name => (model.ranked && model.parts.length === 1 ? known?.get(name) ?? (known ? COLOURS - 1 : 0) : own.get(name))
}

function load() {
	library ??= new Promise((done, failed) => document.head.append(element('script', { src: LIBRARY, onload: done, onerror: failed }))).then(() => {
		Chart.defaults.font.family = getComputedStyle(document.body).fontFamily
	})
	return library
}

// Once the library is there, in a task of its own: whoever prints the page gets all of it.
function later(f) {
	if (!f.shown) setTimeout(() => f.shown || show(f))
}

function show(f) {
	f.shown = true
	f.model ??= read(f.table)
	if (f.model.bars.length > MOST_BARS)
		f.figure.replaceChildren(element('p', { className: 'empty' }, `${f.model.bars.length} bars are too many to draw; choose fewer days or longer periods.`))
	else
		load().then(async () => {
			Chart.getChart(f.figure.querySelector('canvas') ?? '')?.destroy()
			await draw(f.figure, f.model, colourOf(f.model))
			if (f === overTime) setTimeout(colourBars)
			for (const other of figures) later(other)
		}, () => { f.figure.hidden = true })
}

// The bars of shares in the other tables have the colour that their names have in the chart.
function colourBars() {
	for (const bar of [...document.querySelectorAll('tbody svg.bar')].slice(0, MOST_COLOURED)) {
		const rest = known.has(OTHERS) && bar.closest('table').dataset.chart ? COLOURS - 1 : undefined
		const c = known.get(said(bar.closest('tr').cells[0])) ?? rest
		if (c !== undefined) bar.classList.add(`s${c + 1}`)
	}
}

const near = new IntersectionObserver(entries => entries.filter(e => e.isIntersecting).forEach(e => {
	near.unobserve(e.target)
	later(figures.find(f => f.figure === e.target))
}), { rootMargin: '200px' })

figures.forEach(f => near.observe(f.figure))

// On paper charts are drawn anew, as wide as the text is and as fine as printers are, so that their words stay readable.
const PAPER = { width: 680, height: 230, dots: 3 }
const charts = () => figures.map(f => Chart.getChart(f.figure.querySelector('canvas') ?? '')).filter(Boolean)

function redraw(chart, dots, ...size) {
	chart.options.devicePixelRatio = dots
	chart.resize(...size)
}

addEventListener('beforeprint', () => library && charts().forEach(c => redraw(c, PAPER.dots, PAPER.width, PAPER.height)))
addEventListener('afterprint', () => library && charts().forEach(c => redraw(c)))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => figures.filter(f => f.figure.querySelector('canvas')).forEach(show))
