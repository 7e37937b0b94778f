// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a bio: map sends it down a path; a failed one comes back through
 * end_io, waits in the list, and the worker sends it down another path, or ends
 * it. docs/io-path.md has the drawing and the table of statuses.
 */
#include <linux/jiffies.h>
#include <linux/sched/mm.h>
#include <linux/topology.h>

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

void nvmemp_kick(struct nvmemp *m)
{
	mod_delayed_work(m->wq, &m->work, 0);
}

static void wait_for_path(struct nvmemp *m, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	bio_list_add(&m->waiting, bio);
	m->nr_waiting++;
	m->nr_waited++;
	spin_unlock_irqrestore(&m->lock, flags);
	nvmemp_kick(m);
}

/* ---- the choice ---- */

/* What a cost is made from, an estimate: one CPU's view, that CPU being this one */
struct view {
	const struct nvmemp_cpu *cpu;
	const u32 *shared;
};

/* own is not below 0: an I/O is counted before it can end. */
static __always_inline u32 depth_of(const struct view *v, unsigned int i)
{
	u32 own = data_race(v->cpu->depth[i]) - atomic_read(&v->cpu->ended_elsewhere[i]);

	return own + nvmemp_shared_depth(data_race(v->shared[i]));
}

static __always_inline u64 depth_cost(const void *from, unsigned int i)
{
	return nvmemp_depth_cost(depth_of(from, i));
}

static __always_inline u64 latency_cost(const void *from, unsigned int i)
{
	const struct view *v = from;

	return nvmemp_latency_cost(depth_of(v, i), data_race(v->cpu->average_ns[i]));
}

/* By each policy; set is not empty, and preemption is off. */
static __always_inline unsigned int pick_nearest(struct nvmemp *m,
						 const struct nvmemp_rcu_select *sel, u32 set)
{
	const struct nvmemp_node *node = &sel->node[numa_node_id()];

	return likely(set == sel->s.best) ? node->nearest :
					    nvmemp_pick_nearest(set, node->distance);
}

static __always_inline unsigned int pick_in_turn(struct nvmemp *m,
						 const struct nvmemp_rcu_select *sel, u32 set)
{
	return nvmemp_pick_turn(&sel->s, set, &this_cpu_ptr(m->cpu)->turn);
}

static __always_inline unsigned int pick_least_busy(struct nvmemp *m,
						    const struct nvmemp_rcu_select *sel, u32 set)
{
	struct nvmemp_cpu *cpu = this_cpu_ptr(m->cpu);
	const struct view v = { cpu, m->shared };

	return nvmemp_pick_least(&sel->s, set, &cpu->turn, depth_cost, &v);
}

static __always_inline unsigned int pick_fastest(struct nvmemp *m,
						 const struct nvmemp_rcu_select *sel, u32 set)
{
	struct nvmemp_cpu *cpu = this_cpu_ptr(m->cpu);
	const struct view v = { cpu, m->shared };

	return nvmemp_pick_least(&sel->s, set, &cpu->turn, latency_cost, &v);
}

static unsigned int pick(struct nvmemp *m, const struct nvmemp_rcu_select *sel, u32 set)
{
	switch (sel->s.policy) {
	case NVMEMP_SELECT_NUMA:
		return pick_nearest(m, sel, set);
	case NVMEMP_SELECT_ROUND_ROBIN:
		return pick_in_turn(m, sel, set);
	case NVMEMP_SELECT_QUEUE_DEPTH:
		return pick_least_busy(m, sel, set);
	default:
		return pick_fastest(m, sel, set);
	}
}

/* A zone's writes take one path, so that they stay in order. */
static unsigned int pick_by_zone(const struct nvmemp *m, const struct bio *bio, u32 set)
{
	return nvmemp_nth(set, bio->bi_iter.bi_sector >> m->zone_shift);
}

/*
 * Neither gone nor blocked: a disk that dies is frozen from then on
 * (blk_mark_disk_dead), so what the two have in common is looked at once.
 */
static __always_inline bool ready(const struct nvmemp *m, struct block_device *bdev)
{
	return likely(bdev_nr_sectors(bdev) >= m->len) && likely(!nvmemp_blocked(bdev));
}

/* bio NULL: none is to be sent */
static noinline unsigned int choose_slowly(struct nvmemp *m, const struct nvmemp_rcu_select *sel,
					   const struct bio *bio, u32 except)
{
	bool zoned = m->special & NVMEMP_ZONED && bio && op_is_write(bio_op(bio));
	u64 unfit = READ_ONCE(m->unfit);
	unsigned int i;
	u32 set;

	for (;;) {
		set = nvmemp_candidates(&sel->s, (u32)unfit | except, unfit >> 32);
		if (!set)
			return NVMEMP_NO_PATH;
		i = zoned ? pick_by_zone(m, bio, set) : pick(m, sel, set);
		if (ready(m, nvmemp_path(m, i)->bdev))
			return i;
		except |= BIT(i);
	}
}

/* For those who send nothing: the path that the next bio would take, or NVMEMP_NO_PATH. */
unsigned int nvmemp_choose(struct nvmemp *m)
{
	unsigned int i;

	rcu_read_lock_sched();
	i = choose_slowly(m, rcu_dereference_sched(m->select), NULL, 0);
	rcu_read_unlock_sched();
	return i;
}

/* ---- down a path ---- */

/*
 * FAILFAST makes a controller that is not ready answer at once. Not for flushes
 * on PCIe: the flush request inherits it, and a timed-out one then keeps
 * nvme_timeout from ever disabling the controller (6.1's flush_end_io).
 */
static noinline blk_opf_t rare_opf(const struct nvmemp_path *p, blk_opf_t opf)
{
	if (opf & (REQ_PREFLUSH | REQ_FUA) && !p->flush_failfast &&
	    (opf & REQ_PREFLUSH || !bdev_fua(p->bdev)))
		return opf & ~REQ_FAILFAST_MASK;
	/* as bio_failfast() sees readahead, or a merge of the two warns */
	return opf | (opf & REQ_RAHEAD ? REQ_FAILFAST_MASK : REQ_FAILFAST_TRANSPORT);
}

static blk_opf_t path_opf(const struct nvmemp_path *p, blk_opf_t opf)
{
	if (opf & (REQ_PREFLUSH | REQ_FUA | REQ_RAHEAD))
		return rare_opf(p, opf);
	return opf | REQ_FAILFAST_TRANSPORT;
}

/* What is neither a read nor a write, or not plainly so */
#define RARE_FLAGS	((REQ_OP_MASK & ~(__force blk_opf_t)REQ_OP_WRITE) |	\
			 REQ_PREFLUSH | REQ_FUA | REQ_RAHEAD | REQ_INTEGRITY)

static __always_inline bool reads_or_writes(blk_opf_t opf)
{
	return !(opf & (REQ_OP_MASK & ~(__force blk_opf_t)REQ_OP_WRITE));
}

static noinline bool many_fit(const struct bio *bio, const struct nvmemp_rcu_select *sel)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int n = 0;
	bool gap = false;

	bio_for_each_bvec(bv, bio, iter) {
		if (gap || ++n > sel->max_segments || (n > 1 && !PAGE_ALIGNED(bv.bv_offset)))
			return false;
		gap = !PAGE_ALIGNED(bv.bv_offset + bv.bv_len);
	}
	return true;
}

/*
 * A read or write that goes to any path whole: it may be asked not to wait. Up to
 * 6.12, one that must be split would be refused then. PRP lists want whole pages
 * but for the ends.
 */
static __always_inline bool is_one_segment(const struct bio *bio,
					   const struct nvmemp_rcu_select *sel)
{
	u32 size = bio->bi_iter.bi_size;

	/* nothing to transfer wraps, and is too much */
	return size - 1 < sel->max_bytes &&
	       mp_bvec_iter_len(bio->bi_io_vec, bio->bi_iter) == size;
}

static bool unsplit(const struct bio *bio, const struct nvmemp_rcu_select *sel)
{
	return !(bio->bi_opf & REQ_PREFLUSH) &&
	       (is_one_segment(bio, sel) ||
		(bio->bi_iter.bi_size - 1 < sel->max_bytes && many_fit(bio, sel)));
}

/*
 * Paths are whole disks not smaller than the map (the constructor saw to it),
 * so bi_sector stays and the block layer's end-of-device check is left out: it
 * would fail bios in the moment when a removed namespace has no capacity any
 * more. dm_submit_bio_remap associates the cgroup, so bio_set_dev is not needed.
 *
 * In the RCU section of the choice: from the next grace period on, nothing is
 * started on a path that was taken out.
 */
static __always_inline void point_at(struct bio *bio, struct nvmemp_io *io,
				     struct block_device *bdev, unsigned int i)
{
	bio->bi_bdev = bdev;
	bio_set_flag(bio, BIO_REMAPPED);
	io->path = i;
}

/* The bio as it is at map. bi_private is ours, as the clone is: end_io finds io there. */
static __always_inline void remember(struct bio *bio, struct nvmemp_io *io)
{
	io->opf = bio->bi_opf;
	io->flags = bio->bi_flags;
	io->iter = bio->bi_iter;
	io->bits = 0;
	bio->bi_private = io;
}

/* From here on more is to be remembered of the bio than most ever need. */
static void trouble(struct nvmemp_io *io)
{
	if (io->bits & NVMEMP_IO_TROUBLED)
		return;
	io->bits |= NVMEMP_IO_TROUBLED;
	io->rounds = 0;
	io->tried = 0;
	io->suspects = 0;
	io->full = 0;
	io->zone = 0;
}

static __always_inline void count(struct nvmemp_stats __percpu *st, blk_opf_t opf, u32 size)
{
	__this_cpu_add(st->sectors[op_is_write(opf)], size >> SECTOR_SHIFT);
	__this_cpu_inc(st->started);
}

static __always_inline void enter_depth(struct nvmemp *m, struct nvmemp_io *io, unsigned int i)
{
	io->bits |= NVMEMP_IO_DEPTH;
	io->cpu = smp_processor_id();
	this_cpu_inc(m->cpu->depth[i]);
}

/*
 * may_wait false: if there is another path, this one is asked not to make the
 * submitter sleep, in a queue that froze this moment or for a free tag.
 */
static void send_down(struct nvmemp *m, const struct nvmemp_rcu_select *sel, struct bio *bio,
		      struct nvmemp_io *io, unsigned int i, bool may_wait)
{
	struct nvmemp_path *p = nvmemp_path(m, i);

	point_at(bio, io, p->bdev, i);
	bio->bi_opf = path_opf(p, bio->bi_opf);
	if (unlikely(nvmemp_sample_due(__this_cpu_read(p->stats->started))))
		nvmemp_sample_begins(m, io);
	if (reads_or_writes(bio->bi_opf)) {
		if (!may_wait && unsplit(bio, sel))
			bio->bi_opf |= sel->nowait;
		count(p->stats, bio->bi_opf, bio->bi_iter.bi_size);
	} else {
		__this_cpu_inc(p->stats->started);
	}
	if (sel->s.policy >= NVMEMP_SELECT_QUEUE_DEPTH)
		enter_depth(m, io, i);
}

#define PROBE	0x100	/* for a path: the next one, only to take its time */

/*
 * Where something speaks against the fast way. i: what the policy has picked, so
 * that a turn is not lost; or NVMEMP_NO_PATH; or PROBE.
 */
static noinline int map_slowly(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			       unsigned int i)
{
	const struct nvmemp_rcu_select *sel;
	bool probe = i == PROBE;

	remember(bio, io);
	nvmemp_save_integrity(m->special & NVMEMP_INTEGRITY, bio, io + 1);
	rcu_read_lock_sched();
	sel = rcu_dereference_sched(m->select);
	if (probe)
		i = sel->s.best ? nvmemp_nth(sel->s.best, __this_cpu_read(m->cpu->chosen) /
							  NVMEMP_PROBE_EVERY) : NVMEMP_NO_PATH;
	if (i == NVMEMP_NO_PATH || READ_ONCE(m->special) || !(sel->s.best & BIT(i)) ||
	    !ready(m, nvmemp_path(m, i)->bdev))
		i = choose_slowly(m, sel, bio, 0);
	if (i != NVMEMP_NO_PATH) {
		send_down(m, sel, bio, io, i, false);
		if (probe && !(io->bits & NVMEMP_IO_SAMPLED))
			nvmemp_sample_begins(m, io);
	}
	rcu_read_unlock_sched();
	if (i == NVMEMP_NO_PATH) {
		trouble(io);
		io->path = NVMEMP_NO_PATH;
		wait_for_path(m, bio);
		return DM_MAPIO_SUBMITTED;
	}
	if (m->special & NVMEMP_DOWN)
		nvmemp_kick(m);		/* the worker shall know that there is a path */
	return DM_MAPIO_REMAPPED;
}

/*
 * Down path i if nothing is to be looked at more closely: a read or write in one
 * piece, no flags that paths differ about, a queue that is ready, no sample due.
 */
static __always_inline bool send_fast(struct nvmemp *m, const struct nvmemp_rcu_select *sel,
				      struct bio *bio, struct nvmemp_io *io, unsigned int i)
{
	const struct nvmemp_path *p = nvmemp_path(m, i);
	struct nvmemp_stats __percpu *st = p->stats;
	struct block_device *bdev = p->bdev;
	blk_opf_t opf = bio->bi_opf;

	if (unlikely(opf & RARE_FLAGS) || unlikely(!ready(m, bdev)) ||
	    unlikely(!is_one_segment(bio, sel)) ||
	    unlikely(nvmemp_sample_due(__this_cpu_read(st->started))))
		return false;
	count(st, opf, bio->bi_iter.bi_size);
	remember(bio, io);
	point_at(bio, io, bdev, i);
	bio->bi_opf = opf | REQ_FAILFAST_TRANSPORT | sel->nowait;
	return true;
}

/* For each policy one copy, with its choice inline. counted: in the path's depth. */
static __always_inline int map_fast(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
				    unsigned int (*choice)(struct nvmemp *m,
							   const struct nvmemp_rcu_select *sel,
							   u32 set), bool counted)
{
	const struct nvmemp_rcu_select *sel;
	unsigned int i = NVMEMP_NO_PATH;
	bool sent = false;

	/* sched: no more than preempt_disable, which the counters want anyhow */
	rcu_read_lock_sched();
	sel = rcu_dereference_sched(m->select);
	if (likely(!READ_ONCE(m->special) && sel->s.best)) {
		i = choice(m, sel, sel->s.best);
		sent = send_fast(m, sel, bio, io, i);
		if (counted && likely(sent))
			enter_depth(m, io, i);
	}
	rcu_read_unlock_sched();
	return likely(sent) ? DM_MAPIO_REMAPPED : map_slowly(m, bio, io, i);
}

static noinline int map_by_depth(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io)
{
	return map_fast(m, bio, io, pick_least_busy, true);
}

static noinline int map_by_latency(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io)
{
	if (unlikely(nvmemp_probe_due(this_cpu_inc_return(m->cpu->chosen))))
		return map_slowly(m, bio, io, PROBE);
	return map_fast(m, bio, io, pick_fastest, true);
}

int nvmemp_map(struct dm_target *ti, struct bio *bio)
{
	struct nvmemp_io *io = dm_per_bio_data(bio, sizeof(*io));
	struct nvmemp *m = ti->private;
	u32 policy = nvmemp_conf(m, NVMEMP_F_POLICY);

	if (policy == NVMEMP_SELECT_NUMA)
		return map_fast(m, bio, io, pick_nearest, false);
	if (policy == NVMEMP_SELECT_ROUND_ROBIN)
		return map_fast(m, bio, io, pick_in_turn, false);
	if (policy == NVMEMP_SELECT_QUEUE_DEPTH)
		return map_by_depth(m, bio, io);
	return map_by_latency(m, bio, io);
}

/*
 * Lower layers changed the clone: they advanced its iterator, split it (which
 * leaves __bi_remaining at 0), dropped PREFLUSH and FUA, and set flags (a stale
 * BIO_QOS_THROTTLED would be accounted twice). All is put back but for drop.
 */
static void restore(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io, blk_opf_t drop)
{
	bio->bi_iter = io->iter;
	bio->bi_status = BLK_STS_OK;
	bio->bi_opf = io->opf & ~(drop | NVMEMP_RETRY_DROPS);
	bio->bi_flags = io->flags;
	bio->bi_cookie = BLK_QC_T_NONE;
	atomic_set(&bio->__bi_remaining, 1);
	nvmemp_restore_integrity(m->special & NVMEMP_INTEGRITY, bio, io + 1);
}

/* How a bio is sent once more */
struct again {
	u32 except;		/* paths not to take */
	blk_opf_t drop;		/* of what the caller asked: who sends it now can't give it */
	bool may_wait;
	bool trial;		/* down path, though it failed; or once more */
	unsigned int path;
};

/* False: no path; nothing was done. */
static bool send_again(struct nvmemp *m, struct bio *bio, const struct again *how)
{
	struct nvmemp_io *io = bio->bi_private;
	const struct nvmemp_rcu_select *sel;
	unsigned int i = how->path;
	const struct nvmemp_path *p;

	rcu_read_lock_sched();
	sel = rcu_dereference_sched(m->select);
	if (!how->trial)
		i = choose_slowly(m, sel, bio, how->except);
	p = i == NVMEMP_NO_PATH ? NULL : nvmemp_path(m, i);
	/* a trial's path may have left since it was found worth one */
	if (p && !READ_ONCE(p->disabled)) {
		restore(m, bio, io, how->drop);
		atomic64_inc(&nvmemp_path(m, i)->retries);
		send_down(m, sel, bio, io, i, how->may_wait);
	} else {
		p = NULL;
	}
	rcu_read_unlock_sched();
	if (p)
		dm_submit_bio_remap(bio, NULL);
	return p;
}

/* ---- what comes back ---- */

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

static void trial_over(struct nvmemp *m, struct nvmemp_io *io, bool good)
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

/* The last use of the path by this I/O: it may leave from now on. */
static void path_is_done(struct nvmemp_path *p)
{
	this_cpu_inc(p->stats->done);
}

/*
 * A bio that must not wait found no room, in the task that submits it. Another
 * path may have some. If none has, and it was map that asked, the task waits for
 * it, as it would have on a path alone; a caller who asked hears of it. But no
 * failover may make an error of it: while a queue is frozen, the bio waits.
 */
static int no_room(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io)
{
	struct again how = { .drop = REQ_POLLED };
	bool callers = io->opf & REQ_NOWAIT && !(io->bits & NVMEMP_IO_RETRIED);

	if (io->bits & NVMEMP_IO_RETRIED)
		how.drop |= REQ_NOWAIT;
	io->full |= BIT(io->path);
	path_is_done(nvmemp_path(m, io->path));
	/* only a task that submits may be made to wait */
	if (!current->bio_list || in_interrupt() || irqs_disabled())
		goto wait;
	how.except = io->tried | io->full;
	if (send_again(m, bio, &how))
		return DM_ENDIO_INCOMPLETE;
	if (callers && !nvmemp_any_blocked(m))
		return DM_ENDIO_DONE;
	how.except = io->tried;
	how.may_wait = true;
	if (!callers && send_again(m, bio, &how))
		return DM_ENDIO_INCOMPLETE;
wait:
	io->bits |= NVMEMP_IO_PATIENT;
	wait_for_path(m, bio);
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
static bool is_zone_write(const struct nvmemp *m, const struct nvmemp_io *io)
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
	if (v == NVMEMP_ERR_SUSPECT && !blocked && !gone && !asked && is_zone_write(m, io)) {
		ask_for_zone(m, bio, io);
		return DM_ENDIO_INCOMPLETE;
	}
	if (v == NVMEMP_ERR_AGAIN && bio->bi_opf & REQ_NOWAIT)
		return no_room(m, bio, io);
	if (*error == BLK_STS_NOTSUPP && bio->bi_opf & REQ_NOWAIT && !(io->opf & REQ_NOWAIT)) {
		never_ask(m);
		io->bits |= NVMEMP_IO_PATIENT;
		goto again;
	}
	if (v == NVMEMP_ERR_AGAIN)
		v = NVMEMP_ERR_BUSY;
	atomic64_inc(&p->errors[v]);
	if (trial)
		trial_over(m, io, v == NVMEMP_ERR_CALLER);

	switch (v) {
	case NVMEMP_ERR_CALLER:
		blame(m, io);
		goto up;
	case NVMEMP_ERR_BUSY:
		if (trial)
			break;
		if (++io->rounds > MAX_ROUNDS)
			goto up;
		retry_later(io, ROUND_DELAY << (io->rounds - 1));
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
	path_is_done(p);
	wait_for_path(m, bio);
	return DM_ENDIO_INCOMPLETE;
up:
	path_is_done(p);
	return DM_ENDIO_DONE;
}

static noinline int end_specially(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
				  blk_status_t *error)
{
	if (io->path == NVMEMP_NO_PATH)
		return DM_ENDIO_DONE;	/* ended by us, without a path */
	if (io->bits & NVMEMP_IO_SAMPLED)
		nvmemp_sample_ends(m, io, !*error);
	if (*error) {
		trouble(io);
		return path_error(m, bio, io, error);
	}
	if (io->bits & NVMEMP_IO_TROUBLED)
		blame(m, io);
	if (io->bits & NVMEMP_IO_TRIAL)
		trial_over(m, io, true);
	path_is_done(nvmemp_path(m, io->path));
	return DM_ENDIO_DONE;
}

/* What is left of an I/O that no depth counts any more */
static __always_inline int end(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			       blk_status_t *error)
{
	if (unlikely(io->bits || *error))
		return end_specially(m, bio, io, error);
	path_is_done(nvmemp_path(m, io->path));
	return DM_ENDIO_DONE;
}

/* Another CPU's depth is not ours to write: it does that without a lock. */
static noinline int end_elsewhere(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
				  blk_status_t *error)
{
	atomic_inc(&per_cpu_ptr(m->cpu, io->cpu)->ended_elsewhere[io->path]);
	return end(m, bio, io, error);
}

/* False: it was counted on another CPU. */
static __always_inline bool leave_depth(struct nvmemp *m, struct nvmemp_io *io)
{
	io->bits &= ~NVMEMP_IO_DEPTH;
	if (unlikely(io->cpu != get_cpu())) {
		put_cpu();
		return false;
	}
	this_cpu_dec(m->cpu->depth[io->path]);
	put_cpu();
	return true;
}

/* No call of this function but the last: it would save registers for each good I/O. */
int nvmemp_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error)
{
	struct nvmemp_io *io = bio->bi_private;
	struct nvmemp *m = ti->private;

	if (likely(!io->bits))
		return end(m, bio, io, error);
	if (io->bits & NVMEMP_IO_DEPTH && unlikely(!leave_depth(m, io)))
		return end_elsewhere(m, bio, io, error);
	return end(m, bio, io, error);
}

/* ---- the worker ---- */

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
	struct again how = {
		.drop = REQ_NOWAIT | REQ_POLLED, .may_wait = true, .trial = true,
	};

	while (pass->trials) {
		how.path = nvmemp_next(pass->trials, m->trial_path);
		m->trial_path = how.path;
		pass->trials &= ~BIT(how.path);
		atomic_or(BIT(how.path), &m->trials);
		io->bits |= NVMEMP_IO_TRIAL;
		if (send_again(m, bio, &how)) {
			pass->tried = true;
			return true;
		}
		io->bits &= ~NVMEMP_IO_TRIAL;
		atomic_andnot(BIT(how.path), &m->trials);
	}
	return false;
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
	struct nvmemp_io *io = bio->bi_private;
	struct again how = { .except = io->tried, .drop = REQ_NOWAIT | REQ_POLLED };
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
	if (pass->push_back && !is_zone_write(m, io) && dm_noflush_suspending(m->ti)) {
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
	if (send_again(m, bio, &how))
		return true;
	if (pass->usable && io->tried) {
		if (next_round(io)) {
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
	const struct again how = {
		.drop = REQ_NOWAIT | REQ_POLLED, .may_wait = true, .trial = true,
		.path = io->path,
	};
	struct blk_zone zone;

	if (nvmemp_report_zone(p->bdev, io->iter.bi_sector, keep_zone, &zone) == 1 &&
	    is_written(io, &zone)) {
		restore(m, bio, io, 0);
		bio_endio(bio);
		return;
	}
	if (!send_again(m, bio, &how)) {
		if (io->bits & NVMEMP_IO_TRIAL)
			trial_over(m, io, false);
		wait_for_path(m, bio);
	}
	path_is_done(p);
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
