#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/utf8.h"
#include "base/banned.h"

#define RECORD_BYTES 1024 /* so that inputs pass the limit */
#define NOW_US       (1800000000LL * USEC_PER_SEC)

int64_t fuzz_read(void *stream, void *buf, size_t size, struct error *err)
{
	struct fuzz_stream *s = stream;
	size_t n = s->size - s->at;

	(void)err;
	if (n > s->step)
		n = s->step;
	if (n > size)
		n = size;
	if (n)
		memcpy(buf, s->data + s->at, n);
	s->at += n;
	return (int64_t)n;
}

void fuzz_event(const struct raw_event *raw)
{
	struct error err = { 0 };
	struct raw_event own = *raw;
	struct event ev = { .raw = &own };

	if (event_check(&ev, NOW_US, 0, &err) < 0) {
		must(err.kind == ERR_PARAM || err.kind == ERR_OVERFLOW);
		must(err.param[0] && err.message[0]);
		return;
	}
	must(ev.time_us >= EVENT_TIME_MIN_US && ev.time_us <= NOW_US);
	must(ev.amounts.count >= 0 && ev.amounts.usage >= 0 && ev.amounts.price >= 0 &&
	     ev.amounts.upload >= 0);
	must(ev.amounts.count <= EVENT_COUNT_MAX);
	for (int f = 0; f < EVENT_FIELDS; f++) {
		must(!event_fields[f].required || raw->field[f].text);
		if (raw->field[f].text && f != EV_TIME)
			must(raw->field[f].len <= event_fields[f].max_bytes &&
			     utf8_plain(raw->field[f].text, raw->field[f].len));
	}
}

static void tell_event(const struct raw_event *ev, struct strbuf *out)
{
	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (!ev->field[f].text)
			continue;
		strbuf_addf(out, " %s %zu=", event_fields[f].name, ev->field[f].len);
		strbuf_addn(out, ev->field[f].text, ev->field[f].len);
	}
	fuzz_event(ev);
}

static void tell(enum reader_form form, struct mapping *m, struct fuzz_stream s, struct strbuf *out)
{
	struct reader *r = reader_new(form, m, RECORD_BYTES, fuzz_read, &s);
	enum read_result got = READ_EVENT;

	strbuf_clear(out);
	while (got != READ_END && got != READ_FAILED) {
		struct raw_event ev;
		struct error err = { 0 };
		const char *text;
		size_t len;

		got = reader_next(r, &ev, &err);
		must((got == READ_BAD || got == READ_FAILED) == (err.kind != ERR_NONE));
		text = reader_text(r, &len);
		must(len <= RECORD_BYTES + 1);
		strbuf_addf(out, "%lld %d %s %s: ", (long long)reader_line(r), got, err.param,
			    err.message);
		if (got != READ_END && got != READ_FAILED)
			strbuf_addn(out, text, len);
		if (got == READ_EVENT)
			tell_event(&ev, out);
		strbuf_addc(out, '\n');
	}
	must(reader_record_bytes(r) == RECORD_BYTES);
	strbuf_addf(out, "%lld folded", (long long)reader_folds(r).records);
	reader_free(&r);
	must(!out->failed);
}

void fuzz_reader(enum reader_form form, struct mapping *mapping, const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 1, 3 };
	struct strbuf whole, parts;

	strbuf_init(&whole, 64 << 20);
	strbuf_init(&parts, 64 << 20);
	tell(form, mapping, (struct fuzz_stream) { data, size, 0, SIZE_MAX }, &whole);
	for (size_t i = 0; i < 2; i++) {
		tell(form, mapping, (struct fuzz_stream) { data, size, 0, steps[i] }, &parts);
		must(parts.len == whole.len && memcmp(parts.text, whole.text, whole.len) == 0);
	}
	strbuf_release(&whole);
	strbuf_release(&parts);
}

const char *fuzz_file(const void *text, size_t len)
{
	static int fd = -1;
	static char path[40];

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, text, len, 0) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

struct mapping *fuzz_mapping(const void *text, size_t len)
{
	const char *path = fuzz_file(text, len);
	struct error err = { 0 };
	struct mapping *m = NULL;

	must((mapping_load(path, &m, &err) == 0) == (err.kind == ERR_NONE));
	must((m != NULL) == (err.kind == ERR_NONE));
	must(m || strncmp(err.message, path, strlen(path)) == 0); /* it names the file */
	return m;
}
