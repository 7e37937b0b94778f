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

/* " DEVICE nr-words word*", in the order in which the target prints the words */
static void print_path(struct out *o, const struct mp_path *p)
{
	const struct {
		bool holds;
		const char *word;
	} flags[] = {
		{ p->preferred, NVMEMP_KEY_PREFERRED },
		{ p->disabled, NVMEMP_KEY_DISABLED },
		{ p->failed, NVMEMP_KEY_FAILED },
		{ p->held, NVMEMP_KEY_HELD },
		{ p->marginal, NVMEMP_KEY_MARGINAL },
		{ p->flush_failfast, NVMEMP_KEY_FLUSH_FAILFAST },
	};
	int n = 2 + (p->weight > 1 ? 2 : 0) + (p->kato_ms ? 2 : 0);
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		n += flags[i].holds;
	emit(o, " %u:%u %d %s %s", p->major, p->minor, n, NVMEMP_KEY_ANA, mp_ana_word(p->ana));
	if (p->weight > 1)
		emit(o, " %s %u", NVMEMP_KEY_WEIGHT, p->weight);
	if (p->kato_ms)
		emit(o, " %s %u", NVMEMP_KEY_KATO, p->kato_ms);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].holds)
			emit(o, " %s", flags[i].word);
}

int mp_table_print(const struct mp_map *map, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };
	char text[16];
	int n = 4;
	size_t i;

	for (i = 0; i < MP_NR_FEATURES; i++)
		n += map->features[i] ? 2 : 0;
	emit(&o, "%d %s %s %s %s", n, NVMEMP_KEY_POLICY, mp_policy_word(map->policy),
	     NVMEMP_KEY_NO_PATH, mp_no_path_print(map->no_path, text));
	for (i = 0; i < MP_NR_FEATURES; i++)
		if (map->features[i])
			emit(&o, " %s %s", mp_feature_key((enum mp_feature)i),
			     mp_feature_print((enum mp_feature)i, map->features[i], text));
	emit(&o, " %zu", map->nr_paths);
	for (i = 0; i < map->nr_paths; i++)
		print_path(&o, &map->paths[i]);
	return o.used < size ? 0 : -ENOSPC;
}

int mp_table_print_path(const struct mp_path *path, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	print_path(&o, path);
	return o.used < size ? 0 : -ENOSPC;
}

static int parse_feature(const char *key, const char *value, struct mp_map *map)
{
	enum mp_feature f;

	if (!strcmp(key, NVMEMP_KEY_POLICY))
		return mp_policy_parse(value, &map->policy);
	if (!strcmp(key, NVMEMP_KEY_NO_PATH))
		return mp_no_path_parse(value, &map->no_path);
	for (f = 0; f < MP_NR_FEATURES; f++)
		if (!strcmp(key, mp_feature_key(f)))
			return mp_feature_parse(f, value, &map->features[f]);
	return -EINVAL;
}

static int parse_features(struct mp_scan *s, struct mp_map *map, struct mp_err *err)
{
	uint64_t n;

	if (mp_scan_number(s, 2 * (2 + MP_NR_FEATURES), &n) || n % 2)
		return mp_err_set(err, -EINVAL, "table: \"%s\" is no number of feature words", s->word);
	for (; n; n -= 2) {
		char key[MP_WORD_MAX];
		int r;

		mp_scan_word(s);
		memcpy(key, s->word, sizeof(key));
		mp_scan_word(s);
		r = parse_feature(key, s->word, map);
		if (r)
			return mp_err_set(err, r, "table: unknown feature \"%s %s\"", key, s->word);
	}
	return 0;
}

static int parse_path_words(struct mp_scan *s, uint64_t n, struct mp_path *p)
{
	uint64_t value;

	while (n--) {
		mp_scan_word(s);
		if (!strcmp(s->word, NVMEMP_KEY_ANA)) {
			if (!n--)
				return -EINVAL;
			mp_scan_word(s);
			if (mp_ana_parse(s->word, &p->ana))
				return -EINVAL;
		} else if (!strcmp(s->word, NVMEMP_KEY_WEIGHT)) {
			if (!n-- || mp_scan_number(s, NVMEMP_MAX_WEIGHT, &value) || !value)
				return -EINVAL;
			p->weight = value == 1 ? 0 : (uint32_t)value;
		} else if (!strcmp(s->word, NVMEMP_KEY_KATO)) {
			if (!n-- || mp_scan_number(s, NVMEMP_MAX_KATO_MS, &value))
				return -EINVAL;
			p->kato_ms = (uint32_t)value;
		} else if (!strcmp(s->word, NVMEMP_KEY_PREFERRED)) {
			p->preferred = true;
		} else if (!strcmp(s->word, NVMEMP_KEY_DISABLED)) {
			p->disabled = true;
		} else if (!strcmp(s->word, NVMEMP_KEY_FAILED)) {
			p->failed = true;
		} else if (!strcmp(s->word, NVMEMP_KEY_HELD)) {
			p->held = true;
		} else if (!strcmp(s->word, NVMEMP_KEY_MARGINAL)) {
			p->marginal = true;
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
	memset(map.features, 0, sizeof(map.features));
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
		if (mp_scan_number(&s, 12, &words) || parse_path_words(&s, words, p))
			return mp_err_set(err, -EINVAL, "table: unknown word \"%s\" of path %u:%u",
					  s.word, p->major, p->minor);
	}
	if (!mp_scan_at_end(&s))
		return mp_err_set(err, -EINVAL, "table: words behind the last path");
	map.nr_paths = n;
	*ret = map;
	return 0;
}
