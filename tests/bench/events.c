// SPDX-License-Identifier: GPL-2.0
/*
 * What scale-guest.sh does to the machine, and when; without a process for each, which
 * would wait for its turn in a storm.
 *
 *   events storm N FILE...      writes "change" to the files in turn, N times in all
 *   events message MAP TEXT     sends TEXT to sector 0; prints the time before, in us
 *   events stamp                copies lines, with the time when each came, in us
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static int storm(long n, char **files, int nr_files)
{
	long i;

	for (i = 0; i < n; i++) {
		const char *file = files[i % nr_files];
		int fd = open(file, O_WRONLY);

		if (fd < 0 || write(fd, "change", 6) != 6) {
			perror(file);
			return 1;
		}
		close(fd);
	}
	return 0;
}

static int message(const char *map, const char *text)
{
	struct {
		struct dm_ioctl io;
		struct dm_target_msg msg;
		char text[256];
	} m = {
		.io = { .version = { DM_VERSION_MAJOR }, .data_size = sizeof(m), .data_start = sizeof(m.io) },
	};
	int fd = open("/dev/mapper/control", O_RDWR);
	long long before;

	snprintf(m.io.name, sizeof(m.io.name), "%s", map);
	snprintf(m.msg.message, sizeof(m.text), "%s", text);
	before = now_us();
	if (fd < 0 || ioctl(fd, DM_TARGET_MSG, &m) < 0) {
		perror(map);
		return 1;
	}
	printf("%lld\n", before);
	return 0;
}

static int stamp(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		printf("%lld %s", now_us(), line);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "storm") == 0)
		return storm(atol(argv[2]), argv + 3, argc - 3);
	if (argc == 4 && strcmp(argv[1], "message") == 0)
		return message(argv[2], argv[3]);
	if (argc == 2 && strcmp(argv[1], "stamp") == 0)
		return stamp();
	fprintf(stderr, "usage: see the top of events.c\n");
	return 2;
}
