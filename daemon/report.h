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

/* Namespaces that are refused for a reason that is new. before may be empty. */
void report_rejects(const struct mp_desired *before, const struct mp_desired *now);

/* "2 maps, 4/4 paths usable" */
void report_status(const struct view *view, char *buf, size_t size);

#endif
