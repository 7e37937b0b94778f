// SPDX-License-Identifier: GPL-2.0
/*
 * Whole machines: each tests/fixtures/NAME.txt (grammar in tests/machine.h)
 * becomes the text in NAME.want: what is there, what is wanted, the plan. On all of them,
 * the laws that hold on any machine. FIXTURES_UPDATE=1 writes the wanted texts
 * anew; read the difference before you believe it.
 */
#include <dirent.h>
#include <limits.h>

#include "model.h"
#include "unit.h"

#include "../machine.h"
#include "core/dump.h"
#include "core/plan.h"
#include "core/topo.h"

#define DIR_NAME "tests/fixtures"

static char *read_file(const char *name, const char *suffix)
{
	char path[PATH_MAX], *text = calloc(1, 1 << 20);
	FILE *f;

	snprintf(path, sizeof(path), DIR_NAME "/%s%s", name, suffix);
	f = fopen(path, "r");
	assert_non_null(text);
	if (f) {
		text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

static void write_file(const char *name, const char *suffix, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), DIR_NAME "/%s%s", name, suffix);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int is_machine(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 4 && !strcmp(e->d_name + len - 4, ".txt");
}

/* Calls fn with each machine, read anew */
static void each_machine(void (*fn)(const char *name, struct machine_text *m))
{
	struct dirent **list;
	int i, n = scandir(DIR_NAME, &list, is_machine, alphasort);

	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		struct machine_text m;
		unsigned int line;
		char *text;

		list[i]->d_name[strlen(list[i]->d_name) - 4] = '\0';
		text = read_file(list[i]->d_name, ".txt");
		assert_int_equal(machine_init(&m), 0);
		line = machine_read(&m, text, false);
		if (line)
			fail_msg("%s.txt:%u is none of the lines in tests/machine.h", list[i]->d_name, line);
		fn(list[i]->d_name, &m);
		machine_done(&m);
		free(text);
		free(list[i]);
	}
	free(list);
}

struct view {
	char *topo, *loaded, *desired, *text;
	struct mp_plan plan;
};

static struct view look(struct machine_text *m)
{
	struct mp_desired desired;
	struct mp_topo topo;
	struct mp_plan_input in = {
		.desired = &desired, .loaded = &m->loaded, .lost = m->lost, .nr_lost = m->nr_lost,
		.now_ms = m->now_ms,
	};
	struct view v;

	assert_int_equal(mp_topo_build(&m->facts, &topo, NULL), 0);
	assert_int_equal(mp_loaded_remember(&m->loaded, &m->loaded, &topo), 0);
	assert_int_equal(mp_desire(&topo, &m->conf, &m->loaded, &desired, NULL), 0);
	assert_int_equal(mp_plan(&in, &v.plan), 0);
	v.topo = mp_dump_topo(&topo);
	v.loaded = mp_dump_loaded(&m->loaded);
	v.desired = mp_dump_desired(&desired);
	v.text = mp_dump_plan(&v.plan);
	mp_desired_done(&desired);
	mp_topo_done(&topo);
	return v;
}

static void look_away(struct view *v)
{
	free(v->topo);
	free(v->loaded);
	free(v->desired);
	free(v->text);
	mp_plan_done(&v->plan);
}

static char *whole(const struct view *v)
{
	char *text = NULL;

	assert_true(asprintf(&text, "== topology\n%s== loaded\n%s== wanted\n%s== plan\n%s", v->topo,
			     v->loaded, v->desired, v->text) > 0);
	return text;
}

static void compare(const char *name, struct machine_text *m)
{
	char *wanted = read_file(name, ".want"), *got;
	struct view v = look(m);

	got = whole(&v);
	if (getenv("FIXTURES_UPDATE"))
		write_file(name, ".want", got);
	else
		check_text(name, got, wanted);
	look_away(&v);
	free(wanted);
	free(got);
}

static void each_machine_is_understood(void **state)
{
	each_machine(compare);
}

static void shuffle_and_compare(const char *name, struct machine_text *m)
{
	struct view first = look(m), v;
	uint32_t seed;

	for (seed = 1; seed < 30; seed++) {
		uint32_t random = seed;
		size_t i;

		for (i = m->facts.nr_facts; i > 1; i--) {
			size_t j = next_random(&random) % i;
			struct mp_fact t = m->facts.facts[i - 1];

			m->facts.facts[i - 1] = m->facts.facts[j];
			m->facts.facts[j] = t;
		}
		assert_int_equal(mp_facts_sort(&m->facts), 0);
		v = look(m);
		check_text(name, v.topo, first.topo);
		check_text(name, v.desired, first.desired);
		check_text(name, v.text, first.text);
		look_away(&v);
	}
	look_away(&first);
}

static void order_of_facts_changes_nothing(void **state)
{
	each_machine(shuffle_and_compare);
}

/* ---- a model of device-mapper: carries out the steps of a plan ---- */

static struct mp_loaded_map *find(struct mp_loaded *l, const char *uuid)
{
	return (struct mp_loaded_map *)mp_loaded_find(l, uuid);
}

static bool has_name(const struct mp_loaded *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->nr_maps; i++)
		if (!strcmp(l->maps[i].map.name, name))
			return true;
	return false;
}

static void set_path(struct mp_map *map, const char *word, const char *devno, const char *arg)
{
	uint32_t major, minor;
	struct mp_path *p;

	assert_int_equal(mp_devno_parse(devno, &major, &minor), 0);
	p = (struct mp_path *)mp_map_path(map, major, minor);
	assert_non_null(p);
	if (!strcmp(word, NVMEMP_MSG_DISABLE_PATH))
		p->disabled = true;
	else if (!strcmp(word, NVMEMP_MSG_REMOVE_PATH))
		model_remove(map, major, minor);
	else if (!strcmp(word, NVMEMP_MSG_WEIGHT))
		p->weight = strcmp(arg, "1") ? (uint32_t)atoi(arg) : 0;
	else
		assert_int_equal(mp_ana_parse(arg, &p->ana), 0);
}

/* As in nvmemp_uapi.h; a message that the target would refuse fails the test. */
static void message(struct mp_map *map, const char *text)
{
	char *copy = strdup(text), *at = copy, *word = machine_word(&at), *devno;

	if (!strcmp(word, NVMEMP_MSG_POLICY)) {
		assert_int_equal(mp_policy_parse(machine_word(&at), &map->policy), 0);
	} else if (!strcmp(word, NVMEMP_MSG_NO_PATH)) {
		assert_int_equal(mp_no_path_parse(machine_word(&at), &map->no_path), 0);
	} else if (!strcmp(word, NVMEMP_MSG_DISABLE_PATH) || !strcmp(word, NVMEMP_MSG_REMOVE_PATH)) {
		set_path(map, word, machine_word(&at), NULL);
	} else if (!strcmp(word, NVMEMP_MSG_WEIGHT)) {
		devno = machine_word(&at);
		set_path(map, word, devno, machine_word(&at));
	} else if (strcmp(word, NVMEMP_MSG_ANA)) {
		assert_true(model_feature(map, word, machine_word(&at)));
	} else {
		assert_string_equal(word, NVMEMP_MSG_ANA);
		assert_true(*at);
		while (*(devno = machine_word(&at)))
			set_path(map, word, devno, machine_word(&at));
	}
	assert_false(*at);
	free(copy);
}

/* Maps are in order of their uuids. */
static void add(struct mp_loaded *l, const struct mp_step *s)
{
	struct mp_loaded_map *m = l->maps, *end = &l->maps[l->nr_maps++];

	assert_true(l->nr_maps <= MACHINE_MAPS);
	while (m < end && strcmp(m->map.uuid, s->uuid) < 0)
		m++;
	memmove(m + 1, m, (size_t)((char *)end - (char *)m));
	*m = (struct mp_loaded_map){ .bad = "", .has_table = true };
	m->map.name = mp_arena_strdup(l->arena, s->name);
	m->map.uuid = mp_arena_strdup(l->arena, s->uuid);
}

static void do_step(struct mp_loaded *l, const struct mp_step *s)
{
	struct mp_loaded_map *m = find(l, s->uuid);

	if (s->kind == MP_STEP_CREATE) {
		assert_null(m);
		assert_false(has_name(l, s->name));
		add(l, s);
		m = find(l, s->uuid);
	}
	assert_non_null(m);
	assert_string_equal(m->map.name, s->name);
	switch (s->kind) {
	case MP_STEP_RELOAD:
		assert_true(s->size_sectors >= m->map.size_sectors);
		/* fall through */
	case MP_STEP_CREATE:
		m->map.size_sectors = s->size_sectors;
		m->suspended = false;
		assert_int_equal(mp_table_parse(l->arena, s->text, &m->map, NULL), 0);
		break;
	case MP_STEP_RESUME:
		m->suspended = false;
		break;
	case MP_STEP_RENAME:
		assert_false(has_name(l, s->text));
		m->map.name = mp_arena_strdup(l->arena, s->text);
		break;
	case MP_STEP_CANCEL_REMOVE:
		m->deferred_remove = false;
		break;
	case MP_STEP_TEARDOWN:
		fail_msg("%s: nobody plans that", s->name);
		break;
	case MP_STEP_REMOVE:
		memmove(m, m + 1, (size_t)(&l->maps[--l->nr_maps] - m) * sizeof(*m));
		break;
	case MP_STEP_MESSAGE:
		message(&m->map, s->text);
		break;
	case MP_STEP_ADD_PATH:
		model_add(l->arena, &m->map, s->text);
		break;
	}
}

/*
 * The first plan may free what another waits for (a name, a wwid): then the
 * second has something to do. The third never has.
 */
static void carry_out(const char *name, struct machine_text *m)
{
	struct view v;
	size_t i;
	int round;

	for (round = 0; round < 2; round++) {
		v = look(m);
		for (i = 0; i < v.plan.nr_steps; i++)
			do_step(&m->loaded, &v.plan.steps[i]);
		look_away(&v);
	}
	v = look(m);
	check_int(name, v.plan.nr_steps, 0);
	look_away(&v);
}

static void a_plan_that_was_carried_out_leaves_nothing_to_do(void **state)
{
	each_machine(carry_out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_machine_is_understood),
		cmocka_unit_test(order_of_facts_changes_nothing),
		cmocka_unit_test(a_plan_that_was_carried_out_leaves_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
