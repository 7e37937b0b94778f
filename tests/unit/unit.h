/* SPDX-License-Identifier: GPL-2.0 */
/* What the unit tests share: cmocka, and texts with line numbers where they differ. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A row's name goes into the message, so that a table says which of its rows failed. */
#define check_text(name, got, wanted) check_text_(name, got, wanted, __FILE__, __LINE__)

static inline void check_text_(const char *name, const char *got, const char *wanted,
			       const char *file, int line)
{
	if (got && !strcmp(got, wanted))
		return;
	print_error("%s:%d: %s\n--- wanted\n%s\n--- got\n%s\n", file, line, name, wanted,
		    got ? got : "(nothing)");
	fail();
}

#define check_int(name, got, wanted)							\
	do {										\
		long long got_ = (got), wanted_ = (wanted);				\
		if (got_ != wanted_) {							\
			print_error("%s:%d: %s: %s is %lld, wanted %lld\n", __FILE__,	\
				    __LINE__, name, #got, got_, wanted_);		\
			fail();								\
		}									\
	} while (0)

/* xorshift: the same bytes in every run */
static inline uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* text with some of its bytes changed, cut or doubled; buf holds 2 * strlen + 64 */
static inline void mutate(const char *text, size_t len, unsigned char *buf, size_t *ret_len,
			  uint32_t *state)
{
	unsigned int n = next_random(state) % 6;

	memcpy(buf, text, len);
	if (len && next_random(state) % 4 == 0)
		len = next_random(state) % len;
	while (n-- && len)
		buf[next_random(state) % len] = (unsigned char)next_random(state);
	if (len && next_random(state) % 8 == 0) {
		memcpy(buf + len, buf, len);
		len *= 2;
	}
	buf[len] = '\0';
	*ret_len = len;
}

#define ROUNDS 100000

#endif
