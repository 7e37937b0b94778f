/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between the kernels that the target builds on: 6.1 to 7.3. */
#ifndef NVMEMP_COMPAT_H
#define NVMEMP_COMPAT_H

#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blk_types.h>
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/dm-ioctl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/string.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "dm-nvmemp needs Linux 6.1 or newer"
#endif
#ifndef CONFIG_64BIT
#error "dm-nvmemp needs a 64-bit kernel: both halves of unfit are read by one load"
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

/*
 * Keeps a path's disk open on its own, whatever dm core does with it: by dm core's
 * file, or, before it had one (6.9), by opening the disk once more. NULL: that can't be
 * done, as with a removed disk that is in the table still.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
static inline void *nvmemp_keep_open(struct dm_dev *dev)
{
	return get_file(dev->bdev_file);
}

#define nvmemp_let_go(kept) fput(kept)
#else
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define nvmemp_open_again(dev) bdev_open_by_dev(dev, BLK_OPEN_READ, NULL, NULL)
#define nvmemp_let_go(kept) bdev_release(kept)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define nvmemp_open_again(dev) blkdev_get_by_dev(dev, BLK_OPEN_READ, NULL, NULL)
#define nvmemp_let_go(kept) blkdev_put(kept, NULL)
#else
#define nvmemp_open_again(dev) blkdev_get_by_dev(dev, FMODE_READ, NULL)
#define nvmemp_let_go(kept) blkdev_put(kept, FMODE_READ)
#endif

static inline void *nvmemp_keep_open(struct dm_dev *dev)
{
	void *kept = nvmemp_open_again(dev->bdev->bd_dev);

	return IS_ERR(kept) ? NULL : kept;
}
#endif

/*
 * Protection information of the caller. bio_endio of 6.1 frees the clone's before
 * the target could send it again, so the map offers none there; what a path
 * generates for itself is made anew each time.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0) && defined(CONFIG_BLK_DEV_INTEGRITY)
#define NVMEMP_PASSES_INTEGRITY DM_TARGET_PASSES_INTEGRITY
#define NVMEMP_RETRY_DROPS ((__force blk_opf_t)0)

static inline void nvmemp_save_integrity(bool has, struct bio *bio, void *to)
{
	if (unlikely(has) && bio_integrity(bio))
		*(struct bvec_iter *)to = bio_integrity(bio)->bip_iter;
}

static inline void nvmemp_restore_integrity(bool has, struct bio *bio, const void *from)
{
	if (unlikely(has) && bio_integrity(bio))
		bio_integrity(bio)->bip_iter = *(const struct bvec_iter *)from;
}
#else
#define NVMEMP_PASSES_INTEGRITY 0
#define NVMEMP_RETRY_DROPS REQ_INTEGRITY

static inline void nvmemp_save_integrity(bool has, struct bio *bio, void *to) { }
static inline void nvmemp_restore_integrity(bool has, struct bio *bio, const void *from) { }
#endif

/* Its fields are called otherwise in each kernel; all of them must be the same. */
static inline bool nvmemp_same_integrity(struct block_device *a, struct block_device *b)
{
	struct blk_integrity *x = blk_get_integrity(a->bd_disk);
	struct blk_integrity *y = blk_get_integrity(b->bd_disk);

	return (!x && !y) || (x && y && !memcmp(x, y, sizeof(*x)));
}

/* Without the flag, dm core stacks no atomic writes (before 6.14) */
#ifdef DM_TARGET_ATOMIC_WRITES
#define NVMEMP_ATOMIC_WRITES DM_TARGET_ATOMIC_WRITES

static inline bool nvmemp_atomic_enough(struct block_device *map, struct block_device *path)
{
	struct request_queue *m = bdev_get_queue(map), *p = bdev_get_queue(path);

	return queue_atomic_write_max_bytes(m) <= queue_atomic_write_max_bytes(p) &&
	       queue_atomic_write_unit_max_bytes(m) <= queue_atomic_write_unit_max_bytes(p) &&
	       queue_atomic_write_boundary_bytes(m) == queue_atomic_write_boundary_bytes(p);
}
#else
#define NVMEMP_ATOMIC_WRITES 0

static inline bool nvmemp_atomic_enough(struct block_device *map, struct block_device *path)
{
	return true;
}
#endif

/*
 * Where the block layer orders writes to zones (zone write plugging, 6.10), it does so
 * for a map that has it emulate zone append: one write to a zone at a time, up to its
 * last retry. Before that, dm core's emulation lets the next write go when one fails.
 */
#if defined(RQF_ZONE_WRITE_PLUGGING) && defined(CONFIG_BLK_DEV_ZONED)
#define NVMEMP_ORDERS_ZONE_WRITES true
#else
#define NVMEMP_ORDERS_ZONE_WRITES false
#endif

#ifdef CONFIG_BLK_DEV_ZONED
#define nvmemp_report_zone(bdev, sector, cb, data) \
	blkdev_report_zones(bdev, sector, 1, cb, data)
#else
#define nvmemp_report_zone(bdev, sector, cb, data) ((void)(cb), -EOPNOTSUPP)
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
