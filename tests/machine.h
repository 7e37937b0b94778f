/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine as text: what tests/fixtures holds and the fuzzer begins with.
 *
 *   file   = line*
 *   line   = "" | "#" text
 *          | KEY "=" text | KEY ":" bytes  a fact, as in core/facts.h
 *          | "page" KEY (OFFSET ":" HEX)*  4096 bytes, zero but for these
 *          | "conf" SECTION "|" KEY "|" VALUE
 *          | "loaded" NAME WWID SECTORS NQN FLAG* TABLE
 *          | "status" WWID STATUS          of a map that is loaded
 *          | "lost" WWID MS
 *          | "now" MS
 *   FLAG   = "suspended" | "going" (deferred removal) | "bad" (not understood)
 *          | "empty" (no TABLE follows)
 *   NQN    = "-" where it is not known
 *
 * -EINVAL: a line that is none of these, or that the core refuses.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/facts.h"
#include "core/status.h"
#include "core/table.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

#define MACHINE_MAPS 16

struct machine_text {
	struct mp_facts facts;
	struct mp_conf conf;
	struct mp_loaded loaded;
	struct mp_lost lost[MACHINE_MAPS];
	size_t nr_lost;
	uint64_t now_ms;
};

static inline int machine_init(struct machine_text *m)
{
	*m = (struct machine_text){ .loaded.arena = mp_arena_new() };
	m->loaded.maps = mp_arena_alloc(m->loaded.arena, MACHINE_MAPS * sizeof(*m->loaded.maps));
	return !m->loaded.maps || mp_facts_init(&m->facts) || mp_conf_init(&m->conf) ? -ENOMEM : 0;
}

static inline void machine_done(struct machine_text *m)
{
	mp_facts_done(&m->facts);
	mp_conf_done(&m->conf);
	mp_arena_free(m->loaded.arena);
}

/* The next blank-separated word, "" at the end; cuts the text */
static inline char *machine_word(char **text)
{
	char *word;

	*text += strspn(*text, " ");
	word = strsep(text, " ");
	if (!*text)
		*text = word + strlen(word);
	return word;
}

static inline int machine_page(struct machine_text *m, char *text)
{
	const char *key = machine_word(&text), *word;
	unsigned char page[4096] = { 0 };

	while (*(word = machine_word(&text))) {
		unsigned int at, byte;
		int used = 0;

		if (sscanf(word, "%u:%n", &at, &used) != 1 || !used)
			return -EINVAL;
		for (word += used; *word; word += 2) {
			if (at >= sizeof(page) || sscanf(word, "%2x", &byte) != 1 || !word[1])
				return -EINVAL;
			page[at++] = (unsigned char)byte;
		}
	}
	return *key ? mp_facts_add(&m->facts, key, page, sizeof(page)) : -EINVAL;
}

static inline int machine_conf(struct machine_text *m, char *text, unsigned int number)
{
	const char *section = strsep(&text, "|"), *key = text ? strsep(&text, "|") : "";

	return mp_conf_add(&m->conf, section, key, text ? text : "", "f", number, NULL);
}

static inline char *machine_uuid(struct machine_text *m, const char *wwid)
{
	return mp_arena_printf(m->loaded.arena, NVMEMP_UUID_PREFIX "%s", wwid);
}

static inline int machine_loaded(struct machine_text *m, char *text)
{
	struct mp_loaded *l = &m->loaded;
	struct mp_loaded_map map = { .bad = "", .has_table = true };
	char *nqn, *rest;
	uint64_t size;

	map.map.name = mp_arena_strdup(l->arena, machine_word(&text));
	map.map.uuid = machine_uuid(m, machine_word(&text));
	if (mp_number_parse(machine_word(&text), INT64_MAX / 512, &size))
		return -EINVAL;
	map.map.size_sectors = size;
	nqn = machine_word(&text);
	map.nqn = strcmp(nqn, "-") ? mp_arena_strdup(l->arena, nqn) : "";
	for (rest = text; *text; rest = text) {
		const char *flag;
		size_t len = strcspn(text, " ");

		if (len && text[0] >= '0' && text[0] <= '9')
			break;
		flag = machine_word(&text);
		if (!strcmp(flag, "suspended"))
			map.suspended = true;
		else if (!strcmp(flag, "going"))
			map.deferred_remove = true;
		else if (!strcmp(flag, "bad"))
			map.bad = "table: not understood";
		else if (!strcmp(flag, "empty"))
			map.has_table = false;
		else
			return -EINVAL;
	}
	if (l->nr_maps == MACHINE_MAPS || mp_loaded_find(l, map.map.uuid))
		return -EINVAL;
	if (map.has_table && mp_table_parse(l->arena, rest, &map.map, NULL))
		return -EINVAL;
	l->maps[l->nr_maps++] = map;
	return 0;
}

static inline int machine_status(struct machine_text *m, char *text)
{
	char *uuid = machine_uuid(m, machine_word(&text));
	size_t i;

	for (i = 0; i < m->loaded.nr_maps; i++)
		if (!strcmp(m->loaded.maps[i].map.uuid, uuid))
			return mp_status_parse(m->loaded.arena, text, &m->loaded.maps[i].status, NULL);
	return -EINVAL;
}

static inline int machine_lost(struct machine_text *m, char *text)
{
	struct mp_lost lost = { .uuid = machine_uuid(m, machine_word(&text)) };

	if (m->nr_lost == MACHINE_MAPS ||
	    mp_number_parse(machine_word(&text), INT64_MAX, &lost.since_ms))
		return -EINVAL;
	m->lost[m->nr_lost++] = lost;
	return 0;
}

static inline int machine_fact(struct machine_text *m, const char *line)
{
	const char *equals = strstr(line, " = ");
	char key[256];

	if (!equals || equals == line || (size_t)(equals - line) >= sizeof(key))
		return mp_facts_load(&m->facts, line, NULL);
	memcpy(key, line, (size_t)(equals - line));
	key[equals - line] = '\0';
	return mp_facts_add(&m->facts, key, equals + 3, strlen(equals + 3));
}

static inline int machine_line(struct machine_text *m, char *line, unsigned int number)
{
	if (!*line || *line == '#')
		return 0;
	if (!strncmp(line, "page ", 5))
		return machine_page(m, line + 5);
	if (!strncmp(line, "conf ", 5))
		return machine_conf(m, line + 5, number);
	if (!strncmp(line, "loaded ", 7))
		return machine_loaded(m, line + 7);
	if (!strncmp(line, "status ", 7))
		return machine_status(m, line + 7);
	if (!strncmp(line, "lost ", 5))
		return machine_lost(m, line + 5);
	if (!strncmp(line, "now ", 4))
		return mp_number_parse(line + 4, INT64_MAX, &m->now_ms);
	return machine_fact(m, line);
}

/* Cuts text into its lines. The first line that is wrong, or 0; with lenient, wrong ones are skipped. */
static inline unsigned int machine_read(struct machine_text *m, char *text, bool lenient)
{
	unsigned int number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		number++;
		if (machine_line(m, line, number) && !lenient)
			return number;
	}
	return mp_facts_sort(&m->facts) ? number : 0;
}

#endif
