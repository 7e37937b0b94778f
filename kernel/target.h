/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One map: its paths, what it knows of them, and the I/O that waits for one.
 *
 *   paths     slots; a path keeps its slot for as long as it is a member.
 *             Changed under conf_lock. Who follows a pointer holds that, or is
 *             in an RCU section (any flavour), or has I/O in flight on the path.
 *   select    which paths may be chosen (ANA, disabled, preferred, policy,
 *             weights). Replaced as a whole under conf_lock, read under RCU.
 *   unfit     one bit a path: failed in the low half; in the high half in
 *             reserve, that is held back or marginal. Changed under lock, so
 *             that a completion in interrupt context can take a path out; one
 *             plain load for map.
 *   waiting   bios that have no path now, or that go to another one. Under
 *             lock; only the worker takes them off.
 *   asking    writes that failed, on their path until it has reported their zone.
 *             Under lock; only zone_work takes them off.
 *
 * Locks: conf_lock (mutex: messages, status, events; may sleep) is taken before
 * lock (spinlock, irqs off: states of the paths, and the list).
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

static_assert(NVMEMP_SLOTS == NVMEMP_MAX_PATHS);

enum nvmemp_ana {
	NVMEMP_OPTIMIZED,
	NVMEMP_NONOPTIMIZED,
	NVMEMP_INACCESSIBLE,
	NVMEMP_PERSISTENT_LOSS,
	NVMEMP_CHANGE,
};

/* The features of the table line, in its order; values as numbers */
enum nvmemp_feature {
	NVMEMP_F_POLICY,		/* enum nvmemp_policy */
	NVMEMP_F_NO_PATH,		/* seconds; 0 fail, NVMEMP_ENDLESS queue */
	NVMEMP_F_FAILBACK,		/* seconds; 0 immediate, NVMEMP_ENDLESS manual */
	NVMEMP_F_WRITE_HOLD,		/* ms; 0 off, NVMEMP_ENDLESS auto */
	NVMEMP_F_ANATT,			/* seconds */
	NVMEMP_F_MARGINAL_ERRORS,	/* 0: off */
	NVMEMP_F_MARGINAL_WINDOW,	/* seconds */
	NVMEMP_F_MARGINAL_HOLD,		/* seconds */
	NVMEMP_F_MARGINAL_LATENCY,	/* times the best peer's mean; 0: off */
	NVMEMP_NR_FEATURES,
};

#define NVMEMP_ENDLESS	U32_MAX

/* What an error says of the path that it came from; error.c's judge() */
enum nvmemp_verdict {
	NVMEMP_ERR_PATH,	/* the path's */
	NVMEMP_ERR_SUSPECT,	/* the path's or the block's: another path will tell */
	NVMEMP_ERR_BUSY,	/* "retry me": Command Interrupted, Namespace Not Ready */
	NVMEMP_ERR_CALLER,	/* the caller's: the path did its work */
	NVMEMP_NR_ERRORS,
	NVMEMP_ERR_AGAIN = NVMEMP_NR_ERRORS,	/* a NOWAIT bio found no room; none to the user */
	NVMEMP_NR_VERDICTS,
};

/*
 * One CPU's of one path. started and sectors: written with preemption off by who
 * submits. done and the times also by interrupts, with single instructions, so
 * that none is lost.
 */
struct nvmemp_stats {
	u64 started;
	u64 done;
	u64 sectors[2];		/* read, written */
	u64 sampled;		/* I/Os whose time was taken; their sum; the longest */
	u64 sum_ns;
	u32 max_ns;
};

struct nvmemp_totals {
	u64 started, done;
	u64 sectors[2];
	u64 sampled, sum_ns;
	u32 max_ns;
	u64 errors[NVMEMP_NR_VERDICTS];
	u64 failovers, retries;
};

struct nvmemp_path {
	struct block_device *bdev;
	struct nvmemp_stats __percpu *stats;
	bool flush_failfast;

	struct dm_dev *dev;		/* NULL: dm core has it no more */
	u32 kato_ms;
	bool borrowed;			/* somebody may use bdev beside our I/O */
	struct nvmemp_path *next_retired;
	void *kept_open;		/* holds the disk beside dm core */

	/* under conf_lock */
	enum nvmemp_ana ana;
	bool disabled;
	u8 weight;
	struct nvmemp_totals base;	/* as they were at reset_stats */

	/* under nvmemp.lock; times in jiffies */
	unsigned int window_errors;
	unsigned long window_start;
	unsigned long last_abort;	/* 0: none yet */
	unsigned long held_until;	/* while its bit in held is set */
	unsigned long marginal_until;	/* while its bit in marginal is set */
	u64 last_sampled, last_sum_ns;	/* totals when the latencies were compared */

	u64 last_good;			/* the worker's: I/Os without an error that it knew of */

	atomic64_t errors[NVMEMP_NR_VERDICTS];
	atomic64_t failovers;
	atomic64_t retries;
};

/* How far the paths are from one NUMA node */
struct nvmemp_node {
	u8 nearest;			/* of select.best */
	u8 distance[NVMEMP_SLOTS];
} __aligned(64);

struct nvmemp_rcu_select {
	struct nvmemp_select s;
	blk_opf_t nowait;		/* REQ_NOWAIT: ask a path not to wait, there are others */
	u32 max_bytes;			/* of an I/O that no path splits */
	u32 max_segments;
	struct rcu_head rcu;
	struct nvmemp_node node[];	/* nr_node_ids */
};

/*
 * What one CPU knows for policies queue-depth and latency. depth: I/Os in flight
 * that it submitted, counted while one of the two is in force; an I/O that ends
 * on another CPU is counted in ended_elsewhere.
 */
struct nvmemp_cpu {
	atomic_t ended_elsewhere[NVMEMP_SLOTS];
	struct nvmemp_turn turn;
	u32 chosen;
	s32 depth[NVMEMP_SLOTS];
	u32 average_ns[NVMEMP_SLOTS];
};

/* Reasons for map to look closer, in nvmemp.special */
enum nvmemp_special {
	NVMEMP_UNFIT		= 1,	/* unfit is not 0 */
	NVMEMP_DOWN		= 2,	/* the worker saw no usable path */
	NVMEMP_ZONED		= 4,
	NVMEMP_INTEGRITY	= 8,	/* callers may bring protection information */
};

struct nvmemp {
	/* first: that saves an addition for each I/O */
	struct nvmemp_path __rcu *paths[NVMEMP_MAX_PATHS];
	struct dm_target *ti;
	struct nvmemp_rcu_select __rcu *select;
	u32 special;			/* enum nvmemp_special; 0 on the fast path */
	u8 zone_shift;			/* log2 of a zone's sectors */
	sector_t len;			/* that of ti */
	struct nvmemp_cpu __percpu *cpu;
	u64 unfit;
	u32 shared[NVMEMP_MAX_PATHS];	/* smoothed depths of all CPUs, see select.h */
	u64 refreshed;			/* ns: when they were summed */

	struct mutex conf_lock;		/* of this group */
	u32 conf[NVMEMP_NR_FEATURES];	/* read without it, one at a time */
	u32 preferred;			/* one bit, or none */
	u32 present;			/* slots in use; read without it */
	unsigned int last_slot;
	struct nvmemp_path *retired;	/* left, but not closed yet */

	spinlock_t lock;		/* of this group but the flags */
	u32 failed, held, marginal;	/* bits of paths; unfit follows */
	u32 draining;			/* an event is due when it is idle */
	u32 changed;			/* failed or not: the next event tells */
	unsigned long grace_period;	/* of the last disable_path */
	struct bio_list waiting;
	struct bio_list asking;
	unsigned int nr_waiting;
	u64 nr_waited;			/* in all */
	unsigned long compared;		/* jiffies: when the paths' latencies were looked at */
	unsigned int uncompared;	/* looks since then that had too few samples */
	bool suspending;		/* waiting bios go back to dm core */
	bool stopped;			/* no bios, no works */

	/* the worker's own, but for trials */
	struct workqueue_struct *wq;
	struct delayed_work work;
	unsigned long down_since;	/* jiffies; valid while down */
	unsigned long recheck;		/* backoff, jiffies */
	unsigned long trial_delay, next_trial;
	unsigned int trial_path;
	atomic_t trials;		/* bit per path: one is under way */
	bool failing;			/* no_path's time is over */
	unsigned long worked;		/* jiffies: when last_good of some path was seen to grow */

	struct work_struct event_work;	/* tells the world */
	struct work_struct zone_work;
};

enum nvmemp_io_bits {
	NVMEMP_IO_TRIAL		= 1,	/* sent down a failed path to see */
	NVMEMP_IO_DELAYED	= 2,	/* waits at least until when */
	NVMEMP_IO_HELD		= 4,	/* a delayed write of unknown outcome */
	NVMEMP_IO_SAMPLED	= 8,	/* when: its start, ns / 64 */
	NVMEMP_IO_DEPTH		= 16,	/* counted in the depth of cpu */
	NVMEMP_IO_RETRIED	= 32,	/* not its first time: who sends it is not the caller */
	NVMEMP_IO_TROUBLED	= 64,	/* tried, suspects, full, rounds, silent and zone are set */
	NVMEMP_IO_PATIENT	= 128,	/* no path had room: the next one is to make us wait */
};

enum nvmemp_zone_bits {
	NVMEMP_ZONE_ASKED	= 1,	/* its path has reported the zone for it */
	NVMEMP_ZONE_LOST	= 2,	/* a controller may have carried it out unheard */
};

/* Per-bio data; clone->bi_private points to it */
struct nvmemp_io {
	struct bvec_iter iter;		/* this, opf and flags: as at map, for a retry */
	blk_opf_t opf;
	unsigned short flags;
	u16 rounds : 3;			/* times that every path failed it */
	u16 silent : 11;		/* the same, while no path did anything else either */
	u16 zone : 2;			/* enum nvmemp_zone_bits */
	/* one word, for map's sake */
	struct {
		u8 path;		/* that carries it; NVMEMP_NO_PATH */
		u8 bits;		/* enum nvmemp_io_bits */
		u16 cpu;		/* that submitted it */
	};
	u32 when;			/* low bits of jiffies, or of ns / 64 */
	u32 tried;			/* paths that failed it in this round */
	u32 suspects;			/* paths to blame if another one can do it */
	u32 full;			/* paths that had no room for it this time */
};

static_assert(sizeof(struct nvmemp_io) <= 48);

/* For those who hold conf_lock, or are in an RCU section, or have I/O on path i */
static inline struct nvmemp_path *nvmemp_path(const struct nvmemp *m, unsigned int i)
{
	return rcu_dereference_raw(m->paths[i]);
}

static inline u32 nvmemp_conf(const struct nvmemp *m, enum nvmemp_feature f)
{
	return READ_ONCE(m->conf[f]);
}

/* The first path from slot *i on, or NULL */
static inline struct nvmemp_path *nvmemp_path_from(const struct nvmemp *m, unsigned int *i)
{
	struct nvmemp_path *p;

	for (; *i < NVMEMP_MAX_PATHS; ++*i) {
		p = nvmemp_path(m, *i);
		if (p)
			return p;
	}
	return NULL;
}

/* Paths by slot, for those who may follow the pointers */
#define nvmemp_for_each_path(m, i, p) \
	for ((i) = 0; ((p) = nvmemp_path_from(m, &(i))); (i)++)

static inline bool nvmemp_is_down(const struct nvmemp *m)
{
	/* who sees it sees since when: pairs with nvmemp_set_special */
	return smp_load_acquire(&m->special) & NVMEMP_DOWN;
}

/*
 * A removed disk is dead for good, or has lost its capacity a moment before
 * (nvme_ns_remove sets it to 0 first).
 */
static inline bool nvmemp_path_gone(const struct nvmemp *m, const struct nvmemp_path *p)
{
	return bdev_nr_sectors(p->bdev) < m->len ||
	       test_bit(GD_DEAD, &p->bdev->bd_disk->state) ||
	       blk_queue_dying(bdev_get_queue(p->bdev));
}

/*
 * A controller that is being reset has its queues quiesced and frozen. A bio
 * that is sent there now would make its submitter sleep; both may also be
 * short and harmless, so the path is avoided, not failed.
 */
static inline bool nvmemp_blocked(struct block_device *bdev)
{
	struct request_queue *q = bdev_get_queue(bdev);

	return blk_queue_quiesced(q) || READ_ONCE(q->mq_freeze_depth);
}

static inline bool nvmemp_path_blocked(const struct nvmemp_path *p)
{
	return nvmemp_blocked(p->bdev);
}

/* The last use of the path by this I/O: it may leave from now on. */
static inline void nvmemp_path_is_done(struct nvmemp_path *p)
{
	this_cpu_inc(p->stats->done);
}

/* How a bio is sent once more */
struct nvmemp_again {
	u32 except;		/* paths not to take */
	blk_opf_t drop;		/* of what the caller asked: who sends it now can't give it */
	bool may_wait;
	bool trial;		/* down path, though it failed; or once more */
	unsigned int path;
};

/* args.c: text to values; -EINVAL, and *error is one sentence */
int nvmemp_parse_table(struct nvmemp *m, struct dm_arg_set *as, char **error);
int nvmemp_parse_feature(struct nvmemp *m, const char *key, const char *value, char **error);
int nvmemp_parse_path(struct nvmemp *m, struct dm_arg_set *as, char **error);
int nvmemp_parse_ana(const char *word);
int nvmemp_parse_weight(const char *word, u8 *ret);
void nvmemp_free_path(struct nvmemp *m, unsigned int i);
void nvmemp_retire_path(struct nvmemp *m, unsigned int i);	/* conf_lock held; sleeps */
void nvmemp_bury_retired(struct nvmemp *m);
const char *nvmemp_ana_word(enum nvmemp_ana ana);
const char *nvmemp_feature_key(enum nvmemp_feature f);
const char *nvmemp_feature_word(const struct nvmemp *m, enum nvmemp_feature f, char buf[12]);
bool nvmemp_feature_is_default(const struct nvmemp *m, enum nvmemp_feature f);

/* path.c: states of paths and of the map */
bool nvmemp_any_blocked(struct nvmemp *m);
bool nvmemp_path_may_come(struct nvmemp *m);
u32 nvmemp_usable(struct nvmemp *m);
u32 nvmemp_triable(struct nvmemp *m);
void nvmemp_fail_path(struct nvmemp *m, unsigned int i);
void nvmemp_make_marginal(struct nvmemp *m, unsigned int i);	/* lock held */
void nvmemp_path_aborted(struct nvmemp *m, unsigned int i);
void nvmemp_reinstate_path(struct nvmemp *m, unsigned int i);
void nvmemp_came_back(struct nvmemp *m, unsigned int i);
void nvmemp_release_path(struct nvmemp *m, unsigned int i);
void nvmemp_watch_drain(struct nvmemp *m, unsigned int i, bool on);
bool nvmemp_expire(struct nvmemp *m, unsigned long *ret_delay);
void nvmemp_update_unfit(struct nvmemp *m);		/* lock held */
void nvmemp_set_special(struct nvmemp *m, u32 flag, bool on);	/* lock held */
void nvmemp_event(struct nvmemp *m);
void nvmemp_event_work(struct work_struct *work);
struct nvmemp_rcu_select *nvmemp_alloc_select(void);
void nvmemp_publish(struct nvmemp *m, struct nvmemp_rcu_select *new);	/* conf_lock held */
const char *nvmemp_state(struct nvmemp *m);
char nvmemp_path_letter(struct nvmemp *m, unsigned int i);

/* stats.c */
void nvmemp_sum(const struct nvmemp_path *p, struct nvmemp_totals *ret);
u64 nvmemp_in_flight(const struct nvmemp_path *p);
u64 nvmemp_good(const struct nvmemp_path *p);
void nvmemp_sample_begins(struct nvmemp *m, struct nvmemp_io *io);
void nvmemp_sample_ends(struct nvmemp *m, struct nvmemp_io *io, bool good);

/* message.c */
int nvmemp_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
		   unsigned int maxlen);

/* io.c: down a path, and back */
int nvmemp_map(struct dm_target *ti, struct bio *bio);
int nvmemp_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error);
unsigned int nvmemp_choose(struct nvmemp *m);
void nvmemp_restore(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io, blk_opf_t drop);
bool nvmemp_send_again(struct nvmemp *m, struct bio *bio, const struct nvmemp_again *how);

/* error.c: what has one */
void nvmemp_trouble(struct nvmemp_io *io);
void nvmemp_trial_over(struct nvmemp *m, struct nvmemp_io *io, bool good);
bool nvmemp_all_failed(struct nvmemp *m, struct nvmemp_io *io);
bool nvmemp_is_zone_write(const struct nvmemp *m, const struct nvmemp_io *io);
int nvmemp_end_specially(struct nvmemp *m, struct bio *bio, struct nvmemp_io *io,
			 blk_status_t *error);

/* work.c: what waits */
void nvmemp_wait_for_path(struct nvmemp *m, struct bio *bio);
void nvmemp_kick(struct nvmemp *m);
void nvmemp_work(struct work_struct *work);
void nvmemp_zone_work(struct work_struct *work);

#endif
