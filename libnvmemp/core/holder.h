/* SPDX-License-Identifier: GPL-2.0 */
/* Who uses a block device: mounts, swap, and what is stacked on it. */
#ifndef MP_HOLDER_H
#define MP_HOLDER_H

#include "core/types.h"

/* What is mounted or swap, by what stands for the device there: its number or its node */
struct mp_user {
	const char *device;
	size_t len;
	const char *where;		/* the mount point, which ends like any word; NULL: swap */
};

struct mp_users {
	struct mp_user *users;		/* sorted */
	size_t nr;
};

/* Points into facts; the array is the arena's. -ENOMEM */
int mp_holder_users(struct mp_arena *arena, const struct mp_facts *facts, struct mp_users *ret);

/*
 * In words, from the arena: "nvme0n1p1 is mounted on /", "nvme0n1 is swap",
 * "nvme0n1 is held by dm-3 (LVM: vg-root)"; "" if nobody does, or only our own
 * map. NULL: no memory.
 */
const char *mp_holder_find(struct mp_arena *arena, const struct mp_facts *facts,
			   const struct mp_users *users, const char *ns);

/* The same of a map (dm-0) and the partition maps on it, which are no users by themselves. */
const char *mp_holder_find_map(struct mp_arena *arena, const struct mp_facts *facts,
			       const struct mp_users *users, const char *dm);

#endif
