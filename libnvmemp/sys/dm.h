/* SPDX-License-Identifier: GPL-2.0 */
/*
 * device-mapper through libdevmapper, which is not thread-safe: all of this
 * belongs to one thread, and every call may block (a suspend for as long as
 * the I/O that it waits for).
 */
#ifndef MP_SYS_DM_H
#define MP_SYS_DM_H

#include <stdio.h>

#include "core/types.h"
#include "sys/ops.h"

struct mp_dm;

int mp_dm_new(struct mp_dm **ret, struct mp_err *err);
void mp_dm_free(struct mp_dm *dm);

/* The calls on the real thing; they live as long as dm. */
struct mp_ops mp_dm_ops(struct mp_dm *dm);

/*
 * All maps with our uuid prefix, by uuid. A map that can't be understood is in it, with
 * bad set. One that was quiet (core/loaded.h) at the last reading is kept if it had no
 * event since, was not changed through dm, and nobody has doubts.
 */
void mp_dm_doubt(struct mp_dm *dm, uint32_t minor);	/* of dm device dm-MINOR */
void mp_dm_doubt_all(struct mp_dm *dm);
int mp_dm_read(struct mp_dm *dm, struct mp_loaded *ret, struct mp_err *err);
void mp_dm_loaded_done(struct mp_loaded *loaded);

/* The same as lines that mp_loaded_load() reads, to a stream. */
int mp_dm_print(struct mp_dm *dm, FILE *to, struct mp_err *err);

/* Asks the kernel for the target, which loads its module. Positive: there is none, err says so. */
int mp_dm_check_target(struct mp_dm *dm, struct mp_err *err);

/*
 * Changes wait for udev's rules without blocking: true while some have not run
 * to their end. Call it again until it says false. Rules that take longer than
 * MP_DM_UDEV_MS, more where there are many, are given up on; *ret_late says how many were.
 */
#define MP_DM_UDEV_MS	10000
bool mp_dm_udev_pending(struct mp_dm *dm, uint64_t now_ms, unsigned int *ret_late);

#endif
