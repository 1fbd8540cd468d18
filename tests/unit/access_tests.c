/*
 * access_tests.c - who may call what, and sees which accounts, events, SIMs and
 * fleets.
 */
#include "store/sim.h"
#include "operation_fixture.h"
#include "base/banned.h"

START_TEST(every_operation_refuses_every_role_that_its_row_does_not_name)
{
	for (const struct op *const *op = ops; *op; op++) {
		struct error err = { 0 };
		bool anyone = (*op)->roles & ROLE_ANYONE;

		ck_assert_int_eq(access_operation(&(struct request) { .op = *op }, &err),
				 anyone ? 0 : -1);
		ck_assert_int_eq(err.kind, anyone ? ERR_NONE : ERR_UNAUTHENTICATED);
		for (const struct role_info *r = roles; r->name; r++) {
			struct principal who = { .role = r->role };

			error_clear(&err);
			ck_assert_int_eq(access_operation(&(struct request) { .op = *op,
									      .who = &who },
							  &err) == 0,
					 anyone || ((*op)->roles & r->role));
			ck_assert(err.kind == ERR_NONE || err.kind == ERR_FORBIDDEN);
		}
	}
}
END_TEST

START_TEST(an_ingest_key_and_a_user_without_a_role_read_no_usage)
{
	for (const struct op *const *op = ops; *op; op++) {
		/* users see and change themselves, whatever their role */
		if (strncmp((*op)->path, "/profile", 8) != 0)
			ck_assert_msg(!((*op)->roles & ROLE_USER), "%s", (*op)->id);
		/* but what became of what it sent */
		if (((*op)->methods & M_GET) && op_find("ListRejections") != *op)
			ck_assert(!((*op)->roles & ROLE_INGEST));
	}
}
END_TEST

/* Who sees which of the four accounts. */
static const struct {
	const char *words;
	enum role role;
	int account; /* index + 1 */
	int grant;
	bool sees[4];
} sights[] = {
	{ "an administrator", ROLE_ADMIN, 0, 0, { true, true, true, true } },
	{ "a manager of the main account", ROLE_MANAGER, 0, 1, { true, false, false, false } },
	{ "a manager of nothing", ROLE_MANAGER, 0, 0, { false, false, false, false } },
	{ "the main account's token", ROLE_ACCOUNT, 1, 0, { true, true, false, false } },
	{ "the main account's API key", ROLE_KEY, 1, 0, { true, false, false, false } },
	{ "the subaccount's token", ROLE_ACCOUNT, 2, 0, { false, true, false, false } },
	{ "an ingest key", ROLE_INGEST, 1, 0, { false, false, false, false } },
	{ "a user without a role", ROLE_USER, 0, 0, { false, false, false, false } },
};

START_TEST(a_caller_sees_just_the_accounts_of_its_role)
{
	struct principal who = { .role = sights[_i].role, .name = "x" };

	who.account = sights[_i].account ? accounts[sights[_i].account - 1].id : 0;
	who.grants = &accounts[0].id;
	who.n_grants = sights[_i].grant ? 1 : 0;
	for (int a = 0; a < 4; a++) {
		struct error err = { 0 };
		const char *text;
		int rc;

		ck_assert_msg(principal_sees(&who, &accounts[a]) == sights[_i].sees[a],
			      "%s, account %d", sights[_i].words, a);
		if (!(ROLES_READING & who.role))
			continue;
		rc = run_as(&who, "ListUsageRecord",
			    arena_join(&arena, "AccountSid=", accounts[a].sid, NULL), &text, &err);
		ck_assert_int_eq(rc == 0, sights[_i].sees[a]);
		ck_assert(rc == 0 || err.kind == ERR_NOT_FOUND);
	}
}
END_TEST

START_TEST(single_events_are_those_of_accounts_that_the_caller_sees)
{
	struct principal who = { .role = sights[_i].role, .name = "x" };

	who.account = sights[_i].account ? accounts[sights[_i].account - 1].id : 0;
	who.grants = &accounts[0].id;
	who.n_grants = sights[_i].grant ? 1 : 0;
	for (int a = 0; a < 4; a++) {
		struct error err = { 0 };

		ck_assert_msg(access_events(&who, st, accounts[a].id, &err) == sights[_i].sees[a],
			      "%s, account %d", sights[_i].words, a);
		ck_assert_msg(access_sees_events(&who, &accounts[a]) == sights[_i].sees[a],
			      "%s, account %d", sights[_i].words, a);
	}
}
END_TEST

START_TEST(unknown_and_forbidden_sids_answer_alike)
{
	struct principal who = { .role = ROLE_ACCOUNT, .account = accounts[1].id };
	struct error a = { 0 }, b = { 0 };
	const char *text;

	ck_assert_int_eq(run_as(&who, "ListUsageRecord", "AccountSid=" AC("1"), &text, &a), -1);
	ck_assert_int_eq(run_as(&who, "ListUsageRecord", "AccountSid=" AC("9"), &text, &b), -1);
	ck_assert_int_eq(a.kind, b.kind);
	ck_assert_int_eq((int)strlen(a.message), (int)strlen(b.message));
}
END_TEST

START_TEST(a_manager_is_told_that_a_foreign_account_is_not_his)
{
	struct principal who = { .role = ROLE_MANAGER, .grants = &accounts[0].id, .n_grants = 1 };
	struct error err = { 0 };
	const char *text;

	ck_assert_int_eq(run_as(&who, "ListUsageRecords", "AccountId=" AC("3"), &text, &err), -1);
	ck_assert_int_eq(err.kind, ERR_FORBIDDEN);
}
END_TEST

/* ---- unique names of SIMs and fleets ---- */

static void add_sim_data(const char *sid, const char *id, const char *sim, const char *sim_name,
			 const char *fleet, const char *fleet_name)
{
	const char *const texts[EVENT_FIELDS] = {
		[EV_SOURCE] = "/t",
		[EV_ID] = id,
		[EV_SUBJECT] = sid,
		[EV_TIME] = "2026-11-20T10:00:00Z",
		[EV_CATEGORY] = CATEGORY_SIM_DATA,
		[EV_DOWNLOAD] = "5",
		[EV_SIM] = sim,
		[EV_SIM_NAME] = sim_name,
		[EV_FLEET] = fleet,
		[EV_FLEET_NAME] = fleet_name,
	};
	struct raw_event raw = { 0 };
	struct error err = { 0 };

	for (int f = 0; f < EVENT_FIELDS; f++) {
		raw.field[f].text = texts[f];
		raw.field[f].len = texts[f] ? strlen(texts[f]) : 0;
	}
	must(batch_add(&batch, &raw, NOW * USEC_PER_SEC, 0, &err), &err);
}

/*
 * The main account has used truck, the subaccount car, and the foreign account
 * a truck of its own; nobody has used spare.
 */
static void add_sims(void)
{
	struct sim spare = {
		.family = accounts[0].id, .kind = DIM_SIM, .sid = "HS4", .name = "spare"
	};
	struct ledger *l = ledger_new(st, &(struct ledger_options) { 0 });
	struct error err = { 0 };

	add_sim_data(AC("1"), "s1", "HS1", "truck", "HF1", "north");
	add_sim_data(AC("2"), "s2", "HS2", "car", NULL, NULL);
	add_sim_data(AC("3"), "s3", "HS3", "truck", NULL, NULL);
	must(batch_store(&batch, l, &err), &err);
	for (size_t i = 0; i < batch.n; i++)
		ck_assert_int_eq(batch.events[i].verdict, VERDICT_CREATED);
	ledger_free(&l);
	must(store_sim_add(st, &spare, &err), &err);
}

/* The records of a page of SIM usage, without what stands behind them. */
static const char *sim_records(const char *query)
{
	const char *text = run("ListSuperSimUsageRecord", query), *end = strstr(text, ",\"meta\":");

	ck_assert_msg(end != NULL, "%s", text);
	return arena_strn(&arena, text, (size_t)(end - text));
}

START_TEST(sim_usage_is_found_by_sid_and_by_unique_name)
{
	static const struct {
		const char *by_sid, *by_name, *says; /* SAYS: a part of both */
	} rows[] = {
		{ "AccountSid=" AC("1") "&Sim=HS1", "AccountSid=" AC("1") "&Sim=truck",
		  "\"data_total\":5,\"data_total_billed\":0,\"billed_unit\":null,\"sim_sid\":"
		  "\"HS1\"" },
		{ "AccountSid=" AC("1") "&Fleet=HF1", "AccountSid=" AC("1") "&Fleet=north",
		  "\"fleet_sid\":\"HF1\"" },
		{ "AccountSid=" AC("1") "&Sim=HS1&Group=fleet",
		  "AccountSid=" AC("1") "&Sim=truck&Group=fleet",
		  "\"sim_sid\":\"HS1\",\"fleet_sid\":\"HF1\"" },
		{ "AccountSid=" AC("1") "&Fleet=HF1&Group=sim",
		  "AccountSid=" AC("1") "&Fleet=north&Group=sim",
		  "\"sim_sid\":\"HS1\",\"fleet_sid\":\"HF1\"" },
		{ "AccountSid=" AC("2") "&Sim=HS2", "AccountSid=" AC("2") "&Sim=car",
		  "\"sim_sid\":\"HS2\"" },
		{ "AccountSid=" AC("3") "&Sim=HS3", "AccountSid=" AC("3") "&Sim=truck",
		  "\"sim_sid\":\"HS3\"" },
		/* known, and without usage */
		{ "AccountSid=" AC("1") "&Sim=HS4", "AccountSid=" AC("1") "&Sim=spare",
		  "\"data_total\":0,\"data_total_billed\":0,\"billed_unit\":null,\"sim_sid\":"
		  "\"HS4\"" },
	};

	add_sims();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = sim_records(rows[i].by_name);

		ck_assert_msg(strcmp(text, sim_records(rows[i].by_sid)) == 0, "row %zu: %s", i,
			      text);
		ck_assert_msg(strstr(text, rows[i].says) != NULL, "row %zu: %s", i, text);
	}
}
END_TEST

START_TEST(a_sim_or_fleet_that_the_account_does_not_know_has_no_records)
{
	static const char *const queries[] = {
		"AccountSid=" AC("1") "&Sim=nobody",
		"AccountSid=" AC("1") "&Fleet=nobody",
		"AccountSid=" AC("1") "&Sim=north",
		"AccountSid=" AC("1") "&Sim=truck&Fleet=nobody",
		"AccountSid=" AC("1") "&Sim=nobody&Granularity=day",
		"AccountSid=" AC("1") "&Sim=HS00000000000000000000000000000009",
		"AccountSid=" AC("2") "&Sim=truck",
		"AccountSid=" AC("2") "&Sim=spare",
		"AccountSid=" AC("3") "&Sim=car",
		"AccountSid=" AC("3") "&Sim=HS1",
	};

	add_sims();
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		ROW("%s", queries[i]);
		ck_assert_str_eq(sim_records(queries[i]), "{\"usage_records\":[]");
	}
	/* a network without usage is none that anyone would have to know */
	ck_assert_ptr_nonnull(strstr(
		sim_records("AccountSid=" AC("1") "&Network=HW00000000000000000000000000000009"),
		"\"data_total\":0"));
}
END_TEST

/*
 * Are the names of truck, car and the foreign truck in the list that a caller
 * of sights[_i] gets?
 */
START_TEST(a_caller_sees_the_names_of_its_families_and_what_its_subaccounts_used)
{
	struct principal who = { .role = sights[_i].role, .name = "x" };
	const bool main_account = sights[_i].sees[0], sub = sights[_i].sees[1],
		   other = sights[_i].sees[2];
	struct error err = { 0 };
	const char *text;

	add_sims();
	who.account = sights[_i].account ? accounts[sights[_i].account - 1].id : 0;
	who.grants = &accounts[0].id;
	who.n_grants = sights[_i].grant ? 1 : 0;
	if (!(ROLES_READING & who.role))
		return;
	must(run_as(&who, "ListSims", "", &text, &err), &err);
	ck_assert_msg((strstr(text, "\"HS1\"") != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
	ck_assert_msg((strstr(text, "\"HS2\"") != NULL) == (main_account || sub), "%s: %s",
		      sights[_i].words, text);
	ck_assert_msg((strstr(text, "\"HS4\"") != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
	ck_assert_msg((strstr(text, "\"HS3\"") != NULL) == other, "%s: %s", sights[_i].words, text);
	ck_assert_msg((strstr(text, AC("1")) != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
	must(run_as(&who, "ListSims", "Search=Main", &text, &err), &err);
	ck_assert_msg((strstr(text, "\"total\":0") != NULL) == !main_account, "%s: %s",
		      sights[_i].words, text);
	must(run_as(&who, "ListFleets", "", &text, &err), &err);
	ck_assert_msg((strstr(text, "\"HF1\"") != NULL) == main_account, "%s: %s", sights[_i].words,
		      text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("access");
	TCase *tc = tcase_create("access");
	struct error err = { 0 };

	if (secret_init(&err) < 0)
		return 1;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_operation_refuses_every_role_that_its_row_does_not_name);
	tcase_add_test(tc, an_ingest_key_and_a_user_without_a_role_read_no_usage);
	tcase_add_loop_test(tc, a_caller_sees_just_the_accounts_of_its_role, 0,
			    sizeof(sights) / sizeof(sights[0]));
	tcase_add_loop_test(tc, single_events_are_those_of_accounts_that_the_caller_sees, 0,
			    sizeof(sights) / sizeof(sights[0]));
	tcase_add_test(tc, unknown_and_forbidden_sids_answer_alike);
	tcase_add_test(tc, a_manager_is_told_that_a_foreign_account_is_not_his);
	tcase_add_test(tc, sim_usage_is_found_by_sid_and_by_unique_name);
	tcase_add_test(tc, a_sim_or_fleet_that_the_account_does_not_know_has_no_records);
	tcase_add_loop_test(tc,
			    a_caller_sees_the_names_of_its_families_and_what_its_subaccounts_used,
			    0, sizeof(sights) / sizeof(sights[0]));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
