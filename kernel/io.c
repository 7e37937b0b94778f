// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a bio: map sends it down a path; a failed one comes back through
 * end_io, waits in the list, and the worker sends it down another path, or ends
 * it. docs/io-path.md has the drawing and the table of statuses.
 */
#include <linux/jiffies.h>

#include "target.h"

#define MAX_ROUNDS	5		/* times that every path may fail a bio */
#define ROUND_DELAY	(HZ / 20)	/* before the next round; doubles */
#define RECHECK_MIN	(HZ / 200 ?: 1)	/* no path: look again, doubling from here */
#define RECHECK_MAX	(HZ / 4)
/*
 * Between trials of failed paths. The first is late enough for a rescan to have
 * noticed that a target put another namespace behind the NSID.
 */
#define TRIAL_MIN	HZ
#define TRIAL_MAX	(8 * HZ)

/* What an error says of the path that it came from */
enum verdict {
	ERR_UP,		/* the caller's: the path did its work */
	ERR_AGAIN,	/* a NOWAIT bio found no room */
	ERR_RETRY,	/* "retry me": Command Interrupted, Namespace Not Ready */
	ERR_SUSPECT,	/* the path's or the block's: another path will tell */
	ERR_PATH,	/* the path's */
};

/* Table in docs/io-path.md; the statuses are those of nvme_error_status. */
static enum verdict judge(blk_status_t status, const struct nvmemp_io *io)
{
	enum req_op op = io->opf & REQ_OP_MASK;
	bool rw = op == REQ_OP_READ || op == REQ_OP_WRITE;

	switch (status) {
	case BLK_STS_TRANSPORT:
	case BLK_STS_TIMEOUT:
	case BLK_STS_OFFLINE:
		return ERR_PATH;
	case BLK_STS_IOERR:
		return ERR_SUSPECT;
	case BLK_STS_RESOURCE:
	case BLK_STS_DEV_RESOURCE:
		return ERR_RETRY;
	case BLK_STS_TARGET:
		return rw ? ERR_RETRY : ERR_UP;
	case BLK_STS_NOTSUPP:
		/* Invalid Namespace: detached from this controller only */
		return rw ? ERR_SUSPECT : ERR_UP;
	case BLK_STS_AGAIN:
		return ERR_AGAIN;
	default:
		return ERR_UP;
	}
}

void nvmemp_kick(struct nvmemp *m)
{
	mod_delayed_work(m->wq, &m->work, 0);
}

static void wait_for_path(struct nvmemp *m, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&m->wait_lock, flags);
	bio_list_add(&m->waiting, bio);
	m->nr_waiting++;
	spin_unlock_irqrestore(&m->wait_lock, flags);
	nvmemp_kick(m);
}

/*
 * FAILFAST makes a controller that is not ready answer at once. Not for flushes
 * on PCIe: the flush request inherits it, and a timed-out one then keeps
 * nvme_timeout from ever disabling the controller (6.1's flush_end_io).
 */
static inline blk_opf_t path_opf(const struct nvmemp_path *p, blk_opf_t opf)
{
	if (unlikely(opf & (REQ_PREFLUSH | REQ_FUA)) && !p->flush_failfast &&
	    (opf & REQ_PREFLUSH || !bdev_fua(p->dev->bdev)))
		return opf & ~REQ_FAILFAST_MASK;
	/* as bio_failfast() sees readahead, or a merge of the two warns */
	return opf | (opf & REQ_RAHEAD ? REQ_FAILFAST_MASK : REQ_FAILFAST_TRANSPORT);
}

/*
 * Paths are whole disks not smaller than the map (the constructor saw to it),
 * so bi_sector stays and the block layer's end-of-device check is left out: it
 * would fail bios in the moment when a removed namespace has no capacity any
 * more. dm_submit_bio_remap associates the cgroup, so bio_set_dev is not needed.
 */
static inline void send_down(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			     unsigned int i)
{
	struct nvmemp_path *p = &m->paths[i];

	io->path = i;
	bio->bi_bdev = p->dev->bdev;
	bio_set_flag(bio, BIO_REMAPPED);
	bio->bi_opf = path_opf(p, bio->bi_opf);
	this_cpu_inc(p->stats->started);
	this_cpu_write(*m->cursor, i);
}

int nvmemp_map(struct dm_target *ti, struct bio *bio)
{
	struct nvmemp_io *io = dm_per_bio_data(bio, sizeof(*io));
	struct nvmemp *m = ti->private;
	unsigned int i;

	io->iter = bio->bi_iter;
	io->opf = bio->bi_opf;
	io->flags = bio->bi_flags;
	io->tried = 0;
	io->suspects = 0;
	io->rounds = 0;
	io->trial = false;
	io->delayed = false;

	rcu_read_lock();
	i = nvmemp_choose(m, &rcu_dereference(m->select)->s, 0);
	rcu_read_unlock();
	if (likely(i != NVMEMP_NO_PATH)) {
		send_down(m, bio, io, i);
		if (unlikely(atomic64_read(&m->failed) & NVMEMP_DOWN))
			nvmemp_kick(m);
		return DM_MAPIO_REMAPPED;
	}

	io->path = NVMEMP_NO_PATH;
	wait_for_path(m, bio);
	return DM_MAPIO_SUBMITTED;
}

/*
 * This path did it, or said that the request is at fault: the suspects are to
 * blame, but for this path itself, whose error has passed.
 */
static void blame(struct nvmemp *m, struct nvmemp_io *io)
{
	unsigned int i;

	for (i = 0; i < m->nr_paths; i++)
		if (io->suspects & BIT(i) && i != io->path)
			nvmemp_fail_path(m, i);
	io->suspects = 0;
}

static void trial_over(struct nvmemp *m, struct nvmemp_io *io, bool good)
{
	io->trial = false;
	if (good)
		nvmemp_reinstate_path(m, io->path);
	atomic_andnot(BIT(io->path), &m->trials);
}

static void retry_later(struct nvmemp_io *io, unsigned long delay)
{
	io->delayed = true;
	io->not_before = (u32)(jiffies + delay);
}

static noinline int path_error(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			       blk_status_t *error)
{
	struct nvmemp_path *p = &m->paths[io->path];
	enum verdict v = judge(*error, io);
	bool blocked = nvmemp_path_blocked(p);

	if (v == ERR_AGAIN) {
		/*
		 * The caller asked for it, and no failover took that away. A
		 * queue that was frozen behind the choice is not what it asked.
		 */
		if (bio->bi_opf & REQ_NOWAIT && !blocked)
			return DM_ENDIO_DONE;
		v = blocked ? ERR_SUSPECT : ERR_RETRY;
	}
	atomic64_inc(&p->errors);
	if (io->trial) {
		trial_over(m, io, v == ERR_UP);
		io->tried |= BIT(io->path);
		if (v != ERR_UP)
			goto again;
	}

	switch (v) {
	case ERR_UP:
		blame(m, io);
		return DM_ENDIO_DONE;
	case ERR_RETRY:
		if (++io->rounds > MAX_ROUNDS)
			return DM_ENDIO_DONE;
		retry_later(io, ROUND_DELAY << (io->rounds - 1));
		goto again;
	case ERR_SUSPECT:
		io->tried |= BIT(io->path);
		if (nvmemp_path_gone(m, p))
			nvmemp_fail_path(m, io->path);
		else if (!blocked)
			io->suspects |= BIT(io->path);
		break;
	default:
		io->tried |= BIT(io->path);
		nvmemp_fail_path(m, io->path);
		break;
	}
	atomic64_inc(&p->failovers);
again:
	wait_for_path(m, bio);
	return DM_ENDIO_INCOMPLETE;
}

static noinline void path_worked(struct nvmemp *m, struct nvmemp_io *io)
{
	blame(m, io);
	if (io->trial)
		trial_over(m, io, true);
}

int nvmemp_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error)
{
	struct nvmemp_io *io = dm_per_bio_data(bio, sizeof(*io));
	struct nvmemp *m = ti->private;

	if (unlikely(io->path == NVMEMP_NO_PATH))
		return DM_ENDIO_DONE;	/* ended by us, without a path */
	this_cpu_inc(m->paths[io->path].stats->done);
	if (unlikely(*error))
		return path_error(m, bio, io, error);
	if (unlikely(io->suspects | io->trial))
		path_worked(m, io);
	return DM_ENDIO_DONE;
}

/*
 * Lower layers changed the clone: they advanced its iterator, split it (which
 * leaves __bi_remaining at 0), dropped PREFLUSH and FUA, and set flags (a stale
 * BIO_QOS_THROTTLED would be accounted twice). All is put back. NOWAIT and
 * POLLED are the caller's no more: this is a worker.
 */
static void restore(struct bio *bio, struct nvmemp_io *io)
{
	bio->bi_iter = io->iter;
	bio->bi_status = BLK_STS_OK;
	bio->bi_opf = io->opf & ~(REQ_NOWAIT | REQ_POLLED | REQ_INTEGRITY);
	bio->bi_flags = io->flags;
	bio->bi_cookie = BLK_QC_T_NONE;
	atomic_set(&bio->__bi_remaining, 1);
}

static void end_bio(struct bio *bio, struct nvmemp_io *io, blk_status_t status)
{
	io->path = NVMEMP_NO_PATH;
	bio->bi_status = status;
	bio_endio(bio);
}

static void resend(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io, unsigned int i)
{
	restore(bio, io);
	send_down(m, bio, io, i);
	dm_submit_bio_remap(bio, NULL);
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

/* What becomes of I/O while no path is usable; starts and stops the clock. */
static void look(struct nvmemp *m, struct pass *pass)
{
	u32 no_path = READ_ONCE(m->no_path);

	pass->push_back = READ_ONCE(m->suspending);
	pass->usable = nvmemp_nr_usable(m);
	if (pass->usable) {
		m->failing = false;
		m->recheck = RECHECK_MIN;
		if (atomic64_fetch_andnot(NVMEMP_DOWN, &m->failed) & NVMEMP_DOWN) {
			DMINFO("%s: a path is usable again", dm_table_device_name(m->ti->table));
			nvmemp_event(m);
		}
		return;
	}
	if (!(atomic64_fetch_or(NVMEMP_DOWN, &m->failed) & NVMEMP_DOWN)) {
		m->down_since = jiffies;
		/* a path that fails again right behind a trial goes on with the backoff */
		if (time_after(jiffies, m->next_trial + TRIAL_MAX))
			m->trial_delay = TRIAL_MIN;
		m->next_trial = jiffies + max_t(unsigned long, m->trial_delay, TRIAL_MIN);
		DMWARN("%s: no path is usable", dm_table_device_name(m->ti->table));
		nvmemp_event(m);
	}
	if (time_after_eq(jiffies, m->next_trial))
		pass->trials = nvmemp_triable(m) & ~atomic_read(&m->trials);
	if (no_path == U32_MAX) {
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
	struct nvmemp_select turn = {
		.optimized = pass->trials, .policy = NVMEMP_SELECT_ROUND_ROBIN,
	};
	unsigned int i = nvmemp_pick(&turn, 0, m->trial_path);

	if (i == NVMEMP_NO_PATH)
		return false;
	m->trial_path = i;
	pass->trials &= ~BIT(i);
	pass->tried = true;
	atomic_or(BIT(i), &m->trials);
	io->trial = true;
	resend(m, bio, io, i);
	return true;
}

/* Every usable path failed it: another round after a while, or the caller hears of it. */
static bool next_round(struct nvmemp_io *io)
{
	if (++io->rounds > MAX_ROUNDS)
		return false;
	io->tried = 0;
	io->suspects = 0;	/* all of them failed it: none is to blame */
	retry_later(io, ROUND_DELAY << (io->rounds - 1));
	return true;
}

/* true: the bio went on its way; false: it stays in the list */
static bool dispatch(struct nvmemp *m, struct bio *bio, struct pass *pass)
{
	struct nvmemp_io *io = dm_per_bio_data(bio, sizeof(*io));
	s32 left = io->not_before - (u32)jiffies;
	unsigned int i;

	/* asked again: an interrupted suspend makes an error of what is pushed back */
	if (pass->push_back && dm_noflush_suspending(m->ti)) {
		end_bio(bio, io, BLK_STS_DM_REQUEUE);
		return true;
	}
	if (io->delayed && left > 0) {
		sooner(pass, left);
		return false;
	}
	io->delayed = false;

	rcu_read_lock();
	i = nvmemp_choose(m, &rcu_dereference(m->select)->s, io->tried);
	rcu_read_unlock();
	if (i != NVMEMP_NO_PATH) {
		resend(m, bio, io, i);
		return true;
	}
	if (pass->usable && io->tried) {
		if (next_round(io)) {
			sooner(pass, (s32)(io->not_before - (u32)jiffies));
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
	unsigned int n = 0;
	struct bio *bio;
	struct blk_plug plug;

	if (READ_ONCE(m->stopped))
		return;
	look(m, &pass);

	spin_lock_irq(&m->wait_lock);
	todo = m->waiting;
	bio_list_init(&m->waiting);
	spin_unlock_irq(&m->wait_lock);

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

	spin_lock_irq(&m->wait_lock);
	bio_list_merge_head(&m->waiting, &stay);
	m->nr_waiting -= n;
	spin_unlock_irq(&m->wait_lock);

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
