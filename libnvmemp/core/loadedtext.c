// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/loadedtext.h"
#include "core/status.h"
#include "core/table.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

/* The next word, copied; *text is then behind the blanks that follow it */
static const char *word(struct mp_loaded *l, const char **text)
{
	size_t len = strcspn(*text, " ");
	const char *copy = mp_arena_printf(l->arena, "%.*s", (int)len, *text);

	*text += len;
	*text += strspn(*text, " ");
	return copy;
}

static bool flag(const char **text, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(*text, name, len) || ((*text)[len] && (*text)[len] != ' '))
		return false;
	*text += len;
	*text += strspn(*text, " ");
	return true;
}

static void read_flags(struct mp_loaded_map *m, const char **text)
{
	bool more = true;

	while (more) {
		if (flag(text, "suspended"))
			m->suspended = true;
		else if (flag(text, "going"))
			m->deferred_remove = true;
		else if (flag(text, "read-only"))
			m->map.read_only = true;
		else if (flag(text, "bad"))
			m->bad = "its table is not understood";
		else if (flag(text, "empty"))
			m->has_table = false;
		else
			more = false;
	}
}

static const char *uuid_of(struct mp_loaded *l, const char *wwid)
{
	return wwid ? mp_arena_printf(l->arena, NVMEMP_UUID_PREFIX "%s", wwid) : NULL;
}

static int load_map(struct mp_loaded *l, const char *text)
{
	struct mp_loaded_map m = { .bad = "", .has_table = true };
	const char *size;
	int r = 0;

	m.map.name = word(l, &text);
	m.map.uuid = uuid_of(l, word(l, &text));
	size = word(l, &text);
	m.nqn = word(l, &text);
	if (!m.map.name || !m.map.uuid || !size || !m.nqn)
		return -ENOMEM;
	if (!*m.map.name || mp_number_parse(size, INT64_MAX / 512, &m.map.size_sectors))
		return -EINVAL;
	if (l->nr_maps && strcmp(l->maps[l->nr_maps - 1].map.uuid, m.map.uuid) >= 0)
		return -EINVAL;
	if (!strcmp(m.nqn, "-"))
		m.nqn = "";
	read_flags(&m, &text);
	if (m.has_table && !*m.bad)
		r = mp_table_parse(l->arena, text, &m.map, NULL);
	if (r)
		return r;
	l->maps = mp_arena_grow(l->arena, l->maps, l->nr_maps, sizeof(m));
	if (!l->maps)
		return -ENOMEM;
	l->maps[l->nr_maps++] = m;
	return 0;
}

static int load_status(struct mp_loaded *l, const char *text)
{
	const char *uuid = uuid_of(l, word(l, &text));
	struct mp_loaded_map *last = l->nr_maps ? &l->maps[l->nr_maps - 1] : NULL;

	if (!uuid)
		return -ENOMEM;
	if (!last || strcmp(last->map.uuid, uuid))
		return -EINVAL;
	return mp_status_parse(l->arena, text, &last->status, NULL);
}

static int load_line(struct mp_loaded *l, const char *line)
{
	if (!*line || *line == '#')
		return 0;
	if (flag(&line, "loaded"))
		return load_map(l, line);
	return flag(&line, "status") ? load_status(l, line) : -EINVAL;
}

int mp_loaded_load(const char *text, struct mp_loaded *ret, struct mp_err *err)
{
	struct mp_loaded l = { .arena = mp_arena_new() };
	unsigned int number = 0;
	int r = l.arena ? 0 : -ENOMEM;

	while (*text && !r) {
		size_t len = strcspn(text, "\n");
		const char *line = mp_arena_printf(l.arena, "%.*s", (int)len, text);

		number++;
		r = line ? load_line(&l, line) : -ENOMEM;
		text += len + (text[len] == '\n');
	}
	if (r) {
		mp_arena_free(l.arena);
		return mp_err_set(err, r, "line %u is no map and no status", number);
	}
	*ret = l;
	return 0;
}
