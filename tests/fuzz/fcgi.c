/*
 * fcgi.c - the bytes of a FastCGI connection: what is read of them doesn't depend on the pieces
 * that they come in, nor on the room for bodies.
 */
#include "fuzz.h"
#include "http/fcgi_reader.h"
#include "mutate.h"
#include "base/banned.h"

enum { ROOM_MAX = 4096 };

static void tell_variables(char *const *envp, struct strbuf *out)
{
	size_t n = 0;

	strbuf_add(out, envp ? "variables:" : "no variables");
	for (; envp && envp[n]; n++) {
		must(strchr(envp[n], '='));
		strbuf_addf(out, " %s", envp[n]);
	}
	must(n <= FCGI_VARIABLES_MAX);
	strbuf_addc(out, '\n');
}

static void tell_request(const struct fcgi_reader *r, const struct strbuf *body, struct strbuf *out)
{
	must(r->body_ended && r->request_id);
	strbuf_addf(out, "request %d keep %d: ", r->request_id, r->keep);
	strbuf_addn(out, body->text, body->len);
	strbuf_addc(out, '\n');
}

/* Somebody who hasn't heard of it reads on. */
static void read_on(struct fcgi_reader *r, struct fcgi_span data)
{
	char buf[ROOM_MAX];
	struct fcgi_span to = { buf, sizeof(buf) };
	size_t len = data.len;

	must(fcgi_reader_take(r, &data, &to) == FCGI_IS_BROKEN && data.len == len);
}

/* What came of it. False: nothing more is read. */
static bool tell(struct fcgi_reader *r, enum fcgi_event event, struct strbuf *body,
		 struct strbuf *out)
{
	char **envp;

	switch (event) {
	case FCGI_NEEDS_DATA:
	case FCGI_NEEDS_ROOM:
		return true;
	case FCGI_HAS_VARIABLES:
		envp = fcgi_reader_variables(r);
		tell_variables(envp, out);
		return envp;
	case FCGI_HAS_BODY:
		tell_request(r, body, out);
		strbuf_clear(body);
		fcgi_reader_clear(r);
		return true;
	case FCGI_HAS_REPLY:
		must(r->reply_len > FCGI_HEADER_BYTES && r->reply_len <= sizeof(r->reply));
		must(r->reply_len == FCGI_HEADER_BYTES + (size_t)(r->reply[4] << 8 | r->reply[5]));
		strbuf_addn(out, (const char *)r->reply, r->reply_len);
		return true;
	case FCGI_IS_BROKEN:
		break;
	}
	strbuf_add(out, "broken\n");
	return false;
}

/* Reads it STEP bytes at a time, with so much room for bodies. */
static void read_all(const uint8_t *data, size_t size, size_t step, size_t room, struct strbuf *out)
{
	struct fcgi_reader r;
	struct strbuf body;
	bool open = true;

	strbuf_clear(out);
	strbuf_init(&body, 1 << 20);
	fcgi_reader_init(&r);
	for (size_t at = 0, n; open && at < size; at += n) {
		char *copy = malloc(step), buf[ROOM_MAX]; /* so that bytes behind it aren't read */
		struct fcgi_span in = { copy, 0 };

		must(copy);
		n = step < size - at ? step : size - at;
		memcpy(copy, data + at, n);
		in.len = n;
		while (open && in.len) {
			struct fcgi_span to = { buf, room };
			size_t before = in.len;
			enum fcgi_event event = fcgi_reader_take(&r, &in, &to);

			strbuf_addn(&body, buf, room - to.len);
			must(in.len < before || event == FCGI_NEEDS_ROOM ||
			     event == FCGI_IS_BROKEN);
			open = tell(&r, event, &body, out);
			if (event == FCGI_IS_BROKEN)
				read_on(&r, in);
		}
		free(copy);
	}
	fcgi_reader_release(&r);
	strbuf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		size_t step, room;
	} ways[] = { { 1, 1 }, { 3, 7 }, { 100, ROOM_MAX } };
	struct strbuf whole, parts;

	strbuf_init(&whole, 1 << 20);
	strbuf_init(&parts, 1 << 20);
	read_all(data, size, size ? size : 1, ROOM_MAX, &whole);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		read_all(data, size, ways[i].step, ways[i].room, &parts);
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
