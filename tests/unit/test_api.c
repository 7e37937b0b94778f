// SPDX-License-Identifier: GPL-2.0
/*
 * The public library against a daemon that a thread plays: what it makes of
 * good answers, of errors, and of answers that make no sense.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "playedbus.h"
#include "unit.h"

#include "nvmemp.h"

enum play {
	GOOD,
	WRONG_TYPE,		/* GetManagedObjects answers with a string */
	WRONG_PROPERTY,		/* SizeBytes is text */
	EMPTY,			/* no objects, no properties */
	STRANGER,		/* objects, interfaces and properties that nobody knows */
	HANG_UP,		/* closes the connection on the first call */
	NO_SUCH_PATH, NO_SUCH_MAP, DENIED, REFUSED,
};

struct daemon {
	enum play play;
	char path[64];
	int listener;
	pthread_t thread;
	char called[200];	/* the last method on a map: PATH.METHOD(ARG) */
};

static void put_property(sd_bus_message *m, const char *name, const char *type, const char *text,
			 uint64_t number)
{
	sd_bus_message_open_container(m, 'e', "sv");
	sd_bus_message_append(m, "s", name);
	if (*type == 's' || *type == 'o')
		sd_bus_message_append(m, "v", type, text);
	else if (*type == 't')
		sd_bus_message_append(m, "v", type, number);
	else
		sd_bus_message_append(m, "v", type, (int)number);
	sd_bus_message_close_container(m);
}

static void put_path(sd_bus_message *m, const char *object, const char *device, uint64_t ios)
{
	open_object(m, object, "org.nvmemp1.Path");
	put_property(m, "Map", "o", "/org/nvmemp1/map/m", 0);
	put_property(m, "Device", "s", device, 0);
	put_property(m, "State", "s", "active", 0);
	put_property(m, "Current", "b", NULL, 1);
	put_property(m, "IoCount", "t", NULL, ios);
	put_property(m, "FutureProperty", "t", NULL, 1);
	close_object(m);
}

static void put_objects(const struct daemon *d, sd_bus_message *m)
{
	sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
	if (d->play == STRANGER) {
		open_object(m, "/somewhere/else", "org.example.Thing");
		put_property(m, "Name", "s", "x", 0);
		close_object(m);
	} else if (d->play != EMPTY) {
		put_path(m, "/org/nvmemp1/path/nvme10n1", "nvme10n1", 7);
		open_object(m, "/org/nvmemp1/map/m", "org.nvmemp1.Map");
		put_property(m, "Name", "s", "m", 0);
		if (d->play == WRONG_PROPERTY)
			put_property(m, "SizeBytes", "s", "large", 0);
		else
			put_property(m, "SizeBytes", "t", NULL, 4096);
		put_property(m, "OpenCount", "u", NULL, 3);
		close_object(m);
		put_path(m, "/org/nvmemp1/path/nvme2n1", "nvme2n1", 8);
		open_object(m, "/org/nvmemp1/subsystem/s", "org.nvmemp1.Subsystem");
		put_property(m, "Nqn", "s", "nqn.a", 0);
		sd_bus_message_open_container(m, 'e', "sv");
		sd_bus_message_append(m, "s", "Controllers");
		sd_bus_message_append(m, "v", "a(ssss)", 2, "nvme0", "live", "tcp", "a", "nvme1", "live",
				      "tcp", "b");
		sd_bus_message_close_container(m);
		sd_bus_message_open_container(m, 'e', "sv");
		sd_bus_message_append(m, "s", "NativePaths");
		sd_bus_message_append(m, "v", "a(ssss)", 1, "nvme0c1n1", "nvme0n1", "nvme1", "optimized");
		sd_bus_message_close_container(m);
		close_object(m);
	}
	sd_bus_message_close_container(m);
}

static void put_manager(const struct daemon *d, sd_bus_message *m)
{
	sd_bus_message_open_container(m, 'a', "{sv}");
	if (d->play != EMPTY) {
		put_property(m, "Version", "s", "9.9", 0);
		put_property(m, "NativeMultipath", "b", NULL, 1);
		put_property(m, "EventTrouble", "s", "no tracing", 0);
		put_property(m, "ConfigTrouble", "s", "f:1: unknown key", 0);
		sd_bus_message_open_container(m, 'e', "sv");
		sd_bus_message_append(m, "s", "Rejected");
		sd_bus_message_append(m, "v", "a(ss)", 1, "nvme5n1", "because");
		sd_bus_message_close_container(m);
	}
	sd_bus_message_close_container(m);
}

static int answer(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	static const struct {
		enum play play;
		const char *error;
	} errors[] = {
		{ NO_SUCH_PATH, "org.nvmemp1.Error.NoSuchPath" },
		{ NO_SUCH_MAP, SD_BUS_ERROR_UNKNOWN_OBJECT },
		{ DENIED, SD_BUS_ERROR_ACCESS_DENIED },
		{ REFUSED, "org.nvmemp1.Error.Failed" },
	};
	struct daemon *d = userdata;
	const char *method = sd_bus_message_get_member(call), *arg;
	sd_bus_message *reply = NULL;
	size_t i;
	int r;

	for (i = 0; i < COUNT(errors); i++)
		if (d->play == errors[i].play)
			return sd_bus_reply_method_errorf(call, errors[i].error, "no: %s", method);
	if (d->play == HANG_UP)
		return -ECONNRESET;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r < 0)
		return r;
	if (!strcmp(method, "GetManagedObjects") && d->play == WRONG_TYPE)
		sd_bus_message_append(reply, "s", "hello");
	else if (!strcmp(method, "GetManagedObjects"))
		put_objects(d, reply);
	else if (!strcmp(method, "GetAll"))
		put_manager(d, reply);
	else if (!strcmp(method, "Plan"))
		sd_bus_message_append(reply, "a(ss)", 2, "create x", "new", "remove y", "old");
	else if (!strcmp(method, "Config") && sd_bus_message_read(call, "s", &arg) > 0)
		sd_bus_message_append(reply, "a(sss)", 2, "policy", arg, "f:1", "alias", "", "built-in");
	else if (sd_bus_message_read(call, "s", &arg) > 0)
		snprintf(d->called, sizeof(d->called), "%s.%s(%s)", sd_bus_message_get_path(call), method,
			 arg);
	else
		snprintf(d->called, sizeof(d->called), "%s.%s()", sd_bus_message_get_path(call), method);
	r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 1;
}

static void *play(void *arg)
{
	struct daemon *d = arg;
	sd_id128_t id = SD_ID128_MAKE(00, 11, 22, 33, 44, 55, 66, 77, 88, 99, aa, bb, cc, dd, ee, ff);
	sd_bus *bus = NULL;
	int fd = accept(d->listener, NULL, NULL), r;

	if (fd < 0)
		return NULL;
	if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
	    sd_bus_set_server(bus, 1, id) < 0 || sd_bus_add_filter(bus, NULL, answer, d) < 0 ||
	    sd_bus_start(bus) < 0)
		abort();
	for (;;) {
		r = sd_bus_process(bus, NULL);
		if (r < 0 || (!r && sd_bus_wait(bus, UINT64_MAX) < 0))
			break;
	}
	sd_bus_close(bus);
	sd_bus_unref(bus);
	return NULL;
}

static struct nvmemp *start(struct daemon *d, enum play how)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct nvmemp *conn = NULL;

	*d = (struct daemon){ .play = how };
	snprintf(d->path, sizeof(d->path), "/tmp/nvmemp-test-%d", (int)getpid());
	unlink(d->path);
	memcpy(a.sun_path, d->path, sizeof(d->path));
	d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(d->listener, 4), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, play, d), 0);
	assert_int_equal(setenv("NVMEMP_BUS", d->path, 1), 0);
	assert_int_equal(nvmemp_connect(&conn), 0);
	return conn;
}

static void stop(struct daemon *d, struct nvmemp *conn)
{
	nvmemp_close(conn);
	assert_int_equal(pthread_join(d->thread, NULL), 0);
	close(d->listener);
	unlink(d->path);
}

static void a_snapshot_has_all_in_order(void **state)
{
	const struct nvmemp_snapshot *s;
	struct daemon d;
	struct nvmemp *conn = start(&d, GOOD);

	assert_int_equal(nvmemp_snapshot_read(conn, &s), 0);
	assert_string_equal(s->daemon_version, "9.9");
	assert_true(s->native_multipath);
	assert_string_equal(s->event_trouble, "no tracing");
	assert_string_equal(s->config_trouble, "f:1: unknown key");
	assert_int_equal(s->nr_maps, 1);
	assert_string_equal(s->maps[0]->name, "m");
	assert_string_equal(s->maps[0]->policy, "");
	assert_int_equal(s->maps[0]->size_bytes, 4096);
	assert_int_equal(s->maps[0]->open_count, 3);
	assert_int_equal(s->maps[0]->nr_paths, 2);
	assert_string_equal(s->maps[0]->paths[0]->device, "nvme2n1");
	assert_int_equal(s->maps[0]->paths[0]->io_count, 8);
	assert_string_equal(s->maps[0]->paths[1]->device, "nvme10n1");
	assert_true(s->maps[0]->paths[1]->current);
	assert_int_equal(s->nr_subsystems, 1);
	assert_int_equal(s->subsystems[0]->nr_controllers, 2);
	assert_string_equal(s->subsystems[0]->controllers[1]->name, "nvme1");
	assert_string_equal(s->subsystems[0]->controllers[1]->address, "b");
	assert_int_equal(s->subsystems[0]->nr_native_paths, 1);
	assert_string_equal(s->subsystems[0]->native_paths[0]->device, "nvme0c1n1");
	assert_string_equal(s->subsystems[0]->native_paths[0]->ana_state, "optimized");
	assert_int_equal(s->nr_rejected, 1);
	assert_string_equal(s->rejected[0]->device, "nvme5n1");
	assert_string_equal(s->rejected[0]->reason, "because");
	nvmemp_snapshot_free(s);
	stop(&d, conn);
}

static void calls_reach_their_map(void **state)
{
	const struct nvmemp_config *config;
	const struct nvmemp_plan *plan;
	struct daemon d;
	struct nvmemp *conn = start(&d, GOOD);

	assert_int_equal(nvmemp_switch(conn, "a-b", "nvme1"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/a_2db.Switch(nvme1)");
	assert_int_equal(nvmemp_fail(conn, "m", "nvme1n1"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/m.Fail(nvme1n1)");
	assert_int_equal(nvmemp_reinstate(conn, "m", "nvme1n1"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/m.Reinstate(nvme1n1)");
	assert_int_equal(nvmemp_release(conn, "m", "nvme1n1"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/m.Release(nvme1n1)");
	assert_int_equal(nvmemp_policy_set(conn, "m", "numa"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/m.SetPolicy(numa)");
	assert_int_equal(nvmemp_no_path_set(conn, "m", "queue"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/m.SetNoPath(queue)");
	assert_int_equal(nvmemp_rescan(conn, "m"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/m.Rescan()");
	assert_int_equal(nvmemp_teardown(conn, "a-b"), 0);
	assert_string_equal(d.called, "/org/nvmemp1/map/a_2db.Teardown()");
	assert_int_equal(nvmemp_reload(conn), 0);
	assert_int_equal(nvmemp_plan_read(conn, &plan), 0);
	assert_int_equal(plan->nr_steps, 2);
	assert_string_equal(plan->steps[1]->step, "remove y");
	assert_string_equal(plan->steps[1]->reason, "old");
	nvmemp_plan_free(plan);
	assert_int_equal(nvmemp_config_read(conn, "m", &config), 0);
	assert_int_equal(config->nr_settings, 2);
	assert_string_equal(config->settings[0]->value, "m");
	assert_string_equal(config->settings[1]->origin, "built-in");
	nvmemp_config_free(config);
	stop(&d, conn);
}

static void errors_say_what_they_mean(void **state)
{
	static const struct {
		enum play play;
		int r;
		const char *text;
	} rows[] = {
		{ NO_SUCH_PATH, -ENODEV, "no: Switch" },
		{ NO_SUCH_MAP, -ENOENT, "there is no map m" },
		{ DENIED, -EPERM, "only root may do this (CAP_SYS_ADMIN)" },
		{ REFUSED, -EIO, "no: Switch" },
		{ HANG_UP, -ENOTCONN, "nvmempd closed the connection" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct daemon d;
		struct nvmemp *conn = start(&d, rows[i].play);

		check_int(rows[i].text, nvmemp_switch(conn, "m", "p"), rows[i].r);
		check_text(rows[i].text, nvmemp_error(conn), rows[i].text);
		stop(&d, conn);
	}
}

static void answers_without_sense_are_refused(void **state)
{
	static const enum play plays[] = { WRONG_TYPE, WRONG_PROPERTY };
	size_t i;

	for (i = 0; i < COUNT(plays); i++) {
		const struct nvmemp_snapshot *s = NULL;
		struct daemon d;
		struct nvmemp *conn = start(&d, plays[i]);

		check_int("play", nvmemp_snapshot_read(conn, &s), -EPROTO);
		assert_null(s);
		assert_string_equal(nvmemp_error(conn), "the answer of nvmempd makes no sense");
		stop(&d, conn);
	}
}

static void what_is_unknown_or_missing_is_passed_over(void **state)
{
	static const enum play plays[] = { EMPTY, STRANGER };
	size_t i;

	for (i = 0; i < COUNT(plays); i++) {
		const struct nvmemp_snapshot *s;
		struct daemon d;
		struct nvmemp *conn = start(&d, plays[i]);

		assert_int_equal(nvmemp_snapshot_read(conn, &s), 0);
		assert_int_equal(s->nr_maps, 0);
		assert_int_equal(s->nr_subsystems, 0);
		assert_string_equal(s->daemon_version, plays[i] == EMPTY ? "" : "9.9");
		nvmemp_snapshot_free(s);
		stop(&d, conn);
	}
}

static void no_daemon_is_said(void **state)
{
	struct nvmemp *conn = NULL;

	assert_int_equal(setenv("NVMEMP_BUS", "/nonexistent/bus", 1), 0);
	assert_int_equal(nvmemp_connect(&conn), -ENOTCONN);
	assert_string_equal(nvmemp_error(conn),
			    "nvmempd can't be reached at /nonexistent/bus: No such file or directory");
	assert_int_equal(nvmemp_reload(conn), -ENOTCONN);
	nvmemp_close(conn);
	assert_int_equal(setenv("NVMEMP_BUS", "/a,guid=1", 1), 0);
	assert_int_equal(nvmemp_connect(&conn), -ENOTCONN);
	nvmemp_close(conn);
	nvmemp_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_has_all_in_order),
		cmocka_unit_test(calls_reach_their_map),
		cmocka_unit_test(errors_say_what_they_mean),
		cmocka_unit_test(answers_without_sense_are_refused),
		cmocka_unit_test(what_is_unknown_or_missing_is_passed_over),
		cmocka_unit_test(no_daemon_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
