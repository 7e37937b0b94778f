// SPDX-License-Identifier: GPL-2.0
/* The states of paths, and who is told when one changes. docs/io-path.md draws them. */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "target.h"

bool nvmemp_any_blocked(struct nvmemp *m)
{
	struct nvmemp_path *p;
	bool blocked = false;
	unsigned int i;

	rcu_read_lock();
	nvmemp_for_each_path(m, i, p)
		blocked |= nvmemp_path_blocked(p);
	rcu_read_unlock();
	return blocked;
}

enum kind {
	OUT,		/* disabled, gone, persistent loss, or failed and not worth a trial */
	TRIABLE,	/* failed, but nothing else speaks against it */
	PASSING,	/* blocked, or in an ANA state that passes: its controller will say */
	USABLE,
};

static bool ana_usable(enum nvmemp_ana ana)
{
	return ana == NVMEMP_OPTIMIZED || ana == NVMEMP_NONOPTIMIZED;
}

/*
 * A controller has ANATT seconds for a change (base specification 2.0, 8.1.1);
 * a state that lasts longer doesn't pass.
 */
static bool ana_passes(struct nvmemp *m, enum nvmemp_ana ana)
{
	unsigned long limit = nvmemp_conf(m, NVMEMP_F_ANATT) * HZ;

	if (ana == NVMEMP_PERSISTENT_LOSS)
		return false;
	if (!nvmemp_is_down(m))
		return true;
	return time_before(jiffies, READ_ONCE(m->down_since) + limit);
}

static enum kind kind_of(struct nvmemp *m, const struct nvmemp_path *p, u32 bit)
{
	enum nvmemp_ana ana = READ_ONCE(p->ana);
	bool good = ana_usable(ana);

	if (READ_ONCE(p->disabled) || nvmemp_path_gone(m, p) || (!good && !ana_passes(m, ana)))
		return OUT;
	good = good && !nvmemp_path_blocked(p);
	if (READ_ONCE(m->failed) & bit)
		return good ? TRIABLE : OUT;
	return good ? USABLE : PASSING;
}

static u32 of_kind(struct nvmemp *m, enum kind kind)
{
	struct nvmemp_path *p;
	unsigned int i;
	u32 set = 0;

	rcu_read_lock();
	nvmemp_for_each_path(m, i, p)
		if (kind_of(m, p, BIT(i)) == kind)
			set |= BIT(i);
	rcu_read_unlock();
	return set;
}

u32 nvmemp_usable(struct nvmemp *m)
{
	return of_kind(m, USABLE);
}

/* No path is usable, but I/O waits for one whatever no_path says, unless that is a time. */
bool nvmemp_path_may_come(struct nvmemp *m)
{
	return of_kind(m, PASSING);
}

/* Failed paths that are worth a trial */
u32 nvmemp_triable(struct nvmemp *m)
{
	return of_kind(m, TRIABLE);
}

/* What was written before is seen by who sees the flag. */
void nvmemp_set_special(struct nvmemp *m, u32 flag, bool on)
{
	lockdep_assert_held(&m->lock);
	/* pairs with the acquire of nvmemp_is_down */
	smp_store_release(&m->special, on ? m->special | flag : m->special & ~flag);
}

/* Both halves at once: map never sees a path that came back before it is held. */
void nvmemp_update_unfit(struct nvmemp *m)
{
	lockdep_assert_held(&m->lock);
	WRITE_ONCE(m->unfit, m->failed | (u64)(m->held | m->marginal) << 32);
	nvmemp_set_special(m, NVMEMP_UNFIT, m->unfit);
}

static void told(struct nvmemp *m, unsigned int i)
{
	lockdep_assert_held(&m->lock);
	m->changed |= BIT(i);
	nvmemp_update_unfit(m);
	nvmemp_event(m);
}

/* In reserve for marginal_hold seconds; a path that is so already starts anew. */
void nvmemp_make_marginal(struct nvmemp *m, unsigned int i)
{
	nvmemp_path(m, i)->marginal_until = jiffies + nvmemp_conf(m, NVMEMP_F_MARGINAL_HOLD) * HZ;
	if (m->marginal & BIT(i))
		return;
	m->marginal |= BIT(i);
	told(m, i);
	nvmemp_kick(m);		/* it will end that */
}

/* One more failure of the path; too many in the window make it marginal. */
static void count_failure(struct nvmemp *m, struct nvmemp_path *p, unsigned int i)
{
	u32 limit = nvmemp_conf(m, NVMEMP_F_MARGINAL_ERRORS);

	if (!limit)
		return;
	if (!p->window_errors ||
	    time_after(jiffies, p->window_start + nvmemp_conf(m, NVMEMP_F_MARGINAL_WINDOW) * HZ)) {
		p->window_start = jiffies;
		p->window_errors = 0;
	}
	if (++p->window_errors <= limit)
		return;
	p->window_errors = 0;
	nvmemp_make_marginal(m, i);
}

/* From any context, if p can't leave meanwhile. */
void nvmemp_fail_path(struct nvmemp *m, unsigned int i)
{
	struct nvmemp_path *p;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&m->lock, flags);
	p = nvmemp_path(m, i);
	if (p && !(m->failed & BIT(i))) {
		WRITE_ONCE(m->failed, m->failed | BIT(i));
		m->held &= ~BIT(i);
		count_failure(m, p, i);
		told(m, i);
	}
	spin_unlock_irqrestore(&m->lock, flags);
	rcu_read_unlock();
}

/*
 * Its controller is being reset and has thrown back I/O: all of it at once, so
 * that a second is one failure. The path is only avoided until it is back.
 */
void nvmemp_path_aborted(struct nvmemp *m, unsigned int i)
{
	struct nvmemp_path *p = nvmemp_path(m, i);
	unsigned long flags;

	if (!nvmemp_conf(m, NVMEMP_F_MARGINAL_ERRORS))
		return;
	spin_lock_irqsave(&m->lock, flags);
	if (!p->last_abort || time_after(jiffies, p->last_abort + HZ)) {
		p->last_abort = jiffies ?: 1;
		count_failure(m, p, i);
	}
	spin_unlock_irqrestore(&m->lock, flags);
}

/* Holds it in reserve for failback's time, if there is another one to use. */
static void hold(struct nvmemp *m, unsigned int i, u32 others)
{
	u32 failback = nvmemp_conf(m, NVMEMP_F_FAILBACK);

	lockdep_assert_held(&m->lock);
	if (!failback || !(others & ~BIT(i)))
		return;
	m->held |= BIT(i);
	nvmemp_path(m, i)->held_until = jiffies + failback * (unsigned long)HZ;
}

/* A path is usable again that was not. */
void nvmemp_came_back(struct nvmemp *m, unsigned int i)
{
	u32 others = nvmemp_usable(m);
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	hold(m, i, others);
	told(m, i);
	spin_unlock_irqrestore(&m->lock, flags);
}

/* From any context, if the path can't leave meanwhile. Waiting bios go at once. */
void nvmemp_reinstate_path(struct nvmemp *m, unsigned int i)
{
	u32 others = nvmemp_usable(m);
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	if (m->failed & BIT(i)) {
		WRITE_ONCE(m->failed, m->failed & ~BIT(i));
		hold(m, i, others);
		told(m, i);
	}
	spin_unlock_irqrestore(&m->lock, flags);
	nvmemp_kick(m);
}

void nvmemp_release_path(struct nvmemp *m, unsigned int i)
{
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	if ((m->held | m->marginal) & BIT(i)) {
		m->held &= ~BIT(i);
		m->marginal &= ~BIT(i);
		told(m, i);
	}
	spin_unlock_irqrestore(&m->lock, flags);
}

/* Tells by an event when a path that gets no more I/O has none in flight. */
void nvmemp_watch_drain(struct nvmemp *m, unsigned int i, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	m->draining &= ~BIT(i);
	if (on)
		m->draining |= BIT(i);
	spin_unlock_irqrestore(&m->lock, flags);
	/* from the next grace period on, nobody sends anything by the old choice */
	WRITE_ONCE(m->grace_period, start_poll_synchronize_rcu());
	nvmemp_kick(m);
}

static u32 drained(struct nvmemp *m)
{
	struct nvmemp_path *p;
	unsigned int i;
	u32 set = 0;

	if (!READ_ONCE(m->draining) || !poll_state_synchronize_rcu(READ_ONCE(m->grace_period)))
		return 0;
	rcu_read_lock();
	nvmemp_for_each_path(m, i, p)
		if (!nvmemp_in_flight(p))
			set |= BIT(i);
	rcu_read_unlock();
	return set;
}

static void sooner(unsigned long *delay, unsigned long until)
{
	long left = until - jiffies;

	*delay = min_t(unsigned long, *delay, max(left, 1L));
}

/*
 * The worker's: ends what has had its time. True: *ret_delay is when to look
 * again, in jiffies.
 */
bool nvmemp_expire(struct nvmemp *m, unsigned long *ret_delay)
{
	bool manual = nvmemp_conf(m, NVMEMP_F_FAILBACK) == NVMEMP_ENDLESS;
	unsigned long delay = MAX_JIFFY_OFFSET;
	u32 idle = drained(m), over = 0;
	struct nvmemp_path *p;
	unsigned int i;

	rcu_read_lock();
	spin_lock_irq(&m->lock);
	nvmemp_for_each_path(m, i, p) {
		if (m->held & BIT(i) && !manual) {
			if (time_after_eq(jiffies, p->held_until)) {
				m->held &= ~BIT(i);
				over |= BIT(i);
			} else {
				sooner(&delay, p->held_until);
			}
		}
		if (m->marginal & BIT(i)) {
			if (time_after_eq(jiffies, p->marginal_until)) {
				m->marginal &= ~BIT(i);
				over |= BIT(i);
			} else {
				sooner(&delay, p->marginal_until);
			}
		}
	}
	if (over)
		nvmemp_update_unfit(m);
	if (over || idle & m->draining)
		nvmemp_event(m);
	m->draining &= ~idle;
	if (m->draining)
		sooner(&delay, jiffies + HZ / 20);
	spin_unlock_irq(&m->lock);
	rcu_read_unlock();
	*ret_delay = delay;
	return delay != MAX_JIFFY_OFFSET;
}

void nvmemp_event(struct nvmemp *m)
{
	schedule_work(&m->event_work);
}

/*
 * dm_table_event and uevents take mutexes and memory: never from a completion,
 * and not on our workqueue, whose one rescuer would wait for memory here while
 * the I/O that frees it waits for the rescuer.
 */
void nvmemp_event_work(struct work_struct *work)
{
	struct nvmemp *m = container_of(work, struct nvmemp, event_work);
	unsigned int i, usable = hweight32(nvmemp_usable(m));
	struct nvmemp_path *p;
	u32 changed;

	mutex_lock(&m->conf_lock);
	spin_lock_irq(&m->lock);
	changed = m->changed;
	m->changed = 0;
	spin_unlock_irq(&m->lock);

	nvmemp_for_each_path(m, i, p) {
		char letter = nvmemp_path_letter(m, i);
		bool good = letter != NVMEMP_PATH_FAILED;

		if (!(changed & BIT(i)))
			continue;
		DMWARN("%s: path %s is %s, %u usable", dm_table_device_name(m->ti->table),
		       p->dev->name,
		       letter == NVMEMP_PATH_FAILED ? "failed" :
		       letter == NVMEMP_PATH_MARGINAL ? "marginal" :
		       letter == NVMEMP_PATH_HELD ? "back, in reserve" :
		       letter == NVMEMP_PATH_GONE ? "gone" : "reinstated", usable);
		nvmemp_path_uevent(m->ti, p->dev->name, good, usable);
	}
	mutex_unlock(&m->conf_lock);
	dm_table_event(m->ti->table);
	if (!usable && !READ_ONCE(m->stopped))
		nvmemp_kick(m);		/* no_path's clock starts */
}

/* For the status line: also right while no I/O makes the worker look. */
const char *nvmemp_state(struct nvmemp *m)
{
	u32 no_path = nvmemp_conf(m, NVMEMP_F_NO_PATH);

	if (nvmemp_usable(m))
		return NVMEMP_STATE_UP;
	if (no_path == NVMEMP_ENDLESS)
		return NVMEMP_STATE_WAITING;
	if (!no_path)
		return nvmemp_path_may_come(m) ? NVMEMP_STATE_WAITING : NVMEMP_STATE_FAILING;
	if (nvmemp_is_down(m) &&
	    time_after_eq(jiffies, READ_ONCE(m->down_since) + no_path * HZ))
		return NVMEMP_STATE_FAILING;
	return NVMEMP_STATE_WAITING;
}

struct nvmemp_rcu_select *nvmemp_alloc_select(void)
{
	struct nvmemp_rcu_select *new;

	/* a message may be what the I/O that frees memory waits for */
	return kzalloc(struct_size(new, node, nr_node_ids), GFP_NOIO);
}

static u8 distance(int from, const struct nvmemp_path *p)
{
	int to = p->bdev->bd_disk->node_id;

	return to == NUMA_NO_NODE ? LOCAL_DISTANCE : min(node_distance(from, to), 255);
}

static void measure_nodes(struct nvmemp *m, struct nvmemp_rcu_select *new)
{
	struct nvmemp_path *p;
	unsigned int n, i;

	for (n = 0; n < nr_node_ids; n++) {
		struct nvmemp_node *node = &new->node[n];

		nvmemp_for_each_path(m, i, p)
			node->distance[i] = node_possible(n) ? distance(n, p) : LOCAL_DISTANCE;
		node->nearest = nvmemp_pick_nearest(new->s.best, node->distance);
	}
}

/* What no path would split; and whether the paths are asked not to wait. */
static void limit_nowait(struct nvmemp *m, struct nvmemp_rcu_select *new)
{
	u32 selectable = new->s.optimized | new->s.nonoptimized;
	bool all = hweight32(selectable) > 1 && !(m->special & NVMEMP_ZONED);
	struct nvmemp_path *p;
	unsigned int i;

	new->max_bytes = UINT_MAX;
	new->max_segments = UINT_MAX;
	nvmemp_for_each_path(m, i, p) {
		struct request_queue *q = bdev_get_queue(p->bdev);

		if (!(selectable & BIT(i)))
			continue;
		all = all && bdev_nowait(p->bdev) && !q->limits.chunk_sectors;
		new->max_bytes = min3(new->max_bytes, queue_max_segment_size(q),
				      min(queue_max_sectors(q), UINT_MAX >> SECTOR_SHIFT) <<
				      SECTOR_SHIFT);
		new->max_segments = min_t(u32, new->max_segments, queue_max_segments(q));
	}
	new->nowait = all ? REQ_NOWAIT : 0;
}

/* Readers see the old choice or the new one, whole; the old one lives until they left. */
void nvmemp_publish(struct nvmemp *m, struct nvmemp_rcu_select *new)
{
	struct nvmemp_rcu_select *old;
	struct nvmemp_path *p;
	unsigned int i;

	new->s.policy = nvmemp_conf(m, NVMEMP_F_POLICY);
	new->s.preferred = m->preferred;
	nvmemp_for_each_path(m, i, p) {
		nvmemp_set_weight(&new->s, i, p->weight);
		if (p->disabled)
			continue;
		if (p->ana == NVMEMP_OPTIMIZED)
			new->s.optimized |= BIT(i);
		else if (p->ana == NVMEMP_NONOPTIMIZED)
			new->s.nonoptimized |= BIT(i);
	}
	new->s.best = nvmemp_candidates(&new->s, 0, 0);
	measure_nodes(m, new);
	limit_nowait(m, new);
	old = rcu_replace_pointer(m->select, new, lockdep_is_held(&m->conf_lock));
	if (old)
		kfree_rcu(old, rcu);
	nvmemp_kick(m);
}

/* The caller may follow the pointers to paths, and slot i is in use. */
char nvmemp_path_letter(struct nvmemp *m, unsigned int i)
{
	const struct nvmemp_path *p = nvmemp_path(m, i);

	if (nvmemp_path_gone(m, p))
		return NVMEMP_PATH_GONE;
	if (p->disabled)
		return NVMEMP_PATH_DISABLED;
	if (READ_ONCE(m->failed) & BIT(i))
		return NVMEMP_PATH_FAILED;
	if (nvmemp_path_blocked(p))
		return NVMEMP_PATH_BLOCKED;
	if (READ_ONCE(m->marginal) & BIT(i))
		return NVMEMP_PATH_MARGINAL;
	if (READ_ONCE(m->held) & BIT(i))
		return NVMEMP_PATH_HELD;
	return NVMEMP_PATH_ACTIVE;
}
