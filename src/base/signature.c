#include "base/signature.h"

#include <glib.h>
#include <string.h>
#include "base/banned.h"

static char *decode(const char *text, size_t len)
{
	char *copy = g_strndup(text, len), *decoded;

	for (char *p = copy; *p; p++)
		if (*p == '+')
			*p = ' ';
	decoded = g_uri_unescape_string(copy, NULL);
	if (!decoded)
		return copy;
	g_free(copy);
	return decoded;
}

struct form_pair {
	char *name, *value;
};

static gint compare_pairs(gconstpointer a, gconstpointer b)
{
	const struct form_pair *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->value, y->value);
}

static void free_pair(gpointer p)
{
	struct form_pair *pair = p;

	g_free(pair->name);
	g_free(pair->value);
}

static GArray *read_form(const char *form)
{
	GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct form_pair));

	g_array_set_clear_func(pairs, free_pair);
	while (*form) {
		size_t len = strcspn(form, "&"), name = strcspn(form, "=&");
		struct form_pair pair = { decode(form, name), NULL };

		pair.value = name < len ? decode(form + name + 1, len - name - 1) : g_strdup("");
		g_array_append_val(pairs, pair);
		form += len + (form[len] == '&');
	}
	g_array_sort(pairs, compare_pairs);
	return pairs;
}

static void add_form(GHmac *hmac, const char *form)
{
	GArray *pairs = read_form(form);

	for (guint i = 0; i < pairs->len; i++) {
		const struct form_pair *p = &g_array_index(pairs, struct form_pair, i);

		if (i && compare_pairs(p, p - 1) == 0)
			continue;
		/* the name comes before each of its values */
		g_hmac_update(hmac, (const guchar *)p->name, (gssize)strlen(p->name));
		g_hmac_update(hmac, (const guchar *)p->value, (gssize)strlen(p->value));
	}
	g_array_free(pairs, TRUE);
}

void signature_make(const char *token, const char *url, const char *form,
		    char ret[static SIGNATURE_TEXT])
{
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)token, strlen(token));
	guint8 digest[20];
	gsize len = sizeof(digest);
	char *text;

	g_hmac_update(hmac, (const guchar *)url, (gssize)strlen(url));
	if (form)
		add_form(hmac, form);
	g_hmac_get_digest(hmac, digest, &len);
	g_hmac_unref(hmac);
	text = g_base64_encode(digest, len);
	g_strlcpy(ret, text, SIGNATURE_TEXT);
	g_free(text);
}
