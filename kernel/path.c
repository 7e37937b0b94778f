// SPDX-License-Identifier: GPL-2.0
/* The states of paths, and who is told when one changes. docs/io-path.md draws them. */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "target.h"

/*
 * A removed disk is dead for good, or has lost its capacity a moment before
 * (nvme_ns_remove sets it to 0 first).
 */
bool nvmemp_path_gone(const struct nvmemp *m, const struct nvmemp_path *p)
{
	struct block_device *bdev = p->dev->bdev;

	return blk_queue_dying(bdev_get_queue(bdev)) ||
	       test_bit(GD_DEAD, &bdev->bd_disk->state) ||
	       bdev_nr_sectors(bdev) < m->ti->len;
}

/*
 * A controller that is being reset has its queues quiesced and frozen. A bio
 * that is sent there now would make its submitter sleep; both may also be
 * short and harmless, so the path is avoided, not failed.
 */
bool nvmemp_path_blocked(const struct nvmemp_path *p)
{
	struct request_queue *q = bdev_get_queue(p->dev->bdev);

	return blk_queue_quiesced(q) || READ_ONCE(q->mq_freeze_depth);
}

static inline bool nvmemp_path_ready(const struct nvmemp *m, const struct nvmemp_path *p)
{
	return !nvmemp_path_gone(m, p) && !nvmemp_path_blocked(p);
}

/* The fast try is the first pick; a path whose queue is not ready costs another one. */
unsigned int nvmemp_choose(struct nvmemp *m, const struct nvmemp_select *s, u32 except)
{
	unsigned int i;

	except |= (u32)atomic64_read(&m->failed);
	for (;;) {
		i = nvmemp_pick(s, except, this_cpu_read(*m->cursor));
		if (unlikely(i == NVMEMP_NO_PATH))
			return i;
		if (likely(nvmemp_path_ready(m, &m->paths[i])))
			break;
		except |= BIT(i);
	}
	if (s->policy == NVMEMP_SELECT_ROUND_ROBIN)
		this_cpu_write(*m->cursor, i);
	return i;
}

/*
 * No path is usable now, but one is only blocked or in an ANA state that
 * passes: its controller will say what becomes of it, so I/O waits whatever
 * no_path says, unless that has a time limit. Persistent loss doesn't pass.
 */
bool nvmemp_path_may_come(struct nvmemp *m)
{
	u32 failed = atomic64_read(&m->failed);
	unsigned int i;

	for (i = 0; i < m->nr_paths; i++) {
		const struct nvmemp_path *p = &m->paths[i];
		enum nvmemp_ana ana = READ_ONCE(p->ana);

		if (failed & BIT(i) || READ_ONCE(p->disabled) || nvmemp_path_gone(m, p))
			continue;
		if (ana == NVMEMP_INACCESSIBLE || ana == NVMEMP_CHANGE)
			return true;
		if (ana != NVMEMP_PERSISTENT_LOSS && nvmemp_path_blocked(p))
			return true;
	}
	return false;
}

/* The next failed path that is worth a trial, going round; or NVMEMP_NO_PATH */
unsigned int nvmemp_next_failed(struct nvmemp *m, unsigned int after)
{
	u32 failed = atomic64_read(&m->failed);
	unsigned int n, i;

	for (n = 1; n <= m->nr_paths; n++) {
		const struct nvmemp_path *p;
		enum nvmemp_ana ana;

		i = (after + n) % m->nr_paths;
		p = &m->paths[i];
		ana = READ_ONCE(p->ana);
		if (failed & BIT(i) && !READ_ONCE(p->disabled) && nvmemp_path_ready(m, p) &&
		    (ana == NVMEMP_OPTIMIZED || ana == NVMEMP_NONOPTIMIZED))
			return i;
	}
	return NVMEMP_NO_PATH;
}

unsigned int nvmemp_nr_usable(struct nvmemp *m)
{
	u32 failed = atomic64_read(&m->failed);
	const struct nvmemp_rcu_select *sel;
	unsigned int i, n = 0;
	u32 set;

	rcu_read_lock();
	sel = rcu_dereference(m->select);
	set = (sel->s.optimized | sel->s.nonoptimized) & ~failed;
	rcu_read_unlock();
	for (i = 0; i < m->nr_paths; i++)
		if (set & BIT(i) && nvmemp_path_ready(m, &m->paths[i]))
			n++;
	return n;
}

/* From any context. */
void nvmemp_fail_path(struct nvmemp *m, unsigned int i)
{
	if (atomic64_fetch_or(BIT_ULL(i), &m->failed) & BIT_ULL(i))
		return;
	atomic_or(BIT(i), &m->went_bad);
	nvmemp_event(m);
}

/* From any context. Waiting bios go at once. */
void nvmemp_reinstate_path(struct nvmemp *m, unsigned int i)
{
	if (atomic64_fetch_andnot(BIT_ULL(i), &m->failed) & BIT_ULL(i)) {
		atomic_or(BIT(i), &m->went_good);
		nvmemp_event(m);
	}
	nvmemp_kick(m);
}

void nvmemp_event(struct nvmemp *m)
{
	queue_work(m->wq, &m->event_work);
}

/* dm_table_event and uevents take mutexes: never from a completion. */
void nvmemp_event_work(struct work_struct *work)
{
	struct nvmemp *m = container_of(work, struct nvmemp, event_work);
	u32 bad = atomic_xchg(&m->went_bad, 0);
	u32 good = atomic_xchg(&m->went_good, 0);
	unsigned int i, usable = nvmemp_nr_usable(m);

	for (i = 0; i < m->nr_paths; i++) {
		const char *name = m->paths[i].dev->name;

		if (bad & BIT(i)) {
			DMWARN("%s: path %s failed, %u usable", dm_table_device_name(m->ti->table),
			       name, usable);
			nvmemp_path_uevent(m->ti, name, false, usable);
		}
		if (good & BIT(i)) {
			DMINFO("%s: path %s reinstated, %u usable",
			       dm_table_device_name(m->ti->table), name, usable);
			nvmemp_path_uevent(m->ti, name, true, usable);
		}
	}
	dm_table_event(m->ti->table);
	if (!usable)
		nvmemp_kick(m);		/* no_path's clock starts */
}

/* For the status line: also right while no I/O makes the worker look. */
const char *nvmemp_state(struct nvmemp *m)
{
	u32 no_path = READ_ONCE(m->no_path);

	if (nvmemp_nr_usable(m))
		return NVMEMP_STATE_UP;
	if (no_path == U32_MAX)
		return NVMEMP_STATE_WAITING;
	if (!no_path)
		return nvmemp_path_may_come(m) ? NVMEMP_STATE_WAITING : NVMEMP_STATE_FAILING;
	if (atomic64_read(&m->failed) & NVMEMP_DOWN &&
	    time_after_eq(jiffies, READ_ONCE(m->down_since) + no_path * HZ))
		return NVMEMP_STATE_FAILING;
	return NVMEMP_STATE_WAITING;
}

/* Readers see the old choice or the new one, whole; the old one lives until they left. */
int nvmemp_publish(struct nvmemp *m)
{
	struct nvmemp_rcu_select *old, *new;
	unsigned int i;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->s.policy = m->policy;
	new->s.preferred = m->preferred;
	for (i = 0; i < m->nr_paths; i++) {
		const struct nvmemp_path *p = &m->paths[i];

		if (p->disabled)
			continue;
		if (p->ana == NVMEMP_OPTIMIZED)
			new->s.optimized |= BIT(i);
		else if (p->ana == NVMEMP_NONOPTIMIZED)
			new->s.nonoptimized |= BIT(i);
	}
	old = rcu_replace_pointer(m->select, new, lockdep_is_held(&m->conf_lock));
	if (old)
		kfree_rcu(old, rcu);
	nvmemp_kick(m);
	return 0;
}

char nvmemp_path_letter(struct nvmemp *m, unsigned int i)
{
	const struct nvmemp_path *p = &m->paths[i];

	if (nvmemp_path_gone(m, p))
		return NVMEMP_PATH_GONE;
	if (p->disabled)
		return NVMEMP_PATH_DISABLED;
	if (atomic64_read(&m->failed) & BIT_ULL(i))
		return NVMEMP_PATH_FAILED;
	if (nvmemp_path_blocked(p))
		return NVMEMP_PATH_BLOCKED;
	return NVMEMP_PATH_ACTIVE;
}
