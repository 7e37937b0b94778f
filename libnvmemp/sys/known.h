/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sysfs and procfs say, kept by device. There may be thousands of block
 * devices: each is read when somebody has doubts about it, and not before. The
 * rest is little, or tells of no change by any event (mounts, swap), and is read
 * each time that reading begins.
 */
#ifndef MP_SYS_KNOWN_H
#define MP_SYS_KNOWN_H

#include "core/types.h"

struct mp_known;
struct mp_store;

/* At first all is in doubt. NULL: no memory */
struct mp_known *mp_known_new(int root_fd);
void mp_known_free(struct mp_known *known);	/* NULL is fine */

/* The facts, which others may add folders of their own to; as long as known lives. */
struct mp_store *mp_known_store(struct mp_known *known);

void mp_known_doubt_all(struct mp_known *known);

/*
 * Something happened to this block device, which may be stacked on a namespace, or
 * to this controller and so to its namespaces. Without memory, all is in doubt.
 */
void mp_known_doubt(struct mp_known *known, const char *name);

/*
 * Reads most of the devices that were in doubt when it began with them. Positive:
 * there are more of these. A machine without sysfs is -ENOENT.
 */
int mp_known_read(struct mp_known *known, size_t most, struct mp_err *err);

/* Adds all that there is to facts, at once and without keeping it. */
int mp_known_read_all(int root_fd, struct mp_facts *facts, struct mp_err *err);

/* Reads this block device, and who holds it, now: what is to be acted upon must be fresh. */
int mp_known_read_now(struct mp_known *known, const char *name, struct mp_err *err);

#endif
