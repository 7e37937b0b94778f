// SPDX-License-Identifier: GPL-2.0
/*
 * The load of the benches: reads or writes a block device with io_uring, and
 * prints nanoseconds per I/O (under QEMU's -icount shift=0: instructions).
 *
 *   load DEVICE read|write|randread|randwrite BLOCK-SIZE DEPTH NUMBER-OF-IOS
 *
 * It does what fio does with --fixedbufs --registerfiles and batches of half
 * the depth, but takes the time between the first and the last I/O exactly:
 * fio's own runtime is in milliseconds, which are a million instructions each.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>

struct load {
	int ring;
	unsigned int *sq_tail, *cq_head, *cq_tail, sq_mask, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	char *buffer;
	unsigned int depth, block, inflight;
	uint64_t blocks, next, random;
	bool write, sequential;
};

static void *ring_map(const struct load *l, size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, l->ring, what);

	if (p == MAP_FAILED)
		err(1, "mmap of the ring");
	return p;
}

static void ring_register(const struct load *l, unsigned int what, const void *arg)
{
	if (syscall(__NR_io_uring_register, l->ring, what, arg, 1))
		err(1, "io_uring_register");
}

static void ring_open(struct load *l, int disk)
{
	struct io_uring_params p = { };
	size_t size = (size_t)l->block * l->depth;
	unsigned int *array, i;
	struct iovec iov;
	char *sq, *cq;

	l->ring = syscall(__NR_io_uring_setup, l->depth, &p);
	if (l->ring < 0)
		err(1, "io_uring_setup");
	sq = ring_map(l, p.sq_off.array + p.sq_entries * sizeof(*array), IORING_OFF_SQ_RING);
	cq = ring_map(l, p.cq_off.cqes + p.cq_entries * sizeof(*l->cqes), IORING_OFF_CQ_RING);
	l->sqes = ring_map(l, p.sq_entries * sizeof(*l->sqes), IORING_OFF_SQES);
	l->sq_tail = (void *)(sq + p.sq_off.tail);
	l->sq_mask = *(unsigned int *)(sq + p.sq_off.ring_mask);
	l->cq_head = (void *)(cq + p.cq_off.head);
	l->cq_tail = (void *)(cq + p.cq_off.tail);
	l->cq_mask = *(unsigned int *)(cq + p.cq_off.ring_mask);
	l->cqes = (void *)(cq + p.cq_off.cqes);
	array = (void *)(sq + p.sq_off.array);
	for (i = 0; i < p.sq_entries; i++)
		array[i] = i;

	l->buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (l->buffer == MAP_FAILED)
		err(1, "no memory for the buffers");
	iov = (struct iovec){ l->buffer, size };
	ring_register(l, IORING_REGISTER_BUFFERS, &iov);
	ring_register(l, IORING_REGISTER_FILES, &disk);
}

static uint64_t offset(struct load *l)
{
	if (l->sequential)
		return l->next++ % l->blocks * l->block;
	/* Knuth's MMIX generator */
	l->random = l->random * 6364136223846793005u + 1442695040888963407u;
	return (l->random >> 33) % l->blocks * l->block;
}

/* What is read is not looked at: two that end out of order may share a buffer. */
static void prepare(struct load *l, unsigned int n)
{
	unsigned int tail = *l->sq_tail;

	for (; n--; tail++) {
		struct io_uring_sqe *sqe = &l->sqes[tail & l->sq_mask];

		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = l->write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED;
		sqe->flags = IOSQE_FIXED_FILE;
		sqe->off = offset(l);
		sqe->addr = (uintptr_t)(l->buffer + (tail % l->depth) * (size_t)l->block);
		sqe->len = l->block;
	}
	__atomic_store_n(l->sq_tail, tail, __ATOMIC_RELEASE);
}

static unsigned int reap(struct load *l)
{
	unsigned int head = *l->cq_head, n = 0;

	for (; head != __atomic_load_n(l->cq_tail, __ATOMIC_ACQUIRE); head++, n++)
		if (l->cqes[head & l->cq_mask].res != (int)l->block)
			errx(1, "I/O ended with %d", l->cqes[head & l->cq_mask].res);
	__atomic_store_n(l->cq_head, head, __ATOMIC_RELEASE);
	return n;
}

static void run(struct load *l, uint64_t ios)
{
	unsigned int batch = l->depth > 1 ? l->depth / 2 : 1, n;

	while (ios || l->inflight) {
		n = l->depth - l->inflight < batch ? l->depth - l->inflight : batch;
		if (n > ios)
			n = ios;
		prepare(l, n);
		ios -= n;
		l->inflight += n;
		if (syscall(__NR_io_uring_enter, l->ring, n, l->inflight < batch ? l->inflight : batch,
			    IORING_ENTER_GETEVENTS, NULL, 0) != (long)n)
			err(1, "io_uring_enter");
		l->inflight -= reap(l);
	}
}

/* Tells tests/bench/counts.c that the counted part begins, or has ended. */
static void mark(void)
{
#ifdef __x86_64__
	asm volatile("nopl 0x6e766d65(%rax)");
#endif
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	struct load l = { };
	uint64_t size, ios;
	double began, took;
	int disk;

	if (argc != 6)
		errx(2, "usage: load DEVICE read|write|randread|randwrite BLOCK-SIZE DEPTH IOS");
	l.write = strstr(argv[2], "write");
	l.sequential = strncmp(argv[2], "rand", 4);
	l.block = atoi(argv[3]);
	l.depth = atoi(argv[4]);
	ios = strtoull(argv[5], NULL, 0);
	disk = open(argv[1], O_RDWR | O_DIRECT);
	if (disk < 0)
		err(1, "%s", argv[1]);
	if (ioctl(disk, BLKGETSIZE64, &size))
		err(1, "size of %s", argv[1]);
	if (!l.block || !l.depth || !ios || size < l.block)
		errx(2, "a number is 0, or %s is too small", argv[1]);
	l.blocks = size / l.block;
	l.random = 1;
	ring_open(&l, disk);
	run(&l, ios / 4 + 1);	/* warms caches up: of tags, bios, and the emulator's code */
	mark();
	began = now_ns();
	run(&l, ios);
	took = now_ns() - began;
	mark();
	printf("%.1f\n", took / ios);
	return 0;
}
