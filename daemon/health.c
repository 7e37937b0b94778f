// SPDX-License-Identifier: GPL-2.0
/* One state machine per path, fed by status lines, probes and the clock. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/pathsm.h"
#include "core/words.h"
#include "health.h"

struct record {
	struct record *next;
	char *uuid;
	uint32_t major, minor;
	struct mp_pathsm sm;
	bool seen;
	bool wants_probe;
	bool wants_recheck;
	bool good;			/* probed well, not confirmed yet */
	/* a path that fails as soon as it is reinstated waits longer each time */
	uint64_t reinstated_ms;
	uint64_t hold_until_ms;
	uint32_t hold_ms;
	/* an unusable ANA state is read again with a backoff: no event tells of its end */
	uint64_t recheck_ms;
	uint32_t recheck_delay_ms;
};

/* Thousands of paths, found by their number */
#define NR_LISTS	1024

struct health {
	struct record *lists[NR_LISTS];
};

static struct record **list_of(struct health *h, uint32_t minor)
{
	return &h->lists[minor % NR_LISTS];
}

/* The one after rec, or the first. NULL: rec was the last. */
static struct record *next(const struct health *h, const struct record *rec)
{
	size_t i = rec ? rec->minor % NR_LISTS + 1 : 0;

	if (rec && rec->next)
		return rec->next;
	while (i < NR_LISTS && !h->lists[i])
		i++;
	return i < NR_LISTS ? h->lists[i] : NULL;
}

struct health *health_new(void)
{
	return calloc(1, sizeof(struct health));
}

static void drop(struct record **p)
{
	struct record *rec = *p;

	*p = rec->next;
	free(rec->uuid);
	free(rec);
}

void health_free(struct health *h)
{
	size_t i;

	for (i = 0; i < NR_LISTS; i++)
		while (h->lists[i])
			drop(&h->lists[i]);
	free(h);
}

static struct record *find(struct health *h, const struct health_path *path)
{
	struct record *rec;

	for (rec = *list_of(h, path->minor); rec; rec = rec->next)
		if (rec->major == path->major && rec->minor == path->minor &&
		    strcmp(rec->uuid, path->uuid) == 0)
			return rec;
	return NULL;
}

static struct record *obtain(struct health *h, const struct health_path *path)
{
	struct record *rec = find(h, path);

	if (rec)
		return rec;
	rec = calloc(1, sizeof(*rec));
	if (!rec)
		return NULL;
	rec->uuid = strdup(path->uuid);
	if (!rec->uuid) {
		free(rec);
		return NULL;
	}
	rec->major = path->major;
	rec->minor = path->minor;
	rec->next = *list_of(h, path->minor);
	*list_of(h, path->minor) = rec;
	return rec;
}

static uint32_t doubled(uint32_t delay_ms)
{
	delay_ms = delay_ms ? delay_ms * 2 : MP_PATHSM_BACKOFF_MIN_MS;
	return delay_ms > MP_PATHSM_BACKOFF_MAX_MS ? MP_PATHSM_BACKOFF_MAX_MS : delay_ms;
}

static enum mp_pathsm_action feed(struct record *rec, enum mp_pathsm_event event, uint64_t now_ms)
{
	enum mp_pathsm_action action = mp_pathsm_step(&rec->sm, event, now_ms);

	if (action == MP_PATHSM_PROBE)
		rec->wants_probe = true;
	if (rec->sm.state != MP_PATHSM_PROBING)
		rec->wants_probe = rec->good = false;
	return action;
}

static bool is_usable(enum mp_ana ana)
{
	return ana == MP_ANA_OPTIMIZED || ana == MP_ANA_NONOPTIMIZED;
}

static void update_recheck(struct record *rec, const struct mp_path_status *s, uint64_t now_ms)
{
	/* a failed path's log is read with each probe; a disabled or gone one is of no use */
	if (is_usable(s->ana) || !mp_path_state_in_service(s->state)) {
		rec->wants_recheck = false;
		rec->recheck_ms = rec->recheck_delay_ms = 0;
		return;
	}
	if (rec->recheck_ms > now_ms)
		return;
	rec->wants_recheck = rec->recheck_ms != 0;
	rec->recheck_delay_ms = doubled(rec->recheck_delay_ms);
	rec->recheck_ms = now_ms + rec->recheck_delay_ms;
}

static void update_record(struct record *rec, const struct mp_path_status *s, uint64_t now_ms)
{
	rec->seen = true;
	update_recheck(rec, s, now_ms);
	switch (s->state) {
	case MP_PATH_FAILED:
		if (now_ms >= rec->hold_until_ms)
			feed(rec, MP_PATHSM_KERNEL_FAILED, now_ms);
		break;
	case MP_PATH_DISABLED:
		feed(rec, MP_PATHSM_DISABLED, now_ms);
		break;
	default:
		rec->hold_until_ms = 0;
		feed(rec, MP_PATHSM_KERNEL_ACTIVE, now_ms);
		break;
	}
	feed(rec, MP_PATHSM_TIMER, now_ms);
}

static int update_map(struct health *h, const struct mp_loaded_map *m, uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < m->status.nr_paths; i++) {
		const struct mp_path_status *s = &m->status.paths[i];
		const struct health_path path = {
			.uuid = m->map.uuid, .major = s->major, .minor = s->minor,
		};
		struct record *rec = obtain(h, &path);

		if (!rec)
			return -ENOMEM;
		update_record(rec, s, now_ms);
	}
	return 0;
}

int health_update(struct health *h, const struct mp_loaded *loaded, uint64_t now_ms)
{
	struct record **p, *rec;
	size_t i;
	int r;

	for (rec = next(h, NULL); rec; rec = next(h, rec))
		rec->seen = false;
	for (i = 0; i < loaded->nr_maps; i++) {
		r = update_map(h, &loaded->maps[i], now_ms);
		if (r)
			return r;
	}
	for (i = 0; i < NR_LISTS; i++) {
		for (p = &h->lists[i]; *p;) {
			if ((*p)->seen)
				p = &(*p)->next;
			else
				drop(p);
		}
	}
	return 0;
}

void health_connected(struct health *h, uint32_t major, uint32_t minor, uint64_t now_ms)
{
	struct record *rec;

	for (rec = *list_of(h, minor); rec; rec = rec->next) {
		if (rec->major != major || rec->minor != minor)
			continue;
		rec->hold_until_ms = 0;
		feed(rec, MP_PATHSM_CONNECTED, now_ms);
	}
}

static struct health_path as_path(const struct record *rec)
{
	return (struct health_path){ .uuid = rec->uuid, .major = rec->major, .minor = rec->minor };
}

bool health_take_probe(struct health *h, struct health_path *ret)
{
	struct record *rec;

	for (rec = next(h, NULL); rec; rec = next(h, rec)) {
		if (!rec->wants_probe)
			continue;
		rec->wants_probe = false;
		*ret = as_path(rec);
		return true;
	}
	return false;
}

bool health_take_recheck(struct health *h, struct health_path *ret)
{
	struct record *rec;

	for (rec = next(h, NULL); rec; rec = next(h, rec)) {
		if (!rec->wants_recheck)
			continue;
		rec->wants_recheck = false;
		*ret = as_path(rec);
		return true;
	}
	return false;
}

void health_probed(struct health *h, uint32_t major, uint32_t minor, bool good, uint64_t now_ms)
{
	struct record *rec;

	for (rec = *list_of(h, minor); rec; rec = rec->next) {
		if (rec->major != major || rec->minor != minor ||
		    rec->sm.state != MP_PATHSM_PROBING || rec->wants_probe)
			continue;
		rec->good = good;
		if (!good)
			feed(rec, MP_PATHSM_PROBE_BAD, now_ms);
	}
}

bool health_take_good(struct health *h, struct health_path *ret)
{
	struct record *rec;

	for (rec = next(h, NULL); rec; rec = next(h, rec)) {
		if (!rec->good)
			continue;
		rec->good = false;
		*ret = as_path(rec);
		return true;
	}
	return false;
}

/* Failing again within twice the last hold is the same trouble. */
static void note_reinstated(struct record *rec, uint64_t now_ms)
{
	bool again = rec->reinstated_ms && now_ms - rec->reinstated_ms < 2 * (uint64_t)rec->hold_ms;

	rec->hold_ms = doubled(again ? rec->hold_ms : 0);
	rec->hold_until_ms = now_ms + rec->hold_ms;
	rec->reinstated_ms = now_ms;
}

bool health_confirm(struct health *h, const struct health_path *path, bool belongs,
		    uint64_t now_ms)
{
	struct record *rec = find(h, path);
	enum mp_pathsm_action action;

	if (!rec)
		return false;
	action = feed(rec, belongs ? MP_PATHSM_PROBE_OK : MP_PATHSM_PROBE_BAD, now_ms);
	if (action != MP_PATHSM_REINSTATE)
		return false;
	note_reinstated(rec, now_ms);
	return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

uint64_t health_wake_ms(const struct health *h)
{
	const struct record *rec;
	uint64_t wake = 0;

	for (rec = next(h, NULL); rec; rec = next(h, rec)) {
		wake = earlier(wake, rec->sm.deadline_ms);
		wake = earlier(wake, rec->recheck_ms);
		if (rec->sm.state == MP_PATHSM_LIVE)
			wake = earlier(wake, rec->hold_until_ms);
	}
	return wake;
}
