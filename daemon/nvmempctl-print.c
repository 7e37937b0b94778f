// SPDX-License-Identifier: GPL-2.0
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

		if (c < ' ' || c > '~' || c == '\\')
			used += (size_t)snprintf(buf + used, size - used, "\\x%02x", c);
		else
			buf[used++] = (char)c;
	}
	buf[used] = '\0';
	return buf;
}

/* 1.5G; three digits at most in front */
static const char *size_text(uint64_t bytes, char buf[16])
{
	static const char units[] = "BKMGTPE";
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1024 && units[u + 1]) {
		n /= 1024;
		u++;
	}
	snprintf(buf, 16, n >= 10 || n == (double)(uint64_t)n ? "%.0f%c" : "%.1f%c", n, units[u]);
	return buf;
}

/* "traddr=192.168.1.2,trsvcid=4420,src_addr=…" -> "192.168.1.2:4420" */
static const char *short_address(const char *address, char buf[80])
{
	const char *addr = strstr(address, "traddr="), *svc = strstr(address, "trsvcid=");
	int len;

	if (!addr)
		return escape(address, buf, 80);
	addr += strlen("traddr=");
	len = snprintf(buf, 60, "%.*s", (int)strcspn(addr, ","), addr);
	if (len > 59)
		len = 59;
	if (svc) {
		svc += strlen("trsvcid=");
		snprintf(buf + len, 80 - (size_t)len, ":%.*s", (int)strcspn(svc, ","), svc);
	}
	for (len = 0; buf[len]; len++)
		if (buf[len] < ' ' || buf[len] > '~')
			buf[len] = '?';
	return buf;
}

enum { COL_DEVICE, COL_CTRL, COL_TRANSPORT, COL_ADDRESS, COL_ANA, COL_STATE, COL_FLIGHT, COL_IOS,
       COL_ERRORS, COL_FAILOVERS, NR_COLS };

static const struct {
	const char *name;
	int flags;
} columns[NR_COLS] = {
	{ "PATH", 0 },
	{ "CTRL", 0 },
	{ "TRANSPORT", 0 },
	{ "ADDRESS", SCOLS_FL_TRUNC },
	{ "ANA", 0 },
	{ "STATE", 0 },
	{ "IN-FLIGHT", SCOLS_FL_RIGHT },
	{ "IOS", SCOLS_FL_RIGHT },
	{ "ERRORS", SCOLS_FL_RIGHT },
	{ "FAILOVERS", SCOLS_FL_RIGHT },
};

static int set(struct libscols_line *line, size_t col, const char *text)
{
	char safe[400];

	return scols_line_set_data(line, col, escape(text, safe, sizeof(safe)));
}

static int set_number(struct libscols_line *line, size_t col, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	return scols_line_set_data(line, col, text);
}

/* "active", and what the path is besides */
static const char *state_text(const struct nvmemp_path_info *p, char buf[64])
{
	snprintf(buf, 64, "%.30s%s%s", p->state, p->current ? ", in use" : "",
		 p->preferred ? ", preferred" : "");
	return buf;
}

static int add_path(struct libscols_table *table, const struct nvmemp_path_info *p, bool last)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char text[160];
	int r;

	if (!line)
		return -ENOMEM;
	snprintf(text, sizeof(text), "%s %.100s", last ? "`-" : "|-", p->device);
	r = set(line, COL_DEVICE, text);
	r = r ? r : set(line, COL_CTRL, p->controller);
	r = r ? r : set(line, COL_TRANSPORT, p->transport);
	r = r ? r : set(line, COL_ADDRESS, short_address(p->address, text));
	r = r ? r : set(line, COL_ANA, p->ana_state);
	r = r ? r : set(line, COL_STATE, state_text(p, text));
	r = r ? r : set_number(line, COL_FLIGHT, p->in_flight);
	r = r ? r : set_number(line, COL_IOS, p->io_count);
	r = r ? r : set_number(line, COL_ERRORS, p->error_count);
	return r ? r : set_number(line, COL_FAILOVERS, p->failover_count);
}

static int print_paths(const struct nvmemp_map_info *m)
{
	struct libscols_table *table = scols_new_table();
	int r = table ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < NR_COLS && !r; i++)
		if (!scols_table_new_column(table, columns[i].name, 0, columns[i].flags))
			r = -ENOMEM;
	for (i = 0; i < m->nr_paths && !r; i++)
		r = add_path(table, m->paths[i], i + 1 == m->nr_paths);
	if (!r)
		r = scols_print_table(table);
	scols_unref_table(table);
	return r;
}

static int print_map(const struct nvmemp_map_info *m)
{
	char name[200], nqn[300], size[16];

	printf("%s  %s  %s  %s\n", escape(m->name, name, sizeof(name)), m->device,
	       size_text(m->size_bytes, size), m->state);
	printf("  subsystem %s\n", escape(m->subsystem, nqn, sizeof(nqn)));
	printf("  policy %s  no_path %s  queued %" PRIu64 "  open %u\n", m->policy, m->no_path, m->queued,
	       m->open_count);
	return m->nr_paths ? print_paths(m) : 0;
}

/* The paths through one controller */
static void print_native_paths(const struct nvmemp_subsystem_info *sub, const char *controller,
			       const char *indent)
{
	char path[100], ns[100], ana[100];
	size_t i;

	for (i = 0; i < sub->nr_native_paths; i++) {
		const struct nvmemp_native_path_info *p = sub->native_paths[i];

		if (strcmp(p->controller, controller))
			continue;
		printf("%s`- %s  of %s  ANA %s\n", indent, escape(p->device, path, sizeof(path)),
		       escape(p->ns, ns, sizeof(ns)),
		       *p->ana_state ? escape(p->ana_state, ana, sizeof(ana)) : "not reported");
	}
}

static void print_native(const struct nvmemp_snapshot *s)
{
	char text[300], address[80];
	size_t i, j;

	printf("Native NVMe multipath is on (nvme_core.multipath=Y): the kernel owns these paths,\n"
	       "nvmempd builds nothing. Boot with nvme_core.multipath=N to change that.\n");
	for (i = 0; i < s->nr_subsystems; i++) {
		const struct nvmemp_subsystem_info *sub = s->subsystems[i];

		printf("%s  %s", sub->name, escape(sub->nqn, text, sizeof(text)));
		printf("  policy %s\n", escape(sub->native_policy, text, sizeof(text)));
		for (j = 0; j < sub->nr_controllers; j++) {
			const struct nvmemp_controller_info *c = sub->controllers[j];

			printf("%s %s  %s  %s  %s\n", j + 1 < sub->nr_controllers ? "|-" : "`-", c->name,
			       c->transport, short_address(c->address, address), c->state);
			print_native_paths(sub, c->name, j + 1 < sub->nr_controllers ? "|  " : "   ");
		}
	}
}

int print_status(const struct nvmemp_snapshot *s)
{
	char device[100], reason[600];
	char trouble[300];
	size_t i;
	int r = 0;

	if (*s->event_trouble)
		printf("Slow to react: %s.\n\n", escape(s->event_trouble, trouble, sizeof(trouble)));
	for (i = 0; i < s->nr_maps && !r; i++) {
		if (i)
			putchar('\n');
		r = print_map(s->maps[i]);
	}
	if (r)
		return r;
	if (s->native_multipath)
		print_native(s);
	else if (!s->nr_maps)
		printf("No maps: no namespace is there that several controllers can reach.\n");
	if (s->nr_rejected)
		printf("%sIn no map:\n", s->nr_maps || s->native_multipath ? "\n" : "");
	for (i = 0; i < s->nr_rejected; i++)
		printf("  %s: %s\n", escape(s->rejected[i]->device, device, sizeof(device)),
		       escape(s->rejected[i]->reason, reason, sizeof(reason)));
	return 0;
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
