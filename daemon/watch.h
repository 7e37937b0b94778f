/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine's events as hints. A hint says where to look again and nothing
 * more, so lost, doubled or late ones do no harm.
 */
#ifndef MPD_WATCH_H
#define MPD_WATCH_H

#include <stdint.h>
#include <systemd/sd-event.h>

enum hint_kind {
	HINT_RESCAN,			/* anything may have changed */
	HINT_DEVICE,			/* this controller or namespace was added or changed */
	HINT_REMOVED,			/* it is gone */
	HINT_CONNECTED,			/* this controller serves again */
	HINT_ANA,			/* the ANA log of this controller changed */
	HINT_STATE,			/* the state of some controller changed */
	HINT_BLOCK,			/* another block device: who holds the paths may have changed */
	HINT_MAPS,			/* a dm event: state or membership of some map */
	HINT_MODULE,			/* the kernel got a module */
};

struct hint {
	enum hint_kind kind;
	const char *name;		/* of the device; "" where none is meant */
};

/* What may come to an end while all else goes on */
enum event_source {
	EVENTS_TRACE,
	EVENTS_MAPS,
	NR_EVENT_SOURCES
};

struct watch_handler {
	void (*hint)(void *context, const struct hint *hint);
	/* no hint comes from there any more: what it told of must be looked for by the clock */
	void (*ended)(void *context, enum event_source source, int error);
	void *context;
};

struct watch;

/* Events that come after this returned are not lost; what was before must be looked for. */
int watch_new(sd_event *event, const struct watch_handler *handler, struct watch **ret);
void watch_free(struct watch *w);

/*
 * Watches for dm events, if that is not done yet: needs the device-mapper
 * control node, which may appear late. Positive: it watches from now on, so
 * what was before must be looked for; 0: it did already.
 */
int watch_maps(struct watch *w);

#endif
