/* SPDX-License-Identifier: GPL-2.0 */
/* Who uses a block device: mounts, swap, and what is stacked on it. */
#ifndef MP_HOLDER_H
#define MP_HOLDER_H

#include "core/types.h"

/*
 * In words, from the arena: "mounted on /", "swap", "held by dm-3 (vg-root)";
 * "" if nobody does, or only our own map. NULL: no memory.
 */
const char *mp_holder_find(struct mp_arena *arena, const struct mp_facts *facts, const char *ns);

#endif
