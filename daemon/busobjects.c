// SPDX-License-Identifier: GPL-2.0
/* Objects on the bus: properties from the view, methods to reconcile. */
#include "busparts.h"

/* Clients made for a bus, busctl(1) among them, ask for a name before anything else. */
static int hello(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return sd_bus_reply_method_return(m, "s", ":1.1");
}

static const sd_bus_vtable bus_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Hello", "", "s", hello, FOR_ALL),
	SD_BUS_VTABLE_END
};

int busobjects_add(struct busobjects *o, sd_bus *peer)
{
	static const struct bus_family *const families[] = { &bus_maps, &bus_paths, &bus_subsystems };
	size_t i;
	int r;

	r = sd_bus_add_object_manager(peer, NULL, BUS_ROOT_PATH);
	if (r >= 0)
		r = sd_bus_add_object_vtable(peer, NULL, BUS_ROOT_PATH, BUS_MANAGER_IFACE, bus_manager_vtable, o);
	if (r >= 0)
		r = sd_bus_add_object_vtable(peer, NULL, "/org/freedesktop/DBus",
					     "org.freedesktop.DBus", bus_vtable, o);
	if (r >= 0)
		r = sd_bus_add_fallback(peer, NULL, BUS_MAP_PATH, bus_no_such_map, o);
	for (i = 0; r >= 0 && i < sizeof(families) / sizeof(families[0]); i++) {
		const struct bus_family *f = families[i];

		r = sd_bus_add_fallback_vtable(peer, NULL, f->prefix, f->interface, f->vtable,
					       f->find, o);
		if (r >= 0)
			r = sd_bus_add_node_enumerator(peer, NULL, f->prefix, f->nodes, o);
	}
	return r;
}
