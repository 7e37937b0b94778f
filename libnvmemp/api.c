// SPDX-License-Identifier: GPL-2.0
/* The connection, what is asked over it, and events; answers are read in apiread.c */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "apiread.h"
#include "core/arena.h"
#include "core/err.h"
#include "nvmemp.h"

/* Longer than a controller may take to answer (its admin timeout), so the daemon says so itself */
#define TIMEOUT_USEC	(90 * 1000000ull)

struct nvmemp {
	sd_bus *bus;
	sd_bus_message *event;		/* the last one; it owns the texts below */
	struct nvmemp_event event_info;
	struct mp_err err;
};

/* What came as rows: the arena that holds all of it, then what the caller sees. */
struct answer {
	struct mp_arena *arena;
};

struct planned {
	struct answer answer;
	struct nvmemp_plan info;
};

struct configured {
	struct answer answer;
	struct nvmemp_config info;
};

EXPORT const char *nvmemp_version(void)
{
	return NVMEMP_VERSION;
}

EXPORT const char *nvmemp_error(const struct nvmemp *conn)
{
	return conn ? conn->err.text : "no memory";
}

EXPORT int nvmemp_connect(struct nvmemp **ret_conn)
{
	const char *path = getenv("NVMEMP_BUS");
	struct nvmemp *conn = calloc(1, sizeof(*conn));
	char address[256];
	int r;

	if (!conn)
		return -ENOMEM;
	if (!path || !*path)
		path = NVMEMP_BUS_PATH;
	*ret_conn = conn;
	r = sd_bus_new(&conn->bus);
	if (r < 0)
		return mp_err_set(&conn->err, -ENOMEM, "no memory for a connection");
	if (snprintf(address, sizeof(address), "unix:path=%s", path) >= (int)sizeof(address) ||
	    strpbrk(path, ",;"))
		return mp_err_set(&conn->err, -ENOTCONN, "%.100s is no socket's name", path);
	r = sd_bus_set_address(conn->bus, address);
	if (r >= 0)
		r = sd_bus_start(conn->bus);
	if (r < 0)
		return mp_err_set(&conn->err, -ENOTCONN, "nvmempd can't be reached at %s: %s", path,
				  strerror(-r));
	sd_bus_set_method_call_timeout(conn->bus, TIMEOUT_USEC);
	return 0;
}

EXPORT void nvmemp_close(struct nvmemp *conn)
{
	if (!conn)
		return;
	sd_bus_message_unref(conn->event);
	sd_bus_flush_close_unref(conn->bus);
	free(conn);
}

/* What the daemon's error means to our callers */
static int call_failed(struct nvmemp *conn, int r, const sd_bus_error *e)
{
	static const struct {
		const char *name;
		int r;
	} names[] = {
		{ "org.nvmemp1.Error.NoSuchMap", -ENOENT },
		{ SD_BUS_ERROR_UNKNOWN_OBJECT, -ENOENT },
		{ SD_BUS_ERROR_UNKNOWN_METHOD, -ENOENT },
		{ "org.nvmemp1.Error.NoSuchPath", -ENODEV },
		{ SD_BUS_ERROR_INVALID_ARGS, -EINVAL },
		{ SD_BUS_ERROR_ACCESS_DENIED, -EPERM },
		{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, -EPERM },
	};
	size_t i;

	if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE || r == -ECONNREFUSED)
		return mp_err_set(&conn->err, -ENOTCONN, "nvmempd closed the connection");
	for (i = 0; e->name && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(e->name, names[i].name))
			continue;
		if (names[i].r == -EPERM)
			return mp_err_set(&conn->err, -EPERM, "only root may do this (CAP_SYS_ADMIN)");
		return mp_err_set(&conn->err, names[i].r, "%s", e->message ? e->message : e->name);
	}
	if (r == -ETIMEDOUT)
		return mp_err_set(&conn->err, -EIO, "nvmempd did not answer in time");
	return mp_err_set(&conn->err, r == -ENOMEM ? r : -EIO, "%s",
			  e->message ? e->message : strerror(-r));
}

static int call(struct nvmemp *conn, const char *object, const char *interface, const char *method,
		const char *arg, sd_bus_message **ret_reply)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int r;

	conn->err.text[0] = '\0';
	if (!conn->bus || sd_bus_is_open(conn->bus) <= 0)
		return mp_err_set(&conn->err, -ENOTCONN, "nvmempd is not connected");
	if (arg)
		r = sd_bus_call_method(conn->bus, NULL, object, interface, method, &e, ret_reply,
				       "s", arg);
	else
		r = sd_bus_call_method(conn->bus, NULL, object, interface, method, &e, ret_reply, "");
	if (r < 0)
		r = call_failed(conn, r, &e);
	else
		r = 0;
	sd_bus_error_free(&e);
	return r;
}

static int answer_failed(struct nvmemp *conn, int r)
{
	if (r == -ENOMEM)
		return mp_err_set(&conn->err, r, "no memory for the answer");
	return mp_err_set(&conn->err, -EPROTO, "the answer of nvmempd makes no sense");
}

/* The object manager leaves out the object that it is on: two calls */
EXPORT int nvmemp_snapshot_read(struct nvmemp *conn, const struct nvmemp_snapshot **ret_snapshot)
{
	sd_bus_message *manager = NULL, *objects = NULL;
	int r;

	r = call(conn, ROOT, MANAGER, "Refresh", NULL, NULL);
	if (!r)
		r = call(conn, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
			 &objects);
	if (!r)
		r = call(conn, ROOT, "org.freedesktop.DBus.Properties", "GetAll", MANAGER, &manager);
	if (!r) {
		r = api_read_snapshot(manager, objects, ret_snapshot);
		if (r)
			r = answer_failed(conn, r);
	}
	sd_bus_message_unref(manager);
	sd_bus_message_unref(objects);
	return r;
}

static int call_on_map(struct nvmemp *conn, const char *map, const char *method, const char *path)
{
	char *object = NULL;
	int r;

	if (sd_bus_path_encode(ROOT "/map", map, &object) < 0)
		return mp_err_set(&conn->err, -ENOMEM, "no memory for the call");
	r = call(conn, object, MAP, method, path, NULL);
	free(object);
	if (r == -ENOENT)
		return mp_err_set(&conn->err, r, "there is no map %.128s", map);
	return r;
}

EXPORT int nvmemp_switch(struct nvmemp *conn, const char *map, const char *path)
{
	return call_on_map(conn, map, "Switch", path);
}

EXPORT int nvmemp_fail(struct nvmemp *conn, const char *map, const char *path)
{
	return call_on_map(conn, map, "Fail", path);
}

EXPORT int nvmemp_reinstate(struct nvmemp *conn, const char *map, const char *path)
{
	return call_on_map(conn, map, "Reinstate", path);
}

EXPORT int nvmemp_release(struct nvmemp *conn, const char *map, const char *path)
{
	return call_on_map(conn, map, "Release", path);
}

EXPORT int nvmemp_policy_set(struct nvmemp *conn, const char *map, const char *policy)
{
	return call_on_map(conn, map, "SetPolicy", policy);
}

EXPORT int nvmemp_no_path_set(struct nvmemp *conn, const char *map, const char *no_path)
{
	return call_on_map(conn, map, "SetNoPath", no_path);
}

EXPORT int nvmemp_rescan(struct nvmemp *conn, const char *map)
{
	return call_on_map(conn, map, "Rescan", NULL);
}

EXPORT int nvmemp_teardown(struct nvmemp *conn, const char *map)
{
	return call_on_map(conn, map, "Teardown", NULL);
}

/* A method of the manager that returns rows of texts; what holds them is in a new arena. */
static int call_rows(struct nvmemp *conn, const char *method, const char *arg, const char *types,
		     size_t size, void **ret, void ***ret_rows, size_t *ret_nr)
{
	char row[8];
	sd_bus_message *reply = NULL;
	struct mp_arena *arena;
	struct answer *a;
	int r;

	r = call(conn, ROOT, MANAGER, method, arg, &reply);
	if (r)
		return r;
	snprintf(row, sizeof(row), "(%s)", types);
	arena = mp_arena_new();
	a = arena ? mp_arena_alloc(arena, size) : NULL;
	r = a ? sd_bus_message_enter_container(reply, 'a', row) : -ENOMEM;
	if (r >= 0)
		r = api_read_text_array(arena, reply, types, ret_rows, ret_nr);
	sd_bus_message_unref(reply);
	if (r < 0) {
		mp_arena_free(arena);
		return answer_failed(conn, r);
	}
	a->arena = arena;
	*ret = a;
	return 0;
}

static void free_answer(const void *info, size_t offset)
{
	mp_arena_free(((const struct answer *)((const char *)info - offset))->arena);
}

EXPORT int nvmemp_plan_read(struct nvmemp *conn, const struct nvmemp_plan **ret_plan)
{
	void **rows = NULL, *p = NULL;
	size_t n = 0;
	int r;

	r = call_rows(conn, "Plan", NULL, "ss", sizeof(struct planned), &p, &rows, &n);
	if (r)
		return r;
	((struct planned *)p)->info = (struct nvmemp_plan){ n, (const void *)rows };
	*ret_plan = &((struct planned *)p)->info;
	return 0;
}

EXPORT int nvmemp_config_read(struct nvmemp *conn, const char *map,
			      const struct nvmemp_config **ret_config)
{
	void **rows = NULL, *p = NULL;
	size_t n = 0;
	int r;

	r = call_rows(conn, "Config", map, "sss", sizeof(struct configured), &p, &rows, &n);
	if (r)
		return r;
	((struct configured *)p)->info = (struct nvmemp_config){ n, (const void *)rows };
	*ret_config = &((struct configured *)p)->info;
	return 0;
}

EXPORT void nvmemp_config_free(const struct nvmemp_config *config)
{
	if (config)
		free_answer(config, offsetof(struct configured, info));
}

EXPORT void nvmemp_plan_free(const struct nvmemp_plan *plan)
{
	if (plan)
		free_answer(plan, offsetof(struct planned, info));
}

EXPORT int nvmemp_reload(struct nvmemp *conn)
{
	return call(conn, ROOT, MANAGER, "Reload", NULL, NULL);
}

/* ---- events ---- */

EXPORT int nvmemp_watch(struct nvmemp *conn)
{
	return call(conn, ROOT, MANAGER, "Subscribe", NULL, NULL);
}

EXPORT int nvmemp_fd(struct nvmemp *conn)
{
	int fd = conn->bus ? sd_bus_get_fd(conn->bus) : -1;

	return fd >= 0 ? fd : mp_err_set(&conn->err, -ENOTCONN, "nvmempd is not connected");
}

/* Positive: it is an event; what else D-Bus says is passed over. */
static int take_event(struct nvmemp *conn, sd_bus_message *m)
{
	struct nvmemp_event e;
	int r;

	if (!sd_bus_message_is_signal(m, MANAGER, "Event")) {
		sd_bus_message_unref(m);
		return 0;
	}
	sd_bus_message_unref(conn->event);
	conn->event = m;
	r = sd_bus_message_read(m, "tsssss", &e.time_us, &e.kind, &e.map, &e.device, &e.before, &e.after);
	if (r < 0)
		return mp_err_set(&conn->err, -EPROTO, "an event of nvmempd makes no sense");
	conn->event_info = e;
	return 1;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000;
}

EXPORT int nvmemp_event_wait(struct nvmemp *conn, int timeout_ms, const struct nvmemp_event **ret_event)
{
	uint64_t end = timeout_ms < 0 ? UINT64_MAX : now_us() + timeout_ms * UINT64_C(1000);
	sd_bus_message *m;
	uint64_t now;
	int r;

	conn->err.text[0] = '\0';
	for (;;) {
		m = NULL;
		r = conn->bus ? sd_bus_process(conn->bus, &m) : -ENOTCONN;
		if (m) {
			r = take_event(conn, m);
			if (r == 0)
				continue;
			if (r > 0)
				*ret_event = &conn->event_info;
			return r > 0 ? 0 : r;
		}
		now = now_us();
		if (r == 0 && now >= end)
			return mp_err_set(&conn->err, -EAGAIN, "nothing happened");
		if (r == 0)
			r = sd_bus_wait(conn->bus, end == UINT64_MAX ? end : end - now);
		if (r < 0 && r != -EINTR)
			return mp_err_set(&conn->err, r == -ENOMEM ? r : -ENOTCONN,
					  "nvmempd closed the connection");
	}
}
