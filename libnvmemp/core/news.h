/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happened between two looks: what was seen is kept as a value of its own,
 * because loaded and desired die with their pass.
 */
#ifndef MP_NEWS_H
#define MP_NEWS_H

#include "core/types.h"

struct mp_seen;

/* All text is "" where it says nothing; docs/dbus.md has what is in which. */
struct mp_event {
	const char *kind;		/* map-added, path-state, … */
	const char *map;
	const char *device;
	const char *before, *after;
};

/* Copies what events are about; NULL leaves that out. NULL is returned where memory is lacking. */
struct mp_seen *mp_seen_new(const struct mp_loaded *loaded, const struct mp_desired *desired);
void mp_seen_free(struct mp_seen *seen);	/* NULL is fine */

/* Calls tell for each difference; what it is given lives as long as both values. */
void mp_news(const struct mp_seen *before, const struct mp_seen *after,
	     void (*tell)(void *context, const struct mp_event *event), void *context);

#endif
