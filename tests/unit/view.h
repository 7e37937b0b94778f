/* SPDX-License-Identifier: GPL-2.0 */
/* A daemon's view for tests of the command: one map with two paths, and a name that means harm. */
#ifndef VIEW_H
#define VIEW_H

#include "nvmemp.h"

static struct nvmemp_path_info path_a = {
	.device = "nvme0n1", .controller = "nvme0", .transport = "tcp",
	.address = "traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.9", .controller_state = "live",
	.ana_state = "optimized", .state = "active", .current = true, .in_flight = 3, .io_count = 1000,
	.error_count = 10, .failover_count = 2, .retry_count = 1, .bytes_read = 4096000,
	.bytes_written = 512, .path_errors = 1, .suspect_errors = 2, .busy_errors = 3,
	.caller_errors = 4, .mean_latency_us = 1500, .max_latency_us = 2000001, .sampled_count = 16,
	.sampled_us = 24000,
};
static struct nvmemp_path_info path_b = {
	.device = "nvme1n1", .controller = "nvme1", .transport = "tcp",
	.address = "traddr=192.0.2.2,trsvcid=4420,src_addr=192.0.2.9", .controller_state = "connecting",
	.ana_state = "non-optimized", .state = "failed",
};
static const struct nvmemp_path_info *const both_paths[] = { &path_a, &path_b };
static struct nvmemp_map_info map_one = {
	.name = "data\"base\\\033[31m", .uuid = "nvmemp-uuid.1", .wwid = "uuid.1", .device = "dm-0",
	.subsystem = "nqn.2024-01.test:a", .state = "up", .policy = "numa", .no_path = "60",
	.size_bytes = 1048576, .queued = 0, .queued_total = 7, .nr_paths = 2, .paths = both_paths,
};
static const struct nvmemp_map_info *const one_map[] = { &map_one };
static struct nvmemp_snapshot one_snapshot = {
	.daemon_version = "0.1.0", .nr_maps = 1, .maps = one_map, .event_trouble = "", .config_trouble = "",
};

#endif
