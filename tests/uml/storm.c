// SPDX-License-Identifier: GPL-2.0
/*
 * Does to a map, as fast as it can, all that may be done while I/O is running:
 *
 *   storm SEED SECONDS KINDS MAP SECTORS BACKING GOOD DEVICE...
 *
 * KINDS: letters; with Q before them the map always has "no_path queue", so that GOOD may be among
 * the DEVICEs, and fail as they do; m messages, t new tables, s suspends (with and without a flush),
 * p paths that break and heal (DEVICEs, then also names of dm-linear devices on
 * BACKING), q status and table. GOOD (major:minor) always stays a usable path;
 * the others (NAME=major:minor) do not. Ends with whole paths, the map resumed.
 * An answer that says that the target lost its way ends it with 1 and a line.
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "dm.h"

#define MAX_DEVICES 32

static const char *map, *backing, *good;
static bool queues;
static uint64_t sectors;
static struct { const char *name, *number; } path[MAX_DEVICES];
static int nr_paths;
static unsigned long done[256], refused[256];
static char text[MAX_TEXT];

static const char *const ana_words[] = {
	NVMEMP_ANA_OPTIMIZED, NVMEMP_ANA_NONOPTIMIZED, NVMEMP_ANA_INACCESSIBLE,
	NVMEMP_ANA_PERSISTENT_LOSS, NVMEMP_ANA_CHANGE, NULL
};

static const char *const good_ana[] = { NVMEMP_ANA_OPTIMIZED, NVMEMP_ANA_NONOPTIMIZED, NULL };

static const char *const features[] = {
	"policy numa", "policy round-robin", "policy queue-depth", "policy latency",
	"no_path fail", "no_path queue", "no_path 30", "failback immediate", "failback manual", "failback 1",
	"write_hold off", "write_hold auto", "write_hold 20", "anatt 1", "anatt 10",
	"marginal_errors 0", "marginal_errors 1", "marginal_errors 5", "marginal_window 1",
	"marginal_hold 1", "marginal_latency 0", "marginal_latency 2", NULL
};

static const char *const flags[] = {
	"", "", "", NVMEMP_KEY_DISABLED, NVMEMP_KEY_FAILED, NVMEMP_KEY_HELD, NVMEMP_KEY_MARGINAL,
	NVMEMP_KEY_FLUSH_FAILFAST, NULL
};

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, sizeof(text) - used, format, args);
	va_end(args);
}

static const char *feature(void)
{
	const char *word;

	do
		word = any(features);
	while (queues && !strncmp(word, NVMEMP_KEY_NO_PATH, strlen(NVMEMP_KEY_NO_PATH)));
	return word;
}

static void say_words(bool is_good)
{
	const char *flag = is_good ? "" : any(flags);

	say(" %d ana %s kato 10 weight %d%s%s", 6 + !!*flag, any(is_good ? good_ana : ana_words),
	    (int)(1 + rnd(100)), *flag ? " " : "", flag);
}

static void say_table(void)
{
	int n = rnd(4), i, from = rnd(nr_paths), with = 1 + rnd(nr_paths);
	bool apart = !queues;	/* GOOD is not among the others */

	say("%d%s", 2 * (n + queues), queues ? " no_path queue" : "");
	while (n--)
		say(" %s", feature());
	say(" %d", apart + with);
	if (apart) {
		say(" %s", good);
		say_words(true);
	}
	for (i = 0; i < with; i++) {
		say(" %s", path[(from + i) % nr_paths].number);
		say_words(false);
	}
}

static void say_message(void)
{
	static const char *const verbs[] = {
		NVMEMP_MSG_FAIL_PATH, NVMEMP_MSG_REINSTATE_PATH, NVMEMP_MSG_REINSTATE_PATH,
		NVMEMP_MSG_DISABLE_PATH, NVMEMP_MSG_RELEASE_PATH, NVMEMP_MSG_REMOVE_PATH, NULL
	};
	const char *other = path[rnd(nr_paths)].number;

	switch (rnd(8)) {
	case 0:
		say("ana %s %s %s %s", good, any(good_ana), other, any(ana_words));
		break;
	case 1:
		say("prefer %s", one_in(2) ? "none" : one_in(2) ? good : other);
		break;
	case 2:
		say("weight %s %d", one_in(2) ? good : other, (int)(1 + rnd(100)));
		break;
	case 3:
		say("%s", feature());
		break;
	case 4:
	case 5:
		say("add_path %s", other);
		say_words(false);
		break;
	case 6:
		say(one_in(2) ? "reset_stats" : "release_path %s", good);
		break;
	default:
		say("%s %s", any(verbs), other);
	}
}

static int resume(const char *name)
{
	return run(DM_DEVICE_RESUME, name, 0, NULL, NULL);
}

static int swap_in(const char *name, const char *target, const char *params)
{
	int r = run_as(DM_DEVICE_RELOAD, name, sectors, target, params, NULL);

	if (r)
		return r;
	/* a dm device that another storm has just suspended says EINVAL */
	run(DM_DEVICE_SUSPEND, name, 0, NULL, NULL);
	return resume(name);
}

static int flushing_suspend(const char *name)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_SUSPEND);
	int r;

	if (!task || !dm_task_set_name(task, name) || !dm_task_skip_lockfs(task))
		abort();
	r = dm_task_run(task) ? 0 : dm_task_get_errno(task) ?: EIO;
	dm_task_destroy(task);
	return r;
}

static int heal(int i)
{
	char linear[64];

	snprintf(linear, sizeof(linear), "%s 0", backing);
	return swap_in(path[i].name, "linear", linear);
}

static int act(char kind)
{
	int i = rnd(nr_paths), r;

	text[0] = '\0';
	switch (kind) {
	case 'm':
		say_message();
		return run(DM_DEVICE_TARGET_MSG, map, 0, text, NULL);
	case 't':
		say_table();
		return swap_in(map, NVMEMP_TARGET, text);
	case 's':
		r = one_in(3) ? flushing_suspend(map) : run(DM_DEVICE_SUSPEND, map, 0, NULL, NULL);
		return resume(map) ?: r;
	case 'p':
		return one_in(2) ? swap_in(path[i].name, "error", "") : heal(i);
	default:
		return run(one_in(2) ? DM_DEVICE_STATUS : DM_DEVICE_TABLE, map, 0, NULL, text);
	}
}

static bool known(char kind, int r)
{
	switch (r) {
	case 0:
	case EBUSY:	/* in flight, or a table that another storm has loaded */
	case EEXIST:
	case ENODEV:
		return true;
	case EINVAL:	/* suspended already by another storm; or a path that is broken can't do what the map offers */
		return kind == 't' || kind == 's' || kind == 'p' || !strncmp(text, "add_path", 8);
	case ENXIO:	/* no inactive table any more, or no live one for a moment; or a disk that is going */
		return kind != 'm' || !strncmp(text, "add_path", 8);
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	struct timespec now;
	time_t end;
	int i, r;

	if (argc < 9 || argc > 8 + MAX_DEVICES) {
		fprintf(stderr, "usage: storm SEED SECONDS KINDS MAP SECTORS BACKING GOOD NAME=DEVICE...\n");
		return 2;
	}
	seed_random(argv[1]);
	if (*argv[3] == 'Q') {
		queues = true;
		argv[3]++;
	}
	map = argv[4];
	sectors = strtoull(argv[5], NULL, 10);
	backing = argv[6];
	good = argv[7];
	for (nr_paths = 0; nr_paths < argc - 8; nr_paths++) {
		path[nr_paths].name = strtok(argv[8 + nr_paths], "=");
		path[nr_paths].number = strtok(NULL, "=");
	}
	dm_log_with_errno_init(no_log);
	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec + atoi(argv[2]);
	while (clock_gettime(CLOCK_MONOTONIC, &now), now.tv_sec < end) {
		char kind = argv[3][rnd(strlen(argv[3]))];

		r = act(kind);
		done[(unsigned char)kind]++;
		refused[(unsigned char)kind] += !!r;
		if (!known(kind, r)) {
			printf("%c: %s: %s\n", kind, strerror(r), text);
			return 1;
		}
	}
	for (i = 0; i < nr_paths && strchr(argv[3], 'p'); i++)
		heal(i);
	resume(map);
	for (i = 0; i < 256; i++)
		if (done[i])
			printf("%c %lu (%lu refused) ", i, done[i], refused[i]);
	printf("\n");
	return 0;
}
