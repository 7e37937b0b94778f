/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the controllers say about themselves and their namespaces, remembered
 * for as long as the same disk is behind a name. Asking may block, so each
 * controller that is asked has a thread of its own, never more than one: one
 * that hangs delays only itself.
 */
#ifndef MPD_IDENTIFY_H
#define MPD_IDENTIFY_H

#include "core/types.h"
#include "worker.h"

struct identify;
struct mp_store;

struct identify_handler {
	/* there are answers: merge them into fresh facts */
	void (*changed)(void *context);
	/* the namespace was identified again and read from: r is 0, or why says what is wrong */
	void (*probed)(void *context, const char *ns, int r, const char *why);
	void *context;
};

/* Devices are found in the store, and answers put there. */
struct identify_machine {
	int root_fd;
	struct mp_store *store;
};

int identify_new(struct workers *workers, const struct identify_machine *machine,
		 const struct identify_handler *handler, struct identify **ret);

/* What is known of this controller (and all its namespaces) or namespace is old: ask again. */
void identify_stale(struct identify *id, const char *name);
/* The same, but for its namespaces, who are who they were */
void identify_stale_log(struct identify *id, const char *ctrl);
void identify_stale_all(struct identify *id);

/* Device-mapper could not take this namespace: ask whether somebody has it open exclusively. */
void identify_check_use(struct identify *id, const char *name);

/*
 * Asks for the answers that are missing or old, except from controllers that are not
 * live: their next connect is a hint. now_ms: CLOCK_BOOTTIME.
 */
int identify_ask(struct identify *id, uint64_t now_ms);

/* Identifies the namespace again and reads a block through it; probed() follows. */
int identify_probe(struct identify *id, const char *ns);

/* Is any answer under way? */
bool identify_busy(const struct identify *id);

/* When to ask again because an answer was an error; 0 = no need. */
uint64_t identify_wake_ms(const struct identify *id);

#endif
