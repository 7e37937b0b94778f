// SPDX-License-Identifier: GPL-2.0
/* The words of the table line and of messages; nvmemp_uapi.h has the grammar. */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "target.h"

static const char * const ana_words[] = {
	[NVMEMP_OPTIMIZED]	= NVMEMP_ANA_OPTIMIZED,
	[NVMEMP_NONOPTIMIZED]	= NVMEMP_ANA_NONOPTIMIZED,
	[NVMEMP_INACCESSIBLE]	= NVMEMP_ANA_INACCESSIBLE,
	[NVMEMP_PERSISTENT_LOSS] = NVMEMP_ANA_PERSISTENT_LOSS,
	[NVMEMP_CHANGE]		= NVMEMP_ANA_CHANGE,
};

/* A value is one of words, or a number from min to max; words[0] is 0, the word endless is so. */
static const struct feature {
	const char *key;
	const char *words[4];
	const char *endless;
	u32 min, max;		/* max 0: words only */
	u32 def;
	char *error;
} features[] = {
	[NVMEMP_F_POLICY] = {
		.key = NVMEMP_KEY_POLICY,
		.words = {
			[NVMEMP_SELECT_NUMA]		= NVMEMP_POLICY_NUMA,
			[NVMEMP_SELECT_ROUND_ROBIN]	= NVMEMP_POLICY_ROUND_ROBIN,
			[NVMEMP_SELECT_QUEUE_DEPTH]	= NVMEMP_POLICY_QUEUE_DEPTH,
			[NVMEMP_SELECT_LATENCY]		= NVMEMP_POLICY_LATENCY,
		},
		.error = "policy must be numa, round-robin, queue-depth or latency",
	},
	[NVMEMP_F_NO_PATH] = {
		.key = NVMEMP_KEY_NO_PATH,
		.words = { NVMEMP_NO_PATH_FAIL },
		.endless = NVMEMP_NO_PATH_QUEUE,
		.min = 1, .max = NVMEMP_NO_PATH_MAX_SECS,
		.error = "no_path must be fail, queue or 1 to 86400 seconds",
	},
	[NVMEMP_F_FAILBACK] = {
		.key = NVMEMP_KEY_FAILBACK,
		.words = { NVMEMP_FAILBACK_IMMEDIATE },
		.endless = NVMEMP_FAILBACK_MANUAL,
		.min = 1, .max = NVMEMP_FAILBACK_MAX_SECS,
		.error = "failback must be immediate, manual or 1 to 86400 seconds",
	},
	[NVMEMP_F_WRITE_HOLD] = {
		.key = NVMEMP_KEY_WRITE_HOLD,
		.words = { NVMEMP_WRITE_HOLD_OFF },
		.endless = NVMEMP_WRITE_HOLD_AUTO,
		.min = 1, .max = NVMEMP_WRITE_HOLD_MAX_MS,
		.error = "write_hold must be off, auto or 1 to 600000 milliseconds",
	},
	[NVMEMP_F_ANATT] = {
		.key = NVMEMP_KEY_ANATT,
		.min = 1, .max = NVMEMP_ANATT_MAX, .def = NVMEMP_ANATT_DEFAULT,
		.error = "anatt must be 1 to 255 seconds",
	},
	[NVMEMP_F_MARGINAL_ERRORS] = {
		.key = NVMEMP_KEY_MARGINAL_ERRORS,
		.max = NVMEMP_MARGINAL_MAX_ERRORS,
		.error = "marginal_errors must be 0 to 1000",
	},
	[NVMEMP_F_MARGINAL_WINDOW] = {
		.key = NVMEMP_KEY_MARGINAL_WINDOW,
		.min = 1, .max = NVMEMP_MARGINAL_MAX_SECS, .def = NVMEMP_MARGINAL_WINDOW_DEFAULT,
		.error = "marginal_window must be 1 to 86400 seconds",
	},
	[NVMEMP_F_MARGINAL_HOLD] = {
		.key = NVMEMP_KEY_MARGINAL_HOLD,
		.min = 1, .max = NVMEMP_MARGINAL_MAX_SECS, .def = NVMEMP_MARGINAL_HOLD_DEFAULT,
		.error = "marginal_hold must be 1 to 86400 seconds",
	},
	[NVMEMP_F_MARGINAL_LATENCY] = {
		.key = NVMEMP_KEY_MARGINAL_LATENCY,
		.max = NVMEMP_MARGINAL_MAX_LATENCY,
		.error = "marginal_latency must be 0 to 1000",
	},
};

static_assert(ARRAY_SIZE(features) == NVMEMP_NR_FEATURES);

const char *nvmemp_ana_word(enum nvmemp_ana ana)
{
	return ana_words[ana];
}

int nvmemp_parse_ana(const char *word)
{
	return match_string(ana_words, ARRAY_SIZE(ana_words), word);
}

int nvmemp_parse_weight(const char *word, u8 *ret)
{
	unsigned int n;

	if (kstrtouint(word, 10, &n) || !n || n > NVMEMP_MAX_WEIGHT)
		return -EINVAL;
	*ret = n;
	return 0;
}

const char *nvmemp_feature_key(enum nvmemp_feature f)
{
	return features[f].key;
}

const char *nvmemp_feature_word(const struct nvmemp *m, enum nvmemp_feature f, char buf[12])
{
	const struct feature *t = &features[f];
	u32 value = m->conf[f];

	if (value == NVMEMP_ENDLESS)
		return t->endless;
	if (value < ARRAY_SIZE(t->words) && t->words[value])
		return t->words[value];
	snprintf(buf, 12, "%u", value);
	return buf;
}

bool nvmemp_feature_is_default(const struct nvmemp *m, enum nvmemp_feature f)
{
	return m->conf[f] == features[f].def;
}

static bool parse_value(const struct feature *t, const char *word, u32 *ret)
{
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(t->words) && t->words[n]; n++)
		if (!strcmp(word, t->words[n])) {
			*ret = n;
			return true;
		}
	if (t->endless && !strcmp(word, t->endless)) {
		*ret = NVMEMP_ENDLESS;
		return true;
	}
	if (!t->max || kstrtouint(word, 10, &n) || n < t->min || n > t->max)
		return false;
	*ret = n;
	return true;
}

int nvmemp_parse_feature(struct nvmemp *m, const char *key, const char *value, char **error)
{
	u32 number;
	int f;

	for (f = 0; f < NVMEMP_NR_FEATURES; f++)
		if (!strcmp(key, features[f].key))
			break;
	if (f == NVMEMP_NR_FEATURES) {
		*error = "unknown feature word";
		return -EINVAL;
	}
	if (!parse_value(&features[f], value, &number)) {
		*error = features[f].error;
		return -EINVAL;
	}
	WRITE_ONCE(m->conf[f], number);
	return 0;
}

static int parse_features(struct nvmemp *m, struct dm_arg_set *as, char **error)
{
	static const struct dm_arg nr = {
		0, 2 * NVMEMP_NR_FEATURES, "number of feature words must be 0 to 18",
	};
	const char *key, *value;
	unsigned int argc;
	int f;

	for (f = 0; f < NVMEMP_NR_FEATURES; f++)
		m->conf[f] = features[f].def;
	if (dm_read_arg_group(&nr, as, &argc, error))
		return -EINVAL;
	for (; argc >= 2; argc -= 2) {
		key = dm_shift_arg(as);
		value = dm_shift_arg(as);
		if (nvmemp_parse_feature(m, key, value, error))
			return -EINVAL;
	}
	if (argc)
		*error = "a feature word has no value";
	return argc ? -EINVAL : 0;
}

/* What must be the same on all paths, or what is written by one is not what another reads. */
static char *differs(struct block_device *a, struct block_device *b)
{
	if (a == b)
		return "a path is named twice";
	if (bdev_logical_block_size(a) != bdev_logical_block_size(b))
		return "paths differ in their logical block size";
	if (bdev_zone_sectors(a) != bdev_zone_sectors(b))
		return "paths differ in their zones";
	if (!nvmemp_same_integrity(a, b))
		return "paths differ in their metadata";
	return NULL;
}

/*
 * A path that joins a running map: its limits are not stacked any more. What is
 * bigger than it takes is split by its own queue; what it can't do at all, or
 * would have to be told of, needs a new table.
 */
static char *exceeds(struct block_device *map, struct block_device *path)
{
	if (bdev_write_cache(path) && !bdev_write_cache(map))
		return "the path has a write cache, which this table does not flush";
	if (bdev_dma_alignment(path) & ~bdev_dma_alignment(map))
		return "the path wants another alignment than this table gives";
	if (bdev_stable_writes(path) && !bdev_stable_writes(map))
		return "the path needs stable pages, which this table does not give";
	if ((bdev_nowait(map) && !bdev_nowait(path)) ||
	    (bdev_max_discard_sectors(map) && !bdev_max_discard_sectors(path)) ||
	    (bdev_max_secure_erase_sectors(map) && !bdev_max_secure_erase_sectors(path)) ||
	    (bdev_write_zeroes_sectors(map) && !bdev_write_zeroes_sectors(path)) ||
	    !nvmemp_atomic_enough(map, path))
		return "the path can't do all that this table offers";
	return NULL;
}

static char *check_path(struct nvmemp *m, struct block_device *bdev)
{
	struct nvmemp_path *p;
	unsigned int i;
	char *error = NULL;

	nvmemp_for_each_path(m, i, p)
		error = error ?: differs(p->bdev, bdev);
	if (error)
		return error;
	if (bdev_is_partition(bdev))
		return "a path is a partition, not a whole disk";
	/* a removed namespace has no capacity; it may stay in a table until it is dropped */
	if (bdev_nr_sectors(bdev) && bdev_nr_sectors(bdev) < m->ti->len)
		return "a path is smaller than the map";
	if (m->stopped)
		return NULL;
	return exceeds(dm_disk(dm_table_get_md(m->ti->table))->part0, bdev);
}

static int open_path(struct nvmemp *m, const char *name, struct nvmemp_path *p, char **error)
{
	struct dm_target *ti = m->ti;
	int r;

	r = dm_get_device(ti, name, dm_table_get_mode(ti->table), &p->dev);
	if (r) {
		*error = r == -EBUSY ? "a path is in use by somebody else" :
				       "a path can't be opened";
		return r;
	}
	p->bdev = p->dev->bdev;
	*error = check_path(m, p->bdev);
	if (*error)
		goto put;
	p->stats = alloc_percpu(struct nvmemp_stats);
	if (!p->stats) {
		*error = "no memory for a path's counters";
		r = -ENOMEM;
		goto put;
	}
	p->kept_open = nvmemp_keep_open(p->dev);
	return 0;
put:
	dm_put_device(ti, p->dev);
	return r ?: -EINVAL;
}

/* What the words say of the path and of its bits in the map */
struct path_words {
	bool preferred, failed, held, marginal;
};

static char *parse_path_word(struct nvmemp_path *p, struct path_words *w, struct dm_arg_set *as,
			     unsigned int *argc)
{
	static const struct {
		const char *key;
		size_t offset;
	} flags[] = {
		{ NVMEMP_KEY_PREFERRED,	offsetof(struct path_words, preferred) },
		{ NVMEMP_KEY_FAILED,	offsetof(struct path_words, failed) },
		{ NVMEMP_KEY_HELD,	offsetof(struct path_words, held) },
		{ NVMEMP_KEY_MARGINAL,	offsetof(struct path_words, marginal) },
	};
	const char *word = dm_shift_arg(as), *value;
	unsigned int i, number;
	int ana;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (!strcmp(word, flags[i].key)) {
			*(bool *)((char *)w + flags[i].offset) = true;
			return NULL;
		}
	if (!strcmp(word, NVMEMP_KEY_DISABLED)) {
		p->disabled = true;
		return NULL;
	}
	if (!strcmp(word, NVMEMP_KEY_FLUSH_FAILFAST)) {
		p->flush_failfast = true;
		return NULL;
	}
	value = *argc ? dm_shift_arg(as) : "";
	*argc -= !!*argc;
	if (!strcmp(word, NVMEMP_KEY_ANA)) {
		ana = nvmemp_parse_ana(value);
		p->ana = max(ana, 0);
		return ana < 0 ? "unknown ANA state" : NULL;
	}
	if (!strcmp(word, NVMEMP_KEY_WEIGHT))
		return nvmemp_parse_weight(value, &p->weight) ? "weight must be 1 to 100" : NULL;
	if (!strcmp(word, NVMEMP_KEY_KATO)) {
		if (kstrtouint(value, 10, &number) || number > NVMEMP_MAX_KATO_MS)
			return "kato must be 0 to 600000 milliseconds";
		p->kato_ms = number;
		return NULL;
	}
	return "unknown path word";
}

/* What the CPUs knew of the slot's last path; it had no I/O in flight. */
static void forget_slot(struct nvmemp *m, unsigned int i)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct nvmemp_cpu *c = per_cpu_ptr(m->cpu, cpu);

		c->depth[i] = 0;
		atomic_set(&c->ended_elsewhere[i], 0);
		c->average_ns[i] = 0;
	}
	m->shared[i] = 0;
}

/* From here on the path is a member: nothing can fail any more. */
static void join(struct nvmemp *m, struct nvmemp_path *p, unsigned int i,
		 const struct path_words *w)
{
	u32 bit = BIT(i);

	if (w->preferred)
		m->preferred = bit;
	forget_slot(m, i);
	rcu_assign_pointer(m->paths[i], p);
	WRITE_ONCE(m->present, m->present | bit);
	m->last_slot = i;

	spin_lock_irq(&m->lock);
	if (w->failed)
		m->failed |= bit;
	if (w->marginal) {
		m->marginal |= bit;
		p->marginal_until = jiffies + nvmemp_conf(m, NVMEMP_F_MARGINAL_HOLD) * HZ;
	}
	if (w->held && nvmemp_conf(m, NVMEMP_F_FAILBACK)) {
		m->held |= bit;
		p->held_until = jiffies + nvmemp_conf(m, NVMEMP_F_FAILBACK) * (unsigned long)HZ;
	}
	nvmemp_update_unfit(m);
	spin_unlock_irq(&m->lock);
}

/*
 * The slot behind the one given last, in a circle: what old bios remember of a
 * slot (tried, suspects) is not soon taken for a new path's.
 */
static unsigned int free_slot(const struct nvmemp *m)
{
	u32 unused = ~m->present;

	if (!unused)
		return NVMEMP_NO_PATH;
	return m->present ? nvmemp_next(unused, m->last_slot) : 0;
}

/*
 * DEVICE nr-path-words path-word*: opens the path and makes it a member; returns
 * its index. -ENOSPC, -EEXIST, -EINVAL, -ENOMEM, or why it can't be opened. In a
 * constructor nobody else sees m; otherwise conf_lock is held.
 */
int nvmemp_parse_path(struct nvmemp *m, struct dm_arg_set *as, char **error)
{
	static const struct dm_arg nr = { 0, 12, "number of path words must be 0 to 12" };
	unsigned int i = free_slot(m), argc;
	const char *name = dm_shift_arg(as);
	struct path_words w = { };
	struct nvmemp_path *p;
	int r = -EINVAL;

	if (i == NVMEMP_NO_PATH) {
		*error = "the map has 32 paths";
		return -ENOSPC;
	}
	if (!name) {
		*error = "fewer paths than their number says";
		return -EINVAL;
	}
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p) {
		*error = "no memory for a path";
		return -ENOMEM;
	}
	p->weight = 1;
	if (dm_read_arg_group(&nr, as, &argc, error))
		goto free;
	while (argc && !*error) {
		argc--;
		*error = parse_path_word(p, &w, as, &argc);
	}
	if (!*error && w.preferred && m->preferred)
		*error = "more than one path is preferred";
	if (*error)
		goto free;
	r = open_path(m, name, p, error);
	if (r)
		goto free;
	join(m, p, i, &w);
	return i;
free:
	kfree(p);
	return r;
}

static void close_path(struct nvmemp *m, struct nvmemp_path *p)
{
	if (p->dev)
		dm_put_device(m->ti, p->dev);
	if (p->kept_open)
		nvmemp_let_go(p->kept_open);
	free_percpu(p->stats);
	kfree(p);
}

/* Nobody can see the path any more. */
void nvmemp_free_path(struct nvmemp *m, unsigned int i)
{
	struct nvmemp_path *p = nvmemp_path(m, i);

	RCU_INIT_POINTER(m->paths[i], NULL);
	close_path(m, p);
}

/*
 * Takes path i, which gets no more I/O and has none, out of a running map. One
 * that somebody borrowed stays open until the next suspend, which waits for him:
 * dm core does not say when an ioctl is over. But it is no slave of the map any more:
 * a new disk with its name can be.
 */
void nvmemp_retire_path(struct nvmemp *m, unsigned int i)
{
	struct nvmemp_path *p = nvmemp_path(m, i);

	spin_lock_irq(&m->lock);
	m->failed &= ~BIT(i);
	m->held &= ~BIT(i);
	m->marginal &= ~BIT(i);
	m->draining &= ~BIT(i);
	m->changed &= ~BIT(i);
	nvmemp_update_unfit(m);
	spin_unlock_irq(&m->lock);
	m->preferred &= ~BIT(i);
	WRITE_ONCE(m->present, m->present & ~BIT(i));
	RCU_INIT_POINTER(m->paths[i], NULL);
	synchronize_rcu();
	if (!READ_ONCE(p->borrowed)) {
		close_path(m, p);
		return;
	}
	if (p->kept_open) {
		dm_put_device(m->ti, p->dev);
		p->dev = NULL;
	}
	p->next_retired = m->retired;
	m->retired = p;
}

void nvmemp_bury_retired(struct nvmemp *m)
{
	struct nvmemp_path *p;

	while ((p = m->retired)) {
		m->retired = p->next_retired;
		close_path(m, p);
	}
}

int nvmemp_parse_table(struct nvmemp *m, struct dm_arg_set *as, char **error)
{
	static const struct dm_arg nr = { 1, NVMEMP_MAX_PATHS, "number of paths must be 1 to 32" };
	unsigned int n;
	int r;

	r = parse_features(m, as, error);
	if (!r)
		r = dm_read_arg(&nr, as, &n, error);
	for (; !r && n; n--) {
		r = nvmemp_parse_path(m, as, error);
		r = min(r, 0);
	}
	if (!r && as->argc) {
		*error = "words behind the last path";
		r = -EINVAL;
	}
	return r;
}
