// SPDX-License-Identifier: GPL-2.0
/* What needs no running daemon: nvmempd does it, run from here. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nvmempctl.h"

/* The one that was installed, or built, with this command */
static void exec_daemon(char *const argv[])
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("nvmempd"));
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash) {
		strcpy(slash + 1, "nvmempd");
		execv(path, argv);
	}
	fprintf(stderr, "nvmempctl: can't run %s: %s\n", path, strerror(errno));
	_exit(EXIT_FAILURE);
}

int captured_plan(const struct call *c)
{
	char *argv[] = { "nvmempd", "--dry-run", "--root", (char *)c->options[OPTION_ROOT],
			 c->options[OPTION_JSON] ? "--json" : NULL, NULL };

	exec_daemon(argv);
	return EXIT_FAILURE;
}

/* What the running daemon says, if there is one */
static int capture_status(struct nvmemp *conn, const char *dir)
{
	const struct nvmemp_snapshot *s;
	char path[PATH_MAX];
	int r;

	if (nvmemp_snapshot_read(conn, &s))
		return 0;
	snprintf(path, sizeof(path), "%s/status.json", dir);
	r = freopen(path, "w", stdout) ? print_json(s) : -errno;
	nvmemp_snapshot_free(s);
	return r;
}

int verb_capture(const struct call *c)
{
	char *argv[] = { "nvmempd", "--capture", c->args[0], NULL };
	struct nvmemp *conn = NULL;
	int status = 0, r = 0;
	pid_t pid = fork();

	if (pid == 0)
		exec_daemon(argv);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		fprintf(stderr, "nvmempctl: can't run nvmempd: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return EXIT_FAILURE;
	if (!nvmemp_connect(&conn))
		r = capture_status(conn, c->args[0]);
	nvmemp_close(conn);
	if (!r)
		return EXIT_SUCCESS;
	fprintf(stderr, "nvmempctl: can't write %s/status.json: %s\n", c->args[0], strerror(-r));
	return EXIT_FAILURE;
}
