// SPDX-License-Identifier: GPL-2.0
/* The verbs that change something: the map and path that are meant, and the call. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nvmempctl.h"

/* The name of the map that the user means, for the caller to free; NULL: none */
static char *find_map(const struct nvmemp_snapshot *s, const char *arg)
{
	size_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (map_is(s->maps[i], base_name(arg)))
			return strdup(s->maps[i]->name);
	return NULL;
}

typedef int (*steer_fn)(struct nvmemp *conn, const char *map, const char *path);

static int steer(const struct call *c, steer_fn fn)
{
	const struct nvmemp_snapshot *snapshot;
	char *map, text[200];
	int r;

	r = nvmemp_snapshot_read(c->conn, &snapshot);
	if (r)
		return call_failed(c, r);
	map = find_map(snapshot, c->args[0]);
	nvmemp_snapshot_free(snapshot);
	if (!map) {
		escape(c->args[0], text, sizeof(text));
		fprintf(stderr, "nvmempctl: there is no map %s\n", text);
		return EXIT_NO_SUCH;
	}
	r = fn(c->conn, map, base_name(c->args[1]));
	free(map);
	return r ? call_failed(c, r) : EXIT_SUCCESS;
}

int verb_switch(const struct call *c)
{
	return steer(c, nvmemp_switch);
}

int verb_fail(const struct call *c)
{
	return steer(c, nvmemp_fail);
}

int verb_reinstate(const struct call *c)
{
	return steer(c, nvmemp_reinstate);
}

int verb_release(const struct call *c)
{
	return steer(c, nvmemp_release);
}

/* I/O in flight on that path, -1 if it is not there any more */
static long long in_flight(const struct nvmemp_snapshot *s, const char *map, const char *path)
{
	size_t i, k;

	for (i = 0; i < s->nr_maps; i++) {
		const struct nvmemp_map_info *m = s->maps[i];

		for (k = 0; map_is(m, map) && k < m->nr_paths; k++)
			if (!strcmp(m->paths[k]->device, path) || !strcmp(m->paths[k]->controller, path))
				return (long long)m->paths[k]->in_flight;
	}
	return -1;
}

/* Takes the path out of use, and returns when nothing is on its way there any more. */
int verb_drain(const struct call *c)
{
	const struct nvmemp_snapshot *snapshot;
	const struct timespec pause = { .tv_nsec = 100000000 };
	long long left = 1;
	int r = steer(c, nvmemp_fail);

	if (r)
		return r;
	while (left > 0) {
		r = nvmemp_snapshot_read(c->conn, &snapshot);
		if (r)
			return call_failed(c, r);
		left = in_flight(snapshot, base_name(c->args[0]), base_name(c->args[1]));
		nvmemp_snapshot_free(snapshot);
		if (left > 0)
			nanosleep(&pause, NULL);
	}
	return EXIT_SUCCESS;
}

/* False: it is left; a line says why. One that went by itself is not. */
static bool tear_down(const struct call *c, const char *map)
{
	char name[200], why[512];
	int r = nvmemp_teardown(c->conn, map);

	if (!r || r == -ENOENT)
		return true;
	fprintf(stderr, "nvmempctl: %s is left: %s\n", escape(map, name, sizeof(name)),
		escape(nvmemp_error(c->conn), why, sizeof(why)));
	return false;
}

int verb_teardown(const struct call *c)
{
	const char *arg = c->args[0] ? base_name(c->args[0]) : NULL;
	const struct nvmemp_snapshot *snapshot;
	size_t i, nr_meant = 0, nr_left = 0;
	char text[200];
	int r;

	r = nvmemp_snapshot_read(c->conn, &snapshot);
	if (r)
		return call_failed(c, r);
	for (i = 0; i < snapshot->nr_maps; i++) {
		if (arg && !map_is(snapshot->maps[i], arg))
			continue;
		nr_meant++;
		nr_left += !tear_down(c, snapshot->maps[i]->name);
	}
	nvmemp_snapshot_free(snapshot);
	if (nr_meant || !arg)
		return nr_left ? EXIT_FAILURE : EXIT_SUCCESS;
	fprintf(stderr, "nvmempctl: there is no map %s\n", escape(arg, text, sizeof(text)));
	return EXIT_NO_SUCH;
}

int verb_reload(const struct call *c)
{
	int r = nvmemp_reload(c->conn);

	return r ? call_failed(c, r) : EXIT_SUCCESS;
}
