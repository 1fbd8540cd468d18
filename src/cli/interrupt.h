/*
 * interrupt.h - commands that work for long end in an orderly way when they are
 * told to.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>

/* SIGINT or SIGTERM came. */
extern volatile sig_atomic_t interrupted;

/*
 * From now on the first signal sets `interrupted`, the second one ends the
 * program at once.
 */
void interrupt_catch(void);

#endif
