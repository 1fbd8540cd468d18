/*
 * address.h - the IP addresses to which the server may connect: public ones,
 * and those that the operator lists.
 *
 * Not public are addresses of this machine, of private and local networks, of
 * groups, for documentation and tests, and IPv6 addresses with such an IPv4
 * address inside (mapped, NAT64). Tunnels (6to4, Teredo) are not public, since
 * their inner address cannot be checked.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { NETWORKS_MAX = 64 };

/* Networks of IPv6; an IPv4 network is stored as mapped addresses. */
struct networks {
	struct network {
		unsigned char bytes[16];
		int bits; /* length of the prefix */
	} list[NETWORKS_MAX];
	size_t n;
};

/*
 * Reads networks, separated by spaces: an address, or an address with the
 * length of a prefix, such as 10.0.0.0/8. False: TEXT is malformed, or has more
 * than NETWORKS_MAX networks.
 */
bool networks_parse(const char *text, struct networks *ret);

/* Is A a public address? False for families other than IPv4 and IPv6. */
bool address_is_public(const struct sockaddr *a);

/* May the server connect to A: is A public, or in one of the networks? */
bool address_allowed(const struct networks *allowed, const struct sockaddr *a);

#endif
