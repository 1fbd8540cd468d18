#include "api/feeds.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "api/event_intake.h"
#include "base/civil.h"
#include "base/secret.h"
#include "base/signature.h"
#include "store/account.h"
#include "base/banned.h"

/* The token of a Twilio account. */
struct feed_token {
	const char *account, *token;
	struct feed_token *next;
};

struct feeds {
	struct arena arena;                   /* of the tokens */
	struct mapping *mappings[FEED_KINDS]; /* NULL: not taken */
	struct feed_token *tokens;
	pthread_mutex_t lock; /* of the mappings while they are used */
};

enum { FORM_MAX = 16384 }; /* of a callback of Twilio, in bytes */

/* ---- files of the settings ---- */

/* The settings that name the mapping files. */
static const struct {
	const char *name;
	size_t offset; /* in struct settings */
} mapping_settings[FEED_KINDS] = {
	[FEED_FREESWITCH] = { "feeds.freeswitch", offsetof(struct settings, feeds_freeswitch) },
	[FEED_TWILIO_CALL] = { "feeds.twilio", offsetof(struct settings, feeds_twilio) },
	[FEED_TWILIO_MESSAGE] = { "feeds.twilio_messages",
				  offsetof(struct settings, feeds_twilio_messages) },
};

const char *feeds_setting(enum feed_kind kind)
{
	return mapping_settings[kind].name;
}

/* Loads the mapping at PATH for the setting NAME; "" is none. */
static int load_mapping(const char *path, const char *name, struct mapping **ret, struct error *err)
{
	if (!*path)
		return 0;
	if (mapping_load(path, ret, err) < 0)
		return -1;
	if (!mapping_of_json(*ret) || mapping_uses_position(*ret))
		return error_set(err, ERR_PARAM, name,
				 "%s must be a mapping for JSON without {line} and {row}", path);
	return mapping_set_zone(*ret, NULL, err);
}

static int load_mappings(struct feeds *f, const struct settings *s, struct error *err)
{
	for (int i = 0; i < FEED_KINDS; i++) {
		const char *const *path = (const void *)((const char *)s +
							 mapping_settings[i].offset);

		if (load_mapping(*path, mapping_settings[i].name, &f->mappings[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Takes a line "AC... token". Empty lines and comments are skipped. */
static int take_token(struct feeds *f, const char *path, int number, char *line, struct error *err)
{
	static const char spaces[] = " \t\r\n";
	char *account = line + strspn(line, spaces), *token;
	struct feed_token *t;

	if (!*account || *account == '#')
		return 0;
	token = account + strcspn(account, spaces);
	if (*token)
		*token++ = '\0';
	token += strspn(token, spaces);
	token[strcspn(token, spaces)] = '\0';
	if (!sid_valid("AC", account, strlen(account)) || !*token)
		return error_set(err, ERR_PARAM, NULL,
				 "%s:%d: must be the SID of an account, a space, and its token",
				 path, number);
	t = arena_alloc(&f->arena, sizeof(*t));
	*t = (struct feed_token) { arena_str(&f->arena, account), arena_str(&f->arena, token),
				   f->tokens };
	f->tokens = t;
	return 0;
}

static int load_tokens(struct feeds *f, const char *path, struct error *err)
{
	FILE *file = *path ? fopen(path, "re") : NULL;
	char line[300];
	struct stat sb;
	int rc = 0;

	if (!*path)
		return 0;
	if (!file || fstat(fileno(file), &sb) < 0)
		rc = error_system(err, path, errno);
	else if (sb.st_mode & 077)
		rc = error_set(err, ERR_PARAM, "feeds.twilio_tokens",
			       "%s: other users may read the tokens; run: chmod 600 %s", path,
			       path);
	for (int number = 1; rc == 0 && fgets(line, sizeof(line), file); number++)
		rc = take_token(f, path, number, line, err);
	if (file)
		fclose(file);
	secret_wipe(line, sizeof(line));
	return rc;
}

int feeds_new(const struct settings *s, struct feeds **ret, struct error *err)
{
	struct feeds *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	arena_init(&f->arena);
	pthread_mutex_init(&f->lock, NULL);
	if (load_mappings(f, s, err) < 0 || load_tokens(f, s->feeds_twilio_tokens, err) < 0) {
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
	for (int i = 0; i < FEED_KINDS; i++)
		mapping_free(&(*f)->mappings[i]);
	pthread_mutex_destroy(&(*f)->lock);
	arena_release(&(*f)->arena);
	free(*f);
	*f = NULL;
}

struct mapping *feeds_mapping(struct feeds *f, enum feed_kind kind)
{
	return f->mappings[kind];
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

/* ---- callbacks of Twilio ---- */

static const char *token_of(const struct feeds *f, const char *account)
{
	for (const struct feed_token *t = f->tokens; t; t = t->next)
		if (strcmp(t->account, account) == 0)
			return t->token;
	return NULL;
}

/* Compares all bytes, so that the time says nothing about the first wrong one. */
static bool equal(const char *made, const char *given)
{
	size_t len = strlen(made);
	unsigned char different = 0;

	if (strlen(given) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		different |= (unsigned char)(made[i] ^ given[i]);
	return !different;
}

/*
 * URL with the default port of its scheme, or without it if it has one. Twilio
 * may sign either. NULL: the URL has another port.
 */
static const char *other_port(const char *url, struct arena *arena)
{
	bool tls = strncasecmp(url, "https://", 8) == 0;
	const char *port = tls ? ":443" : ":80", *host = strstr(url, "://"), *end, *colon;

	if (!host)
		return NULL;
	host += 3;
	end = host + strcspn(host, "/?");
	colon = memrchr(host, ':', (size_t)(end - host));
	/* a colon of an IPv6 address stands before its bracket */
	if (colon && memchr(colon, ']', (size_t)(end - colon)))
		colon = NULL;
	if (!colon)
		return arena_printf(arena, "%.*s%s%s", (int)(end - url), url, port, end);
	if ((size_t)(end - colon) != strlen(port) || memcmp(colon, port, strlen(port)) != 0)
		return NULL;
	return arena_printf(arena, "%.*s%s", (int)(colon - url), url, end);
}

static bool is_signed(const char *token, const char *url, const char *form, const char *signature,
		      struct arena *arena)
{
	const char *other = other_port(url, arena);
	char made[SIGNATURE_TEXT];
	bool good;

	signature_make(token, url, form, made);
	good = equal(made, signature);
	if (!good && other) {
		signature_make(token, other, form, made);
		good = equal(made, signature);
	}
	return good;
}

/* Appends TEXT as a string of JSON. */
static void add_string(struct strbuf *out, const char *text, size_t len)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ')
			strbuf_addf(out, "\\u%04x", (unsigned char)text[i]);
		else if (text[i] == '"' || text[i] == '\\')
			strbuf_addf(out, "\\%c", text[i]);
		else
			strbuf_addc(out, text[i]);
	}
	strbuf_addc(out, '"');
}

/* The parameters of a form as they are read. */
struct form_object {
	struct strbuf json;
	const char *account; /* AccountSid; NULL: not come yet */
	enum feed_kind kind;
	struct arena *arena;
};

/* Adds the parameter in the LEN bytes of PAIR, "name=value". */
static int add_pair(struct form_object *o, const char *pair, size_t len, struct error *err)
{
	size_t equals = strcspn(pair, "=&"), name_len = 0, value_len = 0;
	char *name = arena_alloc(o->arena, len + 1), *value = arena_alloc(o->arena, len + 1);

	if (equals > len)
		equals = len;
	if (!decode_url(pair, equals, name, &name_len) ||
	    (equals < len && !decode_url(pair + equals + 1, len - equals - 1, value, &value_len)))
		return error_set(err, ERR_BODY, NULL,
				 "the body must be a form, encoded as in URLs");
	value[value_len] = '\0';
	if (name_len == 10 && memcmp(name, "AccountSid", 10) == 0) {
		if (o->account)
			return error_set(err, ERR_BODY, "AccountSid", "must come once");
		o->account = value;
	} else if (name_len == 10 && memcmp(name, "MessageSid", 10) == 0) {
		o->kind = FEED_TWILIO_MESSAGE;
	}
	strbuf_addc(&o->json, o->json.len > 1 ? ',' : ' ');
	add_string(&o->json, name, name_len);
	strbuf_addc(&o->json, ':');
	add_string(&o->json, value, value_len);
	return 0;
}

/*
 * NOW comes last, so that no parameter of that name takes its place: of members
 * with one name the last one counts.
 */
static int read_form(struct form_object *o, const char *form, int64_t now, struct error *err)
{
	char received[INSTANT_TEXT];

	instant_format(received, now * USEC_PER_SEC);
	strbuf_addc(&o->json, '{');
	while (*form) {
		size_t len = strcspn(form, "&");

		if (len && add_pair(o, form, len, err) < 0)
			return -1;
		form += len + (form[len] == '&');
	}
	strbuf_addf(&o->json, ",\"Received\":\"%s\"}", received);
	if (!o->account)
		return error_set(err, ERR_BODY, "AccountSid", "is missing");
	return o->json.failed ? error_set(err, ERR_TOO_LARGE, NULL, "the form is too large") : 0;
}

int feeds_twilio_callback(struct feeds *f, const char *url, const char *form, const char *signature,
			  int64_t now, struct arena *arena, struct twilio_callback *ret,
			  struct error *err)
{
	struct form_object o = { .arena = arena, .kind = FEED_TWILIO_CALL };
	const char *token;
	int rc;

	strbuf_init(&o.json, 1 << 20);
	rc = read_form(&o, form, now, err);
	if (rc == 0) {
		token = token_of(f, o.account);
		/* the same words and work for both: nobody learns which accounts there are */
		if (!signature || !is_signed(token ? token : "", url, form, signature, arena) ||
		    !token)
			rc = error_set(err, ERR_FORBIDDEN, "X-Twilio-Signature",
				       "is not the signature of this callback by its account");
	}
	if (rc == 0)
		*ret = (struct twilio_callback) { o.account, o.kind,
						  arena_str(arena, o.json.text) };
	strbuf_release(&o.json);
	return rc;
}

/* ---- operations: records of FreeSWITCH ---- */

/* Reads the records in the TEXT of LEN bytes. */
static int read_mapped(struct event_intake *in, const char *text, size_t len, struct error *err)
{
	struct feeds *feeds = in->rq->worker->feeds;
	struct intake_bytes memory = { text, len };
	int rc;

	feeds_begin(feeds);
	rc = intake_read(in, intake_read_bytes, &memory, err);
	feeds_end(feeds);
	return rc;
}

/* Reads, checks and stores the records, and answers with the verdicts. */
static int post_mapped(struct request *rq, struct event_intake *in, const char *text, size_t len,
		       struct writer *w, struct error *err)
{
	if (read_mapped(in, text, len, err) < 0 || intake_store(in, err) < 0)
		return -1;
	writer_about(w, rq->op->title, "The verdict on each record.");
	intake_answer(rq, in, w);
	return 0;
}

static struct mapping *mapping_for(const struct request *rq, enum feed_kind kind)
{
	return rq->worker->feeds ? feeds_mapping(rq->worker->feeds, kind) : NULL;
}

/* Takes the mapping for KIND into IN. */
static int take_mapping(const struct request *rq, enum feed_kind kind, struct event_intake *in,
			struct error *err)
{
	in->mapping = mapping_for(rq, kind);
	return in->mapping ? 0
			   : error_set(err, ERR_NOT_FOUND, NULL,
				       "this server takes no such records; the setting %s must "
				       "name a mapping file",
				       feeds_setting(kind));
}

/* Checks that the server stores events, and that the body is not packed. */
static int check_feed(const struct request *rq, struct error *err)
{
	if (intake_check_server(rq, err) < 0)
		return -1;
	return request_header(rq, "Content-Encoding")
		       ? error_set(err, ERR_MEDIA_TYPE, "Content-Encoding", "must be omitted")
		       : 0;
}

static int post_freeswitch(struct request *rq, struct writer *w, struct error *err)
{
	struct event_intake in = { .rq = rq, .form = READER_JSON, .most = 1 };
	const char *text;
	size_t len;

	if (check_feed(rq, err) < 0 || take_mapping(rq, FEED_FREESWITCH, &in, err) < 0 ||
	    feeds_cdr_json(rq->content_type, rq->body, rq->body_len, rq->arena, &text, &len, err) <
		    0)
		return -1;
	return post_mapped(rq, &in, text, len, w, err);
}

static const struct param freeswitch_params[] = {
	{ "uuid", PT_TEXT, .max = 100, .doc = "The call, as mod_json_cdr adds it; ignored" }, { 0 }
};

#define SAMPLE_CDR                                                               \
	"{\"variables\":{\"uuid\":\"4a1c\",\"accountcode\":\"Northwind\","       \
	"\"start_uepoch\":\"1795255200000000\",\"answer_epoch\":\"1795255202\"," \
	"\"billsec\":\"61\"},\"callflow\":[{\"caller_profile\":{\"context\":\"public\"}}]}"

static const struct body_kind freeswitch_bodies[] = {
	{ "application/json", BODY_OBJECT, SAMPLE_CDR },
	{ "application/x-www-form-urlencoded", BODY_FORM, "cdr=%7B%22variables%22%3A%7B%7D%7D" },
	{ "application/x-www-form-base64-encoded", BODY_TEXT, "cdr=eyJ2YXJpYWJsZXMiOnt9fQ==" },
	{ NULL, BODY_TEXT, NULL }
};

const struct op op_PostFreeswitch = {
	OPERATION(PostFreeswitch, usaged, M_POST, "/feeds/freeswitch", ROLE_INGEST | ROLE_ADMIN),
	.light = true,
	.params = freeswitch_params,
	.returns = &intake_shape,
	.reads_body = true,
	.bodies = freeswitch_bodies,
	.run = post_freeswitch,
	.title = "Records of FreeSWITCH",
	.doc = "Stores a call detail record as mod_json_cdr posts it, by the mapping file of the "
	       "setting feeds.freeswitch. Calls that the mapping skips have no verdict",
};

/* ---- operations: callbacks of Twilio ---- */

/* The address that Twilio has called, as it has signed it. */
static const char *called_url(const struct request *rq)
{
	return arena_join(rq->arena, rq->base_url, rq->raw_path, *rq->query ? "?" : "", rq->query,
			  NULL);
}

/* Lets the request go on as the account, whose token signed it. */
static int act_as_account(struct request *rq, const char *sid, struct error *err)
{
	struct principal *who = arena_alloc(rq->arena, sizeof(*who));
	struct account a;
	int rc = store_account_by_sid(rq->store, sid, rq->arena, &a, err);

	if (rc == 0)
		return error_set(err, ERR_NOT_FOUND, "AccountSid",
				 "there is no account %.40s; make it with that SID", sid);
	*who = (struct principal) {
		.role = ROLE_INGEST, .name = sid, .label = "Twilio", .account = rc > 0 ? a.id : 0
	};
	rq->who = who;
	return rc < 0 ? -1 : 0;
}

static int post_twilio(struct request *rq, struct writer *w, struct error *err)
{
	static const char form_type[] = "application/x-www-form-urlencoded";
	struct event_intake in = { .rq = rq,
				   .form = READER_JSON,
				   .most = 1,
				   .author = ACTOR_CONSOLE " (feed of Twilio)" };
	size_t type = strcspn(rq->content_type, "; \t");
	struct twilio_callback callback;

	if (check_feed(rq, err) < 0 || (!mapping_for(rq, FEED_TWILIO_MESSAGE) &&
					take_mapping(rq, FEED_TWILIO_CALL, &in, err) < 0))
		return -1;
	if (type != sizeof(form_type) - 1 || strncasecmp(rq->content_type, form_type, type) != 0)
		return error_set(err, ERR_MEDIA_TYPE, "Content-Type", "must be %s", form_type);
	/* credentials, which it doesn't need, allow no longer one */
	if (rq->body_len > FORM_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL, "The form has more than %d bytes",
				 FORM_MAX);
	if (strlen(rq->body) != rq->body_len)
		return error_set(err, ERR_BODY, NULL,
				 "the body must be a form, encoded as in URLs");
	if (feeds_twilio_callback(rq->worker->feeds, called_url(rq), rq->body,
				  request_header(rq, "X-Twilio-Signature"), rq->now, rq->arena,
				  &callback, err) < 0 ||
	    take_mapping(rq, callback.kind, &in, err) < 0 ||
	    act_as_account(rq, callback.account, err) < 0)
		return -1;
	return post_mapped(rq, &in, callback.json, strlen(callback.json), w, err);
}

static const struct body_kind twilio_bodies[] = {
	{ "application/x-www-form-urlencoded", BODY_FORM,
	  "AccountSid=AC0123456789abcdef0123456789abcdef&CallSid="
	  "CA0123456789abcdef0123456789abcdef&"
	  "CallStatus=completed&CallDuration=61&Direction=inbound&Timestamp=Sat%2C%2021%20Nov%20"
	  "2026%2010%3A00%3A00%20%2B0000" },
	{ NULL, BODY_TEXT, NULL }
};

static const struct param twilio_params[] = { { 0 } };

const struct op op_PostTwilioCallback = {
	OPERATION(PostTwilioCallback, usaged, M_POST, "/feeds/twilio", ROLE_ANYONE),
	.light = true,
	.params = twilio_params,
	.returns = &intake_shape,
	.reads_body = true,
	.bodies = twilio_bodies,
	.run = post_twilio,
	.title = "Callbacks of Twilio",
	.doc = "Stores a status callback as Twilio posts it, by the mapping file of the setting "
	       "feeds.twilio for calls or feeds.twilio_messages for messages. The header "
	       "X-Twilio-Signature takes the place of credentials. "
	       "Callbacks that the mapping skips have no verdict",
};
