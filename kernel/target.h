/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One map: its paths, what it knows of them, and the I/O that waits for one.
 * The paths are fixed when the table is built; the rest changes under I/O:
 *
 *   select    which paths may be chosen (ANA, disabled, preferred, policy).
 *             Replaced as a whole under conf_lock, read under RCU.
 *   failed    bit per path, and NVMEMP_DOWN. Atomic, so that a completion in
 *             interrupt context can take a path out; one plain load for map.
 *   waiting   bios that have no path now, or that go to another one. Under
 *             wait_lock; only the worker takes them off.
 *
 * Locks: conf_lock (mutex: messages, status; may sleep) is never held with
 * wait_lock (spinlock, irqs off: list and deadlines only). Nothing is called
 * under wait_lock.
 */
#ifndef NVMEMP_TARGET_H
#define NVMEMP_TARGET_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "nvmemp_uapi.h"
#include "select.h"

#define DM_MSG_PREFIX "nvmemp"

/* In nvmemp.failed beside the paths' bits: the worker saw no usable path. */
#define NVMEMP_DOWN	BIT_ULL(32)

enum nvmemp_ana {
	NVMEMP_OPTIMIZED,
	NVMEMP_NONOPTIMIZED,
	NVMEMP_INACCESSIBLE,
	NVMEMP_PERSISTENT_LOSS,
	NVMEMP_CHANGE,
};

struct nvmemp_stats {
	u64 started;
	u64 done;
};

struct nvmemp_path {
	struct dm_dev *dev;
	struct nvmemp_stats __percpu *stats;
	bool flush_failfast;

	/* under conf_lock */
	enum nvmemp_ana ana;
	bool disabled;

	atomic64_t errors;
	atomic64_t failovers;
};

struct nvmemp_rcu_select {
	struct nvmemp_select s;
	struct rcu_head rcu;
};

struct nvmemp {
	struct dm_target *ti;
	struct nvmemp_rcu_select __rcu *select;
	atomic64_t failed;
	u8 __percpu *cursor;		/* round-robin: the path taken last */
	unsigned int nr_paths;

	struct mutex conf_lock;		/* of this group, ana and disabled of the paths */
	enum nvmemp_policy policy;
	u32 preferred;			/* one bit, or none */
	u32 no_path;			/* seconds; 0 fail, U32_MAX queue */

	spinlock_t wait_lock;		/* of this group but the flags */
	struct bio_list waiting;
	unsigned int nr_waiting;
	bool suspending;		/* waiting bios go back to dm core */
	bool stopped;			/* no bios, no works */

	/* the worker's own, but for trials */
	struct workqueue_struct *wq;
	struct delayed_work work;
	unsigned long down_since;	/* jiffies; valid while NVMEMP_DOWN */
	unsigned long recheck;		/* backoff, jiffies */
	unsigned long trial_delay, next_trial;
	unsigned int trial_path;
	atomic_t trials;		/* bit per path: one is under way */
	bool failing;			/* no_path's time is over */

	/* what event_work tells the world */
	struct work_struct event_work;
	atomic_t changed;		/* bit per path: failed or reinstated */

	struct nvmemp_path paths[];	/* nr_paths; a destructor goes by it */
};

/* Per-bio data, 44 bytes */
struct nvmemp_io {
	struct bvec_iter iter;		/* this, opf and flags: as at map, for a retry */
	blk_opf_t opf;
	u32 tried;			/* paths that failed it in this round */
	u32 suspects;			/* paths to blame if another one can do it */
	u32 not_before;			/* low bits of jiffies: a delayed retry */
	unsigned short flags;
	u8 path;			/* that carries it; NVMEMP_NO_PATH */
	u8 rounds;			/* times that every path failed it */
	bool trial;			/* sent down a failed path to see */
	bool delayed;			/* not_before holds */
};

/* args.c: text to values; -EINVAL, and *error is one sentence */
int nvmemp_parse_table(struct nvmemp *m, unsigned int nr_paths, struct dm_arg_set *as,
		       char **error);
int nvmemp_parse_policy(const char *word);
int nvmemp_parse_ana(const char *word);
int nvmemp_parse_no_path(const char *word, u32 *ret_secs);
unsigned int nvmemp_count_paths(unsigned int argc, char **argv, char **error);
extern const char * const nvmemp_ana_words[];
extern const char * const nvmemp_policy_words[];
const char *nvmemp_no_path_word(u32 secs, char buf[12]);

/* path.c: states of paths and of the map */
bool nvmemp_path_gone(const struct nvmemp *m, const struct nvmemp_path *p);
bool nvmemp_path_blocked(const struct nvmemp_path *p);
unsigned int nvmemp_choose(struct nvmemp *m, const struct nvmemp_select *s, u32 except);
bool nvmemp_path_may_come(struct nvmemp *m);
u32 nvmemp_triable(struct nvmemp *m);
void nvmemp_fail_path(struct nvmemp *m, unsigned int i);
void nvmemp_reinstate_path(struct nvmemp *m, unsigned int i);
void nvmemp_event(struct nvmemp *m);
void nvmemp_event_work(struct work_struct *work);
struct nvmemp_rcu_select *nvmemp_alloc_select(void);
void nvmemp_publish(struct nvmemp *m, struct nvmemp_rcu_select *new);	/* conf_lock held */
unsigned int nvmemp_nr_usable(struct nvmemp *m);
const char *nvmemp_state(struct nvmemp *m);
char nvmemp_path_letter(struct nvmemp *m, unsigned int i);

/* io.c */
int nvmemp_map(struct dm_target *ti, struct bio *bio);
int nvmemp_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error);
void nvmemp_kick(struct nvmemp *m);
void nvmemp_work(struct work_struct *work);

#endif
