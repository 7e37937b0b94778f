// SPDX-License-Identifier: GPL-2.0
/*
 * Metrics in the text format of OpenMetrics 1.0, and in the older one of
 * Prometheus, which node_exporter's textfile collector reads: there the type of
 * a counter is told under its sample's name, with _total. Names and labels
 * follow node_exporter's dmmultipath collector, so that queries for one do for the
 * other: node_dmmultipath_device_paths_active is nvmemp_device_paths_active.
 * Gauges stand where OpenMetrics has info and stateset, which the older format has not.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nvmempctl.h"

enum unit { NO_UNIT, BYTES, SECONDS };

struct family {
	const char *name;		/* behind nvmemp_; without _total */
	const char *type;
	enum unit unit;
	const char *help;
	size_t offset;			/* of the uint64_t in the map or path; seconds are µs there */
};

struct writer {
	FILE *to;
	bool older;
};

static const char counter[] = "counter";

static const struct family map_numbers[] = {
	{ "device_size_bytes", "gauge", BYTES, "Size of the map.",
	  offsetof(struct nvmemp_map_info, size_bytes) },
	{ "device_queued", "gauge", NO_UNIT, "I/O that waits for a path.",
	  offsetof(struct nvmemp_map_info, queued) },
	{ "device_waited", counter, NO_UNIT, "I/O that had to wait for a path.",
	  offsetof(struct nvmemp_map_info, queued_total) },
};

#define AT(member)	offsetof(struct nvmemp_path_info, member)

static const struct family path_numbers[] = {
	{ "path_in_flight", "gauge", NO_UNIT, "I/O on its way on the path.", AT(in_flight) },
	{ "path_ios", counter, NO_UNIT, "I/O sent down the path, retries included.", AT(io_count) },
	{ "path_read_bytes", counter, BYTES, "Bytes read through the path.", AT(bytes_read) },
	{ "path_written_bytes", counter, BYTES, "Bytes written through the path.", AT(bytes_written) },
	{ "path_failovers", counter, NO_UNIT, "I/O that went elsewhere because the path failed it.",
	  AT(failover_count) },
	{ "path_retries", counter, NO_UNIT, "I/O that came to the path after another try.",
	  AT(retry_count) },
	{ "path_latency_max_seconds", "gauge", SECONDS, "Longest latency of the I/O that was sampled.",
	  AT(max_latency_us) },
};

static const struct {
	const char *kind;
	size_t offset;
} errors[] = {
	{ "path", AT(path_errors) },
	{ "suspect", AT(suspect_errors) },
	{ "busy", AT(busy_errors) },
	{ "caller", AT(caller_errors) },
};

static const char *const map_states[] = { "up", "waiting", "failing", NULL };
static const char *const path_states[] = {
	"active", "failed", "disabled", "blocked", "gone", "marginal", "held", NULL
};
static const char *const ana_states[] = {
	"optimized", "non-optimized", "inaccessible", "persistent-loss", "change", NULL
};

static void head(const struct writer *w, const struct family *f)
{
	static const char *const units[] = { [BYTES] = "bytes", [SECONDS] = "seconds" };
	const char *suffix = w->older && f->type == counter ? "_total" : "";

	fprintf(w->to, "# TYPE nvmemp_%s%s %s\n", f->name, suffix, f->type);
	if (f->unit && !w->older)
		fprintf(w->to, "# UNIT nvmemp_%s %s\n", f->name, units[f->unit]);
	fprintf(w->to, "# HELP nvmemp_%s%s %s\n", f->name, suffix, f->help);
}

/* name="text", and a comma before it unless it is the first */
static void label(const struct writer *w, const char *name, const char *text)
{
	const char *comma = *name == ',' ? "," : "";
	char safe[1024], *c = safe;

	fprintf(w->to, "%s%s=\"", comma, name + strlen(comma));
	for (escape(text, safe, sizeof(safe)); *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', w->to);
		fputc(*c, w->to);
	}
	fputc('"', w->to);
}

static void map_labels(const struct writer *w, const struct nvmemp_map_info *m)
{
	label(w, "device", m->name);
	label(w, ",sysfs_name", m->device);
}

static void path_labels(const struct writer *w, const struct nvmemp_map_info *m,
			const struct nvmemp_path_info *p)
{
	label(w, "device", m->name);
	label(w, ",path", p->device);
}

static void number(const struct writer *w, const void *of, const struct family *f)
{
	uint64_t n = *(const uint64_t *)((const char *)of + f->offset);

	if (f->unit == SECONDS)
		fprintf(w->to, "} %" PRIu64 ".%06" PRIu64 "\n", n / 1000000, n % 1000000);
	else
		fprintf(w->to, "} %" PRIu64 "\n", n);
}

static void sample(const struct writer *w, const struct family *f)
{
	fprintf(w->to, "nvmemp_%s%s{", f->name, f->type == counter ? "_total" : "");
}

static void scalar(const struct writer *w, const char *name, const char *help, bool value)
{
	const struct family f = { name, "gauge", NO_UNIT, help };

	head(w, &f);
	fprintf(w->to, "nvmemp_%s %d\n", name, value);
}

/* 1 for the state it is in, 0 for each other one */
static void states(const struct writer *w, const char *is, const char *const *words,
		   const struct family *f, const struct nvmemp_map_info *m,
		   const struct nvmemp_path_info *p)
{
	for (; *words; words++) {
		sample(w, f);
		if (p)
			path_labels(w, m, p);
		else
			map_labels(w, m);
		label(w, ",state", *words);
		fprintf(w->to, "} %d\n", !strcmp(is, *words));
	}
}

/* ---- maps ---- */

static void map_info(const struct writer *w, const struct nvmemp_snapshot *s)
{
	static const struct family f = { "device_info", "gauge", NO_UNIT, "What is known of a map in words." };
	size_t i;

	head(w, &f);
	for (i = 0; i < s->nr_maps; i++) {
		const struct nvmemp_map_info *m = s->maps[i];

		sample(w, &f);
		map_labels(w, m);
		label(w, ",uuid", m->uuid);
		label(w, ",subsystem", m->subsystem);
		label(w, ",policy", m->policy);
		label(w, ",no_path", m->no_path);
		fputs("} 1\n", w->to);
	}
}

static void map_state(const struct writer *w, const struct nvmemp_snapshot *s)
{
	static const struct family f = { "device_state", "gauge", NO_UNIT, "1 for the map's state, 0 for the others." };
	size_t i;

	head(w, &f);
	for (i = 0; i < s->nr_maps; i++)
		states(w, s->maps[i]->state, map_states, &f, s->maps[i], NULL);
}

/* Paths that are (active), are not (failed), or all */
static size_t count(const struct nvmemp_map_info *m, bool active, bool others)
{
	size_t i, n = 0;

	for (i = 0; i < m->nr_paths; i++)
		n += strcmp(m->paths[i]->state, "active") ? others : active;
	return n;
}

static void path_counts(const struct writer *w, const struct nvmemp_snapshot *s)
{
	static const struct {
		struct family f;
		bool active, others;
	} kinds[] = {
		{ { "device_paths", "gauge", NO_UNIT, "Paths of the map." }, true, true },
		{ { "device_paths_active", "gauge", NO_UNIT, "Paths in state active." }, true, false },
		{ { "device_paths_failed", "gauge", NO_UNIT, "Paths in any other state." }, false, true },
	};
	size_t i, k;

	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		head(w, &kinds[k].f);
		for (i = 0; i < s->nr_maps; i++) {
			sample(w, &kinds[k].f);
			map_labels(w, s->maps[i]);
			fprintf(w->to, "} %zu\n", count(s->maps[i], kinds[k].active, kinds[k].others));
		}
	}
}

static void map_family(const struct writer *w, const struct nvmemp_snapshot *s,
		       const struct family *f)
{
	size_t i;

	head(w, f);
	for (i = 0; i < s->nr_maps; i++) {
		sample(w, f);
		map_labels(w, s->maps[i]);
		number(w, s->maps[i], f);
	}
}

/* ---- paths ---- */

typedef void (*path_fn)(const struct writer *w, const struct family *f,
			const struct nvmemp_map_info *m, const struct nvmemp_path_info *p);

static void each_path(const struct writer *w, const struct nvmemp_snapshot *s,
		      const struct family *f, path_fn fn)
{
	size_t i, k;

	head(w, f);
	for (i = 0; i < s->nr_maps; i++)
		for (k = 0; k < s->maps[i]->nr_paths; k++)
			fn(w, f, s->maps[i], s->maps[i]->paths[k]);
}

static void path_info(const struct writer *w, const struct family *f,
		      const struct nvmemp_map_info *m, const struct nvmemp_path_info *p)
{
	sample(w, f);
	path_labels(w, m, p);
	label(w, ",controller", p->controller);
	label(w, ",transport", p->transport);
	label(w, ",address", p->address);
	fputs("} 1\n", w->to);
}

static void path_state(const struct writer *w, const struct family *f,
		       const struct nvmemp_map_info *m, const struct nvmemp_path_info *p)
{
	states(w, p->state, path_states, f, m, p);
}

static void path_ana(const struct writer *w, const struct family *f,
		     const struct nvmemp_map_info *m, const struct nvmemp_path_info *p)
{
	states(w, p->ana_state, ana_states, f, m, p);
}

static void path_number(const struct writer *w, const struct family *f,
			const struct nvmemp_map_info *m, const struct nvmemp_path_info *p)
{
	sample(w, f);
	path_labels(w, m, p);
	number(w, p, f);
}

static void path_errors(const struct writer *w, const struct family *f,
			const struct nvmemp_map_info *m, const struct nvmemp_path_info *p)
{
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const struct family kind = { .offset = errors[i].offset };

		sample(w, f);
		path_labels(w, m, p);
		label(w, ",kind", errors[i].kind);
		number(w, p, &kind);
	}
}

static void path_latency(const struct writer *w, const struct family *f,
			 const struct nvmemp_map_info *m, const struct nvmemp_path_info *p)
{
	const struct family n = { .offset = AT(sampled_count) };
	const struct family sum = { .unit = SECONDS, .offset = AT(sampled_us) };

	fprintf(w->to, "nvmemp_%s_count{", f->name);
	path_labels(w, m, p);
	number(w, p, &n);
	fprintf(w->to, "nvmemp_%s_sum{", f->name);
	path_labels(w, m, p);
	number(w, p, &sum);
}

static void all_paths(const struct writer *w, const struct nvmemp_snapshot *s)
{
	static const struct {
		struct family f;
		path_fn fn;
	} kinds[] = {
		{ { "path_info", "gauge", NO_UNIT, "What is known of a path in words." }, path_info },
		{ { "path_state", "gauge", NO_UNIT, "1 for the path's state, 0 for the others." }, path_state },
		{ { "path_ana_state", "gauge", NO_UNIT, "1 for the path's ANA state, 0 for the others." }, path_ana },
		{ { "path_errors", counter, NO_UNIT, "I/O that came back with an error, by its verdict." }, path_errors },
		{ { "path_latency_seconds", "summary", SECONDS, "Latency of the I/O that was sampled." }, path_latency },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		each_path(w, s, &kinds[i].f, kinds[i].fn);
	for (i = 0; i < sizeof(path_numbers) / sizeof(path_numbers[0]); i++)
		each_path(w, s, &path_numbers[i], path_number);
}

int print_metrics(FILE *to, bool older, const struct nvmemp_snapshot *s)
{
	const struct writer w = { to, older };
	size_t i;

	scalar(&w, "up", "nvmempd answers.", s);
	if (s) {
		scalar(&w, "native_multipath", "Native multipath is on, no map is built.", s->native_multipath);
		scalar(&w, "events_late", "The daemon notices some changes late.", *s->event_trouble);
		scalar(&w, "config_left_out", "Something of the configuration could not be understood and is left out.",
		       *s->config_trouble);
		map_info(&w, s);
		map_state(&w, s);
		path_counts(&w, s);
		for (i = 0; i < sizeof(map_numbers) / sizeof(map_numbers[0]); i++)
			map_family(&w, s, &map_numbers[i]);
		all_paths(&w, s);
	}
	fputs("# EOF\n", to);
	return ferror(to) ? -EIO : 0;
}

/* ---- the verb ---- */

/* The collector may read at any moment: a file of another name first, readable for it */
static int write_textfile(const char *path, const struct nvmemp_snapshot *s)
{
	char temporary[4096], name[400];
	FILE *to = NULL;
	int fd = -1, r = -1;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) < (int)sizeof(temporary))
		fd = mkostemp(temporary, O_CLOEXEC);
	else
		errno = ENAMETOOLONG;
	if (fd >= 0)
		to = fdopen(fd, "w");
	if (to) {
		r = print_metrics(to, true, s);
		r = fchmod(fd, 0644) ? -1 : r;
		r = fclose(to) ? -1 : r;
		r = r ? r : rename(temporary, path);
	}
	if (!r)
		return 0;
	fprintf(stderr, "nvmempctl: can't write %s: %s\n", escape(path, name, sizeof(name)),
		strerror(errno));
	if (fd >= 0)
		unlink(temporary);
	return EXIT_FAILURE;
}

/* Where the daemon does not answer, the metrics say so, or old numbers would stand for ever. */
int verb_metrics(const struct call *c)
{
	const char *path = c->options[OPTION_TEXTFILE];
	const struct nvmemp_snapshot *s = NULL;
	struct call own = *c;
	int r, code = EXIT_SUCCESS;

	r = nvmemp_connect(&own.conn);
	if (!r)
		r = nvmemp_snapshot_read(own.conn, &s);
	if (r)
		code = call_failed(&own, r);
	r = path ? write_textfile(path, s) : print_metrics(stdout, false, s);
	nvmemp_snapshot_free(s);
	nvmemp_close(own.conn);
	return code ? code : r ? EXIT_FAILURE : EXIT_SUCCESS;
}
