#include "notify/sender.h"

#include <curl/curl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/civil.h"
#include "config.h"
#include "base/banned.h"

struct transfer {
	CURL *curl;
	struct curl_slist *headers;
	struct sender *sender;
	struct transfer *next, **previous; /* in the list of the sender */
	void *arg;
	int64_t begun_us; /* monotonic */
	bool forbidden;
	size_t received; /* bytes of headers and body */
	size_t kept;
	char body[SENDER_KEPT_MAX];
	char why[CURL_ERROR_SIZE];
};

struct sender {
	CURLM *multi;
	const struct networks *allowed;
	const char *ca_file;
	struct transfer *first;
	size_t active;
};

int sender_init(struct error *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		return 0;
	return error_set(err, ERR_INTERNAL, NULL, "libcurl cannot start");
}

const char *sender_system_ca_file(void)
{
	return curl_version_info(CURLVERSION_NOW)->cainfo;
}

int sender_new(const struct networks *allowed, const char *ca_file, struct sender **ret,
	       struct error *err)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->allowed = allowed;
	s->ca_file = ca_file;
	s->multi = curl_multi_init();
	if (!s->multi) {
		free(s);
		return error_set(err, ERR_INTERNAL, NULL, "libcurl cannot start");
	}
	*ret = s;
	return 0;
}

static void transfer_free(struct transfer *t)
{
	*t->previous = t->next;
	if (t->next)
		t->next->previous = t->previous;
	curl_multi_remove_handle(t->sender->multi, t->curl);
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	t->sender->active--;
	free(t);
}

/* ---- callbacks of libcurl ---- */

/* Makes a socket, if the resolved address is allowed. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;

	(void)purpose;
	if (!address_allowed(t->sender->allowed, &a->addr)) {
		t->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Counts bytes of the answer. False: the answer is too long. */
static bool has_room(struct transfer *t, size_t n)
{
	t->received += n;
	return t->received <= SENDER_ANSWER_MAX;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	return has_room(arg, size * n) ? size * n : 0;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n, more = sizeof(t->body) - t->kept;

	if (more > len)
		more = len;
	memcpy(t->body + t->kept, bytes, more);
	t->kept += more;
	return has_room(t, len) ? len : 0;
}

/* ---- requests ---- */

/*
 * URL with scheme and host in lower case, dots of the path as dots, and each "'"
 * of the query as %27.
 */
static const char *plain_text(struct arena *arena, const char *url)
{
	char *ret = arena_alloc(arena, 3 * strlen(url) + 1), *to = ret;
	const char *host = strstr(url, "://"), *path, *query;

	host = host ? host + strlen("://") : url;
	path = host + strcspn(host, "/?");
	query = path + strcspn(path, "?");
	while (*url) {
		if (url >= path && url < query && g_ascii_strncasecmp(url, "%2e", 3) == 0) {
			*to++ = '.';
			url += 3;
		} else if (url > query && *url == '\'') {
			to = stpcpy(to, "%27");
			url++;
		} else {
			*to++ = url < path ? g_ascii_tolower(*url) : *url;
			url++;
		}
	}
	*to = '\0';
	return ret;
}

/*
 * URL as receivers see it, and as Twilio's libraries write it before they
 * validate its signature: with a path, without segments "." and "..", without
 * the default port, and with a host in lower case or an address in its usual
 * form. A URL that libcurl cannot read is returned as it is.
 */
static const char *plain_url(struct arena *arena, const char *url)
{
	CURLU *u = curl_url();
	char *plain = NULL;

	if (u && curl_url_set(u, CURLUPART_URL, plain_text(arena, url), 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_URL, &plain, CURLU_NO_DEFAULT_PORT) == CURLUE_OK)
		url = arena_str(arena, plain);
	curl_free(plain);
	curl_url_cleanup(u);
	return url;
}

const char *sender_url(struct arena *arena, const char *url, const char *method, const char *form)
{
	url = plain_url(arena, url);
	if (strcmp(method, "GET") != 0)
		return url;
	return arena_join(arena, url, strchr(url, '?') ? "&" : "?", form, NULL);
}

/* Where the request goes and what it has. */
static void set_request(struct transfer *t, const struct sending *r)
{
	char signature[64];
	struct arena arena;

	arena_init(&arena);
	curl_easy_setopt(t->curl, CURLOPT_URL, sender_url(&arena, r->url, r->method, r->form));
	arena_release(&arena);
	if (strcmp(r->method, "GET") != 0)
		curl_easy_setopt(t->curl, CURLOPT_COPYPOSTFIELDS, r->form);
	snprintf(signature, sizeof(signature), "X-Twilio-Signature: %s", r->signature);
	t->headers = curl_slist_append(t->headers, signature);
	t->headers = curl_slist_append(t->headers, "Expect:");
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
}

static void set_limits(struct transfer *t)
{
	CURL *c = t->curl;

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* the signature is that of the URL as sender_url() writes it */
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* libcurl must not wait for a resolver that hangs, which would hold up all others */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)SENDER_CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)SENDER_TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (*t->sender->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, t->sender->ca_file);
}

static void set_callbacks(struct transfer *t)
{
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(t->curl, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
}

int sender_begin(struct sender *s, const struct sending *request, struct error *err)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->sender = s;
	t->arg = request->arg;
	t->begun_us = monotonic_us();
	t->curl = curl_easy_init();
	if (!t->curl) {
		free(t);
		return error_set(err, ERR_INTERNAL, NULL, "libcurl has no memory");
	}
	t->next = s->first;
	t->previous = &s->first;
	if (t->next)
		t->next->previous = &t->next;
	s->first = t;
	s->active++;
	set_limits(t);
	set_callbacks(t);
	set_request(t, request);
	if (curl_multi_add_handle(s->multi, t->curl) == CURLM_OK)
		return 0;
	transfer_free(t);
	return error_set(err, ERR_INTERNAL, NULL, "libcurl has no memory");
}

size_t sender_active(const struct sender *s)
{
	return s->active;
}

void sender_work(struct sender *s, int ms)
{
	int running;

	curl_multi_perform(s->multi, &running);
	if ((size_t)running < s->active)
		return; /* some have ended already */
	curl_multi_poll(s->multi, NULL, 0, ms, NULL);
	curl_multi_perform(s->multi, &running);
}

void sender_wake(struct sender *s)
{
	curl_multi_wakeup(s->multi);
}

/* ---- results ---- */

/* Copies text; bytes that are not printable ASCII become "?". */
static void copy_plain(char *to, size_t size, const char *from, size_t len)
{
	if (len > size - 1)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		to[i] = from[i] >= ' ' && from[i] < 127      ? from[i]
			: from[i] == '\n' || from[i] == '\t' ? ' '
							     : '?';
	to[len] = '\0';
}

static void describe(const struct transfer *t, CURLcode code, struct sent *ret)
{
	const char *why = *t->why ? t->why : curl_easy_strerror(code);

	if (ret->forbidden)
		why = "the address is not public, and webhooks.allow does not list it";
	else if (code == CURLE_WRITE_ERROR && t->received > SENDER_ANSWER_MAX)
		why = ret->status ? "" : "the answer is too long";
	else if (code == CURLE_OK)
		why = "";
	copy_plain(ret->error, sizeof(ret->error), why, strlen(why));
	copy_plain(ret->answer, sizeof(ret->answer), t->body, t->kept);
}

bool sender_take(struct sender *s, struct sent *ret)
{
	int left;
	CURLMsg *m = curl_multi_info_read(s->multi, &left);
	struct transfer *t = NULL;
	long status = 0;
	CURLcode code;

	if (!m || m->msg != CURLMSG_DONE)
		return false;
	code = m->data.result;
	curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
	curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
	*ret = (struct sent) { .arg = t->arg,
			       .forbidden = t->forbidden && code != CURLE_OK,
			       .took_us = monotonic_us() - t->begun_us };
	/* an answer counts if it is complete, or was cut off here */
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && t->received > SENDER_ANSWER_MAX))
		ret->status = status;
	describe(t, code, ret);
	transfer_free(t);
	return true;
}

void sender_free(struct sender **s)
{
	if (!*s)
		return;
	while ((*s)->first)
		transfer_free((*s)->first);
	curl_multi_cleanup((*s)->multi);
	free(*s);
	*s = NULL;
}
