/* SPDX-License-Identifier: GPL-2.0 */
/* Blank-separated words of the target's lines, one after the other. */
#ifndef MP_SCAN_H
#define MP_SCAN_H

#include "core/types.h"

#define MP_WORD_MAX	64

struct mp_scan {
	const char *at;
	char word[MP_WORD_MAX];
};

/* false: no more, or a word that is longer than any of ours; scan->word is then "" */
bool mp_scan_word(struct mp_scan *scan);
/* A number up to max. -EINVAL */
int mp_scan_number(struct mp_scan *scan, uint64_t max, uint64_t *ret);
bool mp_scan_at_end(const struct mp_scan *scan);

#endif
