// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "busevents.h"
#include "busparts.h"

static int send_event(sd_bus *peer, const struct mp_event *e, uint64_t usec)
{
	const char *const texts[] = { e->kind, e->map, e->device, e->before, e->after };
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *m = NULL;
	size_t i;
	int r;

	r = sd_bus_message_new_signal(peer, &m, BUS_ROOT_PATH, BUS_MANAGER_IFACE, "Event");
	if (r >= 0)
		r = sd_bus_message_append(m, "t", usec);
	for (i = 0; r >= 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
		r = bus_append_text(m, texts[i]);
	return r < 0 ? r : sd_bus_send(peer, m, NULL);
}

struct object {
	const char *prefix, *interface, *name;
};

enum what { ADDED, REMOVED, CHANGED };

static int send_object(sd_bus *peer, const struct object *o, enum what what, const char *property)
{
	char *path = NULL;
	int r;

	if (!*o->name)
		return 0;
	r = sd_bus_path_encode(o->prefix, o->name, &path);
	if (r < 0)
		return r;
	if (what == ADDED)
		r = sd_bus_emit_interfaces_added(peer, path, o->interface, NULL);
	else if (what == REMOVED)
		r = sd_bus_emit_interfaces_removed(peer, path, o->interface, NULL);
	else
		r = sd_bus_emit_properties_changed(peer, path, o->interface, property, NULL);
	free(path);
	/* an earlier event of the same pass, about what a later one removed */
	return r == -ENOENT ? 0 : r;
}

static int send_changes(sd_bus *peer, const struct mp_event *e)
{
	const struct object map = { BUS_MAP_PATH, BUS_MAP_IFACE, e->map };
	const struct object path = { BUS_PATH_PATH, BUS_PATH_IFACE, e->device };
	const struct object old_map = { BUS_MAP_PATH, BUS_MAP_IFACE, e->before };
	const struct object old_path = { BUS_PATH_PATH, BUS_PATH_IFACE, e->before };
	int r;

	if (strcmp(e->kind, "map-added") == 0)
		return send_object(peer, &map, ADDED, NULL);
	if (strcmp(e->kind, "map-removed") == 0)
		return send_object(peer, &map, REMOVED, NULL);
	if (strcmp(e->kind, "path-added") == 0)
		return send_object(peer, &path, ADDED, NULL);
	if (strcmp(e->kind, "path-removed") == 0)
		return send_object(peer, &path, REMOVED, NULL);
	if (strcmp(e->kind, "map-state") == 0)
		return send_object(peer, &map, CHANGED, "State");
	if (strcmp(e->kind, "path-state") == 0)
		return send_object(peer, &path, CHANGED, "State");
	if (strcmp(e->kind, "path-ana") == 0)
		return send_object(peer, &path, CHANGED, "AnaState");
	if (strcmp(e->kind, "failover") == 0)
		return send_object(peer, &path, CHANGED, "FailoverCount");
	if (strcmp(e->kind, "map-name") == 0) {
		r = send_object(peer, &old_map, REMOVED, NULL);
		return r < 0 ? r : send_object(peer, &map, ADDED, NULL);
	}
	if (strcmp(e->kind, "path-current") == 0) {
		r = send_object(peer, &old_path, CHANGED, "Current");
		return r < 0 ? r : send_object(peer, &path, CHANGED, "Current");
	}
	return 0;
}

int busevents_send(sd_bus *peer, const struct mp_event *event, uint64_t usec)
{
	int r = send_event(peer, event, usec);

	return r < 0 ? r : send_changes(peer, event);
}
