/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between the kernels that the target builds on: 6.1 to 7.3. */
#ifndef NVMEMP_COMPAT_H
#define NVMEMP_COMPAT_H

#include <linux/blk_types.h>
#include <linux/device-mapper.h>
#include <linux/dm-ioctl.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "dm-nvmemp needs Linux 6.1 or newer"
#endif
#ifndef CONFIG_64BIT
#error "dm-nvmemp needs a 64-bit kernel: path masks are one atomic64_t"
#endif

/* 6.1's name; the number is the same */
#ifndef BLK_STS_RESV_CONFLICT
#define BLK_STS_RESV_CONFLICT BLK_STS_NEXUS
#endif

/* prepare_ioctl got the command in the series that added this ioctl (6.16) */
#ifdef DM_MPATH_PROBE_PATHS
#define NVMEMP_PREPARE_IOCTL(name)						\
	name(struct dm_target *ti, struct block_device **bdev,			\
	     unsigned int cmd, unsigned long arg, bool *forward)
#else
#define NVMEMP_PREPARE_IOCTL(name)						\
	name(struct dm_target *ti, struct block_device **bdev)
#endif

/* drivers/md/dm-uevent.h is not among the installed headers; the function is exported */
#ifdef CONFIG_DM_UEVENT
enum dm_uevent_type {
	DM_UEVENT_PATH_FAILED,
	DM_UEVENT_PATH_REINSTATED,
};

void dm_path_uevent(enum dm_uevent_type event_type, struct dm_target *ti,
		    const char *path, unsigned int nr_valid_paths);
#define nvmemp_path_uevent(ti, name, good, nr_valid)				\
	dm_path_uevent((good) ? DM_UEVENT_PATH_REINSTATED : DM_UEVENT_PATH_FAILED, \
		       ti, name, nr_valid)
#else
#define nvmemp_path_uevent(ti, name, good, nr_valid) do { } while (0)
#endif

#endif
