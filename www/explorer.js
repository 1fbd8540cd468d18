// explorer.js - sends the request that an operation's form describes, and shows the answer. Without this script the form is an ordinary one.
'use strict'

const form = document.querySelector('form.explorer')
const answer = document.getElementById('answer')
const verb = form.elements.method
const format = form.elements.format
const body = form.querySelector('[data-body]')
const token = form.querySelector('#p-token')
const text = form.querySelector('textarea')
const type = form.querySelector('#p-type')

const takesBody = () => body && ['POST', 'PUT', 'PATCH'].includes(verb.value)

// The filled-in fields that belong in PLACE ("path" or "query").
function filled(place) {
	return [...form.querySelectorAll(`[data-place="${place}"]`)].filter(i => i.value !== '').map(i => [i.name, i.value])
}

function request() {
	const values = Object.fromEntries(filled('path'))
	const path = form.dataset.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ''))
	const headers = { Accept: format.selectedOptions[0].dataset.type }
	const inBody = takesBody() && text.value.trim() === ''
	const query = inBody ? '' : new URLSearchParams(filled('query')).toString()
	const rq = { method: verb.value, url: path + (query && '?' + query), headers }
	if (takesBody()) {
		headers['Content-Type'] = type.value
		rq.body = inBody ? JSON.stringify(Object.fromEntries(filled('query'))) : text.value
	}
	if (token.value)
		headers.Authorization = 'Bearer ' + token.value
	return rq
}

const quote = s => `'${s.replaceAll("'", "'\\''")}'`

// The request as a command. Secrets are variables in it.
function curl(rq) {
	const parts = ['curl']
	if (rq.method !== 'GET')
		parts.push('-X ' + rq.method)
	parts.push(rq.headers.Authorization ? '-H "Authorization: Bearer $TOKEN"' : '-u "$NAME:$PASSWORD"')
	for (const [name, value] of Object.entries(rq.headers))
		if (name !== 'Authorization')
			parts.push('-H ' + quote(`${name}: ${value}`))
	if (rq.body !== undefined)
		parts.push('--data-binary ' + quote(rq.body))
	parts.push(quote(form.dataset.base + rq.url))
	return parts.join(' \\\n  ')
}

// JSON with a line for each member. Numbers and texts stay byte for byte.
function indent(json) {
	let depth = 0
	const line = () => '\n' + '  '.repeat(depth)
	return json.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, t => {
		if (t === '{' || t === '[')
			return depth++, t + line()
		if (t === '}' || t === ']')
			return depth--, line() + t
		return t === ',' ? t + line() : t === ':' ? ': ' : t.trim()
	})
}

function show(part, content) {
	answer.querySelector(part).textContent = content
}

async function send() {
	const rq = request()
	const button = form.querySelector('button')
	button.disabled = true
	show('.curl code', curl(rq))
	try {
		const rs = await fetch(rq.url, { ...rq, credentials: 'same-origin', cache: 'no-store' })
		const content = await rs.text()
		const json = /json\b/.test(rs.headers.get('content-type') ?? '') && !/jsonl/.test(rs.headers.get('content-type'))
		show('.status', [`${rs.status} ${rs.statusText}`.trim(), rs.headers.get('content-type') ?? 'no content', `${content.length} characters`].join(' · '))
		show('.headers code', [...rs.headers].map(h => h.join(': ')).join('\n'))
		show('.body code', json ? indent(content) : content)
		answer.dataset.ok = rs.ok
	} catch (err) {
		show('.status', 'No answer: ' + err.message)
		show('.headers code', '')
		show('.body code', '')
		answer.dataset.ok = false
	}
	button.disabled = false
	answer.hidden = false
	answer.scrollIntoView({ block: 'nearest' })
}

function follow() {
	if (body)
		body.hidden = !takesBody()
}

verb.disabled = false
verb.addEventListener('change', follow)
type?.addEventListener('change', () => { text.value = type.selectedOptions[0].dataset.sample || text.value })
form.addEventListener('submit', event => {
	event.preventDefault()
	send()
})
follow()
