// SPDX-License-Identifier: GPL-2.0
/* What is said of two looks: each difference once, and nothing that did not happen. */
#include "unit.h"

#include "core/news.h"

static char said[2000];

static void say(void *context, const struct mp_event *e)
{
	size_t used = strlen(said);

	snprintf(said + used, sizeof(said) - used, "%s|%s|%s|%s|%s\n", e->kind, e->map, e->device,
		 e->before, e->after);
}

#define TWO_PATHS \
	.paths = (struct mp_path[]){ { 259, 0, "nvme0n1" }, { 259, 1, "nvme1n1" } }, .nr_paths = 2
#define MAP(n, state_a, ana_a, failovers, cur, map_state) \
	{ .map = { .name = n, .uuid = "nvmemp-1", TWO_PATHS }, \
	  .status = { .state = map_state, .current = cur, .nr_paths = 2, \
		      .paths = (struct mp_path_status[]){ \
			{ 259, 0, state_a, ana_a, .failover_count = failovers }, \
			{ 259, 1, MP_PATH_ACTIVE, MP_ANA_OPTIMIZED } } } }
#define GOOD MAP("m", MP_PATH_ACTIVE, MP_ANA_OPTIMIZED, 3, 0, MP_MAP_UP)
#define LOADED(...) \
	{ .maps = (struct mp_loaded_map[]){ __VA_ARGS__ }, \
	  .nr_maps = COUNT(((struct mp_loaded_map[]){ __VA_ARGS__ })) }
#define OTHER(n, id, dev, number) \
	{ .map = { .name = n, .uuid = id, .nr_paths = 1, .paths = (struct mp_path[]){ \
		{ 259, number, dev, MP_ANA_INACCESSIBLE } } }, .status.current = -1 }
#define NONE { .maps = NULL }

static const struct row {
	const char *name;
	struct mp_loaded before, after;
	const char *wanted;
} rows[] = {
	{ "nothing", LOADED(GOOD), LOADED(GOOD), "" },
	{ "no maps at all", NONE, NONE, "" },
	{ "a new map", NONE, LOADED(GOOD),
	  "map-added|m|||up\npath-added|m|nvme0n1||active\npath-added|m|nvme1n1||active\n" },
	{ "a map goes", LOADED(GOOD), NONE,
	  "path-removed|m|nvme0n1|active|\npath-removed|m|nvme1n1|active|\nmap-removed|m||up|\n" },
	{ "a path is lost", LOADED(GOOD),
	  LOADED(MAP("m", MP_PATH_FAILED, MP_ANA_OPTIMIZED, 5, 1, MP_MAP_UP)),
	  "path-state|m|nvme0n1|active|failed\nfailover|m|nvme0n1|3|5\n"
	  "path-current|m|nvme1n1|nvme0n1|nvme1n1\n" },
	{ "ANA", LOADED(GOOD), LOADED(MAP("m", MP_PATH_ACTIVE, MP_ANA_CHANGE, 3, 0, MP_MAP_UP)),
	  "path-ana|m|nvme0n1|optimized|change\n" },
	{ "no path left", LOADED(GOOD),
	  LOADED(MAP("m", MP_PATH_ACTIVE, MP_ANA_OPTIMIZED, 3, -1, MP_MAP_WAITING)),
	  "map-state|m||up|waiting\npath-current|m||nvme0n1|\n" },
	{ "another name", LOADED(GOOD),
	  LOADED(MAP("n", MP_PATH_ACTIVE, MP_ANA_OPTIMIZED, 3, 0, MP_MAP_UP)), "map-name|n||m|n\n" },
	{ "counters began anew", LOADED(GOOD),
	  LOADED(MAP("m", MP_PATH_ACTIVE, MP_ANA_OPTIMIZED, 0, 0, MP_MAP_UP)), "" },
	{ "counters began anew and went on", LOADED(GOOD),
	  LOADED(MAP("m", MP_PATH_ACTIVE, MP_ANA_OPTIMIZED, 2, 0, MP_MAP_UP)),
	  "failover|m|nvme0n1|0|2\n" },
	{ "one of three, whose status is not known",
	  LOADED(GOOD, OTHER("x", "nvmemp-2", "nvme2n1", 2), OTHER("y", "nvmemp-3", "nvme3n1", 3)),
	  LOADED(GOOD, OTHER("y", "nvmemp-3", "nvme3n1", 3)),
	  "path-removed|x|nvme2n1|unknown|\nmap-removed|x||unknown|\n" },
	{ "the number is another device's now", LOADED(OTHER("x", "nvmemp-2", "nvme2n1", 2)),
	  LOADED(OTHER("x", "nvmemp-2", "nvme7n1", 2)),
	  "path-removed|x|nvme2n1|unknown|\npath-added|x|nvme7n1||unknown\n" },
};

static void each_difference_once(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_seen *before = mp_seen_new(&rows[i].before, NULL);
		struct mp_seen *after = mp_seen_new(&rows[i].after, NULL);

		said[0] = '\0';
		mp_news(before, after, say, NULL);
		mp_seen_free(before);
		mp_seen_free(after);
		check_text(rows[i].name, said, rows[i].wanted);
	}
}

static void a_refusal_is_told_when_it_is_new(void **state)
{
	struct mp_reject old[] = { { "nvme0n1", "in use" }, { "nvme1n1", "private" } };
	struct mp_reject new[] = { { "nvme0n1", "mounted on /" }, { "nvme1n1", "private" },
				   { "nvme2n1", "ignored" } };
	const struct mp_desired was = { .rejects = old, .nr_rejects = COUNT(old) };
	const struct mp_desired is = { .rejects = new, .nr_rejects = COUNT(new) };
	struct mp_seen *before = mp_seen_new(NULL, &was), *after = mp_seen_new(NULL, &is);

	said[0] = '\0';
	mp_news(before, after, say, NULL);
	mp_seen_free(before);
	mp_seen_free(after);
	mp_seen_free(NULL);
	check_text("refusals", said, "refused||nvme0n1|in use|mounted on /\nrefused||nvme2n1||ignored\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_once),
		cmocka_unit_test(a_refusal_is_told_when_it_is_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
