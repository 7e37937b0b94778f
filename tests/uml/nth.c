// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of one dm ioctl fails in turn (Documentation/fault-injection:
 * fail-nth), until one run has none left to fail.
 *
 *   nth MAP message TEXT UNDO     UNDO: a message to MAP, or ""
 *   nth MAP table SECTORS TEXT    loads it, and clears it when it was accepted
 *   nth MAP swap SECTORS TEXT     loads it, and resumes with it under failures
 *   nth MAP status
 *
 * What was refused must have changed nothing that the table line shows. Prints
 * how many failures there were, and how many of them were survived; 1 and a line
 * if something was wrong, also if there was nothing to fail.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "dm.h"

static const char *map;

static void __attribute__((noreturn, format(printf, 1, 2))) broken(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

/* One ioctl whose nth allocation fails; *ret_left: there were not so many. */
static int run_failing(int nth, int type, uint64_t sectors, const char *params, bool *ret_left)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR), r;
	char text[32] = "";

	if (fd < 0)
		broken("no /proc/thread-self/fail-nth");
	snprintf(text, sizeof(text), "%d", nth);
	if (write(fd, text, strlen(text)) < 0)
		broken("fail-nth can't be written");
	r = run(type, map, sectors, params, NULL);
	/* if this read itself is what fails, it was injected */
	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		strcpy(text, "0");
	*ret_left = atoi(text);
	while (pwrite(fd, "0", 1, 0) != 1)
		;
	close(fd);
	return r;
}

static void must(int type, uint64_t sectors, const char *params, const char *what)
{
	int r = run(type, map, sectors, params, NULL);

	if (r)
		broken("%s: %s", what, strerror(r));
}

int main(int argc, char **argv)
{
	char before[MAX_TEXT], after[MAX_TEXT];
	const char *kind, *undo = "", *params = NULL;
	int type, n, r, survived = 0;
	uint64_t sectors = 0;
	bool left;

	if (argc < 3) {
		fprintf(stderr, "usage: nth MAP message|table|swap|status ...\n");
		return 2;
	}
	map = argv[1];
	kind = argv[2];
	if (!strcmp(kind, "message") && argc == 5) {
		type = DM_DEVICE_TARGET_MSG;
		params = argv[3];
		undo = argv[4];
	} else if (!strcmp(kind, "status") && argc == 3) {
		type = DM_DEVICE_STATUS;
	} else if (argc == 5) {
		type = strcmp(kind, "swap") ? DM_DEVICE_RELOAD : DM_DEVICE_RESUME;
		sectors = strtoull(argv[3], NULL, 10);
		params = argv[4];
	} else {
		return 2;
	}
	dm_log_with_errno_init(no_log);
	for (n = 1;; n++) {
		must(DM_DEVICE_TABLE, 0, NULL, "no table");
		run(DM_DEVICE_TABLE, map, 0, NULL, before);
		if (type == DM_DEVICE_RESUME)
			must(DM_DEVICE_RELOAD, sectors, params, "the table is refused without failures");
		r = run_failing(n, type, sectors, params, &left);
		survived += !r && !left;
		if (left && r)
			broken("refused without a failure: %s", strerror(r));
		if (r && type == DM_DEVICE_RESUME) {
			/* whatever happened on the way, it must not end suspended or without a table */
			run(DM_DEVICE_RESUME, map, 0, NULL, NULL);
			run(DM_DEVICE_CLEAR, map, 0, NULL, NULL);
		} else if (r) {
			run(DM_DEVICE_TABLE, map, 0, NULL, after);
			if (strcmp(before, after))
				broken("failure %d: %s, but the table was [%s] and is [%s]", n, strerror(r), before,
				       after);
		} else if (*undo) {
			must(DM_DEVICE_TARGET_MSG, 0, undo, "can't be undone");
		} else if (type == DM_DEVICE_RELOAD) {
			must(DM_DEVICE_CLEAR, 0, NULL, "can't be cleared");
		}
		if (left)
			break;
	}
	if (n == 1)
		broken("there is nothing to fail");
	printf("%d failures, %d survived\n", n - 1, survived);
	return 0;
}
