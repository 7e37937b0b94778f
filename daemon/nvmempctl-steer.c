// SPDX-License-Identifier: GPL-2.0
/* The verbs that change something: the map and path that are meant, and the call. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nvmempctl.h"

typedef int (*steer_fn)(struct nvmemp *conn, const char *map, const char *value);

/* Calls fn with the map of the first argument and this value. 0 or the exit code */
static int steer(const struct call *c, steer_fn fn, const char *value)
{
	const struct nvmemp_snapshot *snapshot;
	const struct nvmemp_map_info *m;
	int r;

	r = nvmemp_snapshot_read(c->conn, &snapshot);
	if (r)
		return call_failed(c, r);
	m = find_map(snapshot, c->args[0]);
	if (m) {
		r = fn(c->conn, m->name, value);
		r = r ? call_failed(c, r) : EXIT_SUCCESS;
	} else {
		r = no_such_map(snapshot, c->args[0]);
	}
	nvmemp_snapshot_free(snapshot);
	return r;
}

static int steer_path(const struct call *c, steer_fn fn)
{
	return steer(c, fn, base_name(c->args[1]));
}

int verb_switch(const struct call *c)
{
	return steer_path(c, nvmemp_switch);
}

int verb_fail(const struct call *c)
{
	return steer_path(c, nvmemp_fail);
}

int verb_reinstate(const struct call *c)
{
	return steer_path(c, nvmemp_reinstate);
}

int verb_release(const struct call *c)
{
	return steer_path(c, nvmemp_release);
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
	int r = steer_path(c, nvmemp_fail);

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
	const char *arg = c->args[0];
	const struct nvmemp_snapshot *snapshot;
	size_t i, nr_meant = 0, nr_left = 0;
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
	r = nr_left ? EXIT_FAILURE : EXIT_SUCCESS;
	if (arg && !nr_meant)
		r = no_such_map(snapshot, arg);
	nvmemp_snapshot_free(snapshot);
	return r;
}

/* ---- settings ---- */

int verb_policy(const struct call *c)
{
	return steer(c, nvmemp_policy_set, c->args[1]);
}

int verb_queue(const struct call *c)
{
	const char *value = c->args[1];

	if (!strcmp(value, "on"))
		value = "queue";
	else if (!strcmp(value, "off"))
		value = "fail";
	return steer(c, nvmemp_no_path_set, value);
}

static int size_of(const struct call *c, uint64_t *ret)
{
	const struct nvmemp_snapshot *snapshot;
	const struct nvmemp_map_info *m;
	int r = nvmemp_snapshot_read(c->conn, &snapshot);

	if (r)
		return call_failed(c, r);
	m = find_map(snapshot, c->args[0]);
	if (m)
		*ret = m->size_bytes;
	else
		r = no_such_map(snapshot, c->args[0]);
	nvmemp_snapshot_free(snapshot);
	return r;
}

static int no_value(struct nvmemp *conn, const char *map, const char *value)
{
	return nvmemp_rescan(conn, map);
}

/* Nothing tells of a scan that finds nothing new: most take far less than this. */
int verb_resize(const struct call *c)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	char before[16], now[16];
	uint64_t was = 0, is;
	int i, r;

	r = size_of(c, &was);
	if (!r)
		r = steer(c, no_value, NULL);
	is = was;
	for (i = 0; i < 20 && !r && is == was; i++) {
		nanosleep(&pause, NULL);
		r = size_of(c, &is);
	}
	if (r)
		return r;
	size_text(was, before);
	if (is == was)
		printf("%s, as before\n", before);
	else
		printf("%s, was %s\n", size_text(is, now), before);
	return EXIT_SUCCESS;
}

int verb_reload(const struct call *c)
{
	int r = nvmemp_reload(c->conn);

	return r ? call_failed(c, r) : EXIT_SUCCESS;
}
