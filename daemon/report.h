/* SPDX-License-Identifier: GPL-2.0 */
/* What people are told: log entries for what changed, and the status line of the unit. */
#ifndef MPD_REPORT_H
#define MPD_REPORT_H

#include "apply.h"
#include "reconcile.h"

/* One line for each step: what was done, why, and what went wrong. */
void report_steps(const struct mp_plan *plan, const struct apply_result *results);

/* Paths that came, went or changed, and maps that lost or got back their last path. */
void report_maps(const struct mp_topo *topo, const struct mp_loaded *before,
		 const struct mp_loaded *now);

/* The refusals that people were told of */
struct told {
	char **texts;
	size_t nr;
};

/*
 * Tells of refusals that are new, once they have lasted: while controllers come
 * up, many a namespace is half known for a moment. Returns when to call again;
 * 0 = all is told. told starts zeroed.
 */
uint64_t report_rejects(struct told *told, const struct mp_desired *desired, uint64_t since_ms,
			uint64_t now_ms);
void told_done(struct told *told);

/* At a start; nothing is said where nothing is left out */
void report_left_out(const struct mp_conf *conf);

/* The old configuration stays */
void report_bad_reload(const struct mp_err *err);

/* "2 maps, 4/4 paths usable" */
void report_status(const struct view *view, char *buf, size_t size);

#endif
