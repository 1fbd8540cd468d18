/*
 * address_tests.c - the addresses that callbacks may go to.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "base/address.h"
#include "suite.h"
#include "base/banned.h"

union any {
	struct sockaddr a;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union any address(const char *text)
{
	union any ret = { 0 };

	if (inet_pton(AF_INET, text, &ret.v4.sin_addr) == 1)
		ret.a.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &ret.v6.sin6_addr) == 1)
		ret.a.sa_family = AF_INET6;
	else
		ck_abort_msg("%s is no address", text);
	return ret;
}

START_TEST(public_addresses_are_told_from_all_others)
{
	static const struct {
		const char *text;
		bool is_public;
	} rows[] = {
		{ "8.8.8.8", true },
		{ "1.1.1.1", true },
		{ "0.0.0.0", false },
		{ "0.1.2.3", false },
		{ "9.255.255.255", true },
		{ "10.0.0.1", false },
		{ "11.0.0.0", true },
		{ "100.63.255.255", true },
		{ "100.64.0.1", false },
		{ "100.127.255.255", false },
		{ "100.128.0.0", true },
		{ "127.0.0.1", false },
		{ "127.255.255.255", false },
		{ "169.254.169.254", false },
		{ "169.253.0.1", true },
		{ "172.15.255.255", true },
		{ "172.16.0.1", false },
		{ "172.31.255.255", false },
		{ "172.32.0.0", true },
		{ "192.0.0.8", false },
		{ "192.0.2.1", false },
		{ "192.88.99.1", false },
		{ "192.168.0.1", false },
		{ "192.169.0.1", true },
		{ "198.18.0.1", false },
		{ "198.19.255.255", false },
		{ "198.51.100.1", false },
		{ "203.0.113.1", false },
		{ "223.255.255.255", true },
		{ "224.0.0.1", false },
		{ "240.0.0.1", false },
		{ "255.255.255.255", false },
		{ "::", false },
		{ "::1", false },
		{ "::ffff:8.8.8.8", true },
		{ "::ffff:127.0.0.1", false },
		{ "::ffff:10.1.2.3", false },
		{ "::127.0.0.1", false },
		{ "64:ff9b::8.8.8.8", true },
		{ "64:ff9b::169.254.169.254", false },
		{ "64:ff9b:1::1", false },
		{ "100::1", false },
		{ "2606:4700:4700::1111", true },
		{ "2001:4860:4860::8888", true },
		{ "2001::1", false },
		{ "2001:1ff:ffff::1", false },
		{ "2001:200::1", true },
		{ "2001:db8::1", false },
		{ "2002:7f00:1::1", false },
		{ "3fff:0:1::1", false },
		{ "4000::1", false },
		{ "fc00::1", false },
		{ "fd12:3456::1", false },
		{ "fe80::1", false },
		{ "fec0::1", false },
		{ "ff02::1", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union any a = address(rows[i].text);

		ROW("%s", rows[i].text);
		ck_assert_int_eq(address_is_public(&a.a), rows[i].is_public);
	}
	ck_assert(!address_is_public(&(struct sockaddr) { .sa_family = AF_UNIX }));
}
END_TEST

START_TEST(listed_networks_are_allowed_too)
{
	static const struct {
		const char *list, *text;
		bool allowed;
	} rows[] = {
		{ "", "127.0.0.1", false },
		{ "127.0.0.1", "127.0.0.1", true },
		{ "127.0.0.1", "127.0.0.2", false },
		{ "127.0.0.1", "::ffff:127.0.0.1", true },
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "192.168.0.1", false },
		{ "10.16.0.0/12", "10.31.255.255", true },
		{ "10.16.0.0/12", "10.32.0.0", false },
		{ " fd00::/8   192.168.1.0/24 ", "fd99::1", true },
		{ " fd00::/8   192.168.1.0/24 ", "192.168.1.9", true },
		{ "0.0.0.0/0", "169.254.169.254", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "::1", true },
		{ "10.0.0.0/8", "8.8.8.8", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union any a = address(rows[i].text);
		struct networks n;

		ROW("%s in %s", rows[i].text, rows[i].list);
		ck_assert(networks_parse(rows[i].list, &n));
		ck_assert_int_eq(address_allowed(&n, &a.a), rows[i].allowed);
	}
}
END_TEST

START_TEST(malformed_networks_are_refused)
{
	static const char *const rows[] = { "x",           "10.0.0.0/33", "fd00::/129",
					    "10.0.0.0/",   "10.0.0.0/-1", "10.0.0.0/8x",
					    "10.0.0/8",    "localhost",   "/8",
					    "10.0.0.0/ 8", "127.0.0.1:80" };
	char many[NETWORKS_MAX * 3 + 10] = "";
	struct networks n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ROW("%s", rows[i]);
		ck_assert(!networks_parse(rows[i], &n));
	}
	for (int i = 0; i <= NETWORKS_MAX; i++)
		memcpy(many + 3 * i, "::  ", 4);
	ck_assert(!networks_parse(many, &n));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("address");
	TCase *tc = tcase_create("address");

	tcase_add_test(tc, public_addresses_are_told_from_all_others);
	tcase_add_test(tc, listed_networks_are_allowed_too);
	tcase_add_test(tc, malformed_networks_are_refused);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
