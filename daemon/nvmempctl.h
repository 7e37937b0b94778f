/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of nvmempctl: the table of verbs is in nvmempctl.c, everything else serves it. */
#ifndef NVMEMPCTL_H
#define NVMEMPCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nvmemp.h"

enum { EXIT_USAGE = 2, EXIT_NO_SUCH = 3, EXIT_NO_DAEMON = 4 };

/* A verb names those that it takes, by OPTION(); their table is in nvmempctl.c. */
enum {
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	NR_OPTIONS
};

#define OPTION(id)	(1u << OPTION_##id)

struct call {
	struct nvmemp *conn;		/* NULL where the verb needs no daemon */
	char **args;			/* NULL behind the last */
	const char *options[NR_OPTIONS];/* what was given with it; "" if it takes nothing; NULL: not given */
};

/* ---- what serves all verbs ---- */

/* Says in one line on stderr why the last call of the library failed; returns the exit code for r. */
int call_failed(const struct call *c, int r);

/* 0, or EXIT_FAILURE and a line on stderr, for what printing a view returned. */
int printed(int r, const char *what);

/* "/dev/mapper/NAME", "/dev/nvme0n1": the part behind the last slash */
const char *base_name(const char *arg);

/* arg, without a directory, is the name, device, uuid or wwid of this map. */
bool map_is(const struct nvmemp_map_info *m, const char *arg);

/*
 * Names come from storage targets, which nobody need trust: control characters
 * and bytes outside ASCII as \xNN, so that none reaches the terminal.
 */
const char *escape(const char *text, char *buf, size_t size);

/* ---- what is printed; 0, or a negative errno where memory is lacking ---- */

int print_status(const struct nvmemp_snapshot *snapshot);
int print_json(const struct nvmemp_snapshot *snapshot);
int print_plan(const struct nvmemp_plan *plan);
int print_config(const struct nvmemp_config *config);
int print_config_json(const struct nvmemp_config *config);
int print_plan_json(const struct nvmemp_plan *plan);

/* ---- the verbs; each returns the exit code ---- */

int verb_status(const struct call *c);
int verb_plan(const struct call *c);
int verb_config(const struct call *c);

int verb_switch(const struct call *c);
int verb_fail(const struct call *c);
int verb_reinstate(const struct call *c);
int verb_drain(const struct call *c);
int verb_release(const struct call *c);
int verb_teardown(const struct call *c);
int verb_reload(const struct call *c);

#endif
