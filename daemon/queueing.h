/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queueing of all maps, off for a shutdown and on again. Talks to device-mapper
 * itself: it has to work without a daemon, and beside one that waits for I/O.
 */
#ifndef MPD_QUEUEING_H
#define MPD_QUEUEING_H

#include "core/types.h"
#include "sys/ops.h"

/*
 * Off: a mark for the daemon (MP_NO_QUEUEING_FILE), then a message to each map, so
 * that I/O without a path fails at once. On: the mark goes, and a message that
 * changes nothing makes the daemon look. Each map is tried, failures are logged;
 * the first one is returned.
 */
int queueing_turn(bool on);

/* The messages alone, to what is loaded */
int queueing_tell(const struct mp_ops *ops, const struct mp_loaded *loaded, bool on);

#endif
