// SPDX-License-Identifier: GPL-2.0
/* org.nvmemp1.Map: the maps. */
#include <stdio.h>
#include <string.h>

#include "busparts.h"
#include "core/loaded.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

/* A map is of the subsystem of its first path whose controller is there. */
static const char *map_nqn(const struct view *v, const struct mp_loaded_map *m)
{
	size_t i;

	for (i = 0; i < m->map.nr_paths; i++) {
		const struct mp_ctrl *ctrl = bus_ctrl_of(v, &m->map.paths[i]);

		if (ctrl)
			return ctrl->nqn;
	}
	return "";
}

/*
 * Who asks for all objects gets them in the order of their nodes, so the next one is
 * looked for first behind the last.
 */
static const struct mp_loaded_map *next_map(struct busobjects *o, const char *name)
{
	const struct mp_loaded *l = bus_view(o)->loaded;
	size_t i;

	for (i = 0; i < l->nr_maps; i++) {
		size_t at = (o->at_map + i) % l->nr_maps;

		if (strcmp(l->maps[at].map.name, name) != 0)
			continue;
		o->at_map = at + 1;
		return &l->maps[at];
	}
	return NULL;
}

static int map_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		    void **ret_found, sd_bus_error *error)
{
	AUTO_FREE char *name = NULL;
	struct busobjects *o = userdata;

	if (sd_bus_path_decode(path, BUS_MAP_PATH, &name) <= 0)
		return 0;
	o->map = next_map(o, name);
	*ret_found = o;
	return o->map != NULL;
}

static const char *map_state(const struct mp_loaded_map *m)
{
	return m->status.nr_paths ? mp_map_state_word(m->status.state) : "unknown";
}

static int map_string(sd_bus *bus, const char *path, const char *interface,
		      const char *property, sd_bus_message *reply, void *userdata,
		      sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	const struct mp_loaded_map *m = o->map;
	char text[16];

	const char *value = text;

	if (strcmp(property, "Name") == 0)
		value = m->map.name;
	else if (strcmp(property, "Uuid") == 0)
		value = m->map.uuid;
	else if (strcmp(property, "Wwid") == 0)
		value = m->map.uuid + sizeof(NVMEMP_UUID_PREFIX) - 1;
	else if (strcmp(property, "Subsystem") == 0)
		value = map_nqn(bus_view(o), m);
	else if (strcmp(property, "State") == 0)
		value = map_state(m);
	else if (strcmp(property, "Policy") == 0)
		value = mp_policy_word(m->map.policy);
	else if (strcmp(property, "NoPath") == 0)
		value = mp_no_path_print(m->map.no_path, text);
	else
		snprintf(text, sizeof(text), "dm-%u", m->minor);
	return bus_append_text(reply, value);
}

static int map_u64(sd_bus *bus, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	uint64_t value;

	if (strcmp(property, "SizeBytes") == 0)
		value = o->map->map.size_sectors * 512;
	else if (strcmp(property, "QueuedTotal") == 0)
		value = o->map->status.nr_waited;
	else
		value = o->map->status.nr_queued;
	return sd_bus_message_append(reply, "t", value);
}

static int map_open_count(sd_bus *bus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	const struct busobjects *o = userdata;

	return sd_bus_message_append(reply, "u", o->map->open_count);
}

static int map_request(sd_bus_message *m, struct busobjects *o, enum request_kind kind)
{
	struct request request = { .kind = kind, .map = o->map->map.name };
	int r;

	r = sd_bus_message_read(m, "s", &request.path);
	return r < 0 ? r : bus_forward(o, m, &request);
}

static int map_switch(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return map_request(m, userdata, REQUEST_SWITCH);
}

static int map_fail(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return map_request(m, userdata, REQUEST_FAIL);
}

static int map_reinstate(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return map_request(m, userdata, REQUEST_REINSTATE);
}

static int map_release(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return map_request(m, userdata, REQUEST_RELEASE);
}

static int map_set_policy(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return map_request(m, userdata, REQUEST_POLICY);
}

static int map_set_no_path(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return map_request(m, userdata, REQUEST_NO_PATH_SETTING);
}

static int map_rescan(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct busobjects *o = userdata;
	const struct request request = {
		.kind = REQUEST_RESCAN, .map = o->map->map.name, .path = "",
	};

	return bus_forward(o, m, &request);
}

static int map_teardown(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct busobjects *o = userdata;
	const struct request request = {
		.kind = REQUEST_TEARDOWN, .map = o->map->map.name, .path = "",
	};

	return bus_forward(o, m, &request);
}

static const sd_bus_vtable map_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Name", "s", map_string, 0, 0),
	SD_BUS_PROPERTY("Uuid", "s", map_string, 0, 0),
	SD_BUS_PROPERTY("Wwid", "s", map_string, 0, 0),
	SD_BUS_PROPERTY("Device", "s", map_string, 0, 0),
	SD_BUS_PROPERTY("Subsystem", "s", map_string, 0, 0),
	SD_BUS_PROPERTY("SizeBytes", "t", map_u64, 0, 0),
	SD_BUS_PROPERTY("State", "s", map_string, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Policy", "s", map_string, 0, 0),
	SD_BUS_PROPERTY("NoPath", "s", map_string, 0, 0),
	SD_BUS_PROPERTY("Queued", "t", map_u64, 0, 0),
	SD_BUS_PROPERTY("QueuedTotal", "t", map_u64, 0, 0),
	SD_BUS_PROPERTY("OpenCount", "u", map_open_count, 0, 0),
	SD_BUS_METHOD("Switch", "s", "", map_switch, ROOT_ONLY),
	SD_BUS_METHOD("Fail", "s", "", map_fail, ROOT_ONLY),
	SD_BUS_METHOD("Reinstate", "s", "", map_reinstate, ROOT_ONLY),
	SD_BUS_METHOD("Release", "s", "", map_release, ROOT_ONLY),
	SD_BUS_METHOD("SetPolicy", "s", "", map_set_policy, ROOT_ONLY),
	SD_BUS_METHOD("SetNoPath", "s", "", map_set_no_path, ROOT_ONLY),
	SD_BUS_METHOD("Rescan", "", "", map_rescan, ROOT_ONLY),
	SD_BUS_METHOD("Teardown", "", "", map_teardown, ROOT_ONLY),
	SD_BUS_VTABLE_END
};

static int map_nodes(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
		     sd_bus_error *error)
{
	const struct view *v = bus_view(userdata);
	struct bus_nodes n = { NULL };
	size_t i;

	for (i = 0; i < v->loaded->nr_maps; i++)
		bus_add_node(&n, BUS_MAP_PATH, v->loaded->maps[i].map.name);
	return bus_give_nodes(&n, ret_nodes);
}

int bus_no_such_map(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(m);
	AUTO_FREE char *name = NULL;
	struct busobjects *o = userdata;

	if (!sd_bus_message_is_method_call(m, BUS_MAP_IFACE, NULL) ||
	    sd_bus_path_decode(path, BUS_MAP_PATH, &name) <= 0 || bus_map_by_name(bus_view(o), name))
		return 0;
	return sd_bus_reply_method_errorf(m, ERROR_NO_MAP, "there is no map %s", name);
}

const struct bus_family bus_maps = {
	BUS_MAP_PATH, BUS_MAP_IFACE, map_vtable, map_find, map_nodes
};
