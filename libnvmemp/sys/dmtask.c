// SPDX-License-Identifier: GPL-2.0
/* Requests to device-mapper, and what their udev rules are waited for with */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "sys/dmtask.h"

#define LOG_LEVEL_ERR	3		/* libdevmapper counts like syslog */

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

void mp_dm_cleanup_task(struct dm_task **task)
{
	if (*task)
		dm_task_destroy(*task);
}

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

int mp_dm_failed(const char *what, const char *name, int r, struct mp_err *err)
{
	if (last_message[0] != '\0')
		return mp_err_set(err, r, "%s: %s: %s", name, what, last_message);
	return mp_err_set(err, r, "%s: %s: %s", name, what, strerror(-r));
}

struct dm_task *mp_dm_task(int type)
{
	last_message[0] = '\0';
	return dm_task_create(type);
}

int mp_dm_run(struct dm_task *task)
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

int mp_dm_run_with_cookie(struct mp_dm *dm, struct dm_task *task, uint16_t flags)
{
	uint32_t cookie = 0;
	int r;

	r = cookie_reserve(dm);
	if (r)
		return r;
	if (!dm_task_set_cookie(task, &cookie, flags))
		return -EIO;
	r = mp_dm_run(task);
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

int mp_dm_query(int type, const char *name, const char *uuid, struct dm_task **ret,
		     struct dm_info *ret_info)
{
	AUTO_TASK struct dm_task *task = mp_dm_task(type);
	int r;

	if (!task)
		return -ENOMEM;
	if (name ? !dm_task_set_name(task, name) : !dm_task_set_uuid(task, uuid))
		return -ENOMEM;
	if (type == DM_DEVICE_STATUS && !dm_task_no_flush(task))
		return -ENOMEM;
	r = mp_dm_run(task);
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

struct dm_names *mp_dm_next_name(struct dm_names *n)
{
	return n->next ? (struct dm_names *)((char *)n + n->next) : NULL;
}
