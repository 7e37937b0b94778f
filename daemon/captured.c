// SPDX-License-Identifier: GPL-2.0
/* The plan for a machine that was captured: the same chain, from files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "core/arena.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/dump.h"
#include "core/err.h"
#include "core/facts.h"
#include "core/loadedtext.h"
#include "core/plan.h"
#include "core/topo.h"
#include "log.h"
#include "sys/conffile.h"
#include "sys/known.h"

struct captured {
	const char *dir;
	struct mp_facts facts;
	struct mp_loaded loaded;
	struct mp_conf conf;
	struct mp_topo topo;
	struct mp_desired desired;
	struct mp_plan plan;
	struct mp_err err;
};

static int no_memory(struct captured *c)
{
	return mp_err_set(&c->err, -ENOMEM, "no memory");
}

/* The text of a file below dir, for the caller to free */
static int read_text(struct captured *c, const char *name, char **ret)
{
	char path[PATH_MAX], *text = NULL;
	FILE *f;
	size_t size = 0;
	ssize_t n;
	int r = 0;

	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	f = fopen(path, "re");
	if (!f)
		return mp_err_set(&c->err, -errno, "can't read %.150s: %s", path, strerror(errno));
	n = getdelim(&text, &size, '\0', f);
	if (n < 0 && ferror(f))
		r = mp_err_set(&c->err, -errno, "can't read %.150s: %s", path, strerror(errno));
	else if (!text)
		r = no_memory(c);
	else if (n < 0)
		text[0] = '\0';		/* the end at once */
	fclose(f);
	if (r)
		free(text);
	else
		*ret = text;
	return r;
}

/* Says in which file it is. */
static int bad_file(struct captured *c, const char *name, int r)
{
	struct mp_err why = c->err;

	return mp_err_set(&c->err, r, "%.80s/%s: %.120s", c->dir, name, why.text);
}

static int read_facts(struct captured *c)
{
	int root, r;
	char *text = NULL;

	root = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return mp_err_set(&c->err, -errno, "can't open %s: %s", c->dir, strerror(errno));
	r = mp_known_read_all(root, &c->facts, &c->err);
	close(root);
	if (r)
		return bad_file(c, "sys", r);
	r = read_text(c, "identify.txt", &text);
	if (r)
		return r;
	r = mp_facts_load(&c->facts, text, &c->err);
	free(text);
	return r ? bad_file(c, "identify.txt", r) : 0;
}

static int read_loaded(struct captured *c)
{
	char *text = NULL;
	int r = read_text(c, "device-mapper.txt", &text);

	if (r)
		return r;
	r = mp_loaded_load(text, &c->loaded, &c->err);
	free(text);
	return r ? bad_file(c, "device-mapper.txt", r) : 0;
}

static int read_conf(struct captured *c)
{
	char vendor[PATH_MAX], file[PATH_MAX];

	snprintf(vendor, sizeof(vendor), "%s" MP_VENDOR_FILE, c->dir);
	snprintf(file, sizeof(file), "%s" MP_CONF_FILE, c->dir);
	return mp_conffile_read(vendor, file, &c->conf, &c->err);
}

static int decide(struct captured *c)
{
	const struct mp_plan_input input = { .desired = &c->desired, .loaded = &c->loaded };
	int r;

	r = mp_topo_build(&c->facts, &c->topo, &c->err);
	if (!r && mp_loaded_remember(&c->loaded, &c->loaded, &c->topo))
		r = no_memory(c);
	if (!r)
		r = mp_desire(&c->topo, &c->conf, &c->loaded, &c->desired, &c->err);
	if (!r && mp_plan(&input, &c->plan))
		r = no_memory(c);
	return r;
}

/* As nvmempctl plan does, which is who asks */
static void print(const struct captured *c)
{
	size_t i;

	if (!c->plan.nr_steps)
		printf("Nothing to do: all maps are as they should be.\n");
	for (i = 0; i < c->plan.nr_steps; i++) {
		char *step = mp_dump_step(&c->plan.steps[i]), reason[1100];

		mp_dump_escape(c->plan.steps[i].reason, reason, sizeof(reason));
		printf("%s\n    because %s\n", step ? step : "no memory", reason);
		free(step);
	}
}

/* In quotes, with what JSON wants of the one character that escaping leaves */
static void print_string(const char *text)
{
	size_t size = 4 * strlen(text) + 8;	/* mp_dump_escape stops early */
	char *safe = malloc(size), *c;

	if (safe)
		mp_dump_escape(text, safe, size);
	putchar('"');
	for (c = safe; c && *c; c++)
		printf(*c == '\\' ? "\\\\" : "%c", *c);
	putchar('"');
	free(safe);
}

/* As nvmempctl plan --json does */
static void print_json(const struct captured *c)
{
	size_t i;

	printf("{\n  \"steps\":[");
	for (i = 0; i < c->plan.nr_steps; i++) {
		char *step = mp_dump_step(&c->plan.steps[i]);

		printf("%s\n    {\n      \"step\":", i ? "," : "");
		print_string(step ? step : "no memory");
		printf(",\n      \"reason\":");
		print_string(c->plan.steps[i].reason);
		printf("\n    }");
		free(step);
	}
	printf("%s]\n}\n", c->plan.nr_steps ? "\n  " : "");
}

int captured_plan(const char *dir, bool json)
{
	struct captured c = { .dir = dir };
	int r = 0;

	if (mp_facts_init(&c.facts) || mp_conf_init(&c.conf))
		r = no_memory(&c);
	if (!r)
		r = read_facts(&c);
	if (!r)
		r = read_loaded(&c);
	if (!r)
		r = read_conf(&c);
	if (!r)
		r = decide(&c);
	if (!r && json)
		print_json(&c);
	else if (!r)
		print(&c);
	else
		log_line(LOG_ERR, "%s", c.err.text);
	if (c.plan.arena)
		mp_plan_done(&c.plan);
	if (c.desired.arena)
		mp_desired_done(&c.desired);
	if (c.topo.arena)
		mp_topo_done(&c.topo);
	if (c.loaded.arena)
		mp_arena_free(c.loaded.arena);
	mp_conf_done(&c.conf);
	mp_facts_done(&c.facts);
	return r;
}
