// SPDX-License-Identifier: GPL-2.0
/*
 * The pass: hint -> facts -> topo -> desired -> plan -> job -> look again.
 *
 * Everything here runs on the loop's thread. A pass never waits: it starts
 * what it needs (an answer of a controller, a look at device-mapper), ends,
 * and is run again when that is there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/ident.h"
#include "log.h"
#include "priority.h"
#include "rc.h"
#include "sys/conffile.h"

/* ---- hints ---- */

static void doubt_map(struct reconcile *rc, uint32_t minor)
{
	uint32_t *p = realloc(rc->minors, (rc->nr_minors + 1) * sizeof(*p));

	rc->maps_old = true;
	if (!p) {
		rc->maps_all = true;
		return;
	}
	rc->minors = p;
	p[rc->nr_minors++] = minor;
}

/* It may be stacked on a path; and what others do to a map of ours shows by its uevent. */
static void other_device(struct reconcile *rc, const char *name)
{
	unsigned int minor;
	size_t i;

	mp_known_doubt(rc->known, name);
	rc_want_look(rc);
	if (sscanf(name, "dm-%u", &minor) != 1)
		return;
	for (i = 0; i < rc->loaded.nr_maps; i++) {
		if (rc->loaded.maps[i].minor != minor)
			continue;
		doubt_map(rc, minor);
		rc_want_pass(rc);
	}
}

/* A look that finds it gone costs little, and does not wait for others. */
static void device_removed(struct reconcile *rc, const char *name)
{
	if (mp_name_is_ctrl(name) || mp_known_read_now(rc->known, name, NULL) < 0)
		mp_known_doubt(rc->known, name);
	rc->maps_old = rc->urgent = true;
}

void reconcile_hint(struct reconcile *rc, const struct hint *hint)
{
	switch (hint->kind) {
	case HINT_RESCAN:
		identify_stale_all(rc->identify);
		mp_known_doubt_all(rc->known);
		rc->maps_old = rc->maps_all = true;
		break;
	case HINT_DEVICE:
		identify_stale(rc->identify, hint->name);
		mp_known_doubt(rc->known, hint->name);
		if (mp_topo_find_ns(&rc->topo, hint->name) < 0)
			break;		/* new: somebody may wait for its map */
		rc_want_look(rc);
		return;
	case HINT_REMOVED:
		device_removed(rc, hint->name);
		break;
	case HINT_CONNECTED:
		identify_stale(rc->identify, hint->name);
		mp_known_doubt(rc->known, hint->name);
		rc_ctrl_connected(rc, &rc->topo, mp_topo_find_ctrl(&rc->topo, hint->name));
		rc->urgent = true;
		break;
	case HINT_ANA:
		identify_stale_log(rc->identify, hint->name);
		rc->urgent = true;
		break;
	case HINT_STATE:
		rc->states_changed = rc->urgent = true;
		break;
	case HINT_BLOCK:
		other_device(rc, hint->name);
		return;
	case HINT_MAPS:
		rc->maps_old = true;
		break;
	case HINT_MODULE:
		if (!rc->target_missing && rc->maps_known)
			return;
		rc->maps_old = rc->maps_all = true;
		rc->look_again_ms = 0;
		break;
	}
	rc_want_pass(rc);
}

/* ---- life ---- */

/*
 * At its start the daemon has no older configuration to stay with. Without one, no path
 * that the udev rules keep from others would have a map, and a machine that boots from
 * one would not. What is left out can't do harm: mp_conf_leave_out(), and maps that
 * are loaded stay as they are.
 */
static int first_conf(struct reconcile *rc, struct mp_err *err)
{
	int r;

	if (rc->options.once || rc->options.dry_run)
		return mp_conffile_read(MP_VENDOR_FILE, rc->options.conf_file, &rc->conf, err);
	r = mp_conffile_salvage(MP_VENDOR_FILE, rc->options.conf_file, &rc->conf, err);
	if (r == 0)
		report_left_out(&rc->conf);
	return r;
}

int reconcile_reload(struct reconcile *rc, struct mp_err *err)
{
	struct mp_conf conf;
	int r;

	r = mp_conf_init(&conf);
	if (r)
		return mp_err_set(err, r, "no memory");
	r = mp_conffile_read(MP_VENDOR_FILE, rc->options.conf_file, &conf, err);
	if (r < 0) {
		report_bad_reload(err);
		mp_conf_done(&conf);
		return r;
	}
	log_line(LOG_NOTICE, "the configuration was read again");
	mp_conf_done(&rc->conf);
	rc->conf = conf;
	news_tell(&rc->news, &(struct mp_event){ "config-reloaded", "", "", "", "" });
	rc->desired_old = true;
	rc_want_pass(rc);
	return 0;
}

void reconcile_set_event_trouble(struct reconcile *rc, const char *text)
{
	rc->view.event_trouble = text;
}

const struct view *reconcile_view(const struct reconcile *rc)
{
	return &rc->view;
}

int reconcile_read_native(struct reconcile *rc)
{
	struct mp_err err;
	int r;

	if (!rc->topo.native)
		return 0;
	mp_known_doubt_all(rc->known);
	r = mp_known_read(rc->known, SIZE_MAX, &err);
	return r < 0 ? r : rc_build(rc, &err);
}

void reconcile_listen(struct reconcile *rc, const struct reconcile_listener *listener)
{
	rc->listener = *listener;
}

void reconcile_tell_events(struct reconcile *rc, const struct event_handler *handler)
{
	rc->news.handler = *handler;
}

const char *reconcile_trouble(const struct reconcile *rc)
{
	return rc->look_err.text;
}

bool reconcile_succeeded(const struct reconcile *rc)
{
	return !rc->failed;
}

static int add_sources(struct reconcile *rc)
{
	int r;

	r = sd_event_add_defer(rc->event, &rc->pass, rc_on_pass, rc);
	if (r >= 0)
		r = sd_event_source_set_priority(rc->pass, PRIORITY_DEVICES);
	if (r >= 0)
		r = sd_event_add_time(rc->event, &rc->timer, CLOCK_BOOTTIME, 0, 0, rc_on_timer, rc);
	if (r >= 0)
		r = sd_event_source_set_enabled(rc->timer, SD_EVENT_OFF);
	return r;
}

static int start(struct reconcile *rc, struct mp_err *err)
{
	const struct mapjob_handler jobs = { .finished = rc_job_finished, .context = rc };
	const struct identify_handler answers = {
		.changed = rc_identify_changed, .probed = rc_identify_probed, .context = rc,
	};
	struct identify_machine machine;
	int r;

	rc->health = health_new();
	rc->clients = rc_clients_new(rc);
	rc->known = mp_known_new(rc->options.root_fd);
	if (!rc->health || !rc->clients || !rc->known || mp_conf_init(&rc->conf) < 0)
		return mp_err_set(err, -ENOMEM, "no memory");
	r = first_conf(rc, err);
	if (r < 0)
		return r;
	r = maps_new(rc->event, &jobs, &rc->maps, err);
	if (r < 0)
		return r;
	machine = (struct identify_machine){ rc->options.root_fd, mp_known_store(rc->known) };
	r = identify_new(maps_workers(rc->maps), &machine, &answers, &rc->identify);
	return r ? mp_err_set(err, r, "no memory") : 0;
}

int reconcile_new(sd_event *event, const struct reconcile_options *options,
		  struct reconcile **ret, struct mp_err *err)
{
	struct reconcile *rc = calloc(1, sizeof(*rc));
	int r;

	if (!rc)
		return mp_err_set(err, -ENOMEM, "no memory");
	rc->event = sd_event_ref(event);
	rc->options = *options;
	rc->maps_old = rc->maps_all = true;
	rc->act = true;
	rc->view = (struct view){
		.conf = &rc->conf, .topo = &rc->topo, .desired = &rc->desired, .loaded = &rc->loaded,
		.event_trouble = "",
	};
	r = add_sources(rc);
	if (r < 0)
		return mp_err_set(err, r, "event loop: %s", strerror(-r));
	r = start(rc, err);
	if (r < 0)
		return r;
	*ret = rc;
	return 0;
}

void reconcile_stop(struct reconcile *rc)
{
	rc->ended = true;
	maps_stop(rc->maps);
	news_done(&rc->news);
}
