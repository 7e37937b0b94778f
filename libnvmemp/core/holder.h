/* SPDX-License-Identifier: GPL-2.0 */
/* Who uses a block device: mounts, swap, and what is stacked on it. */
#ifndef MP_HOLDER_H
#define MP_HOLDER_H

#include "core/types.h"

/*
 * In words, from the arena: "nvme0n1p1 is mounted on /", "nvme0n1 is swap",
 * "nvme0n1 is held by dm-3 (LVM: vg-root)"; "" if nobody does, or only our own
 * map. NULL: no memory.
 */
const char *mp_holder_find(struct mp_arena *arena, const struct mp_facts *facts, const char *ns);

/* The same of a map (dm-0) and the partition maps on it, which are no users by themselves. */
const char *mp_holder_find_map(struct mp_arena *arena, const struct mp_facts *facts, const char *dm);

#endif
