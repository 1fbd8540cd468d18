#include "store/sim.h"

#include "store/internal.h"
#include "store/lists.h"
#include "base/banned.h"

#define SIM "SELECT id, family, kind, sid, name FROM sim "

static void read_sim(struct stmt *s, struct arena *arena, void *to)
{
	*(struct sim *)to = (struct sim) {
		.id = db_get_int(s, 0),
		.family = db_get_int(s, 1),
		.kind = (enum dimension)db_get_int(s, 2),
		.sid = db_get_str(s, 3, arena),
		.name = db_get_str(s, 4, arena),
	};
}

static int find_by(struct store *st, const char *sql, const struct sim_key *key,
		   struct arena *arena, struct sim *ret, struct error *err)
{
	struct stmt *s = prepare(st, sql, err);

	db_bind_int(s, 1, key->family);
	db_bind_int(s, 2, key->kind);
	db_bind_str(s, 3, key->text);
	return store_row(s, read_sim, arena, ret, err);
}

int store_sim_find(struct store *st, const struct sim_key *key, struct arena *arena,
		   struct sim *ret, struct error *err)
{
	int rc = find_by(st, SIM "WHERE family = ?1 AND kind = ?2 AND sid = ?3", key, arena, ret,
			 err);

	return rc ? rc
		  : find_by(st, SIM "WHERE family = ?1 AND kind = ?2 AND name = ?3", key, arena,
			    ret, err);
}

#define USED                                                                      \
	" AND sid IN (SELECT v.text FROM list(?3) l CROSS JOIN dimension_value v" \
	" WHERE v.account = l.a AND v.dimension = ?1{ AND at(v.root, ?4)})"

/* By way of the accounts, SQLite finds the names in their order. */
#define ALL                                                                                  \
	"SELECT s.id, s.family, s.kind, s.sid, s.name FROM account a CROSS JOIN sim s WHERE" \
	" s.family = a.id AND s.kind = ?1 ORDER BY a.id, s.name"

static struct stmt *query(struct store *st, const struct sims_query *q, struct arena *arena,
			  struct error *err)
{
	struct stmt *s =
		q->users ? prepare(st, SIM "WHERE kind = ?1 AND family = ?2" USED " ORDER BY name",
				   err)
		: q->family ? prepare(st, SIM "WHERE kind = ?1 AND family = ?2 ORDER BY name", err)
		: q->text   ? prepare(st,
				      SIM "WHERE kind = ?1 AND (sid = ?2 OR name = ?2)"
					    " ORDER BY family, name",
				      err)
			    : prepare(st, ALL, err);

	db_bind_int(s, 1, q->kind);
	if (q->family)
		db_bind_int(s, 2, q->family);
	else if (q->text)
		db_bind_str(s, 2, q->text);
	if (q->users) {
		bind_ids(s, 3, arena, q->users, q->n_users);
		db_bind_list(s, 4, ids_list(arena, &q->family, 1));
	}
	return s;
}

int store_sims(struct store *st, const struct sims_query *q, sim_visit visit, void *arg,
	       struct error *err)
{
	struct arena ids, texts;
	struct stmt *s;
	struct sim sim;
	int rc;

	arena_init(&ids);
	arena_init(&texts);
	s = query(st, q, &ids, err);
	while ((rc = db_step(s, err)) > 0) {
		arena_reset(&texts);
		read_sim(s, &texts, &sim);
		if (!visit(arg, &sim)) {
			db_reset(s);
			break;
		}
	}
	arena_release(&texts);
	arena_release(&ids);
	return rc < 0 ? -1 : 0;
}

/*
 * Fails with ERR_CONFLICT if another SIM or fleet has TEXT as SID or name.
 * PARAM is the name of the error's parameter.
 */
static int check_free(struct store *st, const struct sim *sim, const char *param, const char *text,
		      struct error *err)
{
	struct arena arena;
	struct sim other;
	int rc;

	arena_init(&arena);
	rc = store_sim_find(st, &(struct sim_key) { sim->family, sim->kind, text }, &arena, &other,
			    err);
	if (rc > 0 && other.id != sim->id)
		rc = error_set(err, ERR_CONFLICT, param,
			       "there is one with the %s \"%.64s\" already",
			       strcmp(other.sid, text) == 0 ? "SID" : "name", text);
	arena_release(&arena);
	return rc < 0 ? -1 : 0;
}

static int insert(struct store *st, struct sim *sim, struct error *err)
{
	struct stmt *s;

	sim->id = 0;
	if (check_free(st, sim, "sid", sim->sid, err) < 0 ||
	    check_free(st, sim, "name", sim->name, err) < 0)
		return -1;
	s = prepare(st,
		    "INSERT INTO sim (family, kind, sid, name) VALUES (?1, ?2, ?3, ?4)"
		    " RETURNING id",
		    err);
	db_bind_int(s, 1, sim->family);
	db_bind_int(s, 2, sim->kind);
	db_bind_str(s, 3, sim->sid);
	db_bind_str(s, 4, sim->name);
	return store_insert_id(s, &sim->id, err);
}

int store_sim_add(struct store *st, struct sim *sim, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, insert(st, sim, err), err);
}

static int update(struct store *st, const struct sim *sim, const char *name, struct error *err)
{
	struct stmt *s;

	if (check_free(st, sim, "name", name, err) < 0)
		return -1;
	s = prepare(st, "UPDATE sim SET name = ?2 WHERE id = ?1", err);
	db_bind_int(s, 1, sim->id);
	db_bind_str(s, 2, name);
	return db_step(s, err);
}

int store_sim_rename(struct store *st, const struct sim *sim, const char *name, struct error *err)
{
	int own = store_write_open(st, err);

	return own < 0 ? -1 : store_write_close(st, own, update(st, sim, name, err), err);
}

int store_sim_remove(struct store *st, const struct sim *sim, struct error *err)
{
	struct stmt *s = prepare(st, "DELETE FROM sim WHERE id = ?1", err);

	db_bind_int(s, 1, sim->id);
	return db_step(s, err);
}
