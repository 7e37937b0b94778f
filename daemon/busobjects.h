/* SPDX-License-Identifier: GPL-2.0 */
/* The objects of docs/dbus.md, answered from reconcile's view. */
#ifndef MPD_BUSOBJECTS_H
#define MPD_BUSOBJECTS_H

#include <systemd/sd-bus.h>

#include "reconcile.h"

#define BUS_ROOT_PATH		"/org/nvmemp1"
#define BUS_MAP_PATH		BUS_ROOT_PATH "/map"
#define BUS_PATH_PATH		BUS_ROOT_PATH "/path"
#define BUS_MANAGER_IFACE	"org.nvmemp1.Manager"
#define BUS_MAP_IFACE		"org.nvmemp1.Map"
#define BUS_PATH_IFACE		"org.nvmemp1.Path"

/* Zeroed except rc and subscribe. One serves all connections and lives longer than they. */
struct busobjects {
	struct reconcile *rc;
	void (*subscribe)(struct busobjects *o, sd_bus *peer);
	/* what sd-bus found and reads from next, within one turn of the loop */
	const struct mp_loaded_map *map;
	const struct mp_subsys *subsys;
	size_t path;			/* index into the map's paths */
	size_t at_map, at_path;		/* where the next one is likely to be found */
};

int busobjects_add(struct busobjects *o, sd_bus *peer);

#endif
