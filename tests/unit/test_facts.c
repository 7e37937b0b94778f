// SPDX-License-Identifier: GPL-2.0
/* facts, holder, conf, pathsm */
#include <errno.h>

#include "unit.h"

#include "core/arena.h"
#include "core/conf.h"
#include "core/facts.h"
#include "core/holder.h"
#include "core/pathsm.h"

static struct mp_facts load(const char *text)
{
	struct mp_facts f;
	struct mp_err err = { "" };

	assert_int_equal(mp_facts_init(&f), 0);
	if (mp_facts_load(&f, text, &err))
		fail_msg("%s", err.text);
	return f;
}

static void facts_are_found_by_key(void **state)
{
	struct mp_facts f = load("# a comment\nb/2/x = two\n\nb/1/x = one\nb/10/x : 00 ff 1\x31\n"
				 "b/1/x = last wins\nb-/1/x = other\n");
	const struct mp_fact *fact;
	char name[64];
	size_t pos = 0;

	assert_string_equal(mp_facts_text(&f, "b/%d/x", 1), "last wins");
	assert_string_equal(mp_facts_text(&f, "b/3/x"), "");
	fact = mp_facts_find(&f, "b/10/x");
	assert_non_null(fact);
	assert_int_equal(fact->len, 3);
	assert_memory_equal(fact->data, "\x00\xff\x11", 3);
	assert_null(mp_facts_find(&f, "b/1"));
	assert_null(mp_facts_find(&f, "b/%0300d", 1));
	assert_true(mp_facts_next_name(&f, "b", &pos, name));
	assert_string_equal(name, "1");
	assert_true(mp_facts_next_name(&f, "b", &pos, name));
	assert_string_equal(name, "10");
	assert_true(mp_facts_next_name(&f, "b", &pos, name));
	assert_string_equal(name, "2");
	assert_false(mp_facts_next_name(&f, "b", &pos, name));
	mp_facts_done(&f);
}

static void text_that_is_no_fact_is_refused(void **state)
{
	static const struct {
		const char *text, *err;
	} rows[] = {
		{ "a", "line 1 is neither KEY = TEXT nor KEY : HEX" },
		{ "a = 1\n= 2", "line 2 is neither KEY = TEXT nor KEY : HEX" },
		{ "a : 0", "line 1 is neither KEY = TEXT nor KEY : HEX" },
		{ "a : zz", "line 1 is neither KEY = TEXT nor KEY : HEX" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_err err = { "" };
		struct mp_facts f;

		assert_int_equal(mp_facts_init(&f), 0);
		check_int(rows[i].text, mp_facts_load(&f, rows[i].text, &err), -EINVAL);
		check_text(rows[i].text, err.text, rows[i].err);
		mp_facts_done(&f);
	}
}

static void holders_are_named(void **state)
{
#define DISK "sys/block/nvme0n1/dev = 259:0\nsys/block/nvme0n1/nvme0n1p1/dev = 259:3\n"
	static const struct {
		const char *name, *facts, *want;
	} rows[] = {
		{ "nobody", DISK, "" },
		{ "mounted", DISK "proc/self/mountinfo = 22 1 259:0 / /srv/a\\040b rw - ext4 /dev/x rw\n",
		  "nvme0n1 is mounted on /srv/a\\040b" },
		{ "a partition is", DISK "proc/self/mountinfo = 22 1 259:3 / / rw shared:1 - ext4 /dev/root rw\n",
		  "nvme0n1p1 is mounted on /" },
		{ "btrfs", DISK "proc/self/mountinfo = 22 1 0:33 / /b rw - btrfs /dev/nvme0n1 rw\n",
		  "nvme0n1 is mounted on /b" },
		{ "another disk's number", DISK "proc/self/mountinfo = 22 1 259:30 / / rw - ext4 /dev/x rw\n", "" },
		{ "another disk's name", DISK "proc/self/mountinfo = 22 1 0:33 / /b rw - btrfs /dev/nvme0n11 rw\n", "" },
		{ "a name that was another disk's", DISK
		  "proc/self/mountinfo = 22 1 8:1 / /b rw - ext4 /dev/nvme0n1 rw\n", "" },
		{ "swap", DISK "proc/swaps = /dev/nvme0n1p1 partition 1 0 -2\n", "nvme0n1p1 is swap" },
		{ "swap elsewhere", DISK "proc/swaps = /dev/nvme0n1p12 partition 1 0 -2\n", "" },
		{ "LVM", DISK "sys/block/nvme0n1/holders = dm-3\nsys/block/dm-3/dm/name = vg-root\n"
		  "sys/block/dm-3/dm/uuid = LVM-abc\n", "nvme0n1 is held by dm-3 (LVM: vg-root)" },
		{ "multipathd", DISK "sys/block/nvme0n1/holders = dm-1 dm-3\nsys/block/dm-1/dm/uuid = nvmemp-w\n"
		  "sys/block/dm-3/dm/name = mpatha\nsys/block/dm-3/dm/uuid = mpath-w\n",
		  "nvme0n1 is held by dm-3 (multipathd: mpatha)" },
		{ "dm-crypt on a partition", DISK "sys/block/nvme0n1/nvme0n1p1/holders = dm-3\n"
		  "sys/block/dm-3/dm/name = safe\nsys/block/dm-3/dm/uuid = CRYPT-LUKS2-1-safe\n",
		  "nvme0n1p1 is held by dm-3 (dm-crypt: safe)" },
		{ "a dm device without a uuid", DISK "sys/block/nvme0n1/holders = dm-3\n"
		  "sys/block/dm-3/dm/name = mine\n", "nvme0n1 is held by dm-3 (mine)" },
		{ "md", DISK "sys/block/nvme0n1/holders = md127\n", "nvme0n1 is held by md127" },
		{ "md on a partition", DISK "sys/block/nvme0n1/nvme0n1p1/holders = md0\n",
		  "nvme0n1p1 is held by md0" },
		{ "our map", DISK "sys/block/nvme0n1/holders = dm-1\nsys/block/dm-1/dm/uuid = nvmemp-w\n"
		  "sys/block/dm-1/dm/name = x\n", "" },
		{ "blanks, and a name that is none", DISK "sys/block/nvme0n1/holders =  dm-1  "
		  "x23456789012345678901234567890123456789012345678901234567890123456789 \n"
		  "sys/block/dm-1/dm/uuid = nvmemp-w\n", "" },
		{ "somebody who has no name", DISK "ioctl/nvme0n1/exclusive =\n",
		  "nvme0n1 is open exclusively in a program" },
		{ "a name is better", DISK "ioctl/nvme0n1/exclusive =\nsys/block/nvme0n1/holders = md0\n",
		  "nvme0n1 is held by md0" },
		{ "our map's opening is exclusive, too", DISK "ioctl/nvme0n1/exclusive =\n"
		  "sys/block/nvme0n1/holders = dm-1\nsys/block/dm-1/dm/uuid = nvmemp-w\n", "" },
		{ "rubbish", DISK "proc/self/mountinfo = - - - -\nproc/swaps = x\n", "" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_facts f = load(rows[i].facts);
		struct mp_arena *arena = mp_arena_new();
		struct mp_users users;

		assert_int_equal(mp_holder_users(arena, &f, &users), 0);
		check_text(rows[i].name, mp_holder_find(arena, &f, &users, "nvme0n1"), rows[i].want);
		mp_arena_free(arena);
		mp_facts_done(&f);
	}
}

static void users_of_a_map_are_named(void **state)
{
#define MAP "sys/block/dm-0/dev = 253:0\nsys/block/dm-0/holders = dm-1 dm-2\n" \
	    "sys/block/dm-1/dm/uuid = part1-nvmemp-w\nsys/block/dm-1/dm/name = x-part1\n" \
	    "sys/block/dm-1/dev = 253:1\n" \
	    "sys/block/dm-2/dm/uuid = part12-nvmemp-w\nsys/block/dm-2/dm/name = x-part12\n" \
	    "sys/block/dm-2/dev = 253:2\n"
	static const struct {
		const char *name, *facts, *want;
	} rows[] = {
		{ "nobody: partition maps are none", MAP, "" },
		{ "mounted", MAP "proc/self/mountinfo = 22 1 253:0 / /srv rw - ext4 /dev/x rw\n",
		  "dm-0 is mounted on /srv" },
		{ "a partition is", MAP "proc/self/mountinfo = 22 1 253:2 / /srv rw - ext4 /dev/x rw\n",
		  "dm-2 is mounted on /srv" },
		{ "swap on a partition", MAP "proc/swaps = /dev/dm-1 partition 1 0 -2\n", "dm-1 is swap" },
		{ "LVM on a partition", MAP "sys/block/dm-2/holders = dm-3\n"
		  "sys/block/dm-3/dm/uuid = LVM-x\nsys/block/dm-3/dm/name = vg-a\n",
		  "dm-2 is held by dm-3 (LVM: vg-a)" },
		{ "another map's partition is a user", "sys/block/dm-0/holders = dm-1\n"
		  "sys/block/dm-1/dm/uuid = part1-mpath-w\nsys/block/dm-1/dm/name = y\n",
		  "dm-0 is held by dm-1 (y)" },
		{ "md", "sys/block/dm-0/holders = md0\n", "dm-0 is held by md0" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_facts f = load(rows[i].facts);
		struct mp_arena *arena = mp_arena_new();
		struct mp_users users;

		assert_int_equal(mp_holder_users(arena, &f, &users), 0);
		check_text(rows[i].name, mp_holder_find_map(arena, &f, &users, "dm-0"), rows[i].want);
		mp_arena_free(arena);
		mp_facts_done(&f);
	}
}

static void settings_are_checked(void **state)
{
	static const struct {
		const char *section, *key, *value, *err;
	} rows[] = {
		{ "defaults", "policy", "round-robin", "" },
		{ "subsystem nqn.a:*", "no_path", "queue", "" },
		{ "namespace uuid.1", "alias", "data-base_1.x", "" },
		{ "defaults", "polcy", "numa", "f:9: unknown key \"polcy\"" },
		{ "default", "policy", "numa", "f:9: section [default] is none of [defaults], [model NAME], "
		  "[subsystem NQN], [namespace WWID], [controller ADDRESS]" },
		{ "", "policy", "numa", "f:9: section [] is none of [defaults], [model NAME], "
		  "[subsystem NQN], [namespace WWID], [controller ADDRESS]" },
		{ "namespace ", "policy", "numa", "f:9: section [namespace ] is none of [defaults], [model NAME], "
		  "[subsystem NQN], [namespace WWID], [controller ADDRESS]" },
		{ "defaults", "policy", "best", "f:9: policy = \"best\": must be numa, round-robin, queue-depth or latency" },
		{ "defaults", "no_path", "-1",
		  "f:9: no_path = \"-1\": must be fail, queue, or 1 to 86400 seconds" },
		{ "defaults", "ignore", "true", "f:9: ignore = \"true\": must be yes or no" },
		{ "defaults", "alias", "x", "f:9: alias belongs into a [namespace WWID] section" },
		{ "namespace w", "alias", "a/b",
		  "f:9: alias = \"a/b\": must be letters, digits, '.', '-' and '_', at most 127, not nvmemp-..." },
		{ "namespace w", "alias", "nvmemp-v",
		  "f:9: alias = \"nvmemp-v\": must be letters, digits, '.', '-' and '_', at most 127, not nvmemp-..." },
		{ "namespace w", "alias", "",
		  "f:9: alias = \"\": must be letters, digits, '.', '-' and '_', at most 127, not nvmemp-..." },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_err err = { "" };
		struct mp_conf conf;

		assert_int_equal(mp_conf_init(&conf), 0);
		check_int(rows[i].section, mp_conf_add(&conf, rows[i].section, rows[i].key, rows[i].value,
						       "f", 9, &err), *rows[i].err ? -EINVAL : 0);
		check_text(rows[i].section, err.text, rows[i].err);
		check_int("kept", conf.nr_settings, *rows[i].err ? 0 : 1);
		mp_conf_done(&conf);
	}
}

static void narrower_then_later_settings_win(void **state)
{
	static const char *const lines[][3] = {
		{ "namespace uuid.1", "policy", "numa" },
		{ "subsystem nqn.*:b?", "policy", "round-robin" },
		{ "subsystem nqn.*:b?", "no_path", "5" },
		{ "subsystem *", "no_path", "6" },
		{ "defaults", "no_path", "queue" },
		{ "defaults", "ignore", "yes" },
		{ "defaults", "ignore", "no" },
	};
	struct mp_prefs p;
	struct mp_conf conf;
	size_t i;

	assert_int_equal(mp_conf_init(&conf), 0);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = "nqn.a", .wwid = "w" },
			&p);
	assert_int_equal(p.policy, MP_POLICY_NUMA);
	assert_int_equal(p.no_path, 60);
	assert_false(p.ignore);
	assert_string_equal(p.alias, "");
	for (i = 0; i < COUNT(lines); i++)
		assert_int_equal(mp_conf_add(&conf, lines[i][0], lines[i][1], lines[i][2], "f", 1, NULL), 0);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = "nqn.a:bc", .wwid = "w" },
			&p);
	assert_int_equal(p.policy, MP_POLICY_ROUND_ROBIN);
	assert_int_equal(p.no_path, 6);
	assert_false(p.ignore);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = "nqn.a:bcd", .wwid = "w" },
			&p);
	assert_int_equal(p.policy, MP_POLICY_NUMA);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = "nqn.a:bc", .wwid = "uuid.1" },
			&p);
	assert_int_equal(p.policy, MP_POLICY_NUMA);
	mp_conf_done(&conf);
}

static const char *from_text(const struct mp_conf *conf, const struct mp_conf_for *what, const char *key)
{
	static char text[400];
	struct mp_effective e;
	size_t i;

	for (i = 0; mp_conf_effective(conf, what, i, &e); i++) {
		if (strcmp(e.key, key))
			continue;
		if (e.from)
			snprintf(text, sizeof(text), "%s %s:%u", e.value, e.from->file, e.from->line);
		else
			snprintf(text, sizeof(text), "%s", e.value);
		return text;
	}
	return "no such key";
}

static void each_setting_says_where_it_comes_from(void **state)
{
	static const struct {
		bool vendor;
		const char *section, *key, *value;
		unsigned int line;
	} lines[] = {
		{ true, "model *Array*", "no_path", "queue", 1 },
		{ true, "model *Array*", "failback", "manual", 2 },
		{ true, "subsystem *", "no_path", "7", 3 },
		{ false, "defaults", "failback", "9", 4 },
		{ false, "model Big?Array", "policy", "latency", 5 },
		{ false, "namespace w", "prefer", "traddr=*,trsvcid=1", 6 },
		{ false, "controller *", "weight", "3", 7 },
	};
	const struct mp_conf_for plain = { .nqn = "n" };
	const struct mp_conf_for array = { .nqn = "n", .model = "Big Array", .wwid = "w" };
	struct mp_conf conf;
	struct mp_prefs p;
	size_t i;

	assert_int_equal(mp_conf_init(&conf), 0);
	for (i = 0; i < COUNT(lines); i++) {
		conf.vendor = lines[i].vendor;
		assert_int_equal(mp_conf_add(&conf, lines[i].section, lines[i].key, lines[i].value, "f",
					     lines[i].line, NULL), 0);
	}
	assert_string_equal(from_text(&conf, &plain, "policy"), "numa");
	assert_string_equal(from_text(&conf, &plain, "no_path"), "7 f:3");
	assert_string_equal(from_text(&conf, &plain, "failback"), "9 f:4");
	assert_string_equal(from_text(&conf, &plain, "alias"), "");
	assert_string_equal(from_text(&conf, &plain, "write_hold"), "off");
	assert_string_equal(from_text(&conf, &plain, "weight"), "no such key");
	assert_string_equal(from_text(&conf, &array, "policy"), "latency f:5");
	assert_string_equal(from_text(&conf, &array, "no_path"), "7 f:3");
	assert_string_equal(from_text(&conf, &array, "failback"), "9 f:4");
	assert_string_equal(from_text(&conf, &array, "prefer"), "traddr=*,trsvcid=1 f:6");
	mp_conf_resolve(&conf, &array, &p);
	assert_true(mp_conf_prefers(&p, "traddr=10.0.0.1,trsvcid=1"));
	assert_false(mp_conf_prefers(&p, "traddr=10.0.0.1,trsvcid=12"));
	mp_conf_resolve(&conf, &plain, &p);
	assert_false(mp_conf_prefers(&p, ""));
	mp_conf_done(&conf);
}

/* What is told as built in is what is done where nothing is said. */
static void what_is_built_in_is_true(void **state)
{
	const struct mp_conf_for none = { .nqn = NULL };
	struct mp_conf empty, said;
	struct mp_prefs a, b;
	struct mp_effective e;
	size_t i;

	assert_int_equal(mp_conf_init(&empty), 0);
	assert_int_equal(mp_conf_init(&said), 0);
	for (i = 0; mp_conf_effective(&empty, &none, i, &e); i++)
		if (*e.value)
			assert_int_equal(mp_conf_add(&said, "defaults", e.key, e.value, "f", 1, NULL), 0);
	mp_conf_resolve(&empty, &none, &a);
	mp_conf_resolve(&said, &none, &b);
	assert_int_equal(a.policy, b.policy);
	assert_int_equal(a.no_path, b.no_path);
	assert_int_equal(a.ignore, b.ignore);
	assert_int_equal(a.single_path, b.single_path);
	assert_memory_equal(a.features, b.features, sizeof(a.features));
	mp_conf_done(&empty);
	mp_conf_done(&said);
}

/* One path's story: each event with the action that it must cause, and the deadline after it */
static void a_failed_path_is_probed_with_a_backoff(void **state)
{
	static const struct {
		enum mp_pathsm_event event;
		uint64_t now;
		enum mp_pathsm_action want;
		uint64_t deadline;
	} story[] = {
		{ MP_PATHSM_TIMER, 0, MP_PATHSM_NONE, 0 },
		{ MP_PATHSM_KERNEL_ACTIVE, 0, MP_PATHSM_NONE, 0 },
		{ MP_PATHSM_KERNEL_FAILED, 100, MP_PATHSM_PROBE, 0 },
		{ MP_PATHSM_KERNEL_FAILED, 101, MP_PATHSM_NONE, 0 },
		{ MP_PATHSM_PROBE_BAD, 200, MP_PATHSM_NONE, 1200 },
		{ MP_PATHSM_TIMER, 1199, MP_PATHSM_NONE, 1200 },
		{ MP_PATHSM_TIMER, 1200, MP_PATHSM_PROBE, 0 },
		{ MP_PATHSM_PROBE_BAD, 1300, MP_PATHSM_NONE, 3300 },
		{ MP_PATHSM_CONNECTED, 1400, MP_PATHSM_PROBE, 0 },
		{ MP_PATHSM_CONNECTED, 1401, MP_PATHSM_NONE, 0 },
		{ MP_PATHSM_PROBE_BAD, 1500, MP_PATHSM_PROBE, 0 },	/* it connected meanwhile */
		{ MP_PATHSM_PROBE_OK, 1600, MP_PATHSM_REINSTATE, 0 },
		{ MP_PATHSM_KERNEL_FAILED, 1700, MP_PATHSM_PROBE, 0 },
		{ MP_PATHSM_PROBE_BAD, 1800, MP_PATHSM_NONE, 2800 },	/* the backoff began anew */
		{ MP_PATHSM_DISABLED, 1900, MP_PATHSM_NONE, 0 },
		{ MP_PATHSM_TIMER, 9000, MP_PATHSM_NONE, 0 },
	};
	struct mp_pathsm sm = { 0 };
	size_t i;
	int n;

	for (i = 0; i < COUNT(story); i++) {
		char name[20];

		snprintf(name, sizeof(name), "line %zu", i);
		check_int(name, mp_pathsm_step(&sm, story[i].event, story[i].now), story[i].want);
		check_int(name, sm.deadline_ms, story[i].deadline);
	}
	mp_pathsm_step(&sm, MP_PATHSM_KERNEL_FAILED, 0);
	for (n = 0; n < 20; n++) {
		mp_pathsm_step(&sm, MP_PATHSM_PROBE_BAD, 0);
		assert_in_range(sm.deadline_ms, 1000, 60000);
		mp_pathsm_step(&sm, MP_PATHSM_TIMER, sm.deadline_ms);
	}
	mp_pathsm_step(&sm, MP_PATHSM_PROBE_BAD, 0);
	assert_int_equal(sm.deadline_ms, 60000);
}

static void no_text_crashes_a_parser(void **state)
{
	static const char facts[] = "sys/block/nvme0n1/dev = 259:0\nproc/swaps = /dev/x y\n"
				    "proc/self/mountinfo = 1 2 3:4 / / rw - ext4 /dev/x rw\na : 00 11\n";
	unsigned char buf[1000];
	uint32_t seed = 11, i;
	size_t len;

	for (i = 0; i < ROUNDS; i++) {
		struct mp_arena *arena = mp_arena_new();
		struct mp_users users;
		struct mp_facts f;

		assert_int_equal(mp_facts_init(&f), 0);
		mutate(facts, strlen(facts), buf, &len, &seed);
		mp_facts_load(&f, (char *)buf, NULL);
		mp_facts_sort(&f);
		mp_holder_users(arena, &f, &users);
		mp_holder_find(arena, &f, &users, "nvme0n1");
		mp_facts_done(&f);
		mp_arena_free(arena);
	}
}

static const char *policy_of(const struct mp_conf *conf, const char *wwid)
{
	const struct mp_conf_for what = { .wwid = wwid };
	struct mp_effective e;

	for (size_t i = 0; mp_conf_effective(conf, &what, i, &e); i++)
		if (!strcmp(e.key, "policy"))
			return e.from ? e.from->value : "";
	return NULL;
}

static void what_is_set_by_hand_wins_over_files(void **state)
{
	struct mp_err err = { "" };
	struct mp_conf conf;

	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_conf_set(&conf, "w", "policy", "latency", &err), 0);
	assert_string_equal(policy_of(&conf, "w"), "latency");
	assert_string_equal(policy_of(&conf, "v"), "");
	assert_int_equal(mp_conf_set(&conf, "w", "no_path", "7", &err), 0);
	assert_int_equal(mp_conf_set(&conf, "w", "policy", "numa", &err), 0);
	assert_int_equal(conf.nr_settings, 2);
	assert_string_equal(policy_of(&conf, "w"), "numa");
	assert_int_equal(mp_conf_set(&conf, "w", "policy", "best", &err), -EINVAL);
	assert_string_equal(err.text, "policy \"best\": must be numa, round-robin, queue-depth or latency");
	assert_string_equal(policy_of(&conf, "w"), "numa");
	mp_conf_done(&conf);

	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_conf_add(&conf, "namespace w", "policy", "latency", "f", 1, &err), 0);
	assert_int_equal(mp_conf_set(&conf, "w", "policy", "round-robin", &err), 0);
	assert_string_equal(policy_of(&conf, "w"), "round-robin");
	mp_conf_done(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_found_by_key),
		cmocka_unit_test(text_that_is_no_fact_is_refused),
		cmocka_unit_test(holders_are_named),
		cmocka_unit_test(users_of_a_map_are_named),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(narrower_then_later_settings_win),
		cmocka_unit_test(each_setting_says_where_it_comes_from),
		cmocka_unit_test(what_is_built_in_is_true),
		cmocka_unit_test(a_failed_path_is_probed_with_a_backoff),
		cmocka_unit_test(no_text_crashes_a_parser),
		cmocka_unit_test(what_is_set_by_hand_wins_over_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
