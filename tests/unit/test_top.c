// SPDX-License-Identifier: GPL-2.0
/* What nvmempctl top shows of two looks. */
#include "view.h"
#include "unit.h"
#include "../../daemon/nvmempctl.h"

#define HEAD " PATH       CTRL   STATE    ANA      IO/s  RD/s  WR/s DEPTH   MEAN    MAX ERR/s\n"
#define NAME "data\"base\\\\x1b[31m  up  numa\n"
#define B_IDLE " nvme1n1    nvme1  failed   non-opt     0     0     0     0      -      -     0\n"

static char *shown(const struct top_view *v)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(print_top(f, v), 0);
	fclose(f);
	return text;
}

static void shows(const char *name, const struct top_view *v, const char *wanted)
{
	char *got = shown(v);

	check_text(name, got, wanted);
	free(got);
}

/* One look later: the same map with these numbers of its first path */
struct later {
	struct nvmemp_path_info a;
	struct nvmemp_map_info map;
	const struct nvmemp_path_info *paths[2];
	const struct nvmemp_map_info *maps[1];
	struct nvmemp_snapshot s;
};

static void look_again(struct later *l, uint64_t ios, uint64_t bytes)
{
	*l = (struct later){ .a = path_a, .map = map_one, .s = one_snapshot };
	l->paths[0] = &l->a;
	l->paths[1] = &path_b;
	l->maps[0] = &l->map;
	l->map.paths = l->paths;
	l->s.maps = l->maps;
	l->a.io_count += ios;
	l->a.bytes_read += bytes;
}

static const struct top_view plain = {
	.now = &one_snapshot, .seconds = 2, .notice = "", .end = "\n", .clock = "12:34:56",
};

static void nothing_is_known_of_one_look(void **state)
{
	shows("one look", &plain,
	      "12:34:56  1 map, 2 paths, 1 not active              by name\n\n" HEAD NAME
	      "*nvme0n1    nvme0  active   opt         -     -     -     3      -  2.00s     -\n"
	      " nvme1n1    nvme1  failed   non-opt     -     -     -     0      -      -     -\n"
	      " all                                    -     -     -     3      -  2.00s     -\n");
}

static void differences_are_divided_by_the_time(void **state)
{
	struct top_view v = plain;
	struct later l;

	look_again(&l, 24690, 2 * 1536 * 1024);
	l.a.sampled_count += 4;
	l.a.sampled_us += 3400;
	l.a.error_count += 1;
	v.before = &one_snapshot;
	v.now = &l.s;
	shows("rates", &v,
	      "12:34:56  1 map, 2 paths, 1 not active              by name\n\n" HEAD NAME
	      "*nvme0n1    nvme0  active   opt     12.3k 1.50M     0     3  850us  2.00s   0.5\n" B_IDLE
	      " all                                12.3k 1.50M     0     3  850us  2.00s   0.5\n");
}

static void counters_that_began_again_give_a_dash(void **state)
{
	static const char wanted[] =
		"12:34:56  1 map, 2 paths, 1 not active              by name\n\n" HEAD NAME
		"*nvme0n1    nvme0  active   opt         -     -     -     3      -  2.00s     -\n" B_IDLE
		" all                                    0     0     0     3      -  2.00s     0\n";
	struct top_view v = plain;
	struct later l;

	v.before = &one_snapshot;
	v.now = &l.s;
	look_again(&l, 0, 0);
	l.a.io_count = 5;
	shows("reset", &v, wanted);
	look_again(&l, 100000, 0);
	l.a.bytes_written = 0;
	shows("made again, and busier since", &v, wanted);
	look_again(&l, 1, 0);
	l.a.controller = "nvme7";
	shows("another path of that name", &v,
	      "12:34:56  1 map, 2 paths, 1 not active              by name\n\n" HEAD NAME
	      "*nvme0n1    nvme7  active   opt         -     -     -     3      -  2.00s     -\n" B_IDLE
	      " all                                    0     0     0     3      -  2.00s     0\n");
	look_again(&l, 1, 0);
	v.seconds = 0;
	l.map.nr_paths = 1;
	shows("no time between", &v,
	      "12:34:56  1 map, 1 path                             by name\n\n" HEAD NAME
	      "*nvme0n1    nvme0  active   opt         -     -     -     3      -  2.00s     -\n");
}

static void the_busiest_map_is_first(void **state)
{
	struct nvmemp_map_info idle = map_one;
	struct top_view v = plain;
	struct later l;
	const struct nvmemp_map_info *maps[] = { &idle, &l.map };
	char *got;

	look_again(&l, 100, 0);
	idle.name = "a";
	idle.uuid = "nvmemp-a";
	idle.nr_paths = 0;
	l.map.name = "b";
	l.s.maps = maps;
	l.s.nr_maps = 2;
	v.before = &one_snapshot;
	v.now = &l.s;
	got = shown(&v);
	assert_true(strstr(got, "\na  up") < strstr(got, "\nb  up"));
	free(got);
	v.order = TOP_BY_IOPS;
	got = shown(&v);
	assert_true(strstr(got, "\nb  up") < strstr(got, "\na  up"));
	free(got);
}

static void fits_the_screen(void **state)
{
	struct top_view v = plain;

	v.width = 20;
	v.height = 6;
	shows("20 by 6", &v,
	      "12:34:56  1 map, 2 p\n\n PATH       CTRL   S\ndata..[31m  up  numa\n"
	      "*nvme0n1    nvme0  a\n2 more lines");
	v.width = 26;
	v.height = 5;
	shows("26 by 5", &v,
	      "12:34:56  1 map, 2 paths, \n\n PATH       CTRL   STATE  \ndata\"ba..x1b[31m  up  numa\n3 more lines");
}

static void says_that_the_daemon_is_gone(void **state)
{
	struct top_view v = plain;
	char *got;

	v.notice = "daemon gone\033";
	v.color = true;
	got = shown(&v);
	assert_non_null(strstr(got, "\n\033[31mdaemon gone\\x1b\033[m\n"));
	assert_non_null(strstr(got, "\033[31m nvme1n1"));
	assert_non_null(strstr(got, "\033[1mdata"));
	free(got);
}

static void no_maps(void **state)
{
	const struct nvmemp_snapshot none = { .event_trouble = "", .config_trouble = "" };
	struct top_view v = plain;

	v.now = &none;
	shows("none", &v, "12:34:56  0 maps, 0 paths                           by name\n\n" HEAD
	      "No maps. nvmempctl status says why.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_of_one_look),
		cmocka_unit_test(differences_are_divided_by_the_time),
		cmocka_unit_test(counters_that_began_again_give_a_dash),
		cmocka_unit_test(the_busiest_map_is_first),
		cmocka_unit_test(fits_the_screen),
		cmocka_unit_test(says_that_the_daemon_is_gone),
		cmocka_unit_test(no_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
