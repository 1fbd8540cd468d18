#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "meta/document.h"
#include "meta/sample.h"
#include "meta/labels.h"

#include "suite.h"
#include "base/banned.h"

static struct arena arena;
static struct strbuf out;
static struct error err;
static struct settings *settings;
static struct writer_options options;

static void setup(void)
{
	arena_init(&arena);
	strbuf_init(&out, DOCUMENT_MAX);
	err = (struct error) { 0 };
	ck_assert_int_eq(settings_load(NULL, &settings, &err), 0);
	options = (struct writer_options) { .style = dialect_servicestack.style };
}

static void teardown(void)
{
	settings_free(&settings);
	strbuf_release(&out);
	arena_release(&arena);
}

static struct request request(void)
{
	static struct worker worker;

	worker = (struct worker) { .table = ops, .settings = settings };
	return (struct request) { .worker = &worker,
				  .base_url = "https://usage.example.com:8443",
				  .options = options,
				  .arena = &arena,
				  .reply.format = &format_json };
}

static const struct document *find(const char *path, struct request *rq)
{
	rq->path = path;
	rq->path_len = strlen(path);
	return document_find(rq);
}

/* The text of the document at PATH. */
static const char *text_of(const char *path)
{
	struct request rq = request();
	const struct document *d = find(path, &rq);

	ck_assert_ptr_nonnull(d);
	strbuf_clear(&out);
	ck_assert_msg(d->write(&rq, &out, &err) == 0, "%s: %s", path, err.message);
	return out.text;
}

/* ---- which document a path means ---- */

START_TEST(a_document_is_found_in_any_case)
{
	struct request rq = request();

	ck_assert_ptr_eq(find("/metadata", &rq), find("/METADATA", &rq));
	ck_assert_ptr_null(rq.reply.location);
	ck_assert_str_eq(rq.reply.type, DOCUMENT_HTML);
}
END_TEST

START_TEST(a_path_with_a_slash_too_many_leads_to_the_one_without)
{
	struct request rq = request();

	ck_assert_ptr_nonnull(find("/Metadata//", &rq));
	ck_assert_str_eq(rq.reply.location, "/metadata");
}
END_TEST

START_TEST(other_paths_are_no_documents)
{
	static const char *const paths[] = { "",
					     "/",
					     "//metadata",
					     "/metadatas",
					     "/meta",
					     "/json//metadata",
					     "/ui/A/send/",
					     "/xsd/a/b",
					     "/json/metadata/x" };
	struct request rq = request();

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ck_assert_msg(!find(paths[i], &rq), "%s", paths[i]);
}
END_TEST

START_TEST(a_path_and_a_query_say_what_is_asked_for_and_the_path_wins)
{
	struct raw_param query[] = { { "OP", "GetAIUsage", 10 },
				     { "format", "csv", 3 },
				     { "lang", "", 0 } };
	struct request rq = request();

	rq.params.items = query;
	rq.params.n = 3;
	ck_assert_ptr_nonnull(find("/xml/metadata", &rq));
	ck_assert_str_eq(document_param(&rq, "format"), "xml");
	ck_assert_str_eq(document_param(&rq, "op"), "GetAIUsage");
	ck_assert_ptr_null(document_param(&rq, "lang"));
}
END_TEST

START_TEST(every_document_says_what_it_is)
{
	for (const struct document *d = documents; d->path; d++)
		ck_assert_msg(d->type && d->doc && (d->write || d->location), "%s", d->path);
}
END_TEST

/* ---- samples ---- */

static const char *sample(const struct shape *shape, bool list, const struct format *f)
{
	strbuf_clear(&out);
	ck_assert_int_eq(sample_write(shape, list, dialect_servicestack.style, f, &out, &err), 0);
	return out.text;
}

START_TEST(a_request_has_the_parameters_of_the_family_but_not_our_own)
{
	const struct shape *shape = sample_request(&arena, op_find("GetAIUsage"), false);

	ck_assert_str_eq(sample(shape, false, &format_json),
			 "{\"accountId\":\"String\",\"customerId\":\"String\",\"startDate\":"
			 "\"String\",\"endDate\":\"String\"}");
	shape = sample_request(&arena, op_find("GetAIUsage"), true);
	ck_assert_ptr_nonnull(strstr(sample(shape, false, &format_json), "timeZone"));
}
END_TEST

START_TEST(an_answer_is_a_record_of_placeholders_in_every_format)
{
	const struct op *op = op_find("GetAIUsage");

	ck_assert_str_eq(sample(op->returns, false, &format_json),
			 "{\"accountUsage\":[{\"accountId\":\"String\",\"aiMinutes\":0}],"
			 "\"customerUsage\":[{\"accountId\":\"String\",\"customerId\":\"String\","
			 "\"aiMinutes\":0}]}");
	ck_assert_str_eq(sample(op->returns, false, &format_xml),
			 "<AIUsage xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\""
			 " xmlns=\"http://schemas.datacontract.org/2004/07/Voice.Api.AI\">\n"
			 "  <AccountUsage>\n    <AIAccountUsage>\n      <AIMinutes>0</AIMinutes>\n "
			 "     <AccountId>String</AccountId>\n"
			 "    </AIAccountUsage>\n  </AccountUsage>\n"
			 "  <CustomerUsage>\n    <AICustomerUsage>\n      "
			 "<AIMinutes>0</AIMinutes>\n      <AccountId>String</AccountId>\n"
			 "      <CustomerId>String</CustomerId>\n    </AICustomerUsage>\n  "
			 "</CustomerUsage>\n</AIUsage>");
	ck_assert_str_eq(sample(op->returns, false, &format_jsv),
			 "{\n\taccountUsage: [\n\t\t{\n\t\t\taccountId: String,\n\t\t\taiMinutes: "
			 "0\n\t\t}\n\t],\n"
			 "\tcustomerUsage: [\n\t\t{\n\t\t\taccountId: String,\n\t\t\tcustomerId: "
			 "String,\n\t\t\taiMinutes: 0\n\t\t}\n\t]\n}");
	ck_assert_str_eq(sample(op->returns, false, &format_csv),
			 "AccountUsage,CustomerUsage\r\n\"[{accountId:String,aiMinutes:0}]\",\"[{"
			 "accountId:String,customerId:String,aiMinutes:0}]\"\r\n");
}
END_TEST

/* ---- words ---- */

START_TEST(roles_and_verbs_are_named_as_the_pages_do)
{
	const struct op *ai = op_find("GetAIUsage"), *usage = op_find("ListUsageRecords");

	ck_assert_str_eq(labels_verbs(&arena, ai), "All Verbs");
	ck_assert_str_eq(labels_verbs(&arena, usage), "GET");
	ck_assert_str_eq(labels_lock(&arena, ai), "Requires Roles: SystemAdministrator");
	ck_assert_str_eq(labels_lock(&arena, usage),
			 "Requires Roles: SystemAdministrator?,  Manager?");
	ck_assert_str_eq(labels_namespace("http://schemas.datacontract.org/2004/07/Voice.Api.AI"),
			 "Voice.Api.AI");
}
END_TEST

/* ---- whole documents ---- */

START_TEST(openapi_names_each_operation_once)
{
	struct json_object *root = json_tokener_parse(text_of("/openapi.json")), *paths;

	ck_assert_ptr_nonnull(root);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(root, "openapi")), "3.1.0");
	paths = json_object_object_get(root, "paths");
	for (const struct op *const *op = ops; *op; op++)
		ck_assert_msg(json_object_object_get_ex(paths, (*op)->path, NULL), "%s", (*op)->id);
	json_object_put(root);
}
END_TEST

START_TEST(schemas_are_imported_by_names_that_are_there)
{
	char *index = strdup(text_of("/xsd")), *at = index;
	int n = 0;

	ck_assert_ptr_nonnull(index);
	while ((at = strstr(at, "schemaLocation=\""))) {
		char path[128];

		at += strlen("schemaLocation=\"");
		path[0] = '/';
		memcpy(path + 1, at, strcspn(at, "\""));
		path[1 + strcspn(at, "\"")] = '\0';
		ck_assert_ptr_nonnull(strstr(text_of(path), "<xs:complexType name=\""));
		n++;
	}
	free(index);
	ck_assert_int_ge(n, 3);
}
END_TEST

START_TEST(a_schema_that_is_not_there_is_not_found)
{
	struct request rq = request();
	const struct document *d = find("/xsd/Nothing.xsd", &rq);

	ck_assert_int_eq(d->write(&rq, &out, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_form_leads_to_the_path_with_its_values_encoded)
{
	struct raw_param query[] = { { "AccountSid", "A/\r\nC", 5 },
				     { "Category", "a&b", 3 },
				     { "format", "xml", 3 },
				     { "other", "x", 1 } };
	struct request rq = request();
	const struct document *d = find("/ui/listusagerecord/send", &rq);

	rq.params.items = query;
	rq.params.n = 4;
	ck_assert_int_eq(d->write(&rq, &out, &err), 0);
	ck_assert_str_eq(
		rq.reply.location,
		"/2010-04-01/Accounts/A%2F%0D%0AC/Usage/Records?Category=a%26b&format=xml");
}
END_TEST

START_TEST(a_form_without_a_part_of_the_path_says_which)
{
	struct request rq = request();
	const struct document *d = find("/ui/ListUsageRecord/send", &rq);

	ck_assert_int_eq(d->write(&rq, &out, &err), -1);
	ck_assert_str_eq(err.param, "AccountSid");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("meta");
	TCase *tc = tcase_create("meta");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_document_is_found_in_any_case);
	tcase_add_test(tc, a_path_with_a_slash_too_many_leads_to_the_one_without);
	tcase_add_test(tc, other_paths_are_no_documents);
	tcase_add_test(tc, a_path_and_a_query_say_what_is_asked_for_and_the_path_wins);
	tcase_add_test(tc, every_document_says_what_it_is);
	tcase_add_test(tc, a_request_has_the_parameters_of_the_family_but_not_our_own);
	tcase_add_test(tc, an_answer_is_a_record_of_placeholders_in_every_format);
	tcase_add_test(tc, roles_and_verbs_are_named_as_the_pages_do);
	tcase_add_test(tc, openapi_names_each_operation_once);
	tcase_add_test(tc, schemas_are_imported_by_names_that_are_there);
	tcase_add_test(tc, a_schema_that_is_not_there_is_not_found);
	tcase_add_test(tc, a_form_leads_to_the_path_with_its_values_encoded);
	tcase_add_test(tc, a_form_without_a_part_of_the_path_says_which);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
