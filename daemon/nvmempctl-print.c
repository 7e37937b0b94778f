// SPDX-License-Identifier: GPL-2.0
/* What is printed for people that is more than one table. */
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nvmempctl.h"

const char *escape(const char *text, char *buf, size_t size)
{
	size_t used = 0;

	for (; *text && used + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c > '~')
			used += (size_t)snprintf(buf + used, size - used, "\\x%02x", c);
		else
			buf[used++] = (char)c;
	}
	buf[used] = '\0';
	return buf;
}

/* A state in its colour, where there are any */
static void put_state(const char *state)
{
	const char *color = use_colors() ? color_of(state) : NULL;
	char text[100];

	escape(state, text, sizeof(text));
	if (color)
		printf("\033[%sm%s\033[0m", !strcmp(color, "green") ? "32" :
		       !strcmp(color, "red") ? "31" : "33", text);
	else
		fputs(text, stdout);
}

static int print_paths(const struct nvmemp_map_info *m)
{
	static const struct call plain = { };
	struct table *t;
	size_t i;
	int r = table_new(&plain, &map_path_table, &t);

	if (r)
		return r;
	for (i = 0; i < m->nr_paths && !r; i++) {
		const struct path_row row = { m, m->paths[i] };

		r = table_add(t, path_value, &row, NULL, NULL);
	}
	if (!r)
		r = table_print(t);
	table_free(t);
	return r;
}

static void print_headline(const struct nvmemp_map_info *m)
{
	char name[200], size[16];

	printf("%s  %s  %s  ", escape(m->name, name, sizeof(name)), m->device,
	       size_text(m->size_bytes, size));
	put_state(m->state);
	putchar('\n');
}

static int print_short(const struct nvmemp_map_info *m)
{
	char text[300];

	print_headline(m);
	printf("  %s\n  policy %s, no_path %s, %" PRIu64 " queued, %u open\n",
	       *m->subsystem ? escape(m->subsystem, text, sizeof(text)) : "no controller is there",
	       m->policy, m->no_path, m->queued, m->open_count);
	return m->nr_paths ? print_paths(m) : 0;
}

static void print_line(const char *what, const char *value)
{
	char text[600];

	printf("  %-13s %s\n", what, *value ? escape(value, text, sizeof(text)) : "-");
}

int print_map(const struct nvmemp_map_info *m)
{
	char text[80];

	print_headline(m);
	snprintf(text, sizeof(text), "%" PRIu64 " bytes", m->size_bytes);
	print_line("size", text);
	print_line("subsystem", m->subsystem);
	print_line("WWID", m->wwid);
	print_line("UUID", m->uuid);
	print_line("policy", m->policy);
	print_line("no_path", m->no_path);
	snprintf(text, sizeof(text), "%" PRIu64 " now, %" PRIu64 " so far", m->queued, m->queued_total);
	print_line("queued", text);
	snprintf(text, sizeof(text), "%u", m->open_count);
	print_line("open", text);
	return m->nr_paths ? print_paths(m) : 0;
}

/* ---- native multipath ---- */

/* The paths through one controller */
static void print_native_paths(const struct nvmemp_subsystem_info *sub, const char *controller)
{
	char path[100], ns[100], ana[100];
	size_t i;

	for (i = 0; i < sub->nr_native_paths; i++) {
		const struct nvmemp_native_path_info *p = sub->native_paths[i];

		if (!strcmp(p->controller, controller))
			printf("    %s  of %s  ANA %s\n", escape(p->device, path, sizeof(path)),
			       escape(p->ns, ns, sizeof(ns)),
			       *p->ana_state ? escape(p->ana_state, ana, sizeof(ana)) : "not reported");
	}
}

static void print_native(const struct nvmemp_snapshot *s)
{
	char name[100], nqn[300], policy[100], address[VALUE_MAX];
	size_t i, j;

	printf("Native NVMe multipath is on (nvme_core.multipath=Y): the kernel owns these paths,\n"
	       "nvmempd builds nothing. Boot with nvme_core.multipath=N to change that.\n");
	for (i = 0; i < s->nr_subsystems; i++) {
		const struct nvmemp_subsystem_info *sub = s->subsystems[i];

		printf("\n%s  %s  policy %s\n", escape(sub->name, name, sizeof(name)),
		       escape(sub->nqn, nqn, sizeof(nqn)),
		       escape(sub->native_policy, policy, sizeof(policy)));
		for (j = 0; j < sub->nr_controllers; j++) {
			const struct nvmemp_controller_info *c = sub->controllers[j];
			char text[VALUE_MAX];

			printf("  %s  %s  ", c->name, escape(where_text(c->transport, c->address, text),
							     address, sizeof(address)));
			put_state(c->state);
			putchar('\n');
			print_native_paths(sub, c->name);
		}
	}
}

int print_status(const struct nvmemp_snapshot *s)
{
	char device[100], reason[600], trouble[600];
	size_t i;
	int r = 0;

	if (*s->config_trouble)
		printf("Left out of the configuration, until it is mended and reloaded: %s.\n\n",
		       escape(s->config_trouble, trouble, sizeof(trouble)));
	if (*s->event_trouble)
		printf("Slow to react: %s.\n\n", escape(s->event_trouble, trouble, sizeof(trouble)));
	for (i = 0; i < s->nr_maps && !r; i++) {
		if (i)
			putchar('\n');
		r = print_short(s->maps[i]);
	}
	if (r)
		return r;
	if (s->native_multipath)
		print_native(s);
	else if (!s->nr_maps)
		printf("No maps: no namespace is there that several controllers can reach.\n");
	if (s->nr_rejected)
		printf("%sIn no map\n", s->nr_maps || s->native_multipath ? "\n" : "");
	for (i = 0; i < s->nr_rejected; i++)
		printf("  %s: %s\n", escape(s->rejected[i]->device, device, sizeof(device)),
		       escape(s->rejected[i]->reason, reason, sizeof(reason)));
	return 0;
}

static int set(struct libscols_line *line, size_t col, const char *text)
{
	char safe[400];

	return scols_line_set_data(line, col, escape(text, safe, sizeof(safe)));
}

int print_config(const struct nvmemp_config *config)
{
	static const char *const names[] = { "KEY", "VALUE", "FROM" };
	struct libscols_table *table = scols_new_table();
	int r = table ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < 3 && !r; i++)
		if (!scols_table_new_column(table, names[i], 0, 0))
			r = -ENOMEM;
	for (i = 0; i < config->nr_settings && !r; i++) {
		const struct nvmemp_setting_info *s = config->settings[i];
		struct libscols_line *line = scols_table_new_line(table, NULL);

		r = line ? set(line, 0, s->key) : -ENOMEM;
		r = r ? r : set(line, 1, *s->value ? s->value : "-");
		r = r ? r : set(line, 2, s->origin);
	}
	if (!r)
		r = scols_print_table(table);
	scols_unref_table(table);
	return r;
}

int print_plan(const struct nvmemp_plan *plan)
{
	char step[2000], reason[600];
	size_t i;

	if (!plan->nr_steps)
		printf("Nothing to do: all maps are as they should be.\n");
	for (i = 0; i < plan->nr_steps; i++)
		printf("%s\n    because %s\n", escape(plan->steps[i]->step, step, sizeof(step)),
		       escape(plan->steps[i]->reason, reason, sizeof(reason)));
	return 0;
}
