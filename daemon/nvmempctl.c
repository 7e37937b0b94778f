// SPDX-License-Identifier: GPL-2.0
/* nvmempctl: shows and steers what nvmempd does. Uses nvmemp.h only. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nvmemp.h"
#include "nvmempctl.h"

enum { EXIT_USAGE = 2, EXIT_NO_SUCH = 3, EXIT_NO_DAEMON = 4 };

struct call {
	struct nvmemp *conn;
	bool json;
	char **args;
};

/* One line that says what and where; the exit code that goes with it */
static int failed(const struct call *c, int r)
{
	char text[512];

	escape(nvmemp_error(c->conn), text, sizeof(text));
	fprintf(stderr, "nvmempctl: %s\n", text);
	switch (r) {
	case -ENOENT:
	case -ENODEV:
		return EXIT_NO_SUCH;
	case -ENOTCONN:
		return EXIT_NO_DAEMON;
	default:
		return EXIT_FAILURE;
	}
}

static int verb_status(const struct call *c)
{
	const struct nvmemp_snapshot *snapshot;
	int r;

	r = nvmemp_snapshot_read(c->conn, &snapshot);
	if (r)
		return failed(c, r);
	r = c->json ? print_json(snapshot) : print_status(snapshot);
	nvmemp_snapshot_free(snapshot);
	if (!r)
		return EXIT_SUCCESS;
	fprintf(stderr, "nvmempctl: no memory to print the status\n");
	return EXIT_FAILURE;
}

/* "/dev/mapper/NAME", "/dev/nvme0n1": the part behind the last slash */
static const char *base(const char *arg)
{
	const char *slash = strrchr(arg, '/');

	return slash ? slash + 1 : arg;
}

static bool map_is(const struct nvmemp_map_info *m, const char *arg)
{
	return !strcmp(m->name, arg) || !strcmp(m->device, arg) || !strcmp(m->uuid, arg) ||
	       !strcmp(m->wwid, arg);
}

/* The name of the map that the user means, for the caller to free; NULL: none */
static char *find_map(const struct nvmemp_snapshot *s, const char *arg)
{
	size_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (map_is(s->maps[i], base(arg)))
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
		return failed(c, r);
	map = find_map(snapshot, c->args[0]);
	nvmemp_snapshot_free(snapshot);
	if (!map) {
		escape(c->args[0], text, sizeof(text));
		fprintf(stderr, "nvmempctl: there is no map %s\n", text);
		return EXIT_NO_SUCH;
	}
	r = fn(c->conn, map, base(c->args[1]));
	free(map);
	return r ? failed(c, r) : EXIT_SUCCESS;
}

static int verb_switch(const struct call *c)
{
	return steer(c, nvmemp_switch);
}

static int verb_fail(const struct call *c)
{
	return steer(c, nvmemp_fail);
}

static int verb_reinstate(const struct call *c)
{
	return steer(c, nvmemp_reinstate);
}

static int verb_release(const struct call *c)
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
static int verb_drain(const struct call *c)
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
			return failed(c, r);
		left = in_flight(snapshot, base(c->args[0]), base(c->args[1]));
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

static int verb_teardown(const struct call *c)
{
	const char *arg = c->args[0] ? base(c->args[0]) : NULL;
	const struct nvmemp_snapshot *snapshot;
	size_t i, nr_meant = 0, nr_left = 0;
	char text[200];
	int r;

	r = nvmemp_snapshot_read(c->conn, &snapshot);
	if (r)
		return failed(c, r);
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

static int verb_plan(const struct call *c)
{
	const struct nvmemp_plan *plan;
	int r;

	r = nvmemp_plan_read(c->conn, &plan);
	if (r)
		return failed(c, r);
	r = c->json ? print_plan_json(plan) : print_plan(plan);
	nvmemp_plan_free(plan);
	if (!r)
		return EXIT_SUCCESS;
	fprintf(stderr, "nvmempctl: no memory to print the plan\n");
	return EXIT_FAILURE;
}

/* The name of the map that is meant, or the word itself: it may be a wwid without a map. */
static int meant_map(const struct call *c, const char *word, char **ret)
{
	const struct nvmemp_snapshot *snapshot;
	int r = nvmemp_snapshot_read(c->conn, &snapshot);

	if (r)
		return r;
	*ret = find_map(snapshot, word);
	nvmemp_snapshot_free(snapshot);
	if (!*ret)
		*ret = strdup(base(word));
	return *ret ? 0 : -ENOMEM;
}

static int verb_config(const struct call *c)
{
	const struct nvmemp_config *config;
	char *map = NULL;
	int r = 0;

	if (c->args[0])
		r = meant_map(c, c->args[0], &map);
	if (!r)
		r = nvmemp_config_read(c->conn, map ? map : "", &config);
	free(map);
	if (r)
		return failed(c, r);
	r = c->json ? print_config_json(config) : print_config(config);
	nvmemp_config_free(config);
	if (!r)
		return EXIT_SUCCESS;
	fprintf(stderr, "nvmempctl: no memory to print the configuration\n");
	return EXIT_FAILURE;
}

static int verb_reload(const struct call *c)
{
	int r = nvmemp_reload(c->conn);

	return r ? failed(c, r) : EXIT_SUCCESS;
}

static int verb_monitor(const struct call *c)
{
	int r = monitor(c->conn, c->json);

	return r ? failed(c, r) : EXIT_SUCCESS;
}

static int verb_version(const struct call *c)
{
	printf("nvmempctl %s\n", NVMEMP_VERSION);
	return EXIT_SUCCESS;
}

static int verb_help(const struct call *c);

static const struct verb {
	const char *name;
	const char *args;
	int nr_args;		/* at most, where args has brackets: then none will do */
	bool daemon;		/* needs a connection */
	int (*fn)(const struct call *c);
	const char *help;
} verbs[] = {
	{ "status", "", 0, true, verb_status, "maps, their paths, and what is in no map (default)" },
	{ "switch", "MAP PATH|auto", 2, true, verb_switch, "prefer a path; auto: let the policy choose" },
	{ "fail", "MAP PATH", 2, true, verb_fail, "take a path out of use" },
	{ "reinstate", "MAP PATH", 2, true, verb_reinstate, "check a path and take it back" },
	{ "drain", "MAP PATH", 2, true, verb_drain, "the same as fail, and wait until its I/O is over" },
	{ "release", "MAP PATH", 2, true, verb_release, "use a path again that is held or marginal" },
	{ "teardown", "[MAP]", 1, true, verb_teardown, "remove the maps that nobody uses, or this one" },
	{ "plan", "", 0, true, verb_plan, "what the daemon would do now, and why" },
	{ "config", "[MAP]", 1, true, verb_config, "the settings, for that map, and where they come from" },
	{ "reload", "", 0, true, verb_reload, "read the configuration again" },
	{ "monitor", "", 0, true, verb_monitor, "events as they happen" },
	{ "version", "", 0, false, verb_version, "print the version" },
	{ "help", "", 0, false, verb_help, "print this" },
	{ }
};

static void usage(FILE *to)
{
	const struct verb *v;

	fprintf(to, "Usage: nvmempctl [--json] [VERB [ARGUMENT...]]\n\n");
	for (v = verbs; v->name; v++)
		fprintf(to, "  %-9s %-14s %s\n", v->name, v->args, v->help);
	fprintf(to, "\n"
		"MAP is a name, /dev/mapper/NAME, dm-N, a device-mapper UUID or a WWID.\n"
		"PATH is a block device (nvme0n1) or a controller (nvme0).\n"
		"--json: status, plan and config as one JSON object, monitor as one a line.\n"
		"Exit code: 0 done, 1 failed, 2 wrong usage, 3 no such map or path,\n"
		"4 nvmempd can't be reached.\n");
}

static int verb_help(const struct call *c)
{
	usage(stdout);
	return EXIT_SUCCESS;
}

static int wrong(const char *what, const char *word)
{
	char text[200];

	escape(word, text, sizeof(text));
	fprintf(stderr, "nvmempctl: %s%s%s (try nvmempctl --help)\n", what, *word ? " " : "", text);
	return EXIT_USAGE;
}

static int run(const struct verb *v, struct call *c)
{
	int r;

	if (!v->daemon)
		return v->fn(c);
	r = nvmemp_connect(&c->conn);
	r = r ? failed(c, r) : v->fn(c);
	nvmemp_close(c->conn);
	return r;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	const struct verb *v = verbs;
	struct call c = { };
	int o, r;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "jhV", options, NULL)) >= 0) {
		switch (o) {
		case 'j':
			c.json = true;
			break;
		case 'h':
			return verb_help(&c);
		case 'V':
			return verb_version(&c);
		default:
			return wrong("unknown option", argv[optind - 1]);
		}
	}
	if (optind < argc) {
		while (v->name && strcmp(v->name, argv[optind]))
			v++;
		if (!v->name)
			return wrong("unknown verb", argv[optind]);
		optind++;
	}
	if (argc - optind != v->nr_args && (argc > optind || *v->args != '['))
		return wrong(v->nr_args ? "wanted:" : "no argument is wanted behind",
			     v->nr_args ? v->args : v->name);
	c.args = argv + optind;
	r = run(v, &c);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "nvmempctl: can't write the output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return r;
}
