#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "base/banned.h"

/* The prefix of an IPv4 address inside an IPv6 address. */
static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool in_network(const struct network *n, const unsigned char bytes[16])
{
	int whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->bytes, bytes, (size_t)whole) != 0)
		return false;
	return !rest || (n->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

/* Reads "10.0.0.0" or "fd00::" as 16 bytes. *RET_MOST: bits of the address. */
static bool parse_address(const char *text, unsigned char ret[16], int *ret_most)
{
	memcpy(ret, mapped, sizeof(mapped));
	*ret_most = 32;
	if (inet_pton(AF_INET, text, ret + 12) == 1)
		return true;
	*ret_most = 128;
	return inet_pton(AF_INET6, text, ret) == 1;
}

/* Reads "10.0.0.0/8". */
static bool parse_network(char *word, struct network *ret)
{
	char *slash = strchr(word, '/'), *end;
	long bits;
	int most;

	if (slash)
		*slash = '\0';
	if (!parse_address(word, ret->bytes, &most))
		return false;
	bits = most;
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		bits = strtol(slash + 1, &end, 10);
		if (*end || bits > most)
			return false;
	}
	ret->bits = (int)bits + 128 - most;
	return true;
}

bool networks_parse(const char *text, struct networks *ret)
{
	char word[64];

	ret->n = 0;
	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t len = strcspn(text, " ");

		if (len >= sizeof(word) || ret->n == NETWORKS_MAX)
			return false;
		memcpy(word, text, len);
		word[len] = '\0';
		if (!parse_network(word, &ret->list[ret->n++]))
			return false;
		text += len;
	}
	return true;
}

/* ---- public addresses ---- */

/* IANA's registries of special addresses, and groups. */
static const char *const special_v4 =
	"0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24"
	" 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16"
	" 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3";
/* inside 2000::/3, which has all public addresses of IPv6 */
static const char *const special_v6 =
	"2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20";
static const char *const public_v6 = "2000::/3";
/* networks whose last 32 bits are an IPv4 address */
static const char *const with_v4 = "::ffff:0:0/96 64:ff9b::/96";

static bool is_listed(const char *list, const unsigned char bytes[16])
{
	struct networks n;

	if (!networks_parse(list, &n))
		return false;
	for (size_t i = 0; i < n.n; i++)
		if (in_network(&n.list[i], bytes))
			return true;
	return false;
}

static bool to_bytes(const struct sockaddr *a, unsigned char ret[16])
{
	if (a->sa_family == AF_INET) {
		memcpy(ret, mapped, sizeof(mapped));
		memcpy(ret + 12, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
		return true;
	}
	if (a->sa_family != AF_INET6)
		return false;
	memcpy(ret, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16);
	return true;
}

bool address_is_public(const struct sockaddr *a)
{
	unsigned char bytes[16], inner[16];

	if (!to_bytes(a, bytes))
		return false;
	if (is_listed(with_v4, bytes)) {
		memcpy(inner, mapped, sizeof(mapped));
		memcpy(inner + 12, bytes + 12, 4);
		return !is_listed(special_v4, inner);
	}
	return is_listed(public_v6, bytes) && !is_listed(special_v6, bytes);
}

bool address_allowed(const struct networks *allowed, const struct sockaddr *a)
{
	unsigned char bytes[16];

	if (!to_bytes(a, bytes))
		return false;
	for (size_t i = 0; i < allowed->n; i++)
		if (in_network(&allowed->list[i], bytes))
			return true;
	return address_is_public(a);
}
