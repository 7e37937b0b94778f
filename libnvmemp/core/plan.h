/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Desired maps against loaded ones: the ordered steps that make them equal,
 * each with its reason. No steps: all is as it should be, or has to wait until
 * wake_ms.
 */
#ifndef MP_PLAN_H
#define MP_PLAN_H

#include "core/types.h"

struct mp_plan_input {
	const struct mp_desired *desired;
	const struct mp_loaded *loaded;
	const struct mp_lost *lost;	/* in order of uuid: maps without a path; one not listed is lost now */
	size_t nr_lost;
	uint64_t now_ms;		/* CLOCK_BOOTTIME */
};

/* -ENOMEM is the only error. */
int mp_plan(const struct mp_plan_input *in, struct mp_plan *ret);
void mp_plan_done(struct mp_plan *plan);

/* No path leads to the map's namespace any more: the caller remembers since when. */
bool mp_plan_is_lost(const struct mp_desired *desired, const struct mp_loaded_map *map);

const char *mp_step_word(enum mp_step_kind kind);

#endif
