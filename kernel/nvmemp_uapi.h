/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The words that the device-mapper target "nvmemp" and user space exchange:
 * table line, status line and messages. The only header that both sides
 * include. docs/table-format.md explains each word with examples.
 *
 * Table line (what the constructor takes and STATUSTYPE_TABLE prints):
 *
 *   params   = nr-feature-words feature* nr-paths path{nr-paths}
 *   feature  = "policy" POLICY | "no_path" NO-PATH
 *   path     = DEVICE nr-path-words path-word*
 *   path-word= "ana" ANA | "preferred" | "disabled" | "failed"
 *            | "flush_failfast"
 *   DEVICE   = major:minor (always so when printed) or a device node
 *
 * Status line (STATUSTYPE_INFO); a reader skips words that it doesn't know:
 *
 *   status   = VERSION nr-map-words map-word{nr-map-words}
 *              nr-paths nr-words-per-path (path-word{nr-words-per-path}){nr-paths}
 *   map-words, version 1:  MAP-STATE POLICY NO-PATH nr-queued PREFERRED CURRENT
 *                          (PREFERRED, CURRENT: major:minor or "-")
 *   path-words, version 1: DEVICE STATE-LETTER ANA in-flight io-count
 *                          error-count failover-count
 *
 * Messages: "fail_path DEVICE", "reinstate_path DEVICE",
 *   "disable_path DEVICE", "ana (DEVICE ANA)+", "prefer DEVICE|none",
 *   "policy POLICY", "no_path NO-PATH". Errors: -EINVAL (wrong words, nothing
 *   changed), -ENODEV (not a path of this map, nothing changed).
 */
#ifndef NVMEMP_UAPI_H
#define NVMEMP_UAPI_H

#define NVMEMP_TARGET		"nvmemp"
#define NVMEMP_UUID_PREFIX	"nvmemp-"
#define NVMEMP_STATUS_VERSION	1
#define NVMEMP_STATUS_MAP_WORDS	6
#define NVMEMP_STATUS_PATH_WORDS 7
#define NVMEMP_MAX_PATHS	32	/* tried-path mask of a bio is one u32 */

/* Feature words of the table line */
#define NVMEMP_KEY_POLICY	"policy"
#define NVMEMP_KEY_NO_PATH	"no_path"

/* Path words of the table line */
#define NVMEMP_KEY_ANA		"ana"
#define NVMEMP_KEY_PREFERRED	"preferred"	/* at most one path */
#define NVMEMP_KEY_DISABLED	"disabled"	/* taken out by the administrator */
#define NVMEMP_KEY_FAILED	"failed"	/* failed I/O; out until reinstated */
#define NVMEMP_KEY_FLUSH_FAILFAST "flush_failfast" /* fabrics: flushes fail fast too */

/* POLICY */
#define NVMEMP_POLICY_NUMA	"numa"		/* default */
#define NVMEMP_POLICY_ROUND_ROBIN "round-robin"

/* NO-PATH: what happens to I/O while no path is usable */
#define NVMEMP_NO_PATH_FAIL	"fail"		/* default: error at once */
#define NVMEMP_NO_PATH_QUEUE	"queue"		/* wait for ever */
#define NVMEMP_NO_PATH_MAX_SECS	86400		/* else 1..86400: wait so long, then error */

/* ANA: states of NVMe base specification 2.0, section 8.1.1, as nvmet spells them */
#define NVMEMP_ANA_OPTIMIZED	"optimized"	/* 01h; default */
#define NVMEMP_ANA_NONOPTIMIZED	"non-optimized"	/* 02h */
#define NVMEMP_ANA_INACCESSIBLE	"inaccessible"	/* 03h */
#define NVMEMP_ANA_PERSISTENT_LOSS "persistent-loss" /* 04h */
#define NVMEMP_ANA_CHANGE	"change"	/* 0Fh */

/* MAP-STATE of the status line */
#define NVMEMP_STATE_UP		"up"		/* a path is usable */
#define NVMEMP_STATE_WAITING	"waiting"	/* none is; I/O waits */
#define NVMEMP_STATE_FAILING	"failing"	/* none is; I/O gets an error */

/* STATE-LETTER of a path */
#define NVMEMP_PATH_ACTIVE	'A'	/* usable as far as the target knows */
#define NVMEMP_PATH_FAILED	'F'	/* I/O failed on it, or message fail_path */
#define NVMEMP_PATH_DISABLED	'D'	/* message disable_path */
#define NVMEMP_PATH_BLOCKED	'B'	/* its queue is frozen or quiesced now */
#define NVMEMP_PATH_GONE	'G'	/* its disk is dead, or smaller than the map */

/* Messages */
#define NVMEMP_MSG_FAIL_PATH	"fail_path"
#define NVMEMP_MSG_REINSTATE_PATH "reinstate_path"
#define NVMEMP_MSG_DISABLE_PATH	"disable_path"
#define NVMEMP_MSG_ANA		"ana"
#define NVMEMP_MSG_PREFER	"prefer"
#define NVMEMP_MSG_PREFER_NONE	"none"
#define NVMEMP_MSG_POLICY	"policy"
#define NVMEMP_MSG_NO_PATH	"no_path"

#endif
