// SPDX-License-Identifier: GPL-2.0
/*
 * Bios that wait: for a path, or to be sent down another one. The worker sends
 * them, or ends them; zone_work first has a path report their zone.
 */
#include <linux/jiffies.h>
#include <linux/sched/mm.h>

#include "target.h"

#define RECHECK_MIN	(HZ / 200 ?: 1)	/* no path: look again, doubling from here */
#define RECHECK_MAX	(HZ / 4)
/*
 * Between trials of failed paths. The first is late enough for a rescan to have
 * noticed that a target put another namespace behind the NSID.
 */
#define TRIAL_MIN	HZ
#define TRIAL_MAX	(8 * HZ)

void nvmemp_kick(struct nvmemp *m)
{
	mod_delayed_work(m->wq, &m->work, 0);
}

void nvmemp_wait_for_path(struct nvmemp *m, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	bio_list_add(&m->waiting, bio);
	m->nr_waiting++;
	m->nr_waited++;
	spin_unlock_irqrestore(&m->lock, flags);
	nvmemp_kick(m);
}

static void end_bio(struct bio *bio, struct nvmemp_io *io, blk_status_t status)
{
	io->path = NVMEMP_NO_PATH;	/* with an error: end_io sees to it first */
	bio->bi_status = status;
	bio_endio(bio);
}

/* The worker's view of the map for one pass over the list */
struct pass {
	bool usable;		/* some path is, though perhaps not for a bio that tried it */
	bool push_back;		/* to dm core, which keeps them over a noflush suspend */
	bool fail;		/* no_path says so */
	u32 trials;		/* failed paths that are due for one */
	bool tried;		/* one was sent on its way */
	bool waits;		/* look again after wake */
	unsigned long wake;	/* jiffies from now */
};

static void sooner(struct pass *pass, unsigned long delay)
{
	if (!pass->waits || delay < pass->wake)
		pass->wake = delay;
	pass->waits = true;
}

static void set_down(struct nvmemp *m, bool on)
{
	spin_lock_irq(&m->lock);
	nvmemp_set_special(m, NVMEMP_DOWN, on);
	spin_unlock_irq(&m->lock);
	nvmemp_event(m);
}

static void has_path(struct nvmemp *m)
{
	WRITE_ONCE(m->failing, false);
	m->recheck = RECHECK_MIN;
	if (!nvmemp_is_down(m))
		return;
	DMINFO("%s: a path is usable again", dm_table_device_name(m->ti->table));
	set_down(m, false);
}

static void has_no_path(struct nvmemp *m)
{
	if (nvmemp_is_down(m))
		return;
	WRITE_ONCE(m->down_since, jiffies);
	/* a path that fails again right behind a trial goes on with the backoff */
	if (time_after(jiffies, m->next_trial + TRIAL_MAX))
		m->trial_delay = TRIAL_MIN;
	m->next_trial = jiffies + max_t(unsigned long, m->trial_delay, TRIAL_MIN);
	DMWARN("%s: no path is usable", dm_table_device_name(m->ti->table));
	set_down(m, true);
}

/* What becomes of I/O while no path is usable; starts and stops the clock. */
static void look(struct nvmemp *m, struct pass *pass)
{
	u32 no_path = nvmemp_conf(m, NVMEMP_F_NO_PATH);

	pass->push_back = READ_ONCE(m->suspending);
	pass->usable = nvmemp_usable(m);
	if (pass->usable) {
		has_path(m);
		return;
	}
	has_no_path(m);
	if (time_after_eq(jiffies, m->next_trial))
		pass->trials = nvmemp_triable(m) & ~atomic_read(&m->trials);
	if (no_path == NVMEMP_ENDLESS) {
		pass->fail = false;
	} else if (no_path) {
		long left = m->down_since + no_path * HZ - jiffies;

		pass->fail = left <= 0;
		if (left > 0)
			sooner(pass, left);
	} else {
		pass->fail = !nvmemp_path_may_come(m);
	}
	if (pass->fail && !m->failing) {
		DMWARN("%s: no path is left, failing I/O", dm_table_device_name(m->ti->table));
		nvmemp_event(m);
	}
	WRITE_ONCE(m->failing, pass->fail);
}

/*
 * Each failed path that is due gets one waiting bio; what comes back tells. A
 * trial that hangs holds up no other path's.
 */
static bool try_failed_path(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			    struct pass *pass)
{
	struct nvmemp_again how = {
		.drop = REQ_NOWAIT | REQ_POLLED, .may_wait = true, .trial = true,
	};

	while (pass->trials) {
		how.path = nvmemp_next(pass->trials, m->trial_path);
		m->trial_path = how.path;
		pass->trials &= ~BIT(how.path);
		atomic_or(BIT(how.path), &m->trials);
		io->bits |= NVMEMP_IO_TRIAL;
		if (nvmemp_send_again(m, bio, &how)) {
			pass->tried = true;
			return true;
		}
		io->bits &= ~NVMEMP_IO_TRIAL;
		atomic_andnot(BIT(how.path), &m->trials);
	}
	return false;
}

/* true: the bio went on its way; false: it stays in the list */
static bool dispatch(struct nvmemp *m, struct bio *bio, struct pass *pass)
{
	struct nvmemp_io *io = bio->bi_private;
	struct nvmemp_again how = { .except = io->tried, .drop = REQ_NOWAIT | REQ_POLLED };
	s32 left = io->bits & NVMEMP_IO_DELAYED ? (s32)(io->when - (u32)jiffies) : 0;

	/* a held write stays ours: behind a new table nobody would know of it */
	if (left > 0 && io->bits & NVMEMP_IO_HELD) {
		sooner(pass, left);
		return false;
	}
	/*
	 * Asked again: an interrupted suspend makes an error of what is pushed back. Of a
	 * write to a zone, dm core always makes one.
	 */
	if (pass->push_back && !nvmemp_is_zone_write(m, io) && dm_noflush_suspending(m->ti)) {
		end_bio(bio, io, BLK_STS_DM_REQUEUE);
		return true;
	}
	if (left > 0) {
		sooner(pass, left);
		return false;
	}
	how.may_wait = io->bits & NVMEMP_IO_PATIENT;
	io->bits &= ~(NVMEMP_IO_DELAYED | NVMEMP_IO_HELD | NVMEMP_IO_PATIENT);
	io->bits |= NVMEMP_IO_RETRIED;
	io->full = 0;
	if (nvmemp_send_again(m, bio, &how))
		return true;
	if (pass->usable && io->tried) {
		if (nvmemp_all_failed(m, io)) {
			sooner(pass, (s32)(io->when - (u32)jiffies));
			return false;
		}
	} else if (!pass->fail || !io->tried) {
		/* one that would fail anyway may be a trial, once */
		io->tried = 0;
		io->suspects = 0;
		if (try_failed_path(m, bio, io, pass))
			return true;
		if (!pass->fail) {
			sooner(pass, m->recheck);
			return false;
		}
	}
	end_bio(bio, io, BLK_STS_IOERR);
	return true;
}

void nvmemp_work(struct work_struct *work)
{
	struct nvmemp *m = container_of(to_delayed_work(work), struct nvmemp, work);
	struct bio_list todo, stay = BIO_EMPTY_LIST;
	struct pass pass = { };
	unsigned long delay;
	unsigned int n = 0;
	struct bio *bio;
	struct blk_plug plug;

	if (READ_ONCE(m->stopped))
		return;
	if (nvmemp_expire(m, &delay))
		sooner(&pass, delay);
	look(m, &pass);

	spin_lock_irq(&m->lock);
	todo = m->waiting;
	bio_list_init(&m->waiting);
	spin_unlock_irq(&m->lock);

	blk_start_plug(&plug);
	while ((bio = bio_list_pop(&todo)))
		if (dispatch(m, bio, &pass))
			n++;
		else
			bio_list_add(&stay, bio);
	blk_finish_plug(&plug);
	if (pass.tried) {
		m->next_trial = jiffies + m->trial_delay;
		m->trial_delay = clamp_t(unsigned long, m->trial_delay * 2, TRIAL_MIN, TRIAL_MAX);
	}

	spin_lock_irq(&m->lock);
	bio_list_merge_head(&m->waiting, &stay);
	m->nr_waiting -= n;
	spin_unlock_irq(&m->lock);

	/* without bios, only a path that comes back silently needs another look */
	if (!pass.usable && nvmemp_path_may_come(m))
		sooner(&pass, HZ);
	if (!pass.waits)
		return;
	if (!pass.usable)
		m->recheck = clamp_t(unsigned long, m->recheck * 2, RECHECK_MIN, RECHECK_MAX);
	/* a kick that came meanwhile is sooner and stays */
	queue_delayed_work(m->wq, &m->work, max(pass.wake, 1UL));
}

/* ---- zones ---- */

static int keep_zone(struct blk_zone *zone, unsigned int i, void *to)
{
	*(struct blk_zone *)to = *zone;
	return 0;
}

/*
 * A controller that was lost has done the write: nothing else moves the pointer
 * behind it. One that finishes a zone by itself has not, so where there is one write
 * at a time, it must be the zone's last.
 */
static bool is_written(const struct nvmemp_io *io, const struct blk_zone *zone)
{
	sector_t end = io->iter.bi_sector + (io->iter.bi_size >> SECTOR_SHIFT);

	if (!(io->zone & NVMEMP_ZONE_LOST))
		return false;
	switch (zone->cond) {
	case BLK_ZONE_COND_IMP_OPEN:
	case BLK_ZONE_COND_EXP_OPEN:
	case BLK_ZONE_COND_CLOSED:
		return zone->wp >= end;
	case BLK_ZONE_COND_FULL:
		return !NVMEMP_ORDERS_ZONE_WRITES || end == zone->start + zone->capacity;
	default:
		return false;
	}
}

static void look_at_zone(struct nvmemp *m, struct bio *bio)
{
	struct nvmemp_io *io = bio->bi_private;
	struct nvmemp_path *p = nvmemp_path(m, io->path);
	const struct nvmemp_again how = {
		.drop = REQ_NOWAIT | REQ_POLLED, .may_wait = true, .trial = true,
		.path = io->path,
	};
	struct blk_zone zone;

	if (nvmemp_report_zone(p->bdev, io->iter.bi_sector, keep_zone, &zone) == 1 &&
	    is_written(io, &zone)) {
		nvmemp_restore(m, bio, io, 0);
		bio_endio(bio);
		return;
	}
	if (!nvmemp_send_again(m, bio, &how)) {
		if (io->bits & NVMEMP_IO_TRIAL)
			nvmemp_trial_over(m, io, false);
		nvmemp_wait_for_path(m, bio);
	}
	nvmemp_path_is_done(p);
}

/* A path that does not answer holds up only writes that failed in a zone. */
void nvmemp_zone_work(struct work_struct *work)
{
	struct nvmemp *m = container_of(work, struct nvmemp, zone_work);
	unsigned int noio = memalloc_noio_save();
	struct bio_list todo;
	struct bio *bio;

	spin_lock_irq(&m->lock);
	todo = m->asking;
	bio_list_init(&m->asking);
	spin_unlock_irq(&m->lock);
	while ((bio = bio_list_pop(&todo)))
		look_at_zone(m, bio);
	memalloc_noio_restore(noio);
}
