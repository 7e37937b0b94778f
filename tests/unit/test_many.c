// SPDX-License-Identifier: GPL-2.0
/*
 * A target of 100,000 namespaces: facts, topo, desire, plan, and what is remembered of
 * maps that are lost. What grows with the square of their number would not end here.
 * docs/security.md has the figures that are printed.
 */
#include <malloc.h>
#include <time.h>

#include "../../daemon/lost.c"
#include "core/arena.h"
#include "core/conf.h"
#include "core/facts.h"
#include "core/ident.h"
#include "core/loaded.h"
#include "core/table.h"
#include "core/topo.h"
#include "unit.h"

#ifdef __SANITIZE_ADDRESS__
#define NR_NS 10000	/* what it costs is not what the sanitizer is asked */
#else
#define NR_NS 100000
#endif

struct world {
	struct mp_facts facts;
	struct mp_topo topo;
	struct mp_conf conf;
	struct mp_desired desired;
	struct mp_loaded loaded;
	struct mp_plan plan;
};

/* Not for a verdict */
static void took(const char *what, clock_t began)
{
	print_message("# %d namespaces: %s: %.2f s\n", NR_NS, what,
		      (double)(clock() - began) / CLOCKS_PER_SEC);
}

/* Nor is this; nothing where a sanitizer has its own malloc */
static void holds(const char *what)
{
	const struct mallinfo2 m = mallinfo2();

	print_message("# %d namespaces: %s: %zu MiB\n", NR_NS, what, (m.uordblks + m.hblkhd) >> 20);
}

static void add_text(struct mp_facts *f, const char *text, const char *fmt, ...)
{
	char key[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(key, sizeof(key), fmt, ap);
	va_end(ap);
	assert_int_equal(mp_facts_add(f, key, text, strlen(text)), 0);
}

static void add_number(struct mp_facts *f, uint32_t number, const char *name, const char *file)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	add_text(f, text, "sys/block/%s/%s", name, file);
}

static void add_bytes(struct mp_facts *f, const char *name, const char *what, const void *data,
		      size_t len)
{
	char key[160];

	snprintf(key, sizeof(key), "ioctl/%s/%s", name, what);
	assert_int_equal(mp_facts_add(f, key, data, len), 0);
}

static void add_ctrl(struct mp_facts *f, uint32_t i)
{
	static const uint8_t page[4096] = { [76] = 2 };
	char name[32];

	snprintf(name, sizeof(name), "nvme%u", i);
	add_text(f, "nqn.a", "sys/class/nvme/%s/subsysnqn", name);
	add_text(f, "live", "sys/class/nvme/%s/state", name);
	add_text(f, "tcp", "sys/class/nvme/%s/transport", name);
	add_text(f, "", "sys/class/nvme-subsystem/nvme-subsys0/%s", name);
	add_bytes(f, name, "id-ctrl", page, sizeof(page));
}

/* The path of a controller to the namespace with these two numbers */
static void add_ns(struct mp_facts *f, uint32_t i, uint32_t nsid, uint32_t identity)
{
	static const uint8_t page[384] = { [0] = 1, [30] = 1, [92] = 1, [130] = 9 };
	uint8_t descs[24] = { 3, 16, 0, 0, [16] = (uint8_t)(identity >> 24),
		(uint8_t)(identity >> 16), (uint8_t)(identity >> 8), (uint8_t)identity };
	char name[32], text[64];

	snprintf(name, sizeof(name), "nvme%un%u", i % 2, i / 2 + 1);
	snprintf(text, sizeof(text), "259:%u", i);
	add_text(f, text, "sys/block/%s/dev", name);
	snprintf(text, sizeof(text), "uuid.00000000-0000-0000-0000-0000%08x", identity);
	/* bytes 12 to 15 of the UUID, as in the descriptor */
	add_text(f, text, "sys/block/%s/wwid", name);
	add_number(f, 2048, name, "size");
	add_number(f, nsid, name, "nsid");
	add_number(f, 512, name, "queue/logical_block_size");
	snprintf(text, sizeof(text), "nvme%u", i % 2);
	add_text(f, text, "sys/block/%s/device", name);
	add_bytes(f, name, "id-ns", page, sizeof(page));
	add_bytes(f, name, "ns-descs", descs, sizeof(descs));
}

static struct world *new_world(void)
{
	static struct world w;

	w = (struct world){ .loaded.arena = mp_arena_new() };
	assert_non_null(w.loaded.arena);
	assert_int_equal(mp_facts_init(&w.facts), 0);
	assert_int_equal(mp_conf_init(&w.conf), 0);
	add_text(&w.facts, "N", "sys/module/nvme_core/parameters/multipath");
	add_text(&w.facts, "nqn.a", "sys/class/nvme-subsystem/nvme-subsys0/subsysnqn");
	add_ctrl(&w.facts, 0);
	add_ctrl(&w.facts, 1);
	return &w;
}

static void end_world(struct world *w)
{
	mp_plan_done(&w->plan);
	mp_desired_done(&w->desired);
	mp_topo_done(&w->topo);
	mp_conf_done(&w->conf);
	mp_facts_done(&w->facts);
	mp_arena_free(w->loaded.arena);
}

static void look(struct world *w)
{
	clock_t began = clock();

	assert_int_equal(mp_facts_sort(&w->facts), 0);
	took("facts in order", began);
	began = clock();
	assert_int_equal(mp_topo_build(&w->facts, &w->topo, NULL), 0);
	took("topo", began);
	began = clock();
	assert_int_equal(mp_loaded_remember(&w->loaded, &w->loaded, &w->topo), 0);
	assert_int_equal(mp_desire(&w->topo, &w->conf, &w->loaded, &w->desired, NULL), 0);
	took("desire", began);
}

static void plan(struct world *w, const struct lost *lost, uint64_t now_ms)
{
	const struct mp_plan_input in = {
		.desired = &w->desired, .loaded = &w->loaded, .now_ms = now_ms,
		.lost = lost ? lost->maps : NULL, .nr_lost = lost ? lost->nr_maps : 0,
	};
	clock_t began = clock();

	assert_int_equal(mp_plan(&in, &w->plan), 0);
	took("plan", began);
}

/* Device-mapper has what was planned */
static void carry_out(struct world *w)
{
	size_t i;

	w->loaded.nr_maps = w->plan.nr_steps;
	w->loaded.maps = mp_arena_alloc(w->loaded.arena, w->plan.nr_steps * sizeof(*w->loaded.maps));
	assert_non_null(w->loaded.maps);
	for (i = 0; i < w->plan.nr_steps; i++) {
		const struct mp_step *s = &w->plan.steps[i];
		struct mp_loaded_map *m = &w->loaded.maps[i];

		assert_int_equal(s->kind, MP_STEP_CREATE);
		*m = (struct mp_loaded_map){ .bad = "", .has_table = true };
		m->map.name = mp_arena_strdup(w->loaded.arena, s->name);
		m->map.uuid = mp_arena_strdup(w->loaded.arena, s->uuid);
		m->map.size_sectors = s->size_sectors;
		assert_int_equal(mp_table_parse(w->loaded.arena, s->text, &m->map, NULL), 0);
	}
	qsort(w->loaded.maps, w->loaded.nr_maps, sizeof(*w->loaded.maps), mp_loaded_cmp);
	mp_plan_done(&w->plan);
}

static void many_namespaces_come_and_all_are_lost(void **state)
{
	const uint32_t nr_maps = NR_NS / 2;
	struct world *w = new_world();
	struct lost lost = { NULL };
	clock_t began;
	uint32_t i;

	for (i = 0; i < NR_NS; i++)
		add_ns(&w->facts, i, i / 2 + 1, i / 2);
	look(w);
	plan(w, NULL, 1000);
	assert_int_equal(w->plan.nr_steps, nr_maps);
	carry_out(w);

	mp_desired_done(&w->desired);
	mp_topo_done(&w->topo);
	look(w);
	plan(w, NULL, 1000);
	assert_int_equal(w->plan.nr_steps, 0);
	holds("all that is known");
	mp_plan_done(&w->plan);

	/* the controllers stay, without a namespace */
	mp_facts_done(&w->facts);
	assert_int_equal(mp_facts_init(&w->facts), 0);
	mp_desired_done(&w->desired);
	mp_topo_done(&w->topo);
	look(w);
	for (i = 0; i < 3; i++) {
		began = clock();
		lost_update(&lost, &w->desired, &w->loaded, 1000 + i);
		took("what is lost", began);
	}
	assert_int_equal(lost.nr_maps, nr_maps);
	for (i = 0; i < nr_maps; i++)
		assert_int_equal(lost.maps[i].since_ms, 1000);
	plan(w, &lost, 1000);
	assert_int_equal(w->plan.nr_steps, 0);
	assert_true(w->plan.wake_ms > 1000);
	i = (uint32_t)w->plan.wake_ms;
	mp_plan_done(&w->plan);
	plan(w, &lost, i);
	assert_int_equal(w->plan.nr_steps, nr_maps);

	w->loaded.nr_maps = 0;
	lost_update(&lost, &w->desired, &w->loaded, 2000);
	assert_int_equal(lost.nr_maps, 0);
	free(lost.maps);
	end_world(w);
}

/* They all say that they are the same one, as well in their NSID or not: none is believed */
static void many_of_one_wwid_are_refused(void **state)
{
	char reason[64];
	uint32_t i, same;

	snprintf(reason, sizeof(reason), "%d namespaces have its wwid", NR_NS);
	for (same = 0; same < 2; same++) {
		struct world *w = new_world();

		for (i = 0; i < NR_NS; i++)
			add_ns(&w->facts, i, same ? 1 : i + 1, 1);
		look(w);
		assert_int_equal(w->desired.nr_rejects, NR_NS);
		assert_int_equal(w->desired.nr_maps, 0);
		check_text("reason", w->desired.rejects[0].reason, reason);
		end_world(w);
	}
}

/* But a path that was there before them stays in its map */
static void many_of_one_wwid_take_nothing_away(void **state)
{
	struct mp_path path = { .major = 259, .minor = 6, .name = "nvme0n4", .ana = MP_ANA_OPTIMIZED };
	struct mp_loaded_map map = {
		.map = {
			.name = "a", .uuid = "nvmemp-uuid.00000000-0000-0000-0000-000000000001",
			.size_sectors = 2048, .paths = &path, .nr_paths = 1,
		},
		.bad = "", .has_table = true,
	};
	struct world *w = new_world();
	uint32_t i;

	for (i = 0; i < NR_NS; i++)
		add_ns(&w->facts, i, 1, 1);
	w->loaded.maps = &map;
	w->loaded.nr_maps = 1;
	look(w);
	assert_int_equal(w->desired.nr_rejects, NR_NS - 1);
	assert_int_equal(w->desired.nr_maps, 1);
	assert_int_equal(w->desired.maps[0].nr_paths, 1);
	assert_int_equal(w->desired.maps[0].paths[0].minor, 6);
	assert_true(mp_desired_is_present(&w->desired, map.map.uuid));
	end_world(w);
}

static void many_of_one_nsid_are_refused(void **state)
{
	struct world *w = new_world();
	uint32_t i;

	for (i = 0; i < NR_NS; i++)
		add_ns(&w->facts, i, 1, i);
	look(w);
	assert_int_equal(w->desired.nr_rejects, NR_NS);
	assert_int_equal(w->desired.nr_maps, 0);
	end_world(w);
}

/* In the list of active namespaces only: 64 pages of it are read of each controller */
static void many_that_nobody_sees_are_named(void **state)
{
	static uint32_t list[65536];
	struct world *w = new_world();
	uint32_t i;

	for (i = 0; i < COUNT(list); i++)
		list[i] = i + 1;
	add_bytes(&w->facts, "nvme0", "active-ns", list, sizeof(list));
	add_bytes(&w->facts, "nvme1", "active-ns", list, sizeof(list));
	look(w);
	assert_int_equal(w->desired.nr_rejects, 2 * COUNT(list));
	end_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_namespaces_come_and_all_are_lost),
		cmocka_unit_test(many_of_one_wwid_are_refused),
		cmocka_unit_test(many_of_one_wwid_take_nothing_away),
		cmocka_unit_test(many_of_one_nsid_are_refused),
		cmocka_unit_test(many_that_nobody_sees_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
