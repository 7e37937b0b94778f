// SPDX-License-Identifier: GPL-2.0
/*
 * Each machine of tests/fixtures, written as a capture and read again: the plan is
 * the same as without. And captures that are no captures.
 */
#include <dirent.h>
#include <json-c/json.h>
#include <limits.h>

#include "unit.h"

#include "../../daemon/capture.c"
#include "../../daemon/captured.c"
#include "../machine.h"

static char logged[1000];

void log_line(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(logged, sizeof(logged), fmt, ap);
	va_end(ap);
}

static void write_conf(FILE *f, const struct mp_conf *conf)
{
	static const char *const scopes[] = { "defaults", "model", "subsystem", "namespace", "controller" };
	size_t i;

	for (i = 0; i < conf->nr_settings; i++) {
		const struct mp_setting *s = &conf->settings[i];

		fprintf(f, "[%s%s%s]\n%s = %s\n", scopes[s->scope], *s->match ? " " : "", s->match, s->key,
			s->value);
	}
}

static int loaded_cmp(const void *a, const void *b)
{
	return strcmp(((const struct mp_loaded_map *)a)->map.uuid,
		      ((const struct mp_loaded_map *)b)->map.uuid);
}

/* The lines of that kind that are about this wwid, which is the word at position at */
static void write_lines(FILE *f, const char *text, const char *kind, int at, const char *wwid)
{
	for (; *text; text += *text == '\n') {
		size_t len = strcspn(text, "\n");
		char first[300] = "", second[300] = "", word[300] = "";

		if (sscanf(text, "%299s %299s %299s", word, first, second) == 3 && !strcmp(word, kind) &&
		    !strcmp(at == 1 ? first : second, wwid))
			fprintf(f, "%.*s\n", (int)len, text);
		text += len;
	}
}

/* The lines of a fixture that tell of maps, in the order in which device-mapper is read */
static void write_maps(FILE *f, const struct machine_text *m, const char *text)
{
	size_t i;

	for (i = 0; i < m->loaded.nr_maps; i++) {
		const char *wwid = m->loaded.maps[i].map.uuid + strlen(NVMEMP_UUID_PREFIX);

		write_lines(f, text, "loaded", 2, wwid);
		write_lines(f, text, "status", 1, wwid);
	}
}

static char *read_fixture(const char *name)
{
	char path[PATH_MAX], *text = calloc(1, 1 << 20);
	FILE *f;

	snprintf(path, sizeof(path), "tests/fixtures/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(text);
	text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* As capture() does, but for what it asks of this machine */
static void write_capture(const char *dir, struct machine_text *m, const char *text)
{
	struct mp_err err = { "" };
	struct capture c = { .err = &err };
	struct mp_facts answers;
	size_t i;
	FILE *f;

	assert_int_equal(mkdir(dir, 0700), 0);
	c.to = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mp_facts_init(&answers), 0);
	for (i = 0; i < m->facts.nr_facts; i++)
		if (!strncmp(m->facts.facts[i].key, "ioctl/", 6))
			assert_int_equal(mp_facts_add(&answers, m->facts.facts[i].key, m->facts.facts[i].data,
						      m->facts.facts[i].len), 0);
	if (put_facts(&c, &m->facts) || put_answers(&c, &answers))
		fail_msg("%s", err.text);
	mp_facts_done(&answers);
	f = create(&c, DM_FILE);
	write_maps(f, m, text);
	fclose(f);
	f = create(&c, MP_CONF_FILE + 1);
	write_conf(f, &m->conf);
	fclose(f);
	close(c.to);
}

static char *captured(const char *dir, bool json)
{
	char file[64], *text = calloc(1, 100000);
	int out = dup(STDOUT_FILENO);
	FILE *f;

	snprintf(file, sizeof(file), "/tmp/nvmemp-plan-%d", (int)getpid());
	fflush(stdout);
	assert_non_null(freopen(file, "w", stdout));
	if (captured_plan(dir, json) < 0)
		printf("%s\n", logged);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	f = fopen(file, "r");
	assert_non_null(f);
	text[fread(text, 1, 99999, f)] = '\0';
	fclose(f);
	unlink(file);
	return text;
}

static char *planned(struct machine_text *m)
{
	struct mp_desired desired;
	struct mp_topo topo;
	struct mp_plan_input in = { .desired = &desired, .loaded = &m->loaded };
	char *text = NULL;
	struct mp_plan plan;
	size_t i, size;
	FILE *f;

	qsort(m->loaded.maps, m->loaded.nr_maps, sizeof(*m->loaded.maps), loaded_cmp);
	assert_int_equal(mp_topo_build(&m->facts, &topo, NULL), 0);
	assert_int_equal(mp_loaded_remember(&m->loaded, &m->loaded, &topo), 0);
	assert_int_equal(mp_desire(&topo, &m->conf, &m->loaded, &desired, NULL), 0);
	assert_int_equal(mp_plan(&in, &plan), 0);
	f = open_memstream(&text, &size);
	for (i = 0; i < plan.nr_steps; i++) {
		char *step = mp_dump_step(&plan.steps[i]);

		fprintf(f, "%s\n    because %s\n", step, plan.steps[i].reason);
		free(step);
	}
	if (!plan.nr_steps)
		fputs("Nothing to do: all maps are as they should be.\n", f);
	fclose(f);
	mp_plan_done(&plan);
	mp_desired_done(&desired);
	mp_topo_done(&topo);
	return text;
}

static int is_machine(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 4 && !strcmp(e->d_name + len - 4, ".txt");
}

/* What is printed for people, made of the JSON */
static void is_same_as_json(const char *name, const char *json, const char *wanted)
{
	struct json_object *root = json_tokener_parse(json), *steps = NULL;
	char *text = NULL;
	size_t i, size;
	FILE *f = open_memstream(&text, &size);

	if (!json_object_object_get_ex(root, "steps", &steps))
		fail_msg("%s: no steps in %s", name, json);
	for (i = 0; i < json_object_array_length(steps); i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);

		fprintf(f, "%s\n    because %s\n", json_object_get_string(json_object_object_get(step, "step")),
			json_object_get_string(json_object_object_get(step, "reason")));
	}
	if (!i)
		fputs("Nothing to do: all maps are as they should be.\n", f);
	fclose(f);
	check_text(name, text, wanted);
	json_object_put(root);
	free(text);
}

static void a_captured_machine_has_the_same_plan(void **state)
{
	char dir[64], *text, *cut, *got, *json, *wanted;
	struct dirent **list;
	int i, n = scandir("tests/fixtures", &list, is_machine, alphasort);

	assert_true(n > 0);
	snprintf(dir, sizeof(dir), "/tmp/nvmemp-capture-%d", (int)getpid());
	for (i = 0; i < n; i++) {
		struct machine_text m;

		text = read_fixture(list[i]->d_name);
		cut = strdup(text);
		assert_int_equal(machine_init(&m), 0);
		assert_int_equal(machine_read(&m, cut, false), 0);
		wanted = planned(&m);
		write_capture(dir, &m, text);
		got = captured(dir, false);
		json = captured(dir, true);
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		check_text(list[i]->d_name, got, wanted);
		is_same_as_json(list[i]->d_name, json, wanted);
		free(json);
		free(got);
		free(wanted);
		free(cut);
		free(text);
		machine_done(&m);
		free(list[i]);
	}
	free(list);
}

/* There is no /dev here, so each that is asked has an error. */
static void each_controller_and_namespace_is_asked_once(void **state)
{
	char *text = read_fixture("array.txt");
	struct mp_err err = { "" };
	struct capture c = { .err = &err, .root = open("/proc/self/fdinfo", O_PATH) };
	struct mp_facts answers;
	struct machine_text m;

	assert_int_equal(machine_init(&m), 0);
	assert_int_equal(machine_read(&m, text, false), 0);
	assert_int_equal(mp_facts_init(&answers), 0);
	assert_int_equal(ask(&c, &m.facts, &answers), 0);
	assert_int_equal(answers.nr_facts, 4 + 4 * 2);
	assert_int_equal(mp_facts_sort(&answers), 0);
	assert_int_equal(answers.nr_facts, 4 + 4 * 2);
	assert_non_null(mp_facts_find(&answers, "ioctl/nvme1n2/error"));
	mp_facts_done(&answers);
	machine_done(&m);
	close(c.root);
	free(text);
}

static void what_is_no_capture_is_refused_and_named(void **state)
{
	static const struct {
		const char *file, *text, *says;
	} rows[] = {
		{ NULL, NULL, "sys: there is no /sys/block: is sysfs mounted?" },
		{ "sys/block/.", "", "can't read" },
		{ "identify.txt", "nonsense", "identify.txt: line 1 is neither KEY = TEXT nor KEY : HEX" },
		{ "identify.txt", "", "can't read" },
		{ "device-mapper.txt", "# fine\nloaded a b c", "device-mapper.txt: line 2 is no map and no status" },
		{ "device-mapper.txt", "status w 1", "device-mapper.txt: line 1 is no map and no status" },
		{ "device-mapper.txt", "loaded b b 8 - empty\nloaded a a 8 - empty",
		  "device-mapper.txt: line 2 is no map and no status" },
		{ "device-mapper.txt", "loaded a a 8 - empty", "remove a\n" },
		{ "etc/nvmemp/nvmemp.conf", "[defaults]\npolicy = best", "nvmemp.conf:2: policy" },
	};
	char dir[64], path[PATH_MAX], *got;
	size_t i;

	snprintf(dir, sizeof(dir), "/tmp/nvmemp-capture-%d", (int)getpid());
	assert_int_equal(mkdir(dir, 0700), 0);
	for (i = 0; i < COUNT(rows); i++) {
		struct mp_err err = { "" };
		struct capture c = { .to = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), .err = &err };

		if (rows[i].file) {
			snprintf(path, sizeof(path), "%s/%s", dir, rows[i].file);
			unlink(path);
			assert_int_equal(make_parents(&c, rows[i].file), 0);
		}
		if (rows[i].file && rows[i].file[strlen(rows[i].file) - 1] != '.')
			assert_int_equal(put_file(&c, rows[i].file, rows[i].text, strlen(rows[i].text)), 0);
		close(c.to);
		got = captured(dir, false);
		if (!strstr(got, rows[i].says))
			fail_msg("row %zu: \"%s\" without \"%s\"", i, got, rows[i].says);
		free(got);
	}
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_captured_machine_has_the_same_plan),
		cmocka_unit_test(each_controller_and_namespace_is_asked_once),
		cmocka_unit_test(what_is_no_capture_is_refused_and_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
