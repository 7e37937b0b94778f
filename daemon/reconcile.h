/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The loop's body and the owner of all that lives longer than one pass: hints
 * come in, a pass looks at the machine, computes what should be, and hands the
 * steps to the device-mapper thread, until there is nothing left to do.
 */
#ifndef MPD_RECONCILE_H
#define MPD_RECONCILE_H

#include <systemd/sd-event.h>

#include "core/news.h"
#include "core/types.h"
#include "watch.h"

struct reconcile;

struct reconcile_options {
	const char *conf_file;
	int root_fd;			/* above sys, proc and dev */
	bool once;			/* end the loop when nothing is left to do, or can be done */
	bool dry_run;			/* end it with the first plan, on stdout, and touch nothing */
};

int reconcile_new(sd_event *event, const struct reconcile_options *options,
		  struct reconcile **ret, struct mp_err *err);

/* Lets what is under way come to an end; maps stay as they are. */
void reconcile_stop(struct reconcile *rc);

void reconcile_hint(struct reconcile *rc, const struct hint *hint);

/* Reads the configuration again; on error the old one stays. The log says either. */
int reconcile_reload(struct reconcile *rc, struct mp_err *err);

/* What is known now; the pointers hold until control returns to the loop. */
struct view {
	const struct mp_conf *conf;
	const struct mp_topo *topo;
	const struct mp_desired *desired;
	const struct mp_loaded *loaded;	/* paths have names, those of devices that are gone too */
	const char *event_trouble;	/* which changes are noticed late, and why; "" = none */
};

/* Shown to clients; holds as long as rc does. */
void reconcile_set_event_trouble(struct reconcile *rc, const char *text);

const struct view *reconcile_view(const struct reconcile *rc);

/*
 * Native multipath's paths come and go without a uevent (nvme_mpath_add_disk: they are
 * hidden disks), so they are read when somebody asks. Nothing where it is off.
 */
int reconcile_read_native(struct reconcile *rc);

/* The steps that would be done now. */
int reconcile_plan(struct reconcile *rc, struct mp_plan *ret, struct mp_err *err);

enum request_kind {
	REQUEST_REFRESH,		/* state and counters are read */
	REQUEST_SWITCH,			/* path: block device, controller or "auto" */
	REQUEST_FAIL,
	REQUEST_REINSTATE,
	REQUEST_RELEASE,		/* out of the reserve */
	REQUEST_TEARDOWN,		/* the map goes, if nobody uses it; it has no path */
	REQUEST_POLICY,			/* path: the value, until the configuration is read again */
	REQUEST_NO_PATH_SETTING,	/* the same */
	REQUEST_RESCAN,			/* the map's controllers look at their namespaces; no path */
};

enum request_outcome {
	REQUEST_DONE,
	REQUEST_NO_MAP,
	REQUEST_NO_PATH,
	REQUEST_FAILED,
	REQUEST_BAD_VALUE,
};

struct request {
	enum request_kind kind;
	const char *map;
	const char *path;
	/* called once, from within the call or later; err has a sentence unless it is done */
	void (*done)(void *context, enum request_outcome outcome, const struct mp_err *err);
	void *context;
};

void reconcile_request(struct reconcile *rc, const struct request *request);

/*
 * Called when a pass has found nothing left to do, or nothing that can be done
 * now; complete: and every controller that was asked has answered.
 */
struct reconcile_listener {
	void (*settled)(void *context, const char *status, bool complete);
	void *context;
};

void reconcile_listen(struct reconcile *rc, const struct reconcile_listener *listener);

/* Called for each thing that happened, when the view already shows it. */
struct event_handler {
	void (*event)(void *context, const struct mp_event *event);
	void *context;
};

void reconcile_tell_events(struct reconcile *rc, const struct event_handler *handler);

/* Why the machine can't be looked at; "" = it can */
const char *reconcile_trouble(const struct reconcile *rc);

/* With once or dry_run, and after the loop ended: did all work? */
bool reconcile_succeeded(const struct reconcile *rc);

#endif
