// SPDX-License-Identifier: GPL-2.0
/* Tables by libsmartcols, as lsblk has them: chosen columns, trees, JSON, raw. */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "nvmempctl.h"

struct table {
	const struct table_kind *kind;
	struct libscols_table *scols;
	unsigned char chosen[TABLE_COLUMNS];
	size_t nr_chosen;
};

bool use_colors(void)
{
	const char *no = getenv("NO_COLOR");	/* no-color.org: present and not empty */

	return isatty(STDOUT_FILENO) && !(no && *no);
}

const char *color_of(const char *state)
{
	static const struct {
		const char *word, *color;
	} colors[] = {
		{ "active", "green" }, { "up", "green" }, { "live", "green" },
		{ "failed", "red" }, { "gone", "red" }, { "failing", "red" }, { "waiting", "red" },
		{ "inaccessible", "red" }, { "persistent-loss", "red" }, { "dead", "red" },
		{ "disabled", "yellow" }, { "blocked", "yellow" }, { "marginal", "yellow" },
		{ "held", "yellow" }, { "change", "yellow" }, { "resetting", "yellow" },
		{ "connecting", "yellow" }, { "unused", "yellow" },
	};
	size_t i, len = strcspn(state, ", ");

	for (i = 0; i < sizeof(colors) / sizeof(colors[0]); i++)
		if (strlen(colors[i].word) == len && !strncmp(colors[i].word, state, len))
			return colors[i].color;
	return NULL;
}

/* ---- which columns ---- */

static int no_such_column(const struct table_kind *kind, const char *word)
{
	char text[100];
	size_t i;

	fprintf(stderr, "nvmempctl: there is no column %s, only", escape(word, text, sizeof(text)));
	for (i = 0; i < kind->nr_columns; i++)
		fprintf(stderr, "%s %s", i ? "," : "", kind->columns[i].name);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

/* Adds those of a list with commas; 0 or EXIT_USAGE. Twice the same is once. */
static int choose(struct table *t, const char *list)
{
	while (*list) {
		size_t i, n, len = strcspn(list, ",");
		char word[40];

		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		for (i = 0; i < t->kind->nr_columns; i++)
			if (!strcasecmp(t->kind->columns[i].name, word))
				break;
		if (i == t->kind->nr_columns)
			return no_such_column(t->kind, word);
		for (n = 0; n < t->nr_chosen && t->chosen[n] != i; n++)
			;
		if (n == t->nr_chosen)
			t->chosen[t->nr_chosen++] = (unsigned char)i;
		list += len + (list[len] == ',');
	}
	return 0;
}

static int add_columns(struct table *t, bool json, bool raw)
{
	size_t i;

	for (i = 0; i < t->nr_chosen; i++) {
		const struct column *c = &t->kind->columns[t->chosen[i]];
		int flags = ((c->flags & (COLUMN_NUMBER | COLUMN_RIGHT)) ? SCOLS_FL_RIGHT : 0) |
			    ((c->flags & COLUMN_CUT) ? SCOLS_FL_TRUNC : 0) |
			    ((c->flags & COLUMN_TREE) && !raw ? SCOLS_FL_TREE : 0);
		struct libscols_column *column;
		char name[40];

		snprintf(name, sizeof(name), "%s%s", i ? "" : t->kind->indent, json ? c->key : c->name);
		column = scols_table_new_column(t->scols, name, 0, flags);
		if (!column)
			return -ENOMEM;
		scols_column_set_safechars(column, "\\");	/* what the daemon has escaped is */
		if (c->flags & COLUMN_NUMBER)
			scols_column_set_json_type(column, SCOLS_JSON_NUMBER);
		if (c->flags & COLUMN_YES)
			scols_column_set_json_type(column, SCOLS_JSON_BOOLEAN);
	}
	return 0;
}

void table_free(struct table *t)
{
	if (t)
		scols_unref_table(t->scols);
	free(t);
}

int table_new(const struct call *c, const struct table_kind *kind, struct table **ret)
{
	const char *output = c->options[OPTION_OUTPUT];
	struct table *t = calloc(1, sizeof(*t));
	int r = 0;

	if (!t)
		return -ENOMEM;
	t->kind = kind;
	if (!output || *output == '+')
		r = choose(t, kind->shown);
	if (output && !r)
		r = choose(t, output + (*output == '+'));
	if (!r && !t->nr_chosen)
		r = no_such_column(kind, "\"\"");
	if (!r) {
		t->scols = scols_new_table();
		r = t->scols ? add_columns(t, c->options[OPTION_JSON], c->options[OPTION_RAW]) :
				 -ENOMEM;
	}
	if (r) {
		table_free(t);
		return r;
	}
	scols_table_enable_json(t->scols, c->options[OPTION_JSON] != NULL);
	scols_table_set_name(t->scols, kind->name);
	scols_table_enable_raw(t->scols, c->options[OPTION_RAW] != NULL);
	scols_table_enable_noheadings(t->scols, c->options[OPTION_NOHEADINGS] != NULL);
	scols_table_enable_colors(t->scols, use_colors());
	*ret = t;
	return 0;
}

/* ---- rows ---- */

static int set_cell(struct table *t, struct libscols_line *line, size_t n, const char *value)
{
	const struct column *c = &t->kind->columns[t->chosen[n]];
	bool json = scols_table_is_json(t->scols);
	size_t indent = n ? 0 : strlen(t->kind->indent);
	char safe[VALUE_MAX + 8];
	int r;

	if (!*value && !(c->flags & (COLUMN_NUMBER | COLUMN_YES)))
		value = json || scols_table_is_raw(t->scols) ? "" : "-";
	memcpy(safe, t->kind->indent, indent);
	escape(value, safe + indent, sizeof(safe) - indent);
	r = scols_line_set_data(line, n, safe);
	if (!r && c->flags & COLUMN_STATE && color_of(value))
		r = scols_cell_set_color(scols_line_get_cell(line, n), color_of(value));
	return r;
}

int table_add(struct table *t, table_value value, const void *of, void *parent, void **ret_row)
{
	struct libscols_line *line = scols_table_new_line(t->scols, parent);
	size_t i;
	int r = line ? 0 : -ENOMEM;

	for (i = 0; i < t->nr_chosen && !r; i++) {
		char buf[VALUE_MAX] = "";

		r = set_cell(t, line, i, value(of, t->chosen[i], buf));
	}
	if (!r && ret_row)
		*ret_row = line;
	return r;
}

int table_print(struct table *t)
{
	return scols_print_table(t->scols);
}
