/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of nvmempctl: the table of verbs is in nvmempctl.c, everything else serves it. */
#ifndef NVMEMPCTL_H
#define NVMEMPCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "nvmemp.h"

enum { EXIT_USAGE = 2, EXIT_NO_SUCH = 3, EXIT_NO_DAEMON = 4 };

/* A verb names those that it takes, by OPTION(); their table is in nvmempctl.c. */
enum {
	OPTION_JSON,
	OPTION_NOHEADINGS,
	OPTION_OUTPUT,
	OPTION_RAW,
	OPTION_ROOT,
	OPTION_TEXTFILE,
	OPTION_BATCH,
	OPTION_DELAY,
	OPTION_COUNT,
	OPTION_HELP,
	OPTION_VERSION,
	NR_OPTIONS
};

#define OPTION(id)	(1u << OPTION_##id)
#define OPTIONS_OF_ALL	(OPTION(HELP) | OPTION(VERSION))
#define TABLE_OPTIONS	(OPTION(JSON) | OPTION(NOHEADINGS) | OPTION(OUTPUT) | OPTION(RAW))

struct call {
	struct nvmemp *conn;		/* NULL where the verb needs no daemon */
	char **args;			/* NULL behind the last */
	const char *options[NR_OPTIONS];/* "" if it takes nothing; NULL: not given */
};

struct option_kind {
	const char *name;
	char letter;
	const char *arg;		/* "" = none */
	const char *help;
};

/* A letter may be shared by two, of which a verb takes one */
extern const struct option_kind options[NR_OPTIONS];

/*
 * Arguments in capitals are for the user to fill in, those in brackets may be left
 * out, words joined by bars stand for themselves. Completion goes by them: it knows
 * MAP, PATH (of the argument before it) and VERB.
 */
struct verb {
	const char *name;		/* NULL: help is the headline of what follows */
	const char *args;
	const char *help;		/* one line */
	const char *more;		/* whole sentences, for nvmempctl VERB --help; or NULL */
	int (*fn)(const struct call *c);
	unsigned int options;
	bool offline;			/* needs no daemon */
	const struct table_kind *table;	/* its columns, for TABLE_OPTIONS */
};

extern const struct verb verbs[];
extern const size_t nr_verbs;

const struct verb *find_verb(const char *name);	/* NULL: there is none */

/* ---- what serves all verbs ---- */

/* Says in one line on stderr why the last call of the library failed; returns the exit code for r. */
int call_failed(const struct call *c, int r);

/* 0, or EXIT_FAILURE and a line on stderr, for what printing a view returned. */
int printed(int r, const char *what);

/* "/dev/mapper/NAME", "/dev/nvme0n1": the part behind the last slash */
const char *base_name(const char *arg);

/* The map that the user means; NULL: none, which no_such_map() says and returns the exit code. */
const struct nvmemp_map_info *find_map(const struct nvmemp_snapshot *s, const char *arg);
int no_such_map(const struct nvmemp_snapshot *s, const char *arg);

/* arg, without a directory, is the name, device, uuid or wwid of this map. */
bool map_is(const struct nvmemp_map_info *m, const char *arg);

/*
 * Names come from storage targets, which nobody need trust: control characters
 * and bytes outside ASCII as \xNN, so that none reaches the terminal.
 */
const char *escape(const char *text, char *buf, size_t size);

/* ---- tables ---- */

#define VALUE_MAX	1024		/* longer ones are cut */
#define TABLE_COLUMNS	32		/* at most */

enum {
	COLUMN_NUMBER = 1,		/* also in JSON */
	COLUMN_YES = 2,			/* yes or no; true or false in JSON */
	COLUMN_TREE = 4,
	COLUMN_CUT = 8,			/* if the terminal is too narrow */
	COLUMN_STATE = 16,		/* coloured by color_of() */
	COLUMN_RIGHT = 32,
};

struct column {
	const char *name, *key;		/* heading; key in JSON */
	unsigned int flags;
	const char *help;
};

struct table_kind {
	const char *name;		/* of the array in JSON */
	const struct column *columns;
	size_t nr_columns;
	const char *shown;		/* without -o */
	const char *indent;		/* before each line; a few blanks */
};

extern const struct table_kind map_table, path_table, map_path_table, tree_table;

/* The value of a column; may use buf, of VALUE_MAX bytes */
typedef const char *(*table_value)(const void *row, size_t column, char *buf);

struct path_row {
	const struct nvmemp_map_info *map;
	const struct nvmemp_path_info *path;
};

/* Any row of tree; text is never NULL but transport, which is given where detail is an address */
struct node {
	const char *name, *type, *state, *ana, *map, *transport, *detail;
};

const char *map_value(const void *map_info, size_t column, char *buf);
const char *path_value(const void *path_row, size_t column, char *buf);
const char *node_value(const void *node, size_t column, char *buf);

struct table;

/* With the call's options. EXIT_USAGE: no such column, and a line said so; -ENOMEM */
int table_new(const struct call *c, const struct table_kind *kind, struct table **ret);
/* parent: a row of the same table, or NULL */
int table_add(struct table *t, table_value value, const void *of, void *parent, void **ret_row);
int table_print(struct table *t);
void table_free(struct table *t);	/* NULL is fine */

/* On a terminal, unless $NO_COLOR is set */
bool use_colors(void);

/* The name that libsmartcols has for it; NULL: none */
const char *color_of(const char *state);

/* "tcp 192.0.2.1:4420", in buf of VALUE_MAX bytes */
const char *where_text(const char *transport, const char *address, char *buf);
const char *size_text(uint64_t bytes, char buf[16]);
bool path_is_usable(const struct nvmemp_path_info *p);

/* ---- what is printed; 0, or a negative errno where memory is lacking ---- */

int print_status(const struct nvmemp_snapshot *snapshot);
int print_json(const struct nvmemp_snapshot *snapshot);
int print_map(const struct nvmemp_map_info *map);
int print_map_json(const struct nvmemp_map_info *map);
int print_plan(const struct nvmemp_plan *plan);
int print_config(const struct nvmemp_config *config);
int print_config_json(const struct nvmemp_config *config);
int print_plan_json(const struct nvmemp_plan *plan);
/* older: Prometheus' own text format. Without a snapshot, says that there is no daemon. */
int print_metrics(FILE *to, bool older, const struct nvmemp_snapshot *snapshot);

/* ends this process; returns only where nvmempd can't be run */
int captured_plan(const struct call *c);

enum top_order { TOP_BY_NAME, TOP_BY_IOPS, TOP_BY_BYTES, TOP_BY_LATENCY, NR_TOP_ORDERS };

/* Two looks at the paths, and how to show what is between them */
struct top_view {
	const struct nvmemp_snapshot *before;	/* NULL: there was none */
	const struct nvmemp_snapshot *now;
	double seconds;			/* from one to the other */
	enum top_order order;
	const char *notice;		/* a line below the title */
	const char *end;		/* of each line */
	unsigned int width, height;	/* 0: as much as there is */
	bool color, keys;
	char clock[12];
};

int print_top(FILE *to, const struct top_view *view);

struct finding {
	bool problem;			/* else a warning */
	const char *check;
	char *text, *remedy;
};

struct findings {
	struct finding *list;
	size_t nr;
	bool lacking;			/* memory */
};

/*
 * Looks at the machine below root_fd, and at what its daemon says: snapshot, or
 * NULL and why there is none (NULL: it was not asked). ret begins empty; free what
 * came in any case. 0 or -ENOMEM.
 */
int examine(int root_fd, const struct nvmemp_snapshot *snapshot, const char *trouble,
	    struct findings *ret);
void print_findings(FILE *to, const struct findings *findings);
int print_findings_json(const struct findings *findings);
void findings_free(struct findings *findings);

/* ---- the verbs; each returns the exit code ---- */

int verb_status(const struct call *c);
int verb_list(const struct call *c);
int verb_show(const struct call *c);
int verb_paths(const struct call *c);
int verb_tree(const struct call *c);
int verb_plan(const struct call *c);
int verb_config(const struct call *c);

int verb_capture(const struct call *c);
int verb_doctor(const struct call *c);
int verb_top(const struct call *c);
int verb_monitor(const struct call *c);
int verb_metrics(const struct call *c);

int verb_switch(const struct call *c);
int verb_fail(const struct call *c);
int verb_reinstate(const struct call *c);
int verb_drain(const struct call *c);
int verb_release(const struct call *c);
int verb_policy(const struct call *c);
int verb_queue(const struct call *c);
int verb_resize(const struct call *c);
int verb_teardown(const struct call *c);
int verb_reload(const struct call *c);

int verb_complete(const struct call *c);

#endif
