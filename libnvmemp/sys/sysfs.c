// SPDX-License-Identifier: GPL-2.0
/* sysfs and procfs below a root directory -> facts */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"
#include "core/facts.h"
#include "core/ident.h"
#include "sys/sysfs.h"

/* a file name has at most 255 bytes, and no key has more than three of them */
#define DIR_MAX		320
#define SUBDIR_MAX	(DIR_MAX + 256)
#define KEY_MAX		(SUBDIR_MAX + 256)
#define PROC_FILE_MAX	(16u << 20)	/* a mount table larger than this is not read */

struct reader {
	int root;
	bool holders_by_name;		/* who they are is asked elsewhere */
	struct mp_facts *facts;
	struct mp_err *err;
};

static const char *const subsys_attrs[] = { "subsysnqn", "model", "serial", "iopolicy", NULL };
static const char *const ctrl_attrs[] = {
	"subsysnqn", "state", "transport", "address", "numa_node", "cntrltype", "kato", NULL
};
static const char *const ns_attrs[] = {
	"dev", "size", "ro", "nsid", "wwid", "nguid", "eui", "diskseq",
	"queue/logical_block_size", "queue/zoned", NULL
};

static void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void cleanup_free(void *p)
{
	free(*(void **)p);
}

/*
 * Devices come and go while we read: these errors mean that there is nothing
 * to know. All others (no memory, no file descriptors) must not look like an
 * absent device.
 */
static bool is_absent(int r)
{
	switch (-r) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
	case EIO:
	case EINVAL:
	case EAGAIN:
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

static bool is_partition_of(const char *name, const char *ns)
{
	size_t n = strlen(ns);

	return strncmp(name, ns, n) == 0 && name[n] == 'p' && digits(name + n + 1) > 0;
}

static int read_whole(int fd, char **ret, size_t *ret_len)
{
	__attribute__((cleanup(cleanup_free))) char *buf = NULL;
	size_t len = 0, size = 0;

	for (;;) {
		ssize_t n;

		if (size - len < 2048) {
			char *p;

			if (size >= PROC_FILE_MAX)
				return -EFBIG;
			size = size ? size * 2 : 4096;
			p = realloc(buf, size);
			if (!p)
				return -ENOMEM;
			buf = p;
		}
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += n;
	}
	*ret = buf;
	*ret_len = len;
	buf = NULL;
	return 0;
}

/* One file, its path below the root being the key. Positive: there is none. */
static int add_file(struct reader *r, const char *key)
{
	__attribute__((cleanup(cleanup_close))) int fd = -1;
	__attribute__((cleanup(cleanup_free))) char *text = NULL;
	size_t len = 0;
	int err;

	fd = openat(r->root, key, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	err = fd < 0 ? -errno : read_whole(fd, &text, &len);
	if (err < 0 && is_absent(err))
		return 1;
	if (err < 0)
		return mp_err_set(r->err, err, "can't read /%s: %s", key, strerror(-err));
	while (len > 0 && text[len - 1] == '\n')
		len--;
	return mp_facts_add(r->facts, key, text, len);
}

/* An attribute of sysfs is one read, of a page at most. Positive: there is none. */
static int add_attr(struct reader *r, int dir, const char *key, const char *attr)
{
	__attribute__((cleanup(cleanup_close))) int fd = -1;
	char text[4096];
	ssize_t n = -1;

	fd = openat(dir, attr, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		n = read(fd, text, sizeof(text));
	if (n < 0 && is_absent(-errno))
		return 1;
	if (n < 0)
		return mp_err_set(r->err, -errno, "can't read /%s: %s", key, strerror(errno));
	while (n > 0 && text[n - 1] == '\n')
		n--;
	return mp_facts_add(r->facts, key, text, n);
}

/* Positive: there is no such folder */
static int add_attrs(struct reader *r, const char *path, const char *const *attrs)
{
	__attribute__((cleanup(cleanup_close))) int dir = -1;
	char key[KEY_MAX];
	int err;

	dir = openat(r->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return is_absent(-errno) ? 1 : mp_err_set(r->err, -errno, "can't read /%s: %s", path,
							  strerror(errno));
	for (; *attrs; attrs++) {
		snprintf(key, sizeof(key), "%s/%s", path, *attrs);
		err = add_attr(r, dir, key, *attrs);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Positive: there is no such directory. */
static int open_dir(struct reader *r, const char *path, DIR **ret)
{
	int fd = openat(r->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0 && is_absent(-errno))
		return 1;
	if (fd < 0)
		return mp_err_set(r->err, -errno, "can't read /%s: %s", path, strerror(errno));
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return mp_err_set(r->err, -ENOMEM, "can't read /%s: no memory", path);
	}
	*ret = dir;
	return 0;
}

/* Only the names of dm devices carry an identity that we know how to judge. */
static int add_dm_holder(struct reader *r, const char *name)
{
	static const char *const attrs[] = { "name", "uuid", NULL };
	char dir[DIR_MAX];

	if (r->holders_by_name || strncmp(name, "dm-", 3) != 0)
		return 0;
	snprintf(dir, sizeof(dir), "sys/block/%s/dm", name);
	return add_attrs(r, dir, attrs);
}

/* The names in a folder, separated by blanks, for which add (if any) is called as well */
static int add_names(struct reader *r, const char *key,
		     int (*add)(struct reader *r, const char *name))
{
	__attribute__((cleanup(cleanup_dir))) DIR *dir = NULL;
	char names[4096];
	size_t len = 0;
	struct dirent *e;
	int err;

	err = open_dir(r, key, &dir);
	if (err)
		return err < 0 ? err : 0;
	while ((e = readdir(dir))) {
		size_t n = strlen(e->d_name);

		if (e->d_name[0] == '.' || len + n + 2 > sizeof(names))
			continue;
		if (len > 0)
			names[len++] = ' ';
		memcpy(names + len, e->d_name, n);
		len += n;
		err = add ? add(r, e->d_name) : 0;
		if (err < 0)
			return err;
	}
	return mp_facts_add(r->facts, key, names, len);
}

static int add_holders(struct reader *r, const char *block)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%s/holders", block);
	return add_names(r, key, add_dm_holder);
}

static int add_partitions(struct reader *r, const char *block, const char *ns)
{
	static const char *const attrs[] = { "dev", NULL };
	__attribute__((cleanup(cleanup_dir))) DIR *dir = NULL;
	struct dirent *e;
	int err;

	err = open_dir(r, block, &dir);
	if (err)
		return err < 0 ? err : 0;
	while ((e = readdir(dir))) {
		char part[SUBDIR_MAX];

		if (!is_partition_of(e->d_name, ns))
			continue;
		snprintf(part, sizeof(part), "%s/%s", block, e->d_name);
		err = add_attrs(r, part, attrs);
		if (err >= 0)
			err = add_holders(r, part);
		if (err < 0)
			return err;
	}
	return 0;
}

/* sys/block/NS/device is a link to the controller, or to the subsystem with native multipath */
static int add_parent(struct reader *r, const char *block, char *ret_ctrl, size_t size)
{
	char key[KEY_MAX], target[4096];
	const char *last;
	ssize_t n;

	snprintf(key, sizeof(key), "%s/device", block);
	n = readlinkat(r->root, key, target, sizeof(target) - 1);
	if (n < 0)
		return is_absent(-errno) ? 0 : mp_err_set(r->err, -errno, "can't read link /%s: %s",
							  key, strerror(errno));
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) < size)
		strcpy(ret_ctrl, last);
	return mp_facts_add(r->facts, key, last, strlen(last));
}

static int add_ctrl(struct reader *r, const char *name)
{
	char dir[DIR_MAX];

	snprintf(dir, sizeof(dir), "sys/class/nvme/%s", name);
	return add_attrs(r, dir, ctrl_attrs);
}

static int add_ns(struct reader *r, const char *name, char *ret_ctrl, size_t size)
{
	char block[DIR_MAX];
	int err;

	snprintf(block, sizeof(block), "sys/block/%s", name);
	err = add_attrs(r, block, ns_attrs);
	if (err == 0)
		err = add_parent(r, block, ret_ctrl, size);
	if (err == 0)
		err = add_holders(r, block);
	if (err == 0)
		err = add_partitions(r, block, name);
	return err;
}

static int add_hidden(struct reader *r, const char *name)
{
	static const char *const attrs[] = { "ana_state", NULL };
	char block[DIR_MAX], parent[DIR_MAX];
	int err;

	snprintf(block, sizeof(block), "sys/block/%s", name);
	err = add_attrs(r, block, attrs);
	return err ? err : add_parent(r, block, parent, sizeof(parent));
}

static int add_subsys(struct reader *r, const char *name)
{
	__attribute__((cleanup(cleanup_dir))) DIR *dir = NULL;
	char path[DIR_MAX], key[KEY_MAX];
	struct dirent *e;
	int err;

	snprintf(path, sizeof(path), "sys/class/nvme-subsystem/%s", name);
	err = add_attrs(r, path, subsys_attrs);
	if (err)
		return err < 0 ? err : 0;
	err = open_dir(r, path, &dir);
	if (err)
		return err < 0 ? err : 0;
	while ((e = readdir(dir))) {
		if (!mp_name_is_ctrl(e->d_name))
			continue;
		snprintf(key, sizeof(key), "%s/%s", path, e->d_name);
		err = mp_facts_add(r->facts, key, "", 0);
		if (err < 0)
			return err;
	}
	return 0;
}

int mp_sysfs_each_name(int root_fd, const char *path, const struct mp_sysfs_visitor *visitor,
		       struct mp_err *err)
{
	__attribute__((cleanup(cleanup_dir))) DIR *dir = NULL;
	struct reader r = { .root = root_fd, .err = err };
	struct dirent *e;
	int n;

	n = open_dir(&r, path, &dir);
	while (n == 0 && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			n = visitor->visit(visitor->context, e->d_name);
	return n;
}

static int visit_subsys(void *context, const char *name)
{
	return add_subsys(context, name);
}

int mp_sysfs_read_subsystems(int root_fd, struct mp_facts *facts, struct mp_err *err)
{
	struct reader r = { .root = root_fd, .facts = facts, .err = err };
	const struct mp_sysfs_visitor visitor = { .visit = visit_subsys, .context = &r };
	int n = mp_sysfs_each_name(root_fd, "sys/class/nvme-subsystem", &visitor, err);

	return n < 0 ? n : 0;
}

static int visit_ctrl(void *context, const char *name)
{
	int err = mp_name_is_ctrl(name) ? add_ctrl(context, name) : 0;

	return err < 0 ? err : 0;
}

int mp_sysfs_read_ctrls(int root_fd, struct mp_facts *facts, struct mp_err *err)
{
	struct reader r = { .root = root_fd, .facts = facts, .err = err };
	const struct mp_sysfs_visitor visitor = { .visit = visit_ctrl, .context = &r };
	int n = mp_sysfs_each_name(root_fd, "sys/class/nvme", &visitor, err);

	return n < 0 ? n : 0;
}

int mp_sysfs_read_block(int root_fd, const char *name, struct mp_facts *facts, struct mp_err *err)
{
	struct reader r = {
		.root = root_fd, .holders_by_name = true, .facts = facts, .err = err,
	};
	char key[KEY_MAX], parent[DIR_MAX];
	int n;

	if (mp_name_is_ns(name))
		return add_ns(&r, name, parent, sizeof(parent));
	if (mp_name_is_hidden(name, parent))
		return add_hidden(&r, name);
	r.holders_by_name = false;
	n = add_dm_holder(&r, name);
	snprintf(key, sizeof(key), "sys/block/%s/slaves", name);
	return n < 0 ? n : add_names(&r, key, NULL);
}

int mp_sysfs_read_file(int root_fd, const char *key, struct mp_facts *facts, struct mp_err *err)
{
	struct reader r = { .root = root_fd, .facts = facts, .err = err };

	return add_file(&r, key);
}

static int add_map(struct reader *r, const char *name)
{
	static const char *const attrs[] = { "dev", NULL };
	char dir[DIR_MAX];
	int err;

	snprintf(dir, sizeof(dir), "sys/block/%s", name);
	err = add_attrs(r, dir, attrs);
	return err < 0 ? err : add_holders(r, dir);
}

int mp_sysfs_read_map(int root_fd, const char *dm, struct mp_facts *facts, struct mp_err *err)
{
	__attribute__((cleanup(cleanup_dir))) DIR *dir = NULL;
	struct reader r = { .root = root_fd, .facts = facts, .err = err };
	char path[DIR_MAX];
	struct dirent *e;
	int n;

	n = add_map(&r, dm);
	if (n == 0)
		n = add_file(&r, "proc/self/mountinfo");
	if (n >= 0)
		n = add_file(&r, "proc/swaps");
	snprintf(path, sizeof(path), "sys/block/%s/holders", dm);
	if (n >= 0)
		n = open_dir(&r, path, &dir);
	while (n == 0 && (e = readdir(dir)))
		if (strncmp(e->d_name, "dm-", 3) == 0)
			n = add_map(&r, e->d_name);
	return n < 0 ? n : 0;
}

int mp_sysfs_read_device(int root_fd, const char *name, struct mp_facts *facts,
			 struct mp_err *err)
{
	struct reader r = { .root = root_fd, .facts = facts, .err = err };
	char key[KEY_MAX], parent[DIR_MAX] = "";
	int n;

	snprintf(key, sizeof(key), "sys/block/%s/dev", name);
	n = add_file(&r, key);
	if (n)
		return n;
	n = add_ns(&r, name, parent, sizeof(parent));
	if (n == 0 && mp_name_is_ctrl(parent))
		n = add_ctrl(&r, parent);
	return n < 0 ? n : 0;
}

int mp_sysfs_rescan(int root_fd, const char *ctrl, struct mp_err *err)
{
	char path[KEY_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "sys/class/nvme/%s/rescan_controller", ctrl);
	fd = openat(root_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && is_absent(-errno))
		return 0;
	n = fd < 0 ? -1 : write(fd, "1", 1);
	if (n < 0)
		mp_err_set(err, 0, "can't write /%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return n < 0 ? -EIO : 0;
}
