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

static bool ready(const struct nvmemp *m, const struct nvmemp_path *p)
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
		if (likely(ready(m, &m->paths[i])))
			return i;
		except |= BIT(i);
	}
}

enum kind {
	OUT,		/* disabled, gone, persistent loss, or failed and not worth a trial */
	TRIABLE,	/* failed, but nothing else speaks against it */
	PASSING,	/* blocked, or in an ANA state that passes: its controller will say */
	USABLE,
};

static enum kind kind_of(struct nvmemp *m, unsigned int i)
{
	const struct nvmemp_path *p = &m->paths[i];
	enum nvmemp_ana ana = READ_ONCE(p->ana);
	bool good = ana == NVMEMP_OPTIMIZED || ana == NVMEMP_NONOPTIMIZED;

	if (READ_ONCE(p->disabled) || ana == NVMEMP_PERSISTENT_LOSS || nvmemp_path_gone(m, p))
		return OUT;
	good = good && !nvmemp_path_blocked(p);
	if (atomic64_read(&m->failed) & BIT_ULL(i))
		return good ? TRIABLE : OUT;
	return good ? USABLE : PASSING;
}

static u32 of_kind(struct nvmemp *m, enum kind kind)
{
	unsigned int i;
	u32 set = 0;

	for (i = 0; i < m->nr_paths; i++)
		if (kind_of(m, i) == kind)
			set |= BIT(i);
	return set;
}

unsigned int nvmemp_nr_usable(struct nvmemp *m)
{
	return hweight32(of_kind(m, USABLE));
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

/* From any context. */
void nvmemp_fail_path(struct nvmemp *m, unsigned int i)
{
	if (atomic64_fetch_or(BIT_ULL(i), &m->failed) & BIT_ULL(i))
		return;
	atomic_or(BIT(i), &m->changed);
	nvmemp_event(m);
}

/* From any context. Waiting bios go at once. */
void nvmemp_reinstate_path(struct nvmemp *m, unsigned int i)
{
	if (atomic64_fetch_andnot(BIT_ULL(i), &m->failed) & BIT_ULL(i)) {
		atomic_or(BIT(i), &m->changed);
		nvmemp_event(m);
	}
	nvmemp_kick(m);
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
	u32 changed = atomic_xchg(&m->changed, 0);
	unsigned int i, usable = nvmemp_nr_usable(m);

	for (i = 0; i < m->nr_paths; i++) {
		bool good = !(atomic64_read(&m->failed) & BIT_ULL(i));

		if (!(changed & BIT(i)))
			continue;
		DMWARN("%s: path %s %s, %u usable", dm_table_device_name(m->ti->table),
		       m->paths[i].dev->name, good ? "reinstated" : "failed", usable);
		nvmemp_path_uevent(m->ti, m->paths[i].dev->name, good, usable);
	}
	dm_table_event(m->ti->table);
	if (!usable && !READ_ONCE(m->stopped))
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

struct nvmemp_rcu_select *nvmemp_alloc_select(void)
{
	/* a message may be what the I/O that frees memory waits for */
	return kzalloc(sizeof(struct nvmemp_rcu_select), GFP_NOIO);
}

/* Readers see the old choice or the new one, whole; the old one lives until they left. */
void nvmemp_publish(struct nvmemp *m, struct nvmemp_rcu_select *new)
{
	struct nvmemp_rcu_select *old;
	unsigned int i;

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
