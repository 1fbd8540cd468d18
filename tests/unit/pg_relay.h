/*
 * pg_relay.h - a relay between libpq and a PostgreSQL server that knows the
 * protocol's messages, and cuts a connection after the n-th, for tests.
 */
#ifndef TESTS_UNIT_PG_RELAY_H
#define TESTS_UNIT_PG_RELAY_H

#include <stdbool.h>

enum relay_direction { RELAY_TO_SERVER, RELAY_TO_CLIENT, RELAY_DIRECTIONS };

struct pg_relay;

/*
 * Listens in FOLDER where libpq looks for a server's socket, port PORT, and
 * passes on to the socket SERVER. A relay runs until the process ends. NULL: no
 * socket there.
 */
struct pg_relay *relay_start(const char *folder, int port, const char *server);

/*
 * Counts the messages of a direction from now on, of all connections. The N-th
 * is passed on, and then its connection is cut on both sides; all later ones
 * pass. N 0: cuts nothing. FRESH: ends the connections there are, so that new
 * ones will be made.
 */
void relay_arm(struct pg_relay *r, enum relay_direction direction, int n, bool fresh);

/* Ends the count. Has a connection been cut? */
bool relay_disarm(struct pg_relay *r);

#endif
