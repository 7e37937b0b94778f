/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a history of reads and writes of one register is linearizable: whether each
 * operation could have happened in one moment between its call and its return.
 *
 * Each write has a value of its own. A value's zone goes from the first return of its write
 * and its reads to their last call: while that is forward (begins before it ends), the
 * register must have had the value all along. The history is linearizable if and only if
 * no two forward zones overlap, no other zone lies within a forward one, and no
 * read returned before its value's write was called (Gibbons and Korach, Testing Shared
 * Memories, 1997). A write whose outcome is not known returns never; if nobody read its value, it
 * may be left out.
 */
#ifndef TRUST_LINEAR_H
#define TRUST_LINEAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINEAR_NEVER UINT64_MAX

struct operation {
	uint64_t value;		/* 0: what was there before the first write */
	uint64_t called, returned;
	bool is_write;
};

enum linear_fault { LINEAR_OK, LINEAR_UNWRITTEN, LINEAR_EARLY, LINEAR_OVERLAP, LINEAR_STALE };

static const char *const linear_words[] = {
	[LINEAR_OK] = "linearizable",
	[LINEAR_UNWRITTEN] = "a value that nobody wrote was read",
	[LINEAR_EARLY] = "a value was read before it was written",
	[LINEAR_OVERLAP] = "two values took turns: one came back after the other",
	[LINEAR_STALE] = "a value was read that another one had replaced",
};

/* What went wrong, and the two values of which it is told */
struct linear_verdict {
	enum linear_fault fault;
	uint64_t values[2];
};

struct zone {
	uint64_t value, first_return, last_call;
};

static inline int operation_order(const void *a, const void *b)
{
	const struct operation *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return y->is_write - x->is_write;
}

static inline int zone_order(const void *a, const void *b)
{
	const struct zone *x = a, *y = b;

	return x->first_return < y->first_return ? -1 : x->first_return > y->first_return;
}

static inline bool zone_is_forward(const struct zone *z)
{
	return z->first_return < z->last_call;
}

/* linear_zone: the zone of the operations from ops[0] on that have its value; returns how many these are */
static inline size_t linear_zone(const struct operation *ops, size_t count, struct zone *ret_zone, enum linear_fault *ret_fault)
{
	struct zone z = { .value = ops->value, .first_return = ops->returned, .last_call = ops->called };
	bool written = ops->is_write || !ops->value;
	size_t i;

	if (!ops->value)
		z.first_return = 0;
	for (i = 0; i < count && ops[i].value == z.value; i++) {
		if (written && z.value && ops[i].returned < ops->called)
			*ret_fault = LINEAR_EARLY;
		if (ops[i].returned < z.first_return)
			z.first_return = ops[i].returned;
		if (ops[i].called > z.last_call)
			z.last_call = ops[i].called;
	}
	if (!written)
		*ret_fault = LINEAR_UNWRITTEN;
	*ret_zone = z;
	return i;
}

/* The forward zones are disjoint and in order: the last that begins before this one */
static inline const struct zone *zone_before(const struct zone *forward, size_t count, uint64_t when)
{
	size_t low = 0, high = count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (forward[middle].first_return < when)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &forward[low - 1] : NULL;
}

/* linear_judge: sorts ops; needs room for as many zones twice */
static inline struct linear_verdict linear_judge(struct operation *ops, size_t count, struct zone *room)
{
	struct zone *forward = room, *backward = room + count, z;
	size_t forwards = 0, backwards = 0, i, n;
	enum linear_fault fault = LINEAR_OK;
	const struct zone *around;

	qsort(ops, count, sizeof(*ops), operation_order);
	for (i = 0; i < count; i += n) {
		n = linear_zone(&ops[i], count - i, &z, &fault);
		if (fault)
			return (struct linear_verdict){ fault, { z.value, z.value } };
		if (z.first_return == LINEAR_NEVER)
			continue;	/* unknown, and never read */
		if (zone_is_forward(&z))
			forward[forwards++] = z;
		else
			backward[backwards++] = z;
	}
	qsort(forward, forwards, sizeof(*forward), zone_order);
	for (i = 1; i < forwards; i++)
		if (forward[i].first_return < forward[i - 1].last_call)
			return (struct linear_verdict){ LINEAR_OVERLAP, { forward[i - 1].value, forward[i].value } };
	for (i = 0; i < backwards; i++) {
		around = zone_before(forward, forwards, backward[i].last_call);
		if (around && backward[i].first_return < around->last_call)
			return (struct linear_verdict){ LINEAR_STALE, { around->value, backward[i].value } };
	}
	return (struct linear_verdict){ LINEAR_OK, { 0, 0 } };
}

#endif
