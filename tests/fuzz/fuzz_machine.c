// SPDX-License-Identifier: GPL-2.0
/*
 * A whole machine as a text of facts: loaded, built, wanted, planned. Whatever
 * the facts are, a map is of one subsystem and one NSID, none of its paths is
 * bad or of another map's subsystem, and if all is as wanted, there is nothing to
 * do. The grammar is that of tests/machine.h, lines that are wrong are skipped.
 */
#include "../machine.h"
#include "core/dump.h"
#include "core/ident.h"
#include "core/plan.h"
#include "core/topo.h"
#include "fuzz.h"

struct machine {
	struct machine_text text;
	struct mp_topo topo;
	struct mp_desired desired;
};

static void look(struct machine *m)
{
	struct mp_loaded *l = &m->text.loaded;

	must(!mp_topo_build(&m->text.facts, &m->topo, NULL));
	must(!mp_loaded_remember(l, l, &m->topo));
	must(!mp_desire(&m->topo, &m->text.conf, l, &m->desired, NULL));
}

static void look_away(struct machine *m)
{
	mp_desired_done(&m->desired);
	mp_topo_done(&m->topo);
}

static void check_map(const struct machine *m, const struct mp_map *map)
{
	const struct mp_loaded_map *l = mp_loaded_find(&m->text.loaded, map->uuid);
	const struct mp_ns *first = NULL;
	char uuid[MP_DM_UUID_SIZE];
	size_t i;

	must(map->nr_paths >= 1 && map->nr_paths <= NVMEMP_MAX_PATHS && map->size_sectors);
	for (i = 0; i < map->nr_paths; i++) {
		const struct mp_path *p = &map->paths[i];
		int n = mp_topo_find_ns(&m->topo, p->name);
		const struct mp_ns *ns = n < 0 ? NULL : &m->topo.ns[n];

		must(ns && !*ns->bad && !ns->replaced && p->ana != MP_ANA_UNKNOWN);
		must(ns->size_sectors >= map->size_sectors);
		must(!mp_ident_dm_uuid(ns->id.wwid, uuid, NULL) && !strcmp(map->uuid, uuid));
		if (!first)
			first = ns;
		must(ns->nsid == first->nsid);
		must(!strcmp(m->topo.ctrls[ns->ctrl].nqn, m->topo.ctrls[first->ctrl].nqn));
		must(!l || !l->nqn || !*l->nqn || !strcmp(l->nqn, m->topo.ctrls[ns->ctrl].nqn));
		if (ns->identified && first->identified) {
			must(!mp_ident_differs(&ns->id, &first->id));
			must(ns->block_size == first->block_size);
			must(ns->metadata_size == first->metadata_size && ns->pi_type == first->pi_type);
		}
	}
}

/* Two devices with one number are not to be had on a real machine. */
static int numbers_are_unique(const struct mp_topo *t)
{
	size_t i, j;

	for (i = 0; i < t->nr_ns; i++)
		for (j = 0; j < i; j++)
			if (t->ns[i].major == t->ns[j].major && t->ns[i].minor == t->ns[j].minor)
				return 0;
	return 1;
}

/* As device-mapper is read: by uuid, and none twice */
static void in_order(struct mp_loaded *l)
{
	size_t i, n = 0;

	if (l->nr_maps)
		qsort(l->maps, l->nr_maps, sizeof(*l->maps), mp_loaded_cmp);
	for (i = 0; i < l->nr_maps; i++)
		if (!n || mp_loaded_cmp(&l->maps[n - 1], &l->maps[i]))
			l->maps[n++] = l->maps[i];
	l->nr_maps = n;
}

/* As if each wanted map had been made as it was wanted; those that nobody wants stay */
static void become(struct mp_loaded *l, const struct mp_desired *d)
{
	struct mp_loaded_map *maps =
		mp_arena_alloc(l->arena, (d->nr_maps + l->nr_maps + 1) * sizeof(*maps));
	size_t i, n = 0;

	must(maps);
	for (i = 0; i < l->nr_maps; i++)
		if (!mp_desired_find(d, l->maps[i].map.uuid))
			maps[n++] = l->maps[i];
	for (i = 0; i < d->nr_maps; i++) {
		struct mp_loaded_map *m = &maps[n++];
		char table[4096];

		must(!mp_table_print(&d->maps[i], table, sizeof(table)));
		*m = (struct mp_loaded_map){ .bad = "", .has_table = true };
		m->map = (struct mp_map){
			.name = mp_arena_strdup(l->arena, d->maps[i].name),
			.uuid = mp_arena_strdup(l->arena, d->maps[i].uuid),
			.size_sectors = d->maps[i].size_sectors,
		};
		must(!mp_table_parse(l->arena, table, &m->map, NULL));
	}
	l->maps = maps;
	l->nr_maps = n;
	in_order(l);
}

static void plan(const struct machine *m, bool is_as_wanted)
{
	struct mp_plan_input in = {
		.desired = &m->desired, .loaded = &m->text.loaded, .lost = m->text.lost,
		.nr_lost = m->text.nr_lost, .now_ms = m->text.now_ms,
	};
	struct mp_plan plan;
	char *text;
	size_t i;

	must(!mp_plan(&in, &plan));
	text = mp_dump_plan(&plan);
	must(text);
	/* but a name that another map gave up may be free only now */
	for (i = 0; i < plan.nr_steps && is_as_wanted; i++)
		must(plan.steps[i].kind == MP_STEP_RENAME ||
		     !mp_desired_find(&m->desired, plan.steps[i].uuid));
	free(text);
	mp_plan_done(&plan);
}

/* No name twice; and each table is one that its parser takes, which become() sees to. */
static void check(const struct machine *m)
{
	size_t i, j;

	for (i = 0; i < m->desired.nr_maps; i++) {
		check_map(m, &m->desired.maps[i]);
		for (j = 0; j < i; j++) {
			must(strcmp(m->desired.maps[i].name, m->desired.maps[j].name));
			must(strcmp(m->desired.maps[i].uuid, m->desired.maps[j].uuid));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine m;
	char *text = fuzz_text(data, size);

	must(!machine_init(&m.text));
	machine_read(&m.text, text, true);
	free(text);
	in_order(&m.text.loaded);
	look(&m);
	check(&m);
	plan(&m, false);
	if (numbers_are_unique(&m.topo)) {
		become(&m.text.loaded, &m.desired);
		look_away(&m);
		look(&m);
		plan(&m, true);
	}
	look_away(&m);
	machine_done(&m.text);
	return 0;
}
