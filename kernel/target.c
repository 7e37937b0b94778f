// SPDX-License-Identifier: GPL-2.0
/*
 * Device-mapper target "nvmemp": one NVMe namespace through several controllers.
 * docs/table-format.md: table, status, messages. docs/io-path.md: how it works.
 */
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "target.h"

/*
 * While stopped is set (before the first resume, behind a suspend) none of the
 * works starts another, so all are over here: a kick of a late message finds
 * nothing to do.
 */
static void quiesce(struct nvmemp *m)
{
	WRITE_ONCE(m->stopped, true);
	flush_work(&m->zone_work);
	cancel_delayed_work_sync(&m->work);
	flush_work(&m->event_work);
	cancel_delayed_work_sync(&m->work);
}

static void nvmemp_dtr(struct dm_target *ti)
{
	struct nvmemp *m = ti->private;
	struct nvmemp_path *p;
	unsigned int i;

	if (m->wq) {
		quiesce(m);
		destroy_workqueue(m->wq);
	}
	nvmemp_bury_retired(m);
	nvmemp_for_each_path(m, i, p)
		nvmemp_free_path(m, i);
	free_percpu(m->cpu);
	kfree(rcu_access_pointer(m->select));
	mutex_destroy(&m->conf_lock);
	kfree(m);
}

static int set_up(struct nvmemp *m)
{
	struct nvmemp_rcu_select *new = nvmemp_alloc_select();
	struct block_device *bdev = nvmemp_path(m, 0)->bdev;

	m->wq = alloc_workqueue("nvmemp/%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
				dm_table_device_name(m->ti->table));
	if (!m->wq || !new) {
		m->ti->error = "no memory for the map";
		kfree(new);
		return -ENOMEM;
	}
	if (bdev_is_zoned(bdev)) {
		m->zone_shift = ilog2(bdev_zone_sectors(bdev));
		m->special |= NVMEMP_ZONED;
	}
	if (NVMEMP_PASSES_INTEGRITY && blk_get_integrity(bdev->bd_disk))
		m->special |= NVMEMP_INTEGRITY;
	mutex_lock(&m->conf_lock);
	nvmemp_publish(m, new);
	mutex_unlock(&m->conf_lock);
	return 0;
}

static int nvmemp_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	struct nvmemp *m;
	int r;

	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (m)
		m->cpu = alloc_percpu(struct nvmemp_cpu);
	if (!m || !m->cpu) {
		kfree(m);
		ti->error = "no memory for the map";
		return -ENOMEM;
	}
	m->ti = ti;
	m->len = ti->len;
	m->worked = jiffies;
	m->stopped = true;
	ti->private = m;
	mutex_init(&m->conf_lock);
	spin_lock_init(&m->lock);
	bio_list_init(&m->waiting);
	bio_list_init(&m->asking);
	INIT_DELAYED_WORK(&m->work, nvmemp_work);
	INIT_WORK(&m->zone_work, nvmemp_zone_work);
	INIT_WORK(&m->event_work, nvmemp_event_work);

	ti->error = NULL;	/* dm core's "unknown error": the first sentence counts */
	r = nvmemp_parse_table(m, &as, &ti->error);
	if (!r)
		r = set_up(m);
	if (r) {
		nvmemp_dtr(ti);
		return r;
	}

	ti->per_io_data_size = sizeof(struct nvmemp_io) +
			       (m->special & NVMEMP_INTEGRITY ? sizeof(struct bvec_iter) : 0);
	ti->emulate_zone_append = NVMEMP_ORDERS_ZONE_WRITES;
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->accounts_remapped_io = true;
	return 0;
}

/* A noflush suspend: what waits goes back to dm core. A flushing one waits as no_path says. */
static void nvmemp_presuspend(struct dm_target *ti)
{
	struct nvmemp *m = ti->private;

	WRITE_ONCE(m->suspending, true);
	nvmemp_kick(m);
}

static void nvmemp_resume(struct dm_target *ti)
{
	struct nvmemp *m = ti->private;

	WRITE_ONCE(m->suspending, false);
	WRITE_ONCE(m->stopped, false);
	nvmemp_kick(m);
}

/* No bio is left: dm waited for all of them, and for who had borrowed a path. */
static void nvmemp_postsuspend(struct dm_target *ti)
{
	struct nvmemp *m = ti->private;

	quiesce(m);
	mutex_lock(&m->conf_lock);
	nvmemp_bury_retired(m);
	mutex_unlock(&m->conf_lock);
}

static const char *path_name(const struct nvmemp *m, unsigned int i)
{
	return i < NVMEMP_MAX_PATHS && nvmemp_path(m, i) ? nvmemp_path(m, i)->dev->name : "-";
}

static void status_info(struct nvmemp *m, char *result, unsigned int maxlen)
{
	unsigned int current_path = nvmemp_choose(m), i, e, sz = 0;
	struct nvmemp_totals now;
	struct nvmemp_path *p;
	char policy[12], no_path[12];

	DMEMIT("%d %d %s %s %s %u ", NVMEMP_STATUS_VERSION, NVMEMP_STATUS_MAP_WORDS,
	       nvmemp_state(m), nvmemp_feature_word(m, NVMEMP_F_POLICY, policy),
	       nvmemp_feature_word(m, NVMEMP_F_NO_PATH, no_path), READ_ONCE(m->nr_waiting));
	DMEMIT("%s %s %llu", path_name(m, m->preferred ? __ffs(m->preferred) : NVMEMP_NO_PATH),
	       path_name(m, current_path), READ_ONCE(m->nr_waited));
	DMEMIT(" %u %d", hweight32(m->present), NVMEMP_STATUS_PATH_WORDS);

	nvmemp_for_each_path(m, i, p) {
		const struct nvmemp_totals *base = &p->base;
		u64 errors = 0, sampled, sum_us;

		nvmemp_sum(p, &now);
		for (e = 0; e < NVMEMP_NR_ERRORS; e++)
			errors += now.errors[e] -= base->errors[e];
		sampled = now.sampled - base->sampled;
		DMEMIT(" %s %c %s %llu %llu %llu %llu %llu %llu %llu", p->dev->name,
		       nvmemp_path_letter(m, i), nvmemp_ana_word(p->ana),
		       now.started - now.done, now.started - base->started, errors,
		       now.failovers - base->failovers, now.retries - base->retries,
		       now.sectors[0] - base->sectors[0], now.sectors[1] - base->sectors[1]);
		for (e = 0; e < NVMEMP_NR_ERRORS; e++)
			DMEMIT(" %llu", now.errors[e]);
		sum_us = div64_u64(now.sum_ns - base->sum_ns, NSEC_PER_USEC);
		DMEMIT(" %llu %u %llu %llu", sampled ? div64_u64(sum_us, sampled) : 0,
		       now.max_ns / (u32)NSEC_PER_USEC, sampled, sum_us);
	}
}

static void status_path(struct nvmemp *m, unsigned int i, char *result, unsigned int maxlen,
			unsigned int *used)
{
	const struct nvmemp_path *p = nvmemp_path(m, i);
	const struct {
		bool holds;
		const char *word;
	} flags[] = {
		{ m->preferred & BIT(i), NVMEMP_KEY_PREFERRED },
		{ p->disabled, NVMEMP_KEY_DISABLED },
		{ READ_ONCE(m->failed) & BIT(i), NVMEMP_KEY_FAILED },
		{ READ_ONCE(m->held) & BIT(i), NVMEMP_KEY_HELD },
		{ READ_ONCE(m->marginal) & BIT(i), NVMEMP_KEY_MARGINAL },
		{ p->flush_failfast, NVMEMP_KEY_FLUSH_FAILFAST },
	};
	unsigned int f, n = 2, sz = *used;

	for (f = 0; f < ARRAY_SIZE(flags); f++)
		n += flags[f].holds;
	n += 2 * (p->weight != 1) + 2 * !!p->kato_ms;
	DMEMIT(" %s %u %s %s", p->dev->name, n, NVMEMP_KEY_ANA, nvmemp_ana_word(p->ana));
	if (p->weight != 1)
		DMEMIT(" %s %u", NVMEMP_KEY_WEIGHT, p->weight);
	if (p->kato_ms)
		DMEMIT(" %s %u", NVMEMP_KEY_KATO, p->kato_ms);
	for (f = 0; f < ARRAY_SIZE(flags); f++)
		if (flags[f].holds)
			DMEMIT(" %s", flags[f].word);
	*used = sz;
}

/* policy and no_path are always said, the rest where it is not the default. */
static bool said(const struct nvmemp *m, enum nvmemp_feature f)
{
	return f <= NVMEMP_F_NO_PATH || !nvmemp_feature_is_default(m, f);
}

static void status_table(struct nvmemp *m, char *result, unsigned int maxlen)
{
	unsigned int i, f, n = 0, sz = 0;
	struct nvmemp_path *p;
	char buf[12];

	for (f = 0; f < NVMEMP_NR_FEATURES; f++)
		n += 2 * said(m, f);
	DMEMIT("%u", n);
	for (f = 0; f < NVMEMP_NR_FEATURES; f++)
		if (said(m, f))
			DMEMIT(" %s %s", nvmemp_feature_key(f), nvmemp_feature_word(m, f, buf));
	DMEMIT(" %u", hweight32(m->present));
	nvmemp_for_each_path(m, i, p)
		status_path(m, i, result, maxlen, &sz);
}

static void nvmemp_status(struct dm_target *ti, status_type_t type, unsigned int status_flags,
			  char *result, unsigned int maxlen)
{
	struct nvmemp *m = ti->private;
	unsigned int sz = 0;

	mutex_lock(&m->conf_lock);
	if (type == STATUSTYPE_INFO) {
		status_info(m, result, maxlen);
	} else if (type == STATUSTYPE_TABLE) {
		status_table(m, result, maxlen);
	} else {
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",paths=%u;", hweight32(m->present));
	}
	mutex_unlock(&m->conf_lock);
}

/*
 * The path that the next bio would take, for somebody who does more with it than
 * we can see: it must not be closed while he may be at it.
 */
static struct block_device *borrow_path(struct nvmemp *m)
{
	unsigned int i = nvmemp_choose(m);
	struct block_device *bdev = NULL;
	struct nvmemp_path *p;

	rcu_read_lock();
	p = i == NVMEMP_NO_PATH ? NULL : nvmemp_path(m, i);
	if (p) {
		WRITE_ONCE(p->borrowed, true);
		bdev = p->bdev;
	}
	rcu_read_unlock();
	return bdev;
}

/* -ENOTCONN makes dm core wait and ask again. */
static int NVMEMP_PREPARE_IOCTL(nvmemp_prepare_ioctl)
{
	struct nvmemp *m = ti->private;

	*bdev = borrow_path(m);
	if (!*bdev) {
		nvmemp_kick(m);		/* no_path's clock may start here */
		return strcmp(nvmemp_state(m), NVMEMP_STATE_FAILING) ? -ENOTCONN : -EIO;
	}
	return ti->len != bdev_nr_sectors(*bdev);
}

#ifdef CONFIG_BLK_DEV_ZONED
static int nvmemp_report_zones(struct dm_target *ti, struct dm_report_zones_args *args,
			       unsigned int nr_zones)
{
	struct block_device *bdev = borrow_path(ti->private);

	return bdev ? dm_report_zones(bdev, 0, args->next_sector, args, nr_zones) : -EIO;
}
#else
#define nvmemp_report_zones NULL
#endif

/*
 * The paths that can be asked something: all of a table that is built; those of a
 * running map that may answer, or all if none may.
 */
static u32 to_be_asked(struct nvmemp *m)
{
	struct nvmemp_path *p;
	unsigned int i;
	u32 set = 0;

	if (READ_ONCE(m->stopped))
		return m->present;
	rcu_read_lock();
	nvmemp_for_each_path(m, i, p)
		if (!nvmemp_path_gone(m, p) && !READ_ONCE(p->disabled) &&
		    !(READ_ONCE(m->failed) & BIT(i)))
			set |= BIT(i);
	rcu_read_unlock();
	return set ?: READ_ONCE(m->present);
}

/*
 * dm core stacks limits by this, and on a running map sends persistent
 * reservations down each path: there one that can't answer would undo it for all.
 */
static int nvmemp_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct nvmemp *m = ti->private;
	bool running = !READ_ONCE(m->stopped);
	u32 set = to_be_asked(m);
	int r = 0;

	for (; set && !r; set &= set - 1) {
		struct nvmemp_path *p;
		struct dm_dev dev;

		rcu_read_lock();
		p = nvmemp_path(m, __ffs(set));
		if (p) {
			if (running)
				WRITE_ONCE(p->borrowed, true);
			dev = *p->dev;	/* its disk is borrowed and stays open */
		}
		rcu_read_unlock();
		if (p)
			r = fn(ti, &dev, 0, ti->len, data);
	}
	return r;
}

static struct target_type nvmemp_target = {
	.name = NVMEMP_TARGET,
	.version = { 1, 1, 0 },
	.features = DM_TARGET_SINGLETON | DM_TARGET_NOWAIT | DM_TARGET_ZONED_HM |
		    NVMEMP_PASSES_INTEGRITY | NVMEMP_ATOMIC_WRITES,
	.module = THIS_MODULE,
	.ctr = nvmemp_ctr,
	.dtr = nvmemp_dtr,
	.map = nvmemp_map,
	.end_io = nvmemp_end_io,
	.presuspend = nvmemp_presuspend,
	.presuspend_undo = nvmemp_resume,
	.postsuspend = nvmemp_postsuspend,
	.resume = nvmemp_resume,
	.status = nvmemp_status,
	.message = nvmemp_message,
	.prepare_ioctl = nvmemp_prepare_ioctl,
	.report_zones = nvmemp_report_zones,
	.iterate_devices = nvmemp_iterate_devices,
};

static int __init nvmemp_init(void)
{
	return dm_register_target(&nvmemp_target);
}

static void __exit nvmemp_exit(void)
{
	dm_unregister_target(&nvmemp_target);
}

module_init(nvmemp_init);
module_exit(nvmemp_exit);

MODULE_DESCRIPTION("device-mapper NVMe multipath target");
MODULE_AUTHOR("the nvmemp developers");
MODULE_LICENSE("GPL");
