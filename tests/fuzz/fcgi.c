/*
 * fcgi.c - the bytes of a FastCGI connection: what libfcgi gets to read of them
 * doesn't depend on the pieces that they come in, and is nothing but requests
 * that it can read.
 */
#include "fuzz.h"
#include "http/fcgi_gate.h"
#include "mutate.h"
#include "base/banned.h"

enum { PASSED_MAX = 1 << 20 };

static size_t read_length(const char *text, size_t len, size_t *at)
{
	size_t n = 0, bytes = *at < len && (text[*at] & 0x80) ? 4 : 1;

	must(bytes <= len - *at);
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)text[(*at)++];
	return bytes == 4 ? n & 0x7fffffff : n;
}

/* No length of a variable says more than there is. */
static void check_variables(const struct strbuf *text)
{
	int n = 0;

	for (size_t at = 0; at < text->len; n++) {
		size_t name = read_length(text->text, text->len, &at);
		size_t value = read_length(text->text, text->len, &at);

		must(name <= text->len - at && value <= text->len - at - name);
		must(!memchr(text->text + at, 0, name + value));
		at += name + value;
	}
	must(n <= FCGI_VARIABLES_MAX);
}

/*
 * What has passed are the records of one request, in order: all of them, or as
 * far as they came.
 */
static void check_passed(const struct fcgi_gate *g, const struct strbuf *passed)
{
	static const int types[] = { FCGI_BEGIN_REQUEST, FCGI_PARAMS, FCGI_STDIN };
	struct strbuf variables;
	size_t body = 0;
	int part = 0;

	strbuf_init(&variables, FCGI_HEAD_BYTES);
	for (size_t at = 0, len, left; at < passed->len; at += len) {
		const unsigned char *h = (const unsigned char *)passed->text + at;

		must(part < 3 && passed->len - at >= FCGI_HEADER_LEN);
		len = (size_t)(h[4] << 8 | h[5]);
		at += FCGI_HEADER_LEN;
		left = len < passed->len - at ? len : passed->len - at;
		must(h[0] == FCGI_VERSION_1 && h[1] == types[part] && h[6] == 0 && (left || !len));
		if (part == 1)
			strbuf_addn(&variables, passed->text + at, left);
		body += part == 2 ? left : 0;
		part += part == 0 || !len;
		len = left;
	}
	must(!variables.failed && body == g->body_bytes && g->body_ended == (part == 3));
	must(g->broken || g->head_ended == (part >= 2));
	if (g->head_ended && !g->broken)
		check_variables(&variables);
	strbuf_release(&variables);
}

/* Somebody who hasn't heard of it goes on. */
static void go_on(struct fcgi_gate *g, struct fcgi_span data, struct strbuf *passed)
{
	size_t len = data.len, before = passed->len;

	must(fcgi_gate_take(g, &data, passed) == FCGI_IS_BROKEN);
	must(data.len == len && passed->len == before);
}

/* What came of it. False: nothing more is taken. */
static bool tell(struct fcgi_gate *g, enum fcgi_event event, struct strbuf *passed,
		 struct strbuf *out)
{
	switch (event) {
	case FCGI_TAKES_ALL:
		return true;
	case FCGI_HAS_REQUEST:
		check_passed(g, passed);
		strbuf_addn(out, passed->text, passed->len);
		strbuf_clear(passed);
		fcgi_gate_init(g);
		return true;
	case FCGI_HAS_REPLY:
		must(g->reply_len > FCGI_HEADER_LEN && g->reply_len <= sizeof(g->reply));
		must(g->reply_len == FCGI_HEADER_LEN + (size_t)(g->reply[4] << 8 | g->reply[5]));
		strbuf_addn(out, (const char *)g->reply, g->reply_len);
		return true;
	case FCGI_IS_BROKEN:
		break;
	}
	strbuf_add(out, "broken\n");
	return false;
}

/* Takes it STEP bytes at a time. */
static void take_all(const uint8_t *data, size_t size, size_t step, struct strbuf *out)
{
	struct fcgi_gate g;
	struct strbuf passed;
	bool open = true;

	strbuf_clear(out);
	strbuf_init(&passed, PASSED_MAX);
	fcgi_gate_init(&g);
	for (size_t at = 0, n; open && at < size; at += n) {
		char *copy = malloc(step); /* so that bytes behind it aren't read */
		struct fcgi_span in = { copy, 0 };

		must(copy);
		n = step < size - at ? step : size - at;
		memcpy(copy, data + at, n);
		in.len = n;
		while (open && in.len) {
			size_t before = in.len;
			enum fcgi_event event = fcgi_gate_take(&g, &in, &passed);

			must(in.len < before || event == FCGI_IS_BROKEN);
			open = tell(&g, event, &passed, out);
			if (!open)
				go_on(&g, in, &passed);
		}
		free(copy);
	}
	check_passed(&g, &passed);
	/* of a record that is out of order, less may have passed */
	if (!g.broken)
		strbuf_addn(out, passed.text, passed.len);
	strbuf_release(&passed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 1, 3, 100 };
	struct strbuf whole, parts;

	strbuf_init(&whole, PASSED_MAX);
	strbuf_init(&parts, PASSED_MAX);
	take_all(data, size, size ? size : 1, &whole);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		take_all(data, size, steps[i], &parts);
		must(parts.len == whole.len &&
		     (!whole.len || memcmp(parts.text, whole.text, whole.len) == 0));
	}
	strbuf_release(&whole);
	strbuf_release(&parts);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_records(data, size, max_size, seed);
}
