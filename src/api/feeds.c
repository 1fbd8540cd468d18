#include "api/feeds.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/banned.h"

struct feeds {
	struct mapping *freeswitch; /* NULL: not taken */
	pthread_mutex_t lock;       /* of the mapping while it is used */
};

int feeds_new(const struct settings *s, struct feeds **ret, struct error *err)
{
	struct feeds *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	pthread_mutex_init(&f->lock, NULL);
	if (*s->feeds_freeswitch && mapping_load(s->feeds_freeswitch, &f->freeswitch, err) < 0) {
		feeds_free(&f);
		return -1;
	}
	if (f->freeswitch &&
	    (!mapping_of_json(f->freeswitch) || mapping_uses_position(f->freeswitch))) {
		error_set(err, ERR_PARAM, "feeds.freeswitch",
			  "%s must be a mapping for JSON without {line} and {row}",
			  s->feeds_freeswitch);
		feeds_free(&f);
		return -1;
	}
	if (f->freeswitch && mapping_set_zone(f->freeswitch, NULL, err) < 0) {
		feeds_free(&f);
		return -1;
	}
	*ret = f;
	return 0;
}

void feeds_free(struct feeds **f)
{
	if (!*f)
		return;
	mapping_free(&(*f)->freeswitch);
	pthread_mutex_destroy(&(*f)->lock);
	free(*f);
	*f = NULL;
}

struct mapping *feeds_freeswitch(struct feeds *f)
{
	return f->freeswitch;
}

void feeds_begin(struct feeds *f)
{
	pthread_mutex_lock(&f->lock);
}

void feeds_end(struct feeds *f)
{
	pthread_mutex_unlock(&f->lock);
}

/* ---- bodies of mod_json_cdr ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes a value of a form. False: a % without two digits. */
static bool decode_url(const char *text, size_t len, char *ret, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] != '%') {
			ret[n++] = text[i] == '+' ? ' ' : text[i];
			continue;
		}
		if (len - i < 3 || (high = hex_digit(text[i + 1])) < 0 ||
		    (low = hex_digit(text[i + 2])) < 0)
			return false;
		ret[n++] = (char)(high * 16 + low);
		i += 2;
	}
	*ret_len = n;
	return true;
}

/* FreeSWITCH breaks base 64 into lines. */
static bool decode_base64(const char *text, size_t len, char *ret, size_t *ret_len)
{
	char *packed = malloc(len + 1);
	size_t n = 0;
	bool done;

	if (!packed)
		abort();
	for (size_t i = 0; i < len; i++)
		if (!strchr("\r\n", text[i]))
			packed[n++] = text[i];
	done = base64_decode(packed, n, (unsigned char *)ret, len, ret_len);
	free(packed);
	return done;
}

static const struct {
	const char *type;
	/* decodes the field cdr into RET, which has room for LEN bytes; NULL: no form */
	bool (*decode)(const char *text, size_t len, char *ret, size_t *ret_len);
} cdr_types[] = { { "application/json", NULL },
		  { "application/x-www-form-urlencoded", decode_url },
		  { "application/x-www-form-base64-encoded", decode_base64 },
		  { NULL, NULL } };

int feeds_cdr_json(const char *content_type, const char *body, size_t len, struct arena *arena,
		   const char **ret, size_t *ret_len, struct error *err)
{
	static const char name[] = "cdr=";
	size_t type_len = strcspn(content_type, "; \t"), skipped = sizeof(name) - 1;
	int i = 0;
	char *json;

	while (cdr_types[i].type && (strlen(cdr_types[i].type) != type_len ||
				     strncasecmp(cdr_types[i].type, content_type, type_len) != 0))
		i++;
	if (!cdr_types[i].type)
		return error_set(err, ERR_MEDIA_TYPE, "Content-Type",
				 "must be application/json, application/x-www-form-urlencoded or "
				 "application/x-www-form-base64-encoded");
	*ret = body;
	*ret_len = len;
	if (!cdr_types[i].decode)
		return 0;
	json = arena_alloc(arena, len + 1);
	if (len < skipped || memcmp(body, name, skipped) != 0 ||
	    !cdr_types[i].decode(body + skipped, len - skipped, json, ret_len))
		return error_set(
			err, ERR_BODY, "cdr",
			"the body must be cdr= and the record, as mod_json_cdr encodes it");
	*ret = json;
	return 0;
}
