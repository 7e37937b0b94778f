/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ANA log page: bytes -> the state of each group.
 *
 *   log   = CHGCNT(8) NGRPS(2) 0(6) group{NGRPS}
 *   group = ANAGRPID(4) NNSIDS(4) CHGCNT(8) STATE(1) 0(15) NSID(4){NNSIDS}
 *
 * NVMe base specification 2.0, section 5.16.1.13. Any bytes are survived.
 */
#ifndef MP_ANA_H
#define MP_ANA_H

#include "core/types.h"

struct mp_ana_group {
	uint32_t grpid;
	uint32_t nr_nsids;
	enum mp_ana state;	/* MP_ANA_UNKNOWN: a reserved code */
};

/* Start with *pos = 0. 1: a group; 0: no more; -EBADMSG: the log is cut off or contradicts itself */
int mp_ana_next(const void *log, size_t len, size_t *pos, struct mp_ana_group *ret);

/* 0; -ENOENT: no such group; -EBADMSG as above */
int mp_ana_log_state(const void *log, size_t len, uint32_t grpid, enum mp_ana *ret);

#endif
