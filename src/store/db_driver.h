/*
 * db_driver.h - what a database has to offer to be under the store: sqlite/db.c
 * and pgsql/db.c. Only they, pgsql/stmt.c and db.c include this file. The functions are those
 * of db.h; what a driver leaves NULL does nothing.
 */
#ifndef STORE_DB_DRIVER_H
#define STORE_DB_DRIVER_H

#include "store/db.h"

struct db_driver {
	int (*open)(const char *where, unsigned flags, int64_t busy_timeout_ms, struct db **ret,
		    struct error *err);
	void (*close)(struct db *db);
	void (*wait_with)(struct db *db, int (*wait)(void *arg, int times), void *arg);
	void (*watch)(struct db *db, int (*check)(void *arg, struct error *err), void *arg);
	int64_t (*waited_ms)(struct db *db);
	void (*cache)(struct db *db, bool large);
	const char *(*path)(struct db *db);
	bool (*replaced_on_disk)(struct db *db);
	bool (*restarted)(struct db *db);
	int64_t (*data_version)(struct db *db);
	void (*tune)(struct db *db);
	int (*durable)(struct db *db, struct error *err);
	int (*address)(const char *where, struct error *err);
	void (*sizes)(struct db *db, int64_t *ret_file, int64_t *ret_log);
	int (*server)(struct db *db, struct arena *arena, struct store_server *ret,
		      struct error *err);
	void (*limit)(int64_t readers, bool prepared);
	bool (*pool)(const char *where, struct store_pool *ret);
	bool (*reach)(const char *where, struct arena *arena, struct store_reach *ret);
	void (*remove)(const char *where);
	int (*copy)(struct db *db, const char *where, db_progress *progress, void *arg,
		    struct error *err);
	int (*check)(struct db *db, db_progress *progress, void *arg, struct error *err);
	int (*damage)(struct db *db, void (*found)(void *arg, const char *words), void *arg,
		      struct error *err);

	int (*schema_version)(struct db *db, int64_t *ret, struct error *err);
	int (*set_schema_version)(struct db *db, int64_t version, struct error *err);
	int (*names_free)(struct db *db, const char *sql, struct error *err);
	int (*references)(struct db *db, bool on, struct error *err);
	const char *references_broken;
	const struct layout *layout;
	const struct schema_step *schema;
	const size_t *n_schema;

	int (*begin)(struct db *db, bool write, struct error *err);
	int (*begin_reading)(struct db *db, const struct db_parts *parts, const char *sql,
			     int64_t *ret, struct error *err);
	int (*commit)(struct db *db, struct error *err);
	void (*rollback)(struct db *db);

	int (*exec)(struct db *db, const char *sql, struct error *err);
	struct stmt *(*prepare)(struct db *db, const char *sql, struct error *err);
	void (*guess)(struct stmt *s);
	void (*bind_int)(struct stmt *s, int n, int64_t value);
	void (*bind_text)(struct stmt *s, int n, const char *text, size_t len);
	void (*bind_blob)(struct stmt *s, int n, const void *bytes, size_t len);
	void (*bind_list)(struct stmt *s, int n, const struct db_list *list);
	int (*step)(struct stmt *s, struct error *err);
	/*
	 * The id of the row inserted last; those of the rows before are one less
	 * each. NULL: an INSERT returns its ids.
	 */
	int64_t (*last_id)(struct db *db);
	int (*later)(struct stmt *s, struct error *err);
	int (*flush)(struct db *db, struct error *err);
	void (*reset)(struct stmt *s);
	int64_t (*changes)(struct db *db);
	int64_t (*get_int)(struct stmt *s, int column);
	const char *(*get_text)(struct stmt *s, int column, size_t *ret_len);
	const void *(*get_blob)(struct stmt *s, int column, size_t *ret_len);
};

/* The first member of a driver's connection, and of its statement. */
struct db {
	const struct db_driver *driver;
	int64_t statements;
	bool distributed; /* see db_distributed */
	bool guesses;     /* see db_guesses */
	bool misled;      /* see db_misled */
};

struct stmt {
	struct db *db;
};

extern const struct db_driver db_sqlite, db_pgsql;

#endif
