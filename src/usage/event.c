#include "usage/event.h"

#include <inttypes.h>
#include <string.h>
#include "base/civil.h"
#include "base/decimal.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "usage/catalogue.h"
#include "usage/sim.h"
#include "base/banned.h"

/* room for any amount with leading zeros or an exponent */
#define NUMBER_BYTES 64
/* the limit of usage in megabytes */
#define BYTES_MAX (EVENT_USAGE_MAX * 1000000)

#define FIELD_OF_DIMENSION(id, column, field, max, doc, ...) \
	[EV_##id] = { field, true, false, max, doc, EVENT_TEXT },

const struct event_field_info event_fields[EVENT_FIELDS] = {
	[EV_SOURCE] = { "source", false, true, 256, "Who reports the event; with `id` its identity",
			EVENT_TEXT },
	[EV_ID] = { "id", false, true, 256, "Name of the event, unique in its source", EVENT_TEXT },
	[EV_SUBJECT] = { "subject", false, true, 64, "SID of the account that used something",
			 EVENT_TEXT },
	[EV_TIME] = { "time", false, true, 64,
		      "When, with offset from UTC: 2026-11-21T10:00:00Z. Digits beyond "
		      "microseconds are cut off",
		      EVENT_TEXT },
	[EV_CATEGORY] = { "category", true, true, 64, "What was used: the name of a usage category",
			  EVENT_TEXT },
	[EV_COUNT] = { "count", true, false, NUMBER_BYTES,
		       "How many times, a whole number; 1 if not given", EVENT_WHOLE },
	[EV_USAGE] = { "usage", true, false, NUMBER_BYTES,
		       "How much, in the category's usage unit, up to 6 decimal places; 0 if not "
		       "given",
		       EVENT_DECIMAL },
	[EV_PRICE] = { "price", true, false, NUMBER_BYTES,
		       "What it costs, in the account's currency, up to 9 decimal places; 0 if not "
		       "given",
		       EVENT_DECIMAL },
	DIMENSION_LIST(FIELD_OF_DIMENSION)
		[EV_UPLOAD] = { "data_upload", true, false, NUMBER_BYTES,
				"Bytes that a SIM sent; with category sim-data only", EVENT_WHOLE },
	[EV_DOWNLOAD] = { "data_download", true, false, NUMBER_BYTES,
			  "Bytes that a SIM received; with category sim-data only", EVENT_WHOLE },
	[EV_SIM_NAME] = { "sim_name", true, false, SIM_NAME_BYTES,
			  "Unique name of the SIM: with `sim` it is called so from now on, without "
			  "it stands for the SIM that is",
			  EVENT_TEXT },
	[EV_FLEET_NAME] = { "fleet_name", true, false, SIM_NAME_BYTES,
			    "Unique name of the fleet: with `fleet` it is called so from now on, "
			    "without it stands for the fleet that is",
			    EVENT_TEXT },
	[EV_SPECVERSION] = { "specversion", false, false, 16, "Version of CloudEvents: 1.0",
			     EVENT_TEXT },
	[EV_TYPE] = { "type", false, false, 256, "CloudEvents type; free, not kept", EVENT_TEXT },
};

const struct event_amount event_amounts[EVENT_AMOUNTS] = {
	{ EV_COUNT, AMOUNT_COUNT, EVENT_COUNT_MAX },
	{ EV_PRICE, AMOUNT_PRICE, EVENT_PRICE_MAX },
};

#define DIMENSION_FIELD(id, ...) [DIM_##id] = EV_##id,

const enum event_field event_dimension_fields[DIMENSIONS_BUILT_IN] = { DIMENSION_LIST(
	DIMENSION_FIELD) };

enum event_field event_field_find(const char *name, size_t len)
{
	for (int f = 0; f < EVENT_FIELDS; f++) {
		if (strlen(event_fields[f].name) == len &&
		    memcmp(event_fields[f].name, name, len) == 0)
			return f;
	}
	return EVENT_FIELDS;
}

bool event_field_lacks(enum event_field f, const bool has[EVENT_FIELDS])
{
	if (f == EV_SIM_NAME || f == EV_FLEET_NAME)
		return !has[f] &&
		       (has[EV_SIM] || has[EV_FLEET] || has[EV_UPLOAD] || has[EV_DOWNLOAD]);
	return !has[f];
}

static bool is(const struct raw_event *raw, enum event_field f, const char *text)
{
	return raw->field[f].len == strlen(text) &&
	       memcmp(raw->field[f].text, text, raw->field[f].len) == 0;
}

static int check_texts(const struct raw_event *raw, struct error *err)
{
	for (int f = 0; f < EVENT_FIELDS; f++) {
		const struct event_field_info *info = &event_fields[f];

		if (!event_has(raw, f)) {
			if (info->required)
				return error_set(err, ERR_PARAM, info->name, "%s is missing",
						 info->name);
			continue;
		}
		if (raw->field[f].len > info->max_bytes)
			return error_set(err, ERR_PARAM, info->name, "%s is longer than %zu bytes",
					 info->name, info->max_bytes);
		if (!utf8_plain(raw->field[f].text, raw->field[f].len))
			return error_set(err, ERR_PARAM, info->name,
					 "%s must be UTF-8 without control characters", info->name);
	}
	return 0;
}

static int check_specversion(const struct raw_event *raw, struct error *err)
{
	if (event_has(raw, EV_SPECVERSION) && !is(raw, EV_SPECVERSION, "1.0"))
		return error_set(err, ERR_PARAM, "specversion", "specversion must be \"1.0\"");
	return 0;
}

static int check_source(const struct raw_event *raw, struct error *err)
{
	if (is(raw, EV_SOURCE, EVENT_SOURCE_OWN))
		return error_set(err, ERR_PARAM, "source",
				 "the source \"" EVENT_SOURCE_OWN
				 "\" is this program's own, for corrections");
	return 0;
}

static int check_time(const struct raw_event *raw, int64_t now_us, int64_t ahead_us,
		      int64_t *ret_us, struct error *err)
{
	if (!instant_parse(raw->field[EV_TIME].text, raw->field[EV_TIME].len, false, ret_us))
		return error_set(err, ERR_PARAM, "time",
				 "time must be a date and time with its offset from UTC, like "
				 "2026-11-21T10:00:00Z");
	if (*ret_us < EVENT_TIME_MIN_US)
		return error_set(err, ERR_PARAM, "time",
				 "time must not be before 1980-01-01T00:00:00Z");
	if (*ret_us > now_us + ahead_us)
		return error_set(err, ERR_PARAM, "time",
				 "time lies in the future: it may be at most %lld seconds ahead of "
				 "the server's clock",
				 ahead_us / USEC_PER_SEC);
	return 0;
}

static int check_country(const struct raw_event *raw, struct error *err)
{
	const char *text = raw->field[EV_COUNTRY].text;

	if (!event_has(raw, EV_COUNTRY))
		return 0;
	if (raw->field[EV_COUNTRY].len != 2 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' ||
	    text[1] > 'Z')
		return error_set(err, ERR_PARAM, "iso_country",
				 "iso_country must be two capital letters, like AT");
	return 0;
}

static int check_names(const struct raw_event *raw, struct error *err)
{
	for (size_t i = 0; i < SIM_KINDS; i++) {
		enum event_field f = sim_kinds[i].name_field;

		if (event_has(raw, f) &&
		    sid_valid(sim_kinds[i].sid_prefix, raw->field[f].text, raw->field[f].len))
			return error_set(err, ERR_PARAM, event_fields[f].name,
					 "%s must not have the form of a SID: send that as %s",
					 event_fields[f].name,
					 event_fields[sim_kinds[i].sid_field].name);
	}
	return 0;
}

/*
 * Reads an amount from 0 to MAX units, with up to PLACES decimal places. If the
 * field is missing, the amount does not change.
 */
static int check_amount(const struct raw_event *raw, enum event_field f, int places, int64_t max,
			int64_t *ret, struct error *err)
{
	const char *name = event_fields[f].name;
	int64_t scale = 1;

	if (!event_has(raw, f))
		return 0;
	for (int i = 0; i < places; i++)
		scale *= 10;
	switch (decimal_parse(raw->field[f].text, raw->field[f].len, places, max * scale, ret)) {
	case DECIMAL_OK:
		if (*ret < 0)
			return error_set(err, ERR_PARAM, name, "%s must not be negative", name);
		return 0;
	case DECIMAL_SYNTAX:
		return error_set(err, ERR_PARAM, name, "%s must be a number, like %s", name,
				 places ? "2.5" : "2");
	case DECIMAL_PLACES:
		if (places)
			return error_set(err, ERR_PARAM, name, "%s has more than %d decimal places",
					 name, places);
		return error_set(err, ERR_PARAM, name, "%s must be a whole number", name);
	case DECIMAL_RANGE:
		break;
	}
	return error_set(err, ERR_OVERFLOW, name, "%s must be at most %" PRId64, name, max);
}

static int usage_follows(struct error *err)
{
	return error_set(err, ERR_PARAM, "usage",
			 "usage of " CATEGORY_SIM_DATA
			 " follows from data_upload and data_download: omit it");
}

/*
 * Reads upload and download in bytes. Usage is the sum in megabytes of 10^6
 * bytes, so its sixth decimal place is one byte.
 */
static int check_sim_data(const struct raw_event *raw, struct amounts *a, struct error *err)
{
	int64_t download = 0, usage = 0;

	if (!event_has(raw, EV_UPLOAD) && !event_has(raw, EV_DOWNLOAD))
		return event_has(raw, EV_USAGE)
			       ? usage_follows(err)
			       : error_set(err, ERR_PARAM, "data_download",
					   "data_download or data_upload is "
					   "missing: " CATEGORY_SIM_DATA " is given in bytes");
	if (check_amount(raw, EV_UPLOAD, 0, BYTES_MAX, &a->upload, err) < 0 ||
	    check_amount(raw, EV_DOWNLOAD, 0, BYTES_MAX, &download, err) < 0)
		return -1;
	if (a->upload + download > BYTES_MAX)
		return error_set(
			err, ERR_OVERFLOW, "data_download",
			"data_upload and data_download together must be at most %lld bytes",
			BYTES_MAX);
	a->usage = a->upload + download;
	if (check_amount(raw, EV_USAGE, USAGE_PLACES, EVENT_USAGE_MAX, &usage, err) < 0)
		return -1;
	if (event_has(raw, EV_USAGE) && usage != a->usage)
		return usage_follows(err);
	return 0;
}

static int check_amounts(const struct raw_event *raw, struct amounts *ret, struct error *err)
{
	*ret = (struct amounts) { .count = 1 };
	for (int i = 0; i < EVENT_AMOUNTS; i++) {
		const struct event_amount *a = &event_amounts[i];

		if (check_amount(raw, a->field, amount_infos[a->amount].places, a->max,
				 &ret->n[a->amount], err) < 0)
			return -1;
	}
	if (is(raw, EV_CATEGORY, CATEGORY_SIM_DATA))
		return check_sim_data(raw, ret, err);
	for (enum event_field f = EV_UPLOAD; f <= EV_DOWNLOAD; f++) {
		if (event_has(raw, f))
			return error_set(err, ERR_PARAM, event_fields[f].name,
					 "%s goes with category " CATEGORY_SIM_DATA " only",
					 event_fields[f].name);
	}
	return check_amount(raw, EV_USAGE, USAGE_PLACES, EVENT_USAGE_MAX, &ret->usage, err);
}

int event_check(struct event *ev, int64_t now_us, int64_t ahead_us, struct error *err)
{
	const struct raw_event *raw = ev->raw;

	if (check_texts(raw, err) < 0 || check_specversion(raw, err) < 0 ||
	    check_source(raw, err) < 0 ||
	    check_time(raw, now_us, ahead_us, &ev->time_us, err) < 0 ||
	    check_country(raw, err) < 0 || check_names(raw, err) < 0)
		return -1;
	return check_amounts(raw, &ev->amounts, err);
}

void event_keep_texts(struct raw_event *raw, struct arena *arena)
{
	for (int f = 0; f < EVENT_FIELDS; f++)
		if (raw->field[f].text)
			raw->field[f].text = arena_strn(arena, raw->field[f].text,
							raw->field[f].len);
	if (raw->attributes.text)
		raw->attributes.text = arena_strn(arena, raw->attributes.text, raw->attributes.len);
}

void event_keep_raw(struct event *ev, const struct raw_event *raw, struct arena *arena)
{
	ev->raw = arena_new(arena, struct raw_event);
	*ev->raw = *raw;
	event_keep_texts(ev->raw, arena);
}

void event_reject(struct event *ev, const struct error *reason, struct arena *arena)
{
	ev->verdict = VERDICT_REJECTED;
	ev->reason = memcpy(arena_new(arena, struct error), reason, sizeof(*reason));
}

const char *event_name(const struct raw_event *raw, enum event_field f, struct arena *arena)
{
	const char *text = raw ? raw->field[f].text : NULL;
	size_t len = raw ? raw->field[f].len : 0, max = event_fields[f].max_bytes;

	if (!text || !utf8_plain(text, len))
		return NULL;
	if (len <= max)
		return text;
	while (((unsigned char)text[max] & 0xC0) == 0x80)
		max--;
	return arena_strn(arena, text, max);
}

const char *event_reject_code(const struct error *reason)
{
	switch (reason->kind) {
	case ERR_OVERFLOW:
		return "overflow";
	case ERR_CLOSED:
		return "closed";
	case ERR_SUSPENDED:
		return "suspended";
	case ERR_TOO_MANY:
		return "too_many";
	case ERR_BODY:
	case ERR_TOO_LARGE:
		return "unreadable";
	default:
		return "invalid";
	}
}
