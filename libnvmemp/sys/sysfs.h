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
 * Each adds facts (not sorted). What is absent, or vanishes while it is read, is no
 * fact and no error. Positive: there is no such thing (now).
 */
int mp_sysfs_read_subsystems(int root_fd, struct mp_facts *facts, struct mp_err *err);
int mp_sysfs_read_ctrls(int root_fd, struct mp_facts *facts, struct mp_err *err);
int mp_sysfs_read_file(int root_fd, const char *key, struct mp_facts *facts, struct mp_err *err);

/*
 * A namespace's block device or a path of native multipath; of any other block
 * device, what it is stacked on, and who it is if it is device-mapper's.
 */
int mp_sysfs_read_block(int root_fd, const char *name, struct mp_facts *facts, struct mp_err *err);

/* The names in a folder; what visit returns ends it, unless that is 0. */
struct mp_sysfs_visitor {
	int (*visit)(void *context, const char *name);
	void *context;
};

int mp_sysfs_each_name(int root_fd, const char *path, const struct mp_sysfs_visitor *visitor,
		       struct mp_err *err);

/*
 * One namespace's block device, who holds it, and the controller behind it; nothing else.
 */
int mp_sysfs_read_device(int root_fd, const char *name, struct mp_facts *facts,
			 struct mp_err *err);

/* The controller looks at its namespaces again, in the background. One that is gone does not. */
int mp_sysfs_rescan(int root_fd, const char *ctrl, struct mp_err *err);

/* The controller looks at its namespaces again, in the background. One that is gone does not. */
int mp_sysfs_rescan(int root_fd, const char *ctrl, struct mp_err *err);

/* What says who uses a map (dm-0) or a partition map on it; a map that is gone has no facts. */
int mp_sysfs_read_map(int root_fd, const char *dm, struct mp_facts *facts, struct mp_err *err);

#endif
