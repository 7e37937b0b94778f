/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asynchronous events of controllers. The kernel tells user space of no ANA
 * change (nvme_handle_aen_notice drops it where native multipath is off), but
 * the tracepoint nvme_async_event sees every event before it is sorted out. A
 * tracing instance of our own keeps out of everybody else's tracing.
 */
#ifndef MPD_TRACE_H
#define MPD_TRACE_H

#include "watch.h"

struct trace;

/* Hints: HINT_DEVICE with the controller's name */
int trace_new(sd_event *event, const struct watch_handler *handler, struct trace **ret);

/*
 * Starts to listen if that is not done yet: needs nvme_core, which may be loaded
 * late. Positive: listening from now on, so what was before must be looked for;
 * 0: it did already; -ENOENT: nvme_core is not loaded.
 */
int trace_start(struct trace *t);

/* Takes the instance away. */
void trace_free(struct trace *t);

#endif
