// SPDX-License-Identifier: GPL-2.0
/* facts -> topo -> desired */
#include <errno.h>
#include <string.h>

#include "core/err.h"
#include "core/facts.h"
#include "core/loaded.h"
#include "core/store.h"
#include "rc.h"

#define READ_AT_ONCE	4		/* devices, before others get their turn */

void rc_ctrl_connected(struct reconcile *rc, const struct mp_topo *topo, int ctrl)
{
	size_t i;

	for (i = 0; ctrl >= 0 && i < topo->nr_ns; i++)
		if (topo->ns[i].ctrl == ctrl)
			health_connected(rc->health, topo->ns[i].major, topo->ns[i].minor, rc_now_ms());
}

/*
 * What is known of a controller that serves again is old, and its failed paths are
 * worth a try. States may have come and gone unseen, so every live one gets that.
 */
static void note_states(struct reconcile *rc, const struct mp_topo *topo)
{
	size_t i;
	int was;

	for (i = 0; i < topo->nr_ctrls; i++) {
		const struct mp_ctrl *c = &topo->ctrls[i];

		if (strcmp(c->state, "live") != 0)
			continue;
		was = mp_topo_find_ctrl(&rc->topo, c->name);
		if (was >= 0 && strcmp(rc->topo.ctrls[was].state, "live") != 0) {
			identify_stale(rc->identify, c->name);
			rc_want_look(rc);
		} else if (!rc->states_changed) {
			continue;
		}
		rc_ctrl_connected(rc, topo, i);
	}
	rc->states_changed = false;
}

static int build_topo(struct reconcile *rc, struct mp_err *err)
{
	struct mp_store *store = mp_known_store(rc->known);
	struct mp_facts facts;
	struct mp_topo topo;
	int r;

	r = mp_store_facts(store, &facts);
	if (r)
		return mp_err_set(err, r, "no memory");
	r = mp_topo_build(&facts, &topo, err);
	if (r)
		return r;
	note_states(rc, &topo);
	mp_topo_done(&rc->topo);
	rc->topo = topo;
	rc->topo_version = mp_store_version(store);
	mp_loaded_name_paths(&rc->loaded, &rc->topo, &rc->loaded);
	return 0;
}

static int build_desired(struct reconcile *rc, struct mp_err *err)
{
	const struct mp_loaded nothing = { NULL };
	struct mp_desired desired;
	int r;

	r = mp_loaded_remember(&rc->loaded, &rc->loaded, &rc->topo);
	if (r)
		mp_err_set(err, r, "no memory");
	else
		r = mp_desire(&rc->topo, &rc->conf, &rc->loaded, &desired, err);
	if (r)
		return r;
	mp_desired_done(&rc->desired);
	rc->desired = desired;
	if (!rc->looked)
		report_maps(&rc->topo, &nothing, &rc->loaded);
	rc->looked = true;
	return 0;
}

bool rc_topo_is_old(const struct reconcile *rc)
{
	return !rc->looked || rc->topo_version != mp_store_version(mp_known_store(rc->known));
}

/* Each value is built again if one that it is built of changed. */
int rc_build(struct reconcile *rc, struct mp_err *err)
{
	int r = 0;

	if (rc_topo_is_old(rc)) {
		rc->desired_old = true;
		r = build_topo(rc, err);
	} else if (rc->states_changed) {
		note_states(rc, &rc->topo);
	}
	if (r || !rc->desired_old)
		return r;
	r = build_desired(rc, err);
	rc->desired_old = r != 0;
	if (r == 0)
		rc->act = true;
	return r;
}

/*
 * What is of several times is enough for what is urgent: before it is acted upon, it is
 * read again.
 */
int rc_look(struct reconcile *rc, struct mp_err *err)
{
	bool urgent = rc->urgent && rc->looked;
	int r, more;

	more = mp_known_read(rc->known, READ_AT_ONCE, err);
	if (more < 0)
		return more;
	if (more)
		rc_want_look(rc);
	if (more && !urgent)
		return 1;
	rc->urgent = false;
	r = identify_ask(rc->identify, rc_now_ms());
	if (r < 0)
		return mp_err_set(err, r, "no memory");
	return rc_build(rc, err);
}

/* ---- answers of controllers ---- */

void rc_identify_changed(void *context)
{
	struct reconcile *rc = context;

	rc->urgent |= rc_topo_is_old(rc);
	rc_want_pass(rc);
}

/*
 * The path's number is the one of the last look, whose disk was probed: if the
 * name now leads to another disk, the next look finds no such path any more.
 */
void rc_identify_probed(void *context, const char *name, int r, const char *why)
{
	struct reconcile *rc = context;
	int ns = mp_topo_find_ns(&rc->topo, name);
	uint32_t major, minor;

	if (ns < 0)
		return;
	major = rc->topo.ns[ns].major;
	minor = rc->topo.ns[ns].minor;
	health_probed(rc->health, major, minor, r == 0, rc_now_ms());
	clients_probed(rc->clients, major, minor, r, why);
	rc->urgent = true;
	rc_want_pass(rc);
}
