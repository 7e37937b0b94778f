// SPDX-License-Identifier: GPL-2.0
/* Configuration files: rows of text, and a directory of drop-ins. */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "core/conf.h"
#include "core/dump.h"
#include "sys/conffile.h"

#define NQN "nqn.2014-08.org.nvmexpress:uuid:00112233-4455-6677-8899-aabbccddeeff:and-a-tail-that-goes-on"

struct row {
	const char *name;
	const char *text;
	const char *err;		/* "" = it is understood */
};

static const struct row rows[] = {
	{ "nothing", "", "" },
	{ "comments and blank lines", "# a\n; b\n\n  \t\n", "" },
	{ "carriage returns", "[defaults]\r\nno_path = 5\r\n", "" },
	{ "no newline at the end", "[defaults]\nno_path=5", "" },
	{ "indented settings", "[defaults]\n  no_path = 5\n  policy = numa\n", "" },
	{ "unknown key", "[defaults]\nno_path=5\nbogus = 1\n", "f:3: unknown key \"bogus\"" },
	{ "no equals sign", "[defaults]\nno_path 5\n", "f:2: neither [section] nor key = value" },
	{ "section without end", "[defaults\n", "f:1: a section ends with ]" },
	{ "section without name", "[ ]\n", "f:1: a section needs a name" },
	{ "lone bracket", "[\n", "f:1: a section ends with ]" },
};

static void each_text_is_understood_or_its_line_named(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mp_err err = { "" };
		struct mp_conf conf;
		int r;

		assert_int_equal(mp_conf_init(&conf), 0);
		r = mp_conffile_parse(rows[i].text, "f", &conf, &err);
		if (strcmp(err.text, rows[i].err) != 0 || (r < 0) != (*rows[i].err != '\0'))
			fail_msg("%s: got %d \"%s\"", rows[i].name, r, err.text);
		mp_conf_done(&conf);
	}
}

static void settings_before_any_section_are_refused(void **state)
{
	struct mp_err err = { "" };
	struct mp_conf conf;

	assert_int_equal(mp_conf_init(&conf), 0);
	assert_true(mp_conffile_parse("no_path = 5\n", "f", &conf, &err) < 0);
	assert_non_null(strstr(err.text, "f:1"));
	mp_conf_done(&conf);
}

static void a_section_may_be_as_long_as_an_nqn(void **state)
{
	struct mp_err err = { "" };
	struct mp_prefs prefs;
	struct mp_conf conf;

	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_conffile_parse("[subsystem " NQN "]\nno_path = 7\n", "f", &conf, &err), 0);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = NQN, .wwid = "uuid.x" },
			&prefs);
	assert_int_equal(prefs.no_path, 7);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = NQN "x", .wwid = "uuid.x" },
			&prefs);
	assert_int_not_equal(prefs.no_path, 7);
	mp_conf_done(&conf);
}

static int setup(void **state)
{
	char *dir = strdup("/tmp/nvmemp-test-XXXXXX");

	assert_non_null(mkdtemp(dir));
	*state = dir;
	return 0;
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	nftw(*state, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make_dir(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int read_conf(const char *dir, struct mp_conf *conf, struct mp_err *err)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/c.conf", dir);
	assert_int_equal(mp_conf_init(conf), 0);
	err->text[0] = '\0';
	return mp_conffile_read(NULL, path, conf, err);
}

static void missing_files_are_fine(void **state)
{
	struct mp_conf conf;
	struct mp_err err;

	assert_int_equal(read_conf(*state, &conf, &err), 0);
	assert_int_equal(conf.nr_settings, 0);
	mp_conf_done(&conf);
}

/* Read first, by whatever name, and weaker also where its section is narrower. */
static void a_vendors_file_is_weaker_than_all_others(void **state)
{
	struct mp_err err = { "" };
	struct mp_prefs prefs;
	struct mp_conf conf;
	char vendor[256], path[256];

	put(*state, "v.conf", "[namespace w]\nno_path = 3\npolicy = latency\n");
	put(*state, "c.conf", "[defaults]\nno_path = 1\n");
	snprintf(vendor, sizeof(vendor), "%s/v.conf", (const char *)*state);
	snprintf(path, sizeof(path), "%s/c.conf", (const char *)*state);
	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_conffile_read(vendor, path, &conf, &err), 0);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .wwid = "w" }, &prefs);
	assert_int_equal(prefs.no_path, 1);
	assert_int_equal(prefs.policy, MP_POLICY_LATENCY);
	mp_conf_done(&conf);
	/* the one that is shipped */
	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_conffile_read("daemon/vendor.conf", path, &conf, &err), 0);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .model = "NetApp ONTAP Controller" }, &prefs);
	assert_int_equal(prefs.no_path, 1);
	mp_conf_done(&conf);
	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_conffile_read("daemon/vendor.conf", "/nonexistent/c.conf", &conf, &err), 0);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .model = "NetApp ONTAP Controller" }, &prefs);
	assert_int_equal(prefs.no_path, MP_NO_PATH_QUEUE);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .model = "QEMU NVMe Ctrl" }, &prefs);
	assert_int_equal(prefs.no_path, 60);
	mp_conf_done(&conf);
}

static void dropins_come_after_the_file_in_order_of_names(void **state)
{
	struct mp_prefs prefs;
	struct mp_conf conf;
	struct mp_err err;

	put(*state, "c.conf", "[defaults]\nno_path = 1\n");
	make_dir(*state, "c.conf.d");
	put(*state, "c.conf.d/20.conf", "[defaults]\nno_path = 20\n");
	put(*state, "c.conf.d/10.conf", "[defaults]\nno_path = 10\npolicy = round-robin\n");
	put(*state, "c.conf.d/90.conf.bak", "[defaults]\nno_path = 90\n");
	put(*state, "c.conf.d/.91.conf", "[defaults]\nbogus = 91\n");
	assert_int_equal(read_conf(*state, &conf, &err), 0);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = "n", .wwid = "w" },
			&prefs);
	assert_int_equal(prefs.no_path, 20);
	assert_int_equal(prefs.policy, MP_POLICY_ROUND_ROBIN);
	mp_conf_done(&conf);
}

static void an_error_names_the_file(void **state)
{
	struct mp_conf conf;
	struct mp_err err;

	make_dir(*state, "c.conf.d");
	put(*state, "c.conf.d/10.conf", "[defaults]\nbogus = 1\n");
	assert_true(read_conf(*state, &conf, &err) < 0);
	assert_non_null(strstr(err.text, "c.conf.d/10.conf:2"));
	mp_conf_done(&conf);
}

static void what_is_no_file_is_an_error_that_names_it(void **state)
{
	struct mp_conf conf;
	struct mp_err err;

	make_dir(*state, "c.conf");
	assert_true(read_conf(*state, &conf, &err) < 0);
	assert_non_null(strstr(err.text, "c.conf: "));
	mp_conf_done(&conf);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	struct mp_conf conf;
	struct mp_err err;
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/c.conf", (char *)*state);
	f = fopen(path, "w");
	fwrite("[defaults]\n\0\n", 1, 13, f);
	fclose(f);
	assert_true(read_conf(*state, &conf, &err) < 0);
	assert_non_null(strstr(err.text, "not text"));
	mp_conf_done(&conf);
}

/* All of them, whatever the folder */
static char *settings_text(struct mp_conf *conf)
{
	size_t i;

	for (i = 0; i < conf->nr_settings; i++)
		conf->settings[i].file = strrchr(conf->settings[i].file, '/') + 1;
	return mp_dump_conf(conf);
}

/* What a start makes of a text: the settings, what is left out first, and what it is not sure of */
static void a_start_leaves_out_what_it_must(void **state)
{
	static const struct {
		const char *text, *settings, *trouble;
		bool unsure;
	} texts[] = {
		{ "[defaults]\nno_path = 1\n", "f:2 [defaults] no_path = 1\n", "", false },
		{ "[defaults]\npolicy = best\nno_path = never\nno_path = 2\n", "f:4 [defaults] no_path = 2\n",
		  "f:2: policy = \"best\": must be numa, round-robin, queue-depth or latency", false },
		{ "[defaults]\npolcy = numa\n[namespace w]\nignore = yes\n", "f:4 [namespace w] ignore = yes\n",
		  "f:2: unknown key \"polcy\"", false },
		{ "[defaults]\nignore = yse\n", "", "f:2: ignore = \"yse\": must be yes or no", true },
		{ "[defaults]\nignore yes\n", "", "f:2: neither [section] nor key = value", true },
		{ "[namespace w\nignore = yes\npolicy = numa\n[defaults]\nno_path = 3\n", "f:5 [defaults] no_path = 3\n",
		  "f:1: a section ends with ]", true },
		{ "[]\nno_path = 2\n", "", "f:1: a section needs a name", false },
		{ "[defaults]\nno_path = 4\n[namspace w]\npolicy = numa\n", "f:2 [defaults] no_path = 4\n",
		  "f:4: section [namspace w] is none of [defaults], [model NAME], [subsystem NQN], [namespace WWID], "
		  "[controller ADDRESS]", false },
		{ "[subsystem q]\nwrite_hold = atuo\n", "f:2 [subsystem q] write_hold = auto\n",
		  "f:2: write_hold = \"atuo\": must be off, auto, or 1 to 600000 milliseconds", false },
		{ "write_hold = auto\n", "f:1 [defaults] write_hold = auto\n",
		  "f:1: section [] is none of [defaults], [model NAME], [subsystem NQN], [namespace WWID], "
		  "[controller ADDRESS]", false },
		{ "policy = numa\n\1\n", "", "f:1: section [] is none of [defaults], [model NAME], [subsystem NQN], "
		  "[namespace WWID], [controller ADDRESS]", false },
	};
	char path[256], trouble[400], *text;
	struct mp_conf conf;
	struct mp_err err;
	size_t i;

	snprintf(path, sizeof(path), "%s/f", (const char *)*state);
	for (i = 0; i < COUNT(texts); i++) {
		const char *t;

		put(*state, "f", texts[i].text);
		assert_int_equal(mp_conf_init(&conf), 0);
		assert_int_equal(mp_conffile_salvage(NULL, path, &conf, &err), 0);
		t = conf.trouble ? conf.trouble + strlen(path) - 1 : "";
		snprintf(trouble, sizeof(trouble), "%s", t);
		check_text(texts[i].text, trouble, texts[i].trouble);
		assert_int_equal(conf.unsure, texts[i].unsure);
		text = settings_text(&conf);
		check_text(texts[i].text, text, texts[i].settings);
		free(text);
		mp_conf_done(&conf);
	}
}

static void a_start_goes_by_what_it_can_read(void **state)
{
	char path[256];
	struct mp_conf conf;
	struct mp_err err;

	put(*state, "c.conf", "[defaults]\nno_path = 1\n");
	make_dir(*state, "c.conf.d");
	make_dir(*state, "c.conf.d/10.conf");
	put(*state, "c.conf.d/20.conf", "[defaults]\npolicy = latency\n");
	snprintf(path, sizeof(path), "%s/c.conf", (const char *)*state);
	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_conffile_salvage(NULL, path, &conf, &err), 0);
	assert_int_equal(conf.nr_settings, 2);
	assert_true(conf.unsure);
	assert_non_null(strstr(conf.trouble, "c.conf.d/10.conf: not a regular file"));
	mp_conf_done(&conf);
}

#define ROW(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_understood_or_its_line_named),
		cmocka_unit_test(settings_before_any_section_are_refused),
		cmocka_unit_test(a_section_may_be_as_long_as_an_nqn),
		ROW(missing_files_are_fine),
		ROW(dropins_come_after_the_file_in_order_of_names),
		ROW(a_vendors_file_is_weaker_than_all_others),
		ROW(an_error_names_the_file),
		ROW(a_start_leaves_out_what_it_must),
		ROW(a_start_goes_by_what_it_can_read),
		ROW(what_is_no_file_is_an_error_that_names_it),
		ROW(bytes_that_are_no_text_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
