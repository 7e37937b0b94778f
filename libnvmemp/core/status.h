/* SPDX-License-Identifier: GPL-2.0 */
/* The target's status line; nvmemp_uapi.h has the grammar. */
#ifndef MP_STATUS_H
#define MP_STATUS_H

#include "core/types.h"

/*
 * Words that a newer target adds are skipped. *ret's paths are the arena's.
 * -EINVAL: not a status line; err says which word; *ret stays untouched.
 */
int mp_status_parse(struct mp_arena *arena, const char *params, struct mp_status *ret,
		    struct mp_err *err);

#endif
