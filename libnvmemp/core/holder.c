// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/facts.h"
#include "core/holder.h"
#include "nvmemp_uapi.h"

/* The n-th blank-separated word of a line that ends at a newline; its length */
static size_t word(const char *line, unsigned int n, const char **ret)
{
	for (;;) {
		size_t len = strcspn(line, " \t\n");

		if (!n--) {
			*ret = line;
			return len;
		}
		line += len;
		if (*line != ' ' && *line != '\t') {
			*ret = line;
			return 0;
		}
		line += strspn(line, " \t");
	}
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static int add_user(struct mp_arena *arena, struct mp_users *u, const struct mp_user *user)
{
	u->users = mp_arena_grow(arena, u->users, u->nr, sizeof(*user));
	if (!u->users)
		return -ENOMEM;
	u->users[u->nr++] = *user;
	return 0;
}

/*
 * proc_pid_mountinfo(5): ID PARENT MAJ:MIN ROOT MOUNT-POINT OPTIONS … - TYPE
 * SOURCE …. btrfs shows an anonymous number (major 0): there the source counts.
 * Elsewhere it does not: the name may have gone to another disk since.
 */
static int add_mount(struct mp_arena *arena, struct mp_users *u, const char *line)
{
	const char *end = line + strcspn(line, "\n"), *dash;
	struct mp_user user;

	user.len = word(line, 2, &user.device);
	word(line, 4, &user.where);
	if (user.len > 1 && !memcmp(user.device, "0:", 2)) {
		for (dash = line; dash + 3 < end && memcmp(dash, " - ", 3); dash++)
			;
		if (dash + 3 >= end)
			return 0;
		user.len = word(dash + 3, 1, &user.device);
	}
	return user.len ? add_user(arena, u, &user) : 0;
}

/* proc_swaps(5): a heading, then FILENAME … a line */
static int add_swap(struct mp_arena *arena, struct mp_users *u, const char *line)
{
	struct mp_user user = { .where = NULL };

	user.len = word(line, 0, &user.device);
	return user.len ? add_user(arena, u, &user) : 0;
}

static int device_cmp(const struct mp_user *a, const struct mp_user *b)
{
	int r = memcmp(a->device, b->device, a->len < b->len ? a->len : b->len);

	return r ? r : (a->len > b->len) - (a->len < b->len);
}

/* Of one device, mounts before swap, in the order of the file */
static int user_cmp(const void *a, const void *b)
{
	const struct mp_user *x = a, *y = b;
	int r = device_cmp(x, y);

	if (!r)
		r = !x->where - !y->where;
	return r ? r : (x->device > y->device) - (x->device < y->device);
}

int mp_holder_users(struct mp_arena *arena, const struct mp_facts *facts, struct mp_users *ret)
{
	struct mp_users u = { NULL };
	const char *line;
	int r = 0;

	for (line = mp_facts_text(facts, "proc/self/mountinfo"); *line && !r; line = next_line(line))
		r = add_mount(arena, &u, line);
	for (line = mp_facts_text(facts, "proc/swaps"); *line && !r; line = next_line(line))
		r = add_swap(arena, &u, line);
	if (r)
		return r;
	if (u.nr)
		qsort(u.users, u.nr, sizeof(*u.users), user_cmp);
	*ret = u;
	return 0;
}

static const struct mp_user *first_user(const struct mp_users *u, const char *device)
{
	const struct mp_user key = { .device = device, .len = strlen(device) };
	size_t from = 0, to = u->nr;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (device_cmp(&u->users[middle], &key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return to < u->nr && !device_cmp(&u->users[to], &key) ? &u->users[to] : NULL;
}

/* By its number or its node */
static const char *mounted_or_swap(struct mp_arena *arena, const struct mp_users *u,
				   const char *name, const char *devno)
{
	const struct mp_user *user = first_user(u, devno);
	char node[80];

	snprintf(node, sizeof(node), "/dev/%s", name);
	if (!user)
		user = first_user(u, node);
	if (!user)
		return "";
	if (!user->where)
		return mp_arena_printf(arena, "%s is swap", name);
	return mp_arena_printf(arena, "%s is mounted on %.*s", name,
			       (int)strcspn(user->where, " \t\n"), user->where);
}

static bool is_ours(const char *uuid)
{
	return !strncmp(uuid, NVMEMP_UUID_PREFIX, sizeof(NVMEMP_UUID_PREFIX) - 1);
}

/* What a dm device is for, by the prefix of its uuid; "" where that says nothing */
static const char *purpose(const char *uuid)
{
	static const struct {
		const char *prefix, *words;
	} known[] = {
		{ "LVM-", "LVM: " },
		{ "CRYPT-", "dm-crypt: " },
		{ "mpath-", "multipathd: " },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strncmp(uuid, known[i].prefix, strlen(known[i].prefix)))
			return known[i].words;
	return "";
}

/* "partN-" and the uuid of one of our maps: what kpartx made on it */
static bool is_our_partition(const char *uuid)
{
	size_t n;

	if (strncmp(uuid, "part", 4))
		return false;
	n = strspn(uuid + 4, "0123456789");
	return n && uuid[4 + n] == '-' && is_ours(uuid + 4 + n + 1);
}

/* The next of the names, or false */
static bool next_holder(const char **names, char ret[64])
{
	size_t len;

	for (;;) {
		*names += strspn(*names, " \n");
		len = strcspn(*names, " \n");
		if (!len)
			return false;
		if (len < 64)
			break;
		*names += len;
	}
	memcpy(ret, *names, len);
	ret[len] = '\0';
	*names += len;
	return true;
}

static const char *stacked_on(struct mp_arena *arena, const struct mp_facts *facts,
			      const char *name, const char *holders)
{
	char holder[64];

	while (next_holder(&holders, holder)) {
		const char *uuid = mp_facts_text(facts, "sys/block/%s/dm/uuid", holder);
		const char *dm = mp_facts_text(facts, "sys/block/%s/dm/name", holder);

		if (is_ours(uuid) || is_our_partition(uuid))
			continue;
		if (*dm)
			return mp_arena_printf(arena, "%s is held by %s (%s%s)", name, holder,
					       purpose(uuid), dm);
		return mp_arena_printf(arena, "%s is held by %s", name, holder);
	}
	return "";
}

static const char *used(struct mp_arena *arena, const struct mp_facts *facts,
			const struct mp_users *users, const char *name, const char *dir)
{
	const char *s = mounted_or_swap(arena, users, name, mp_facts_text(facts, "%s/dev", dir));

	return s && !*s ? stacked_on(arena, facts, name, mp_facts_text(facts, "%s/holders", dir)) : s;
}

static bool is_in_our_map(const struct mp_facts *facts, const char *holders)
{
	char holder[64];

	while (next_holder(&holders, holder))
		if (is_ours(mp_facts_text(facts, "sys/block/%s/dm/uuid", holder)))
			return true;
	return false;
}

const char *mp_holder_find(struct mp_arena *arena, const struct mp_facts *facts,
			   const struct mp_users *users, const char *ns)
{
	char dir[80], part[64], part_dir[160];
	size_t pos = 0;
	const char *s;

	snprintf(dir, sizeof(dir), "sys/block/%s", ns);
	s = used(arena, facts, users, ns, dir);
	while (s && !*s && mp_facts_next_name(facts, dir, &pos, part)) {
		snprintf(part_dir, sizeof(part_dir), "%s/%s", dir, part);
		if (!strncmp(part, ns, strlen(ns)) && mp_facts_find(facts, "%s/dev", part_dir))
			s = used(arena, facts, users, part, part_dir);
	}
	if (s && !*s && mp_facts_find(facts, "ioctl/%s/exclusive", ns) &&
	    !is_in_our_map(facts, mp_facts_text(facts, "%s/holders", dir)))
		s = mp_arena_printf(arena, "%s is open exclusively in a program", ns);
	return s;
}

const char *mp_holder_find_map(struct mp_arena *arena, const struct mp_facts *facts,
			       const struct mp_users *users, const char *dm)
{
	const char *holders = mp_facts_text(facts, "sys/block/%s/holders", dm), *s;
	char part[64], dir[80];

	snprintf(dir, sizeof(dir), "sys/block/%s", dm);
	s = used(arena, facts, users, dm, dir);
	while (s && !*s && next_holder(&holders, part)) {
		snprintf(dir, sizeof(dir), "sys/block/%s", part);
		if (is_our_partition(mp_facts_text(facts, "%s/dm/uuid", dir)))
			s = used(arena, facts, users, part, dir);
	}
	return s;
}
