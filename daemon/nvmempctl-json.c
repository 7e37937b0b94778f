// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "nvmempctl.h"

/*
 * json-c takes any of these as the member of an object or array, and says with
 * its return value where memory is lacking; one flag for all is enough here.
 */
static bool lacking;

static struct json_object *checked(struct json_object *o)
{
	lacking = lacking || !o;
	return o;
}

static void add(struct json_object *to, const char *key, struct json_object *value)
{
	if (checked(value) && to && json_object_object_add(to, key, value))
		lacking = true;
}

static void text(struct json_object *to, const char *key, const char *value)
{
	add(to, key, json_object_new_string(value));
}

static void number(struct json_object *to, const char *key, uint64_t value)
{
	add(to, key, json_object_new_uint64(value));
}

static void flag(struct json_object *to, const char *key, bool value)
{
	add(to, key, json_object_new_boolean(value));
}

static void append(struct json_object *array, struct json_object *value)
{
	if (checked(value) && array && json_object_array_add(array, value))
		lacking = true;
}

static struct json_object *path_object(const struct nvmemp_path_info *p)
{
	struct json_object *o = checked(json_object_new_object());

	text(o, "device", p->device);
	text(o, "controller", p->controller);
	text(o, "transport", p->transport);
	text(o, "address", p->address);
	text(o, "controller_state", p->controller_state);
	text(o, "ana_state", p->ana_state);
	text(o, "state", p->state);
	flag(o, "preferred", p->preferred);
	flag(o, "current", p->current);
	number(o, "in_flight", p->in_flight);
	number(o, "io_count", p->io_count);
	number(o, "error_count", p->error_count);
	number(o, "failover_count", p->failover_count);
	number(o, "retry_count", p->retry_count);
	number(o, "bytes_read", p->bytes_read);
	number(o, "bytes_written", p->bytes_written);
	number(o, "path_errors", p->path_errors);
	number(o, "suspect_errors", p->suspect_errors);
	number(o, "busy_errors", p->busy_errors);
	number(o, "caller_errors", p->caller_errors);
	number(o, "mean_latency_us", p->mean_latency_us);
	number(o, "max_latency_us", p->max_latency_us);
	number(o, "sampled_count", p->sampled_count);
	number(o, "sampled_us", p->sampled_us);
	return o;
}

static struct json_object *map_object(const struct nvmemp_map_info *m)
{
	struct json_object *o = checked(json_object_new_object());
	struct json_object *paths = json_object_new_array();
	size_t i;

	text(o, "name", m->name);
	text(o, "uuid", m->uuid);
	text(o, "device", m->device);
	text(o, "wwid", m->wwid);
	text(o, "subsystem", m->subsystem);
	number(o, "size_bytes", m->size_bytes);
	text(o, "state", m->state);
	text(o, "policy", m->policy);
	text(o, "no_path", m->no_path);
	number(o, "queued", m->queued);
	number(o, "queued_total", m->queued_total);
	number(o, "open_count", m->open_count);
	for (i = 0; i < m->nr_paths; i++)
		append(paths, path_object(m->paths[i]));
	add(o, "paths", paths);
	return o;
}

static struct json_object *native_path_object(const struct nvmemp_native_path_info *p)
{
	struct json_object *o = checked(json_object_new_object());

	text(o, "device", p->device);
	text(o, "namespace", p->ns);
	text(o, "controller", p->controller);
	text(o, "ana_state", p->ana_state);
	return o;
}

static struct json_object *subsystem_object(const struct nvmemp_subsystem_info *s)
{
	struct json_object *o = checked(json_object_new_object());
	struct json_object *controllers = json_object_new_array();
	struct json_object *native_paths = json_object_new_array();
	size_t i;

	text(o, "name", s->name);
	text(o, "nqn", s->nqn);
	text(o, "model", s->model);
	text(o, "serial", s->serial);
	text(o, "native_policy", s->native_policy);
	for (i = 0; i < s->nr_controllers; i++) {
		struct json_object *c = checked(json_object_new_object());

		text(c, "name", s->controllers[i]->name);
		text(c, "state", s->controllers[i]->state);
		text(c, "transport", s->controllers[i]->transport);
		text(c, "address", s->controllers[i]->address);
		append(controllers, c);
	}
	for (i = 0; i < s->nr_native_paths; i++)
		append(native_paths, native_path_object(s->native_paths[i]));
	add(o, "controllers", controllers);
	add(o, "native_paths", native_paths);
	return o;
}

static int print(struct json_object *root)
{
	const char *s = root && !lacking ?
		json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	if (s)
		puts(s);
	json_object_put(root);
	return s ? 0 : -ENOMEM;
}

int print_map_json(const struct nvmemp_map_info *m)
{
	return print(map_object(m));
}

int print_json(const struct nvmemp_snapshot *s)
{
	struct json_object *root = checked(json_object_new_object());
	struct json_object *maps = json_object_new_array();
	struct json_object *subsystems = json_object_new_array();
	struct json_object *rejected = json_object_new_array();
	size_t i;

	text(root, "version", s->daemon_version);
	flag(root, "native_multipath", s->native_multipath);
	text(root, "event_trouble", s->event_trouble);
	text(root, "config_trouble", s->config_trouble);
	for (i = 0; i < s->nr_maps; i++)
		append(maps, map_object(s->maps[i]));
	for (i = 0; i < s->nr_subsystems; i++)
		append(subsystems, subsystem_object(s->subsystems[i]));
	for (i = 0; i < s->nr_rejected; i++) {
		struct json_object *o = checked(json_object_new_object());

		text(o, "device", s->rejected[i]->device);
		text(o, "reason", s->rejected[i]->reason);
		append(rejected, o);
	}
	add(root, "maps", maps);
	add(root, "subsystems", subsystems);
	add(root, "rejected", rejected);
	return print(root);
}

int print_config_json(const struct nvmemp_config *config)
{
	struct json_object *root = checked(json_object_new_object());
	struct json_object *settings = json_object_new_array();
	size_t i;

	for (i = 0; i < config->nr_settings; i++) {
		struct json_object *o = checked(json_object_new_object());

		text(o, "key", config->settings[i]->key);
		text(o, "value", config->settings[i]->value);
		text(o, "origin", config->settings[i]->origin);
		append(settings, o);
	}
	add(root, "settings", settings);
	return print(root);
}

int print_plan_json(const struct nvmemp_plan *plan)
{
	struct json_object *root = checked(json_object_new_object());
	struct json_object *steps = json_object_new_array();
	size_t i;

	for (i = 0; i < plan->nr_steps; i++) {
		struct json_object *o = checked(json_object_new_object());

		text(o, "step", plan->steps[i]->step);
		text(o, "reason", plan->steps[i]->reason);
		append(steps, o);
	}
	add(root, "steps", steps);
	return print(root);
}

int print_findings_json(const struct findings *f)
{
	struct json_object *root = checked(json_object_new_object());
	struct json_object *findings = json_object_new_array();
	size_t i;

	for (i = 0; i < f->nr; i++) {
		struct json_object *o = checked(json_object_new_object());

		text(o, "severity", f->list[i].problem ? "problem" : "warning");
		text(o, "check", f->list[i].check);
		text(o, "text", f->list[i].text);
		text(o, "remedy", f->list[i].remedy);
		append(findings, o);
	}
	add(root, "findings", findings);
	return print(root);
}
