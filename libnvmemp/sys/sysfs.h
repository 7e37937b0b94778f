/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sysfs and procfs say, as facts with the keys of core/types.h. Everything
 * is opened below a root directory, so that a captured tree reads like the
 * machine it came from.
 */
#ifndef MP_SYS_SYSFS_H
#define MP_SYS_SYSFS_H

#include "core/types.h"

/*
 * Adds all that the keys of core/types.h name to facts (not sorted). What is
 * absent, or vanishes while it is read, is no fact and no error; a machine
 * without sysfs is -ENOENT.
 */
int mp_sysfs_read_all(int root_fd, struct mp_facts *facts, struct mp_err *err);

/*
 * The same for one namespace's block device and the controller behind it, and
 * nothing else. Positive: there is no such device (now).
 */
int mp_sysfs_read_device(int root_fd, const char *name, struct mp_facts *facts,
			 struct mp_err *err);

/* The controller looks at its namespaces again, in the background. One that is gone does not. */
int mp_sysfs_rescan(int root_fd, const char *ctrl, struct mp_err *err);

/* What says who uses a map (dm-0) or a partition map on it; a map that is gone has no facts. */
int mp_sysfs_read_map(int root_fd, const char *dm, struct mp_facts *facts, struct mp_err *err);

#endif
