// SPDX-License-Identifier: GPL-2.0
/*
 * Writes blocks that can be told from each other, keeps a record on another disk of
 * what was acknowledged, and reads all back against that record.
 *
 *   ledger write DEVICE RECORD OFFSET-MB RUN
 *   ledger verify DEVICE RECORD OFFSET-MB RUN acked|flushed
 *
 * write: WRITERS threads, each the only one to write its share of the blocks, write,
 * write with FUA, flush, and read back. A line on standard input is answered with one
 * of figures since the last: I/Os done, blocks read and right, errors, wrong blocks,
 * milliseconds of the longest I/O (one that still waits included). At the line "stop"
 * all stop. A record that is there already is continued.
 *
 * verify: prints each wrong block, and "N right, M wrong". Right is, by the record, the last
 * write that was acknowledged (or, with "flushed": that was acknowledged and then flushed,
 * or was written with FUA), or a later one. What was sent later than the last record is not
 * known to it, and right.
 *
 * The record: pages, numbered, each with its checksum, written with O_DIRECT and O_DSYNC
 * behind the acknowledgement. It ends before the first that is not right.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "block.h"

#define WRITERS 4
#define BLOCKS 4096u		/* 16 MiB: each block is written often */
#define SHARE (BLOCKS / WRITERS)
#define RUN_BLOCKS 8		/* the longest write */
#define PAGE 4096
#define RECORD_PAGES (256u << 8)	/* 256 MiB: more than an hour */
#define RECORD_MS 100
#define PAUSE_US 15000	/* emulated machines have other things to do, too */

enum kind { ACKED = 1, ACKED_FUA, FLUSHED };

/* FLUSHED: all of that writer up to seq */
struct entry {
	uint64_t seq;
	uint32_t block;
	uint16_t blocks;
	uint8_t writer, kind;
};

#define PAGE_ENTRIES ((PAGE - 40) / sizeof(struct entry))

struct page {
	uint64_t run, number, count;
	struct entry entries[PAGE_ENTRIES];
	uint64_t pad[(PAGE - 32 - PAGE_ENTRIES * sizeof(struct entry)) / 8];
	uint64_t sum;
};

_Static_assert(sizeof(struct page) == PAGE, "a page of the record is a page");

static struct {
	uint64_t acked, flushed, sent;
} state[BLOCKS];

static uint64_t run, last_seq[WRITERS];
static int device, record;
static off_t record_offset;
static unsigned int next_page;
static volatile bool stopping;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* what follows */
static struct entry queue[1 << 16];
static unsigned int queued;
static struct figures {
	uint64_t done, verified, errors, wrong, longest_us;
} figures;
static uint64_t began_us[WRITERS];	/* of the I/O under way, or 0 */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void *aligned(size_t size)
{
	void *p;

	if (posix_memalign(&p, PAGE, size))
		errx(1, "no memory");
	return memset(p, 0, size);
}

/* --- the record --- */

static void apply(const struct entry *e)
{
	unsigned int i;

	if (e->kind == FLUSHED) {
		for (i = e->writer * SHARE; i < (e->writer + 1u) * SHARE; i++)
			if (state[i].acked <= e->seq)
				state[i].flushed = state[i].acked;
		return;
	}
	for (i = e->block; i < e->block + e->blocks; i++) {
		state[i].acked = e->seq;
		if (e->kind == ACKED_FUA)
			state[i].flushed = e->seq;
	}
	if (e->seq > last_seq[e->writer])
		last_seq[e->writer] = e->seq;
}

static bool page_is_right(const struct page *p)
{
	return p->run == run && p->number == next_page && p->count <= PAGE_ENTRIES &&
	       p->sum == words_sum(p, PAGE / 8 - 1);
}

static uint64_t record_read(void)
{
	struct page *p = aligned(PAGE);
	uint64_t entries = 0, i;

	for (;; next_page++) {
		if (pread(record, p, PAGE, record_offset + (off_t)next_page * PAGE) != PAGE)
			err(1, "the record can't be read");
		if (!page_is_right(p))
			break;
		for (i = 0; i < p->count; i++)
			apply(&p->entries[i]);
		entries += p->count;
	}
	free(p);
	return entries;
}

static void note(const struct entry *e)
{
	pthread_mutex_lock(&lock);
	if (queued == sizeof(queue) / sizeof(queue[0]))
		errx(1, "the record is too slow");
	queue[queued++] = *e;
	pthread_mutex_unlock(&lock);
}

/* One page of what is queued; false if nothing is */
static bool record_write(struct page *p)
{
	*p = (struct page){ .run = run, .number = next_page };
	pthread_mutex_lock(&lock);
	p->count = queued < PAGE_ENTRIES ? queued : PAGE_ENTRIES;
	memcpy(p->entries, queue, p->count * sizeof(queue[0]));
	queued -= (unsigned int)p->count;
	memmove(queue, queue + p->count, queued * sizeof(queue[0]));
	pthread_mutex_unlock(&lock);
	if (!p->count)
		return false;
	if (next_page == RECORD_PAGES)
		errx(1, "the record is full");
	p->sum = words_sum(p, PAGE / 8 - 1);
	if (pwrite(record, p, PAGE, record_offset + (off_t)next_page * PAGE) != PAGE)
		err(1, "the record can't be written");
	next_page++;
	return true;
}

static void *record_thread(void *arg)
{
	struct page *p = aligned(PAGE);
	bool last;

	do {
		last = stopping;
		usleep(RECORD_MS * 1000);
		while (record_write(p))
			;
	} while (!last);
	free(p);
	return NULL;
}

/* --- writers --- */

struct writer {
	unsigned int number;
	uint64_t random;
	struct block *blocks;
	pthread_t thread;
};

static uint64_t random_below(struct writer *w, uint64_t limit)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % limit;
}

static void io_begins(struct writer *w)
{
	pthread_mutex_lock(&lock);
	began_us[w->number] = now_us();
	pthread_mutex_unlock(&lock);
}

static void io_ends(struct writer *w, bool worked)
{
	uint64_t took;

	pthread_mutex_lock(&lock);
	took = now_us() - began_us[w->number];
	began_us[w->number] = 0;
	if (took > figures.longest_us)
		figures.longest_us = took;
	figures.done += worked;
	figures.errors += !worked;
	pthread_mutex_unlock(&lock);
	usleep(worked ? PAUSE_US : 4 * PAUSE_US);
}

static void do_write(struct writer *w, unsigned int first, unsigned int blocks, bool fua)
{
	struct iovec iov = { w->blocks, blocks * sizeof(struct block) };
	uint64_t seq = ++last_seq[w->number];
	unsigned int i;
	bool worked;

	for (i = 0; i < blocks; i++) {
		block_fill(&w->blocks[i], &(struct known){ .run = run, .block = first + i, .writer = w->number }, seq);
		state[first + i].sent = seq;
	}
	io_begins(w);
	worked = pwritev2(device, &iov, 1, (off_t)first * BLOCK_SIZE, fua ? RWF_DSYNC : 0) == (ssize_t)iov.iov_len;
	if (worked) {
		for (i = 0; i < blocks; i++)
			state[first + i].acked = seq;
		note(&(struct entry){ .seq = seq, .block = first, .blocks = (uint16_t)blocks,
				      .writer = (uint8_t)w->number, .kind = fua ? ACKED_FUA : ACKED });
	}
	io_ends(w, worked);
}

/* One writer has one I/O at a time, so a flush covers all that it was acknowledged. */
static void do_flush(struct writer *w)
{
	bool worked;

	io_begins(w);
	worked = !fdatasync(device);
	if (worked)
		note(&(struct entry){ .seq = last_seq[w->number], .writer = (uint8_t)w->number, .kind = FLUSHED });
	io_ends(w, worked);
}

static void do_read(struct writer *w, unsigned int first, unsigned int blocks)
{
	size_t size = blocks * sizeof(struct block);
	unsigned int i, wrong = 0;
	struct known k = { .run = run, .writer = w->number };
	char why[256];
	bool worked;

	io_begins(w);
	worked = pread(device, w->blocks, size, (off_t)first * BLOCK_SIZE) == (ssize_t)size;
	for (i = 0; worked && i < blocks; i++) {
		k.block = first + i;
		k.least = state[first + i].acked;
		k.most = state[first + i].sent;
		if (block_judge(&w->blocks[i], &k, why, sizeof(why)))
			continue;
		wrong++;
		fprintf(stderr, "%s\n", why);
	}
	pthread_mutex_lock(&lock);
	figures.wrong += wrong;
	figures.verified += worked ? blocks - wrong : 0;
	pthread_mutex_unlock(&lock);
	io_ends(w, worked);
}

static void *writer_thread(void *arg)
{
	struct writer *w = arg;
	unsigned int first, blocks;
	uint64_t what;

	while (!stopping) {
		blocks = 1 + (unsigned int)random_below(w, RUN_BLOCKS);
		first = w->number * SHARE + (unsigned int)random_below(w, SHARE - blocks + 1);
		/* flushes are rare: a cache has to hold something when the power goes */
		what = random_below(w, 256);
		if (what < 144)
			do_write(w, first, blocks, false);
		else if (what < 146)
			do_write(w, first, blocks, true);
		else if (what < 148)
			do_flush(w);
		else
			do_read(w, first, blocks);
	}
	return NULL;
}

static void print_figures(void)
{
	struct figures f;
	uint64_t waits;
	int i;

	pthread_mutex_lock(&lock);
	f = figures;
	figures = (struct figures){ };
	for (i = 0; i < WRITERS; i++) {
		waits = began_us[i] ? now_us() - began_us[i] : 0;
		if (waits > f.longest_us)
			f.longest_us = waits;
	}
	pthread_mutex_unlock(&lock);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", f.done, f.verified, f.errors, f.wrong,
	       f.longest_us / 1000);
	fflush(stdout);
}

/* A writer's first write of this start is behind all that an earlier one may have sent. */
static void write_all(void)
{
	static struct writer writers[WRITERS];
	pthread_t recorder;
	char line[16];
	unsigned int i;

	record_read();
	for (i = 0; i < BLOCKS; i++)
		state[i].sent = UINT64_MAX;
	if (next_page == 0)
		for (i = 0; i < BLOCKS; i++)
			state[i].sent = 0;
	if (pthread_create(&recorder, NULL, record_thread, NULL))
		errx(1, "no thread");
	for (i = 0; i < WRITERS; i++) {
		last_seq[i] += next_page ? 1 << 20 : 0;
		writers[i] = (struct writer){ .number = i, .random = run * 2654435761 + i + 1 + ((uint64_t)next_page << 32),
					      .blocks = aligned(RUN_BLOCKS * sizeof(struct block)) };
		if (pthread_create(&writers[i].thread, NULL, writer_thread, &writers[i]))
			errx(1, "no thread");
	}
	while (fgets(line, sizeof(line), stdin) && *line != 's')
		print_figures();
	stopping = true;
	for (i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	pthread_join(recorder, NULL);
	print_figures();
}

static int verify_all(bool flushed)
{
	struct block *blocks = aligned(64 * sizeof(struct block));
	unsigned int i, right = 0, wrong = 0;
	uint64_t entries = record_read();
	struct known k;
	char why[256];

	for (i = 0; i < BLOCKS; i++) {
		if (i % 64 == 0 && pread(device, blocks, 64 * sizeof(*blocks), (off_t)i * BLOCK_SIZE) != 64 * sizeof(*blocks))
			err(1, "block %u can't be read", i);
		k = (struct known){ .run = run, .block = i, .writer = i / SHARE,
				    .least = flushed ? state[i].flushed : state[i].acked, .most = UINT64_MAX };
		if (block_judge(&blocks[i % 64], &k, why, sizeof(why))) {
			right++;
			continue;
		}
		if (wrong++ < 20)
			printf("%s\n", why);
	}
	printf("%u right, %u wrong, by %" PRIu64 " entries\n", right, wrong, entries);
	return wrong != 0;
}

int main(int argc, char **argv)
{
	bool verify = argc == 7 && !strcmp(argv[1], "verify");

	if (!verify && (argc != 6 || strcmp(argv[1], "write")))
		errx(2, "usage: ledger write DEVICE RECORD OFFSET-MB RUN | ledger verify DEVICE RECORD OFFSET-MB RUN acked|flushed");
	device = open(argv[2], O_DIRECT | (verify ? O_RDONLY : O_RDWR));
	if (device < 0)
		err(1, "%s", argv[2]);
	record = open(argv[3], O_DIRECT | O_DSYNC | (verify ? O_RDONLY : O_RDWR));
	if (record < 0)
		err(1, "%s", argv[3]);
	record_offset = (off_t)strtoull(argv[4], NULL, 10) << 20;
	run = strtoull(argv[5], NULL, 10);
	if (verify)
		return verify_all(!strcmp(argv[6], "flushed"));
	write_all();
	return 0;
}
