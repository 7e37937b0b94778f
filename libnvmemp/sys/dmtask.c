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
#define COOKIE_USES	64		/* a semaphore for each change would be many */
#define UDEV_EACH_MS	100		/* longer, for each change that udev has not seen to yet */

struct cookie {
	uint32_t value;
	unsigned int uses;
	uint64_t deadline_ms;
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
	free(dm->seen);
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

/* The newest one, as long as it has room, or the one that was reserved */
static struct cookie *cookie_to_use(struct mp_dm *dm)
{
	struct cookie *last = dm->nr_cookies ? &dm->cookies[dm->nr_cookies - 1] : NULL;

	return last && last->uses < COOKIE_USES ? last : &dm->cookies[dm->nr_cookies];
}

static unsigned int cookie_uses(const struct mp_dm *dm)
{
	unsigned int uses = 0;
	size_t i;

	for (i = 0; i < dm->nr_cookies; i++)
		uses += dm->cookies[i].uses;
	return uses;
}

int mp_dm_run_with_cookie(struct mp_dm *dm, struct dm_task *task, uint16_t flags)
{
	struct cookie *c;
	int r;

	r = cookie_reserve(dm);
	if (r)
		return r;
	c = cookie_to_use(dm);
	if (!dm_task_set_cookie(task, &c->value, flags))
		return -EIO;
	r = mp_dm_run(task);
	if (!c->value)
		return r;
	if (c->uses++ == 0)
		dm->nr_cookies++;
	c->deadline_ms = now_ms() + MP_DM_UDEV_MS + cookie_uses(dm) * UDEV_EACH_MS;
	return r;
}

/*
 * Completing a cookie in udev's place lets its semaphore be destroyed; rules that
 * end later find no semaphore and do nothing. True: it is not needed any more.
 */
static bool cookie_is_over(const struct cookie *c, uint64_t now, unsigned int *late)
{
	unsigned int i;
	int ready = 0;

	if (!dm_udev_wait_immediate(c->value, &ready) || ready)
		return true;
	if (now < c->deadline_ms)
		return false;
	for (i = 0; i < c->uses && !ready; i++) {
		(*late)++;
		dm_udev_complete(c->value);
		if (!dm_udev_wait_immediate(c->value, &ready))
			break;
	}
	return true;
}

/* The semaphore of a cookie is a SysV one, which nothing can poll. */
bool mp_dm_udev_pending(struct mp_dm *dm, uint64_t now, unsigned int *ret_late)
{
	size_t i, kept = 0;

	*ret_late = 0;
	for (i = 0; i < dm->nr_cookies; i++)
		if (!cookie_is_over(&dm->cookies[i], now, ret_late))
			dm->cookies[kept++] = dm->cookies[i];
	dm->nr_cookies = kept;
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
