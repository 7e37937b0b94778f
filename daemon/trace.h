/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel tells nobody but a tracer. ANA changes: nvme_handle_aen_notice
 * drops them where native multipath is off, but the tracepoint nvme_async_event
 * sees every event before it is sorted out. States of controllers: a return probe
 * on nvme_change_ctrl_state, for those that changed. A tracing instance of our own
 * keeps out of everybody else's tracing; the probe's event is enabled in it only.
 */
#ifndef MPD_TRACE_H
#define MPD_TRACE_H

#include "watch.h"

struct trace;

/* Hints: HINT_DEVICE with the controller's name, HINT_STATE */
int trace_new(sd_event *event, const struct watch_handler *handler, struct trace **ret);

/*
 * Starts to listen if that is not done yet, also with what a daemon that was killed
 * left: needs nvme_core, which may be loaded late. Positive: listening from now on,
 * so what was before must be looked for; 0: it did already; -ENOENT: nvme_core is
 * not loaded.
 */
int trace_start(struct trace *t);

/* Why the states of controllers are not heard of, for people; "" = they are. */
const char *trace_trouble(const struct trace *t);

/* Takes instance and probe away. */
void trace_free(struct trace *t);

#endif
