// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "core/scan.h"
#include "core/words.h"

bool mp_scan_word(struct mp_scan *scan)
{
	size_t len;

	scan->word[0] = '\0';
	scan->at += strspn(scan->at, " ");
	len = strcspn(scan->at, " ");
	if (!len || len >= MP_WORD_MAX)
		return false;
	memcpy(scan->word, scan->at, len);
	scan->word[len] = '\0';
	scan->at += len;
	return true;
}

int mp_scan_number(struct mp_scan *scan, uint64_t max, uint64_t *ret)
{
	if (!mp_scan_word(scan) || mp_number_parse(scan->word, max, ret))
		return -EINVAL;
	return 0;
}

bool mp_scan_at_end(const struct mp_scan *scan)
{
	return !scan->at[strspn(scan->at, " ")];
}
