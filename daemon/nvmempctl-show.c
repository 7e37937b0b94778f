// SPDX-License-Identifier: GPL-2.0
/* The verbs that only show: what they read, and who prints it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvmempctl.h"

int verb_status(const struct call *c)
{
	const struct nvmemp_snapshot *snapshot;
	int r;

	r = nvmemp_snapshot_read(c->conn, &snapshot);
	if (r)
		return call_failed(c, r);
	r = c->options[OPTION_JSON] ? print_json(snapshot) : print_status(snapshot);
	nvmemp_snapshot_free(snapshot);
	return printed(r, "the status");
}

int verb_plan(const struct call *c)
{
	const struct nvmemp_plan *plan;
	int r;

	r = nvmemp_plan_read(c->conn, &plan);
	if (r)
		return call_failed(c, r);
	r = c->options[OPTION_JSON] ? print_plan_json(plan) : print_plan(plan);
	nvmemp_plan_free(plan);
	return printed(r, "the plan");
}

/* The name of the map that is meant, or the word itself: it may be a wwid without a map. */
static int meant_map(const struct call *c, const char *word, char **ret)
{
	const struct nvmemp_snapshot *snapshot;
	const char *name = base_name(word);
	int r = nvmemp_snapshot_read(c->conn, &snapshot);
	size_t i;

	if (r)
		return r;
	for (i = 0; i < snapshot->nr_maps; i++)
		if (map_is(snapshot->maps[i], word))
			name = snapshot->maps[i]->name;
	*ret = strdup(name);
	nvmemp_snapshot_free(snapshot);
	return *ret ? 0 : -ENOMEM;
}

int verb_config(const struct call *c)
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
		return call_failed(c, r);
	r = c->options[OPTION_JSON] ? print_config_json(config) : print_config(config);
	nvmemp_config_free(config);
	return printed(r, "the configuration");
}
