/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What reconcile.h's object is made of, for the files that it is made of:
 *
 *   reconcile.c	its life, and hints: what may have changed
 *   rclook.c	facts -> topo -> desired, each if what it is built of changed
 *   rcpass.c	a look, then plan -> job; and when the next one is
 *   rcjobs.c	jobs for device-mapper, and what they found
 *   rcpaths.c	failed paths, and what clients ask for
 */
#ifndef MPD_RC_H
#define MPD_RC_H

#include <stdbool.h>
#include <stdint.h>

#include "clients.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/topo.h"
#include "health.h"
#include "identify.h"
#include "lost.h"
#include "mapjob.h"
#include "news.h"
#include "reconcile.h"
#include "report.h"
#include "retry.h"
#include "sys/known.h"

struct reconcile {
	sd_event *event;
	struct reconcile_options options;
	struct reconcile_listener listener;
	sd_event_source *pass;
	sd_event_source *timer;
	struct maps *maps;
	struct mp_known *known;
	struct identify *identify;
	struct health *health;
	struct retries retries;
	struct clients *clients;

	struct mp_conf conf;
	struct mp_topo topo;
	uint64_t topo_version;		/* of the facts that it was built of */
	struct mp_desired desired;
	struct mp_loaded loaded;
	struct view view;
	struct lost lost;
	uint64_t plan_wake_ms;
	struct told told;
	struct news news;
	uint64_t news_since_ms;		/* refusals that nobody was told of; 0 = none */
	uint64_t news_wake_ms;

	unsigned int nr_jobs;
	bool looked;			/* topo and desired were built at least once */
	bool maps_known;		/* loaded was read at least once */
	bool maps_old;			/* something happened since that reading began */
	bool maps_all;			/* anything may have: all are to be read */
	bool look_first;		/* before device-mapper is asked again */
	uint32_t *minors;		/* of maps that are to be read */
	size_t nr_minors;
	bool desired_old;		/* what it was made of changed, but for the facts */
	bool act;			/* more happened than that some device is to be read */
	bool urgent;			/* no rest before the next look */
	uint64_t look_ms;		/* what reading and looking took since the last rest */
	uint64_t looked_ms;		/* when that was over */
	uint64_t rest_ms;		/* from then on, if nothing calls for less */
	uint64_t wake_ms;		/* the timer, but for the rest's end */
	uint64_t look_again_ms;		/* a look failed: not before this */
	unsigned int look_delay_ms;
	bool states_changed;		/* of some controller, since the last look */
	bool told_native;
	bool target_missing;
	struct mp_err target_err;
	struct mp_err look_err;		/* "" = the last look was a success */
	bool ended;
	bool failed;
};

/* CLOCK_BOOTTIME */
uint64_t rc_now_ms(void);

/* Something may be read, which may turn out to be as it was. */
void rc_want_look(struct reconcile *rc);
/* And there is something to do besides. */
void rc_want_pass(struct reconcile *rc);
/* Ends the loop: with once or dry_run. */
void rc_end(struct reconcile *rc, bool failed);

/* What a look depends on is not to be had: told once, and tried again later. */
void rc_look_failed(struct reconcile *rc, const struct mp_err *err);

/* To the device-mapper thread, which reads maps that may have changed behind the steps. */
void rc_submit(struct reconcile *rc, struct mapjob *job);
void rc_submit_look(struct reconcile *rc);
void rc_job_finished(void *context, struct mapjob *job);

/*
 * Reads devices that may have changed, and builds what is old. Positive: there is more
 * to read, so what is known is of several times.
 */
int rc_look(struct reconcile *rc, struct mp_err *err);
int rc_build(struct reconcile *rc, struct mp_err *err);
bool rc_topo_is_old(const struct reconcile *rc);
/* ctrl: in topo, or negative for one that is not there */
void rc_ctrl_connected(struct reconcile *rc, const struct mp_topo *topo, int ctrl);
void rc_identify_changed(void *context);
void rc_identify_probed(void *context, const char *name, int r, const char *why);

void rc_start_probes(struct reconcile *rc);
void rc_add_reinstates(struct reconcile *rc, struct mp_plan *plan);
/* NULL: no memory */
struct clients *rc_clients_new(struct reconcile *rc);

/* The first path from *i on of those of its map that the step opens, or NULL */
const struct mp_path *rc_opened_path(const struct reconcile *rc, const struct mp_step *step, size_t *i);

int rc_on_pass(sd_event_source *s, void *userdata);
int rc_on_timer(sd_event_source *s, uint64_t usec, void *userdata);

#endif
