/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The requests that are under way, from the first look at them to the answer.
 * Each is answered once, whatever becomes of it.
 */
#ifndef MPD_CLIENTS_H
#define MPD_CLIENTS_H

#include "mapjob.h"
#include "reconcile.h"

struct clients;

struct clients_handler {
	/* a job with one message to a map; the waiter, if any, learns its result. -ENOMEM */
	int (*send)(void *context, const struct mp_loaded_map *map, const char *text,
		    struct waiter *waiter);
	/* the same with the map's removal */
	int (*teardown)(void *context, const struct mp_loaded_map *map, struct waiter *waiter);
	/* positive: somebody uses the map, err says who */
	int (*user)(void *context, const struct mp_loaded_map *map, struct mp_err *err);
	/* the configuration says so from now on, until it is read again; < 0: err says why not */
	int (*set)(void *context, const struct mp_loaded_map *map, const char *key,
		   const char *value, struct mp_err *err);
	/* its controllers look at their namespaces again; < 0: err says which did not */
	int (*rescan)(void *context, const struct mp_loaded_map *map, struct mp_err *err);
	/* status and counters are to be read, for those of clients_take_refreshers() */
	void (*refresh)(void *context);
	/* identify and read from this path; clients_probed() follows. < 0: there is no such path */
	int (*probe)(void *context, uint32_t major, uint32_t minor);
	/* NULL: the path, as it was just identified, belongs into that map; else why not */
	const char *(*refusal)(void *context, const char *uuid, uint32_t major, uint32_t minor);
	void *context;
};

struct clients *clients_new(const struct clients_handler *handler);

void clients_request(struct clients *c, const struct view *view, const struct request *request,
		     uint64_t now_ms);

/* Waiters for the next look; the list is the caller's from now on. */
struct waiter *clients_take_refreshers(struct clients *c);

/* A probe has ended: r is 0, or why says what is wrong. */
void clients_probed(struct clients *c, uint32_t major, uint32_t minor, int r, const char *why);

/* After a look: those whose path was probed well are carried out or refused. */
void clients_decide(struct clients *c, const struct mp_loaded *loaded);

/* Answers those that have waited too long; returns when to come back, 0 = no need. */
uint64_t clients_expire(struct clients *c, uint64_t now_ms);

#endif
