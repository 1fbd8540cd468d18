/*
 * command.h - commands as data: main.c looks a command up and runs it. Exit
 * codes: 0 done, 1 failed, 2 wrong usage. Errors go to standard error, results
 * to standard output.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/error.h"
#include "base/secret.h"
#include "base/settings.h"
#include "usage/admin.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_WRONG_CALL = 2 };

struct command {
	const char *name;
	const char *usage;   /* the line after "usaged [--config FILE] " */
	const char *summary; /* one line, for the list of commands */
	const char *help;    /* the whole --help, after the usage line */
	/*
	 * argv[0] is the command's name. S has been loaded. Returns an exit
	 * code; prints errors with command_fail.
	 */
	int (*run)(const struct settings *s, int argc, char **argv);
};

extern const struct command command_init, command_account, command_user, command_key,
	command_category, command_import, command_export, command_sample, command_serve,
	command_report, command_verify, command_backup, command_restore, command_config,
	command_error_pages, command_closing, command_event, command_rebuild, command_sim,
	command_fleet, command_sums, command_dimension, command_doctor, command_upgrade,
	command_trigger, command_move;

/* ---- options and operands ---- */

#define COMMAND_LIST_MAX 1000

struct command_list {
	const char *items[COMMAND_LIST_MAX];
	size_t n;
};

/*
 * One option: --NAME, --NAME VALUE or --NAME=VALUE. Exactly one of the pointers
 * is set and gets the value.
 */
struct command_option {
	const char *name; /* without the dashes */
	bool required;    /* a text that is required */
	bool *flag;       /* an option without a value */
	const char **text;
	int64_t *number; /* from min to max */
	int64_t min, max;
	struct command_list *list; /* may be given many times */
};

/*
 * Reads the options and removes the options from argv. OPTIONS ends with a NULL
 * name; NULL: no options. The operands stay in argv, in their order; *argc is
 * their number plus 1. "--" ends the options, "-" is an operand. Values are
 * borrowed from argv. Returns false with the exit code in *ret_exit if --help
 * was given or the usage is wrong (reported on standard error).
 */
bool command_options(const struct command *c, const struct command_option *options, int *argc,
		     char **argv, int *ret_exit);

/* Reads the options of a command without operands. */
bool command_only_options(const struct command *c, const struct command_option *options, int argc,
			  char **argv, int *ret_exit);

/* A subcommand, such as add in usaged account add. */
struct command_part {
	const char *name;
	/* argv[0] is the subcommand's name */
	int (*run)(const struct settings *s, int argc, char **argv);
};

/*
 * Runs the subcommand that argv[1] names and returns its exit code. PARTS ends
 * with a NULL name.
 */
int command_part(const struct command *c, const struct command_part *parts,
		 const struct settings *s, int argc, char **argv);

/*
 * Prints "usaged COMMAND: message" on standard error, with the detail and the
 * name of a bad parameter. Returns EXIT_FAILED.
 */
int command_fail(const char *command, const struct error *err);

/*
 * Reads the files, besides templates, that the server reads when it starts, looks
 * at the folder for backups, and whether the database's address can be one.
 * -1: the error names the setting or the file.
 */
int command_check_files(const struct settings *s, struct error *err);
/*
 * Prints that COMMAND is for a ledger in a file, and what to do INSTEAD for one
 * in PostgreSQL. Returns EXIT_FAILED.
 */
int command_no_file(const char *command, const char *instead);
/* Prints "usaged COMMAND: ..." and how to get help. Returns EXIT_WRONG_CALL. */
__attribute__((format(printf, 2, 3))) int command_wrong(const struct command *c, const char *fmt,
							...);

/*
 * For a command that stores or reads many events: from now on, memory that was
 * freed stays with the process, whose next batch or page needs as much again.
 */
void command_keep_memory(void);

/*
 * Says on standard error if the ledger has moved, or a move into it is not finished:
 * then what a check finds may be due to that.
 */
void command_note_move(const char *command, struct store *st);

/*
 * Opens the ledger of the settings; for writing, upgrades it first if an older
 * program made it. On failure, prints the error and returns NULL.
 */
struct store *command_open(const char *command, const struct settings *s, unsigned flags);

/*
 * Upgrades the ledger of an older program, with a bar (store_upgrade). *RET_FROM
 * is the old version of its schema, or 0 if it needs no upgrade.
 */
int command_upgrade_ledger(const struct settings *s, int64_t *ret_from, struct error *err);

/*
 * Opens the ledger, runs WORK in one read (FLAGS 0: a snapshot) or one write
 * (STORE_WRITE: committed if WORK returns 0, undone if it returns -1), and
 * closes the ledger. Prints an error, if any, and returns the exit code. Memory
 * in ARENA lives until WORK returns.
 */
typedef int (*command_work)(struct store *st, struct arena *arena, void *arg, struct error *err);
int command_in_ledger(const char *command, const struct settings *s, unsigned flags,
		      command_work work, void *arg);

/*
 * For WORK: reads the secret file. Fails if the ledger knows another secret; in a
 * write, a ledger that knows none takes this one.
 */
int command_secret(struct store *st, const struct settings *s, unsigned flags,
		   unsigned char ret[static SECRET_BYTES], struct error *err);

/* Runs a subcommand without options or operands: runs WORK in one read. */
int command_read(const struct command *c, const struct settings *s, int argc, char **argv,
		 command_work work);

/* ---- common to users and keys ---- */

int64_t command_now(void); /* seconds */

/* Prepares an administrator's change made on the command line. */
struct admin command_admin(struct store *st, struct arena *arena);

/* The id of the account SID that --OPTION names; ERR_PARAM if there is none. */
int command_account_id(struct store *st, struct arena *arena, const char *option, const char *sid,
		       int64_t *ret, struct error *err);
/* Finds the SID of the account ID. For ID 0, the SID is "-". */
int command_account_sid(struct store *st, struct arena *arena, int64_t id, const char **ret,
			struct error *err);

/*
 * Each function prints one field of an output line, and END. command_print_time
 * prints "-" for 0. command_print_grants prints the SIDs of accounts, separated
 * by commas, or "-" for none.
 */
void command_print_time(int64_t seconds, char end);
int command_print_grants(struct store *st, struct arena *arena, const int64_t *ids, size_t n,
			 char end, struct error *err);

#endif
