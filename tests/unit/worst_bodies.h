/*
 * worst_bodies.h - what costs most to read of each form of a body, for its
 * length.
 */
#ifndef TESTS_UNIT_WORST_BODIES_H
#define TESTS_UNIT_WORST_BODIES_H

#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define XML   "application/xml"
#define JSON  "application/json"
#define JSV   "text/jsv"
#define CSV   "text/csv"
#define FORM  "application/x-www-form-urlencoded"
#define CDR   "application/x-www-form-base64-encoded"
#define PARTS "multipart/form-data; boundary=b"

/*
 * A body is BEGIN, then REPEAT as often as it fits, then END. In XML "@" is the
 * root's name and "~" its namespace; "#" in REPEAT is a number that grows. A
 * body that is a batch has the type NULL.
 */
static const struct worst_body {
	const char *type, *begin, *repeat, *end;
} worst_bodies[] = {
	{ XML, "<@ xmlns='~' ", "a#='' ", "/>" },
	{ XML, "<@ xmlns='~' ", "xmlns:a#='u#' ", "/>" },
	{ XML, "<@ xmlns='~' ", "a#=\">\" ", "/>" },
	{ XML, "<@ xmlns='~' ", "a ", "/>" },
	{ XML, "<@ xmlns='~'>", "<a#>", "" },
	{ XML, "<@ xmlns='~'>", "<a xmlns:p#='u'>", "" },
	{ XML, "<@ xmlns='~'><Moon>", "<a/>", "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "<a#/>", "</Moon></@>" },
	{ XML, "<@ xmlns='~'>", "<Moon/>", "</@>" },
	{ XML, "<@ xmlns='~'>", "<Text>x</Text>", "</@>" },
	{ XML, "<@ xmlns='~'><Moon>",
	  "<a b='1' c='2' d='3' e='4' f='5' g='6' h='7' i='8' j='9' k='10' l='11' m='12' n='13' "
	  "o='14' p='15'/>",
	  "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon>",
	  "<a xmlns:b='1' xmlns:c='2' xmlns:d='3' xmlns:e='4' xmlns:f='5' xmlns:g='6' "
	  "xmlns:h='7'/>",
	  "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Text>", "&lt;", "</Text></@>" },
	{ XML, "<@ xmlns='~'><Text>", "&#65;", "</Text></@>" },
	{ XML, "<@ xmlns='~'><Text>", "x", "</Text></@>" },
	{ XML, "<@ xmlns='~'><Text>", "<![CDATA[x]]>", "</Text></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "<!-- x -->", "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "<?x y?>", "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "<!--", "" },
	{ XML, "<@ xmlns='~'><Moon><!--", "<!--", "--></Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon><!--", "- ", "--></Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon><!--", "-->", "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "]]>", "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "&", "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "\r\n", "</Moon></@>" },
	{ XML, "<@ xmlns='~'><Moon a='", "&#10;", "'/></@>" },
	{ XML, "<@ xmlns='~'><Moon>", "<?", "" },
	{ XML, "<@ xmlns='~'><Moon>", "<![CDATA[", "" },
	{ XML, "<@ xmlns='~'><Moon>", "</", "" },
	{ XML, "<", "x", "/>" },
	{ XML, "<@ xmlns='", "x", "'/>" },
	{ XML, "", "<a b='", "" },
	{ JSON, "{", "\"a#\":1,", "\"b\":1}" },
	{ JSON, "{", "\"a\":1,", "\"b\":1}" },
	{ JSON, "{\"moon\":[", "[],", "1]}" },
	{ JSON, "{\"moon\":[", "{\"a\":{}},", "1]}" },
	{ JSON, "{\"moon\":", "[", "" },
	{ JSON, "{\"moon\":", "{\"a\":", "" },
	{ JSON, "{\"Text\":\"", "\\u0041", "\"}" },
	{ JSON, "{\"Text\":\"", "\\\\", "\"}" },
	{ JSON, "{\"Text\":\"", "x", "\"}" },
	{ JSON, "{\"Text\":", "1", "}" },
	{ JSON, "{\"Text\":0.", "1", "}" },
	{ JSON, "{\"moon\":[", "1e9,", "1]}" },
	{ JSON, "{", " ", "}" },
	{ JSV, "{", "a#:1,", "b:1}" },
	{ JSV, "{moon:", "[", "" },
	{ JSV, "{moon:[", "[],", "1]}" },
	{ JSV, "{moon:[", "\"\",", "1]}" },
	{ JSV, "{Text:\"", "\"\"", "\"}" },
	{ JSV, "{Text:", "x", "}" },
	{ JSV, "{moon:", "\"", "}" },
	{ JSV, "{", "x", ":1}" },
	{ CSV, "", "a#,", "b\r\n1\r\n" },
	{ CSV, "Text\r\n\"", "\"\"", "\"\r\n" },
	{ CSV, "Text\r\n", "x", "\r\n" },
	{ CSV, "Text", "\r\n", "" },
	{ FORM, "", "a#=1&", "b=1" },
	{ FORM, "", "&", "" },
	{ FORM, "Text=", "%41", "" },
	{ FORM, "Text=", "+", "" },
	{ FORM, "", "x", "=1" },
	/* as Twilio and FreeSWITCH post them */
	{ FORM, "AccountSid=AC00000000000000000000000000000002&", "a#&", "b" },
	{ FORM, "AccountSid=AC00000000000000000000000000000002&", "a&", "b" },
	{ FORM, "AccountSid=AC00000000000000000000000000000002&", "=&", "b" },
	{ FORM, "AccountSid=AC00000000000000000000000000000002&a=", "%01", "" },
	{ FORM, "cdr=%7B", "%22a#%22:1,", "%22b%22:1}" },
	{ FORM, "cdr=", "%5B", "" },
	{ CDR, "cdr=", "W1tb", "" },
	{ CDR, "cdr=", "\n", "" },
	{ CDR, "cdr=", "e30K", "" },
	{ PARTS, "--b\r\n", "\r\n\r\n--b\r\n", "--" },
	{ PARTS, "--b\r\n", "Content-Disposition: form-data; name=\"a#\"\r\n\r\n1\r\n--b\r\n", "" },
	{ PARTS, "--b\r\nContent-Disposition: form-data; ", "xname=\"", "\r\n\r\n1\r\n--b--" },
	{ PARTS, "--b\r\nContent-Disposition: form-data; name=\"Text\"\r\n\r\n", "\r\n--",
	  "\r\n--b--" },
	{ PARTS, "", "\r\n--", "" },
	{ NULL, "[", "{},", "{}]" },
	{ NULL, "[", "{\"Text\":\"x\"},", "{}]" },
	{ NULL, "[", "[", "" },
};

enum { WORST_BODIES = sizeof(worst_bodies) / sizeof(worst_bodies[0]) };

static inline void worst_body_add(struct strbuf *sb, const char *text, const char *root,
				  const char *ns, int n)
{
	for (; *text; text++)
		if (*text == '@')
			strbuf_add(sb, root);
		else if (*text == '~')
			strbuf_add(sb, ns);
		else if (*text == '#' && n >= 0)
			strbuf_addf(sb, "%x", (unsigned)n);
		else
			strbuf_addc(sb, *text);
}

/* The body B of SIZE bytes at most, in ARENA; a NUL behind it. */
static inline char *worst_body_make(const struct worst_body *b, size_t size, const char *root,
				    const char *ns, struct arena *arena, size_t *ret_len)
{
	struct strbuf sb, end;
	char *text;

	strbuf_init(&sb, size + 1);
	strbuf_init(&end, size + 1);
	worst_body_add(&end, b->end, root, ns, -1);
	worst_body_add(&sb, b->begin, root, ns, -1);
	for (int n = 0; sb.len + strlen(b->repeat) + 8 + end.len < size; n++)
		worst_body_add(&sb, b->repeat, root, ns, n);
	strbuf_addn(&sb, end.text ? end.text : "", end.len);
	*ret_len = sb.len;
	text = arena_strn(arena, sb.text, sb.len);
	strbuf_release(&sb);
	strbuf_release(&end);
	return text;
}

#endif
