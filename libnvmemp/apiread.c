// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apiread.h"
#include "core/ident.h"

/* A snapshot while it is built: what is handed out is its first member. */
struct path {
	struct nvmemp_path_info info;
	const char *map;		/* object path */
};

struct map {
	struct nvmemp_map_info info;
	const char *object;
};

struct reading {
	struct nvmemp_snapshot info;
	struct mp_arena *arena;
	struct path **paths;
	struct map **maps;
	struct nvmemp_subsystem_info **subsystems;
	size_t nr_paths;
};

/* ---- properties into structures ---- */

struct field {
	const char *name;
	char type;		/* of D-Bus: s, o, b, t, u */
	size_t offset;
};

static const struct field path_fields[] = {
	{ "Map", 'o', offsetof(struct path, map) },
	{ "Device", 's', offsetof(struct path, info.device) },
	{ "Controller", 's', offsetof(struct path, info.controller) },
	{ "Transport", 's', offsetof(struct path, info.transport) },
	{ "Address", 's', offsetof(struct path, info.address) },
	{ "ControllerState", 's', offsetof(struct path, info.controller_state) },
	{ "AnaState", 's', offsetof(struct path, info.ana_state) },
	{ "State", 's', offsetof(struct path, info.state) },
	{ "Preferred", 'b', offsetof(struct path, info.preferred) },
	{ "Current", 'b', offsetof(struct path, info.current) },
	{ "InFlight", 't', offsetof(struct path, info.in_flight) },
	{ "IoCount", 't', offsetof(struct path, info.io_count) },
	{ "ErrorCount", 't', offsetof(struct path, info.error_count) },
	{ "FailoverCount", 't', offsetof(struct path, info.failover_count) },
	{ "RetryCount", 't', offsetof(struct path, info.retry_count) },
	{ "BytesRead", 't', offsetof(struct path, info.bytes_read) },
	{ "BytesWritten", 't', offsetof(struct path, info.bytes_written) },
	{ "PathErrors", 't', offsetof(struct path, info.path_errors) },
	{ "SuspectErrors", 't', offsetof(struct path, info.suspect_errors) },
	{ "BusyErrors", 't', offsetof(struct path, info.busy_errors) },
	{ "CallerErrors", 't', offsetof(struct path, info.caller_errors) },
	{ "MeanLatencyUs", 't', offsetof(struct path, info.mean_latency_us) },
	{ "MaxLatencyUs", 't', offsetof(struct path, info.max_latency_us) },
	{ "SampledCount", 't', offsetof(struct path, info.sampled_count) },
	{ "SampledUs", 't', offsetof(struct path, info.sampled_us) },
	{ }
};

static const struct field map_fields[] = {
	{ "Name", 's', offsetof(struct map, info.name) },
	{ "Uuid", 's', offsetof(struct map, info.uuid) },
	{ "Wwid", 's', offsetof(struct map, info.wwid) },
	{ "Device", 's', offsetof(struct map, info.device) },
	{ "Subsystem", 's', offsetof(struct map, info.subsystem) },
	{ "State", 's', offsetof(struct map, info.state) },
	{ "Policy", 's', offsetof(struct map, info.policy) },
	{ "NoPath", 's', offsetof(struct map, info.no_path) },
	{ "SizeBytes", 't', offsetof(struct map, info.size_bytes) },
	{ "Queued", 't', offsetof(struct map, info.queued) },
	{ "QueuedTotal", 't', offsetof(struct map, info.queued_total) },
	{ "OpenCount", 'u', offsetof(struct map, info.open_count) },
	{ }
};

static const struct field subsys_fields[] = {
	{ "Name", 's', offsetof(struct nvmemp_subsystem_info, name) },
	{ "Nqn", 's', offsetof(struct nvmemp_subsystem_info, nqn) },
	{ "Model", 's', offsetof(struct nvmemp_subsystem_info, model) },
	{ "Serial", 's', offsetof(struct nvmemp_subsystem_info, serial) },
	{ "NativePolicy", 's', offsetof(struct nvmemp_subsystem_info, native_policy) },
	{ }
};

static const struct field manager_fields[] = {
	{ "Version", 's', offsetof(struct nvmemp_snapshot, daemon_version) },
	{ "NativeMultipath", 'b', offsetof(struct nvmemp_snapshot, native_multipath) },
	{ "EventTrouble", 's', offsetof(struct nvmemp_snapshot, event_trouble) },
	{ "ConfigTrouble", 's', offsetof(struct nvmemp_snapshot, config_trouble) },
	{ }
};

/* No text is NULL, also where the daemon leaves a property out. */
static void set_empty(const struct field *fields, void *to)
{
	for (; fields->name; fields++)
		if (fields->type == 's' || fields->type == 'o')
			*(const char **)((char *)to + fields->offset) = "";
}

static int read_field(struct mp_arena *arena, sd_bus_message *m, const struct field *f, void *to)
{
	const char type[2] = { f->type, '\0' };
	void *at = (char *)to + f->offset;
	const char *text;
	int flag, r;

	r = sd_bus_message_enter_container(m, 'v', type);
	if (r < 0)
		return r;
	switch (f->type) {
	case 's':
	case 'o':
		r = sd_bus_message_read_basic(m, f->type, &text);
		if (r > 0) {
			text = mp_arena_strdup(arena, text);
			if (!text)
				return -ENOMEM;
			*(const char **)at = text;
		}
		break;
	case 'b':
		r = sd_bus_message_read_basic(m, 'b', &flag);
		if (r > 0)
			*(bool *)at = flag;
		break;
	default:
		r = sd_bus_message_read_basic(m, f->type, at);
		break;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* An array of structures in a property */
struct array {
	const char *name;
	int (*read)(struct mp_arena *arena, sd_bus_message *m, void *to);
};

/* a{sv}: what fields name goes to its place, what arrays name is read, the rest is skipped */
static int read_properties(struct mp_arena *arena, sd_bus_message *m, const struct field *fields,
			   const struct array *arrays, void *to)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		const struct field *f = fields;
		const struct array *a = arrays;

		r = sd_bus_message_read_basic(m, 's', &name);
		if (r < 0)
			break;
		while (f->name && strcmp(f->name, name))
			f++;
		while (a->name && strcmp(a->name, name))
			a++;
		if (f->name)
			r = read_field(arena, m, f, to);
		else if (a->name)
			r = a->read(arena, m, to);
		else
			r = sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* strings of one structure, copied */
static int read_texts(struct mp_arena *arena, sd_bus_message *m, size_t n, const char **texts)
{
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		r = sd_bus_message_read_basic(m, 's', &texts[i]);
		if (r <= 0)
			return r ? r : -EBADMSG;
		texts[i] = mp_arena_strdup(arena, texts[i]);
		if (!texts[i])
			return -ENOMEM;
	}
	return 0;
}

/* v of a(ss…), each structure into a new block of n texts; their pointers in *ret */
int api_read_text_array(struct mp_arena *arena, sd_bus_message *m, const char *types,
			   void ***ret, size_t *ret_nr)
{
	size_t n = strlen(types);
	void **all = NULL;
	size_t nr = 0;
	int r;

	while ((r = sd_bus_message_enter_container(m, 'r', types)) > 0) {
		const char **texts = mp_arena_alloc(arena, n * sizeof(*texts));

		all = mp_arena_grow(arena, all, nr, sizeof(*all));
		if (!texts || !all)
			return -ENOMEM;
		r = read_texts(arena, m, n, texts);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
		all[nr++] = texts;
	}
	if (r < 0)
		return r;
	*ret = all;
	*ret_nr = nr;
	return 0;
}

static int read_variant_array(struct mp_arena *arena, sd_bus_message *m, const char *types,
			      void ***ret, size_t *ret_nr)
{
	char array[24], element[20];
	int r;

	snprintf(element, sizeof(element), "(%s)", types);
	snprintf(array, sizeof(array), "a%s", element);
	r = sd_bus_message_enter_container(m, 'v', array);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', element);
	if (r >= 0)
		r = api_read_text_array(arena, m, types, ret, ret_nr);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : 0;
}

/* The structures are of texts only, in the order of the signature. */
_Static_assert(sizeof(struct nvmemp_controller_info) == 4 * sizeof(char *), "four texts");
_Static_assert(sizeof(struct nvmemp_native_path_info) == 4 * sizeof(char *), "four texts");
_Static_assert(sizeof(struct nvmemp_reject_info) == 2 * sizeof(char *), "two texts");
_Static_assert(sizeof(struct nvmemp_setting_info) == 3 * sizeof(char *), "three texts");
_Static_assert(sizeof(struct nvmemp_step_info) == 2 * sizeof(char *), "two texts");

static int read_controllers(struct mp_arena *arena, sd_bus_message *m, void *to)
{
	struct nvmemp_subsystem_info *s = to;
	void **all;
	int r = read_variant_array(arena, m, "ssss", &all, &s->nr_controllers);

	if (!r)
		s->controllers = (const void *)all;
	return r;
}

static int read_native_paths(struct mp_arena *arena, sd_bus_message *m, void *to)
{
	struct nvmemp_subsystem_info *s = to;
	void **all;
	int r = read_variant_array(arena, m, "ssss", &all, &s->nr_native_paths);

	if (!r)
		s->native_paths = (const void *)all;
	return r;
}

static int read_rejected(struct mp_arena *arena, sd_bus_message *m, void *to)
{
	struct nvmemp_snapshot *s = to;
	void **all;
	int r = read_variant_array(arena, m, "ss", &all, &s->nr_rejected);

	if (!r)
		s->rejected = (const void *)all;
	return r;
}

static const struct array no_arrays[] = { { } };

static const struct array subsys_arrays[] = {
	{ "Controllers", read_controllers },
	{ "NativePaths", read_native_paths },
	{ }
};

static const struct array manager_arrays[] = {
	{ "Rejected", read_rejected },
	{ }
};

/* ---- objects ---- */

static int read_path(struct reading *rd, sd_bus_message *m)
{
	struct path *p = mp_arena_alloc(rd->arena, sizeof(*p));

	rd->paths = mp_arena_grow(rd->arena, rd->paths, rd->nr_paths, sizeof(*rd->paths));
	if (!p || !rd->paths)
		return -ENOMEM;
	rd->paths[rd->nr_paths++] = p;
	set_empty(path_fields, p);
	return read_properties(rd->arena, m, path_fields, no_arrays, p);
}

static int read_map(struct reading *rd, sd_bus_message *m, const char *object)
{
	struct map *map = mp_arena_alloc(rd->arena, sizeof(*map));

	rd->maps = mp_arena_grow(rd->arena, rd->maps, rd->info.nr_maps, sizeof(*rd->maps));
	if (!map || !rd->maps)
		return -ENOMEM;
	rd->maps[rd->info.nr_maps++] = map;
	set_empty(map_fields, map);
	map->object = mp_arena_strdup(rd->arena, object);
	if (!map->object)
		return -ENOMEM;
	return read_properties(rd->arena, m, map_fields, no_arrays, map);
}

static int read_subsystem(struct reading *rd, sd_bus_message *m)
{
	struct nvmemp_subsystem_info *s = mp_arena_alloc(rd->arena, sizeof(*s));

	rd->subsystems = mp_arena_grow(rd->arena, rd->subsystems, rd->info.nr_subsystems,
				       sizeof(*rd->subsystems));
	if (!s || !rd->subsystems)
		return -ENOMEM;
	rd->subsystems[rd->info.nr_subsystems++] = s;
	set_empty(subsys_fields, s);
	return read_properties(rd->arena, m, subsys_fields, subsys_arrays, s);
}

/* a{sa{sv}} of one object */
static int read_interfaces(struct reading *rd, sd_bus_message *m, const char *object)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		r = sd_bus_message_read_basic(m, 's', &name);
		if (r < 0)
			break;
		if (!strcmp(name, MAP))
			r = read_map(rd, m, object);
		else if (!strcmp(name, PATH))
			r = read_path(rd, m);
		else if (!strcmp(name, SUBSYS))
			r = read_subsystem(rd, m);
		else
			r = sd_bus_message_skip(m, "a{sv}");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_objects(struct reading *rd, sd_bus_message *m)
{
	const char *object;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
		r = sd_bus_message_read_basic(m, 'o', &object);
		if (r >= 0)
			r = read_interfaces(rd, m, object);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Those of one map stand together, in order. */
static int path_cmp(const void *a, const void *b)
{
	const struct path *x = *(struct path *const *)a, *y = *(struct path *const *)b;
	int r = strcmp(x->map, y->map);

	return r ? r : mp_name_cmp(x->info.device, y->info.device);
}

/* Index of the first path of this map, or of what stands where it would */
static size_t first_path(const struct reading *rd, const char *map)
{
	size_t from = 0, to = rd->nr_paths;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(rd->paths[middle]->map, map) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return to;
}

static int map_cmp(const void *a, const void *b)
{
	return mp_name_cmp((*(struct map *const *)a)->info.name,
			   (*(struct map *const *)b)->info.name);
}

static int subsystem_cmp(const void *a, const void *b)
{
	return mp_name_cmp((*(struct nvmemp_subsystem_info *const *)a)->name,
			   (*(struct nvmemp_subsystem_info *const *)b)->name);
}

/* Paths below their maps, everything in order */
static int join(struct reading *rd)
{
	size_t i, j;

	if (rd->nr_paths)
		qsort(rd->paths, rd->nr_paths, sizeof(*rd->paths), path_cmp);
	if (rd->info.nr_maps)
		qsort(rd->maps, rd->info.nr_maps, sizeof(*rd->maps), map_cmp);
	if (rd->info.nr_subsystems)
		qsort(rd->subsystems, rd->info.nr_subsystems, sizeof(*rd->subsystems), subsystem_cmp);
	for (i = 0; i < rd->info.nr_maps; i++) {
		struct nvmemp_map_info *info = &rd->maps[i]->info;
		const struct nvmemp_path_info **paths = NULL;

		for (j = first_path(rd, rd->maps[i]->object); j < rd->nr_paths &&
		     !strcmp(rd->paths[j]->map, rd->maps[i]->object); j++) {
			paths = mp_arena_grow(rd->arena, paths, info->nr_paths, sizeof(*paths));
			if (!paths)
				return -ENOMEM;
			paths[info->nr_paths++] = &rd->paths[j]->info;
		}
		info->paths = paths;
	}
	rd->info.maps = (const void *)rd->maps;
	rd->info.subsystems = (const void *)rd->subsystems;
	return 0;
}

int api_read_snapshot(sd_bus_message *manager, sd_bus_message *objects,
		      const struct nvmemp_snapshot **ret_snapshot)
{
	struct mp_arena *arena = mp_arena_new();
	struct reading *rd = arena ? mp_arena_alloc(arena, sizeof(*rd)) : NULL;
	int r = -ENOMEM;

	if (rd) {
		rd->arena = arena;
		set_empty(manager_fields, &rd->info);
		r = read_properties(arena, manager, manager_fields, manager_arrays, &rd->info);
	}
	if (r >= 0)
		r = read_objects(rd, objects);
	if (r >= 0)
		r = join(rd);
	if (r < 0) {
		mp_arena_free(arena);
		return r;
	}
	*ret_snapshot = &rd->info;
	return 0;
}

EXPORT void nvmemp_snapshot_free(const struct nvmemp_snapshot *snapshot)
{
	if (snapshot)
		mp_arena_free(((const struct reading *)snapshot)->arena);
}
