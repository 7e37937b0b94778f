// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads write and read the same few sectors until SIGTERM, and their history
 * is checked.
 *
 *   registers DEVICE
 *
 * The sectors are zeroed first. After SIGUSR1 each writer writes once more and then
 * waits for the end: "the writers wait" is printed when all of them do, and whatever was on its way
 * before has been replaced. After SIGTERM each reader reads once more. Prints "N operations, N errors,
 * longest N ms: linearizable", or what is wrong with which sector: exit 1 then.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "linear.h"

#define REGISTERS 4
/*
 * For each register. Of two whose writes are both on the way when a path is lost, each may
 * be carried out twice, with the other in between: that is right for a disk, and not for a register.
 */
#define WRITERS 1
#define READERS 2
#define THREADS (REGISTERS * (WRITERS + READERS))
#define MOST 200000		/* operations of a thread */
#define PAUSE_US 5000		/* of a writer four times: a value that is there shall be read */

struct user {
	unsigned int number, reg;
	bool writes;
	struct operation *ops;
	size_t count, errors;
	pthread_t thread;
};

static int device;
static volatile sig_atomic_t stopping, pausing;
static atomic_uint waiting;

static void stop(int signal)
{
	if (signal == SIGUSR1)
		pausing = 1;
	else
		stopping = 1;
}

static void wait_for_end(void)
{
	if (atomic_fetch_add(&waiting, 1) + 1 == REGISTERS * WRITERS) {
		puts("the writers wait");
		fflush(stdout);
	}
	while (!stopping)
		usleep(PAUSE_US);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t *sector(void)
{
	void *p;

	if (posix_memalign(&p, 4096, 512))
		errx(1, "no memory");
	return memset(p, 0, 512);
}

/* A sector holds its value 64 times. One that is torn is a value that nobody wrote. */
static uint64_t value_of(const uint64_t *data)
{
	int i;

	for (i = 1; i < 64; i++)
		if (data[i] != data[0])
			return UINT64_MAX;
	return data[0];
}

static void *use(void *arg)
{
	struct user *u = arg;
	uint64_t *data = sector(), i;
	struct operation *op;
	bool worked, last = false;

	while (u->count < MOST && !last) {
		/* before the call: the last operation is one that was called after the signal */
		last = stopping || (u->writes && pausing);
		op = &u->ops[u->count];
		*op = (struct operation){ .is_write = u->writes };
		if (u->writes) {
			op->value = (uint64_t)(u->number + 1) << 32 | u->count;
			for (i = 0; i < 64; i++)
				data[i] = op->value;
		}
		op->called = now();
		worked = (u->writes ? pwrite(device, data, 512, u->reg * 512) : pread(device, data, 512, u->reg * 512)) == 512;
		op->returned = worked ? now() : LINEAR_NEVER;
		u->errors += !worked;
		if (!u->writes)
			op->value = value_of(data);
		u->count += worked || u->writes;	/* a read that failed says nothing */
		usleep(u->writes ? 4 * PAUSE_US : PAUSE_US);
	}
	if (u->writes)
		wait_for_end();
	free(data);
	return NULL;
}

static bool check(unsigned int reg, const struct user *users)
{
	size_t count = 0, i;
	struct linear_verdict verdict;
	struct operation *ops = malloc(THREADS * MOST * sizeof(*ops));
	struct zone *zones;

	if (!ops)
		errx(1, "no memory");
	for (i = 0; i < THREADS; i++) {
		if (users[i].reg != reg)
			continue;
		memcpy(&ops[count], users[i].ops, users[i].count * sizeof(*ops));
		count += users[i].count;
	}
	zones = malloc(2 * (count + 1) * sizeof(*zones));
	if (!zones)
		errx(1, "no memory");
	verdict = linear_judge(ops, count, zones);
	if (verdict.fault)
		printf("sector %u: %s (%" PRIx64 ", %" PRIx64 ")\n", reg, linear_words[verdict.fault], verdict.values[0],
		       verdict.values[1]);
	free(zones);
	free(ops);
	return !verdict.fault;
}

int main(int argc, char **argv)
{
	static struct user users[THREADS];
	uint64_t longest = 0, *zero = sector();
	size_t count = 0, errors = 0, i, j;
	bool right = true;

	if (argc != 2)
		errx(2, "usage: registers DEVICE");
	device = open(argv[1], O_RDWR | O_DIRECT);
	if (device < 0)
		err(1, "%s", argv[1]);
	for (i = 0; i < REGISTERS; i++)
		if (pwrite(device, zero, 512, (off_t)i * 512) != 512)
			err(1, "%s can't be written", argv[1]);
	signal(SIGTERM, stop);
	signal(SIGUSR1, stop);
	for (i = 0; i < THREADS; i++) {
		users[i] = (struct user){ .number = (unsigned int)i, .reg = i % REGISTERS, .writes = i / REGISTERS < WRITERS,
					  .ops = malloc(MOST * sizeof(struct operation)) };
		if (!users[i].ops || pthread_create(&users[i].thread, NULL, use, &users[i]))
			errx(1, "no memory, or no thread");
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(users[i].thread, NULL);
		count += users[i].count;
		errors += users[i].errors;
		for (j = 0; j < users[i].count; j++)
			if (users[i].ops[j].returned != LINEAR_NEVER && users[i].ops[j].returned - users[i].ops[j].called > longest)
				longest = users[i].ops[j].returned - users[i].ops[j].called;
	}
	for (i = 0; i < REGISTERS; i++)
		right &= check((unsigned int)i, users);
	printf("%zu operations, %zu errors, longest %" PRIu64 " ms: %s\n", count, errors, longest / 1000000,
	       right ? "linearizable" : "NOT linearizable");
	return !right;
}
