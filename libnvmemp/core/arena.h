/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that dies whole: every value owns one arena. */
#ifndef MP_ARENA_H
#define MP_ARENA_H

#include <stddef.h>

struct mp_arena;

struct mp_arena *mp_arena_new(void);		/* NULL: no memory, as for all below */
void mp_arena_free(struct mp_arena *arena);	/* NULL is fine */

void *mp_arena_alloc(struct mp_arena *arena, size_t size);	/* zeroed */
void *mp_arena_memdup(struct mp_arena *arena, const void *data, size_t len);	/* a NUL follows */
char *mp_arena_strdup(struct mp_arena *arena, const char *text);
char *mp_arena_printf(struct mp_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Room for one more element of an array that has nr of them: the array, moved
 * if it had to grow (at powers of two), with the new element zeroed. The old
 * memory stays in the arena.
 */
void *mp_arena_grow(struct mp_arena *arena, void *array, size_t nr, size_t size);

#endif
