/* SPDX-License-Identifier: GPL-2.0 */
/* Events as signals: org.nvmemp1.Manager.Event, and D-Bus's own for what changed. */
#ifndef MPD_BUSEVENTS_H
#define MPD_BUSEVENTS_H

#include <systemd/sd-bus.h>

#include "core/news.h"

/* To one peer whose objects already show it; usec: CLOCK_REALTIME. */
int busevents_send(sd_bus *peer, const struct mp_event *event, uint64_t usec);

#endif
