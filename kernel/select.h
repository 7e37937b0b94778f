/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which path carries a bio: pure functions over small structs, also compiled
 * into the unit tests and the simulation. A path is its index; a set of paths
 * is a bit mask.
 *
 * Two steps: the candidates are the paths of the best class that are fit; the
 * policy picks one of them. The classes, best first: preferred, optimized,
 * non-optimized, and the same three again among the paths in reserve (held
 * back, or marginal).
 */
#ifndef NVMEMP_SELECT_H
#define NVMEMP_SELECT_H

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/types.h>
#else
#include <stdbool.h>
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#define __ffs(x) __builtin_ctzl(x)
#define hweight32(x) __builtin_popcount(x)
#define unlikely(x) __builtin_expect(!!(x), 0)
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

enum nvmemp_policy {
	NVMEMP_SELECT_NUMA,
	NVMEMP_SELECT_ROUND_ROBIN,
	NVMEMP_SELECT_QUEUE_DEPTH,
	NVMEMP_SELECT_LATENCY,
};

#define NVMEMP_NO_PATH	0xff	/* index of no path */
#define NVMEMP_SLOTS	32

#define NVMEMP_SAMPLE_EVERY 64	/* I/Os of a CPU on a path: one has its time taken */
#define NVMEMP_PROBE_EVERY 512	/* I/Os of a CPU: latency sends one to a path whatever it costs */
#define NVMEMP_REFRESH_NS 200000	/* at most so often all CPUs' depths are summed */

/*
 * What a choice depends on besides failures: replaced as a whole by messages,
 * read under RCU. Disabled paths and paths in other ANA states are in neither
 * mask.
 */
struct nvmemp_select {
	u32 best;		/* the candidates while no path is unfit */
	enum nvmemp_policy policy;
	u32 optimized;
	u32 nonoptimized;
	u32 preferred;		/* one bit, or none */
	u8 weight[NVMEMP_SLOTS];	/* 1 to 100 */
	u16 scale[NVMEMP_SLOTS];	/* what a cost is multiplied by: less for more weight */
};

static inline void nvmemp_set_weight(struct nvmemp_select *s, unsigned int i, u8 weight)
{
	s->weight[i] = weight;
	s->scale[i] = 1024 / weight;
}

/* One CPU's place in the turn */
struct nvmemp_turn {
	u8 last;		/* the path taken last */
	u8 left;		/* how often round-robin takes it again: its weight */
};

/*
 * failed: must not be taken. reserve: only if nothing else is left.
 * The result is empty, or one class.
 */
static inline u32 nvmemp_candidates(const struct nvmemp_select *s, u32 failed, u32 reserve)
{
	u32 all = (s->optimized | s->nonoptimized) & ~failed;

	if (all & ~reserve)
		all &= ~reserve;
	if (all & s->preferred)
		return s->preferred;
	return all & s->optimized ? all & s->optimized : all;
}

/* The first of set behind last, in a circle. set is not empty. */
static inline unsigned int nvmemp_next(u32 set, unsigned int last)
{
	u32 later = set & ~((2u << (last & 31)) - 1);

	return __ffs(later ? later : set);
}

/* The nth of set, counted from 0, in a circle. set is not empty. */
static inline unsigned int nvmemp_nth(u32 set, unsigned int n)
{
	for (n %= hweight32(set); n; n--)
		set &= set - 1;
	return __ffs(set);
}

/* The nearest of set, by the distances of the submitter's node; the first of equals. */
static inline unsigned int nvmemp_pick_nearest(u32 set, const u8 *distance)
{
	unsigned int i, best = NVMEMP_NO_PATH;

	for (; set; set &= set - 1) {
		i = __ffs(set);
		if (best == NVMEMP_NO_PATH || distance[i] < distance[best])
			best = i;
	}
	return best;
}

/* Each path of set weight times, then the next. */
static inline unsigned int nvmemp_pick_turn(const struct nvmemp_select *s, u32 set,
					    struct nvmemp_turn *turn)
{
	unsigned int i;

	if (unlikely(turn->left) && set & (1u << (turn->last & 31))) {
		turn->left--;
		return turn->last;
	}
	i = nvmemp_next(set, turn->last);
	turn->last = i;
	turn->left = s->weight[i] - 1;
	return i;
}

/*
 * The one of set with the least cost for its weight; of those that differ by
 * less than an eighth, the first behind the path taken last: the others' part of
 * a cost is old, and all CPUs that believe it would run to the same path. cost
 * must stay below 2^53; set is not empty.
 */
static __always_inline unsigned int nvmemp_pick_least(const struct nvmemp_select *s, u32 set,
						      struct nvmemp_turn *turn,
						      u64 (*cost)(const void *from, unsigned int i),
						      const void *from)
{
	u32 passed = set & ((2u << (turn->last & 31)) - 1);
	u64 order = (u64)passed << 32 | (set & ~passed);	/* bit 0 is the first to look at */
	unsigned int best = NVMEMP_NO_PATH, i;
	u64 bound = ~0ull, c;

	do {
		i = __ffs(order) & 31;
		c = cost(from, i) * s->scale[i];
		if (c < bound) {
			bound = c - (c >> 3);
			best = i;
		}
	} while (order &= order - 1);
	turn->last = best;
	return best;
}

/* The sum over all CPUs, smoothed; in 256ths. */
static inline u32 nvmemp_smooth(u32 shared, u32 sum)
{
	return shared - (shared >> 4) + (sum << 4);
}

static inline u32 nvmemp_shared_depth(u32 shared)
{
	return shared >> 8;
}

static inline bool nvmemp_sample_due(u32 n)
{
	return !(n % NVMEMP_SAMPLE_EVERY);
}

static inline bool nvmemp_probe_due(u32 n)
{
	return !(n % NVMEMP_PROBE_EVERY);
}

/*
 * depth, of a path: this CPU's own I/O in flight, exact, plus that of all CPUs as
 * it was found a moment ago, smoothed: without the second a CPU with one I/O at a
 * time knows nothing, and without the smoothing all CPUs run to the same path at
 * once. latency: ns, of what was sampled; 0: nothing was.
 */
static inline u64 nvmemp_depth_cost(u32 depth)
{
	return depth + 1;
}

/* How long until an I/O given to it now is done, if what is in flight comes first. */
static inline u64 nvmemp_latency_cost(u32 depth, u32 latency)
{
	return (u64)latency * (depth + 1);
}

/*
 * The average moves an eighth of the way to each sample; half of its way down to
 * one that is far below, as a path that is seldom tried would be slow to be found
 * healed. Never 0 again.
 */
static inline u32 nvmemp_average(u32 average, u32 sample)
{
	u64 sum = average ? 7ull * average + sample : 8ull * sample;

	if (sample < average / 4)
		return average / 2;
	return sum < 8 ? 1 : sum >> 3;
}

#endif
