// SPDX-License-Identifier: GPL-2.0
/*
 * Sends random table lines and messages to the target: valid ones, beginnings of
 * valid ones, mutated ones, and noise.
 *
 *   fuzz SEED COUNT MAP SPARE SECTORS DEVICE...
 *
 * MAP is a running map that gets the messages, SPARE another that gets the
 * tables; DEVICEs (major:minor) are its paths and others. One seed is one
 * sequence. What must hold is checked after each:
 *   - the answer is one of the errors that nvmemp_uapi.h names;
 *   - what was refused changed nothing that the table line shows;
 *   - what the grammar allows is not refused as wrong words;
 *   - a table line that is printed is accepted, and printed the same again.
 * Exit 0; 1 and one line that says what failed; 2 for wrong use.
 */
#include <stdarg.h>
#include <string.h>

#include "dm.h"

#define MAX_WORDS	160

static char **devices;
static int nr_devices;
static unsigned long step;
static char last[MAX_TEXT];

struct line {
	char *word[MAX_WORDS];
	int n;
	bool valid;		/* by the grammar; the devices may not fit */
	char text[MAX_TEXT];
	size_t used;
};

static void __attribute__((noreturn, format(printf, 1, 2))) broken(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("step %lu: ", step);
	vprintf(format, args);
	printf(": %s\n", last);
	va_end(args);
	exit(1);
}

/* ---- lines ---- */

static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *format, ...)
{
	size_t left = sizeof(l->text) - l->used;
	va_list args;
	int n;

	if (l->n == MAX_WORDS)
		return;
	va_start(args, format);
	n = vsnprintf(l->text + l->used, left, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= left)
		return;
	l->word[l->n++] = l->text + l->used;
	l->used += n + 1;
}

static const char *const ana_words[] = {
	NVMEMP_ANA_OPTIMIZED, NVMEMP_ANA_NONOPTIMIZED, NVMEMP_ANA_INACCESSIBLE,
	NVMEMP_ANA_PERSISTENT_LOSS, NVMEMP_ANA_CHANGE, NULL
};

static const struct {
	const char *key;
	const char *words[5];
	unsigned int min, max;
} features[] = {
	{ NVMEMP_KEY_POLICY, { NVMEMP_POLICY_NUMA, NVMEMP_POLICY_ROUND_ROBIN,
			       NVMEMP_POLICY_QUEUE_DEPTH, NVMEMP_POLICY_LATENCY }, 0, 0 },
	{ NVMEMP_KEY_NO_PATH, { NVMEMP_NO_PATH_FAIL, NVMEMP_NO_PATH_QUEUE }, 1, NVMEMP_NO_PATH_MAX_SECS },
	{ NVMEMP_KEY_FAILBACK, { NVMEMP_FAILBACK_IMMEDIATE, NVMEMP_FAILBACK_MANUAL }, 1, NVMEMP_FAILBACK_MAX_SECS },
	{ NVMEMP_KEY_WRITE_HOLD, { NVMEMP_WRITE_HOLD_OFF, NVMEMP_WRITE_HOLD_AUTO }, 1, NVMEMP_WRITE_HOLD_MAX_MS },
	{ NVMEMP_KEY_ANATT, { NULL }, 1, NVMEMP_ANATT_MAX },
	{ NVMEMP_KEY_MARGINAL_ERRORS, { NULL }, 0, NVMEMP_MARGINAL_MAX_ERRORS },
	{ NVMEMP_KEY_MARGINAL_WINDOW, { NULL }, 1, NVMEMP_MARGINAL_MAX_SECS },
	{ NVMEMP_KEY_MARGINAL_HOLD, { NULL }, 1, NVMEMP_MARGINAL_MAX_SECS },
	{ NVMEMP_KEY_MARGINAL_LATENCY, { NULL }, 0, NVMEMP_MARGINAL_MAX_LATENCY },
};

#define NR_FEATURES (sizeof(features) / sizeof(features[0]))

static void number(struct line *l, unsigned int min, unsigned int max)
{
	unsigned int n = one_in(3) ? min : one_in(3) ? max : min + rnd(max - min + 1);

	add(l, "%u", n);
}

static void feature(struct line *l)
{
	unsigned int f = rnd(NR_FEATURES);

	add(l, "%s", features[f].key);
	if (features[f].words[0] && (!features[f].max || one_in(2)))
		add(l, "%s", any(features[f].words));
	else
		number(l, features[f].min, features[f].max);
}

static const char *device(void)
{
	return devices[rnd(nr_devices)];
}

/* nr-path-words path-word*; the words of one path, none twice but by chance */
static void path_words(struct line *l, bool *preferred)
{
	static const char *const flags[] = {
		NVMEMP_KEY_DISABLED, NVMEMP_KEY_FAILED, NVMEMP_KEY_HELD, NVMEMP_KEY_MARGINAL,
		NVMEMP_KEY_FLUSH_FAILFAST, NULL
	};
	int at = l->n, n;

	add(l, "00");	/* room for the number */
	for (n = rnd(4); n; n--)
		switch (rnd(5)) {
		case 0:
			add(l, NVMEMP_KEY_ANA);
			add(l, "%s", any(ana_words));
			break;
		case 1:
			add(l, NVMEMP_KEY_WEIGHT);
			number(l, 1, NVMEMP_MAX_WEIGHT);
			break;
		case 2:
			add(l, NVMEMP_KEY_KATO);
			number(l, 0, NVMEMP_MAX_KATO_MS);
			break;
		case 3:
			if (!*preferred)
				add(l, NVMEMP_KEY_PREFERRED);
			*preferred = true;
			break;
		default:
			add(l, "%s", any(flags));
		}
	n = l->n - at - 1;
	l->word[at][0] = n / 10 + '0';
	l->word[at][1] = n % 10 + '0';
}

static void valid_table(struct line *l)
{
	bool preferred = false;
	int i, n = rnd(NR_FEATURES + 1), from = rnd(nr_devices);

	add(l, "%d", 2 * n);
	for (i = 0; i < n; i++)
		feature(l);
	n = 1 + rnd(nr_devices > 6 ? 6 : nr_devices);
	add(l, "%d", n);
	for (i = 0; i < n; i++) {
		add(l, "%s", devices[(from + i) % nr_devices]);
		path_words(l, &preferred);
	}
}

static void valid_message(struct line *l)
{
	static const char *const verbs[] = {
		NVMEMP_MSG_FAIL_PATH, NVMEMP_MSG_REINSTATE_PATH, NVMEMP_MSG_DISABLE_PATH,
		NVMEMP_MSG_RELEASE_PATH, NVMEMP_MSG_REMOVE_PATH, NULL
	};
	bool preferred = !one_in(3);
	int n;

	switch (rnd(8)) {
	case 0:
		add(l, NVMEMP_MSG_ANA);
		for (n = 1 + rnd(4); n; n--) {
			add(l, "%s", device());
			add(l, "%s", any(ana_words));
		}
		break;
	case 1:
		add(l, NVMEMP_MSG_PREFER);
		add(l, "%s", one_in(3) ? NVMEMP_MSG_PREFER_NONE : device());
		break;
	case 2:
		add(l, NVMEMP_MSG_WEIGHT);
		add(l, "%s", device());
		number(l, 1, NVMEMP_MAX_WEIGHT);
		break;
	case 3:
		add(l, NVMEMP_MSG_RESET_STATS);
		break;
	case 4:
	case 5:
		add(l, NVMEMP_MSG_ADD_PATH);
		add(l, "%s", device());
		path_words(l, &preferred);
		break;
	case 6:
		feature(l);
		break;
	default:
		add(l, "%s", any(verbs));
		add(l, "%s", device());
	}
}

static void noise(struct line *l)
{
	static const char *const nasty[] = {
		"0", "1", "-1", "00000000000000000001", "4294967295", "4294967296", "18446744073709551616", "33",
		"+1", "0x10", "1:", ":1", "0:0", "1:2:3", "4294967296:4294967296", "/dev/null", "/dev/nonexistent",
		"/", "none", "queue", "auto", "held", "marginal", "failed", "preferred", "ana", "weight", "kato",
		"disabled", "add_path", "remove_path", "%s%n%p", "optimized", "\\", "a\\ b", "@", NULL
	};
	int n;

	switch (rnd(4)) {
	case 0:
		add(l, "%s", any(nasty));
		break;
	case 1:
		add(l, "%s", device());
		break;
	case 2: {
		char word[64];

		for (n = 0; n < (int)rnd(63); n++)
			word[n] = 33 + rnd(223);
		word[n] = '\0';
		add(l, "%s", n ? word : "x");
		break;
	}
	default: {
		char word[600];	/* longer than any buffer for a number */

		n = 1 + rnd(599);
		memset(word, "9aZ:"[rnd(4)], n);
		word[n] = '\0';
		add(l, "%s", word);
	}
	}
}

static void mutate(struct line *l)
{
	int at, n = 1 + rnd(3), end;
	char *word;

	l->valid = false;
	while (n-- && l->n) {
		at = rnd(l->n);
		switch (rnd(6)) {
		case 0:		/* a beginning */
			l->n = at + 1;
			break;
		case 1:		/* one word less */
			memmove(l->word + at, l->word + at + 1, (--l->n - at) * sizeof(*l->word));
			break;
		case 2:		/* another word */
			end = l->n;
			noise(l);
			if (l->n > end)
				l->word[at] = l->word[--l->n];
			break;
		case 3:		/* one more */
			noise(l);
			break;
		case 4:		/* two that change places */
			end = rnd(l->n);
			word = l->word[at];
			l->word[at] = l->word[end];
			l->word[end] = word;
			break;
		default:	/* one letter */
			word = l->word[at];
			if (*word)
				word[rnd(strlen(word))] = 33 + rnd(94);
		}
	}
}

static void generate(struct line *l, void (*valid)(struct line *))
{
	l->n = 0;
	l->used = 0;
	l->valid = true;
	valid(l);
	switch (rnd(8)) {
	case 0:
	case 1:
	case 2:
		break;
	case 3:
		l->n = rnd(l->n + 1);
		l->valid = false;
		break;
	case 4:
		l->n = rnd(3);
		for (int n = rnd(20); n; n--)
			noise(l);
		l->valid = false;
		break;
	default:
		mutate(l);
	}
}

static const char *joined(const struct line *l)
{
	size_t used = 0;

	last[0] = '\0';
	for (int i = 0; i < l->n; i++)
		used += snprintf(last + used, used < sizeof(last) ? sizeof(last) - used : 0, "%s%s",
				 i ? " " : "", l->word[i]);
	return last;
}

/* ---- device-mapper ---- */

static void table_of(const char *name, char *ret)
{
	int r = run(DM_DEVICE_TABLE, name, 0, NULL, ret);

	if (r)
		broken("no table of %s: %s", name, strerror(r));
}

/*
 * Without the words that time takes away, and the number of words that counts
 * them: the one behind DEVICE.
 */
static void lasting(const char *table, char *ret)
{
	char copy[MAX_TEXT], *word, *save, *end = ret;
	bool behind_device = false;

	snprintf(copy, sizeof(copy), "%s", table);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		bool count = behind_device;

		behind_device = strchr(word, ':');
		if (count || !strcmp(word, NVMEMP_KEY_HELD) || !strcmp(word, NVMEMP_KEY_MARGINAL))
			continue;
		end += sprintf(end, " %s", word);
	}
	*end = '\0';
}

static bool same(const char *a, const char *b)
{
	char x[MAX_TEXT], y[MAX_TEXT];

	lasting(a, x);
	lasting(b, y);
	return !strcmp(x, y);
}

static unsigned long accepted[2], refused[2];

static void try_message(struct line *l, const char *map)
{
	char before[MAX_TEXT], after[MAX_TEXT];
	int r;

	generate(l, valid_message);
	table_of(map, before);
	r = run(DM_DEVICE_TARGET_MSG, map, 0, joined(l), NULL);
	switch (r) {
	case 0:
		accepted[0]++;
		return;
	case EINVAL:
		/* add_path says so too when a device does not fit */
		if (l->valid && strcmp(l->word[0], NVMEMP_MSG_ADD_PATH))
			broken("refused, though the grammar allows it");
		break;
	case ENODEV:
	case EEXIST:
	case EBUSY:
	case ENOSPC:
		break;
	default:
		/* words that begin with @ are dm core's own */
		if (!last[0] || last[0] == '@')
			break;
		/* why a device can't be opened, in the block layer's words */
		if (!strcmp(l->word[0], NVMEMP_MSG_ADD_PATH) && r != ENOMEM && r != EFAULT)
			break;
		broken("%s", strerror(r));
	}
	refused[0]++;
	table_of(map, after);
	if (!same(before, after))
		broken("refused (%s), but the table was [%s] and is [%s]", strerror(r), before, after);
}

static void try_table(struct line *l, const char *spare, uint64_t sectors)
{
	char printed[MAX_TEXT], again[MAX_TEXT];
	int r;

	generate(l, valid_table);
	r = run(DM_DEVICE_RELOAD, spare, sectors, joined(l), NULL);
	if (r) {
		refused[1]++;
		if (r == ENOMEM || r == EFAULT)
			broken("%s", strerror(r));
		return;
	}
	accepted[1]++;
	if (!one_in(4)) {
		run(DM_DEVICE_CLEAR, spare, 0, NULL, NULL);
		return;
	}
	r = run(DM_DEVICE_RESUME, spare, 0, NULL, NULL);
	if (r)
		broken("accepted, but not resumed: %s", strerror(r));
	table_of(spare, printed);
	r = run(DM_DEVICE_RELOAD, spare, sectors, printed, NULL);
	if (r)
		broken("its print is refused: %s: [%s]", strerror(r), printed);
	r = run(DM_DEVICE_SUSPEND, spare, 0, NULL, NULL) ?: run(DM_DEVICE_RESUME, spare, 0, NULL, NULL);
	if (r)
		broken("its print can't be resumed: %s", strerror(r));
	table_of(spare, again);
	if (!same(printed, again))
		broken("printed [%s], then [%s]", printed, again);
}

int main(int argc, char **argv)
{
	unsigned long count;
	struct line *l = malloc(sizeof(*l));
	uint64_t sectors;

	if (argc < 7 || !l) {
		fprintf(stderr, "usage: fuzz SEED COUNT MAP SPARE SECTORS DEVICE...\n");
		return 2;
	}
	seed_random(argv[1]);
	count = strtoul(argv[2], NULL, 10);
	sectors = strtoull(argv[5], NULL, 10);
	devices = argv + 6;
	nr_devices = argc - 6;
	dm_log_with_errno_init(no_log);
	for (step = 0; step < count; step++) {
		if (step && step % 10000 == 0)
			fprintf(stderr, "-- %lu of %lu\n", step, count);
		if (one_in(4))
			try_table(l, argv[4], sectors);
		else
			try_message(l, argv[3]);
	}
	printf("messages: %lu accepted, %lu refused; tables: %lu accepted, %lu refused\n",
	       accepted[0], refused[0], accepted[1], refused[1]);
	return 0;
}
