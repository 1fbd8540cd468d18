// charts.js - tooltips for the bars of a chart, for the pointer and the arrow keys. The server draws the chart and puts the text into the title
// of each bar; without this script the browser shows that as its own tooltip.
const GAP = 14

function element(name, props, ...children) {
	const e = Object.assign(document.createElement(name), props)
	e.append(...children)
	return e
}

for (const plot of document.querySelectorAll('svg.plot')) {
	const bars = [...plot.querySelectorAll('g')], words = new Map()
	const tip = element('div', { className: 'tip', hidden: true })
	let at = -1

	for (const bar of bars) {
		words.set(bar, bar.querySelector('title').textContent.split('\n'))
		bar.querySelector('title').remove()
	}
	tip.setAttribute('role', 'status')
	plot.parentNode.append(tip)
	plot.setAttribute('tabindex', 0)

	// Shows the tooltip of BAR beside X pixels from the left, on the side with room. BAR null: hides it.
	function show(bar, x) {
		bars[at]?.classList.remove('on')
		at = bars.indexOf(bar)
		tip.hidden = at < 0
		if (at < 0) return
		bar.classList.add('on')
		tip.replaceChildren(...words.get(bar).map((line, i) => element(i ? 'span' : 'b', { textContent: line })))
		const room = plot.parentNode.clientWidth, left = x + GAP + tip.offsetWidth < room ? x + GAP : x - GAP - tip.offsetWidth
		tip.style.left = `${Math.max(0, left)}px`
	}

	const middle = bar => bar.getBoundingClientRect().x - plot.parentNode.getBoundingClientRect().x
	plot.addEventListener('pointermove', e => show(e.target.closest('g'), e.clientX - plot.parentNode.getBoundingClientRect().x))
	plot.addEventListener('pointerleave', () => show(null))
	plot.addEventListener('blur', () => show(null))
	plot.addEventListener('keydown', e => {
		const last = bars.length - 1
		const to = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last, Escape: -1 }[e.key]
		if (to === undefined || last < 0) return
		e.preventDefault()
		show(bars[to] ?? null, bars[to] ? middle(bars[to]) : 0)
	})
}
