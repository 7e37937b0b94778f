/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which path carries a bio: pure functions over one small struct, also compiled
 * into the unit tests. A path is its index; a set of paths is a bit mask, so
 * that a choice costs the same for two paths and for thirty-two.
 */
#ifndef NVMEMP_SELECT_H
#define NVMEMP_SELECT_H

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/types.h>
#else
typedef unsigned int u32;
#define __ffs(x) __builtin_ctzl(x)
#endif

enum nvmemp_policy {
	NVMEMP_SELECT_NUMA,
	NVMEMP_SELECT_ROUND_ROBIN,
};

#define NVMEMP_NO_PATH	0xff	/* index of no path */

/*
 * What a choice depends on besides failures: replaced as a whole by messages,
 * read under RCU. Disabled paths and paths in other ANA states are in neither
 * mask.
 */
struct nvmemp_select {
	u32 optimized;
	u32 nonoptimized;
	u32 preferred;		/* one bit, or none */
	enum nvmemp_policy policy;
};

/* The paths that a choice without "except" is made from. */
static inline u32 nvmemp_candidates(const struct nvmemp_select *s, u32 except)
{
	u32 all = (s->optimized | s->nonoptimized) & ~except;

	if (all & s->preferred)
		return s->preferred;
	return all & s->optimized ? all & s->optimized : all;
}

/*
 * The path to take, or NVMEMP_NO_PATH. except: paths that must not be taken.
 * last: the path taken before, which round-robin goes on from.
 */
static inline unsigned int nvmemp_pick(const struct nvmemp_select *s, u32 except,
				       unsigned int last)
{
	u32 set = nvmemp_candidates(s, except);
	u32 later;

	if (!set)
		return NVMEMP_NO_PATH;
	if (s->policy == NVMEMP_SELECT_ROUND_ROBIN) {
		later = set & ~((2u << (last & 31)) - 1);
		if (later)
			set = later;
	}
	return __ffs(set);
}

#endif
