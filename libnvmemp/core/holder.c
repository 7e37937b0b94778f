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

static const char *stacked_on(struct mp_arena *arena, const struct mp_facts *facts,
			      const char *name, const char *holders)
{
	char holder[64];
	size_t len;

	for (; *holders; holders += len) {
		const char *uuid, *dm;

		holders += strspn(holders, " \n");
		len = strcspn(holders, " \n");
		if (!len || len >= sizeof(holder))
			continue;
		memcpy(holder, holders, len);
		holder[len] = '\0';
		uuid = mp_facts_text(facts, "sys/block/%s/dm/uuid", holder);
		dm = mp_facts_text(facts, "sys/block/%s/dm/name", holder);
		if (!strncmp(uuid, NVMEMP_UUID_PREFIX, sizeof(NVMEMP_UUID_PREFIX) - 1))
			continue;
		if (*dm)
			return mp_arena_printf(arena, "%s is held by %s (%s)", name, holder, dm);
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
	return s;
}
