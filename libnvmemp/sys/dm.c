// SPDX-License-Identifier: GPL-2.0
/* device-mapper: what is loaded */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/status.h"
#include "core/table.h"
#include "nvmemp_uapi.h"
#include "sys/dmtask.h"

static int cmp_loaded(const void *a, const void *b)
{
	const struct mp_loaded_map *x = a, *y = b;

	return strcmp(x->map.uuid, y->map.uuid);
}

static bool is_ours(const char *uuid)
{
	return uuid && strncmp(uuid, NVMEMP_UUID_PREFIX, sizeof(NVMEMP_UUID_PREFIX) - 1) == 0;
}

/* The parameters of the one target of a map; NULL: its table is not ours, *ret_bad says why. */
static const char *only_target(struct dm_task *task, uint64_t *ret_size, const char **ret_bad)
{
	uint64_t start = 0, length = 0;
	char *type = NULL, *params = NULL;
	void *next;

	next = dm_get_next_target(task, NULL, &start, &length, &type, &params);
	*ret_size = length;
	if (next || start != 0)
		*ret_bad = "its table has more than one target";
	else if (!type || strcmp(type, NVMEMP_TARGET) != 0)
		*ret_bad = "its table is not of the target " NVMEMP_TARGET;
	else
		return params ? params : "";
	return NULL;
}

static int bad_text(struct mp_loaded *l, struct mp_loaded_map *m, const char *what, const char *why)
{
	m->bad = mp_arena_printf(l->arena, "%s: %s", what, why);
	return m->bad ? 0 : -ENOMEM;
}

static int read_table(struct mp_loaded *l, struct mp_loaded_map *m, struct dm_task *task)
{
	const char *params, *name = m->map.name, *uuid = m->map.uuid;
	struct mp_err why = { "" };
	struct mp_map map = { 0 };
	uint64_t size = 0;
	int r;

	params = only_target(task, &size, &m->bad);
	m->map.size_sectors = size;
	if (!params)
		return 0;
	r = mp_table_parse(l->arena, params, &map, &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return bad_text(l, m, "table", why.text);
	map.read_only = m->map.read_only;
	m->map = map;
	m->map.name = name;
	m->map.uuid = uuid;
	m->map.size_sectors = size;
	return 0;
}

static int read_status(struct mp_loaded *l, struct mp_loaded_map *m)
{
	AUTO_TASK struct dm_task *task = NULL;
	struct mp_err why = { "" };
	struct dm_info info;
	const char *params;
	uint64_t size;
	int r;

	r = mp_dm_query(DM_DEVICE_STATUS, NULL, m->map.uuid, &task, &info);
	if (r)
		return r < 0 ? r : 0;
	params = only_target(task, &size, &m->bad);
	if (!params)
		return 0;
	r = mp_status_parse(l->arena, params, &m->status, &why);
	if (r == -ENOMEM)
		return r;
	return r < 0 ? bad_text(l, m, "status", why.text) : 0;
}

static int fill_map(struct mp_loaded *l, struct mp_loaded_map *m, struct dm_task *task,
		    const struct dm_info *info)
{
	m->bad = "";
	m->map.name = mp_arena_strdup(l->arena, dm_task_get_name(task));
	m->map.uuid = mp_arena_strdup(l->arena, dm_task_get_uuid(task));
	if (!m->map.name || !m->map.uuid)
		return -ENOMEM;
	m->major = info->major;
	m->minor = info->minor;
	m->open_count = info->open_count > 0 ? info->open_count : 0;
	m->event_nr = info->event_nr;
	m->has_table = info->live_table;
	m->suspended = info->suspended;
	m->deferred_remove = info->deferred_remove;
	m->map.read_only = info->read_only;
	return 0;
}

/* Table and status of one map. Positive: it is not ours, or gone. */
static int read_map(struct mp_loaded *l, struct mp_loaded_map *m, const char *name)
{
	AUTO_TASK struct dm_task *who = NULL, *task = NULL;
	struct dm_info info;
	int r;

	memset(m, 0, sizeof(*m));
	r = mp_dm_query(DM_DEVICE_INFO, name, NULL, &who, &info);
	if (r)
		return r;
	if (!is_ours(dm_task_get_uuid(who)))
		return 1;
	r = mp_dm_query(DM_DEVICE_TABLE, NULL, dm_task_get_uuid(who), &task, &info);
	if (r)
		return r;
	r = fill_map(l, m, task, &info);
	if (r || !m->has_table)
		return r;
	r = read_table(l, m, task);
	if (r == 0 && m->bad[0] == '\0')
		r = read_status(l, m);
	return r;
}

static int read_maps(struct mp_loaded *l, struct dm_names *names)
{
	struct dm_names *n;
	size_t count = 0;
	int r;

	if (names->dev == 0)		/* the list is empty */
		return 0;
	for (n = names; n; n = mp_dm_next_name(n))
		count++;
	l->maps = mp_arena_alloc(l->arena, count * sizeof(*l->maps));
	if (!l->maps)
		return -ENOMEM;
	for (n = names; n; n = mp_dm_next_name(n)) {
		r = read_map(l, &l->maps[l->nr_maps], n->name);
		if (r < 0)
			return r;
		l->nr_maps += r == 0;
	}
	qsort(l->maps, l->nr_maps, sizeof(*l->maps), cmp_loaded);
	return 0;
}

int mp_dm_read(struct mp_dm *dm, struct mp_loaded *ret, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = mp_dm_task(DM_DEVICE_LIST);
	struct mp_loaded l = { 0 };
	struct dm_names *names;
	int r;

	if (!task)
		return mp_dm_failed("device-mapper", "list", -ENODEV, err);
	r = mp_dm_run(task);
	if (r)
		return mp_dm_failed("device-mapper", "list", r, err);
	names = dm_task_get_names(task);
	l.arena = mp_arena_new();
	if (!names || !l.arena) {
		mp_dm_loaded_done(&l);
		return mp_err_set(err, -ENOMEM, "no memory");
	}
	r = read_maps(&l, names);
	if (r) {
		mp_dm_loaded_done(&l);
		return mp_dm_failed("device-mapper", "read", r, err);
	}
	*ret = l;
	return 0;
}

void mp_dm_loaded_done(struct mp_loaded *loaded)
{
	mp_arena_free(loaded->arena);
	memset(loaded, 0, sizeof(*loaded));
}

int mp_dm_check_target(struct mp_dm *dm, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = mp_dm_task(DM_DEVICE_GET_TARGET_VERSION);
	int r;

	if (!task)
		return mp_err_set(err, 1, "the kernel has no device-mapper: modprobe dm_mod");
	if (!dm_task_set_name(task, NVMEMP_TARGET))
		return mp_err_set(err, -ENOMEM, "no memory");
	r = mp_dm_run(task);
	if (r == 0)
		return 0;
	return mp_err_set(err, 1, "the kernel has no target \"" NVMEMP_TARGET
			  "\": install dm-nvmemp.ko for this kernel and run modprobe dm-nvmemp");
}

/* ---- as text ---- */

static int print_line(FILE *to, int type, const char *uuid, const char *flags, const char *name)
{
	AUTO_TASK struct dm_task *task = NULL;
	const char *params, *bad;
	struct dm_info info;
	uint64_t size = 0;
	int r;

	r = mp_dm_query(type, NULL, uuid, &task, &info);
	if (r)
		return r < 0 ? r : 0;
	params = only_target(task, &size, &bad);
	uuid += sizeof(NVMEMP_UUID_PREFIX) - 1;
	if (type == DM_DEVICE_STATUS)
		fprintf(to, "%s %s %s\n", params ? "status" : "#", uuid, params ? params : "");
	else
		fprintf(to, "loaded %s %s %" PRIu64 " -%s %s\n", name, uuid, size, flags,
			params ? params : "");
	return 0;
}

static int print_map(FILE *to, const struct mp_loaded_map *m)
{
	char flags[64];
	int r;

	snprintf(flags, sizeof(flags), "%s%s%s%s%s", m->suspended ? " suspended" : "",
		 m->deferred_remove ? " going" : "", m->map.read_only ? " read-only" : "",
		 *m->bad ? " bad" : "", m->has_table ? "" : " empty");
	r = print_line(to, DM_DEVICE_TABLE, m->map.uuid, flags, m->map.name);
	if (r || !m->has_table || *m->bad)
		return r;
	return print_line(to, DM_DEVICE_STATUS, m->map.uuid, "", "");
}

int mp_dm_print(struct mp_dm *dm, FILE *to, struct mp_err *err)
{
	struct mp_loaded l;
	size_t i;
	int r;

	r = mp_dm_read(dm, &l, err);
	if (r)
		return r;
	for (i = 0; i < l.nr_maps && !r; i++)
		r = print_map(to, &l.maps[i]);
	mp_dm_loaded_done(&l);
	return r ? mp_dm_failed("device-mapper", "read", r, err) : 0;
}
