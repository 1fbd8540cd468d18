/*
 * ledger.h - a small ledger, and how a server is to be set up for it, in a
 * folder of its own (in FUZZ_FOLDER, or /tmp) that is removed at the end. It
 * has users, keys and sessions with known secrets. Nothing in it is random:
 * random numbers are a fixed sequence, and a password's hash costs nothing.
 * With FUZZ_LOG in the environment the server logs each request.
 */
#ifndef TESTS_FUZZ_LEDGER_H
#define TESTS_FUZZ_LEDGER_H

#include "base/secret.h"
#include "base/settings.h"

#define LEDGER_ACCOUNT    "AC00000000000000000000000000000001"
#define LEDGER_SUBACCOUNT "AC00000000000000000000000000000002"
#define LEDGER_STRANGER   "AC00000000000000000000000000000003" /* of another family */
#define LEDGER_SUSPENDED  "AC00000000000000000000000000000004" /* since two days ago */
#define LEDGER_PASSWORD   "correct horse battery staple" /* of both users, "root" and "anna" */

enum { LEDGER_SECRETS = 8 };
/* Of keys and sessions, and the password. */
extern const char *const ledger_secrets[LEDGER_SECRETS];

extern const unsigned char ledger_secret[SECRET_BYTES];

/*
 * Made by the first call; database and socket are in the folder. The clock
 * stands still from then on.
 */
struct settings *ledger_settings(void);

/*
 * Nobody has the ledger open: makes it, and the sequence of random numbers, as
 * they were in the beginning.
 */
void ledger_reset(void);

#endif
