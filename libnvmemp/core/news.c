// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/loaded.h"
#include "core/news.h"
#include "core/words.h"

struct seen_path {
	const char *name, *state, *ana;
	uint32_t major, minor;
	uint64_t failover_count;
};

struct seen_map {
	const char *name, *uuid, *state;
	const char *current;		/* device that the next I/O takes */
	struct seen_path *paths;
	size_t nr_paths;
};

struct mp_seen {
	struct mp_arena *arena;
	struct seen_map *maps;		/* by uuid */
	size_t nr_maps;
	struct mp_reject *rejects;
	size_t nr_rejects;
};

struct teller {
	void (*tell)(void *context, const struct mp_event *event);
	void *context;
};

/* ---- what is kept ---- */

static int see_path(struct mp_seen *seen, struct seen_map *to, const struct mp_loaded_map *m,
		    const struct mp_path *p)
{
	const struct mp_path_status *s = mp_loaded_status(m, p);
	struct seen_path *path = &to->paths[to->nr_paths++];

	path->major = p->major;
	path->minor = p->minor;
	path->state = s ? mp_path_state_word(s->state) : "unknown";
	path->ana = mp_ana_word(s ? s->ana : p->ana);
	path->failover_count = s ? s->failover_count : 0;
	path->name = mp_arena_strdup(seen->arena, p->name);
	if (s && m->status.current >= 0 && s == &m->status.paths[m->status.current])
		to->current = path->name;
	return path->name ? 0 : -1;
}

static int see_map(struct mp_seen *seen, const struct mp_loaded_map *m)
{
	struct seen_map *to = &seen->maps[seen->nr_maps++];
	size_t i;

	to->name = mp_arena_strdup(seen->arena, m->map.name);
	to->uuid = mp_arena_strdup(seen->arena, m->map.uuid);
	to->state = m->status.nr_paths ? mp_map_state_word(m->status.state) : "unknown";
	to->current = "";
	to->paths = mp_arena_alloc(seen->arena, (m->map.nr_paths + 1) * sizeof(*to->paths));
	if (!to->name || !to->uuid || !to->paths)
		return -1;
	for (i = 0; i < m->map.nr_paths; i++)
		if (see_path(seen, to, m, &m->map.paths[i]) < 0)
			return -1;
	return 0;
}

static int see_maps(struct mp_seen *seen, const struct mp_loaded *loaded)
{
	size_t i;

	seen->maps = mp_arena_alloc(seen->arena, (loaded->nr_maps + 1) * sizeof(*seen->maps));
	for (i = 0; seen->maps && i < loaded->nr_maps; i++)
		if (see_map(seen, &loaded->maps[i]) < 0)
			return -1;
	return seen->maps ? 0 : -1;
}

static int see_rejects(struct mp_seen *seen, const struct mp_desired *desired)
{
	size_t i;

	seen->rejects = mp_arena_alloc(seen->arena, (desired->nr_rejects + 1) * sizeof(*seen->rejects));
	for (i = 0; seen->rejects && i < desired->nr_rejects; i++) {
		struct mp_reject *to = &seen->rejects[seen->nr_rejects++];

		to->device = mp_arena_strdup(seen->arena, desired->rejects[i].device);
		to->reason = mp_arena_strdup(seen->arena, desired->rejects[i].reason);
		if (!to->device || !to->reason)
			return -1;
	}
	return seen->rejects ? 0 : -1;
}

struct mp_seen *mp_seen_new(const struct mp_loaded *loaded, const struct mp_desired *desired)
{
	struct mp_arena *arena = mp_arena_new();
	struct mp_seen *seen = arena ? mp_arena_alloc(arena, sizeof(*seen)) : NULL;

	if (seen)
		seen->arena = arena;
	if (!seen || (loaded && see_maps(seen, loaded) < 0) ||
	    (desired && see_rejects(seen, desired) < 0)) {
		mp_arena_free(arena);
		return NULL;
	}
	return seen;
}

void mp_seen_free(struct mp_seen *seen)
{
	if (seen)
		mp_arena_free(seen->arena);
}

/* ---- what is different ---- */

static void tell(const struct teller *t, const struct mp_event *event)
{
	t->tell(t->context, event);
}

static const struct seen_map *find_map(const struct mp_seen *seen, const char *uuid)
{
	size_t low = 0, high = seen->nr_maps;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(seen->maps[middle].uuid, uuid);

		if (order == 0)
			return &seen->maps[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A number may lead to another device now, a name to another number. */
static const struct seen_path *find_path(const struct seen_map *m, const struct seen_path *p)
{
	size_t i;

	for (i = 0; m && i < m->nr_paths; i++)
		if (m->paths[i].major == p->major && m->paths[i].minor == p->minor &&
		    strcmp(m->paths[i].name, p->name) == 0)
			return &m->paths[i];
	return NULL;
}

static void changed(const struct teller *t, const struct mp_event *event)
{
	if (strcmp(event->before, event->after) != 0)
		tell(t, event);
}

/* A counter that is smaller began anew with its table: what it says happened since. */
static void failed_over(const struct teller *t, const char *map, const struct seen_path *before,
			const struct seen_path *after)
{
	char from[24], to[24];

	if (after->failover_count == before->failover_count || after->failover_count == 0)
		return;
	snprintf(from, sizeof(from), "%llu", after->failover_count < before->failover_count ?
		 0 : (unsigned long long)before->failover_count);
	snprintf(to, sizeof(to), "%llu", (unsigned long long)after->failover_count);
	tell(t, &(struct mp_event){ "failover", map, after->name, from, to });
}

static void compare_path(const struct teller *t, const char *map, const struct seen_path *before,
			 const struct seen_path *after)
{
	changed(t, &(struct mp_event){ "path-state", map, after->name, before->state, after->state });
	changed(t, &(struct mp_event){ "path-ana", map, after->name, before->ana, after->ana });
	failed_over(t, map, before, after);
}

/* before or after is NULL where there is no such map. */
static void compare_paths(const struct teller *t, const struct seen_map *before,
			  const struct seen_map *after)
{
	size_t i;

	for (i = 0; before && i < before->nr_paths; i++)
		if (!find_path(after, &before->paths[i]))
			tell(t, &(struct mp_event){ "path-removed", before->name, before->paths[i].name,
						    before->paths[i].state, "" });
	for (i = 0; after && i < after->nr_paths; i++) {
		const struct seen_path *p = &after->paths[i], *old = find_path(before, p);

		if (old)
			compare_path(t, after->name, old, p);
		else
			tell(t, &(struct mp_event){ "path-added", after->name, p->name, "", p->state });
	}
}

static void compare_map(const struct teller *t, const struct seen_map *before,
			const struct seen_map *after)
{
	changed(t, &(struct mp_event){ "map-name", after->name, "", before->name, after->name });
	changed(t, &(struct mp_event){ "map-state", after->name, "", before->state, after->state });
	compare_paths(t, before, after);
	changed(t, &(struct mp_event){ "path-current", after->name, after->current, before->current,
				       after->current });
}

static const char *reason_of(const struct mp_seen *seen, const char *device)
{
	size_t i;

	for (i = 0; i < seen->nr_rejects; i++)
		if (strcmp(seen->rejects[i].device, device) == 0)
			return seen->rejects[i].reason;
	return "";
}

void mp_news(const struct mp_seen *before, const struct mp_seen *after,
	     void (*fn)(void *context, const struct mp_event *event), void *context)
{
	const struct teller t = { fn, context };
	size_t i;

	for (i = 0; i < before->nr_maps; i++) {
		const struct seen_map *m = &before->maps[i];

		if (find_map(after, m->uuid))
			continue;
		compare_paths(&t, m, NULL);
		tell(&t, &(struct mp_event){ "map-removed", m->name, "", m->state, "" });
	}
	for (i = 0; i < after->nr_maps; i++) {
		const struct seen_map *m = &after->maps[i], *old = find_map(before, m->uuid);

		if (old) {
			compare_map(&t, old, m);
			continue;
		}
		tell(&t, &(struct mp_event){ "map-added", m->name, "", "", m->state });
		compare_paths(&t, NULL, m);
	}
	for (i = 0; i < after->nr_rejects; i++)
		changed(&t, &(struct mp_event){ "refused", "", after->rejects[i].device,
						reason_of(before, after->rejects[i].device),
						after->rejects[i].reason });
}
