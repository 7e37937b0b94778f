// SPDX-License-Identifier: GPL-2.0
/* Objects on the bus: properties from the view, methods to reconcile. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "busobjects.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/dump.h"
#include "core/plan.h"
#include "core/topo.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

#define SUBSYS_PATH	BUS_ROOT_PATH "/subsystem"
#define SUBSYS_IFACE	"org.nvmemp1.Subsystem"
#define ERROR_NO_MAP	"org.nvmemp1.Error.NoSuchMap"
#define ERROR_NO_PATH	"org.nvmemp1.Error.NoSuchPath"
#define ERROR_FAILED	"org.nvmemp1.Error.Failed"

#define ROOT_ONLY	SD_BUS_VTABLE_CAPABILITY(CAP_SYS_ADMIN)
#define FOR_ALL		SD_BUS_VTABLE_UNPRIVILEGED

static void cleanup_free(void *p)
{
	free(*(void **)p);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_free)))

static const struct view *view_of(const struct busobjects *o)
{
	return reconcile_view(o->rc);
}

/*
 * D-Bus takes nothing but UTF-8, and what a target calls itself may be anything:
 * one bad byte must not make all objects unreadable.
 */
static int append_text(sd_bus_message *reply, const char *text)
{
	size_t size = 4 * strlen(text) + 8;	/* mp_dump_escape stops early */
	AUTO_FREE char *safe = malloc(size);

	if (!safe)
		return -ENOMEM;
	mp_dump_escape(text, safe, size);
	return sd_bus_message_append(reply, "s", safe);
}

/* A structure of texts; types has one s for each. */
static int append_texts(sd_bus_message *reply, const char *types, const char *const *texts)
{
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'r', types);
	for (i = 0; r >= 0 && types[i]; i++)
		r = append_text(reply, texts[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_pair(sd_bus_message *reply, const char *a, const char *b)
{
	const char *const texts[] = { a, b };

	return append_texts(reply, "ss", texts);
}

/* ---- what is where ---- */

static const struct mp_loaded_map *map_by_name(const struct view *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->loaded->nr_maps; i++)
		if (strcmp(v->loaded->maps[i].map.name, name) == 0)
			return &v->loaded->maps[i];
	return NULL;
}

static const struct mp_path *found_path(const struct busobjects *o)
{
	return &o->map->map.paths[o->path];
}

/* NULL: the status line was not read, or says nothing of this path. */
static const struct mp_path_status *found_status(const struct busobjects *o)
{
	const struct mp_path *p = found_path(o);
	size_t i;

	for (i = 0; i < o->map->status.nr_paths; i++) {
		const struct mp_path_status *s = &o->map->status.paths[i];

		if (s->major == p->major && s->minor == p->minor)
			return s;
	}
	return NULL;
}

static const struct mp_ctrl *ctrl_of(const struct view *v, const struct mp_path *path)
{
	int ns = mp_topo_find_devno(v->topo, path->major, path->minor);

	return ns >= 0 ? &v->topo->ctrls[v->topo->ns[ns].ctrl] : NULL;
}

/* A map is of the subsystem of its first path whose controller is there. */
static const char *map_nqn(const struct view *v, const struct mp_loaded_map *m)
{
	size_t i;

	for (i = 0; i < m->map.nr_paths; i++) {
		const struct mp_ctrl *ctrl = ctrl_of(v, &m->map.paths[i]);

		if (ctrl)
			return ctrl->nqn;
	}
	return "";
}

/* ---- manager ---- */

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
	return sd_bus_message_append(reply, "b", (int)view_of(userdata)->topo->native);
}

static int manager_rejected(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct mp_desired *d = view_of(userdata)->desired;
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(ss)");
	for (i = 0; r >= 0 && i < d->nr_rejects; i++)
		r = append_pair(reply, d->rejects[i].device, d->rejects[i].reason);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* The client's message, kept until the answer is there. */
static void reply_done(void *context, enum request_outcome outcome, const struct mp_err *err)
{
	static const char *const names[] = {
		[REQUEST_NO_MAP] = ERROR_NO_MAP,
		[REQUEST_NO_PATH] = ERROR_NO_PATH,
		[REQUEST_FAILED] = ERROR_FAILED,
		[REQUEST_BAD_VALUE] = SD_BUS_ERROR_INVALID_ARGS,
	};
	sd_bus_message *m = context;

	if (outcome == REQUEST_DONE)
		sd_bus_reply_method_return(m, "");
	else
		sd_bus_reply_method_errorf(m, names[outcome], "%s", err->text);
	sd_bus_message_unref(m);
}

static int forward(struct busobjects *o, sd_bus_message *m, const struct request *what)
{
	struct request request = *what;

	request.done = reply_done;
	request.context = sd_bus_message_ref(m);
	reconcile_request(o->rc, &request);
	return 1;
}

static int manager_refresh(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct request request = { .kind = REQUEST_REFRESH, .map = "", .path = "" };

	return forward(userdata, m, &request);
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
	return append_texts(reply, "sss", texts);
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
	const struct mp_loaded_map *m = map_by_name(v, word);
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
	const struct view *v = view_of(userdata);
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
	return append_text(reply, view_of(userdata)->event_trouble);
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

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", manager_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("NativeMultipath", "b", manager_native, 0, 0),
	SD_BUS_PROPERTY("EventTrouble", "s", manager_event_trouble, 0, 0),
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

/* ---- maps ---- */

/*
 * Who asks for all objects gets them in the order of their nodes, so the next one is
 * looked for first behind the last.
 */
static const struct mp_loaded_map *next_map(struct busobjects *o, const char *name)
{
	const struct mp_loaded *l = view_of(o)->loaded;
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
		value = map_nqn(view_of(o), m);
	else if (strcmp(property, "State") == 0)
		value = map_state(m);
	else if (strcmp(property, "Policy") == 0)
		value = mp_policy_word(m->map.policy);
	else if (strcmp(property, "NoPath") == 0)
		value = mp_no_path_print(m->map.no_path, text);
	else
		snprintf(text, sizeof(text), "dm-%u", m->minor);
	return append_text(reply, value);
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
	return r < 0 ? r : forward(o, m, &request);
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

	return forward(o, m, &request);
}

static int map_teardown(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct busobjects *o = userdata;
	const struct request request = {
		.kind = REQUEST_TEARDOWN, .map = o->map->map.name, .path = "",
	};

	return forward(o, m, &request);
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

/* sd-bus would answer UnknownObject for a map that is not there; we promised a name of our own. */
static int no_such_map(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(m);
	AUTO_FREE char *name = NULL;
	struct busobjects *o = userdata;

	if (!sd_bus_message_is_method_call(m, BUS_MAP_IFACE, NULL) ||
	    sd_bus_path_decode(path, BUS_MAP_PATH, &name) <= 0 || map_by_name(view_of(o), name))
		return 0;
	return sd_bus_reply_method_errorf(m, ERROR_NO_MAP, "there is no map %s", name);
}

/* A list of object paths that the caller frees, as sd_bus_node_enumerator_t wants it. */
struct nodes {
	char **paths;
	size_t nr;
	int r;
};

static void add_node(struct nodes *n, const char *prefix, const char *name)
{
	char **p, *path = NULL;

	if (n->r < 0)
		return;
	p = realloc(n->paths, (n->nr + 2) * sizeof(*p));
	if (p)
		n->paths = p;
	n->r = p ? sd_bus_path_encode(prefix, name, &path) : -ENOMEM;
	if (n->r < 0)
		return;
	p[n->nr++] = path;
	p[n->nr] = NULL;
}

static int give_nodes(struct nodes *n, char ***ret)
{
	if (n->r < 0) {
		while (n->nr > 0)
			free(n->paths[--n->nr]);
		free(n->paths);
		return n->r;
	}
	*ret = n->paths;
	return 0;
}

static int map_nodes(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
		     sd_bus_error *error)
{
	const struct view *v = view_of(userdata);
	struct nodes n = { NULL };
	size_t i;

	for (i = 0; i < v->loaded->nr_maps; i++)
		add_node(&n, BUS_MAP_PATH, v->loaded->maps[i].map.name);
	return give_nodes(&n, ret_nodes);
}

/* ---- paths ---- */

static int path_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		     void **ret_found, sd_bus_error *error)
{
	AUTO_FREE char *name = NULL;
	struct busobjects *o = userdata;
	const struct mp_loaded *l = view_of(o)->loaded;
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
		text = ctrl_string(ctrl_of(view_of(o), p), property);
	return append_text(reply, text);
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
	const struct view *v = view_of(userdata);
	struct nodes n = { NULL };
	size_t i, j;

	for (i = 0; i < v->loaded->nr_maps; i++)
		for (j = 0; j < v->loaded->maps[i].map.nr_paths; j++)
			add_node(&n, BUS_PATH_PATH, v->loaded->maps[i].map.paths[j].name);
	return give_nodes(&n, ret_nodes);
}

/* ---- subsystems ---- */

static int subsys_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		       void **ret_found, sd_bus_error *error)
{
	AUTO_FREE char *name = NULL;
	struct busobjects *o = userdata;
	const struct mp_topo *t = view_of(o)->topo;
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
	return append_text(reply, text);
}

static int append_ctrl(sd_bus_message *reply, const struct mp_ctrl *c)
{
	const char *const texts[] = { c->name, c->state, c->transport, c->address };

	return append_texts(reply, "ssss", texts);
}

static int append_native_path(sd_bus_message *reply, const struct mp_topo *t,
			      const struct mp_native_path *p)
{
	const char *const texts[] = { p->name, p->ns, t->ctrls[p->ctrl].name, p->ana };

	return append_texts(reply, "ssss", texts);
}

static int subsys_native_paths(sd_bus *bus, const char *path, const char *interface,
			       const char *property, sd_bus_message *reply, void *userdata,
			       sd_bus_error *error)
{
	const struct busobjects *o = userdata;
	const struct mp_topo *t = view_of(o)->topo;
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
	const struct mp_topo *t = view_of(o)->topo;
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
	const struct mp_topo *t = view_of(userdata)->topo;
	struct nodes n = { NULL };
	size_t i;

	for (i = 0; i < t->nr_subsys; i++)
		add_node(&n, SUBSYS_PATH, t->subsys[i].name);
	return give_nodes(&n, ret_nodes);
}

/* ---- all of them ---- */

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

struct family {
	const char *prefix;
	const char *interface;
	const sd_bus_vtable *vtable;
	sd_bus_object_find_t find;
	sd_bus_node_enumerator_t nodes;
};

static const struct family families[] = {
	{ BUS_MAP_PATH, BUS_MAP_IFACE, map_vtable, map_find, map_nodes },
	{ BUS_PATH_PATH, BUS_PATH_IFACE, path_vtable, path_find, path_nodes },
	{ SUBSYS_PATH, SUBSYS_IFACE, subsys_vtable, subsys_find, subsys_nodes },
};

int busobjects_add(struct busobjects *o, sd_bus *peer)
{
	const struct family *f = families;
	size_t i;
	int r;

	r = sd_bus_add_object_manager(peer, NULL, BUS_ROOT_PATH);
	if (r >= 0)
		r = sd_bus_add_object_vtable(peer, NULL, BUS_ROOT_PATH, BUS_MANAGER_IFACE, manager_vtable, o);
	if (r >= 0)
		r = sd_bus_add_object_vtable(peer, NULL, "/org/freedesktop/DBus",
					     "org.freedesktop.DBus", bus_vtable, o);
	if (r >= 0)
		r = sd_bus_add_fallback(peer, NULL, BUS_MAP_PATH, no_such_map, o);
	for (i = 0; r >= 0 && i < sizeof(families) / sizeof(families[0]); i++, f++) {
		r = sd_bus_add_fallback_vtable(peer, NULL, f->prefix, f->interface, f->vtable,
					       f->find, o);
		if (r >= 0)
			r = sd_bus_add_node_enumerator(peer, NULL, f->prefix, f->nodes, o);
	}
	return r;
}
