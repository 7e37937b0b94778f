// SPDX-License-Identifier: GPL-2.0
/* Events on their way from a pass to a program: the daemon's side on a thread, the library's here. */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "../../daemon/bus.h"
#include "../../daemon/log.h"
#include "nvmemp.h"

static struct event_handler handler;
static unsigned int nr_events;		/* that the next Refresh brings */
static struct bus *bus;
static sd_event *event;
static pthread_t thread;

static struct mp_path paths[] = { { 259, 0, "nvme0n1" } };
static struct mp_path_status statuses[] = { { 259, 0, MP_PATH_FAILED } };
static struct mp_loaded_map maps[] = {
	{ .map = { .name = "m", .uuid = "nvmemp-1", .paths = paths, .nr_paths = 1 },
	  .status = { .paths = statuses, .nr_paths = 1, .current = -1 }, .nqn = "" },
};
static struct mp_subsys subsys[] = { { "nvme-subsys0", "nqn", "", "", "numa" } };
static struct mp_ctrl ctrls[] = {
	{ .name = "nvme0", .nqn = "nqn", .state = "live", .transport = "pcie", .address = "" },
};
static struct mp_native_path native_paths[] = { { "nvme0c0n1", "nvme0n1", "", 0 } };
static struct mp_topo topo = {
	.subsys = subsys, .nr_subsys = 1, .ctrls = ctrls, .nr_ctrls = 1, .native_paths = native_paths,
};
static struct mp_desired desired;
static struct mp_loaded loaded = { .maps = maps, .nr_maps = 1 };
static struct mp_conf conf;
static const struct view view = { &conf, &topo, &desired, &loaded, "" };

void log_line(int priority, const char *fmt, ...)
{
}

const struct view *reconcile_view(const struct reconcile *rc)
{
	return &view;
}

int reconcile_plan(struct reconcile *rc, struct mp_plan *ret, struct mp_err *err)
{
	return -EAGAIN;
}

/* One comes without an event */
int reconcile_read_native(struct reconcile *rc)
{
	topo.nr_native_paths = 1;
	return 0;
}

int reconcile_reload(struct reconcile *rc, struct mp_err *err)
{
	return 0;
}

void reconcile_tell_events(struct reconcile *rc, const struct event_handler *h)
{
	handler = *h;
}

void reconcile_request(struct reconcile *rc, const struct request *request)
{
	const struct mp_event e = { "path-state", "m", "nvme0n1", "active", "bad\xff" };
	const struct mp_event gone = { "path-removed", "m", "nvme9n1", "failed", "" };

	for (; nr_events > 1; nr_events--)
		handler.event(handler.context, &e);
	if (nr_events)
		handler.event(handler.context, &gone);
	nr_events = 0;
	request->done(request->context, REQUEST_DONE, NULL);
}

static void *serve(void *arg)
{
	sd_event_loop(event);
	return NULL;
}

static char path[64];

static int on_quit(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	return sd_event_exit(event, 0);
}

static int quit[2];

/* As systemd passes a socket */
static int start(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct mp_err err;
	char pid[16];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "/tmp/nvmemp-bus-%d", (int)getpid());
	memcpy(a.sun_path, path, sizeof(path));
	unlink(path);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0 || dup2(fd, 3) < 0 ||
	    pipe(quit) < 0)
		return -1;
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("NVMEMP_BUS", path, 1);
	if (sd_event_new(&event) < 0 || bus_new(event, NULL, &bus, &err) < 0 ||
	    sd_event_add_io(event, NULL, quit[0], EPOLLIN, on_quit, NULL) < 0)
		return -1;
	return pthread_create(&thread, NULL, serve, NULL);
}

static int stop(void **state)
{
	if (write(quit[1], "", 1) < 0)
		return -1;
	pthread_join(thread, NULL);
	bus_free(bus);
	sd_event_unref(event);
	unlink(path);
	return 0;
}

static struct nvmemp *connected(void)
{
	struct nvmemp *conn;

	assert_int_equal(nvmemp_connect(&conn), 0);
	return conn;
}

static void read_all(struct nvmemp *conn)
{
	const struct nvmemp_snapshot *s;

	assert_int_equal(nvmemp_snapshot_read(conn, &s), 0);
	nvmemp_snapshot_free(s);
}

enum { MANY = 1024, PATHS = 4 };

static struct mp_loaded_map many_maps[MANY];
static struct mp_path many_paths[MANY][PATHS];
static struct mp_path_status many_statuses[MANY][PATHS];
static char many_names[MANY][16], many_devices[MANY][PATHS][16];

static void make_many(void)
{
	int i, j;

	for (i = 0; i < MANY; i++) {
		snprintf(many_names[i], sizeof(many_names[i]), "m%04d", i);
		many_maps[i] = (struct mp_loaded_map){
			.map = { .name = many_names[i], .uuid = "nvmemp-1", .paths = many_paths[i], .nr_paths = PATHS },
			.status = { .paths = many_statuses[i], .nr_paths = PATHS, .current = -1 }, .nqn = "",
		};
		for (j = 0; j < PATHS; j++) {
			snprintf(many_devices[i][j], sizeof(many_devices[i][j]), "nvme%dn%d", j, i);
			many_paths[i][j] = (struct mp_path){ 259, i * PATHS + j, many_devices[i][j] };
			many_statuses[i][j] = (struct mp_path_status){ 259, i * PATHS + j, MP_PATH_ACTIVE };
			many_statuses[i][j].io_count = i * PATHS + j;
		}
	}
}

static void a_thousand_maps_with_their_paths(void **state)
{
	struct nvmemp *conn = connected();
	const struct nvmemp_snapshot *s;
	struct timespec began, ended;
	size_t i, j;

	make_many();
	loaded = (struct mp_loaded){ .maps = many_maps, .nr_maps = MANY };
	clock_gettime(CLOCK_MONOTONIC, &began);
	assert_int_equal(nvmemp_snapshot_read(conn, &s), 0);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	print_message("%d maps of %d paths were read in %ld ms\n", MANY, PATHS,
		      (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000);
	assert_int_equal(s->nr_maps, MANY);
	for (i = 0; i < MANY; i++) {
		assert_string_equal(s->maps[i]->name, many_names[i]);
		assert_int_equal(s->maps[i]->nr_paths, PATHS);
		for (j = 0; j < PATHS; j++)
			assert_int_equal(s->maps[i]->paths[j]->io_count, i * PATHS + j);
	}
	nvmemp_snapshot_free(s);
	loaded = (struct mp_loaded){ .maps = maps, .nr_maps = 1 };
	nvmemp_close(conn);
}

static void who_watches_is_told(void **state)
{
	struct nvmemp *conn = connected();
	const struct nvmemp_event *e;

	assert_int_equal(nvmemp_watch(conn), 0);
	assert_int_equal(nvmemp_event_wait(conn, 0, &e), -EAGAIN);
	nr_events = 2;
	read_all(conn);
	assert_int_equal(nvmemp_event_wait(conn, 5000, &e), 0);
	assert_string_equal(e->kind, "path-state");
	assert_string_equal(e->map, "m");
	assert_string_equal(e->device, "nvme0n1");
	assert_string_equal(e->before, "active");
	assert_string_equal(e->after, "bad\\xff");
	assert_true(e->time_us > 0);
	assert_int_equal(nvmemp_event_wait(conn, 5000, &e), 0);
	assert_string_equal(e->kind, "path-removed");
	assert_int_equal(nvmemp_event_wait(conn, 0, &e), -EAGAIN);
	assert_true(nvmemp_fd(conn) >= 0);
	nvmemp_close(conn);
}

/* D-Bus's own signals, by a program that is not of ours: "MEMBER OBJECT[: IFACE PROPERTY=VALUE]" */
static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *member = sd_bus_message_get_member(m), *iface, *property, *value, *object;
	char *text = userdata, *end = text + strlen(text);
	size_t left = 1000 - strlen(text);

	if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Properties", "PropertiesChanged")) {
		assert_true(sd_bus_message_read(m, "sa{sv}", &iface, 1, &property, "s", &value) > 0);
		snprintf(end, left, "%s %s: %s %s=%s\n", member, sd_bus_message_get_path(m), iface, property,
			 value);
	} else if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved")) {
		assert_true(sd_bus_message_read(m, "o", &object) > 0);
		snprintf(end, left, "%s %s\n", member, object);
	}
	return 0;
}

static void call(sd_bus *to, const char *member)
{
	assert_true(sd_bus_call_method(to, NULL, "/org/nvmemp1", "org.nvmemp1.Manager", member, NULL, NULL, "") >= 0);
}

static void signals_of_d_bus_say_the_same(void **state)
{
	char address[80], text[1000] = "";
	sd_bus *other;
	int i;

	snprintf(address, sizeof(address), "unix:path=%s", path);
	assert_true(sd_bus_new(&other) >= 0 && sd_bus_set_address(other, address) >= 0);
	assert_true(sd_bus_start(other) >= 0);
	assert_true(sd_bus_add_filter(other, NULL, on_signal, text) >= 0);
	call(other, "Subscribe");
	nr_events = 2;
	call(other, "Refresh");
	for (i = 0; i < 100 && !strstr(text, "Removed"); i++) {
		while (sd_bus_process(other, NULL) > 0)
			;
		if (!strstr(text, "Removed"))
			sd_bus_wait(other, 100000);
	}
	check_text("signals", text,
		   "PropertiesChanged /org/nvmemp1/path/nvme0n1: org.nvmemp1.Path State=failed\n"
		   "InterfacesRemoved /org/nvmemp1/path/nvme9n1\n");
	sd_bus_flush_close_unref(other);
}

static void native_paths_are_read_when_asked_for(void **state)
{
	struct nvmemp *conn = connected();
	const struct nvmemp_snapshot *s;

	topo.nr_native_paths = 0;
	assert_int_equal(nvmemp_snapshot_read(conn, &s), 0);
	assert_int_equal(s->nr_subsystems, 1);
	assert_int_equal(s->subsystems[0]->nr_native_paths, 1);
	assert_string_equal(s->subsystems[0]->native_paths[0]->device, "nvme0c0n1");
	nvmemp_snapshot_free(s);
	nvmemp_close(conn);
}

static void who_does_not_is_not(void **state)
{
	struct nvmemp *conn = connected();
	const struct nvmemp_event *e;

	nr_events = 2;
	read_all(conn);
	assert_int_equal(nvmemp_event_wait(conn, 50, &e), -EAGAIN);
	nvmemp_close(conn);
}

/* What it does not read is not kept for ever. */
static void who_does_not_read_is_cut_off(void **state)
{
	struct nvmemp *lazy = connected(), *conn = connected();
	const struct nvmemp_event *e;
	int r;

	assert_int_equal(nvmemp_watch(lazy), 0);
	nr_events = 20000;
	read_all(conn);
	do
		r = nvmemp_event_wait(lazy, 5000, &e);
	while (!r);
	assert_int_equal(r, -ENOTCONN);
	read_all(conn);
	nvmemp_close(lazy);
	nvmemp_close(conn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_maps_with_their_paths),
		cmocka_unit_test(who_watches_is_told),
		cmocka_unit_test(signals_of_d_bus_say_the_same),
		cmocka_unit_test(who_does_not_is_not),
		cmocka_unit_test(who_does_not_read_is_cut_off),
		cmocka_unit_test(native_paths_are_read_when_asked_for),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
