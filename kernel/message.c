// SPDX-License-Identifier: GPL-2.0
/*
 * Messages. Each verb checks all its words before it changes anything, and can't
 * fail after that: what follows it needs no memory (nvmemp_message has it).
 */
#include <linux/slab.h>

#include "target.h"

/* A path of this map by number or node: its index, or -ENODEV */
static int find_path(struct nvmemp *m, const char *name)
{
	unsigned int i, major, minor;
	struct nvmemp_path *p;
	char dummy;
	dev_t dev;

	if (sscanf(name, "%u:%u%c", &major, &minor, &dummy) == 2)
		dev = MKDEV(major, minor);
	else if (lookup_bdev(name, &dev))
		return -ENODEV;
	nvmemp_for_each_path(m, i, p)
		if (p->bdev->bd_dev == dev)
			return i;
	return -ENODEV;
}

/* What a verb is given: its words, and the path that the second one names */
struct message {
	unsigned int argc;
	char **argv;
	int path;
	char *error;		/* one sentence, or NULL */
};

static int fail_path(struct nvmemp *m, struct message *msg)
{
	nvmemp_fail_path(m, msg->path);
	return 0;
}

static int reinstate_path(struct nvmemp *m, struct message *msg)
{
	WRITE_ONCE(nvmemp_path(m, msg->path)->disabled, false);
	nvmemp_watch_drain(m, msg->path, false);
	nvmemp_reinstate_path(m, msg->path);
	return 0;
}

static int disable_path(struct nvmemp *m, struct message *msg)
{
	WRITE_ONCE(nvmemp_path(m, msg->path)->disabled, true);
	return 0;
}

static void watch_disabled(struct nvmemp *m, struct message *msg)
{
	nvmemp_watch_drain(m, msg->path, true);
}

static int release_path(struct nvmemp *m, struct message *msg)
{
	nvmemp_release_path(m, msg->path);
	return 0;
}

static bool carries_io(enum nvmemp_ana ana)
{
	return ana == NVMEMP_OPTIMIZED || ana == NVMEMP_NONOPTIMIZED;
}

static int change_ana(struct nvmemp *m, struct message *msg)
{
	int new[NVMEMP_MAX_PATHS], path;
	struct nvmemp_path *p;
	unsigned int i;

	if (msg->argc % 2 == 0)
		return -EINVAL;
	nvmemp_for_each_path(m, i, p)
		new[i] = p->ana;
	for (i = 1; i < msg->argc; i += 2) {
		path = find_path(m, msg->argv[i]);
		if (path < 0)
			return path;
		new[path] = nvmemp_parse_ana(msg->argv[i + 1]);
		if (new[path] < 0)
			return -EINVAL;
	}
	nvmemp_for_each_path(m, i, p) {
		/* held before it is usable: it must not carry I/O for a moment */
		if (carries_io(new[i]) && !carries_io(p->ana))
			nvmemp_came_back(m, i);
		WRITE_ONCE(p->ana, new[i]);
	}
	return 0;
}

static int prefer(struct nvmemp *m, struct message *msg)
{
	int path;

	if (!strcmp(msg->argv[1], NVMEMP_MSG_PREFER_NONE)) {
		m->preferred = 0;
		return 0;
	}
	path = find_path(m, msg->argv[1]);
	if (path < 0)
		return path;
	m->preferred = BIT(path);
	nvmemp_release_path(m, path);	/* somebody wants it now */
	return 0;
}

static int change_weight(struct nvmemp *m, struct message *msg)
{
	return nvmemp_parse_weight(msg->argv[2], &nvmemp_path(m, msg->path)->weight);
}

static int reset_stats(struct nvmemp *m, struct message *msg)
{
	struct nvmemp_path *p;
	unsigned int i, cpu;

	nvmemp_for_each_path(m, i, p) {
		nvmemp_sum(p, &p->base);
		/* the rest is counted from base on; a maximum can't be */
		for_each_possible_cpu(cpu)
			WRITE_ONCE(per_cpu_ptr(p->stats, cpu)->max_ns, 0);
	}
	spin_lock_irq(&m->lock);
	m->nr_waited = 0;
	spin_unlock_irq(&m->lock);
	return 0;
}

static int change_feature(struct nvmemp *m, struct message *msg)
{
	return nvmemp_parse_feature(m, msg->argv[0], msg->argv[1], &msg->error);
}

static int add_path(struct nvmemp *m, struct message *msg)
{
	struct dm_arg_set as = { .argc = msg->argc - 1, .argv = msg->argv + 1 };
	unsigned int words;
	int path;

	/* nothing behind the path: it could not be undone */
	if (kstrtouint(msg->argv[2], 10, &words) || words != msg->argc - 3)
		return -EINVAL;
	if (find_path(m, msg->argv[1]) >= 0)
		return -EEXIST;
	path = nvmemp_parse_path(m, &as, &msg->error);
	if (path < 0)
		return path;
	nvmemp_came_back(m, path);
	return 0;
}

/*
 * In two steps: unlink, and wait until nobody can start anything on it; then see
 * whether something is in flight there. If so, all is as it was.
 */
static int remove_path(struct nvmemp *m, struct message *msg)
{
	struct nvmemp_rcu_select *without = nvmemp_alloc_select(), *with = nvmemp_alloc_select();
	struct nvmemp_path *p = nvmemp_path(m, msg->path);
	bool was_disabled = p->disabled;
	int r = -ENOMEM;

	if (!with || !without)
		goto free;
	r = -EBUSY;
	if (m->present == BIT(msg->path)) {
		msg->error = "it is the last path";
		goto free;
	}
	WRITE_ONCE(p->disabled, true);
	nvmemp_publish(m, without);
	synchronize_rcu();
	if (nvmemp_in_flight(p)) {
		WRITE_ONCE(p->disabled, was_disabled);
		nvmemp_publish(m, with);
		msg->error = "I/O is in flight on the path";
		return -EBUSY;
	}
	nvmemp_retire_path(m, msg->path);
	r = 0;
	without = NULL;
free:
	kfree(without);
	kfree(with);
	return r;
}

static const struct verb {
	const char *name;
	unsigned int min_argc, max_argc;
	bool path;		/* the second word is one */
	int (*fn)(struct nvmemp *m, struct message *msg);
	void (*after)(struct nvmemp *m, struct message *msg);	/* the new choice is in force */
} verbs[] = {
	{ NVMEMP_MSG_FAIL_PATH,		2, 2, true, fail_path },
	{ NVMEMP_MSG_REINSTATE_PATH,	2, 2, true, reinstate_path },
	{ NVMEMP_MSG_DISABLE_PATH,	2, 2, true, disable_path, watch_disabled },
	{ NVMEMP_MSG_RELEASE_PATH,	2, 2, true, release_path },
	{ NVMEMP_MSG_ADD_PATH,		3, 32, false, add_path },
	{ NVMEMP_MSG_REMOVE_PATH,	2, 2, true, remove_path },
	{ NVMEMP_MSG_ANA,		3, 1 + 2 * NVMEMP_MAX_PATHS, true, change_ana },
	{ NVMEMP_MSG_PREFER,		2, 2, false, prefer },
	{ NVMEMP_MSG_WEIGHT,		3, 3, true, change_weight },
	{ NVMEMP_MSG_RESET_STATS,	1, 1, false, reset_stats },
};

static const struct verb *find_verb(const char *name)
{
	static const struct verb feature = { "", 2, 2, false, change_feature };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	for (i = 0; i < NVMEMP_NR_FEATURES; i++)
		if (!strcmp(name, nvmemp_feature_key(i)))
			return &feature;
	return NULL;
}

static int run(struct nvmemp *m, struct message *msg, struct nvmemp_rcu_select *new)
{
	const struct verb *verb = find_verb(msg->argv[0]);
	int r = 0;

	if (!verb || msg->argc < verb->min_argc || msg->argc > verb->max_argc)
		return -EINVAL;
	if (verb->path)
		msg->path = find_path(m, msg->argv[1]);
	if (msg->path < 0)
		return msg->path;
	r = verb->fn(m, msg);
	if (r)
		return r;
	nvmemp_publish(m, new);
	if (verb->after)
		verb->after(m, msg);
	nvmemp_event(m);
	return 0;
}

static const char *sentence(int r, const struct message *msg)
{
	if (msg->error)
		return msg->error;
	switch (r) {
	case -ENODEV:
		return "no such path";
	case -EEXIST:
		return "it is a path of this map";
	case -ENOMEM:
		return "no memory";
	default:
		return "unknown, or its words are wrong";
	}
}

int nvmemp_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
		   unsigned int maxlen)
{
	struct nvmemp_rcu_select *new = nvmemp_alloc_select();
	struct message msg = { .argc = argc, .argv = argv };
	struct nvmemp *m = ti->private;
	int r;

	if (!new)
		return -ENOMEM;
	mutex_lock(&m->conf_lock);
	r = run(m, &msg, new);
	mutex_unlock(&m->conf_lock);
	if (r) {
		kfree(new);
		DMERR("%s: message %s: %s", dm_table_device_name(ti->table), argv[0],
		      sentence(r, &msg));
	}
	return r;
}
