// SPDX-License-Identifier: GPL-2.0
/*
 * nvmempctl against a daemon that a thread plays. Each tests/command/NAME.txt has
 * commands and what becomes of them:
 *
 *   $ nvmempctl ARGUMENT...		with what is played behind " # ": see plays; or
 *					another program of the build
 *   what it prints
 *   ! what it prints as an error
 *   > what it asked the daemon to change
 *   = exit code
 *
 * COMMAND_UPDATE=1 writes all but the commands anew; read the difference before
 * you believe it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "playedbus.h"
#include "unit.h"

#define DIR_NAME "tests/command"

enum play { TWO_MAPS, NATIVE, NOTHING, REFUSES, BAD_VALUE, ODD_NAME, NO_DAEMON };

static const char *const plays[] = { "two maps", "native", "nothing", "refuses", "bad value", "odd name", "no daemon" };

static struct {
	enum play play;
	int listener;
	char path[64];
	char calls[1000];
} d;

/* A property, from "TYPE VALUE": "s text", "t 12", "b 1" */
static void put(sd_bus_message *m, const char *name, const char *value)
{
	const char type[2] = { *value, '\0' };
	uint64_t number = strtoull(value + 2, NULL, 10);

	sd_bus_message_open_container(m, 'e', "sv");
	sd_bus_message_append(m, "s", name);
	if (*type == 't')
		sd_bus_message_append(m, "v", type, number);
	else if (*type == 'b' || *type == 'u')
		sd_bus_message_append(m, "v", type, (int)number);
	else
		sd_bus_message_append(m, "v", type, value + 2);
	sd_bus_message_close_container(m);
}

/* What distinguishes the paths; the rest is the same for all. */
static const struct {
	const char *map, *device, *ctrl, *transport, *address, *ana, *state, *preferred, *current;
} paths[] = {
	{ "a", "s nvme0n1", "s nvme0", "s pcie", "s 0000:01:00.0", "s optimized", "s active", "b 0", "b 1" },
	{ "a", "s nvme2n1", "s nvme2", "s pcie", "s 0000:02:00.0", "s optimized", "s disabled", "b 0", "b 0" },
	{ "b", "s nvme3n1", "s nvme3", "s tcp", "s traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.9",
	  "s non-optimized", "s active", "b 1", "b 1" },
	{ "b", "s nvme10n1", "s nvme10", "s tcp", "s traddr=192.0.2.2,trsvcid=4420", "s inaccessible",
	  "s active", "b 0", "b 0" },
};

static void put_path(sd_bus_message *m, size_t i)
{
	char object[64], map[64];

	snprintf(object, sizeof(object), "/org/nvmemp1/path/%s", paths[i].device + 2);
	snprintf(map, sizeof(map), "o /org/nvmemp1/map/%s", paths[i].map);
	open_object(m, object, "org.nvmemp1.Path");
	put(m, "Map", map);
	put(m, "Device", paths[i].device);
	put(m, "Controller", paths[i].ctrl);
	put(m, "Transport", paths[i].transport);
	put(m, "Address", paths[i].address);
	put(m, "ControllerState", "s live");
	put(m, "AnaState", paths[i].ana);
	put(m, "State", paths[i].state);
	put(m, "Preferred", paths[i].preferred);
	put(m, "Current", paths[i].current);
	put(m, "InFlight", i ? "t 0" : "t 4");
	put(m, "IoCount", i ? "t 0" : "t 123456");
	put(m, "ErrorCount", i == 1 ? "t 3" : "t 0");
	put(m, "MeanLatencyUs", "t 80");
	close_object(m);
}

static void put_map(sd_bus_message *m, const char *object, const char *name, const char *wwid,
		    const char *nqn)
{
	char uuid[100];

	open_object(m, object, "org.nvmemp1.Map");
	snprintf(uuid, sizeof(uuid), "s nvmemp-%s", wwid + 2);
	put(m, "Name", name);
	put(m, "Uuid", uuid);
	put(m, "Wwid", wwid);
	put(m, "Device", strcmp(name, "s database") ? "s dm-1" : "s dm-0");
	put(m, "Subsystem", nqn);
	put(m, "SizeBytes", "t 268435456");
	put(m, "State", "s up");
	put(m, "Policy", "s numa");
	put(m, "NoPath", "s 60");
	put(m, "QueuedTotal", "t 2");
	put(m, "OpenCount", "u 1");
	close_object(m);
}

/* Two controllers each; a target that hates terminals is the second */
static void put_subsystem(sd_bus_message *m, const char *name, const char *nqn, size_t first)
{
	char object[64];
	bool native = d.play == NATIVE;

	snprintf(object, sizeof(object), "/org/nvmemp1/subsystem/s%zu", first);
	open_object(m, object, "org.nvmemp1.Subsystem");
	snprintf(object, sizeof(object), "s %s", name);
	put(m, "Name", object);
	put(m, "Nqn", nqn);
	put(m, "NativePolicy", native ? "s numa" : "s ");
	sd_bus_message_open_container(m, 'e', "sv");
	sd_bus_message_append(m, "s", "Controllers");
	sd_bus_message_append(m, "v", "a(ssss)", 2, paths[first].ctrl + 2, "live",
			      paths[first].transport + 2, paths[first].address + 2,
			      paths[first + 1].ctrl + 2, native ? "connecting" : "live",
			      paths[first + 1].transport + 2, paths[first + 1].address + 2);
	sd_bus_message_close_container(m);
	if (native) {
		sd_bus_message_open_container(m, 'e', "sv");
		sd_bus_message_append(m, "s", "NativePaths");
		sd_bus_message_append(m, "v", "a(ssss)", 2, "nvme0c0n1", "nvme0n1", "nvme0", "optimized",
				      "nvme0c2n1", "nvme0n1", "nvme2", "");
		sd_bus_message_close_container(m);
	}
	close_object(m);
}

#define HOSTILE	"nqn.2014-08.org.example:\033]0;mine\007\xc3\xa9"

static void put_objects(sd_bus_message *m)
{
	size_t i;

	sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
	if (d.play != NATIVE && d.play != NOTHING) {
		put_map(m, "/org/nvmemp1/map/a", d.play == ODD_NAME ? "s $(reboot)" : "s database",
			"s uuid.6f2b5a54-2f4b-4a5e-9a57-0b4f0d6f2f11", "s nqn.2019-08.org.qemu:s0");
		put_map(m, "/org/nvmemp1/map/b", "s nvmemp-uuid.00000000-1111-4111-8111-000000000002",
			"s uuid.00000000-1111-4111-8111-000000000002", "s " HOSTILE);
		for (i = 0; i < COUNT(paths); i++)
			put_path(m, i);
		put_subsystem(m, "nvme-subsys1", "s " HOSTILE, 2);
	}
	if (d.play != NOTHING)
		put_subsystem(m, "nvme-subsys0", "s nqn.2019-08.org.qemu:s0", 0);
	sd_bus_message_close_container(m);
}

static void put_manager(sd_bus_message *m)
{
	sd_bus_message_open_container(m, 'a', "{sv}");
	put(m, "Version", "s 9.9");
	put(m, "NativeMultipath", d.play == NATIVE ? "b 1" : "b 0");
	if (d.play == TWO_MAPS) {
		sd_bus_message_open_container(m, 'e', "sv");
		sd_bus_message_append(m, "s", "Rejected");
		sd_bus_message_append(m, "v", "a(ss)", 1, "nvme2n7", "it is mounted on /srv");
		sd_bus_message_close_container(m);
	}
	sd_bus_message_close_container(m);
}

static void note_call(sd_bus_message *call, const char *method)
{
	const char *path = sd_bus_message_get_path(call), *arg = NULL;
	size_t used = strlen(d.calls);

	if (sd_bus_message_has_signature(call, "s"))
		sd_bus_message_read(call, "s", &arg);
	snprintf(d.calls + used, sizeof(d.calls) - used, "> %s.%s(%s)\n", strrchr(path, '/') + 1, method,
		 arg ? arg : "");
}

static int answer(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *method = sd_bus_message_get_member(call);
	sd_bus_message *reply = NULL;
	int r;

	/* what sd-bus says itself, that the client is gone, is no call */
	if (sd_bus_message_new_method_return(call, &reply) < 0)
		return 0;
	if (!strcmp(method, "GetManagedObjects")) {
		put_objects(reply);
	} else if (!strcmp(method, "GetAll")) {
		put_manager(reply);
	} else if (!strcmp(method, "Plan")) {
		if (d.play == TWO_MAPS)
			sd_bus_message_append(reply, "a(ss)", 2, "message database: policy numa",
					      "the configuration says so", "remove x", "it is \033[1mlost");
		else
			sd_bus_message_append(reply, "a(ss)", 0);
	} else if (!strcmp(method, "Config")) {
		sd_bus_message_append(reply, "a(sss)", 2, "policy", "numa", "built-in", "alias", "",
				      "/etc/nvmemp/nvmemp.conf:3");
	} else if (strcmp(method, "Refresh")) {
		note_call(call, method);
		if (d.play == BAD_VALUE) {
			sd_bus_message_unref(reply);
			return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INVALID_ARGS, "no such value");
		}
		if (d.play == REFUSES) {
			sd_bus_message_unref(reply);
			return sd_bus_reply_method_errorf(call, "org.nvmemp1.Error.Failed", "no, \033[2J");
		}
	}
	r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 1;
}

static void serve(int fd)
{
	sd_id128_t id = SD_ID128_MAKE(00, 11, 22, 33, 44, 55, 66, 77, 88, 99, aa, bb, cc, dd, ee, ff);
	sd_bus *bus = NULL;
	int r;

	if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
	    sd_bus_set_server(bus, 1, id) < 0 || sd_bus_add_filter(bus, NULL, answer, NULL) < 0 ||
	    sd_bus_start(bus) < 0)
		abort();
	do {
		r = sd_bus_process(bus, NULL);
		if (!r)
			r = sd_bus_wait(bus, UINT64_MAX);
	} while (r >= 0);
	sd_bus_close(bus);
	sd_bus_unref(bus);
}

static void *play(void *arg)
{
	int fd;

	while ((fd = accept4(d.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve(fd);
	return NULL;
}

static int start_daemon(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	pthread_t thread;

	snprintf(d.path, sizeof(d.path), "/tmp/nvmemp-test-%d", (int)getpid());
	unlink(d.path);
	memcpy(a.sun_path, d.path, sizeof(d.path));
	d.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(d.listener, (struct sockaddr *)&a, sizeof(a)) || listen(d.listener, 4) ||
	       pthread_create(&thread, NULL, play, NULL);
}

static int stop_daemon(void **state)
{
	return unlink(d.path);
}

/* ---- a command ---- */

/* json-c 0.16 breaks an empty list in two, 0.18 does not */
static bool ends_empty_list(const char *text, const char *line)
{
	size_t len = strlen(text);

	return len >= 2 && !strcmp(text + len - 2, "[\n") && line[strspn(line, " ")] == ']';
}

/* The lines of a file behind prefix, appended; the file is removed */
static void take(char *text, size_t size, const char *file, const char *prefix)
{
	FILE *f = fopen(file, "r");
	char line[2000];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		size_t blanks = 0;

		if (ends_empty_list(text, line)) {
			text[strlen(text) - 1] = '\0';
			blanks = strspn(line, " ");
		}
		snprintf(text + strlen(text), size - strlen(text), "%s%s", prefix, line + blanks);
	}
	fclose(f);
	unlink(file);
}

static const char *build_dir(void)
{
	return getenv("B") ? getenv("B") : "build";
}

static char *run(const char *command)
{
	const char *hash = strstr(command, " # ");
	char shell[1000], out[80], err[80], *text = calloc(1, 100000);
	size_t i;
	int status;

	assert_non_null(text);
	d.play = TWO_MAPS;
	d.calls[0] = '\0';
	for (i = 0; hash && i < COUNT(plays); i++)
		if (!strcmp(hash + 3, plays[i]))
			d.play = (enum play)i;
	snprintf(out, sizeof(out), "%s.out", d.path);
	snprintf(err, sizeof(err), "%s.err", d.path);
	snprintf(shell, sizeof(shell),
		 "NVMEMP_BUS=%s LC_ALL=C.UTF-8 LD_LIBRARY_PATH=%s %s/%.*s >%s 2>%s </dev/null",
		 d.play == NO_DAEMON ? "/nonexistent" : d.path, build_dir(), build_dir(),
		 hash ? (int)(hash - command) : (int)strlen(command), command, out, err);
	status = system(shell);
	take(text, 100000, out, "");
	take(text, 100000, err, "! ");
	snprintf(text + strlen(text), 100000 - strlen(text), "%s= %d\n", d.calls, WEXITSTATUS(status));
	return text;
}

/* The command's own lines are kept, so that a difference has one above it */
static char *run_all(const char *text)
{
	char *all = calloc(1, 400000), *got;

	assert_non_null(all);
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (!strncmp(text, "$ ", 2)) {
			char *command = strndup(text + 2, len - 2);

			got = run(command);
			snprintf(all + strlen(all), 400000 - strlen(all), "$ %s\n%s\n", command, got);
			free(command);
			free(got);
		}
		text += len + (text[len] == '\n');
	}
	return all;
}

static void check_file(const char *name)
{
	char path[PATH_MAX], *text = calloc(1, 400000), *got;
	FILE *f;

	snprintf(path, sizeof(path), DIR_NAME "/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(text);
	text[fread(text, 1, 399999, f)] = '\0';
	fclose(f);
	got = run_all(text);
	if (getenv("COMMAND_UPDATE")) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(got, f);
		fclose(f);
	} else {
		check_text(name, got, text);
	}
	free(got);
	free(text);
}

static int is_case(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 4 && !strcmp(e->d_name + len - 4, ".txt");
}

static void each_command_does_what_is_written(void **state)
{
	struct dirent **list;
	int i, n = scandir(DIR_NAME, &list, is_case, alphasort);

	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		check_file(list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_does_what_is_written),
	};

	return cmocka_run_group_tests(tests, start_daemon, stop_daemon);
}
