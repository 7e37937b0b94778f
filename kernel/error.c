// SPDX-License-Identifier: GPL-2.0
/*
 * What comes back with an error, or to be looked at: whose fault it is, and what
 * becomes of it. docs/io-path.md has the table of statuses.
 */
#include <linux/jiffies.h>

#include "target.h"

#define MAX_ROUNDS	5		/* times that every path may fail a bio */
#define ROUND_DELAY	(HZ / 20)	/* before the next round; doubles */
#define SILENT_ROUNDS	5		/* a second */

/* Table in docs/io-path.md; the statuses are those of nvme_error_status. */
static enum nvmemp_verdict judge(blk_status_t status, const struct nvmemp_io *io)
{
	enum req_op op = io->opf & REQ_OP_MASK;
	bool rw = op == REQ_OP_READ || op == REQ_OP_WRITE || op == REQ_OP_ZONE_APPEND;

	switch (status) {
	case BLK_STS_TRANSPORT:
	case BLK_STS_TIMEOUT:
	case BLK_STS_OFFLINE:
		return NVMEMP_ERR_PATH;
	case BLK_STS_IOERR:
		return NVMEMP_ERR_SUSPECT;
	case BLK_STS_RESOURCE:
	case BLK_STS_DEV_RESOURCE:
		return NVMEMP_ERR_BUSY;
	case BLK_STS_TARGET:
		return rw ? NVMEMP_ERR_BUSY : NVMEMP_ERR_CALLER;
	case BLK_STS_NOTSUPP:
		/* Invalid Namespace: detached from this controller only */
		return rw ? NVMEMP_ERR_SUSPECT : NVMEMP_ERR_CALLER;
	case BLK_STS_AGAIN:
		return NVMEMP_ERR_AGAIN;
	default:
		return NVMEMP_ERR_CALLER;
	}
}

/* From here on more is to be remembered of the bio than most ever need. */
void nvmemp_trouble(struct nvmemp_io *io)
{
	if (io->bits & NVMEMP_IO_TROUBLED)
		return;
	io->bits |= NVMEMP_IO_TROUBLED;
	io->rounds = 0;
	io->silent = 0;
	io->tried = 0;
	io->suspects = 0;
	io->full = 0;
	io->zone = 0;
}

/*
 * This path did it, or said that the request is at fault: the suspects are to
 * blame, but for this path itself, whose error has passed.
 */
static void blame(struct nvmemp *m, struct nvmemp_io *io)
{
	u32 suspects = io->suspects & ~BIT(io->path);

	for (; suspects; suspects &= suspects - 1)
		nvmemp_fail_path(m, __ffs(suspects));
	io->suspects = 0;
}

void nvmemp_trial_over(struct nvmemp *m, struct nvmemp_io *io, bool good)
{
	io->bits &= ~NVMEMP_IO_TRIAL;
	if (good)
		nvmemp_reinstate_path(m, io->path);
	atomic_andnot(BIT(io->path), &m->trials);
}

static void retry_later(struct nvmemp_io *io, unsigned long delay)
{
	io->bits |= NVMEMP_IO_DELAYED;
	io->when = (u32)(jiffies + delay);
}

/* False: there were enough of them. */
static bool round_again(struct nvmemp_io *io)
{
	if (++io->rounds > MAX_ROUNDS)
		return false;
	retry_later(io, ROUND_DELAY << (io->rounds - 1));
	return true;
}

/* Whether some path did an I/O within the last delay, in jiffies */
static bool worked_within(struct nvmemp *m, unsigned long delay)
{
	struct nvmemp_path *p;
	unsigned int i;

	rcu_read_lock();
	nvmemp_for_each_path(m, i, p) {
		u64 good = nvmemp_good(p);

		if ((s64)(good - p->last_good) <= 0)
			continue;
		p->last_good = good;
		m->worked = jiffies;
	}
	rcu_read_unlock();
	return time_before(jiffies, m->worked + delay);
}

/*
 * Every usable path failed it. A block that is bad everywhere is known by what the
 * paths do meanwhile for others; where they do nothing, they may be in an ANA state
 * that nobody has told us of yet. So such a round does not count, for as long as a
 * change of state may take. False: that was enough. The worker's
 */
bool nvmemp_all_failed(struct nvmemp *m, struct nvmemp_io *io)
{
	unsigned long delay = io->rounds ? ROUND_DELAY << (io->rounds - 1) : 0;
	bool works = worked_within(m, delay);

	static_assert(SILENT_ROUNDS * NVMEMP_ANATT_MAX < 1 << 11);
	if (!delay || works || io->silent >= SILENT_ROUNDS * nvmemp_conf(m, NVMEMP_F_ANATT)) {
		if (!round_again(io))
			return false;
	} else {
		io->silent++;
		retry_later(io, HZ / SILENT_ROUNDS);
	}
	io->tried = 0;
	io->suspects = 0;	/* all of them failed it: none is to blame */
	return true;
}

/*
 * The controller never answered this write and may still carry it out: behind a
 * later one to the same place, if another path is quicker. TRANSPORT is not such
 * a case (the driver says it for what was never sent), nor is the answer of a
 * controller that is not being reset.
 */
static void hold_write(struct nvmemp *m, const struct nvmemp_path *p, struct nvmemp_io *io,
		       blk_status_t status, bool lost)
{
	u32 ms = nvmemp_conf(m, NVMEMP_F_WRITE_HOLD);

	if (status != BLK_STS_TIMEOUT && (status != BLK_STS_IOERR || !lost))
		return;
	io->zone |= NVMEMP_ZONE_LOST;
	if (ms == NVMEMP_ENDLESS)
		ms = p->kato_ms;
	if (!ms || !op_is_write(io->opf & REQ_OP_MASK) || !io->iter.bi_size)
		return;
	retry_later(io, msecs_to_jiffies(ms) + 1);
	io->bits |= NVMEMP_IO_HELD;
}

/*
 * A bio that must not wait found no room, in the task that submits it. Another
 * path may have some. If none has, and it was map that asked, the task waits for
 * it, as it would have on a path alone; a caller who asked hears of it. But no
 * failover may make an error of it: while a queue is frozen, the bio waits.
 */
static int no_room(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io)
{
	struct nvmemp_again how = { .drop = REQ_POLLED };
	bool callers = io->opf & REQ_NOWAIT && !(io->bits & NVMEMP_IO_RETRIED);

	if (io->bits & NVMEMP_IO_RETRIED)
		how.drop |= REQ_NOWAIT;
	io->full |= BIT(io->path);
	atomic64_inc(&nvmemp_path(m, io->path)->errors[NVMEMP_ERR_AGAIN]);
	nvmemp_path_is_done(nvmemp_path(m, io->path));
	/* only a task that submits may be made to wait */
	if (!current->bio_list || in_interrupt() || irqs_disabled())
		goto wait;
	how.except = io->tried | io->full;
	if (nvmemp_send_again(m, bio, &how))
		return DM_ENDIO_INCOMPLETE;
	if (callers && !nvmemp_any_blocked(m))
		return DM_ENDIO_DONE;
	how.except = io->tried;
	how.may_wait = true;
	if (!callers && nvmemp_send_again(m, bio, &how))
		return DM_ENDIO_INCOMPLETE;
wait:
	io->bits |= NVMEMP_IO_PATIENT;
	nvmemp_wait_for_path(m, bio);
	return DM_ENDIO_INCOMPLETE;
}

/* A path got a queue that can't be asked not to wait. NVMe ones always can. */
static void never_ask(struct nvmemp *m)
{
	rcu_read_lock_sched();
	WRITE_ONCE(rcu_dereference_sched(m->select)->nowait, 0);
	rcu_read_unlock_sched();
}

/* Of a map of zones: a write whose place in its zone matters */
bool nvmemp_is_zone_write(const struct nvmemp *m, const struct nvmemp_io *io)
{
	enum req_op op = io->opf & REQ_OP_MASK;

	return m->special & NVMEMP_ZONED && (op == REQ_OP_WRITE || op == REQ_OP_WRITE_ZEROES) &&
	       io->iter.bi_size;
}

/*
 * Since 6.10 a path's queue fails a write that is not where it thinks that the zone
 * was written last. It does not see what other paths write and reset, and behind an
 * error it fails all writes; only a report of the zone sets it right. So a failed
 * write goes there once more, behind one. Blocks, so it has a work of its own.
 */
static void ask_for_zone(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io)
{
	unsigned long flags;

	io->zone |= NVMEMP_ZONE_ASKED;
	io->bits |= NVMEMP_IO_RETRIED;
	spin_lock_irqsave(&m->lock, flags);
	bio_list_add(&m->asking, bio);
	spin_unlock_irqrestore(&m->lock, flags);
	queue_work(m->wq, &m->zone_work);
}

static noinline int path_error(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			       blk_status_t *error)
{
	struct nvmemp_path *p = nvmemp_path(m, io->path);
	enum nvmemp_verdict v = judge(*error, io);
	bool blocked = nvmemp_path_blocked(p), gone = nvmemp_path_gone(m, p);
	bool trial = io->bits & NVMEMP_IO_TRIAL, asked = io->zone & NVMEMP_ZONE_ASKED;

	io->zone &= ~NVMEMP_ZONE_ASKED;
	if (v == NVMEMP_ERR_SUSPECT && !blocked && !gone && !asked && nvmemp_is_zone_write(m, io)) {
		ask_for_zone(m, bio, io);
		return DM_ENDIO_INCOMPLETE;
	}
	if (v == NVMEMP_ERR_AGAIN && bio->bi_opf & REQ_NOWAIT)
		return no_room(m, bio, io);
	if (*error == BLK_STS_NOTSUPP && bio->bi_opf & REQ_NOWAIT && !(io->opf & REQ_NOWAIT)) {
		never_ask(m);
		io->bits |= NVMEMP_IO_PATIENT;
		atomic64_inc(&p->errors[NVMEMP_ERR_AGAIN]);
		goto again;
	}
	if (v == NVMEMP_ERR_AGAIN)
		v = NVMEMP_ERR_BUSY;
	atomic64_inc(&p->errors[v]);
	if (trial)
		nvmemp_trial_over(m, io, v == NVMEMP_ERR_CALLER);

	switch (v) {
	case NVMEMP_ERR_CALLER:
		blame(m, io);
		goto up;
	case NVMEMP_ERR_BUSY:
		if (trial)
			break;
		if (!round_again(io))
			goto up;
		goto again;
	case NVMEMP_ERR_SUSPECT:
		if (gone)
			nvmemp_fail_path(m, io->path);
		else if (blocked)
			nvmemp_path_aborted(m, io->path);
		else if (!trial)
			io->suspects |= BIT(io->path);
		break;
	default:
		nvmemp_fail_path(m, io->path);
		break;
	}
	io->tried |= BIT(io->path);
	if (!trial)
		atomic64_inc(&p->failovers);
	hold_write(m, p, io, *error, blocked || gone);
again:
	io->bits |= NVMEMP_IO_RETRIED;
	nvmemp_path_is_done(p);
	nvmemp_wait_for_path(m, bio);
	return DM_ENDIO_INCOMPLETE;
up:
	nvmemp_path_is_done(p);
	return DM_ENDIO_DONE;
}

int nvmemp_end_specially(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			 blk_status_t *error)
{
	if (io->path == NVMEMP_NO_PATH)
		return DM_ENDIO_DONE;	/* ended by us, without a path */
	if (io->bits & NVMEMP_IO_SAMPLED)
		nvmemp_sample_ends(m, io, !*error);
	if (*error) {
		nvmemp_trouble(io);
		return path_error(m, bio, io, error);
	}
	if (io->bits & NVMEMP_IO_TROUBLED)
		blame(m, io);
	if (io->bits & NVMEMP_IO_TRIAL)
		nvmemp_trial_over(m, io, true);
	nvmemp_path_is_done(nvmemp_path(m, io->path));
	return DM_ENDIO_DONE;
}
