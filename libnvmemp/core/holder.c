// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
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

static bool is(const char *text, size_t len, const char *wanted)
{
	return strlen(wanted) == len && !memcmp(text, wanted, len);
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/*
 * proc_pid_mountinfo(5): ID PARENT MAJ:MIN ROOT MOUNT-POINT OPTIONS … - TYPE
 * SOURCE …. btrfs shows an anonymous number (major 0): there the source counts.
 * Elsewhere it does not: the name may have gone to another disk since.
 */
static const char *mount_of(struct mp_arena *arena, const struct mp_facts *facts,
			    const char *name, const char *devno)
{
	const char *line = mp_facts_text(facts, "proc/self/mountinfo"), *w, *point, *dash;
	char node[80];
	size_t len, point_len;

	snprintf(node, sizeof(node), "/dev/%s", name);
	for (; *line; line = next_line(line)) {
		len = word(line, 2, &w);
		point_len = word(line, 4, &point);
		if (!is(w, len, devno)) {
			size_t rest = strcspn(line, "\n");

			if (len < 2 || memcmp(w, "0:", 2))
				continue;
			for (dash = line; dash + 3 < line + rest && memcmp(dash, " - ", 3); dash++)
				;
			if (dash + 3 >= line + rest)
				continue;
			len = word(dash + 3, 1, &w);
			if (!is(w, len, node))
				continue;
		}
		return mp_arena_printf(arena, "%s is mounted on %.*s", name, (int)point_len, point);
	}
	return "";
}

/* proc_swaps(5): a heading, then FILENAME … a line */
static const char *swap_of(struct mp_arena *arena, const struct mp_facts *facts, const char *name)
{
	const char *line = mp_facts_text(facts, "proc/swaps"), *w;
	char node[80];
	size_t len;

	snprintf(node, sizeof(node), "/dev/%s", name);
	for (; *line; line = next_line(line)) {
		len = word(line, 0, &w);
		if (is(w, len, node))
			return mp_arena_printf(arena, "%s is swap", name);
	}
	return "";
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

static const char *used(struct mp_arena *arena, const struct mp_facts *facts, const char *name,
			const char *devno, const char *holders)
{
	const char *s = mount_of(arena, facts, name, devno);

	if (s && !*s)
		s = swap_of(arena, facts, name);
	if (s && !*s)
		s = stacked_on(arena, facts, name, holders);
	return s;
}

static bool is_in_our_map(const struct mp_facts *facts, const char *holders)
{
	char holder[64];

	while (next_holder(&holders, holder))
		if (is_ours(mp_facts_text(facts, "sys/block/%s/dm/uuid", holder)))
			return true;
	return false;
}

const char *mp_holder_find(struct mp_arena *arena, const struct mp_facts *facts, const char *ns)
{
	char prefix[80], part[64];
	size_t pos = 0;
	const char *s;

	snprintf(prefix, sizeof(prefix), "sys/block/%s", ns);
	s = used(arena, facts, ns, mp_facts_text(facts, "%s/dev", prefix),
		 mp_facts_text(facts, "%s/holders", prefix));
	while (s && !*s && mp_facts_next_name(facts, prefix, &pos, part)) {
		const char *devno = mp_facts_text(facts, "%s/%s/dev", prefix, part);

		if (!strncmp(part, ns, strlen(ns)) && *devno)
			s = used(arena, facts, part, devno,
				 mp_facts_text(facts, "%s/%s/holders", prefix, part));
	}
	if (s && !*s && mp_facts_find(facts, "ioctl/%s/exclusive", ns) &&
	    !is_in_our_map(facts, mp_facts_text(facts, "%s/holders", prefix)))
		s = mp_arena_printf(arena, "%s is open exclusively in a program", ns);
	return s;
}

const char *mp_holder_find_map(struct mp_arena *arena, const struct mp_facts *facts, const char *dm)
{
	const char *holders = mp_facts_text(facts, "sys/block/%s/holders", dm), *s;
	char part[64];

	s = used(arena, facts, dm, mp_facts_text(facts, "sys/block/%s/dev", dm), holders);
	while (s && !*s && next_holder(&holders, part))
		if (is_our_partition(mp_facts_text(facts, "sys/block/%s/dm/uuid", part)))
			s = used(arena, facts, part, mp_facts_text(facts, "sys/block/%s/dev", part),
				 mp_facts_text(facts, "sys/block/%s/holders", part));
	return s;
}
