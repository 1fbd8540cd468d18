/*
 * presets.h - the ranges of days that pages offer: today, this month, this billing cycle and others.
 */
#ifndef API_PRESETS_H
#define API_PRESETS_H

#include "api/op.h"

/* Gives the page of W, whose call takes StartDate and EndDate, links to the same answer for these ranges; by the call's calendar. */
void presets_write(const struct call *call, struct writer *w);

#endif
