// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/scan.h"
#include "core/table.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

struct out {
	char *buf;
	size_t size, used;
};

__attribute__((format(printf, 2, 3)))
static void emit(struct out *o, const char *fmt, ...)
{
	size_t room = o->used < o->size ? o->size - o->used : 0;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(room ? o->buf + o->used : NULL, room, fmt, ap);
	va_end(ap);
	o->used += len < 0 ? o->size : (size_t)len;
}

int mp_table_print(const struct mp_map *map, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };
	char no_path[16];
	size_t i;

	emit(&o, "4 %s %s %s %s %zu", NVMEMP_KEY_POLICY, mp_policy_word(map->policy),
	     NVMEMP_KEY_NO_PATH, mp_no_path_print(map->no_path, no_path), map->nr_paths);
	for (i = 0; i < map->nr_paths; i++) {
		const struct mp_path *p = &map->paths[i];

		emit(&o, " %u:%u %d %s %s", p->major, p->minor,
		     2 + p->preferred + p->disabled + p->failed + p->flush_failfast,
		     NVMEMP_KEY_ANA, mp_ana_word(p->ana));
		if (p->preferred)
			emit(&o, " %s", NVMEMP_KEY_PREFERRED);
		if (p->disabled)
			emit(&o, " %s", NVMEMP_KEY_DISABLED);
		if (p->failed)
			emit(&o, " %s", NVMEMP_KEY_FAILED);
		if (p->flush_failfast)
			emit(&o, " %s", NVMEMP_KEY_FLUSH_FAILFAST);
	}
	return o.used < size ? 0 : -ENOSPC;
}

static int parse_features(struct mp_scan *s, struct mp_map *map, struct mp_err *err)
{
	uint64_t n;

	if (mp_scan_number(s, 4, &n) || n % 2)
		return mp_err_set(err, -EINVAL, "table: \"%s\" is no number of feature words", s->word);
	for (; n; n -= 2) {
		char key[MP_WORD_MAX];
		int r = -EINVAL;

		mp_scan_word(s);
		memcpy(key, s->word, sizeof(key));
		mp_scan_word(s);
		if (!strcmp(key, NVMEMP_KEY_POLICY))
			r = mp_policy_parse(s->word, &map->policy);
		else if (!strcmp(key, NVMEMP_KEY_NO_PATH))
			r = mp_no_path_parse(s->word, &map->no_path);
		if (r)
			return mp_err_set(err, r, "table: unknown feature \"%s %s\"", key, s->word);
	}
	return 0;
}

static int parse_path_words(struct mp_scan *s, uint64_t n, struct mp_path *p)
{
	while (n--) {
		mp_scan_word(s);
		if (!strcmp(s->word, NVMEMP_KEY_ANA)) {
			if (!n--)
				return -EINVAL;
			mp_scan_word(s);
			if (mp_ana_parse(s->word, &p->ana))
				return -EINVAL;
		} else if (!strcmp(s->word, NVMEMP_KEY_PREFERRED)) {
			p->preferred = true;
		} else if (!strcmp(s->word, NVMEMP_KEY_DISABLED)) {
			p->disabled = true;
		} else if (!strcmp(s->word, NVMEMP_KEY_FAILED)) {
			p->failed = true;
		} else if (!strcmp(s->word, NVMEMP_KEY_FLUSH_FAILFAST)) {
			p->flush_failfast = true;
		} else {
			return -EINVAL;
		}
	}
	return 0;
}

int mp_table_parse(struct mp_arena *arena, const char *params, struct mp_map *ret,
		   struct mp_err *err)
{
	struct mp_map map = *ret;
	struct mp_scan s = { .at = params };
	uint64_t i, n, words;
	int r;

	map.policy = MP_POLICY_NUMA;
	map.no_path = MP_NO_PATH_FAIL;
	r = parse_features(&s, &map, err);
	if (r)
		return r;
	if (mp_scan_number(&s, NVMEMP_MAX_PATHS, &n) || !n)
		return mp_err_set(err, -EINVAL, "table: \"%s\" is no number of paths", s.word);
	map.paths = mp_arena_alloc(arena, n * sizeof(*map.paths));
	if (!map.paths)
		return mp_err_set(err, -ENOMEM, "table: no memory");
	for (i = 0; i < n; i++) {
		struct mp_path *p = &map.paths[i];

		*p = (struct mp_path){ .name = "", .ana = MP_ANA_OPTIMIZED };
		mp_scan_word(&s);
		if (mp_devno_parse(s.word, &p->major, &p->minor))
			return mp_err_set(err, -EINVAL, "table: \"%s\" is no device number", s.word);
		if (mp_scan_number(&s, 6, &words) || parse_path_words(&s, words, p))
			return mp_err_set(err, -EINVAL, "table: unknown word \"%s\" of path %u:%u",
					  s.word, p->major, p->minor);
	}
	if (!mp_scan_at_end(&s))
		return mp_err_set(err, -EINVAL, "table: words behind the last path");
	map.nr_paths = n;
	*ret = map;
	return 0;
}
