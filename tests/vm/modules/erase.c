// SPDX-License-Identifier: GPL-2.0
/*
 * Two disks, erase0 and erase1, that keep nothing but can erase securely, which
 * neither the NVMe driver nor a disk of the emulator can. "erased" has the number of
 * sectors that each was told to erase; one whose "dead" is 1 fails all I/O.
 */
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/version.h>

#define SECTORS (64 << (20 - SECTOR_SHIFT))

static unsigned int erased[2];
module_param_array(erased, uint, NULL, 0644);
static unsigned int dead[2];
module_param_array(dead, uint, NULL, 0644);

static struct gendisk *disks[2];

static void erase_submit_bio(struct bio *bio)
{
	int i = bio->bi_bdev->bd_disk == disks[1];

	if (dead[i]) {
		bio_io_error(bio);
		return;
	}
	/* racy; tests erase one at a time */
	if (bio_op(bio) == REQ_OP_SECURE_ERASE)
		erased[i] += bio_sectors(bio);
	else if (bio_op(bio) == REQ_OP_READ)
		zero_fill_bio(bio);
	bio_endio(bio);
}

static const struct block_device_operations erase_ops = {
	.owner = THIS_MODULE,
	.submit_bio = erase_submit_bio,
};

static struct gendisk *erase_alloc(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	struct queue_limits limits = {
		.max_secure_erase_sectors = UINT_MAX >> SECTOR_SHIFT,
	};
	struct gendisk *disk = blk_alloc_disk(&limits, NUMA_NO_NODE);

	return IS_ERR(disk) ? NULL : disk;
#else
	struct gendisk *disk = blk_alloc_disk(NUMA_NO_NODE);

	if (disk)
		blk_queue_max_secure_erase_sectors(disk->queue, UINT_MAX >> SECTOR_SHIFT);
	return disk;
#endif
}

static void erase_drop(int n)
{
	while (n--) {
		del_gendisk(disks[n]);
		put_disk(disks[n]);
	}
}

static int __init erase_init(void)
{
	int i, r;

	for (i = 0; i < 2; i++) {
		disks[i] = erase_alloc();
		if (!disks[i]) {
			erase_drop(i);
			return -ENOMEM;
		}
		disks[i]->fops = &erase_ops;
		snprintf(disks[i]->disk_name, DISK_NAME_LEN, "erase%d", i);
		set_capacity(disks[i], SECTORS);
		r = add_disk(disks[i]);
		if (r) {
			put_disk(disks[i]);
			erase_drop(i);
			return r;
		}
	}
	return 0;
}

static void __exit erase_exit(void)
{
	erase_drop(2);
}

module_init(erase_init);
module_exit(erase_exit);
MODULE_DESCRIPTION("Disks that erase securely, for tests");
MODULE_LICENSE("GPL");
