/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the ledger writes into a block, and what it makes of one that it reads. Each
 * sector says which block it is of and which write of that block, so that a block
 * that is old, torn, or somebody else's is told from a right one.
 */
#ifndef TRUST_BLOCK_H
#define TRUST_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_SIZE 4096
#define BLOCK_SECTORS (BLOCK_SIZE / 512)

struct sector {
	uint64_t run;		/* of this run of the harness: what an earlier one left is foreign */
	uint64_t block;
	uint64_t seq;		/* from 1; its writer counts */
	uint64_t writer;
	uint64_t fill[59];
	uint64_t sum;		/* of all before it */
};

struct block {
	struct sector sectors[BLOCK_SECTORS];
};

/* What is known of a block; seq 0: no write. */
struct known {
	uint64_t run, block, writer;
	uint64_t least;		/* this write or a later one must be there */
	uint64_t most;		/* and none behind this one was ever sent */
};

static inline uint64_t words_sum(const void *data, size_t words)
{
	const uint64_t *word = data;
	uint64_t sum = 0x9e3779b97f4a7c15;
	size_t i;

	for (i = 0; i < words; i++) {
		sum = (sum ^ word[i]) * 0xff51afd7ed558ccd;
		sum ^= sum >> 32;
	}
	return sum;
}

static inline void block_fill(struct block *block, const struct known *k, uint64_t seq)
{
	uint64_t word = seq * 0x9e3779b97f4a7c15 ^ k->block;
	struct sector *s;
	int i, j;

	for (i = 0; i < BLOCK_SECTORS; i++) {
		s = &block->sectors[i];
		*s = (struct sector){ .run = k->run, .block = k->block, .seq = seq, .writer = k->writer };
		for (j = 0; j < 59; j++)
			s->fill[j] = word += 0x9e3779b97f4a7c15;
		s->sum = words_sum(s, sizeof(*s) / 8 - 1);
	}
}

static inline bool sector_is_zero(const struct sector *s)
{
	static const struct sector zero;

	return !memcmp(s, &zero, sizeof(zero));
}

/* sector_judge: true with its seq (0 if it was never written), else why not */
static inline bool sector_judge(const struct sector *s, const struct known *k, uint64_t *ret_seq, char *why, size_t size)
{
	if (sector_is_zero(s)) {
		*ret_seq = 0;
		return true;
	}
	if (s->sum != words_sum(s, sizeof(*s) / 8 - 1)) {
		snprintf(why, size, "a sector with a wrong checksum");
		return false;
	}
	if (s->run != k->run || s->block != k->block || s->writer != k->writer) {
		snprintf(why, size, "block %llu of writer %llu, run %llu", (unsigned long long)s->block,
			 (unsigned long long)s->writer, (unsigned long long)s->run);
		return false;
	}
	*ret_seq = s->seq;
	return true;
}

/* block_judge: true if that block is as it must be; else ret_why says what is wanted and what is there */
static inline bool block_judge(const struct block *block, const struct known *k, char *ret_why, size_t size)
{
	uint64_t seq, first = 0;
	char why[128] = "", range[32];
	bool right = true;
	int i;

	for (i = 0; i < BLOCK_SECTORS && right; i++) {
		right = sector_judge(&block->sectors[i], k, &seq, why, sizeof(why));
		if (!right)
			break;
		if (i == 0)
			first = seq;
		if (seq == first)
			continue;
		right = false;
		snprintf(why, sizeof(why), "torn: sectors of write %llu and of write %llu", (unsigned long long)first,
			 (unsigned long long)seq);
	}
	if (right && (first < k->least || first > k->most)) {
		right = false;
		snprintf(why, sizeof(why), "write %llu", (unsigned long long)first);
	}
	if (right)
		return true;
	if (k->most == UINT64_MAX)
		snprintf(range, sizeof(range), "or later");
	else
		snprintf(range, sizeof(range), "to %llu", (unsigned long long)k->most);
	snprintf(ret_why, size, "block %llu: wanted write %llu %s of writer %llu, found %s", (unsigned long long)k->block,
		 (unsigned long long)k->least, range, (unsigned long long)k->writer, why);
	return false;
}

#endif
