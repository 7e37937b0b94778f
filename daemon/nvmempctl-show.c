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

/* The only argument, where there is one, is a map; *ret is NULL without it. 0 or the exit code */
static int asked_map(const struct call *c, const struct nvmemp_snapshot *s,
		     const struct nvmemp_map_info **ret)
{
	*ret = NULL;
	if (!c->args[0])
		return 0;
	*ret = find_map(s, c->args[0]);
	return *ret ? 0 : no_such_map(s, c->args[0]);
}

int verb_show(const struct call *c)
{
	const struct nvmemp_snapshot *s;
	const struct nvmemp_map_info *m;
	int r;

	r = nvmemp_snapshot_read(c->conn, &s);
	if (r)
		return call_failed(c, r);
	r = asked_map(c, s, &m);
	if (!r)
		r = printed(c->options[OPTION_JSON] ? print_map_json(m) : print_map(m), "the map");
	nvmemp_snapshot_free(s);
	return r;
}

/* ---- tables ---- */

static int add_maps(struct table *t, const struct nvmemp_snapshot *s,
		    const struct nvmemp_map_info *only)
{
	size_t i;
	int r = 0;

	for (i = 0; i < s->nr_maps && !r; i++)
		r = table_add(t, map_value, s->maps[i], NULL, NULL);
	return r;
}

static int add_paths(struct table *t, const struct nvmemp_snapshot *s,
		     const struct nvmemp_map_info *only)
{
	size_t i, j;
	int r = 0;

	for (i = 0; i < s->nr_maps; i++) {
		for (j = 0; !r && (!only || s->maps[i] == only) && j < s->maps[i]->nr_paths; j++) {
			const struct path_row row = { s->maps[i], s->maps[i]->paths[j] };

			r = table_add(t, path_value, &row, NULL, NULL);
		}
	}
	return r;
}

static int add_paths_of(struct table *t, const struct nvmemp_map_info *m, const char *controller,
			void *parent)
{
	char detail[400];
	size_t i;
	int r = 0;

	snprintf(detail, sizeof(detail), "in %s, %.300s", m->device, m->name);
	for (i = 0; i < m->nr_paths && !r; i++) {
		const struct nvmemp_path_info *p = m->paths[i];
		const struct node n = { p->device, "path", p->state, p->ana_state, m->name, NULL, detail };

		if (!strcmp(p->controller, controller))
			r = table_add(t, node_value, &n, parent, NULL);
	}
	return r;
}

static int add_native_path(struct table *t, const struct nvmemp_native_path_info *p, void *parent)
{
	char detail[200];
	const struct node n = { p->device, "native path", "", p->ana_state, p->ns, NULL, detail };

	snprintf(detail, sizeof(detail), "in %.100s", p->ns);
	return table_add(t, node_value, &n, parent, NULL);
}

/* nvme1n2, or "nvme1 nsid 2" where it has no block device */
static bool is_behind(const char *device, const char *controller)
{
	size_t len = strlen(controller);

	return !strncmp(device, controller, len) && (device[len] == 'n' || device[len] == ' ');
}

/* What is below one controller: paths in maps, those of native multipath, and the rest */
static int add_leaves(struct table *t, const struct nvmemp_snapshot *s,
		      const struct nvmemp_subsystem_info *sub, const char *controller, void *parent)
{
	size_t i;
	int r = 0;

	for (i = 0; i < s->nr_maps && !r; i++)
		r = add_paths_of(t, s->maps[i], controller, parent);
	for (i = 0; i < sub->nr_native_paths && !r; i++)
		if (!strcmp(sub->native_paths[i]->controller, controller))
			r = add_native_path(t, sub->native_paths[i], parent);
	for (i = 0; i < s->nr_rejected && !r; i++) {
		const struct nvmemp_reject_info *out = s->rejected[i];
		const struct node n = { out->device, "namespace", "unused", "", "", NULL, out->reason };

		if (is_behind(out->device, controller))
			r = table_add(t, node_value, &n, parent, NULL);
	}
	return r;
}

static int add_tree(struct table *t, const struct nvmemp_snapshot *s,
		    const struct nvmemp_map_info *only)
{
	size_t i, j;
	int r = 0;

	for (i = 0; i < s->nr_subsystems; i++) {
		const struct nvmemp_subsystem_info *sub = s->subsystems[i];
		const struct node n = { sub->name, *sub->native_policy ? "native subsystem" : "subsystem",
					"", "", "", NULL, sub->nqn };
		void *below = NULL, *leaf = NULL;

		if (!r)
			r = table_add(t, node_value, &n, NULL, &below);
		for (j = 0; j < sub->nr_controllers && !r; j++) {
			const struct nvmemp_controller_info *ctrl = sub->controllers[j];
			const struct node row = { ctrl->name, "controller", ctrl->state, "", "",
						  ctrl->transport, ctrl->address };

			r = table_add(t, node_value, &row, below, &leaf);
			r = r ? r : add_leaves(t, s, sub, ctrl->name, leaf);
		}
	}
	return r;
}

typedef int (*fill_fn)(struct table *t, const struct nvmemp_snapshot *s,
		       const struct nvmemp_map_info *only);

static int show_table(const struct call *c, const struct table_kind *kind, fill_fn fill)
{
	const struct nvmemp_snapshot *s = NULL;
	const struct nvmemp_map_info *only = NULL;
	struct table *t = NULL;
	int r = table_new(c, kind, &t);

	if (r > 0)
		return r;
	if (!r) {
		r = nvmemp_snapshot_read(c->conn, &s);
		r = r ? call_failed(c, r) : asked_map(c, s, &only);
	}
	if (r <= 0) {
		r = r ? r : fill(t, s, only);
		r = printed(r ? r : table_print(t), "the table");
	}
	nvmemp_snapshot_free(s);
	table_free(t);
	return r;
}

int verb_list(const struct call *c)
{
	return show_table(c, &map_table, add_maps);
}

int verb_paths(const struct call *c)
{
	return show_table(c, &path_table, add_paths);
}

int verb_tree(const struct call *c)
{
	return show_table(c, &tree_table, add_tree);
}

int verb_plan(const struct call *c)
{
	const struct nvmemp_plan *plan;
	int r;

	if (c->options[OPTION_ROOT])
		return captured_plan(c);
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
	const struct nvmemp_map_info *m;
	int r = nvmemp_snapshot_read(c->conn, &snapshot);

	if (r)
		return r;
	m = find_map(snapshot, word);
	*ret = strdup(m ? m->name : base_name(word));
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
