#include "ledger.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/signin.h"
#include "base/civil.h"
#include "base/log.h"
#include "fuzz.h"
#include "http/body.h"
#include "../unit/batch.h"
#include "store/account.h"
#include "store/category.h"
#include "store/key.h"
#include "store/session.h"
#include "store/user.h"
#include "base/banned.h"

#define NOW 1800000000LL

const unsigned char ledger_secret[SECRET_BYTES] = "thirty-two bytes for the hashes";

static const char *const key_secrets[] = { "admintoken", "accounttoken", "keytoken", "ingesttoken",
					   "suspendedtoken" };
static const char *const session_secrets[] = {
	[SESSION_TEMPORARY] = "TemporaryTemporaryTemporaryTemporaryTempora",
	[SESSION_PERMANENT] = "PermanentPermanentPermanentPermanentPermane",
	[SESSION_TOKEN] = "BearerBearerBearerBearerBearerBearerBearerB"
};
const char *const ledger_secrets[LEDGER_SECRETS] = { "admintoken",
						     "accounttoken",
						     "keytoken",
						     "ingesttoken",
						     "TemporaryTemporaryTemporaryTemporaryTempora",
						     "PermanentPermanentPermanentPermanentPermane",
						     "BearerBearerBearerBearerBearerBearerBearerB",
						     LEDGER_PASSWORD };

static struct settings *settings;
static char folder[100], database[120], original[120], socket_path[120];

/* ---- what would be random, or slow on purpose ---- */

static uint64_t random_state;

static void random_bytes(void *buf, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint64_t n = __atomic_add_fetch(&random_state, 0x9e3779b97f4a7c15u,
						__ATOMIC_RELAXED);

		n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
		((unsigned char *)buf)[i] = (unsigned char)(n >> 32);
	}
}

static uint32_t random_number(void)
{
	uint32_t n;

	random_bytes(&n, sizeof(n));
	return n;
}

static const char *random_name(void)
{
	return "fixed";
}

static struct randombytes_implementation fixed_random = { .implementation_name = random_name,
							  .random = random_number,
							  .buf = random_bytes };

/* In the place of libsodium's. */
int crypto_pwhash_str(char out[crypto_pwhash_STRBYTES], const char *const password,
		      unsigned long long len, unsigned long long opslimit, size_t mem)
{
	unsigned char hash[32];

	(void)opslimit;
	(void)mem;
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)password, len, NULL, 0);
	memset(out, 0, crypto_pwhash_STRBYTES);
	sodium_bin2hex(out, 2 * sizeof(hash) + 1, hash, sizeof(hash));
	return 0;
}

int crypto_pwhash_str_verify(const char *text, const char *const password, unsigned long long len)
{
	char again[crypto_pwhash_STRBYTES];

	return crypto_pwhash_str(again, password, len, 0, 0) == 0 && strcmp(text, again) == 0 ? 0
											      : -1;
}

/* ---- the ledger ---- */

static void add_accounts(struct store *st)
{
	struct account accounts[] = { { .sid = LEDGER_ACCOUNT,
					.name = "Main",
					.currency = "usd",
					.created = NOW - 90 * SEC_PER_DAY },
				      { .sid = LEDGER_SUBACCOUNT,
					.name = "Sub",
					.currency = "usd",
					.created = NOW - 60 * SEC_PER_DAY,
					.time_zone = "Asia/Kathmandu" },
				      { .sid = LEDGER_STRANGER,
					.name = "Stranger",
					.currency = "eur",
					.created = NOW - 90 * SEC_PER_DAY },
				      { .sid = LEDGER_SUSPENDED,
					.name = "Suspended",
					.currency = "usd",
					.created = NOW - 90 * SEC_PER_DAY,
					.suspended = NOW - 2 * SEC_PER_DAY } };

	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
		accounts[i].parent = i == 1 ? accounts[0].id : 0;
		must(store_account_add(st, &accounts[i], NULL) == 0);
	}
}

static void add_categories(struct store *st)
{
	struct category categories[] = { { .name = "calls",
					   .description = "Calls",
					   .count_unit = "calls",
					   .usage_unit = "minutes",
					   .metered = true },
					 { .name = "calls-inbound",
					   .description = "Calls in",
					   .count_unit = "calls",
					   .usage_unit = "minutes" },
					 { .name = "sim-data",
					   .description = "Data",
					   .count_unit = "sessions",
					   .usage_unit = "megabytes" },
					 { .name = "ai-minutes",
					   .description = "AI",
					   .count_unit = "calls",
					   .usage_unit = "minutes" } };

	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		categories[i].parent = i == 1 ? categories[0].id : 0;
		must(store_category_add(st, &categories[i], NULL) == 0);
	}
}

static void add_keys(struct store *st)
{
	static const char *const keys_roles[] = { "SystemAdministrator", "Account", "Key", "Ingest",
						  "Account" };

	for (int i = 0; i < 5; i++) {
		struct key k = { .name = i ? "" : "admin",
				 .role = keys_roles[i],
				 .created = 1,
				 .account = i < 4 ? i > 0 : i };

		snprintf(k.sid, sizeof(k.sid), "SK%032d", i + 1);
		token_hash(ledger_secret, key_secrets[i], strlen(key_secrets[i]), k.hash);
		must(store_key_add(st, &k, NULL) == 0);
	}
}

static void add_users(struct store *st)
{
	static const int64_t granted[] = { 1 };
	char password[PASSWORD_HASH_TEXT];
	struct user root = { .name = "root",
			     .display = "Root",
			     .email = "root@example.com",
			     .role = "SystemAdministrator",
			     .password = password,
			     .created = 1 };
	struct user anna = { .name = "anna",
			     .display = "Anna",
			     .email = "",
			     .role = "Manager",
			     .password = password,
			     .created = 1,
			     .grants = granted,
			     .n_grants = 1 };

	must(password_hash(LEDGER_PASSWORD, strlen(LEDGER_PASSWORD), password, NULL) == 0);
	must(store_user_add(st, &root, NULL) == 0 && store_user_add(st, &anna, NULL) == 0);
	for (int kind = SESSION_TEMPORARY; kind <= SESSION_TOKEN; kind++) {
		struct session s = { .user = anna.id,
				     .kind = (enum session_kind)kind,
				     .created = NOW - 60,
				     .expires = NOW + 86400 };

		token_hash(ledger_secret, session_secrets[kind], strlen(session_secrets[kind]),
			   s.hash);
		must(store_session_add(st, &s, NULL) == 0);
	}
}

static void set_field(struct raw_event *raw, enum event_field f, const char *text)
{
	raw->field[f].text = text;
	raw->field[f].len = strlen(text);
}

/* Eight events, one a week. */
static void add_events(struct store *st)
{
	static const char *const names[] = { "calls-inbound", "sim-data", "calls", "ai-minutes" };
	struct ledger_options options = { .late = LATE_ADJUST };
	struct ledger *ledger = ledger_new(st, &options);
	struct batch batch = { 0 };
	struct error err = { 0 };

	for (int i = 0; i < 8; i++) {
		struct raw_event raw = { 0 };
		char id[10], when[INSTANT_TEXT];

		snprintf(id, sizeof(id), "e%d", i);
		instant_format(when, (NOW - 7LL * i * SEC_PER_DAY) * USEC_PER_SEC);
		set_field(&raw, EV_SOURCE, "pbx");
		set_field(&raw, EV_ID, id);
		set_field(&raw, EV_SUBJECT, i % 3 == 2 ? LEDGER_SUBACCOUNT : LEDGER_ACCOUNT);
		set_field(&raw, EV_TIME, when);
		set_field(&raw, EV_CATEGORY, names[i % 4]);
		set_field(&raw, i % 4 == 1 ? EV_UPLOAD : EV_USAGE, i % 4 == 1 ? "1500000" : "1.5");
		set_field(&raw, EV_PRICE, "0.25");
		set_field(&raw, EV_CUSTOMER, i % 2 ? "Ann" : "Bob");
		if (batch_add(&batch, &raw, NOW * USEC_PER_SEC, 0, &err) < 0)
			fprintf(stderr, "event %d: %s %s\n", i, err.param, err.message);
		must(err.kind == ERR_NONE);
	}
	must(batch_store(&batch, ledger, NULL) == 0 && batch.n == 8);
	for (size_t i = 0; i < batch.n; i++)
		must(batch.events[i].verdict == VERDICT_CREATED);
	arena_release(&batch.arena);
	ledger_free(&ledger);
}

static void make_ledger(void)
{
	struct store *st = NULL;

	must(store_open(original, STORE_CREATE | STORE_WRITE, 1000, &st, NULL) == 0 &&
	     store_begin_write(st, NULL) == 0);
	add_accounts(st);
	add_categories(st);
	add_keys(st);
	add_users(st);
	must(store_commit(st, NULL) == 0);
	add_events(st);
	store_close(&st);
}

/* ---- its folder ---- */

static void remove_copy(void)
{
	static const char *const endings[] = { "", "-wal", "-shm" };
	char path[140];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", database, endings[i]);
		unlink(path);
	}
}

static void remove_folder(void)
{
	remove_copy();
	unlink(original);
	unlink(socket_path);
	unlink(settings->feeds_twilio_tokens);
	rmdir(folder);
	settings_free(&settings);
}

static void copy_ledger(void)
{
	static char buf[1 << 16];
	FILE *from = fopen(original, "re"), *to = fopen(database, "we");
	size_t n;

	must(from && to);
	while ((n = fread(buf, 1, sizeof(buf), from)) > 0)
		must(fwrite(buf, 1, n, to) == n);
	must(fclose(to) == 0);
	fclose(from);
}

void ledger_reset(void)
{
	remove_copy();
	copy_ledger();
	random_state = 0;
}

/* Mappings and a token, so that records of other programs are taken. */
static void allow_feeds(struct settings *s)
{
	static char freeswitch[4096], twilio[4096], messages[4096], tokens[4096];
	FILE *file;

	snprintf(freeswitch, sizeof(freeswitch), "%s/../conf/mappings/freeswitch.ini",
		 s->templates);
	snprintf(twilio, sizeof(twilio), "%s/../conf/mappings/twilio-calls.ini", s->templates);
	snprintf(messages, sizeof(messages), "%s/../conf/mappings/twilio-messages.ini",
		 s->templates);
	snprintf(tokens, sizeof(tokens), "%s/tokens", folder);
	file = fopen(tokens, "we");
	must(file && fchmod(fileno(file), 0600) == 0);
	must(fputs("AC00000000000000000000000000000001 0a1b2c3d4e5f60718293a4b5c6d7e8f9\n", file) >
	     0);
	must(fclose(file) == 0);
	s->feeds_freeswitch = freeswitch;
	s->feeds_twilio = twilio;
	s->feeds_twilio_messages = messages;
	s->feeds_twilio_tokens = tokens;
	s->base_url = "https://usage.example.com";
}

struct settings *ledger_settings(void)
{
	const char *where = getenv("FUZZ_FOLDER"), *templates = getenv("FUZZ_TEMPLATES");

	if (settings)
		return settings;
	log_set_level(getenv("FUZZ_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
	clock_set_us(NOW * USEC_PER_SEC);
	randombytes_set_implementation(&fixed_random);
	must(secret_init(NULL) == 0 && settings_load(NULL, &settings, NULL) == 0);
	body_init();
	snprintf(folder, sizeof(folder), "%s/usaged-fuzz.XXXXXX", where ? where : "/tmp");
	must(mkdtemp(folder));
	snprintf(database, sizeof(database), "%s/usage.db", folder);
	snprintf(original, sizeof(original), "%s/original.db", folder);
	snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
	make_ledger();
	ledger_reset();
	settings->database = database;
	settings->socket = socket_path;
	settings->pid_file = "";
	settings->threads = 2;     /* one alone would keep no connection */
	settings->sandbox = false; /* which is for good, and these servers come and go */
	settings->send_webhooks = false;
	settings->templates = templates ? templates : "templates";
	allow_feeds(settings);
	atexit(remove_folder);
	return settings;
}
