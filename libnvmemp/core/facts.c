// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/facts.h"

#define KEY_MAX	256

int mp_facts_init(struct mp_facts *facts)
{
	*facts = (struct mp_facts){ .arena = mp_arena_new() };
	return facts->arena ? 0 : -ENOMEM;
}

void mp_facts_done(struct mp_facts *facts)
{
	mp_arena_free(facts->arena);
	*facts = (struct mp_facts){ };
}

int mp_facts_add(struct mp_facts *facts, const char *key, const void *data, size_t len)
{
	struct mp_fact fact = {
		.key = mp_arena_strdup(facts->arena, key),
		.data = mp_arena_memdup(facts->arena, data, len),
		.len = len,
	};
	struct mp_fact *array;

	if (!fact.key || !fact.data)
		return -ENOMEM;
	array = mp_arena_grow(facts->arena, facts->facts, facts->nr_facts, sizeof(*array));
	if (!array)
		return -ENOMEM;
	facts->facts = array;
	array[facts->nr_facts++] = fact;
	return 0;
}

struct ranked {
	struct mp_fact fact;
	size_t rank;
};

static int ranked_cmp(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int r = strcmp(x->fact.key, y->fact.key);

	return r ? r : (x->rank > y->rank) - (x->rank < y->rank);
}

int mp_facts_sort(struct mp_facts *facts)
{
	size_t i, n = facts->nr_facts, out = 0;
	struct ranked *ranked;

	if (!n)
		return 0;
	ranked = calloc(n, sizeof(*ranked));
	if (!ranked)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		ranked[i] = (struct ranked){ facts->facts[i], i };
	qsort(ranked, n, sizeof(*ranked), ranked_cmp);
	for (i = 0; i < n; i++) {
		if (out && !strcmp(facts->facts[out - 1].key, ranked[i].fact.key))
			out--;
		facts->facts[out++] = ranked[i].fact;
	}
	facts->nr_facts = out;
	free(ranked);
	return 0;
}

/* Index of the first fact whose key is not before key */
static size_t lower_bound(const struct mp_facts *facts, const char *key)
{
	size_t low = 0, high = facts->nr_facts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(facts->facts[mid].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct mp_fact *find_v(const struct mp_facts *facts, const char *fmt, va_list ap)
{
	char key[KEY_MAX];
	size_t i;
	int len = vsnprintf(key, sizeof(key), fmt, ap);

	if (len < 0 || (size_t)len >= sizeof(key))
		return NULL;
	i = lower_bound(facts, key);
	if (i == facts->nr_facts || strcmp(facts->facts[i].key, key))
		return NULL;
	return &facts->facts[i];
}

const struct mp_fact *mp_facts_find(const struct mp_facts *facts, const char *keyfmt, ...)
{
	const struct mp_fact *fact;
	va_list ap;

	va_start(ap, keyfmt);
	fact = find_v(facts, keyfmt, ap);
	va_end(ap);
	return fact;
}

const char *mp_facts_text(const struct mp_facts *facts, const char *keyfmt, ...)
{
	const struct mp_fact *fact;
	va_list ap;

	va_start(ap, keyfmt);
	fact = find_v(facts, keyfmt, ap);
	va_end(ap);
	return fact ? fact->data : "";
}

struct mp_facts mp_facts_below(const struct mp_facts *facts, const char *folder)
{
	char key[KEY_MAX];
	size_t from;

	snprintf(key, sizeof(key), "%s/", folder);
	from = lower_bound(facts, key);
	/* '0' follows '/' */
	snprintf(key, sizeof(key), "%s0", folder);
	return (struct mp_facts){
		.facts = facts->facts + from, .nr_facts = lower_bound(facts, key) - from,
	};
}

bool mp_facts_next_name(const struct mp_facts *facts, const char *prefix, size_t *pos,
			char name[64])
{
	size_t len = strlen(prefix), n;
	const char *rest;
	char end[KEY_MAX];

	if (!*pos) {
		*pos = lower_bound(facts, prefix);
	} else {
		/* behind all of PREFIX/NAME/…: '0' follows '/' */
		snprintf(end, sizeof(end), "%s/%s0", prefix, name);
		*pos = lower_bound(facts, end);
	}
	for (; *pos < facts->nr_facts; (*pos)++) {
		if (strncmp(facts->facts[*pos].key, prefix, len))
			return false;
		if (facts->facts[*pos].key[len] != '/')
			continue;
		rest = facts->facts[*pos].key + len + 1;
		n = strcspn(rest, "/");
		if (!rest[n] || !n || n >= 64)
			continue;
		memcpy(name, rest, n);
		name[n] = '\0';
		(*pos)++;
		return true;
	}
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* text (len bytes) of hex digits and blanks -> bytes, in place of out */
static int hex_parse(const char *text, size_t len, unsigned char *out, size_t *ret_len)
{
	size_t i = 0, n = 0;

	while (i < len) {
		int high, low;

		if (text[i] == ' ') {
			i++;
			continue;
		}
		high = hex_digit(text[i]);
		low = i + 1 < len ? hex_digit(text[i + 1]) : -1;
		if (high < 0 || low < 0)
			return -EINVAL;
		out[n++] = (unsigned char)(high << 4 | low);
		i += 2;
	}
	*ret_len = n;
	return 0;
}

static int load_line(struct mp_facts *facts, const char *line, size_t len)
{
	size_t key_len = 0, n;
	unsigned char *bytes;
	const char *value;
	char key[KEY_MAX];
	int r;

	while (key_len < len && line[key_len] != '=' && line[key_len] != ' ' &&
	       !(line[key_len] == ':' && key_len + 1 < len && line[key_len + 1] == ' '))
		key_len++;
	n = key_len;
	while (n < len && line[n] == ' ')
		n++;
	if (!key_len || key_len >= sizeof(key) || n == len || (line[n] != '=' && line[n] != ':'))
		return -EINVAL;
	memcpy(key, line, key_len);
	key[key_len] = '\0';
	value = line + n + 1;
	len -= n + 1;
	if (line[n] == '=') {
		while (len && *value == ' ')
			value++, len--;
		return mp_facts_add(facts, key, value, len);
	}
	bytes = malloc(len / 2 + 1);
	if (!bytes)
		return -ENOMEM;
	r = hex_parse(value, len, bytes, &n);
	if (!r)
		r = mp_facts_add(facts, key, bytes, n);
	free(bytes);
	return r;
}

int mp_facts_load(struct mp_facts *facts, const char *text, struct mp_err *err)
{
	unsigned int number = 1;
	int r;

	for (; *text; number++) {
		size_t len = strcspn(text, "\n");

		if (len && *text != '#') {
			r = load_line(facts, text, len);
			if (r)
				return mp_err_set(err, r, "line %u is neither KEY = TEXT nor KEY : HEX",
						  number);
		}
		text += len + (text[len] == '\n');
	}
	return mp_facts_sort(facts);
}
