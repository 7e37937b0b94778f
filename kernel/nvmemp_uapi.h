/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The words that the device-mapper target "nvmemp" and user space exchange:
 * table line, status line and messages. The only header that both sides
 * include. docs/table-format.md explains each word with examples.
 *
 * Table line (what the constructor takes and STATUSTYPE_TABLE prints):
 *
 *   params   = nr-feature-words feature* nr-paths path{nr-paths}
 *   feature  = "policy" POLICY | "no_path" NO-PATH | "failback" FAILBACK
 *            | "write_hold" WRITE-HOLD | "anatt" SECONDS
 *            | "marginal_errors" COUNT | "marginal_window" SECONDS
 *            | "marginal_hold" SECONDS | "marginal_latency" FACTOR
 *   path     = DEVICE nr-path-words path-word*
 *   path-word= "ana" ANA | "weight" WEIGHT | "kato" MILLISECONDS | "preferred"
 *            | "disabled" | "failed" | "held" | "marginal" | "flush_failfast"
 *   DEVICE   = major:minor (always so when printed) or a device node
 *   Features and values at their defaults are not printed, but for policy and
 *   no_path.
 *
 * Status line (STATUSTYPE_INFO); a reader skips words that it doesn't know:
 *
 *   status   = VERSION nr-map-words map-word{nr-map-words}
 *              nr-paths nr-words-per-path (path-word{nr-words-per-path}){nr-paths}
 *   map-words, version 1:  MAP-STATE POLICY NO-PATH nr-queued PREFERRED CURRENT
 *                          queued-total
 *                          (PREFERRED, CURRENT: major:minor or "-")
 *   path-words, version 1: DEVICE STATE-LETTER ANA in-flight io-count
 *                          error-count failover-count retry-count
 *                          sectors-read sectors-written
 *                          path-errors suspect-errors busy-errors caller-errors
 *                          mean-us max-us sampled sum-us
 *     error-count is the sum of the four; mean-us and max-us: latency of the
 *     I/O that was sampled, from map to completion; sampled: how many, sum-us:
 *     their latencies added up.
 *
 * Messages: "fail_path DEVICE", "reinstate_path DEVICE", "disable_path DEVICE",
 *   "release_path DEVICE", "add_path DEVICE nr-path-words path-word*",
 *   "remove_path DEVICE", "ana (DEVICE ANA)+", "prefer DEVICE|none",
 *   "weight DEVICE WEIGHT", "reset_stats", and each feature with its value.
 *   Errors: -EINVAL (wrong words), -ENODEV (not a path of this map), -EEXIST
 *   (add_path: it is one already), -EBUSY (add_path: in use by somebody else;
 *   remove_path: I/O is in flight on it, or it is the last one), -ENOSPC
 *   (add_path: 32 are there). Nothing is changed then.
 */
#ifndef NVMEMP_UAPI_H
#define NVMEMP_UAPI_H

#define NVMEMP_TARGET		"nvmemp"
#define NVMEMP_UUID_PREFIX	"nvmemp-"
#define NVMEMP_STATUS_VERSION	1
#define NVMEMP_STATUS_MAP_WORDS	7
#define NVMEMP_STATUS_PATH_WORDS 18
/* before sampled and sum-us: a module that is still loaded */
#define NVMEMP_STATUS_PATH_WORDS_MIN 16
#define NVMEMP_MAX_PATHS	32	/* tried-path mask of a bio is one u32 */

/* Feature words of the table line, and messages */
#define NVMEMP_KEY_POLICY	"policy"
#define NVMEMP_KEY_NO_PATH	"no_path"
#define NVMEMP_KEY_FAILBACK	"failback"
#define NVMEMP_KEY_WRITE_HOLD	"write_hold"
#define NVMEMP_KEY_ANATT	"anatt"		/* seconds; default 10 */
#define NVMEMP_KEY_MARGINAL_ERRORS "marginal_errors" /* default 0: off */
#define NVMEMP_KEY_MARGINAL_WINDOW "marginal_window" /* seconds; default 60 */
#define NVMEMP_KEY_MARGINAL_HOLD "marginal_hold" /* seconds; default 300 */
#define NVMEMP_KEY_MARGINAL_LATENCY "marginal_latency" /* times its peers'; default 0: off */

/* Path words of the table line */
#define NVMEMP_KEY_ANA		"ana"
#define NVMEMP_KEY_WEIGHT	"weight"	/* 1 to 100; default 1 */
#define NVMEMP_KEY_KATO		"kato"		/* keep alive timeout, ms; default 0: none */
#define NVMEMP_KEY_PREFERRED	"preferred"	/* at most one path */
#define NVMEMP_KEY_DISABLED	"disabled"	/* taken out by the administrator */
#define NVMEMP_KEY_FAILED	"failed"	/* failed I/O; out until reinstated */
#define NVMEMP_KEY_HELD		"held"		/* came back; in reserve for failback's time */
#define NVMEMP_KEY_MARGINAL	"marginal"	/* in reserve for marginal_hold seconds */
#define NVMEMP_KEY_FLUSH_FAILFAST "flush_failfast" /* fabrics: flushes fail fast too */

/* POLICY */
#define NVMEMP_POLICY_NUMA	"numa"		/* default */
#define NVMEMP_POLICY_ROUND_ROBIN "round-robin"
#define NVMEMP_POLICY_QUEUE_DEPTH "queue-depth"
#define NVMEMP_POLICY_LATENCY	"latency"

/* NO-PATH: what happens to I/O while no path is usable */
#define NVMEMP_NO_PATH_FAIL	"fail"		/* default: error at once */
#define NVMEMP_NO_PATH_QUEUE	"queue"		/* wait for ever */
#define NVMEMP_NO_PATH_MAX_SECS	86400		/* else 1..86400: wait so long, then error */

/* FAILBACK: when a path that came back is used again, if others are usable */
#define NVMEMP_FAILBACK_IMMEDIATE "immediate"	/* default */
#define NVMEMP_FAILBACK_MANUAL	"manual"	/* by release_path */
#define NVMEMP_FAILBACK_MAX_SECS 86400		/* else 1..86400 */

/* WRITE-HOLD: before a write of unknown outcome goes down another path */
#define NVMEMP_WRITE_HOLD_OFF	"off"		/* default */
#define NVMEMP_WRITE_HOLD_AUTO	"auto"		/* the lost path's kato */
#define NVMEMP_WRITE_HOLD_MAX_MS 600000		/* else 1..600000 ms */

#define NVMEMP_ANATT_DEFAULT	10
#define NVMEMP_ANATT_MAX	255		/* one byte of Identify Controller */
#define NVMEMP_MARGINAL_WINDOW_DEFAULT 60
#define NVMEMP_MARGINAL_HOLD_DEFAULT 300
#define NVMEMP_MARGINAL_MAX_ERRORS 1000
#define NVMEMP_MARGINAL_MAX_SECS 86400
#define NVMEMP_MARGINAL_MAX_LATENCY 1000
#define NVMEMP_MAX_WEIGHT	100
#define NVMEMP_MAX_KATO_MS	600000

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

/* STATE-LETTER of a path: the first that holds */
#define NVMEMP_PATH_GONE	'G'	/* its disk is dead, or smaller than the map */
#define NVMEMP_PATH_DISABLED	'D'	/* message disable_path; idle when in-flight is 0 */
#define NVMEMP_PATH_FAILED	'F'	/* I/O failed on it, or message fail_path */
#define NVMEMP_PATH_BLOCKED	'B'	/* its queue is frozen or quiesced now */
#define NVMEMP_PATH_MARGINAL	'M'	/* in reserve: failed often, or slow */
#define NVMEMP_PATH_HELD	'H'	/* in reserve: came back, waits for failback */
#define NVMEMP_PATH_ACTIVE	'A'	/* usable as far as the target knows */

/* Messages beside the features */
#define NVMEMP_MSG_FAIL_PATH	"fail_path"
#define NVMEMP_MSG_REINSTATE_PATH "reinstate_path"	/* ends failed and disabled */
#define NVMEMP_MSG_DISABLE_PATH	"disable_path"	/* an event tells when it is idle */
#define NVMEMP_MSG_RELEASE_PATH	"release_path"	/* ends held and marginal */
#define NVMEMP_MSG_ADD_PATH	"add_path"
#define NVMEMP_MSG_REMOVE_PATH	"remove_path"
#define NVMEMP_MSG_ANA		"ana"
#define NVMEMP_MSG_PREFER	"prefer"
#define NVMEMP_MSG_PREFER_NONE	"none"
#define NVMEMP_MSG_WEIGHT	"weight"
#define NVMEMP_MSG_RESET_STATS	"reset_stats"
#define NVMEMP_MSG_POLICY	NVMEMP_KEY_POLICY
#define NVMEMP_MSG_NO_PATH	NVMEMP_KEY_NO_PATH

#endif
