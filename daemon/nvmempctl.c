// SPDX-License-Identifier: GPL-2.0
/* nvmempctl: shows and steers what nvmempd does. Uses nvmemp.h only. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvmempctl.h"

#define NR_OF(array)	(sizeof(array) / sizeof((array)[0]))

const struct option_kind options[NR_OPTIONS] = {
	[OPTION_JSON] = { "json", 'j', "", "print one JSON object" },
	[OPTION_NOHEADINGS] = { "noheadings", 'n', "", "print no headings" },
	[OPTION_OUTPUT] = { "output", 'o', "COLUMNS", "these, with commas between; +COLUMNS: as well" },
	[OPTION_RAW] = { "raw", 'r', "", "one blank between columns, others as \\x20" },
	[OPTION_ROOT] = { "root", 'R', "DIR", "of a machine that was captured there" },
	[OPTION_TEXTFILE] = { "textfile", 't', "FILE", "write FILE at once, for node_exporter's textfile collector" },
	[OPTION_BATCH] = { "batch", 'b', "", "print one view below the other, without keys" },
	[OPTION_DELAY] = { "delay", 'd', "SECONDS", "between two looks; 1" },
	[OPTION_COUNT] = { "count", 'n', "COUNT", "end after so many views" },
	[OPTION_HELP] = { "help", 'h', "", "print this" },
	[OPTION_VERSION] = { "version", 'V', "", "print the version" },
};

/* What getopt_long() returns for a long one: no letter, since these may be shared */
#define FIRST_LONG	256

static int verb_version(const struct call *c);
static int verb_help(const struct call *c);

const struct verb verbs[] = {
	{ NULL, "", "What there is" },
	{ "status", "", "maps, their paths, and what is in no map (default)",
	  "All maps with their paths, then the namespaces that are in no map with the reason.\n"
	  "Where native multipath is on, its subsystems and paths.\n",
	  verb_status, OPTION(JSON) },
	{ "list", "", "a line for each map", NULL, verb_list, TABLE_OPTIONS, .table = &map_table },
	{ "show", "MAP", "all that is known of a map",
	  "With its paths; as JSON the map's object of status --json.\n", verb_show, OPTION(JSON) },
	{ "paths", "[MAP]", "a line for each path, of all maps or this one", NULL,
	  verb_paths, TABLE_OPTIONS, .table = &path_table },
	{ "tree", "", "subsystems, controllers, and what they reach",
	  "Also what is in no map, and what native multipath has (type native).\n",
	  verb_tree, TABLE_OPTIONS, .table = &tree_table },
	{ "plan", "", "what the daemon would do now, and why",
	  "The steps in order, each with its reason. Nothing is changed. With --root, what it would\n"
	  "do on the machine that was captured in DIR; needs no daemon.\n",
	  verb_plan, OPTION(JSON) | OPTION(ROOT) },

	{ "doctor", "", "what keeps nvmemp from working here, and how to mend it",
	  "Module, native multipath, tracing, multipathd, LVM, md, kpartx, initramfs, udev rules, and\n"
	  "what all paths of a map share. The exit code is 1 if there is a problem; warnings leave it at 0.\n"
	  "Needs no daemon; run it as root, who may read all.\n",
	  verb_doctor, OPTION(JSON), .offline = true },
	{ "top", "", "I/O of each path, live",
	  "Per second, between two looks; MEAN is of these, MAX since the map's table was loaded.\n"
	  "* the path of the next I/O, ! a preferred one. A dash: not known, as after a reload.\n"
	  "Keys: q, s (sort), space (look now). Without a terminal as with --batch.\n",
	  verb_top, OPTION(BATCH) | OPTION(DELAY) | OPTION(COUNT), .offline = true },
	{ "monitor", "", "events as they happen",
	  "A line for each, until nvmempd goes; as JSON an object a line.\n", verb_monitor,
	  OPTION(JSON) },
	{ "metrics", "", "all numbers, for a monitoring system",
	  "In the text format of OpenMetrics. If nvmempd can't be reached, nvmemp_up is 0 and\n"
	  "nothing else is there.\n",
	  verb_metrics, OPTION(TEXTFILE), .offline = true },

	{ NULL, "", "Paths" },
	{ "switch", "MAP PATH|auto", "prefer a path; auto: let the policy choose",
	  "I/O takes this path as long as it is usable. auto gives the choice back to the policy.\n",
	  verb_switch },
	{ "prefer", "MAP PATH|auto", "the same as switch", NULL, verb_switch },
	{ "fail", "MAP PATH", "take a path out of use",
	  "Until it is reinstated. I/O in flight on it ends there.\n", verb_fail },
	{ "reinstate", "MAP PATH", "check a path and take it back",
	  "Its identity is read again, and a block through it; only then it is used again.\n",
	  verb_reinstate },
	{ "drain", "MAP PATH", "the same as fail, and wait until its I/O is over", NULL, verb_drain },
	{ "release", "MAP PATH", "use a path again that is held or marginal", NULL, verb_release },

	{ NULL, "", "Maps and settings" },
	{ "policy", "MAP numa|round-robin|queue-depth|latency", "how a path is chosen",
	  "Until the configuration is read again, or the daemon starts again.\n", verb_policy },
	{ "queue", "MAP on|off|SECONDS", "let I/O wait for a path, or fail",
	  "While no path is usable: on waits for ever, off fails at once, and fails what waits now.\n"
	  "Until the configuration is read again, or the daemon starts again.\n", verb_queue },
	{ "resize", "MAP", "look whether the namespace has grown",
	  "Its controllers look at it again; the map grows when all have seen it, and never gets\n"
	  "smaller. Not needed where they announce it themselves.\n", verb_resize },
	{ "teardown", "[MAP]", "remove the maps that nobody uses, or this one",
	  "With the partition maps on them. A map that is in use is left, and a line says who uses\n"
	  "it. What was removed is not made again before the configuration is read again.\n",
	  verb_teardown },
	{ "config", "[MAP]", "the settings, for that map, and where they come from",
	  "For a map, or the WWID of a namespace that has none; without, what holds for a namespace\n"
	  "of which nothing is known.\n", verb_config, OPTION(JSON) },
	{ "reload", "", "read the configuration again",
	  "If a file is bad, the old configuration stays, and the error names file and line.\n",
	  verb_reload },

	{ "capture", "DIR", "write what is known of this machine, for a bug report",
	  "Makes DIR, with the files of sysfs and /proc that the daemon reads, what the controllers\n"
	  "say, the maps, the configuration and the last log lines. It has names, addresses, mount\n"
	  "points and serial numbers, but no keys. Needs root, and no daemon.\n",
	  verb_capture, .offline = true },

	{ NULL, "", "This command" },
	{ "version", "", "print the version", NULL, verb_version, .offline = true },
	{ "help", "[VERB]", "print this, or what there is to know of a verb", NULL, verb_help,
	  .offline = true },
};

const size_t nr_verbs = NR_OF(verbs);

#define DEFAULT_VERB	(&verbs[1])

const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < NR_OF(verbs); i++)
		if (verbs[i].name && !strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* ---- what serves all verbs ---- */

const char *base_name(const char *arg)
{
	const char *slash = strrchr(arg, '/');

	return slash ? slash + 1 : arg;
}

bool map_is(const struct nvmemp_map_info *m, const char *arg)
{
	arg = base_name(arg);
	return !strcmp(m->name, arg) || !strcmp(m->device, arg) || !strcmp(m->uuid, arg) ||
	       !strcmp(m->wwid, arg);
}

const struct nvmemp_map_info *find_map(const struct nvmemp_snapshot *s, const char *arg)
{
	size_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (map_is(s->maps[i], arg))
			return s->maps[i];
	return NULL;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters were put in, left out, replaced, or swapped with the next */
static size_t distance(const char *a, const char *b)
{
	size_t d[20][20], i, j, n = strlen(a), m = strlen(b);

	if (n >= 20 || m >= 20)
		return SIZE_MAX;
	for (i = 0; i <= n; i++)
		d[i][0] = i;
	for (j = 0; j <= m; j++)
		d[0][j] = j;
	for (i = 1; i <= n; i++) {
		for (j = 1; j <= m; j++) {
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
					d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n][m];
}

/* How many letters are wrong, where candidate may be what was meant; else SIZE_MAX */
static size_t misspelt(const char *word, const char *candidate)
{
	size_t len = strlen(word), away;

	if (len && !strncmp(candidate, word, len))
		return 0;
	away = distance(word, candidate);
	return away < 3 && away < len ? away : SIZE_MAX;
}

/* The candidate that was meant; name is NULL if none of them was */
struct nearest {
	const char *word, *name;
	size_t away;
};

#define NEAREST_TO(text)	{ .word = (text), .away = SIZE_MAX }

static void consider(struct nearest *n, const char *candidate)
{
	size_t away = misspelt(n->word, candidate);

	if (away >= n->away)
		return;
	n->name = candidate;
	n->away = away;
}

int no_such_map(const struct nvmemp_snapshot *s, const char *arg)
{
	struct nearest near = NEAREST_TO(base_name(arg));
	char text[200], name[200];
	size_t i;

	for (i = 0; i < s->nr_maps; i++)
		consider(&near, s->maps[i]->name);
	fprintf(stderr, "nvmempctl: there is no map %s%s%s\n", escape(arg, text, sizeof(text)),
		near.name ? "; did you mean " : "",
		near.name ? escape(near.name, name, sizeof(name)) : "");
	return EXIT_NO_SUCH;
}

int call_failed(const struct call *c, int r)
{
	char text[512];

	fprintf(stderr, "nvmempctl: %s\n", escape(nvmemp_error(c->conn), text, sizeof(text)));
	switch (r) {
	case -ENOENT:
	case -ENODEV:
		return EXIT_NO_SUCH;
	case -EINVAL:
		return EXIT_USAGE;
	case -ENOTCONN:
		return EXIT_NO_DAEMON;
	default:
		return EXIT_FAILURE;
	}
}

int printed(int r, const char *what)
{
	if (!r)
		return EXIT_SUCCESS;
	fprintf(stderr, "nvmempctl: no memory to print %s\n", what);
	return EXIT_FAILURE;
}

/* ---- help ---- */

static void print_options(unsigned int set)
{
	size_t i;

	printf("\nOptions\n");
	for (i = 0; i < NR_OPTIONS; i++) {
		char name[40];

		if (!(set & (1u << i)))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", options[i].name, *options[i].arg ? " " : "",
			 options[i].arg);
		printf("  -%c, %-18s %s\n", options[i].letter, name, options[i].help);
	}
}

static void print_columns(const struct table_kind *t)
{
	size_t i;

	printf("\nColumns (without -o: %s)\n", t->shown);
	for (i = 0; i < t->nr_columns; i++)
		printf("  %-14s %s\n", t->columns[i].name, t->columns[i].help);
}

static void print_usage(void)
{
	size_t i;

	printf("Usage: nvmempctl [OPTION...] [VERB [ARGUMENT...]]\n");
	for (i = 0; i < NR_OF(verbs); i++) {
		const struct verb *v = &verbs[i];

		if (!v->name)
			printf("\n%s\n", v->help);
		else if (strlen(v->args) > 18)
			printf("  %-9s %s\n  %-28s %s\n", v->name, v->args, "", v->help);
		else
			printf("  %-9s %-18s %s\n", v->name, v->args, v->help);
	}
	printf("\n"
	       "MAP is a name, /dev/mapper/NAME, dm-N, a device-mapper UUID or a WWID.\n"
	       "PATH is a block device (nvme0n1) or a controller (nvme0).\n"
	       "nvmempctl VERB --help says more of a verb.\n"
	       "Exit code: 0 done, 1 failed, 2 wrong usage, 3 no such map or path,\n"
	       "4 nvmempd can't be reached.\n");
}

static int print_verb(const struct verb *v)
{
	printf("Usage: nvmempctl %s%s%s%s\n", v->name, v->options ? " [OPTION...]" : "",
	       *v->args ? " " : "", v->args);
	printf("\n%c%s.\n", *v->help & ~('a' - 'A'), v->help + 1);
	if (v->more)
		fputs(v->more, stdout);
	print_options(v->options | OPTIONS_OF_ALL);
	if (v->table)
		print_columns(v->table);
	return EXIT_SUCCESS;
}

static int verb_version(const struct call *c)
{
	printf("nvmempctl %s\n", NVMEMP_VERSION);
	return EXIT_SUCCESS;
}

/* ---- wrong usage ---- */

static int wrong_verb(const char *word)
{
	struct nearest near = NEAREST_TO(word);
	char text[200];
	size_t i;

	for (i = 0; i < NR_OF(verbs); i++)
		if (verbs[i].name)
			consider(&near, verbs[i].name);
	fprintf(stderr, "nvmempctl: there is no verb %s%s%s\n", escape(word, text, sizeof(text)),
		near.name ? "; did you mean " : " (see nvmempctl --help)", near.name ? near.name : "");
	return EXIT_USAGE;
}

static int wrong_option(const char *word)
{
	char text[200];

	fprintf(stderr, "nvmempctl: there is no option %s, or its argument is missing (see nvmempctl --help)\n",
		escape(word, text, sizeof(text)));
	return EXIT_USAGE;
}

static int wrong_args(const struct verb *v)
{
	fprintf(stderr, "nvmempctl: %s takes %s (see nvmempctl %s --help)\n", v->name,
		*v->args ? v->args : "no argument", v->name);
	return EXIT_USAGE;
}

/* At least and at most this many */
static bool right_number(const char *args, int n)
{
	int least_wanted = 0, most = 0;

	while (*args) {
		size_t len = strcspn(args, " ");

		least_wanted += *args != '[';
		most++;
		args += len + (args[len] == ' ');
	}
	return n >= least_wanted && n <= most;
}

static int verb_help(const struct call *c)
{
	const struct verb *v;

	if (!c->args[0]) {
		print_usage();
		return EXIT_SUCCESS;
	}
	v = find_verb(c->args[0]);
	return v ? print_verb(v) : wrong_verb(c->args[0]);
}

/* ---- the call ---- */

static int run(const struct verb *v, struct call *c)
{
	size_t i;
	int r;

	if (c->options[OPTION_HELP])
		return print_verb(v);
	if (c->options[OPTION_VERSION])
		return verb_version(c);
	for (i = 0; i < NR_OPTIONS; i++) {
		if (!c->options[i] || v->options & (1u << i))
			continue;
		fprintf(stderr, "nvmempctl: %s takes no --%s (see nvmempctl %s --help)\n", v->name,
			options[i].name, v->name);
		return EXIT_USAGE;
	}
	if (v->offline || c->options[OPTION_ROOT])
		return v->fn(c);
	r = nvmemp_connect(&c->conn);
	r = r ? call_failed(c, r) : v->fn(c);
	nvmemp_close(c->conn);
	return r;
}

/* -n is for a table's headings and for top's count: it is the one that the verb takes. */
static bool letter_is_for(const struct verb *v, int option)
{
	int i;

	for (i = 0; i < NR_OPTIONS; i++)
		if (i != option && options[i].letter == options[option].letter &&
		    (v->options & (1u << i) || (i < option && !(v->options & (1u << option)))))
			return false;
	return true;
}

/* The first word that is one: options may stand before it. */
static const struct verb *guess_verb(char **argv)
{
	const struct verb *v = NULL;

	while (!v && *++argv)
		v = find_verb(*argv);
	return v ? v : DEFAULT_VERB;
}

/* 0, or the exit code */
static int parse_options(int argc, char **argv, struct call *c)
{
	struct option known[NR_OPTIONS + 1] = { };
	char letters[2 * NR_OPTIONS + 1], *l = letters;
	const struct verb *v = guess_verb(argv);
	int o, i;

	for (i = 0; i < NR_OPTIONS; i++) {
		known[i] = (struct option){ options[i].name, *options[i].arg ? required_argument : no_argument,
					    NULL, FIRST_LONG + i };
		if (!letter_is_for(v, i))
			continue;
		*l++ = options[i].letter;
		if (*options[i].arg)
			*l++ = ':';
	}
	*l = '\0';
	opterr = 0;
	while ((o = getopt_long(argc, argv, letters, known, NULL)) >= 0) {
		for (i = 0; i < NR_OPTIONS; i++)
			if (o == FIRST_LONG + i || (o == options[i].letter && letter_is_for(v, i)))
				break;
		if (i == NR_OPTIONS)
			return wrong_option(argv[optind - 1]);
		c->options[i] = optarg ? optarg : "";
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct verb *v = DEFAULT_VERB;
	struct call c = { };
	int r;

	setlocale(LC_CTYPE, "");	/* for the lines of trees; numbers stay as they are */
	if (argc > 1 && !strcmp(argv[1], "complete")) {
		c.args = argv + 2;	/* options among them are only words */
		return verb_complete(&c);
	}
	r = parse_options(argc, argv, &c);
	if (r)
		return r;
	if (optind == argc && c.options[OPTION_HELP]) {
		print_usage();
		return EXIT_SUCCESS;
	}
	if (optind < argc) {
		v = find_verb(argv[optind]);
		if (!v)
			return wrong_verb(argv[optind]);
		optind++;
	}
	if (!c.options[OPTION_HELP] && !right_number(v->args, argc - optind))
		return wrong_args(v);
	c.args = argv + optind;
	r = run(v, &c);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "nvmempctl: can't write the output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return r;
}
