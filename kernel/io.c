// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a bio: map sends it down a path, end_io sees it come back. What has
 * an error goes on in error.c and work.c. docs/io-path.md has the drawing.
 */
#include <linux/topology.h>

#include "target.h"

/* ---- the choice ---- */

/* What a cost is made from, an estimate: one CPU's view, that CPU being this one */
struct view {
	const struct nvmemp_cpu *cpu;
	const u32 *shared;
};

/* own is not below 0: an I/O is counted before it can end. */
static __always_inline u32 depth_of(const struct view *v, unsigned int i)
{
	/* as it is in this moment: interrupts change it */
	u32 own = data_race(v->cpu->depth[i]) - atomic_read(&v->cpu->ended_elsewhere[i]);

	/* another CPU may be summing up */
	return own + nvmemp_shared_depth(data_race(v->shared[i]));
}

static __always_inline u64 depth_cost(const void *from, unsigned int i)
{
	return nvmemp_depth_cost(depth_of(from, i));
}

static __always_inline u64 latency_cost(const void *from, unsigned int i)
{
	const struct view *v = from;

	/* changed where a sample ends, on this CPU */
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
		nvmemp_trouble(io);
		io->path = NVMEMP_NO_PATH;
		nvmemp_wait_for_path(m, bio);
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
void nvmemp_restore(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io, blk_opf_t drop)
{
	bio->bi_iter = io->iter;
	bio->bi_status = BLK_STS_OK;
	bio->bi_opf = io->opf & ~(drop | NVMEMP_RETRY_DROPS);
	bio->bi_flags = io->flags;
	bio->bi_cookie = BLK_QC_T_NONE;
	atomic_set(&bio->__bi_remaining, 1);
	nvmemp_restore_integrity(m->special & NVMEMP_INTEGRITY, bio, io + 1);
}

/* False: no path; nothing was done. */
bool nvmemp_send_again(struct nvmemp *m, struct bio *bio, const struct nvmemp_again *how)
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
		nvmemp_restore(m, bio, io, how->drop);
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

/* ---- back ---- */

/* What is left of an I/O that no depth counts any more */
static __always_inline int end(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			       blk_status_t *error)
{
	if (unlikely(io->bits || *error))
		return nvmemp_end_specially(m, bio, io, error);
	nvmemp_path_is_done(nvmemp_path(m, io->path));
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
