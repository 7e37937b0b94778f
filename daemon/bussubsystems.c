// SPDX-License-Identifier: GPL-2.0
/* org.nvmemp1.Subsystem: NVMe subsystems, ours and those of native multipath. */
#include <string.h>

#include "busparts.h"

#define SUBSYS_PATH	BUS_ROOT_PATH "/subsystem"

static int subsys_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		       void **ret_found, sd_bus_error *error)
{
	AUTO_FREE char *name = NULL;
	struct busobjects *o = userdata;
	const struct mp_topo *t = bus_view(o)->topo;
	size_t i;

	if (sd_bus_path_decode(path, SUBSYS_PATH, &name) <= 0)
		return 0;
	for (i = 0; i < t->nr_subsys; i++) {
		if (strcmp(t->subsys[i].name, name) != 0)
			continue;
		o->subsys = &t->subsys[i];
		*ret_found = o;
		return 1;
	}
	return 0;
}

static int subsys_string(sd_bus *bus, const char *path, const char *interface,
			 const char *property, sd_bus_message *reply, void *userdata,
			 sd_bus_error *error)
{
	const struct mp_subsys *s = ((struct busobjects *)userdata)->subsys;
	const char *text;

	if (strcmp(property, "Name") == 0)
		text = s->name;
	else if (strcmp(property, "Nqn") == 0)
		text = s->nqn;
	else if (strcmp(property, "Model") == 0)
		text = s->model;
	else if (strcmp(property, "Serial") == 0)
		text = s->serial;
	else
		text = s->native_policy;
	return bus_append_text(reply, text);
}

static int append_ctrl(sd_bus_message *reply, const struct mp_ctrl *c)
{
	const char *const texts[] = { c->name, c->state, c->transport, c->address };

	return bus_append_texts(reply, "ssss", texts);
}

static int append_native_path(sd_bus_message *reply, const struct mp_topo *t,
			      const struct mp_native_path *p)
{
	const char *const texts[] = { p->name, p->ns, t->ctrls[p->ctrl].name, p->ana };

	return bus_append_texts(reply, "ssss", texts);
}

static int subsys_native_paths(sd_bus *bus, const char *path, const char *interface,
			       const char *property, sd_bus_message *reply, void *userdata,
			       sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	const struct mp_topo *t = bus_view(o)->topo;
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(ssss)");
	for (i = 0; r >= 0 && i < t->nr_native_paths; i++) {
		const struct mp_native_path *p = &t->native_paths[i];
		int subsys = t->ctrls[p->ctrl].subsys;

		if (subsys >= 0 && &t->subsys[subsys] == o->subsys)
			r = append_native_path(reply, t, p);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int subsys_ctrls(sd_bus *bus, const char *path, const char *interface,
			const char *property, sd_bus_message *reply, void *userdata,
			sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	const struct mp_topo *t = bus_view(o)->topo;
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(ssss)");
	for (i = 0; r >= 0 && i < t->nr_ctrls; i++) {
		const struct mp_ctrl *c = &t->ctrls[i];

		if (c->subsys >= 0 && &t->subsys[c->subsys] == o->subsys)
			r = append_ctrl(reply, c);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static const sd_bus_vtable subsys_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Name", "s", subsys_string, 0, 0),
	SD_BUS_PROPERTY("Nqn", "s", subsys_string, 0, 0),
	SD_BUS_PROPERTY("Model", "s", subsys_string, 0, 0),
	SD_BUS_PROPERTY("Serial", "s", subsys_string, 0, 0),
	SD_BUS_PROPERTY("NativePolicy", "s", subsys_string, 0, 0),
	SD_BUS_PROPERTY("Controllers", "a(ssss)", subsys_ctrls, 0, 0),
	SD_BUS_PROPERTY("NativePaths", "a(ssss)", subsys_native_paths, 0, 0),
	SD_BUS_VTABLE_END
};

static int subsys_nodes(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
			sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	const struct mp_topo *t = bus_view(o)->topo;
	struct bus_nodes n = { NULL };
	size_t i;
	int r;

	r = reconcile_read_native(o->rc);
	if (r < 0)
		return r;
	for (i = 0; i < t->nr_subsys; i++)
		bus_add_node(&n, SUBSYS_PATH, t->subsys[i].name);
	return bus_give_nodes(&n, ret_nodes);
}

const struct bus_family bus_subsystems = {
	SUBSYS_PATH, "org.nvmemp1.Subsystem", subsys_vtable, subsys_find, subsys_nodes
};
