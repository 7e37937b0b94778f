// SPDX-License-Identifier: GPL-2.0
/* sysfs and /proc -> the first user of a map */
#include <errno.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/facts.h"
#include "core/holder.h"
#include "sys/sysfs.h"
#include "users.h"

int users_find(int root_fd, const struct mp_loaded_map *map, struct mp_err *err)
{
	struct mp_facts facts;
	struct mp_users users;
	const char *user = "";
	char dm[32];
	int r;

	snprintf(dm, sizeof(dm), "dm-%u", map->minor);
	r = mp_facts_init(&facts);
	if (r)
		return mp_err_set(err, r, "no memory");
	r = mp_sysfs_read_map(root_fd, dm, &facts, err);
	if (!r)
		r = mp_facts_sort(&facts);
	if (!r)
		r = mp_holder_users(facts.arena, &facts, &users);
	if (!r) {
		user = mp_holder_find_map(facts.arena, &facts, &users, dm);
		r = user ? *user != '\0' : -ENOMEM;
	}
	if (r > 0)
		mp_err_set(err, 0, "%s", user);
	mp_facts_done(&facts);
	return r;
}
