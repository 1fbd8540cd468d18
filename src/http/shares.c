#include "http/shares.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/banned.h"

/*
 * A party with requests in work. A party without requests in work has no
 * waiting requests either.
 */
struct party {
	uint64_t id;
	int working, waiting;
	struct share *first, *last; /* the waiting requests */
};

struct shares {
	pthread_mutex_t lock;
	int at_once, waiting_max, waiting;
	struct party *parties;
	size_t n, size;
};

struct shares *shares_new(int at_once, int waiting)
{
	struct shares *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	s->at_once = at_once;
	s->waiting_max = waiting;
	return s;
}

void shares_free(struct shares **s)
{
	if (!*s)
		return;
	pthread_mutex_destroy(&(*s)->lock);
	free((*s)->parties);
	free(*s);
	*s = NULL;
}

static struct party *find(const struct shares *s, uint64_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->parties[i].id == id)
			return &s->parties[i];
	return NULL;
}

static struct party *add(struct shares *s, uint64_t id)
{
	if (s->n == s->size) {
		s->size = s->size ? s->size * 2 : 16;
		s->parties = reallocarray(s->parties, s->size, sizeof(*s->parties));
		if (!s->parties)
			abort();
	}
	s->parties[s->n] = (struct party) { .id = id };
	return &s->parties[s->n++];
}

static bool is_full(const struct shares *s, const struct party *p)
{
	return p && p->working >= s->at_once;
}

/* Counts a request of P; if P is NULL, makes the party first. */
static void begin(struct shares *s, struct party *p, struct share *share)
{
	if (!p)
		p = add(s, share->party);
	p->working++;
	share->held = true;
}

enum share_result shares_take(struct shares *s, struct share *share, uint64_t party)
{
	enum share_result rc = SHARE_TAKEN;
	struct party *p;

	pthread_mutex_lock(&s->lock);
	if (!share->held) {
		share->party = party;
		p = find(s, party);
		if (!is_full(s, p))
			begin(s, p, share);
		else
			rc = p->waiting < s->waiting_max ? SHARE_LATER : SHARE_FULL;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void append(struct shares *s, struct party *p, struct share *share)
{
	share->next = NULL;
	if (p->first)
		p->last->next = share;
	else
		p->first = share;
	p->last = share;
	p->waiting++;
	s->waiting++;
}

bool shares_wait(struct shares *s, struct share *share)
{
	struct party *p;
	bool now;

	pthread_mutex_lock(&s->lock);
	p = find(s, share->party);
	now = !is_full(s, p);
	if (now)
		begin(s, p, share);
	else
		append(s, p, share);
	pthread_mutex_unlock(&s->lock);
	return now;
}

/*
 * Passes the ended request's share to the first waiting request, or frees it.
 */
static struct share *hand_over(struct shares *s, uint64_t id)
{
	struct party *p = find(s, id);
	struct share *next = p->first;

	if (next) {
		p->first = next->next;
		next->held = true;
		p->waiting--;
		s->waiting--;
	} else if (--p->working == 0) {
		*p = s->parties[--s->n];
	}
	return next;
}

struct share *shares_end(struct shares *s, struct share *share)
{
	struct share *next = NULL;

	pthread_mutex_lock(&s->lock);
	if (share->held)
		next = hand_over(s, share->party);
	share->held = false;
	pthread_mutex_unlock(&s->lock);
	return next;
}

int shares_waiting(struct shares *s)
{
	int n;

	pthread_mutex_lock(&s->lock);
	n = s->waiting;
	pthread_mutex_unlock(&s->lock);
	return n;
}
