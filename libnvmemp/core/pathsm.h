/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The health of one path as the daemon sees it: a failed path is probed (its
 * identity read again, a block read through it) at once, then with a backoff,
 * and at each reconnect; a probe that works reinstates it.
 *
 *   state    event          next      action
 *   LIVE     KERNEL_FAILED  PROBING   PROBE
 *   PROBING  PROBE_OK       LIVE      REINSTATE
 *   PROBING  PROBE_BAD      WAITING   (deadline set)
 *   WAITING  TIMER          PROBING   PROBE      once the deadline has come
 *   WAITING  CONNECTED      PROBING   PROBE
 *   any      KERNEL_ACTIVE  LIVE
 *   any      DISABLED       LIVE                 the administrator's business
 *   everything else changes nothing
 */
#ifndef MP_PATHSM_H
#define MP_PATHSM_H

#include "core/types.h"

#define MP_PATHSM_BACKOFF_MIN_MS	1000
#define MP_PATHSM_BACKOFF_MAX_MS	60000

enum mp_pathsm_state { MP_PATHSM_LIVE, MP_PATHSM_PROBING, MP_PATHSM_WAITING };

enum mp_pathsm_event {
	MP_PATHSM_KERNEL_FAILED,	/* status says failed */
	MP_PATHSM_KERNEL_ACTIVE,	/* status says anything but failed or disabled */
	MP_PATHSM_DISABLED,		/* status says disabled */
	MP_PATHSM_CONNECTED,		/* its controller is live again */
	MP_PATHSM_PROBE_OK,
	MP_PATHSM_PROBE_BAD,
	MP_PATHSM_TIMER,
};

enum mp_pathsm_action { MP_PATHSM_NONE, MP_PATHSM_PROBE, MP_PATHSM_REINSTATE };

struct mp_pathsm {			/* all zero: a path that is fine */
	enum mp_pathsm_state state;
	uint64_t deadline_ms;		/* in WAITING: of the next probe; else 0 */
	uint32_t backoff_ms;
	bool reconnected;		/* CONNECTED came while a probe was under way */
};

enum mp_pathsm_action mp_pathsm_step(struct mp_pathsm *sm, enum mp_pathsm_event event,
				     uint64_t now_ms);

#endif
