// SPDX-License-Identifier: GPL-2.0
/* org.nvmemp1.Manager: what is of no single map. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "busparts.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/dump.h"
#include "core/loaded.h"
#include "core/plan.h"

static int append_pair(sd_bus_message *reply, const char *a, const char *b)
{
	const char *const texts[] = { a, b };

	return bus_append_texts(reply, "ss", texts);
}

static int manager_version(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *reply, void *userdata,
			   sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", NVMEMP_VERSION);
}

static int manager_native(sd_bus *bus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	return sd_bus_message_append(reply, "b", (int)bus_view(userdata)->topo->native);
}

static int manager_rejected(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct mp_desired *d = bus_view(userdata)->desired;
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(ss)");
	for (i = 0; r >= 0 && i < d->nr_rejects; i++)
		r = append_pair(reply, d->rejects[i].device, d->rejects[i].reason);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int manager_refresh(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct request request = { .kind = REQUEST_REFRESH, .map = "", .path = "" };

	return bus_forward(userdata, m, &request);
}

static int append_step(sd_bus_message *reply, const struct mp_step *step)
{
	AUTO_FREE char *text = mp_dump_step(step);

	if (!text)
		return -ENOMEM;
	return append_pair(reply, text, step->reason);
}

static int send_plan(sd_bus_message *m, const struct mp_plan *plan)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	size_t i;
	int r;

	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ss)");
	for (i = 0; r >= 0 && i < plan->nr_steps; i++)
		r = append_step(reply, &plan->steps[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	return r;
}

static int manager_plan(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct busobjects *o = userdata;
	struct mp_plan plan;
	struct mp_err err = { "" };
	int r;

	r = reconcile_plan(o->rc, &plan, &err);
	if (r < 0)
		return sd_bus_reply_method_errorf(m, ERROR_FAILED, "%s", err.text);
	r = send_plan(m, &plan);
	mp_plan_done(&plan);
	return r;
}

static int append_setting(sd_bus_message *reply, const char *key, const char *value,
			  const struct mp_setting *from)
{
	char origin[300] = "built-in";
	const char *const texts[] = { key, value, origin };

	if (from && from->line)
		snprintf(origin, sizeof(origin), "%s:%u", from->file, from->line);
	else if (from)
		snprintf(origin, sizeof(origin), "%s", from->file);
	return bus_append_texts(reply, "sss", texts);
}

/* What is not a map's, but a path's: by the address that it was written for */
static int append_weights(sd_bus_message *reply, const struct mp_conf *conf)
{
	char key[300];
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < conf->nr_settings; i++) {
		const struct mp_setting *s = &conf->settings[i];

		if (s->scope != MP_SCOPE_CONTROLLER)
			continue;
		snprintf(key, sizeof(key), "%s of %s", s->key, s->match);
		r = append_setting(reply, key, s->value, s);
	}
	return r;
}

static int append_config(sd_bus_message *reply, const struct mp_conf *conf,
			 const struct mp_conf_for *what)
{
	struct mp_effective e;
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(sss)");
	for (i = 0; r >= 0 && mp_conf_effective(conf, what, i, &e); i++)
		r = append_setting(reply, e.key, e.value, e.from);
	if (r >= 0 && !what->wwid)
		r = append_weights(reply, conf);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* A namespace of this map's name or of this wwid; NULL: there is none. */
static const struct mp_ns *meant_ns(const struct view *v, const char *word)
{
	const struct mp_loaded_map *m = bus_map_by_name(v, word);
	size_t i;

	for (i = 0; i < v->topo->nr_ns; i++) {
		const struct mp_ns *ns = &v->topo->ns[i];

		if (m ? mp_map_path(&m->map, ns->major, ns->minor) != NULL : !strcmp(ns->id.wwid, word))
			return ns;
	}
	return NULL;
}

static int manager_config(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	const struct view *v = bus_view(userdata);
	struct mp_conf_for what = { .nqn = NULL };
	const struct mp_ns *ns;
	const char *word;
	int r;

	r = sd_bus_message_read(m, "s", &word);
	if (r < 0)
		return r;
	if (*word) {
		ns = meant_ns(v, word);
		if (!ns)
			return sd_bus_reply_method_errorf(m, ERROR_NO_MAP,
							  "there is no map or namespace %s", word);
		what = mp_conf_for_ns(v->topo, ns);
		what.address = NULL;
	}
	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = append_config(reply, v->conf, &what);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int manager_event_trouble(sd_bus *bus, const char *path, const char *interface,
				 const char *property, sd_bus_message *reply, void *userdata,
				 sd_bus_error *error)
{
	return bus_append_text(reply, bus_view(userdata)->event_trouble);
}

static int manager_config_trouble(sd_bus *bus, const char *path, const char *interface,
				  const char *property, sd_bus_message *reply, void *userdata,
				  sd_bus_error *error)
{
	const char *trouble = bus_view(userdata)->conf->trouble;

	return bus_append_text(reply, trouble ? trouble : "");
}

static int manager_reload(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct busobjects *o = userdata;
	struct mp_err err = { "" };

	if (reconcile_reload(o->rc, &err) < 0)
		return sd_bus_reply_method_errorf(m, ERROR_FAILED, "%s", err.text);
	return sd_bus_reply_method_return(m, "");
}

static int manager_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct busobjects *o = userdata;

	o->subscribe(o, sd_bus_message_get_bus(m));
	return sd_bus_reply_method_return(m, "");
}

const sd_bus_vtable bus_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", manager_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("NativeMultipath", "b", manager_native, 0, 0),
	SD_BUS_PROPERTY("EventTrouble", "s", manager_event_trouble, 0, 0),
	SD_BUS_PROPERTY("ConfigTrouble", "s", manager_config_trouble, 0, 0),
	SD_BUS_PROPERTY("Rejected", "a(ss)", manager_rejected, 0, 0),
	SD_BUS_METHOD("Refresh", "", "", manager_refresh, FOR_ALL),
	SD_BUS_METHOD("Plan", "", "a(ss)", manager_plan, FOR_ALL),
	SD_BUS_METHOD("Config", "s", "a(sss)", manager_config, FOR_ALL),
	SD_BUS_METHOD("Reload", "", "", manager_reload, ROOT_ONLY),
	SD_BUS_METHOD("Subscribe", "", "", manager_subscribe, FOR_ALL),
	SD_BUS_SIGNAL_WITH_NAMES("Event", "tsssss",
				 SD_BUS_PARAM(time_us) SD_BUS_PARAM(kind) SD_BUS_PARAM(map)
				 SD_BUS_PARAM(device) SD_BUS_PARAM(before) SD_BUS_PARAM(after), 0),
	SD_BUS_VTABLE_END
};
