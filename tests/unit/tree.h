/* SPDX-License-Identifier: GPL-2.0 */
/* A folder that is made to look like the root of a machine. */
#ifndef TREE_H
#define TREE_H

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
	char dir[64];
	int fd;
};

static inline void tree_make(struct tree *t)
{
	strcpy(t->dir, "/tmp/nvmemp-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	t->fd = open(t->dir, O_RDONLY | O_DIRECTORY);
	assert_true(t->fd >= 0);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void tree_remove(struct tree *t)
{
	close(t->fd);
	nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void make_parents(const struct tree *t, const char *path)
{
	char dir[256];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	for (slash = strchr(dir, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdirat(t->fd, dir, 0755);
		*slash = '/';
	}
}

static inline void put(const struct tree *t, const char *path, const char *text)
{
	int fd;

	make_parents(t, path);
	fd = openat(t->fd, path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void put_link(const struct tree *t, const char *path, const char *target)
{
	make_parents(t, path);
	assert_int_equal(symlinkat(target, t->fd, path), 0);
}

static inline void put_dir(const struct tree *t, const char *path)
{
	make_parents(t, path);
	assert_int_equal(mkdirat(t->fd, path, 0755), 0);
}

/* With all that is in it */
static inline void take_away(const struct tree *t, const char *path)
{
	char whole[320];

	snprintf(whole, sizeof(whole), "%s/%s", t->dir, path);
	nftw(whole, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
