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

/* The first line that differs: cmocka cuts a message at 1,024 bytes. */
static inline void check_text_(const char *name, const char *got, const char *wanted,
			       const char *file, int line)
{
	int number = 1, wanted_len, got_len;

	if (!got)
		got = "(nothing)";
	if (!strcmp(got, wanted))
		return;
	for (;; number++, got += got_len + 1, wanted += wanted_len + 1) {
		got_len = (int)strcspn(got, "\n");
		wanted_len = (int)strcspn(wanted, "\n");
		if (got_len != wanted_len || memcmp(got, wanted, (size_t)got_len) ||
		    !got[got_len] || !wanted[wanted_len])
			break;
	}
	print_error("%s:%d: %s, line %d\n--- wanted\n%.*s\n--- got\n%.*s\n", file, line, name, number,
		    wanted_len, wanted, got_len, got);
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
