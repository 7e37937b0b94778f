/* SPDX-License-Identifier: GPL-2.0 */
/* The objects of docs/dbus.md, answered from reconcile's view. */
#ifndef MPD_BUSOBJECTS_H
#define MPD_BUSOBJECTS_H

#include <systemd/sd-bus.h>

#include "reconcile.h"

/* Zeroed except rc. One serves all connections and lives longer than they. */
struct busobjects {
	struct reconcile *rc;
	/* what sd-bus found and reads from next, within one turn of the loop */
	const struct mp_loaded_map *map;
	const struct mp_subsys *subsys;
	size_t path;			/* index into the map's paths */
	size_t at_map, at_path;		/* where the next one is likely to be found */
};

int busobjects_add(struct busobjects *o, sd_bus *peer);

#endif
