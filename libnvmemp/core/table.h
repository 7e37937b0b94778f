/* SPDX-License-Identifier: GPL-2.0 */
/* A map and the target's table parameters; nvmemp_uapi.h has the grammar. */
#ifndef MP_TABLE_H
#define MP_TABLE_H

#include "core/types.h"

/* The parameters behind "START LENGTH nvmemp". -ENOSPC: buf is too small */
int mp_table_print(const struct mp_map *map, char *buf, size_t size);

/* " DEVICE nr-words word*" of one path, as in the parameters; for add_path */
int mp_table_print_path(const struct mp_path *path, char *buf, size_t size);

/*
 * Fills policy, no_path, features and paths of *ret, which the arena holds, and leaves
 * the rest of *ret. -EINVAL: not what the target prints; err says which word.
 */
int mp_table_parse(struct mp_arena *arena, const char *params, struct mp_map *ret,
		   struct mp_err *err);

#endif
