#include "api/paging.h"

#include <string.h>

#include "api/url.h"
#include "base/secret.h"
#include "base/banned.h"

enum { TOKEN_VERSION = 2, TOKEN_NUMBERS = 2 + PAGE_NUMBERS, TOKEN_NAME_MAX = 256 };

/*
 * Limits of the seconds in a token: the years 1 to 9999, and one day more at
 * each end for time zones.
 */
#define EARLIEST (-62135596800 - SEC_PER_DAY)
#define LATEST   (253402300800 + SEC_PER_DAY)

/* Limit of page numbers and indexes; no real list reaches it. */
#define NUMBER_MAX ((int64_t)1 << 48)

/* A token's content: these numbers, 8 bytes each, then the name. */
struct page_token {
	int64_t page, start;
	struct page_place place;
};

enum { TOKEN_HEAD = 1 + TOKEN_NUMBERS * 8, TOKEN_BYTES = TOKEN_HEAD + TOKEN_NAME_MAX + TAG_BYTES };

/* ---- tokens ---- */

static void put_number(unsigned char *to, int64_t n)
{
	for (int i = 0; i < 8; i++)
		to[i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
}

static int64_t get_number(const unsigned char *from)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | from[i];
	return (int64_t)n;
}

/*
 * Adds the signed text: operation, path and filters (without the format), then
 * the LEN bytes of the token.
 */
static void add_signed(struct strbuf *sb, const struct request *rq, const unsigned char *bytes,
		       size_t len)
{
	const char *filters = request_link_with(rq, "", { 0 });

	strbuf_init(sb, SIZE_MAX);
	strbuf_addf(sb, "%s\n%s\n%s\n", rq->op->id, request_path(rq), *filters ? filters + 1 : "");
	strbuf_addn(sb, (const char *)bytes, len);
}

static const char *token_write(const struct request *rq, const struct page_token *t)
{
	unsigned char bytes[TOKEN_BYTES] = { TOKEN_VERSION };
	size_t name = t->place.name ? strlen(t->place.name) : 0, len = TOKEN_HEAD + name;
	struct strbuf sb;
	char *text;

	if (name > TOKEN_NAME_MAX)
		return NULL;
	put_number(bytes + 1, t->page);
	put_number(bytes + 9, t->start);
	for (int i = 0; i < PAGE_NUMBERS; i++)
		put_number(bytes + 17 + 8 * i, t->place.number[i]);
	if (name)
		memcpy(bytes + TOKEN_HEAD, t->place.name, name);
	add_signed(&sb, rq, bytes, len);
	tag_make(rq->worker->secret, sb.text, sb.len, bytes + len);
	strbuf_release(&sb);
	len += TAG_BYTES;
	text = arena_alloc(rq->arena, len * 4 / 3 + 4);
	base64url_encode(bytes, len, text);
	return text;
}

static bool token_genuine(const struct request *rq, const unsigned char *bytes, size_t len)
{
	struct strbuf sb;
	bool genuine;

	add_signed(&sb, rq, bytes, len);
	genuine = tag_check(rq->worker->secret, sb.text, sb.len, bytes + len);
	strbuf_release(&sb);
	return genuine;
}

static int token_refuse(struct error *err)
{
	return error_set(err, ERR_PARAM, "PageToken",
			 "is not a token of this server for these filters; follow the links of a "
			 "page unchanged");
}

static int token_read(const struct request *rq, const char *text, struct page_token *ret,
		      struct error *err)
{
	unsigned char bytes[TOKEN_BYTES];
	size_t len;

	if (!base64url_decode(text, strlen(text), bytes, sizeof(bytes), &len) ||
	    len < TOKEN_HEAD + TAG_BYTES || bytes[0] != TOKEN_VERSION ||
	    !token_genuine(rq, bytes, len - TAG_BYTES))
		return token_refuse(err);
	len -= TAG_BYTES;
	ret->page = get_number(bytes + 1);
	ret->start = get_number(bytes + 9);
	if (ret->page < 0 || ret->page > NUMBER_MAX || ret->start < 0 || ret->start > NUMBER_MAX)
		return token_refuse(err);
	for (int i = 0; i < PAGE_NUMBERS; i++)
		ret->place.number[i] = get_number(bytes + 17 + 8 * i);
	ret->place.name = len > TOKEN_HEAD ? arena_strn(rq->arena, (const char *)bytes + TOKEN_HEAD,
							len - TOKEN_HEAD)
					   : NULL;
	return 0;
}

/* ---- the page ---- */

static const char *page_link(const struct request *rq, const char *path, int64_t page,
			     const char *token)
{
	struct arena *a = rq->arena;

	return request_link_with(rq, path,
				 { "PageSize", arena_int(a, request_arg(rq, "PageSize")->n) },
				 { "Page", arena_int(a, page) }, { "PageToken", token });
}

static const char *link_to(const struct request *rq, const char *path, int64_t page, int64_t start,
			   const struct page_place *place)
{
	struct page_token t = { .page = page, .start = start, .place = *place };

	return page_link(rq, path, page, token_write(rq, &t));
}

bool page_continues(const struct request *rq)
{
	return request_arg(rq, "PageToken")->text;
}

int page_begin(const struct request *rq, struct record_page *ret, struct page_place *ret_place,
	       struct error *err)
{
	const struct arg *page = request_arg(rq, "Page");
	struct page_token token = { 0 };

	*ret = (struct record_page) { .page_size = request_arg(rq, "PageSize")->n };
	*ret_place = (struct page_place) { 0 };
	if (!page_continues(rq))
		return page->text && page->n > 0 && !rq->op->dialect->ignores_page
			       ? error_set(err, ERR_PAGE, NULL,
					   "Paged requests must include a PageToken; follow "
					   "next_page_uri")
			       : 0;
	if (token_read(rq, request_arg(rq, "PageToken")->text, &token, err) < 0)
		return -1;
	ret->page = token.page;
	ret->start = token.start;
	*ret_place = token.place;
	return 1;
}

void page_links(const struct request *rq, const char *path, struct record_page *p,
		const struct page_place *next, const struct page_place *previous)
{
	p->end = p->n ? p->start + (int64_t)p->n - 1 : p->start;
	p->self = page_link(rq, path, p->page, request_arg(rq, "PageToken")->text);
	p->first = page_link(rq, path, 0, NULL);
	if (next)
		p->next = link_to(rq, path, p->page + 1, p->start + (int64_t)p->n, next);
	if (previous)
		p->previous = link_to(rq, path, p->page - 1,
				      p->start > p->page_size ? p->start - p->page_size : 0,
				      previous);
}

/* ---- pages of reports ---- */

/* Numbers of a report's place. */
enum { PLACE_FROM, PLACE_TO, PLACE_SLOT, PLACE_RUNNING };

static struct page_place make_place(const struct usage_query *q, struct usage_position at)
{
	return (struct page_place) { .number = { [PLACE_FROM] = q->from,
						 [PLACE_TO] = q->to,
						 [PLACE_SLOT] = at.bucket,
						 [PLACE_RUNNING] = q->running },
				     .name = at.after };
}

/*
 * Sets range and position of a later page. Rejects numbers that would overflow,
 * although the signature proves that the server made them.
 */
static int take_place(const struct request *rq, const struct page_place *place,
		      struct usage_query *q, struct usage_position *ret, struct error *err)
{
	struct buckets buckets;
	int64_t from = place->number[PLACE_FROM], to = place->number[PLACE_TO],
		slot = place->number[PLACE_SLOT];

	if (from < EARLIEST || to > LATEST || from >= to)
		return token_refuse(err);
	q->from = from;
	q->to = to;
	q->running = place->number[PLACE_RUNNING] != 0;
	buckets_make(&buckets, q->zone, q->period, from, to, rq->arena);
	if (slot < 0 || slot >= buckets.n)
		return token_refuse(err);
	*ret = (struct usage_position) { .bucket = slot, .after = place->name };
	return 0;
}

/* Loads a page of rows, and finds out whether a further page follows. */
static int load_rows(const struct request *rq, const struct usage_query *q,
		     struct usage_position at, struct record_page *p, bool *ret_more,
		     struct error *err)
{
	struct usage_cursor *cur = NULL;
	struct usage_row row;
	int rc = 1;

	if (usage_open(rq->store, rq->catalogue, q, at, &cur, err) < 0)
		return -1;
	while (p->n < (size_t)p->page_size && (rc = usage_next(cur, &row, err)) > 0) {
		if (row.member_text)
			row.member_text = row.at.after = arena_str(rq->arena, row.member_text);
		p->rows[p->n++] = row;
	}
	if (rc > 0)
		rc = usage_more(cur, err);
	usage_close(&cur);
	*ret_more = rc > 0;
	return rc < 0 ? -1 : 0;
}

int page_load(const struct request *rq, struct usage_query *q, const char *path,
	      struct record_page *ret, struct error *err)
{
	struct page_place place, next, previous;
	int later = page_begin(rq, ret, &place, err);
	struct usage_position at = { 0 };
	bool more, back;

	if (later < 0 || (later && take_place(rq, &place, q, &at, err) < 0))
		return -1;
	back = at.bucket || at.after;
	q->wanted = (size_t)ret->page_size;
	ret->rows = arena_array(rq->arena, struct usage_row, (size_t)ret->page_size);
	if (load_rows(rq, q, at, ret, &more, err) < 0)
		return -1;
	ret->inside = at.after && ret->n && ret->rows[0].at.bucket == at.bucket;
	if (more)
		next = make_place(q, ret->rows[ret->n - 1].at);
	if (back) {
		if (usage_back(rq->store, rq->catalogue, q, (size_t)ret->page_size, rq->arena, &at,
			       err) < 0)
			return -1;
		previous = make_place(q, at);
	}
	page_links(rq, path, ret, more ? &next : NULL, back ? &previous : NULL);
	return 0;
}
