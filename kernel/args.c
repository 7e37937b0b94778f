// SPDX-License-Identifier: GPL-2.0
/* The words of the table line and of messages; nvmemp_uapi.h has the grammar. */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "target.h"

const char * const nvmemp_ana_words[] = {
	[NVMEMP_OPTIMIZED]	= NVMEMP_ANA_OPTIMIZED,
	[NVMEMP_NONOPTIMIZED]	= NVMEMP_ANA_NONOPTIMIZED,
	[NVMEMP_INACCESSIBLE]	= NVMEMP_ANA_INACCESSIBLE,
	[NVMEMP_PERSISTENT_LOSS] = NVMEMP_ANA_PERSISTENT_LOSS,
	[NVMEMP_CHANGE]		= NVMEMP_ANA_CHANGE,
};

const char * const nvmemp_policy_words[] = {
	[NVMEMP_SELECT_NUMA]		= NVMEMP_POLICY_NUMA,
	[NVMEMP_SELECT_ROUND_ROBIN]	= NVMEMP_POLICY_ROUND_ROBIN,
};

const char *nvmemp_no_path_word(u32 secs, char buf[12])
{
	snprintf(buf, 12, "%u", secs);
	return !secs ? NVMEMP_NO_PATH_FAIL : secs == U32_MAX ? NVMEMP_NO_PATH_QUEUE : buf;
}

int nvmemp_parse_ana(const char *word)
{
	return match_string(nvmemp_ana_words, ARRAY_SIZE(nvmemp_ana_words), word);
}

int nvmemp_parse_policy(const char *word)
{
	return match_string(nvmemp_policy_words, ARRAY_SIZE(nvmemp_policy_words), word);
}

int nvmemp_parse_no_path(const char *word, u32 *ret_secs)
{
	unsigned int secs;

	if (!strcmp(word, NVMEMP_NO_PATH_FAIL))
		secs = 0;
	else if (!strcmp(word, NVMEMP_NO_PATH_QUEUE))
		secs = U32_MAX;
	else if (kstrtouint(word, 10, &secs) || !secs || secs > NVMEMP_NO_PATH_MAX_SECS)
		return -EINVAL;
	WRITE_ONCE(*ret_secs, secs);
	return 0;
}

static int parse_features(struct nvmemp *m, struct dm_arg_set *as, char **error)
{
	static const struct dm_arg nr = { 0, 4, "number of feature words must be 0, 2 or 4" };
	const char *key, *value;
	unsigned int argc;

	if (dm_read_arg_group(&nr, as, &argc, error))
		return -EINVAL;
	for (; argc >= 2; argc -= 2) {
		key = dm_shift_arg(as);
		value = dm_shift_arg(as);
		if (!strcmp(key, NVMEMP_KEY_POLICY)) {
			m->policy = nvmemp_parse_policy(value);
			if ((int)m->policy < 0)
				*error = "policy must be numa or round-robin";
		} else if (!strcmp(key, NVMEMP_KEY_NO_PATH)) {
			if (nvmemp_parse_no_path(value, &m->no_path))
				*error = "no_path must be fail, queue or 1 to 86400 seconds";
		} else {
			*error = "unknown feature word";
		}
		if (*error)
			return -EINVAL;
	}
	if (argc)
		*error = "a feature word has no value";
	return argc ? -EINVAL : 0;
}

static int open_path(struct nvmemp *m, const char *name, struct nvmemp_path *p, char **error)
{
	struct dm_target *ti = m->ti;
	struct block_device *bdev;
	unsigned int i;
	int r;

	r = dm_get_device(ti, name, dm_table_get_mode(ti->table), &p->dev);
	if (r) {
		*error = r == -EBUSY ? "a path is in use by somebody else" :
				       "a path can't be opened";
		return r;
	}
	bdev = p->dev->bdev;
	for (i = 0; i < m->nr_paths; i++) {
		if (m->paths[i].dev->bdev == bdev)
			*error = "a path is named twice";
		else if (bdev_logical_block_size(m->paths[i].dev->bdev) !=
			 bdev_logical_block_size(bdev))
			*error = "paths differ in their logical block size";
	}
	if (bdev_is_partition(bdev))
		*error = "a path is a partition, not a whole disk";
	/* a removed namespace has no capacity; it may stay in a table until it is dropped */
	else if (bdev_nr_sectors(bdev) && bdev_nr_sectors(bdev) < ti->len)
		*error = "a path is smaller than the map";
	if (*error)
		goto put;
	p->stats = alloc_percpu(struct nvmemp_stats);
	if (!p->stats) {
		*error = "no memory for a path's counters";
		r = -ENOMEM;
		goto put;
	}
	return 0;
put:
	dm_put_device(ti, p->dev);
	return r ?: -EINVAL;
}

static int parse_path_words(struct nvmemp *m, struct nvmemp_path *p, u32 bit,
			    struct dm_arg_set *as, char **error)
{
	static const struct dm_arg nr = { 0, 6, "number of path words must be 0 to 6" };
	unsigned int argc;
	const char *word;
	int ana;

	if (dm_read_arg_group(&nr, as, &argc, error))
		return -EINVAL;
	while (argc--) {
		word = dm_shift_arg(as);
		if (!strcmp(word, NVMEMP_KEY_ANA)) {
			ana = argc ? nvmemp_parse_ana(dm_shift_arg(as)) : -EINVAL;
			if (ana < 0) {
				*error = "unknown ANA state";
				return -EINVAL;
			}
			argc--;
			p->ana = ana;
		} else if (!strcmp(word, NVMEMP_KEY_PREFERRED)) {
			if (m->preferred) {
				*error = "more than one path is preferred";
				return -EINVAL;
			}
			m->preferred = bit;
		} else if (!strcmp(word, NVMEMP_KEY_DISABLED)) {
			p->disabled = true;
		} else if (!strcmp(word, NVMEMP_KEY_FAILED)) {
			atomic64_or(bit, &m->failed);
		} else if (!strcmp(word, NVMEMP_KEY_FLUSH_FAILFAST)) {
			p->flush_failfast = true;
		} else {
			*error = "unknown path word";
			return -EINVAL;
		}
	}
	return 0;
}

/* The number behind the feature words, so that the map can be allocated first. */
unsigned int nvmemp_count_paths(unsigned int argc, char **argv, char **error)
{
	unsigned int skip, n;

	*error = "number of paths must be 1 to 32";
	if (!argc || kstrtouint(argv[0], 10, &skip) || skip > 4 || argc < skip + 2 ||
	    kstrtouint(argv[skip + 1], 10, &n) || !n || n > NVMEMP_MAX_PATHS)
		return 0;
	*error = NULL;
	return n;
}

/* nr_paths grows last: what it counts, the destructor undoes. */
int nvmemp_parse_table(struct nvmemp *m, unsigned int nr_paths, struct dm_arg_set *as,
		       char **error)
{
	int r = parse_features(m, as, error);

	dm_shift_arg(as);	/* nr_paths */
	while (!r && m->nr_paths < nr_paths) {
		struct nvmemp_path *p = &m->paths[m->nr_paths];

		if (as->argc < 2) {
			*error = "fewer paths than their number says";
			return -EINVAL;
		}
		r = open_path(m, dm_shift_arg(as), p, error);
		if (r)
			return r;
		m->nr_paths++;
		r = parse_path_words(m, p, BIT(m->nr_paths - 1), as, error);
	}
	if (!r && as->argc) {
		*error = "words behind the last path";
		r = -EINVAL;
	}
	return r;
}
