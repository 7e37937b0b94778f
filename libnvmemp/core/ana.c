// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "core/ana.h"
#include "core/nvmeid.h"

#define HEADER_SIZE	16
#define GROUP_SIZE	32

static enum mp_ana state_of(uint8_t code)
{
	switch (code & 15) {
	case MP_ANA_OPTIMIZED:
	case MP_ANA_NONOPTIMIZED:
	case MP_ANA_INACCESSIBLE:
	case MP_ANA_PERSISTENT_LOSS:
	case MP_ANA_CHANGE:
		return code & 15;
	default:
		return MP_ANA_UNKNOWN;
	}
}

/* *pos: the offset of the next group in its low half, the number of groups before it above */
int mp_ana_next(const void *log, size_t len, size_t *pos, struct mp_ana_group *ret)
{
	const uint8_t *p = log;
	size_t at = *pos & 0xffffffff, nr = *pos >> 32;
	struct mp_ana_group g;

	if (len < HEADER_SIZE)
		return -EBADMSG;
	if (nr == mp_le16(p + 8))
		return 0;
	if (!at)
		at = HEADER_SIZE;
	if (at > len || len - at < GROUP_SIZE)
		return -EBADMSG;
	g.grpid = mp_le32(p + at);
	g.nr_nsids = mp_le32(p + at + 4);
	g.state = state_of(p[at + 16]);
	at += GROUP_SIZE;
	if (g.nr_nsids > (len - at) / 4)
		return -EBADMSG;
	at += (size_t)g.nr_nsids * 4;
	if (at > 0xffffffff)
		return -EBADMSG;
	*pos = at | (nr + 1) << 32;
	*ret = g;
	return 1;
}

int mp_ana_log_state(const void *log, size_t len, uint32_t grpid, enum mp_ana *ret)
{
	struct mp_ana_group g;
	size_t pos = 0;
	int r;

	while ((r = mp_ana_next(log, len, &pos, &g)) > 0) {
		if (g.grpid == grpid) {
			*ret = g.state;
			return 0;
		}
	}
	return r ? r : -ENOENT;
}
