/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of this folder share: chance that a seed repeats, and one dm ioctl at a time. */
#ifndef NVMEMP_TESTS_UML_DM_H
#define NVMEMP_TESTS_UML_DM_H

#include <errno.h>
#include <libdevmapper.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "nvmemp_uapi.h"

#define MAX_TEXT	8192

static uint64_t random_state;

static inline void seed_random(const char *text)
{
	random_state = strtoull(text, NULL, 10) * 0x9e3779b97f4a7c15ULL + 1;
}

static inline uint64_t rnd(uint64_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 16) % below;
}

static inline bool one_in(unsigned int n)
{
	return !rnd(n);
}

static inline const char *any(const char *const *words)
{
	unsigned int n = 0;

	while (words[n])
		n++;
	return words[rnd(n)];
}

static inline void no_log(int level, const char *file, int line, int code, const char *f, ...)
{
	(void)level, (void)file, (void)line, (void)code, (void)f;
}

/*
 * One ioctl: 0 or the errno. params: the message, or the table of target (one
 * table line's words); status (may be NULL): the first target's text.
 */
static inline int run_as(int type, const char *name, uint64_t sectors, const char *target,
			 const char *params, char *status)
{
	struct dm_task *task = dm_task_create(type);
	char *of, *text;
	uint64_t start, length;
	int r = 0;

	if (!task || !dm_task_set_name(task, name))
		abort();
	if (type == DM_DEVICE_RELOAD && !dm_task_add_target(task, 0, sectors, target, params))
		abort();
	if (type == DM_DEVICE_TARGET_MSG && (!dm_task_set_sector(task, 0) || !dm_task_set_message(task, params)))
		abort();
	if (type == DM_DEVICE_SUSPEND)
		dm_task_no_flush(task);
	if (!dm_task_run(task))
		r = dm_task_get_errno(task) ?: EIO;
	if (!r && status) {
		dm_get_next_target(task, NULL, &start, &length, &of, &text);
		snprintf(status, MAX_TEXT, "%s", text ?: "");
	}
	dm_task_destroy(task);
	return r;
}

static inline int run(int type, const char *name, uint64_t sectors, const char *params, char *status)
{
	return run_as(type, name, sectors, NVMEMP_TARGET, params, status);
}

#endif
