// SPDX-License-Identifier: GPL-2.0
/* org.nvmemp1.Path: the paths of the maps. */
#include <string.h>

#include "busparts.h"
#include "core/loaded.h"
#include "core/words.h"

static const struct mp_path *found_path(const struct busobjects *o)
{
	return &o->map->map.paths[o->path];
}

static const struct mp_path_status *found_status(const struct busobjects *o)
{
	return mp_loaded_status(o->map, found_path(o));
}

static int path_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		     void **ret_found, sd_bus_error *error)
{
	AUTO_FREE char *name = NULL;
	struct busobjects *o = userdata;
	const struct mp_loaded *l = bus_view(o)->loaded;
	size_t i, j;

	if (sd_bus_path_decode(path, BUS_PATH_PATH, &name) <= 0)
		return 0;
	for (i = 0; i < l->nr_maps; i++) {
		size_t at = (o->at_path + i) % l->nr_maps;
		const struct mp_loaded_map *m = &l->maps[at];

		for (j = 0; j < m->map.nr_paths; j++) {
			if (strcmp(m->map.paths[j].name, name) != 0)
				continue;
			o->map = m;
			o->path = j;
			o->at_path = at;
			*ret_found = o;
			return 1;
		}
	}
	return 0;
}

static int path_map(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	AUTO_FREE char *map = NULL;
	int r;

	r = sd_bus_path_encode(BUS_MAP_PATH, o->map->map.name, &map);
	return r < 0 ? r : sd_bus_message_append(reply, "o", map);
}

static const char *ctrl_string(const struct mp_ctrl *ctrl, const char *property)
{
	if (!ctrl)
		return "";
	if (strcmp(property, "Controller") == 0)
		return ctrl->name;
	if (strcmp(property, "Transport") == 0)
		return ctrl->transport;
	if (strcmp(property, "Address") == 0)
		return ctrl->address;
	return ctrl->state;
}

static int path_string(sd_bus *bus, const char *path, const char *interface,
		       const char *property, sd_bus_message *reply, void *userdata,
		       sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	const struct mp_path_status *s = found_status(o);
	const struct mp_path *p = found_path(o);
	const char *text;

	if (strcmp(property, "Device") == 0)
		text = p->name;
	else if (strcmp(property, "AnaState") == 0)
		text = mp_ana_word(s ? s->ana : p->ana);
	else if (strcmp(property, "State") == 0)
		text = s ? mp_path_state_word(s->state) : "unknown";
	else
		text = ctrl_string(bus_ctrl_of(bus_view(o), p), property);
	return bus_append_text(reply, text);
}

static int path_bool(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	const struct mp_status *s = &o->map->status;
	int index = strcmp(property, "Preferred") == 0 ? s->preferred : s->current;
	const struct mp_path_status *mine = found_status(o);

	return sd_bus_message_append(reply, "b", mine && index >= 0 && mine == &s->paths[index]);
}

static int path_u64(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	static const struct {
		const char *property;
		size_t offset;
		unsigned int unit;
	} numbers[] = {
		{ "InFlight", offsetof(struct mp_path_status, in_flight), 1 },
		{ "IoCount", offsetof(struct mp_path_status, io_count), 1 },
		{ "ErrorCount", offsetof(struct mp_path_status, error_count), 1 },
		{ "FailoverCount", offsetof(struct mp_path_status, failover_count), 1 },
		{ "RetryCount", offsetof(struct mp_path_status, retry_count), 1 },
		{ "BytesRead", offsetof(struct mp_path_status, sectors_read), 512 },
		{ "BytesWritten", offsetof(struct mp_path_status, sectors_written), 512 },
		{ "PathErrors", offsetof(struct mp_path_status, errors[MP_ERROR_PATH]), 1 },
		{ "SuspectErrors", offsetof(struct mp_path_status, errors[MP_ERROR_SUSPECT]), 1 },
		{ "BusyErrors", offsetof(struct mp_path_status, errors[MP_ERROR_BUSY]), 1 },
		{ "CallerErrors", offsetof(struct mp_path_status, errors[MP_ERROR_CALLER]), 1 },
		{ "MeanLatencyUs", offsetof(struct mp_path_status, mean_us), 1 },
		{ "MaxLatencyUs", offsetof(struct mp_path_status, max_us), 1 },
		{ "SampledCount", offsetof(struct mp_path_status, sampled), 1 },
		{ "SampledUs", offsetof(struct mp_path_status, sampled_us), 1 },
	};
	const struct mp_path_status *s = found_status(userdata);
	uint64_t value = 0;
	size_t i;

	for (i = 0; s && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(property, numbers[i].property) == 0)
			value = *(const uint64_t *)((const char *)s + numbers[i].offset) * numbers[i].unit;
	return sd_bus_message_append(reply, "t", value);
}

static const sd_bus_vtable path_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Map", "o", path_map, 0, 0),
	SD_BUS_PROPERTY("Device", "s", path_string, 0, 0),
	SD_BUS_PROPERTY("Controller", "s", path_string, 0, 0),
	SD_BUS_PROPERTY("Transport", "s", path_string, 0, 0),
	SD_BUS_PROPERTY("Address", "s", path_string, 0, 0),
	SD_BUS_PROPERTY("ControllerState", "s", path_string, 0, 0),
	SD_BUS_PROPERTY("AnaState", "s", path_string, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("State", "s", path_string, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Preferred", "b", path_bool, 0, 0),
	SD_BUS_PROPERTY("Current", "b", path_bool, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("InFlight", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("IoCount", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("ErrorCount", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("FailoverCount", "t", path_u64, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("RetryCount", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("BytesRead", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("BytesWritten", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("PathErrors", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("SuspectErrors", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("BusyErrors", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("CallerErrors", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("MeanLatencyUs", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("MaxLatencyUs", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("SampledCount", "t", path_u64, 0, 0),
	SD_BUS_PROPERTY("SampledUs", "t", path_u64, 0, 0),
	SD_BUS_VTABLE_END
};

static int path_nodes(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
		      sd_bus_error *error)
{
	const struct view *v = bus_view(userdata);
	struct bus_nodes n = { NULL };
	size_t i, j;

	for (i = 0; i < v->loaded->nr_maps; i++)
		for (j = 0; j < v->loaded->maps[i].map.nr_paths; j++)
			bus_add_node(&n, BUS_PATH_PATH, v->loaded->maps[i].map.paths[j].name);
	return bus_give_nodes(&n, ret_nodes);
}

const struct bus_family bus_paths = {
	BUS_PATH_PATH, BUS_PATH_IFACE, path_vtable, path_find, path_nodes
};
