/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libnvmemp: what nvmempd knows and does, for other programs. A client of the
 * control interface (docs/dbus.md); it needs the daemon and no privilege to
 * read, CAP_SYS_ADMIN to change.
 *
 * Every int is 0 or a negative errno; nvmemp_error() then has one sentence.
 *   -ENOTCONN  the daemon can't be reached
 *   -ENOENT    no such map       -ENODEV  no such path in the map
 *   -EPERM     the caller may not change anything
 *   -EINVAL    there is no such value for that setting
 *   -EPROTO    the daemon's answer makes no sense
 *   -EAGAIN    nothing happened in that time
 *   -EIO       the daemon refused, or failed; -ENOMEM
 * On failure nothing was changed and ret_ parameters are untouched.
 *
 * Structures grow at their end in later versions: use them by pointer as they
 * come and never copy or allocate one. A connection belongs to one thread.
 */
#ifndef NVMEMP_H
#define NVMEMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NVMEMP_BUS_PATH "/run/nvmemp/bus"	/* or what $NVMEMP_BUS names */

struct nvmemp;

/* Text is never NULL; "" where there is none. Words as in docs/dbus.md. */
struct nvmemp_path_info {
	const char *device;		/* nvme0n1 */
	const char *controller;		/* nvme0 */
	const char *transport;		/* pcie, tcp, rdma, fc, loop */
	const char *address;
	const char *controller_state;	/* the kernel's: live, resetting, … */
	const char *ana_state;
	const char *state;		/* active, failed, disabled, blocked, gone, marginal, held */
	bool preferred;
	bool current;			/* the next I/O takes it */
	uint64_t in_flight, io_count, error_count, failover_count, retry_count;
	uint64_t bytes_read, bytes_written;
	/* error_count is their sum; docs/io-path.md has what is which */
	uint64_t path_errors, suspect_errors, busy_errors, caller_errors;
	uint64_t mean_latency_us, max_latency_us;	/* of the I/O that was sampled */
	uint64_t sampled_count, sampled_us;	/* how many, and their latencies added up */
};

struct nvmemp_map_info {
	const char *name, *uuid, *wwid;
	const char *device;		/* dm-0 */
	const char *subsystem;		/* NQN */
	const char *state;		/* up, waiting, failing */
	const char *policy, *no_path;
	uint64_t size_bytes;
	uint64_t queued;		/* bios that wait for a path */
	uint64_t queued_total;		/* that have waited */
	uint32_t open_count;
	size_t nr_paths;
	const struct nvmemp_path_info *const *paths;
};

struct nvmemp_controller_info {
	const char *name, *state, *transport, *address;
};

/* A path that native multipath has; only shown */
struct nvmemp_native_path_info {
	const char *device;		/* nvme0c1n1, which has no node */
	const char *ns;			/* nvme0n1 */
	const char *controller;		/* nvme1 */
	const char *ana_state;		/* "" where the controller reports none */
};

struct nvmemp_subsystem_info {
	const char *name, *nqn, *model, *serial;
	const char *native_policy;	/* native multipath's; "" where that is off */
	size_t nr_controllers;
	const struct nvmemp_controller_info *const *controllers;
	size_t nr_native_paths;
	const struct nvmemp_native_path_info *const *native_paths;
};

struct nvmemp_reject_info {
	const char *device, *reason;
};

/* All that is known at one moment; maps by name, paths by device. */
struct nvmemp_snapshot {
	const char *daemon_version;
	bool native_multipath;
	size_t nr_maps, nr_subsystems, nr_rejected;
	const struct nvmemp_map_info *const *maps;
	const struct nvmemp_subsystem_info *const *subsystems;
	const struct nvmemp_reject_info *const *rejected;
	const char *event_trouble;	/* which changes are noticed late, and why; "" = none */
	const char *config_trouble;	/* what of the configuration is left out; "" = nothing */
};

struct nvmemp_step_info {
	const char *step, *reason;
};

struct nvmemp_plan {
	size_t nr_steps;
	const struct nvmemp_step_info *const *steps;
};

struct nvmemp_setting_info {
	const char *key, *value;
	const char *origin;		/* FILE:LINE, built-in, or set by hand */
};

struct nvmemp_config {
	size_t nr_settings;
	const struct nvmemp_setting_info *const *settings;
};

/* The library's own version. Since: 0.1 */
const char *nvmemp_version(void);

/*
 * Connects to the daemon. *ret_conn is also set on failure (but for -ENOMEM),
 * so that nvmemp_error() can say why; close it in any case. Since: 0.1
 */
int nvmemp_connect(struct nvmemp **ret_conn);
void nvmemp_close(struct nvmemp *conn);			/* NULL is fine. Since: 0.1 */

/* Why the last call on conn failed, one sentence; lives until the next call. Since: 0.1 */
const char *nvmemp_error(const struct nvmemp *conn);

/* Reads everything, fresh from the kernel. Free what came. Since: 0.1 */
int nvmemp_snapshot_read(struct nvmemp *conn, const struct nvmemp_snapshot **ret_snapshot);
void nvmemp_snapshot_free(const struct nvmemp_snapshot *snapshot);	/* Since: 0.1 */

/* map: its name. path: block device or controller; switch takes "auto" for none. Since: 0.1 */
int nvmemp_switch(struct nvmemp *conn, const char *map, const char *path);
int nvmemp_fail(struct nvmemp *conn, const char *map, const char *path);	/* Since: 0.1 */
int nvmemp_reinstate(struct nvmemp *conn, const char *map, const char *path);	/* Since: 0.1 */
/* A held or marginal path carries I/O again. Since: 0.1 */
int nvmemp_release(struct nvmemp *conn, const char *map, const char *path);

/*
 * The policy, by its word, and what I/O without a path does: "queue", "fail" or
 * seconds. Holds until the daemon reads its configuration again, or starts. Since: 0.1
 */
int nvmemp_policy_set(struct nvmemp *conn, const char *map, const char *policy);
int nvmemp_no_path_set(struct nvmemp *conn, const char *map, const char *no_path);	/* Since: 0.1 */

/*
 * The map's controllers look at their namespaces again, in the background; the map
 * grows when all have. Since: 0.1
 */
int nvmemp_rescan(struct nvmemp *conn, const char *map);

/*
 * Removes the map and the partition maps on it, if nobody uses them: else -EIO,
 * and nvmemp_error() says who does. It is not made again before the daemon reads
 * its configuration again, or starts. Since: 0.1
 */
int nvmemp_teardown(struct nvmemp *conn, const char *map);

/* What the daemon would do now, in order; no steps: all is as wanted. Since: 0.1 */
int nvmemp_plan_read(struct nvmemp *conn, const struct nvmemp_plan **ret_plan);
void nvmemp_plan_free(const struct nvmemp_plan *plan);			/* Since: 0.1 */

/*
 * The configuration as it holds for a map, given its name or the wwid of its
 * namespace, or with "" for those of which nothing is known. Free what came. Since: 0.1
 */
int nvmemp_config_read(struct nvmemp *conn, const char *map, const struct nvmemp_config **ret_config);
void nvmemp_config_free(const struct nvmemp_config *config);	/* Since: 0.1 */

/* The daemon reads its configuration again. Since: 0.1 */
int nvmemp_reload(struct nvmemp *conn);

/* One thing that happened. Words and what is in which: docs/dbus.md, signal Event. */
struct nvmemp_event {
	uint64_t time_us;		/* since 1970 */
	const char *kind;		/* path-state, map-added, … */
	const char *map, *device;
	const char *before, *after;
};

/*
 * From now on events come. Watch first, then read a snapshot: so nothing is
 * missed. A program that does not read them is cut off. Since: 0.1
 */
int nvmemp_watch(struct nvmemp *conn);

/*
 * The next event; lives until the next call on conn. timeout_ms: 0 does not
 * wait, -1 waits for ever. Since: 0.1
 */
int nvmemp_event_wait(struct nvmemp *conn, int timeout_ms, const struct nvmemp_event **ret_event);

/*
 * For poll(2): when it is readable, wait for events with timeout 0 until -EAGAIN,
 * and once before the first poll. Or a negative errno. Since: 0.1
 */
int nvmemp_fd(struct nvmemp *conn);

#ifdef __cplusplus
}
#endif

#endif
