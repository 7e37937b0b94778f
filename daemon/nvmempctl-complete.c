// SPDX-License-Identifier: GPL-2.0
/* What the shell may offer: nvmempctl complete WORD... has the words up to the cursor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nvmempctl.h"

#define PATIENCE_S	2	/* the user waits, and can do without */

/* Only what needs no quoting: a name may come from a target, and is about to be typed. */
static void offer(const char *typed, const char *kept, const char *candidate)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+@%";

	if (*candidate && !strncmp(candidate, typed, strlen(typed)) && !candidate[strspn(candidate, plain)])
		printf("%s%s\n", kept, candidate);
}

static void offer_verbs(const char *typed)
{
	size_t i;

	for (i = 0; i < nr_verbs; i++)
		if (verbs[i].name)
			offer(typed, "", verbs[i].name);
}

static void offer_options(const struct verb *v, const char *typed)
{
	char name[40];
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++) {
		snprintf(name, sizeof(name), "--%s", options[i].name);
		if (v->options & (1u << i) || OPTIONS_OF_ALL & (1u << i))
			offer(typed, "", name);
	}
}

/* The last of a list with commas */
static void offer_columns(const struct table_kind *t, const char *typed)
{
	const char *comma = strrchr(typed, ',');
	size_t i, len = comma ? (size_t)(comma - typed) + 1 : 0;
	char kept[400];

	snprintf(kept, sizeof(kept), "%.*s", (int)len, typed);
	for (i = 0; i < t->nr_columns; i++)
		offer(typed + len, kept, t->columns[i].name);
}

static void offer_paths(const struct nvmemp_map_info *m, const char *typed)
{
	size_t i;

	for (i = 0; m && i < m->nr_paths; i++) {
		offer(typed, "", m->paths[i]->device);
		offer(typed, "", m->paths[i]->controller);
	}
}

/* What is there: maps, or the paths of this one */
static void offer_names(const char *typed, const char *map)
{
	const struct nvmemp_snapshot *s;
	struct nvmemp *conn = NULL;
	size_t i;

	alarm(PATIENCE_S);
	if (!nvmemp_connect(&conn) && !nvmemp_snapshot_read(conn, &s)) {
		if (map)
			offer_paths(find_map(s, map), typed);
		else
			for (i = 0; i < s->nr_maps; i++)
				offer(typed, "", s->maps[i]->name);
		nvmemp_snapshot_free(s);
	}
	nvmemp_close(conn);
}

/* One of the words that a verb's args have between blanks, such as PATH|auto or [MAP] */
static void offer_argument(const char *wanted, const char *typed, const char *before)
{
	while (*wanted && *wanted != ' ') {
		size_t len = strcspn(wanted += *wanted == '[', "|] ");
		char word[40];

		snprintf(word, sizeof(word), "%.*s", (int)len, wanted);
		if (!strcmp(word, "MAP"))
			offer_names(typed, NULL);
		else if (!strcmp(word, "PATH") && before)
			offer_names(typed, before);
		else if (!strcmp(word, "VERB"))
			offer_verbs(typed);
		else if (*word < 'A' || *word > 'Z')
			offer(typed, "", word);
		wanted += len + (wanted[len] == '|' || wanted[len] == ']');
	}
}

/* Whose argument the next word is; NULL: no option's */
static const char *option_with_argument(const char *word)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++) {
		const char letter[] = { '-', options[i].letter, '\0' };

		if (*options[i].arg && (!strcmp(word, letter) ||
					(!strncmp(word, "--", 2) && !strcmp(word + 2, options[i].name))))
			return options[i].name;
	}
	return NULL;
}

int verb_complete(const struct call *c)
{
	const struct verb *v = NULL;
	const char *before = NULL, *wanted = "", *option = NULL;
	char **word = c->args;

	for (; word[0] && word[1]; word++) {
		if (option) {
			option = NULL;
			continue;
		}
		option = option_with_argument(*word);
		if (**word == '-')
			continue;
		if (!v) {
			v = find_verb(*word);
			if (!v)
				return EXIT_SUCCESS;
			wanted = v->args;
			continue;
		}
		before = *word;
		wanted += strcspn(wanted, " ");
		wanted += *wanted == ' ';
	}
	if (!*word)
		return EXIT_SUCCESS;
	if (option && v && v->table && !strcmp(option, "output"))
		offer_columns(v->table, *word);
	else if (!option && **word == '-')
		offer_options(v ? v : find_verb("status"), *word);
	else if (!option && !v)
		offer_verbs(*word);
	else if (!option)
		offer_argument(wanted, *word, before);
	return EXIT_SUCCESS;
}
