// SPDX-License-Identifier: GPL-2.0
/* device-mapper: what is loaded */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/loaded.h"
#include "core/status.h"
#include "core/table.h"
#include "nvmemp_uapi.h"
#include "sys/dmtask.h"

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
	struct mp_err why = { "" };
	const char *params;
	int r;

	params = only_target(task, &m->map.size_sectors, &m->bad);
	if (!params)
		return 0;
	r = mp_table_parse(l->arena, params, &m->map, &why);
	if (r == -ENOMEM)
		return r;
	return r < 0 ? bad_text(l, m, "table", why.text) : 0;
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

/* ---- what was seen before ---- */

static int cmp_seen(const void *a, const void *b)
{
	const struct mp_dm_seen *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct mp_dm_seen *find_seen(struct mp_dm *dm, const char *name)
{
	struct mp_dm_seen key = { .dev = 0 };

	if (!dm->nr_seen || strlen(name) >= sizeof(key.name))
		return NULL;
	strcpy(key.name, name);
	return bsearch(&key, dm->seen, dm->nr_seen, sizeof(key), cmp_seen);
}

void mp_dm_doubt_name(struct mp_dm *dm, const char *name)
{
	struct mp_dm_seen *seen = find_seen(dm, name);

	if (seen)
		seen->doubted = true;
}

void mp_dm_doubt(struct mp_dm *dm, uint32_t minor)
{
	size_t i;

	for (i = 0; i < dm->nr_seen; i++)
		if (minor(dm->seen[i].dev) == minor)
			dm->seen[i].doubted = true;
}

void mp_dm_doubt_all(struct mp_dm *dm)
{
	dm->nr_seen = 0;
}

/* ---- one device ---- */

/*
 * Its event number is behind the name in the list, on the next multiple of 8, as
 * linux/dm-ioctl.h has it. One that is older than what is read after it does no harm.
 */
static uint32_t event_of(const struct dm_names *n)
{
	uintptr_t end = (uintptr_t)n->name + strlen(n->name) + 1;

	return *(const uint32_t *)((end + 7) & ~(uintptr_t)7);
}

static bool is_unchanged(const struct mp_dm_seen *seen, const struct dm_names *n)
{
	return seen && !seen->doubted && seen->dev == n->dev && seen->event_nr == event_of(n);
}

/* Who it is. Positive: it is gone. */
static int identify(const struct dm_names *n, struct mp_dm_seen *ret)
{
	AUTO_TASK struct dm_task *task = NULL;
	struct dm_info info;
	const char *uuid;
	int r;

	r = mp_dm_query(DM_DEVICE_INFO, n->name, NULL, &task, &info);
	if (r)
		return r;
	uuid = dm_task_get_uuid(task);
	*ret = (struct mp_dm_seen){ .dev = n->dev, .event_nr = event_of(n) };
	snprintf(ret->name, sizeof(ret->name), "%s", n->name);
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", uuid ? uuid : "");
	return 0;
}

/* Table and status. Positive: it is gone. */
static int read_map(struct mp_loaded *l, struct mp_loaded_map *m, const char *uuid)
{
	AUTO_TASK struct dm_task *task = NULL;
	struct dm_info info;
	int r;

	memset(m, 0, sizeof(*m));
	r = mp_dm_query(DM_DEVICE_TABLE, NULL, uuid, &task, &info);
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

static int keep_map(struct mp_loaded *l, struct mp_loaded_map *m, const char *uuid)
{
	*m = (struct mp_loaded_map){ .kept = true, .map.uuid = mp_arena_strdup(l->arena, uuid) };
	return m->map.uuid ? 0 : -ENOMEM;
}

/* Into ret, what is to be remembered of it. Positive: it is gone. */
static int read_device(struct mp_dm *dm, struct mp_loaded *l, const struct dm_names *n,
		       struct mp_dm_seen *ret)
{
	const struct mp_dm_seen *before = find_seen(dm, n->name);
	struct mp_loaded_map *m = &l->maps[l->nr_maps];
	bool same = is_unchanged(before, n);
	int r = 0;

	if (same)
		*ret = *before;
	else
		r = identify(n, ret);
	if (r || !is_ours(ret->uuid))
		return r;
	r = same ? keep_map(l, m, ret->uuid) : read_map(l, m, ret->uuid);
	if (r)
		return r;
	ret->doubted = !same && !mp_loaded_is_quiet(m);
	l->nr_maps++;
	return 0;
}

/* ---- all of them ---- */

static int read_devices(struct mp_dm *dm, struct mp_loaded *l, struct dm_names *names,
			struct mp_dm_seen *seen, size_t *ret_nr)
{
	struct dm_names *n;
	size_t nr = 0;
	int r;

	for (n = names->dev ? names : NULL; n; n = mp_dm_next_name(n)) {
		r = read_device(dm, l, n, &seen[nr]);
		if (r < 0)
			return r;
		nr += r == 0;
	}
	*ret_nr = nr;
	return 0;
}

static size_t count_names(struct dm_names *names)
{
	struct dm_names *n;
	size_t count = 0;

	for (n = names->dev ? names : NULL; n; n = mp_dm_next_name(n))
		count++;
	return count;
}

static int read_list(struct mp_dm *dm, struct mp_loaded *l, struct dm_names *names)
{
	size_t count = count_names(names), nr;
	struct mp_dm_seen *seen;
	int r;

	l->maps = mp_arena_alloc(l->arena, (count + 1) * sizeof(*l->maps));
	seen = malloc((count + 1) * sizeof(*seen));
	r = l->maps && seen ? read_devices(dm, l, names, seen, &nr) : -ENOMEM;
	if (r) {
		free(seen);
		return r;
	}
	qsort(l->maps, l->nr_maps, sizeof(*l->maps), mp_loaded_cmp);
	qsort(seen, nr, sizeof(*seen), cmp_seen);
	free(dm->seen);
	dm->seen = seen;
	dm->nr_seen = nr;
	return 0;
}

int mp_dm_read(struct mp_dm *dm, struct mp_loaded *ret, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = mp_dm_task(DM_DEVICE_LIST);
	struct mp_loaded l = { 0 };
	struct dm_names *names;
	int r;

	if (!task)
		return mp_dm_failed("list", "device-mapper", -ENODEV, err);
	r = mp_dm_run(task);
	if (r)
		return mp_dm_failed("list", "device-mapper", r, err);
	names = dm_task_get_names(task);
	l.arena = mp_arena_new();
	if (!names || !l.arena) {
		mp_dm_loaded_done(&l);
		return mp_err_set(err, -ENOMEM, "no memory");
	}
	r = read_list(dm, &l, names);
	if (r) {
		mp_dm_loaded_done(&l);
		return mp_dm_failed("read", "device-mapper", r, err);
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
	return r ? mp_dm_failed("read", "device-mapper", r, err) : 0;
}
