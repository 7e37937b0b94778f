/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control interface of docs/dbus.md: D-Bus without a bus daemon, one
 * connection for each client on a stream socket.
 */
#ifndef MPD_BUS_H
#define MPD_BUS_H

#include <systemd/sd-event.h>

#include "reconcile.h"

#define BUS_SOCKET	"/run/nvmemp/bus"

struct bus;

/*
 * Serves on the socket that systemd passed, else on an own one at BUS_SOCKET.
 * -EADDRINUSE: another daemon serves there.
 */
int bus_new(sd_event *event, struct reconcile *rc, struct bus **ret, struct mp_err *err);
void bus_free(struct bus *bus);

#endif
