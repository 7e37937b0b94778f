/* SPDX-License-Identifier: GPL-2.0 */
/* What dm.c and dmops.c share: requests to device-mapper. */
#ifndef MP_SYS_DMTASK_H
#define MP_SYS_DMTASK_H

#include <libdevmapper.h>
#include <linux/dm-ioctl.h>

#include "sys/dm.h"

struct mp_dm_seen {
	char name[DM_NAME_LEN], uuid[DM_UUID_LEN];
	uint64_t dev;
	uint32_t event_nr;
	bool doubted;
};

struct mp_dm {
	struct cookie *cookies;		/* whose udev rules are still running */
	size_t nr_cookies;
	struct mp_dm_seen *seen;	/* devices of the last reading, by name */
	size_t nr_seen;
};

/* The map of this name will be read again. */
void mp_dm_doubt_name(struct mp_dm *dm, const char *name);

void mp_dm_cleanup_task(struct dm_task **task);

#define AUTO_TASK __attribute__((cleanup(mp_dm_cleanup_task)))

/* NULL: no memory */
struct dm_task *mp_dm_task(int type);

/* 0, or a negative errno of the kernel */
int mp_dm_run(struct dm_task *task);

/* The same, for what udev has rules for: mp_dm_udev_pending() says when they ran. */
int mp_dm_run_with_cookie(struct mp_dm *dm, struct dm_task *task, uint16_t flags);

/* One dm device by name or uuid, whichever is not NULL. Positive: there is none. */
int mp_dm_query(int type, const char *name, const char *uuid, struct dm_task **ret,
		struct dm_info *ret_info);

/* The one after n in a list of names; NULL: it was the last. */
struct dm_names *mp_dm_next_name(struct dm_names *n);

/* Sets err to what and name with the reason of the last request; returns r. */
int mp_dm_failed(const char *what, const char *name, int r, struct mp_err *err);

#endif
