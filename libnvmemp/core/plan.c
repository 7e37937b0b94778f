// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/desire.h"
#include "core/plan.h"
#include "core/table.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

#define POSTPONE_MS	250	/* before looking again for I/O that a suspend would wait for */
#define TEXT_MAX	4096	/* a table of 32 paths has about 2,100 characters */

struct build {
	const struct mp_plan_input *in;
	struct mp_plan *plan;
	bool no_memory;
};

const char *mp_step_word(enum mp_step_kind kind)
{
	static const char *const words[] = {
		[MP_STEP_CREATE] = "create",
		[MP_STEP_RELOAD] = "reload",
		[MP_STEP_RESUME] = "resume",
		[MP_STEP_RENAME] = "rename",
		[MP_STEP_MESSAGE] = "message",
		[MP_STEP_ADD_PATH] = "add-path",
		[MP_STEP_CANCEL_REMOVE] = "cancel-remove",
		[MP_STEP_REMOVE] = "remove",
		[MP_STEP_TEARDOWN] = "teardown",
	};

	return words[kind];
}

__attribute__((format(printf, 5, 6)))
static void step(struct build *b, enum mp_step_kind kind, const struct mp_map *map,
		 const char *text, const char *fmt, ...)
{
	struct mp_plan *p = b->plan;
	char reason[256];
	struct mp_step s;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	s = (struct mp_step){
		.kind = kind,
		.name = mp_arena_strdup(p->arena, map->name),
		.uuid = mp_arena_strdup(p->arena, map->uuid),
		.text = mp_arena_strdup(p->arena, text),
		.table = "",
		.size_sectors = map->size_sectors,
		.read_only = map->read_only,
		.reason = mp_arena_strdup(p->arena, reason),
	};
	p->steps = mp_arena_grow(p->arena, p->steps, p->nr_steps, sizeof(s));
	if (!s.name || !s.uuid || !s.text || !s.reason || !p->steps) {
		b->no_memory = true;
		p->nr_steps = 0;
		return;
	}
	p->steps[p->nr_steps++] = s;
}

static void wake_at(struct build *b, uint64_t ms)
{
	if (!b->plan->wake_ms || ms < b->plan->wake_ms)
		b->plan->wake_ms = ms;
}

/* ---- a map that is wanted ---- */

static const char *path_name(const struct mp_path *p, char buf[24])
{
	if (*p->name)
		return p->name;
	snprintf(buf, 24, "%u:%u", p->major, p->minor);
	return buf;
}

/* The first reason for a new table, or false: messages will do */
static bool needs_table(const struct mp_map *want, const struct mp_loaded_map *have, char *reason,
			size_t size)
{
	const struct mp_map *now = &have->map;
	char buf[24];
	size_t i;

	for (i = 0; i < want->nr_paths; i++) {
		const struct mp_path *p = &want->paths[i];
		const struct mp_path *q = mp_map_path(now, p->major, p->minor);

		if (!q)		/* joins by message */
			continue;
		if (p->flush_failfast != q->flush_failfast)
			return snprintf(reason, size, "path %s has another transport", path_name(p, buf));
		if (p->kato_ms != q->kato_ms)
			return snprintf(reason, size, "path %s has another keep alive timeout",
					path_name(p, buf));
	}
	if (want->size_sectors > now->size_sectors)
		return snprintf(reason, size, "the namespace grew from %llu to %llu sectors",
				(unsigned long long)now->size_sectors,
				(unsigned long long)want->size_sectors);
	if (want->read_only && !now->read_only)
		return snprintf(reason, size, "the namespace became read-only");
	if (!want->read_only && now->read_only && have->follows_paths)
		return snprintf(reason, size, "the namespace became writable");
	return false;
}

/*
 * A suspend waits for all I/O and holds up what comes meanwhile: not while a
 * path has some that it can't do now. It gets no more, so this ends by itself.
 */
static bool must_wait(const struct mp_loaded_map *have)
{
	size_t i;

	for (i = 0; i < have->status.nr_paths; i++) {
		const struct mp_path_status *s = &have->status.paths[i];

		if (s->in_flight && (s->state == MP_PATH_BLOCKED || !mp_path_state_in_service(s->state)))
			return true;
	}
	return false;
}

static void change_ana(struct build *b, const struct mp_map *want, const struct mp_map *now)
{
	char text[TEXT_MAX] = NVMEMP_MSG_ANA, buf[24], why[160] = "";
	size_t i, used = strlen(text), n = 0;

	for (i = 0; i < want->nr_paths; i++) {
		const struct mp_path *p = &want->paths[i];
		const struct mp_path *q = mp_map_path(now, p->major, p->minor);

		if (!q || p->ana == q->ana)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u:%u %s", p->major,
					 p->minor, mp_ana_word(p->ana));
		if (!n++)
			snprintf(why, sizeof(why), "path %s became %s", path_name(p, buf),
				 mp_ana_word(p->ana));
	}
	if (n > 1)
		step(b, MP_STEP_MESSAGE, now, text, "%s, and %zu more", why, n - 1);
	else if (n)
		step(b, MP_STEP_MESSAGE, now, text, "%s", why);
}

static void change_weights(struct build *b, const struct mp_map *want, const struct mp_map *now)
{
	char text[64];
	size_t i;

	for (i = 0; i < want->nr_paths; i++) {
		const struct mp_path *p = &want->paths[i];
		const struct mp_path *q = mp_map_path(now, p->major, p->minor);

		if (!q || p->weight == q->weight)
			continue;
		snprintf(text, sizeof(text), NVMEMP_MSG_WEIGHT " %u:%u %u", p->major, p->minor,
			 p->weight ? p->weight : 1);
		step(b, MP_STEP_MESSAGE, now, text, "the configuration says so");
	}
}

/* Only where the configuration prefers a path and nobody another one: see desire. */
static void change_preference(struct build *b, const struct mp_map *want, const struct mp_map *now)
{
	char text[64];
	size_t i;

	for (i = 0; i < want->nr_paths; i++) {
		const struct mp_path *p = &want->paths[i];
		const struct mp_path *q = mp_map_path(now, p->major, p->minor);

		/* a path in reserve would leave it */
		if (!q || !p->preferred || q->preferred || q->held || q->marginal)
			continue;
		snprintf(text, sizeof(text), NVMEMP_MSG_PREFER " %u:%u", p->major, p->minor);
		step(b, MP_STEP_MESSAGE, now, text, "the configuration says so");
	}
}

static void change_settings(struct build *b, const struct mp_map *want, const struct mp_map *now)
{
	char text[64], buf[16];
	enum mp_feature f;

	if (want->policy != now->policy) {
		snprintf(text, sizeof(text), NVMEMP_MSG_POLICY " %s", mp_policy_word(want->policy));
		step(b, MP_STEP_MESSAGE, now, text, "the configuration says so");
	}
	if (want->no_path != now->no_path) {
		snprintf(text, sizeof(text), NVMEMP_MSG_NO_PATH " %s",
			 mp_no_path_print(want->no_path, buf));
		step(b, MP_STEP_MESSAGE, now, text, b->in->desired->no_queueing ?
		     "the machine shuts down" : "the configuration says so");
	}
	for (f = 0; f < MP_NR_FEATURES; f++) {
		if (want->features[f] == now->features[f])
			continue;
		snprintf(text, sizeof(text), "%s %s", mp_feature_key(f),
			 mp_feature_print(f, want->features[f], buf));
		step(b, MP_STEP_MESSAGE, now, text, f == MP_ANATT ? "its controllers say so" :
		     "the configuration says so");
	}
	change_weights(b, want, now);
	change_preference(b, want, now);
}

static void create(struct build *b, const struct mp_map *want)
{
	char table[TEXT_MAX];

	if (!mp_table_print(want, table, sizeof(table)))
		step(b, MP_STEP_CREATE, want, table, "%s has %zu path%s", want->paths[0].name,
		     want->nr_paths, want->nr_paths > 1 ? "s" : "");
}

/* The name stays, the map never gets smaller, nor writable where that is not ours to say. */
static void as_it_is(struct mp_map *map, const struct mp_loaded_map *have)
{
	map->name = have->map.name;
	if (map->size_sectors < have->map.size_sectors)
		map->size_sectors = have->map.size_sectors;
	map->read_only |= have->map.read_only && !have->follows_paths;
}

static void reload(struct build *b, const struct mp_map *want, const struct mp_loaded_map *have,
		   const char *reason)
{
	struct mp_map map = *want;
	char table[TEXT_MAX];

	if (must_wait(have)) {
		wake_at(b, b->in->now_ms + POSTPONE_MS);
		return;
	}
	as_it_is(&map, have);
	if (!mp_table_print(&map, table, sizeof(table)))
		step(b, MP_STEP_RELOAD, &map, table, "%s", reason);
}

/*
 * Paths that appeared join by message. One that the target refuses for its limits
 * needs a new table, which the step carries with it.
 */
static void join_paths(struct build *b, const struct mp_map *want, const struct mp_loaded_map *have)
{
	char text[256] = NVMEMP_MSG_ADD_PATH, table[TEXT_MAX], buf[24];
	const size_t verb = strlen(text);
	struct mp_map map = *want;
	size_t i;

	as_it_is(&map, have);
	for (i = 0; i < want->nr_paths; i++) {
		const struct mp_path *p = &want->paths[i];

		if (mp_map_path(&have->map, p->major, p->minor))
			continue;
		if (mp_table_print_path(p, text + verb, sizeof(text) - verb) ||
		    mp_table_print(&map, table, sizeof(table)))
			continue;
		step(b, MP_STEP_ADD_PATH, &map, text, "path %s appeared", path_name(p, buf));
		if (b->no_memory)
			return;
		b->plan->steps[b->plan->nr_steps - 1].table = mp_arena_strdup(b->plan->arena, table);
		if (!b->plan->steps[b->plan->nr_steps - 1].table)
			b->no_memory = true;
	}
}

/*
 * Paths that are not wanted leave as soon as nothing is in flight on them: first
 * they get no more I/O, then they go. The target tells by an event when one is
 * idle; the clock is for when that was missed.
 */
static void leave_paths(struct build *b, const struct mp_map *want, const struct mp_loaded_map *have)
{
	char text[64], buf[24];
	size_t i;

	for (i = 0; i < have->map.nr_paths; i++) {
		const struct mp_path *q = &have->map.paths[i];
		const struct mp_path_status *s = mp_loaded_status(have, q);
		bool gone, idle;

		if (mp_map_path(want, q->major, q->minor))
			continue;
		gone = s && s->state == MP_PATH_GONE;
		idle = s && !s->in_flight && (gone || q->disabled);
		if (!idle)
			wake_at(b, b->in->now_ms + POSTPONE_MS);
		if (!idle && (gone || q->disabled))
			continue;
		snprintf(text, sizeof(text), "%s %u:%u", idle ? NVMEMP_MSG_REMOVE_PATH :
			 NVMEMP_MSG_DISABLE_PATH, q->major, q->minor);
		step(b, MP_STEP_MESSAGE, &have->map, text, "path %s is gone", path_name(q, buf));
	}
}

static bool name_in_use(const struct mp_loaded *loaded, const char *name)
{
	size_t i;

	for (i = 0; i < loaded->nr_maps; i++)
		if (!strcmp(loaded->maps[i].map.name, name))
			return true;
	return false;
}

static void wanted(struct build *b, const struct mp_map *want)
{
	const struct mp_loaded_map *have = mp_loaded_find(b->in->loaded, want->uuid);
	char reason[160];

	if (!have) {
		create(b, want);
		return;
	}
	if (!have->has_table) {
		step(b, MP_STEP_REMOVE, &have->map, "", "it was left without a table");
		create(b, want);
		return;
	}
	if (*have->bad)		/* not ours to touch; it is shown */
		return;
	if (have->deferred_remove)
		step(b, MP_STEP_CANCEL_REMOVE, &have->map, "", "its namespace is back");
	/* messages need no suspend, so they don't wait for what does */
	change_ana(b, want, &have->map);
	change_settings(b, want, &have->map);
	if (needs_table(want, have, reason, sizeof(reason))) {
		reload(b, want, have, reason);
	} else {
		join_paths(b, want, have);
		leave_paths(b, want, have);
		if (have->suspended)
			step(b, MP_STEP_RESUME, &have->map, "", "it was left suspended");
	}
	if (strcmp(want->name, have->map.name) && !name_in_use(b->in->loaded, want->name))
		step(b, MP_STEP_RENAME, &have->map, want->name, "the configuration says so");
}

/* ---- a map that is not ---- */

bool mp_plan_is_lost(const struct mp_desired *desired, const struct mp_loaded_map *map)
{
	return !mp_desired_find(desired, map->map.uuid) && !mp_desired_is_present(desired, map->map.uuid);
}

static int lost_cmp(const void *a, const void *b)
{
	const struct mp_lost *x = a, *y = b;

	return strcmp(x->uuid, y->uuid);
}

static void lost(struct build *b, const struct mp_loaded_map *have)
{
	const struct mp_plan_input *in = b->in;
	const struct mp_lost key = { .uuid = have->map.uuid }, *noted = NULL;
	uint64_t since, end;

	if (*have->bad || have->deferred_remove || have->map.no_path == MP_NO_PATH_QUEUE)
		return;
	if (in->nr_lost)
		noted = bsearch(&key, in->lost, in->nr_lost, sizeof(key), lost_cmp);
	since = noted ? noted->since_ms : in->now_ms;
	end = since + have->map.no_path * 1000ull;
	if (in->now_ms < end)
		wake_at(b, end);
	else
		step(b, MP_STEP_REMOVE, &have->map, "", "its last path is gone");
}

static void unwanted(struct build *b, const struct mp_loaded_map *have)
{
	if (!have->has_table)
		step(b, MP_STEP_REMOVE, &have->map, "", "it was left without a table");
	else if (mp_plan_is_lost(b->in->desired, have))
		lost(b, have);
}

/* First of all: no I/O may reach another namespace. A message needs no suspend. */
static void keep_out(struct build *b, const struct mp_intruder *in)
{
	const struct mp_loaded_map *have = mp_loaded_find(b->in->loaded, in->uuid);
	const struct mp_path *p = have ? mp_map_path(&have->map, in->major, in->minor) : NULL;
	char text[64];

	if (!p || p->disabled)
		return;
	snprintf(text, sizeof(text), NVMEMP_MSG_DISABLE_PATH " %u:%u", in->major, in->minor);
	step(b, MP_STEP_MESSAGE, &have->map, text, "%s is another namespace now", in->name);
}

int mp_plan(const struct mp_plan_input *in, struct mp_plan *ret)
{
	struct mp_plan plan = { .arena = mp_arena_new() };
	struct build b = { in, &plan, !plan.arena };
	size_t i;

	for (i = 0; i < in->desired->nr_intruders && !b.no_memory; i++)
		keep_out(&b, &in->desired->intruders[i]);
	for (i = 0; i < in->loaded->nr_maps && !b.no_memory; i++)
		if (!mp_desired_find(in->desired, in->loaded->maps[i].map.uuid))
			unwanted(&b, &in->loaded->maps[i]);
	for (i = 0; i < in->desired->nr_maps && !b.no_memory; i++)
		wanted(&b, &in->desired->maps[i]);
	if (b.no_memory) {
		mp_plan_done(&plan);
		return -ENOMEM;
	}
	*ret = plan;
	return 0;
}

void mp_plan_done(struct mp_plan *plan)
{
	mp_arena_free(plan->arena);
	*plan = (struct mp_plan){ };
}
