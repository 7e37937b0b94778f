/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may be done to device-mapper, one call each: the only way in which a
 * plan reaches the machine, so a test can play the machine. Each names its map
 * by what the step carries and returns 0 or a negative errno with a sentence.
 */
#ifndef MP_SYS_OPS_H
#define MP_SYS_OPS_H

#include "core/types.h"

struct mp_ops {
	void *self;
	/* new device with name, uuid and table, active; leaves nothing on failure */
	int (*create)(void *self, const struct mp_step *step, struct mp_err *err);
	/* puts a table beside the active one */
	int (*load)(void *self, const struct mp_step *step, struct mp_err *err);
	/* forgets the table that load put there */
	int (*unload)(void *self, const struct mp_step *step, struct mp_err *err);
	/* noflush, no lockfs; waits for the I/O that is on its way */
	int (*suspend)(void *self, const struct mp_step *step, struct mp_err *err);
	/* activates the loaded table, or else the old one again */
	int (*resume)(void *self, const struct mp_step *step, struct mp_err *err);
	int (*rename)(void *self, const struct mp_step *step, struct mp_err *err);
	/* text to the target */
	int (*message)(void *self, const struct mp_step *step, struct mp_err *err);
	int (*cancel_remove)(void *self, const struct mp_step *step, struct mp_err *err);
	/* the partition maps on it; positive: some are in use and go when they are closed */
	int (*remove_partitions)(void *self, const struct mp_step *step, struct mp_err *err);
	/* positive: it is in use and goes when it is closed */
	int (*remove)(void *self, const struct mp_step *step, struct mp_err *err);
	/* the partition maps and the map; -EBUSY, and all are left, if one of them is in use */
	int (*teardown)(void *self, const struct mp_step *step, struct mp_err *err);
};

#endif
