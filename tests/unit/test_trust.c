// SPDX-License-Identifier: GPL-2.0
/* Of the harness itself: histories of a register, good and bad, and blocks that the ledger must refuse. */
#include "unit.h"

#include "../trust/block.h"
#include "../trust/linear.h"

#define OPS 8

/* W, R: value, called, returned; 0 for the end */
#define W(v, c, r) { v, c, r, true }
#define R(v, c, r) { v, c, r, false }

static const struct {
	const char *name;
	struct operation ops[OPS];
	enum linear_fault fault;
} histories[] = {
	{ "nothing", { }, LINEAR_OK },
	{ "read what was acknowledged", { W(1, 10, 20), R(1, 30, 40) }, LINEAR_OK },
	{ "nothing written yet", { R(0, 10, 20), W(1, 30, 40), R(1, 50, 60) }, LINEAR_OK },
	{ "a read beside a write may see either", { W(1, 10, 20), W(2, 30, 60), R(1, 40, 50), R(2, 45, 55) }, LINEAR_OK },
	{ "writes at once, in either order", { W(1, 10, 40), W(2, 20, 30), R(1, 50, 60), R(1, 70, 80) }, LINEAR_OK },
	{ "touching calls count as at once", { W(1, 10, 20), W(2, 30, 40), R(1, 40, 50) }, LINEAR_OK },
	{ "stale read", { W(1, 10, 20), W(2, 30, 40), R(1, 50, 60) }, LINEAR_STALE },
	{ "the first content after a write", { W(1, 10, 20), R(0, 30, 40) }, LINEAR_STALE },
	{ "the first content after a read of the write", { W(1, 10, 90), R(1, 20, 30), R(0, 40, 50) }, LINEAR_STALE },
	{ "ghost: seen new, then old again", { W(1, 10, 20), W(2, 30, 40), R(2, 50, 60), R(1, 70, 80) }, LINEAR_OVERLAP },
	{ "two readers see two orders", { W(1, 10, 60), W(2, 10, 60), R(1, 20, 30), R(2, 32, 40), R(1, 42, 50) }, LINEAR_STALE },
	{ "a read returns before its write is called", { R(1, 10, 20), W(1, 30, 40) }, LINEAR_EARLY },
	{ "a read of what nobody wrote", { W(1, 10, 20), R(7, 30, 40) }, LINEAR_UNWRITTEN },
	{ "unknown outcome, never seen", { W(1, 10, 20), W(2, 30, LINEAR_NEVER), R(1, 50, 60) }, LINEAR_OK },
	{ "unknown outcome, seen later", { W(1, 10, 20), W(2, 30, LINEAR_NEVER), R(1, 50, 60), R(2, 70, 80) }, LINEAR_OK },
	{ "unknown outcome, seen and gone again", { W(1, 10, 20), W(2, 30, LINEAR_NEVER), R(2, 50, 60), R(1, 70, 80) }, LINEAR_STALE },
	{ "unknown outcome, carried out over a newer write", { W(1, 10, 20), W(2, 30, LINEAR_NEVER), R(2, 40, 45), W(3, 50, 60),
		R(3, 62, 64), R(2, 70, 80) }, LINEAR_OVERLAP },
};

static void history_is_judged(void **state)
{
	struct operation ops[OPS];
	struct zone zones[2 * OPS];
	size_t i, count;

	for (i = 0; i < COUNT(histories); i++) {
		memcpy(ops, histories[i].ops, sizeof(ops));
		for (count = 0; count < OPS && ops[count].returned; count++)
			;
		check_text(histories[i].name, linear_words[linear_judge(ops, count, zones).fault],
			   linear_words[histories[i].fault]);
	}
}

static const struct known known = { .run = 1, .block = 5, .writer = 2, .least = 10, .most = 12 };

static const struct {
	const char *name;
	uint64_t seq, run, block, writer;	/* what is there; seq 0: zeroes */
	uint64_t torn;				/* its last sector is of this write */
	bool spoilt;
	const char *why;			/* "": right */
} blocks[] = {
	{ "the least", 10, 1, 5, 2, .why = "" },
	{ "the most", 12, 1, 5, 2, .why = "" },
	{ "lost", 9, 1, 5, 2, .why = "block 5: wanted write 10 to 12 of writer 2, found write 9" },
	{ "never sent", 13, 1, 5, 2, .why = "block 5: wanted write 10 to 12 of writer 2, found write 13" },
	{ "never arrived", 0, .why = "block 5: wanted write 10 to 12 of writer 2, found write 0" },
	{ "torn", 11, 1, 5, 2, .torn = 12, .why = "block 5: wanted write 10 to 12 of writer 2, found torn: sectors of write 11 and of write 12" },
	{ "another block", 11, 1, 6, 2, .why = "block 5: wanted write 10 to 12 of writer 2, found block 6 of writer 2, run 1" },
	{ "another run", 11, 3, 5, 2, .why = "block 5: wanted write 10 to 12 of writer 2, found block 5 of writer 2, run 3" },
	{ "spoilt", 11, 1, 5, 2, .spoilt = true, .why = "block 5: wanted write 10 to 12 of writer 2, found a sector with a wrong checksum" },
};

static void block_is_judged(void **state)
{
	struct block block, other;
	struct known k;
	char why[256];
	size_t i;

	for (i = 0; i < COUNT(blocks); i++) {
		k = (struct known){ .run = blocks[i].run, .block = blocks[i].block, .writer = blocks[i].writer };
		block_fill(&block, &k, blocks[i].seq);
		if (!blocks[i].seq)
			memset(&block, 0, sizeof(block));
		block_fill(&other, &k, blocks[i].torn);
		if (blocks[i].torn)
			block.sectors[7] = other.sectors[7];
		if (blocks[i].spoilt)
			block.sectors[3].fill[20] ^= 1;
		why[0] = 0;
		block_judge(&block, &known, why, sizeof(why));
		check_text(blocks[i].name, why, blocks[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history_is_judged),
		cmocka_unit_test(block_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
