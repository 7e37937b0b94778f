// SPDX-License-Identifier: GPL-2.0
/* device-mapper: what is loaded, and the calls of ops.h */
#include <errno.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/status.h"
#include "core/table.h"
#include "nvmemp_uapi.h"
#include "sys/dm.h"

#define TEARDOWN_TRIES	10
#define LOG_LEVEL_ERR	3		/* libdevmapper counts like syslog */

/* The udev rules know a resume with this flag as a reload: nothing changed for those above. */
#define COOKIE_RELOAD	DM_SUBSYSTEM_UDEV_FLAG0
#define COOKIE_ALWAYS	DM_UDEV_DISABLE_LIBRARY_FALLBACK

struct cookie {
	uint32_t value;
	uint64_t deadline_ms;
};

struct mp_dm {
	struct cookie *cookies;		/* whose udev rules are still running */
	size_t nr_cookies;
};

/* libdevmapper hands its messages to a function without a context; one thread owns both. */
static char last_message[256];

static void cleanup_task(struct dm_task **task)
{
	if (*task)
		dm_task_destroy(*task);
}

#define AUTO_TASK __attribute__((cleanup(cleanup_task)))

/* Only the first error of a call is kept: the ones after it say what that led to. */
__attribute__((format(printf, 5, 6)))
static void keep_message(int level, const char *file, int line, int dm_errno, const char *f, ...)
{
	static const char prefix[] = "device-mapper: ";
	char text[sizeof(last_message)];
	const char *s = text;
	va_list ap;

	if ((level & 7) > LOG_LEVEL_ERR || last_message[0] != '\0')
		return;
	va_start(ap, f);
	vsnprintf(text, sizeof(text), f, ap);
	va_end(ap);
	if (strncmp(s, prefix, sizeof(prefix) - 1) == 0)
		s += sizeof(prefix) - 1;
	snprintf(last_message, sizeof(last_message), "%s", s);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

int mp_dm_new(struct mp_dm **ret, struct mp_err *err)
{
	struct mp_dm *dm = calloc(1, sizeof(*dm));

	if (!dm)
		return mp_err_set(err, -ENOMEM, "no memory");
	dm_log_with_errno_init(keep_message);
	dm_set_name_mangling_mode(DM_STRING_MANGLING_NONE);
	dm_udev_set_sync_support(1);
	dm_hold_control_dev(1);
	*ret = dm;
	return 0;
}

void mp_dm_free(struct mp_dm *dm)
{
	if (!dm)
		return;
	dm_hold_control_dev(0);
	dm_lib_release();
	dm_lib_exit();
	free(dm->cookies);
	free(dm);
}

static int failed(const char *what, const char *name, int r, struct mp_err *err)
{
	if (last_message[0] != '\0')
		return mp_err_set(err, r, "%s: %s: %s", name, what, last_message);
	return mp_err_set(err, r, "%s: %s: %s", name, what, strerror(-r));
}

static struct dm_task *task_new(int type)
{
	last_message[0] = '\0';
	return dm_task_create(type);
}

static int task_run(struct dm_task *task)
{
	int r;

	if (dm_task_run(task))
		return 0;
	r = dm_task_get_errno(task);
	return r > 0 ? -r : -EIO;
}

/* A cookie whose rules are not awaited would leak a semaphore, so no room is a failure. */
static int cookie_reserve(struct mp_dm *dm)
{
	struct cookie *p = realloc(dm->cookies, (dm->nr_cookies + 1) * sizeof(*p));

	if (!p)
		return -ENOMEM;
	dm->cookies = p;
	p[dm->nr_cookies] = (struct cookie){ 0 };
	return 0;
}

static int task_run_with_cookie(struct mp_dm *dm, struct dm_task *task, uint16_t flags)
{
	uint32_t cookie = 0;
	int r;

	r = cookie_reserve(dm);
	if (r)
		return r;
	if (!dm_task_set_cookie(task, &cookie, flags))
		return -EIO;
	r = task_run(task);
	if (cookie) {
		dm->cookies[dm->nr_cookies++] = (struct cookie){
			.value = cookie, .deadline_ms = now_ms() + MP_DM_UDEV_MS,
		};
	}
	return r;
}

/*
 * The semaphore of a cookie is a SysV one, which nothing can poll. Completing
 * it in udev's place lets it be destroyed; rules that end later find no
 * semaphore and do nothing.
 */
bool mp_dm_udev_pending(struct mp_dm *dm, uint64_t now, unsigned int *ret_late)
{
	size_t i, kept = 0;
	unsigned int late = 0;

	for (i = 0; i < dm->nr_cookies; i++) {
		struct cookie c = dm->cookies[i];
		int ready = 0;

		if (!dm_udev_wait_immediate(c.value, &ready) || ready)
			continue;
		if (now >= c.deadline_ms) {
			late++;
			dm_udev_complete(c.value);
			dm_udev_wait_immediate(c.value, &ready);
			continue;
		}
		dm->cookies[kept++] = c;
	}
	dm->nr_cookies = kept;
	*ret_late = late;
	return kept > 0;
}

/* ---- reading ---- */

static int cmp_loaded(const void *a, const void *b)
{
	const struct mp_loaded_map *x = a, *y = b;

	return strcmp(x->map.uuid, y->map.uuid);
}

static bool is_ours(const char *uuid)
{
	return uuid && strncmp(uuid, NVMEMP_UUID_PREFIX, sizeof(NVMEMP_UUID_PREFIX) - 1) == 0;
}

/* One dm device by name or uuid. Positive: there is none. */
static int run_query(int type, const char *name, const char *uuid, struct dm_task **ret,
		     struct dm_info *ret_info)
{
	AUTO_TASK struct dm_task *task = task_new(type);
	int r;

	if (!task)
		return -ENOMEM;
	if (name ? !dm_task_set_name(task, name) : !dm_task_set_uuid(task, uuid))
		return -ENOMEM;
	if (type == DM_DEVICE_STATUS && !dm_task_no_flush(task))
		return -ENOMEM;
	r = task_run(task);
	if (r == -ENXIO)
		return 1;
	if (r)
		return r;
	if (!dm_task_get_info(task, ret_info) || !ret_info->exists)
		return 1;
	*ret = task;
	task = NULL;
	return 0;
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

	r = run_query(DM_DEVICE_STATUS, NULL, m->map.uuid, &task, &info);
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
	r = run_query(DM_DEVICE_INFO, name, NULL, &who, &info);
	if (r)
		return r;
	if (!is_ours(dm_task_get_uuid(who)))
		return 1;
	r = run_query(DM_DEVICE_TABLE, NULL, dm_task_get_uuid(who), &task, &info);
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

static struct dm_names *next_name(struct dm_names *n)
{
	return n->next ? (struct dm_names *)((char *)n + n->next) : NULL;
}

static int read_maps(struct mp_loaded *l, struct dm_names *names)
{
	struct dm_names *n;
	size_t count = 0;
	int r;

	if (names->dev == 0)		/* the list is empty */
		return 0;
	for (n = names; n; n = next_name(n))
		count++;
	l->maps = mp_arena_alloc(l->arena, count * sizeof(*l->maps));
	if (!l->maps)
		return -ENOMEM;
	for (n = names; n; n = next_name(n)) {
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
	AUTO_TASK struct dm_task *task = task_new(DM_DEVICE_LIST);
	struct mp_loaded l = { 0 };
	struct dm_names *names;
	int r;

	if (!task)
		return failed("device-mapper", "list", -ENODEV, err);
	r = task_run(task);
	if (r)
		return failed("device-mapper", "list", r, err);
	names = dm_task_get_names(task);
	l.arena = mp_arena_new();
	if (!names || !l.arena) {
		mp_dm_loaded_done(&l);
		return mp_err_set(err, -ENOMEM, "no memory");
	}
	r = read_maps(&l, names);
	if (r) {
		mp_dm_loaded_done(&l);
		return failed("device-mapper", "read", r, err);
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
	AUTO_TASK struct dm_task *task = task_new(DM_DEVICE_GET_TARGET_VERSION);
	int r;

	if (!task)
		return mp_err_set(err, 1, "the kernel has no device-mapper: modprobe dm_mod");
	if (!dm_task_set_name(task, NVMEMP_TARGET))
		return mp_err_set(err, -ENOMEM, "no memory");
	r = task_run(task);
	if (r == 0)
		return 0;
	return mp_err_set(err, 1, "the kernel has no target \"" NVMEMP_TARGET
			  "\": install dm-nvmemp.ko for this kernel and run modprobe dm-nvmemp");
}

/* ---- changing ---- */

static int add_table(struct dm_task *task, const struct mp_step *step)
{
	if (!dm_task_add_target(task, 0, step->size_sectors, NVMEMP_TARGET, step->text))
		return -ENOMEM;
	/* a write to a read-only path only fails below: its map says so above */
	if (step->read_only && !dm_task_set_ro(task))
		return -ENOMEM;
	return 0;
}

static int op_create(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_new(DM_DEVICE_CREATE);
	int r = -ENOMEM;

	if (task && dm_task_set_name(task, step->name) && dm_task_set_uuid(task, step->uuid))
		r = add_table(task, step);
	if (r == 0)
		r = task_run_with_cookie(self, task, COOKIE_ALWAYS);
	return r ? failed("create", step->name, r, err) : 0;
}

static struct dm_task *task_for(int type, const struct mp_step *step)
{
	struct dm_task *task = task_new(type);

	if (task && dm_task_set_uuid(task, step->uuid))
		return task;
	if (task)
		dm_task_destroy(task);
	return NULL;
}

static int op_load(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(DM_DEVICE_RELOAD, step);
	int r = -ENOMEM;

	if (task)
		r = add_table(task, step);
	if (r == 0)
		r = task_run(task);
	return r ? failed("load", step->name, r, err) : 0;
}

static int op_unload(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(DM_DEVICE_CLEAR, step);
	int r = task ? task_run(task) : -ENOMEM;

	return r ? failed("clear", step->name, r, err) : 0;
}

static int op_suspend(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(DM_DEVICE_SUSPEND, step);
	int r = -ENOMEM;

	if (task && dm_task_no_flush(task) && dm_task_skip_lockfs(task))
		r = task_run(task);
	return r ? failed("suspend", step->name, r, err) : 0;
}

/* Only a map that was active before is unchanged for those above it. */
static bool was_active(const struct mp_step *step)
{
	AUTO_TASK struct dm_task *task = NULL;
	struct dm_info info;

	return run_query(DM_DEVICE_INFO, NULL, step->uuid, &task, &info) == 0 && info.live_table;
}

static int op_resume(void *self, const struct mp_step *step, struct mp_err *err)
{
	uint16_t flags = COOKIE_ALWAYS | (was_active(step) ? COOKIE_RELOAD : 0);
	AUTO_TASK struct dm_task *task = task_for(DM_DEVICE_RESUME, step);
	int r = -ENOMEM;

	if (task && dm_task_no_flush(task) && dm_task_skip_lockfs(task))
		r = task_run_with_cookie(self, task, flags);
	return r ? failed("resume", step->name, r, err) : 0;
}

static int op_rename(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_new(DM_DEVICE_RENAME);
	int r = -ENOMEM;

	if (task && dm_task_set_name(task, step->name) && dm_task_set_newname(task, step->text))
		r = task_run_with_cookie(self, task, COOKIE_ALWAYS);
	return r ? failed("rename", step->name, r, err) : 0;
}

static int send(const struct mp_step *step, const char *text, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(DM_DEVICE_TARGET_MSG, step);
	int r = -ENOMEM;

	if (task && dm_task_set_sector(task, 0) && dm_task_set_message(task, text))
		r = task_run(task);
	return r ? failed(text, step->name, r, err) : 0;
}

static int op_message(void *self, const struct mp_step *step, struct mp_err *err)
{
	return send(step, step->text, err);
}

static int op_cancel_remove(void *self, const struct mp_step *step, struct mp_err *err)
{
	return send(step, "@cancel_deferred_remove", err);
}

/* Positive: it is open, and goes with its last close. */
static int remove_one(struct mp_dm *dm, const char *name, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_new(DM_DEVICE_REMOVE), *look = NULL;
	struct dm_info info;
	int r = -ENOMEM;

	if (task && dm_task_set_name(task, name) && dm_task_deferred_remove(task))
		r = task_run_with_cookie(dm, task, COOKIE_ALWAYS);
	if (r == -ENXIO)
		return 0;
	if (r)
		return failed("remove", name, r, err);
	return run_query(DM_DEVICE_INFO, name, NULL, &look, &info) == 0;
}

static int op_remove(void *self, const struct mp_step *step, struct mp_err *err)
{
	return remove_one(self, step->name, err);
}

/* kpartx names the uuid of partition N of a map "partN-" and the uuid of the map. */
static bool is_partition_uuid(const char *part, const char *uuid)
{
	size_t n;

	if (!part || strncmp(part, "part", 4) != 0)
		return false;
	n = strspn(part + 4, "0123456789");
	return n > 0 && part[4 + n] == '-' && strcmp(part + 4 + n + 1, uuid) == 0;
}

/* Calls fn for each partition map; what it returns (>= 0) adds up. */
static int each_partition(struct mp_dm *dm, const struct mp_step *step, struct mp_err *err,
			  int (*fn)(struct mp_dm *dm, const char *name, struct mp_err *err))
{
	AUTO_TASK struct dm_task *list = task_new(DM_DEVICE_LIST);
	struct dm_names *n;
	int r, sum = 0;

	r = list ? task_run(list) : -ENOMEM;
	n = r == 0 ? dm_task_get_names(list) : NULL;
	if (!n)
		return failed("list", step->name, r ? r : -ENOMEM, err);
	for (n = n->dev ? n : NULL; n; n = next_name(n)) {
		AUTO_TASK struct dm_task *task = NULL;
		struct dm_info info;

		if (run_query(DM_DEVICE_INFO, n->name, NULL, &task, &info) != 0 ||
		    !is_partition_uuid(dm_task_get_uuid(task), step->uuid))
			continue;
		r = fn(dm, n->name, err);
		if (r < 0)
			return r;
		sum += r;
	}
	return sum;
}

static int op_remove_partitions(void *self, const struct mp_step *step, struct mp_err *err)
{
	return each_partition(self, step, err, remove_one);
}

static int open_count(const char *name)
{
	AUTO_TASK struct dm_task *task = NULL;
	struct dm_info info;

	if (run_query(DM_DEVICE_INFO, name, NULL, &task, &info) != 0 || info.open_count < 0)
		return 0;
	return info.open_count;
}

static int count_one(struct mp_dm *dm, const char *name, struct mp_err *err)
{
	return 1;
}

static int count_open(struct mp_dm *dm, const char *name, struct mp_err *err)
{
	return open_count(name);
}

/* Each partition map has its map open, and is no user as long as nobody has it open. */
static int is_open(struct mp_dm *dm, const struct mp_step *step, struct mp_err *err)
{
	int parts = each_partition(dm, step, err, count_one), users;

	users = parts < 0 ? parts : each_partition(dm, step, err, count_open);
	if (users < 0)
		return users;
	return users > 0 || open_count(step->name) > parts;
}

static int remove_now(struct mp_dm *dm, const char *name, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_new(DM_DEVICE_REMOVE);
	int r = -ENOMEM;

	if (task && dm_task_set_name(task, name))
		r = task_run_with_cookie(dm, task, COOKIE_ALWAYS);
	return r && r != -ENXIO ? failed("remove", name, r, err) : 0;
}

/* udev's rules may have it open for a moment. */
static int op_teardown(void *self, const struct mp_step *step, struct mp_err *err)
{
	static const struct timespec pause = { .tv_nsec = 100000000 };
	int tries, r = 1;

	for (tries = 0; r > 0 && tries < TEARDOWN_TRIES; tries++) {
		if (tries)
			nanosleep(&pause, NULL);
		r = is_open(self, step, err);
	}
	if (r > 0)
		return mp_err_set(err, -EBUSY, "%s is open in a program", step->name);
	if (r == 0)
		r = each_partition(self, step, err, remove_now);
	return r < 0 ? r : remove_now(self, step->name, err);
}

struct mp_ops mp_dm_ops(struct mp_dm *dm)
{
	return (struct mp_ops){
		.self = dm,
		.create = op_create,
		.load = op_load,
		.unload = op_unload,
		.suspend = op_suspend,
		.resume = op_resume,
		.rename = op_rename,
		.message = op_message,
		.cancel_remove = op_cancel_remove,
		.remove_partitions = op_remove_partitions,
		.remove = op_remove,
		.teardown = op_teardown,
	};
}
