// SPDX-License-Identifier: GPL-2.0
/* sysfs and procfs -> a store of facts, device by device */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/facts.h"
#include "core/ident.h"
#include "core/store.h"
#include "sys/known.h"
#include "sys/sysfs.h"

#define NAME_LEN	64

struct mp_known {
	int root_fd;
	struct mp_store *store;
	bool all;			/* in doubt */
	void *doubts, *reading;		/* names, as tsearch(3) keeps them */
};

/* ---- a set of names ---- */

static int cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add_name(void **set, const char *name)
{
	char *copy;

	if (tfind(name, set, cmp))
		return 0;
	copy = strdup(name);
	if (copy && tsearch(copy, set, cmp))
		return 0;
	free(copy);
	return -ENOMEM;
}

/* Any of them; the caller frees it. NULL: it is empty. */
static char *take_name(void **set)
{
	char *name = *set ? **(char ***)set : NULL;

	if (name)
		tdelete(name, set, cmp);
	return name;
}

/* ---- life ---- */

struct mp_known *mp_known_new(int root_fd)
{
	struct mp_known *known = calloc(1, sizeof(*known));

	if (!known)
		return NULL;
	known->root_fd = root_fd;
	known->all = true;
	known->store = mp_store_new();
	if (known->store)
		return known;
	free(known);
	return NULL;
}

void mp_known_free(struct mp_known *known)
{
	if (!known)
		return;
	tdestroy(known->doubts, free);
	tdestroy(known->reading, free);
	mp_store_free(known->store);
	free(known);
}

struct mp_store *mp_known_store(struct mp_known *known)
{
	return known->store;
}

/* ---- doubts ---- */

void mp_known_doubt_all(struct mp_known *known)
{
	known->all = true;
}

static int doubt_behind(struct mp_known *known, const char *ctrl)
{
	struct mp_facts facts;
	char name[NAME_LEN];
	size_t pos = 0;
	int r;

	r = mp_store_facts(known->store, &facts);
	while (r == 0 && mp_facts_next_name(&facts, "sys/block", &pos, name))
		if (strcmp(mp_facts_text(&facts, "sys/block/%s/device", name), ctrl) == 0)
			r = add_name(&known->doubts, name);
	return r;
}

void mp_known_doubt(struct mp_known *known, const char *name)
{
	int r;

	if (mp_name_is_ctrl(name))
		r = doubt_behind(known, name);
	else
		r = add_name(&known->doubts, name);
	if (r < 0)
		known->all = true;
}

/* ---- reading ---- */

/* Takes facts, whatever came of reading them (r). Positive: it is another than before. */
static int put(struct mp_known *known, const char *folder, struct mp_facts *facts, int r)
{
	if (r >= 0)
		r = mp_facts_sort(facts);
	if (r == 0)
		r = mp_store_put(known->store, folder, facts);
	mp_facts_done(facts);
	return r;
}

/* The next name in a text of names, without the partition */
static bool next_device(const char **names, char ret[NAME_LEN])
{
	char ns[NAME_LEN];
	size_t n, digits;

	*names += strspn(*names, " ");
	n = strcspn(*names, " ");
	if (n == 0 || n >= NAME_LEN)
		return false;
	memcpy(ret, *names, n);
	ret[n] = '\0';
	*names += n;
	for (digits = 0; digits < n && strchr("0123456789", ret[n - 1 - digits]); digits++)
		;
	if (digits > 0 && digits < n && ret[n - 1 - digits] == 'p') {
		memcpy(ns, ret, n);
		ns[n - 1 - digits] = '\0';
		if (mp_name_is_ns(ns))
			strcpy(ret, ns);
	}
	return true;
}

/* The namespaces among what this block device is stacked on are to be read, too. */
static int doubt_slaves(struct mp_known *known, const struct mp_facts *facts, const char *name)
{
	const char *slaves = mp_facts_text(facts, "sys/block/%s/slaves", name);
	char device[NAME_LEN];
	int r = 0;

	while (r == 0 && next_device(&slaves, device))
		if (mp_name_is_ns(device))
			r = add_name(&known->reading, device);
	return r;
}

static bool has_namespaces(const struct mp_facts *facts, const char *name)
{
	const char *slaves = mp_facts_text(facts, "sys/block/%s/slaves", name);
	char device[NAME_LEN];

	while (next_device(&slaves, device))
		if (mp_name_is_ns(device))
			return true;
	return false;
}

static int read_folder(struct mp_known *known, const char *name, struct mp_facts *ret,
		       struct mp_err *err)
{
	struct mp_facts facts;
	int r;

	r = mp_facts_init(&facts);
	if (r == 0)
		r = mp_sysfs_read_block(known->root_fd, name, &facts, err);
	if (r >= 0)
		r = mp_facts_sort(&facts);
	if (r < 0)
		mp_facts_done(&facts);
	else
		*ret = facts;
	return r;
}

static int read_ns(struct mp_known *known, const char *name, struct mp_err *err)
{
	struct mp_facts facts;
	char folder[128];
	int r;

	snprintf(folder, sizeof(folder), "sys/block/%s", name);
	r = mp_facts_init(&facts);
	if (r == 0)
		r = mp_sysfs_read_block(known->root_fd, name, &facts, err);
	return put(known, folder, &facts, r);
}

/*
 * Another block device: who it is, and what it is stacked on. That is the other side
 * of what its slaves say of their holders, so as long as it is the same, they are.
 */
static int read_stacked(struct mp_known *known, const char *name, struct mp_err *err)
{
	struct mp_facts facts, before;
	char folder[128];
	int r;

	snprintf(folder, sizeof(folder), "sys/block/%s", name);
	r = read_folder(known, name, &facts, err);
	if (r < 0)
		return r;
	if (!has_namespaces(&facts, name))
		facts.nr_facts = 0;
	before = mp_store_folder(known->store, folder);
	if (!mp_store_is(known->store, folder, &facts)) {
		r = doubt_slaves(known, &before, name);
		if (r == 0)
			r = doubt_slaves(known, &facts, name);
		if (r == 0)
			r = mp_store_put(known->store, folder, &facts);
	}
	mp_facts_done(&facts);
	return r;
}

static int read_holders(struct mp_known *known, const char *name, struct mp_err *err)
{
	struct mp_facts facts;
	char folder[128], *holders, device[NAME_LEN];
	const char *next;
	size_t i;
	int r = 0;

	snprintf(folder, sizeof(folder), "sys/block/%s", name);
	for (i = 0; r >= 0; i++) {
		facts = mp_store_folder(known->store, folder);
		if (i >= facts.nr_facts)
			break;
		if (strcmp(strrchr(facts.facts[i].key, '/'), "/holders") != 0)
			continue;
		holders = strdup(facts.facts[i].data);
		r = holders ? 0 : -ENOMEM;
		for (next = holders; r >= 0 && next_device(&next, device);)
			r = read_stacked(known, device, err);
		free(holders);
	}
	return r < 0 ? r : 0;
}

int mp_known_read_now(struct mp_known *known, const char *name, struct mp_err *err)
{
	int r = read_ns(known, name, err);

	return r < 0 ? r : read_holders(known, name, err);
}

static int read_device(struct mp_known *known, const char *name, struct mp_err *err)
{
	char ns[32];
	int r;

	if (!mp_name_is_ns(name) && !mp_name_is_hidden(name, ns))
		return read_stacked(known, name, err);
	r = read_ns(known, name, err);
	/* if it is as it was, so are its holders, which have events of their own */
	if (r <= 0)
		return r;
	r = read_holders(known, name, err);
	/* the next time nothing will say that they were not read */
	if (r < 0)
		mp_known_doubt_all(known);
	return r;
}

static int read_file(struct mp_known *known, const char *key, struct mp_err *err)
{
	struct mp_facts facts;
	int r;

	r = mp_facts_init(&facts);
	if (r == 0)
		r = mp_sysfs_read_file(known->root_fd, key, &facts, err);
	return put(known, key, &facts, r);
}

static int read_rest(struct mp_known *known, struct mp_err *err)
{
	static const char *const files[] = {
		"sys/module/nvme_core/parameters/multipath",
		"proc/self/mountinfo", "proc/swaps", MP_NO_QUEUEING_FILE, NULL
	};
	const char *const *f;
	struct mp_facts facts;
	int r;

	r = mp_facts_init(&facts);
	if (r == 0)
		r = mp_sysfs_read_subsystems(known->root_fd, &facts, err);
	r = put(known, "sys/class/nvme-subsystem", &facts, r);
	if (r < 0)
		return r;
	r = mp_facts_init(&facts);
	if (r == 0)
		r = mp_sysfs_read_ctrls(known->root_fd, &facts, err);
	r = put(known, "sys/class/nvme", &facts, r);
	for (f = files; r >= 0 && *f; f++)
		r = read_file(known, *f, err);
	return r < 0 ? r : 0;
}

static int visit(void *context, const char *name)
{
	struct mp_known *known = context;

	return add_name(&known->reading, name);
}

/* All that is there, and all that was */
static int begin_all(struct mp_known *known, struct mp_err *err)
{
	const struct mp_sysfs_visitor visitor = { .visit = visit, .context = known };
	struct mp_facts facts;
	char name[NAME_LEN];
	size_t pos = 0;
	int r;

	r = mp_sysfs_each_name(known->root_fd, "sys/block", &visitor, err);
	if (r > 0)
		return mp_err_set(err, -ENOENT, "there is no /sys/block: is sysfs mounted?");
	if (r == 0)
		r = mp_store_facts(known->store, &facts);
	while (r == 0 && mp_facts_next_name(&facts, "sys/block", &pos, name))
		r = add_name(&known->reading, name);
	if (r == 0)
		known->all = false;
	return r;
}

static int begin(struct mp_known *known, struct mp_err *err)
{
	known->reading = known->doubts;
	known->doubts = NULL;
	return known->all ? begin_all(known, err) : 0;
}

int mp_known_read(struct mp_known *known, size_t most, struct mp_err *err)
{
	char *name;
	int r;

	r = known->reading ? 0 : read_rest(known, err);
	if (r == 0 && !known->reading)
		r = begin(known, err);
	while (r >= 0 && most-- > 0 && (name = take_name(&known->reading))) {
		r = read_device(known, name, err);
		if (r < 0)
			mp_known_doubt(known, name);
		free(name);
	}
	return r < 0 ? r : known->reading != NULL;
}

static int add_all(struct mp_known *known, struct mp_facts *to)
{
	struct mp_facts all;
	size_t i;
	int r = mp_store_facts(mp_known_store(known), &all);

	for (i = 0; !r && i < all.nr_facts; i++)
		r = mp_facts_add(to, all.facts[i].key, all.facts[i].data, all.facts[i].len);
	return r;
}

int mp_known_read_all(int root_fd, struct mp_facts *facts, struct mp_err *err)
{
	struct mp_known *known = mp_known_new(root_fd);
	int r;

	if (!known)
		return mp_err_set(err, -ENOMEM, "no memory");
	r = mp_known_read(known, SIZE_MAX, err);
	if (!r && add_all(known, facts))
		r = mp_err_set(err, -ENOMEM, "no memory");
	mp_known_free(known);
	return r;
}
