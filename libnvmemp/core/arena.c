// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

#define CHUNK_SIZE	4096

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t data[];
};

struct mp_arena {
	struct chunk *chunks;	/* the newest first; only it is filled */
};

struct mp_arena *mp_arena_new(void)
{
	return calloc(1, sizeof(struct mp_arena));
}

void mp_arena_free(struct mp_arena *arena)
{
	struct chunk *c, *next;

	if (!arena)
		return;
	for (c = arena->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(arena);
}

void *mp_arena_alloc(struct mp_arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct chunk *c = arena->chunks;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) & ~(align - 1);
	if (!c || c->size - c->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		c = calloc(1, sizeof(*c) + room);
		if (!c)
			return NULL;
		c->size = room;
		c->next = arena->chunks;
		arena->chunks = c;
	}
	p = (char *)c->data + c->used;
	c->used += size;
	return p;
}

void *mp_arena_memdup(struct mp_arena *arena, const void *data, size_t len)
{
	char *p = mp_arena_alloc(arena, len + 1);

	if (p && len)
		memcpy(p, data, len);
	return p;
}

char *mp_arena_strdup(struct mp_arena *arena, const char *text)
{
	return mp_arena_memdup(arena, text, strlen(text));
}

char *mp_arena_printf(struct mp_arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	p = mp_arena_alloc(arena, (size_t)len + 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return p;
}

void *mp_arena_grow(struct mp_arena *arena, void *array, size_t nr, size_t size)
{
	void *bigger;

	if (nr & (nr - 1))
		return array;	/* room up to the next power of two */
	if (nr > SIZE_MAX / 4 / size)
		return NULL;
	bigger = mp_arena_alloc(arena, (nr ? nr * 2 : 1) * size);
	if (bigger && nr)
		memcpy(bigger, array, nr * size);
	return bigger;
}
