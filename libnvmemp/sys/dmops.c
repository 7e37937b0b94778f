// SPDX-License-Identifier: GPL-2.0
/* device-mapper: the calls of ops.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "nvmemp_uapi.h"
#include "sys/dmtask.h"

#define TEARDOWN_TRIES	10

/* The udev rules know a resume with this flag as a reload: nothing changed for those above. */
#define COOKIE_RELOAD	DM_SUBSYSTEM_UDEV_FLAG0
#define COOKIE_ALWAYS	DM_UDEV_DISABLE_LIBRARY_FALLBACK

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
	AUTO_TASK struct dm_task *task = mp_dm_task(DM_DEVICE_CREATE);
	int r = -ENOMEM;

	mp_dm_doubt_name(self, step->name);
	if (task && dm_task_set_name(task, step->name) && dm_task_set_uuid(task, step->uuid))
		r = add_table(task, step);
	if (r == 0)
		r = mp_dm_run_with_cookie(self, task, COOKIE_ALWAYS);
	return r ? mp_dm_failed("create", step->name, r, err) : 0;
}

/* For a change to this map */
static struct dm_task *task_for(struct mp_dm *dm, int type, const struct mp_step *step)
{
	struct dm_task *task = mp_dm_task(type);

	mp_dm_doubt_name(dm, step->name);
	if (task && dm_task_set_uuid(task, step->uuid))
		return task;
	if (task)
		dm_task_destroy(task);
	return NULL;
}

static int op_load(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(self, DM_DEVICE_RELOAD, step);
	int r = -ENOMEM;

	if (task)
		r = add_table(task, step);
	if (r == 0)
		r = mp_dm_run(task);
	return r ? mp_dm_failed("load", step->name, r, err) : 0;
}

static int op_unload(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(self, DM_DEVICE_CLEAR, step);
	int r = task ? mp_dm_run(task) : -ENOMEM;

	return r ? mp_dm_failed("clear", step->name, r, err) : 0;
}

static int op_suspend(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(self, DM_DEVICE_SUSPEND, step);
	int r = -ENOMEM;

	if (task && dm_task_no_flush(task) && dm_task_skip_lockfs(task))
		r = mp_dm_run(task);
	return r ? mp_dm_failed("suspend", step->name, r, err) : 0;
}

/* Only a map that was active before is unchanged for those above it. */
static bool was_active(const struct mp_step *step)
{
	AUTO_TASK struct dm_task *task = NULL;
	struct dm_info info;

	return mp_dm_query(DM_DEVICE_INFO, NULL, step->uuid, &task, &info) == 0 && info.live_table;
}

static int op_resume(void *self, const struct mp_step *step, struct mp_err *err)
{
	uint16_t flags = COOKIE_ALWAYS | (was_active(step) ? COOKIE_RELOAD : 0);
	AUTO_TASK struct dm_task *task = task_for(self, DM_DEVICE_RESUME, step);
	int r = -ENOMEM;

	if (task && dm_task_no_flush(task) && dm_task_skip_lockfs(task))
		r = mp_dm_run_with_cookie(self, task, flags);
	return r ? mp_dm_failed("resume", step->name, r, err) : 0;
}

static int op_rename(void *self, const struct mp_step *step, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = mp_dm_task(DM_DEVICE_RENAME);
	int r = -ENOMEM;

	mp_dm_doubt_name(self, step->name);
	if (task && dm_task_set_name(task, step->name) && dm_task_set_newname(task, step->text))
		r = mp_dm_run_with_cookie(self, task, COOKIE_ALWAYS);
	return r ? mp_dm_failed("rename", step->name, r, err) : 0;
}

static int send(struct mp_dm *self, const struct mp_step *step, const char *text,
		struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = task_for(self, DM_DEVICE_TARGET_MSG, step);
	int r = -ENOMEM;

	if (task && dm_task_set_sector(task, 0) && dm_task_set_message(task, text))
		r = mp_dm_run(task);
	return r ? mp_dm_failed(text, step->name, r, err) : 0;
}

static int op_message(void *self, const struct mp_step *step, struct mp_err *err)
{
	return send(self, step, step->text, err);
}

static int op_cancel_remove(void *self, const struct mp_step *step, struct mp_err *err)
{
	return send(self, step, "@cancel_deferred_remove", err);
}

/* Positive: it is open, and goes with its last close. */
static int remove_one(struct mp_dm *dm, const char *name, struct mp_err *err)
{
	AUTO_TASK struct dm_task *task = mp_dm_task(DM_DEVICE_REMOVE), *look = NULL;
	struct dm_info info;
	int r = -ENOMEM;

	if (task && dm_task_set_name(task, name) && dm_task_deferred_remove(task))
		r = mp_dm_run_with_cookie(dm, task, COOKIE_ALWAYS);
	if (r == -ENXIO)
		return 0;
	if (r)
		return mp_dm_failed("remove", name, r, err);
	return mp_dm_query(DM_DEVICE_INFO, name, NULL, &look, &info) == 0;
}

static int op_remove(void *self, const struct mp_step *step, struct mp_err *err)
{
	mp_dm_doubt_name(self, step->name);
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
	AUTO_TASK struct dm_task *list = mp_dm_task(DM_DEVICE_LIST);
	struct dm_names *n;
	int r, sum = 0;

	r = list ? mp_dm_run(list) : -ENOMEM;
	n = r == 0 ? dm_task_get_names(list) : NULL;
	if (!n)
		return mp_dm_failed("list", step->name, r ? r : -ENOMEM, err);
	for (n = n->dev ? n : NULL; n; n = mp_dm_next_name(n)) {
		AUTO_TASK struct dm_task *task = NULL;
		struct dm_info info;

		if (mp_dm_query(DM_DEVICE_INFO, n->name, NULL, &task, &info) != 0 ||
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

	if (mp_dm_query(DM_DEVICE_INFO, name, NULL, &task, &info) != 0 || info.open_count < 0)
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
	AUTO_TASK struct dm_task *task = mp_dm_task(DM_DEVICE_REMOVE);
	int r = -ENOMEM;

	if (task && dm_task_set_name(task, name))
		r = mp_dm_run_with_cookie(dm, task, COOKIE_ALWAYS);
	return r && r != -ENXIO ? mp_dm_failed("remove", name, r, err) : 0;
}

/* udev's rules may have it open for a moment. */
static int op_teardown(void *self, const struct mp_step *step, struct mp_err *err)
{
	static const struct timespec pause = { .tv_nsec = 100000000 };
	int tries, r = 1;

	mp_dm_doubt_name(self, step->name);
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
