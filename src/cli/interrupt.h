/* interrupt.h - lets a long command stop cleanly on a signal. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>

/* SIGINT or SIGTERM came. */
extern volatile sig_atomic_t interrupted;

/*
 * From now on, the first signal sets `interrupted`, and the second signal ends
 * the program at once.
 */
void interrupt_catch(void);

#endif
