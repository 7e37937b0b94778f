/* SPDX-License-Identifier: GPL-2.0 */
/* Who uses a map, for those who want it to go. */
#ifndef MPD_USERS_H
#define MPD_USERS_H

#include "core/types.h"

/*
 * Positive: somebody who has a name (a mount, swap, another device on it), which
 * err has; 0: nobody of that kind.
 */
int users_find(int root_fd, const struct mp_loaded_map *map, struct mp_err *err);

#endif
