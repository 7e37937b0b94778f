// SPDX-License-Identifier: GPL-2.0
/*
 * Device-mapper target "nvmemp": one NVMe namespace through several controllers.
 * docs/table-format.md: table, status, messages. docs/io-path.md: how it works.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "target.h"

/*
 * While stopped is set (before the first resume, behind a suspend) neither work
 * starts the other, so both are over here: a kick of a late message finds
 * nothing to do.
 */
static void quiesce(struct nvmemp *m)
{
	WRITE_ONCE(m->stopped, true);
	cancel_delayed_work_sync(&m->work);
	flush_work(&m->event_work);
	cancel_delayed_work_sync(&m->work);
}

static void nvmemp_dtr(struct dm_target *ti)
{
	struct nvmemp *m = ti->private;
	unsigned int i;

	if (m->wq) {
		quiesce(m);
		destroy_workqueue(m->wq);
	}
	for (i = 0; i < m->nr_paths; i++) {
		free_percpu(m->paths[i].stats);
		dm_put_device(ti, m->paths[i].dev);
	}
	free_percpu(m->cursor);
	kfree(rcu_access_pointer(m->select));
	mutex_destroy(&m->conf_lock);
	kfree(m);
}

static int set_up(struct nvmemp *m)
{
	struct nvmemp_rcu_select *new = nvmemp_alloc_select();

	m->cursor = alloc_percpu(u8);
	m->wq = alloc_workqueue("nvmemp/%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
				dm_table_device_name(m->ti->table));
	if (!m->cursor || !m->wq || !new) {
		m->ti->error = "no memory for the map";
		kfree(new);
		return -ENOMEM;
	}
	mutex_lock(&m->conf_lock);
	nvmemp_publish(m, new);
	mutex_unlock(&m->conf_lock);
	return 0;
}

static int nvmemp_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	unsigned int n = nvmemp_count_paths(argc, argv, &ti->error);
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	struct nvmemp *m;
	int r;

	if (!n)
		return -EINVAL;
	m = kzalloc(struct_size(m, paths, n), GFP_KERNEL);
	if (!m) {
		ti->error = "no memory for the map";
		return -ENOMEM;
	}
	m->ti = ti;
	m->stopped = true;
	ti->private = m;
	mutex_init(&m->conf_lock);
	spin_lock_init(&m->wait_lock);
	bio_list_init(&m->waiting);
	INIT_DELAYED_WORK(&m->work, nvmemp_work);
	INIT_WORK(&m->event_work, nvmemp_event_work);

	r = nvmemp_parse_table(m, n, &as, &ti->error);
	if (!r)
		r = set_up(m);
	if (r) {
		nvmemp_dtr(ti);
		return r;
	}

	ti->per_io_data_size = sizeof(struct nvmemp_io);
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->accounts_remapped_io = true;
	return 0;
}

/* A noflush suspend: what waits goes back to dm core. A flushing one waits as no_path says. */
static void nvmemp_presuspend(struct dm_target *ti)
{
	struct nvmemp *m = ti->private;

	WRITE_ONCE(m->suspending, true);
	nvmemp_kick(m);
}

static void nvmemp_resume(struct dm_target *ti)
{
	struct nvmemp *m = ti->private;

	WRITE_ONCE(m->suspending, false);
	WRITE_ONCE(m->stopped, false);
	nvmemp_kick(m);
}

/* No bio is left: dm waited for all of them. */
static void nvmemp_postsuspend(struct dm_target *ti)
{
	quiesce(ti->private);
}

static void status_info(struct nvmemp *m, char *result, unsigned int maxlen)
{
	const struct nvmemp_rcu_select *sel;
	unsigned int i, sz = 0, cpu, current_path;
	char buf[12];

	rcu_read_lock();
	sel = rcu_dereference(m->select);
	current_path = nvmemp_choose(m, &sel->s, 0);
	rcu_read_unlock();

	DMEMIT("%d %d %s %s %s %u ", NVMEMP_STATUS_VERSION, NVMEMP_STATUS_MAP_WORDS,
	       nvmemp_state(m), nvmemp_policy_words[m->policy],
	       nvmemp_no_path_word(m->no_path, buf), READ_ONCE(m->nr_waiting));
	DMEMIT("%s %s", m->preferred ? m->paths[__ffs(m->preferred)].dev->name : "-",
	       current_path == NVMEMP_NO_PATH ? "-" : m->paths[current_path].dev->name);
	DMEMIT(" %u %d", m->nr_paths, NVMEMP_STATUS_PATH_WORDS);

	for (i = 0; i < m->nr_paths; i++) {
		const struct nvmemp_path *p = &m->paths[i];
		u64 started = 0, done = 0;

		for_each_possible_cpu(cpu)
			done += READ_ONCE(per_cpu_ptr(p->stats, cpu)->done);
		/* done before started: a bio that ends meanwhile is never -1 in flight */
		smp_rmb();
		for_each_possible_cpu(cpu)
			started += READ_ONCE(per_cpu_ptr(p->stats, cpu)->started);
		DMEMIT(" %s %c %s %llu %llu %llu %llu", p->dev->name, nvmemp_path_letter(m, i),
		       nvmemp_ana_words[p->ana], started - done, started,
		       (u64)atomic64_read(&p->errors), (u64)atomic64_read(&p->failovers));
	}
}

static void status_table(struct nvmemp *m, char *result, unsigned int maxlen)
{
	u32 failed = atomic64_read(&m->failed);
	unsigned int i, sz = 0;
	char buf[12];

	DMEMIT("4 %s %s %s %s %u", NVMEMP_KEY_POLICY, nvmemp_policy_words[m->policy],
	       NVMEMP_KEY_NO_PATH, nvmemp_no_path_word(m->no_path, buf), m->nr_paths);
	for (i = 0; i < m->nr_paths; i++) {
		const struct nvmemp_path *p = &m->paths[i];
		bool preferred = m->preferred & BIT(i);

		DMEMIT(" %s %d %s %s", p->dev->name,
		       2 + preferred + p->disabled + !!(failed & BIT(i)) + p->flush_failfast,
		       NVMEMP_KEY_ANA, nvmemp_ana_words[p->ana]);
		if (preferred)
			DMEMIT(" " NVMEMP_KEY_PREFERRED);
		if (p->disabled)
			DMEMIT(" " NVMEMP_KEY_DISABLED);
		if (failed & BIT(i))
			DMEMIT(" " NVMEMP_KEY_FAILED);
		if (p->flush_failfast)
			DMEMIT(" " NVMEMP_KEY_FLUSH_FAILFAST);
	}
}

static void nvmemp_status(struct dm_target *ti, status_type_t type, unsigned int status_flags,
			  char *result, unsigned int maxlen)
{
	struct nvmemp *m = ti->private;
	unsigned int sz = 0;

	mutex_lock(&m->conf_lock);
	if (type == STATUSTYPE_INFO) {
		status_info(m, result, maxlen);
	} else if (type == STATUSTYPE_TABLE) {
		status_table(m, result, maxlen);
	} else {
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",paths=%u;", m->nr_paths);
	}
	mutex_unlock(&m->conf_lock);
}

/* A path of this map by number or node: its index, or -ENODEV */
static int find_path(struct nvmemp *m, const char *name)
{
	unsigned int i, major, minor;
	char dummy;
	dev_t dev;

	if (sscanf(name, "%u:%u%c", &major, &minor, &dummy) == 2)
		dev = MKDEV(major, minor);
	else if (lookup_bdev(name, &dev))
		return -ENODEV;
	for (i = 0; i < m->nr_paths; i++)
		if (m->paths[i].dev->bdev->bd_dev == dev)
			return i;
	return -ENODEV;
}

/*
 * Each verb checks all its words before it changes anything, and can't fail
 * after that: what follows it needs no memory (nvmemp_message has it).
 */
static int msg_fail_path(struct nvmemp *m, int path, unsigned int argc, char **argv)
{
	nvmemp_fail_path(m, path);
	return 0;
}

static int msg_reinstate_path(struct nvmemp *m, int path, unsigned int argc, char **argv)
{
	WRITE_ONCE(m->paths[path].disabled, false);
	nvmemp_reinstate_path(m, path);
	return 0;
}

static int msg_disable_path(struct nvmemp *m, int path, unsigned int argc, char **argv)
{
	WRITE_ONCE(m->paths[path].disabled, true);
	return 0;
}

static int msg_ana(struct nvmemp *m, int path, unsigned int argc, char **argv)
{
	int new[NVMEMP_MAX_PATHS];
	unsigned int i;

	if (argc % 2 == 0)
		return -EINVAL;
	for (i = 0; i < m->nr_paths; i++)
		new[i] = m->paths[i].ana;
	for (i = 1; i < argc; i += 2) {
		path = find_path(m, argv[i]);
		if (path < 0)
			return path;
		new[path] = nvmemp_parse_ana(argv[i + 1]);
		if (new[path] < 0)
			return -EINVAL;
	}
	for (i = 0; i < m->nr_paths; i++)
		WRITE_ONCE(m->paths[i].ana, new[i]);
	return 0;
}

static int msg_prefer(struct nvmemp *m, int path, unsigned int argc, char **argv)
{
	bool none = !strcmp(argv[1], NVMEMP_MSG_PREFER_NONE);

	path = none ? 0 : find_path(m, argv[1]);
	if (path < 0)
		return path;
	m->preferred = none ? 0 : BIT(path);
	return 0;
}

static int msg_policy(struct nvmemp *m, int path, unsigned int argc, char **argv)
{
	int policy = nvmemp_parse_policy(argv[1]);

	if (policy < 0)
		return -EINVAL;
	m->policy = policy;
	return 0;
}

static int msg_no_path(struct nvmemp *m, int path, unsigned int argc, char **argv)
{
	return nvmemp_parse_no_path(argv[1], &m->no_path);
}

static const struct {
	const char *name;
	unsigned int min_argc, max_argc;
	bool path;		/* the second word is one */
	int (*fn)(struct nvmemp *m, int path, unsigned int argc, char **argv);
} messages[] = {
	{ NVMEMP_MSG_FAIL_PATH,		2, 2, true, msg_fail_path },
	{ NVMEMP_MSG_REINSTATE_PATH,	2, 2, true, msg_reinstate_path },
	{ NVMEMP_MSG_DISABLE_PATH,	2, 2, true, msg_disable_path },
	{ NVMEMP_MSG_ANA,		3, 1 + 2 * NVMEMP_MAX_PATHS, true, msg_ana },
	{ NVMEMP_MSG_PREFER,		2, 2, false, msg_prefer },
	{ NVMEMP_MSG_POLICY,		2, 2, false, msg_policy },
	{ NVMEMP_MSG_NO_PATH,		2, 2, false, msg_no_path },
};

static int run_message(struct nvmemp *m, unsigned int argc, char **argv)
{
	unsigned int i;
	int path = 0;

	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (!strcmp(argv[0], messages[i].name))
			break;
	if (i == ARRAY_SIZE(messages) || argc < messages[i].min_argc ||
	    argc > messages[i].max_argc)
		return -EINVAL;
	if (messages[i].path)
		path = find_path(m, argv[1]);
	return path < 0 ? path : messages[i].fn(m, path, argc, argv);
}

static int nvmemp_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
			  unsigned int maxlen)
{
	struct nvmemp_rcu_select *new = nvmemp_alloc_select();
	struct nvmemp *m = ti->private;
	int r;

	if (!new)
		return -ENOMEM;
	mutex_lock(&m->conf_lock);
	r = run_message(m, argc, argv);
	if (!r) {
		nvmemp_publish(m, new);
		nvmemp_event(m);
	} else {
		kfree(new);
	}
	mutex_unlock(&m->conf_lock);
	if (r)
		DMERR("%s: message %s: %s", dm_table_device_name(ti->table), argv[0],
		      r == -ENODEV ? "no such path" : "unknown, or its words are wrong");
	return r;
}

/* To the path that the next bio would take; -ENOTCONN makes dm core wait and ask again. */
static int NVMEMP_PREPARE_IOCTL(nvmemp_prepare_ioctl)
{
	struct nvmemp *m = ti->private;
	unsigned int i;

	rcu_read_lock();
	i = nvmemp_choose(m, &rcu_dereference(m->select)->s, 0);
	rcu_read_unlock();
	if (i == NVMEMP_NO_PATH) {
		nvmemp_kick(m);		/* no_path's clock may start here */
		return strcmp(nvmemp_state(m), NVMEMP_STATE_FAILING) ? -ENOTCONN : -EIO;
	}
	*bdev = m->paths[i].dev->bdev;
	return ti->len != bdev_nr_sectors(*bdev);
}

static int nvmemp_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct nvmemp *m = ti->private;
	unsigned int i;
	int r = 0;

	for (i = 0; i < m->nr_paths && !r; i++)
		r = fn(ti, m->paths[i].dev, 0, ti->len, data);
	return r;
}

static struct target_type nvmemp_target = {
	.name = NVMEMP_TARGET,
	.version = { 1, 0, 0 },
	.features = DM_TARGET_SINGLETON | DM_TARGET_NOWAIT,
	.module = THIS_MODULE,
	.ctr = nvmemp_ctr,
	.dtr = nvmemp_dtr,
	.map = nvmemp_map,
	.end_io = nvmemp_end_io,
	.presuspend = nvmemp_presuspend,
	.presuspend_undo = nvmemp_resume,
	.postsuspend = nvmemp_postsuspend,
	.resume = nvmemp_resume,
	.status = nvmemp_status,
	.message = nvmemp_message,
	.prepare_ioctl = nvmemp_prepare_ioctl,
	.iterate_devices = nvmemp_iterate_devices,
};

static int __init nvmemp_init(void)
{
	return dm_register_target(&nvmemp_target);
}

static void __exit nvmemp_exit(void)
{
	dm_unregister_target(&nvmemp_target);
}

module_init(nvmemp_init);
module_exit(nvmemp_exit);

MODULE_DESCRIPTION("device-mapper NVMe multipath target");
MODULE_AUTHOR("the nvmemp developers");
MODULE_LICENSE("GPL");
