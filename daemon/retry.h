/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a step may be tried again: one that failed waits 1 s, then twice as long
 * each time, up to 60 s. One that worked and is planned once more all the same
 * had no effect, or a path comes and goes: it waits too, from 100 ms to 10 s.
 */
#ifndef MPD_RETRY_H
#define MPD_RETRY_H

#include "core/types.h"

struct retry;

#define RETRY_LISTS	256

struct retries {
	struct retry *lists[RETRY_LISTS];	/* by uuid */
};

/* 0: now; else the time when it may be (CLOCK_BOOTTIME, ms, as now_ms) */
uint64_t retries_when(const struct retries *r, const struct mp_step *step, uint64_t now_ms);

void retries_note(struct retries *r, const struct mp_step *step, bool done, uint64_t now_ms);

void retries_done(struct retries *r);

#endif
