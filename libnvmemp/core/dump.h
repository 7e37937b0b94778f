/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Any value as text: a line per thing, always the same for the same value. Text
 * that came from a device is escaped. What the tests compare, and what --dry-run
 * and the plan verb print.
 */
#ifndef MP_DUMP_H
#define MP_DUMP_H

#include "core/types.h"

/* The text is malloc's; NULL: no memory */
char *mp_dump_topo(const struct mp_topo *topo);
char *mp_dump_desired(const struct mp_desired *desired);
char *mp_dump_loaded(const struct mp_loaded *loaded);
char *mp_dump_plan(const struct mp_plan *plan);
char *mp_dump_conf(const struct mp_conf *conf);

/* One step without its reason: "create NAME: 0 SECTORS nvmemp …" */
char *mp_dump_step(const struct mp_step *step);

/* Control characters, quotes and bytes outside ASCII as \xNN; always ends, may cut */
void mp_dump_escape(const char *text, char *buf, size_t size);

#endif
