/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NVMe commands that user space sends itself: their data becomes facts with the
 * keys "ioctl/DEVICE/WHAT" of core/types.h, and what could not be read becomes
 * "ioctl/DEVICE/error". All of these may block for as long as the controller
 * does not answer (its admin timeout): call them from a thread that may wait.
 */
#ifndef MP_SYS_NVME_H
#define MP_SYS_NVME_H

#include "core/types.h"

struct mp_nvme_ns {
	const char *name;		/* nvme0n1, whose ioctl facts are wanted */
	uint32_t nsid;
	bool check_use;			/* ask whether somebody has it open exclusively */
};

/*
 * Identify Controller, the active namespace list, the ANA log (of controllers
 * that report ANA; read so that the next change is announced again) and what
 * Identify says of each given namespace. A command that fails is a fact and no
 * error: only a lack of memory is. Positive: the controller is not live now, and
 * there are no facts.
 */
int mp_nvme_read(int root_fd, const char *ctrl, const struct mp_nvme_ns *ns, size_t nr_ns,
		 struct mp_facts *facts);

/*
 * Only what says which namespace it is and who shares it: Identify Controller and
 * what Identify says of ns. Reads no log, so it takes no news from anybody.
 */
int mp_nvme_identify(int root_fd, const char *ctrl, const struct mp_nvme_ns *ns,
		     struct mp_facts *facts);

/*
 * Identifies a namespace through its block device and reads its first block.
 * The read is a command of our own, not a bio: one that its controller can't
 * serve now comes back as an error, where a bio would wait, and the process
 * with it could not even be killed. -ENODEV: another disk or NSID is behind
 * the name.
 */
struct mp_nvme_block {
	const char *name;		/* nvme0n1 */
	uint32_t nsid;
	uint32_t major, minor;
	uint32_t size;			/* of a logical block, bytes */
};

int mp_nvme_probe(int root_fd, const struct mp_nvme_block *block, struct mp_err *err);

#endif
