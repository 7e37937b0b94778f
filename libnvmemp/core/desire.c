// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/err.h"
#include "core/ident.h"
#include "core/loaded.h"
#include "core/lookup.h"
#include "nvmemp_uapi.h"

/*
 * A map has 32 paths, and a clone or two may have its wwid. Where more namespaces say
 * that they are the same one, to compare each with each would take for ever.
 */
#define SAME_WWID_MAX	(8 * NVMEMP_MAX_PATHS)

/* A namespace on its way into a map, or out with a reason */
struct candidate {
	const struct mp_ns *ns;
	const struct mp_ctrl *ctrl;
	struct mp_prefs prefs;
	char uuid[MP_DM_UUID_SIZE];
	const struct mp_loaded_map *loaded;	/* the map of this uuid, if there is one */
	const struct mp_path *in_table;		/* this path in that map, if it is one */
	bool rejected;
};

struct build {
	const struct mp_topo *topo;
	const struct mp_conf *conf;
	const struct mp_loaded *loaded;
	struct mp_desired *d;
	struct mp_lookup lookup;
	struct candidate *c;		/* by uuid, then by name */
	size_t nr;
};

static int map_cmp(const void *a, const void *b)
{
	const struct mp_map *x = a, *y = b;

	return strcmp(x->uuid, y->uuid);
}

const struct mp_map *mp_desired_find(const struct mp_desired *desired, const char *uuid)
{
	const struct mp_map key = { .uuid = uuid };

	return desired->nr_maps ? bsearch(&key, desired->maps, desired->nr_maps, sizeof(key), map_cmp) :
				  NULL;
}

static int uuid_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool mp_desired_is_present(const struct mp_desired *desired, const char *uuid)
{
	return desired->nr_present && bsearch(&uuid, desired->present, desired->nr_present,
					      sizeof(uuid), uuid_cmp);
}

__attribute__((format(printf, 3, 4)))
static int reject(struct mp_desired *d, const char *device, const char *fmt, ...)
{
	struct mp_reject *r;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->rejects = mp_arena_grow(d->arena, d->rejects, d->nr_rejects, sizeof(*r));
	if (!d->rejects)
		return -ENOMEM;
	r = &d->rejects[d->nr_rejects++];
	r->device = mp_arena_strdup(d->arena, device);
	r->reason = mp_arena_strdup(d->arena, text);
	return r->device && r->reason ? 0 : -ENOMEM;
}

static bool going_away(const struct mp_ns *ns, const struct mp_ctrl *c)
{
	return !ns->size_sectors || !strncmp(c->state, "deleting", 8) || !strcmp(c->state, "dead");
}

const char *mp_desire_unfit(const struct mp_topo *topo, const struct mp_ns *ns,
			    const struct mp_prefs *prefs)
{
	const struct mp_ctrl *c = &topo->ctrls[ns->ctrl];

	if (topo->native)
		return "native NVMe multipath is on";
	if (prefs->ignore)
		return "ignored by the configuration";
	if (*ns->bad)
		return ns->bad;
	if (!c->identified || !ns->identified)
		return *ns->unread ? ns->unread : "not identified yet";
	if (!c->multi_ctrl)
		return "its subsystem can have one controller only";
	if (!ns->shared)
		return "it is private to one controller";
	if (*ns->holder)
		return ns->holder;
	if (going_away(ns, c))
		return "it is being removed";
	return NULL;
}

/*
 * A path in use stays while nobody has asked its controller again, and when
 * somebody stacks something else on it: to take it from the map would help
 * neither.
 */
static bool keeps_its_place(const struct candidate *c)
{
	if (!c->in_table || *c->ns->bad || c->prefs.ignore || going_away(c->ns, c->ctrl))
		return false;
	if (!c->ctrl->identified || !c->ns->identified)
		return true;
	return c->ctrl->multi_ctrl && c->ns->shared && *c->ns->holder;
}

/* Its controller will say who it is. */
static bool will_be_known(const struct build *b, const struct mp_ns *ns)
{
	return !ns->identified && !*ns->unread && !*ns->bad &&
	       !strcmp(b->topo->ctrls[ns->ctrl].state, "live");
}

/* Positive: rejected */
static int object(struct build *b, const struct candidate *c, const char *why, const char *what)
{
	int r = reject(b->d, c->ns->name, "%s%s", why, what);

	return r ? r : 1;
}

/*
 * Positive: the namespace's other paths have something against a new map. One that
 * is mounted on a bare path could be mounted twice, and who has a path may only be
 * known when the map would take it: so the map waits for those that can be asked.
 */
static int others_object(struct build *b, const struct candidate *c)
{
	const struct mp_ns *const *others;
	size_t i, n;

	others = mp_lookup_wwid(&b->lookup, c->ns->id.wwid, &n);
	for (i = 0; i < n; i++) {
		const struct mp_ns *o = others[i];

		if (o == c->ns || strcmp(b->topo->ctrls[o->ctrl].nqn, c->ctrl->nqn))
			continue;
		if (*o->holder)
			return object(b, c, "its namespace is in use: ", o->holder);
		if (will_be_known(b, o))
			return object(b, c, "waits for the other path: ", o->name);
	}
	return 0;
}

static int note_intruders(struct build *b, const struct mp_ns *ns, const char *uuid)
{
	struct mp_desired *d = b->d;
	const struct mp_place *place;
	size_t i, n;

	place = mp_lookup_number(&b->lookup, ns->major, ns->minor, &n);
	for (i = 0; i < n; i++) {
		const struct mp_loaded_map *l = place[i].map;
		struct mp_intruder *in;

		if (!ns->size_sectors || (!ns->replaced && !strcmp(l->map.uuid, uuid)))
			continue;
		d->intruders = mp_arena_grow(d->arena, d->intruders, d->nr_intruders, sizeof(*in));
		if (!d->intruders)
			return -ENOMEM;
		in = &d->intruders[d->nr_intruders++];
		*in = (struct mp_intruder){
			.uuid = mp_arena_strdup(d->arena, l->map.uuid),
			.name = mp_arena_strdup(d->arena, ns->name),
			.major = ns->major,
			.minor = ns->minor,
		};
		if (!in->uuid || !in->name)
			return -ENOMEM;
	}
	return 0;
}

/* The namespace of another subsystem than the map of this uuid was made of */
static bool is_twin(const struct candidate *c)
{
	return c->loaded && mp_loaded_nqn_known(c->loaded) && strcmp(c->loaded->nqn, c->ctrl->nqn);
}

static int note_present(struct build *b, const struct candidate *c)
{
	struct mp_desired *d = b->d;

	if (going_away(c->ns, c->ctrl) || c->ns->replaced || is_twin(c))
		return 0;
	d->present = mp_arena_grow(d->arena, d->present, d->nr_present, sizeof(*d->present));
	if (!d->present)
		return -ENOMEM;
	d->present[d->nr_present] = mp_arena_strdup(d->arena, c->uuid);
	return d->present[d->nr_present++] ? 0 : -ENOMEM;
}

/* For a map that is not there yet, which more may keep from being made */
static int add_new(struct build *b, const struct candidate *c)
{
	int r;

	if (mp_conf_is_torn(b->conf, c->uuid))
		return reject(b->d, c->ns->name, "its map was torn down: reload nvmempd to have it again");
	if (b->conf->unsure)
		return reject(b->d, c->ns->name, "the configuration may say to ignore it: %s", b->conf->trouble);
	r = others_object(b, c);
	if (r)
		return r < 0 ? r : 0;
	b->c[b->nr++] = *c;
	return 0;
}

/*
 * What was left out of the configuration may be what the loaded map has, and is not
 * taken from it: only what was said by hand changes it.
 */
static void keep_settings(const struct build *b, struct candidate *c)
{
	const char *wwid = c->ns->id.wwid;
	const struct mp_map *have;

	if (!b->conf->trouble || !c->loaded || !c->loaded->has_table || *c->loaded->bad)
		return;
	have = &c->loaded->map;
	if (!mp_conf_is_by_hand(b->conf, wwid, "policy"))
		c->prefs.policy = have->policy;
	if (!mp_conf_is_by_hand(b->conf, wwid, "no_path"))
		c->prefs.no_path = have->no_path;
	memcpy(c->prefs.features, have->features, sizeof(have->features));
	c->prefs.alias = have->name;
	if (c->in_table)
		c->prefs.weight = c->in_table->weight;
}

static int add_candidate(struct build *b, const struct mp_ns *ns)
{
	struct candidate c = { .ns = ns, .ctrl = &b->topo->ctrls[ns->ctrl] };
	const struct mp_conf_for what = mp_conf_for_ns(b->topo, ns);
	struct mp_err err = { "" };
	const char *why;
	size_t n;
	int r;

	mp_conf_resolve(b->conf, &what, &c.prefs);
	if (mp_ident_dm_uuid(ns->id.wwid, c.uuid, &err))
		return reject(b->d, ns->name, "%s", *ns->bad ? ns->bad : err.text);
	c.loaded = mp_loaded_find(b->loaded, c.uuid);
	if (c.loaded)
		c.in_table = mp_map_path(&c.loaded->map, ns->major, ns->minor);
	keep_settings(b, &c);
	r = note_intruders(b, ns, c.uuid);
	if (!r)
		r = note_present(b, &c);
	if (r)
		return r;
	why = mp_desire_unfit(b->topo, ns, &c.prefs);
	if (why && !keeps_its_place(&c))
		return going_away(ns, c.ctrl) && !*ns->bad ? 0 : reject(b->d, ns->name, "%s", why);
	mp_lookup_wwid(&b->lookup, ns->id.wwid, &n);
	if (n > SAME_WWID_MAX && !c.in_table)
		return reject(b->d, ns->name, "%zu namespaces have its wwid", n);
	if (!c.loaded || !c.loaded->has_table)
		return add_new(b, &c);
	b->c[b->nr++] = c;
	return 0;
}

static int candidate_cmp(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int r = strcmp(x->uuid, y->uuid);

	return r ? r : mp_name_cmp(x->ns->name, y->ns->name);
}

/* What keeps two namespaces of one wwid from being one; NULL: nothing. Sizes come later. */
static const char *differs(const struct candidate *a, const struct candidate *b)
{
	const struct mp_ns *x = a->ns, *y = b->ns;
	bool both = x->identified && y->identified;	/* else sysfs has to do */
	const char *what;

	if (strcmp(a->ctrl->nqn, b->ctrl->nqn))
		return "subsystem NQN";
	if (x->nsid != y->nsid)
		return "NSID";
	if (x->block_size != y->block_size)
		return "block size";
	what = mp_ident_differs(&x->id, &y->id);
	if (what && (both || strcmp(what, "command set")))
		return what;
	if (!both)
		return NULL;	/* it keeps the place that it had when it was identified */
	if (x->metadata_size != y->metadata_size)
		return "metadata size";
	return x->pi_type != y->pi_type ? "protection type" : NULL;
}

static void value_of(const struct candidate *c, const char *what, char buf[300])
{
	const struct mp_ns *ns = c->ns;

	if (!strcmp(what, "subsystem NQN"))
		snprintf(buf, 300, "%.240s", c->ctrl->nqn);
	else if (!strcmp(what, "NSID"))
		snprintf(buf, 300, "%u", ns->nsid);
	else if (!strcmp(what, "block size"))
		snprintf(buf, 300, "%u", ns->block_size);
	else if (!strcmp(what, "metadata size"))
		snprintf(buf, 300, "%u", ns->metadata_size);
	else if (!strcmp(what, "protection type"))
		snprintf(buf, 300, "%u", ns->pi_type);
	else if (!strcmp(what, "command set"))
		snprintf(buf, 300, "%u", ns->id.csi);
	else if (!strcmp(what, "size"))
		snprintf(buf, 300, "%llu sectors", (unsigned long long)ns->size_sectors);
	else if (!strcmp(what, "wwid"))
		snprintf(buf, 300, "%.240s", ns->id.wwid);
	else if (!strcmp(what, "UUID"))
		mp_ident_uuid_print(ns->id.uuid, buf);
	else if (!strcmp(what, "NGUID"))
		mp_ident_uuid_print(ns->id.nguid, buf);
	else
		mp_ident_eui_print(ns->id.eui64, buf);
}

static int reject_twin(struct build *b, struct candidate *c)
{
	if (c->rejected)
		return 0;
	c->rejected = true;
	return reject(b->d, c->ns->name, "subsystem NQN %s, but the map of this wwid is of %s",
		      c->ctrl->nqn, c->loaded->nqn);
}

static int reject_for(struct build *b, struct candidate *c, const struct candidate *other,
		      const char *what)
{
	char mine[300], theirs[300];

	if (c->rejected)
		return 0;
	c->rejected = true;
	value_of(c, what, mine);
	value_of(other, what, theirs);
	return reject(b->d, c->ns->name, "%s %s, but %s has %s", what, mine, other->ns->name, theirs);
}

/*
 * One of the group must be right to be the measure of the others: a path of the
 * loaded map. Without one nobody knows, and all that disagree stay out. A map
 * that has lost all its paths still has its subsystem.
 */
static int agree(struct build *b, struct candidate *from, struct candidate *to)
{
	struct candidate *ref = NULL, *c, *other;
	const char *what;
	int r = 0;

	for (c = from; c < to && !r; c++)
		if (is_twin(c))
			r = reject_twin(b, c);
	for (c = from; c < to && !ref; c++)
		if (c->in_table && c->ns->identified && !c->rejected)
			ref = c;
	for (c = from; c < to && !r; c++) {
		for (other = ref ? ref : from; other < (ref ? ref + 1 : to) && !r; other++) {
			what = other == c || is_twin(other) ? NULL : differs(c, other);
			if (what)
				r = reject_for(b, c, other, what);
		}
	}
	return r;
}

static int nsid_cmp(const void *a, const void *b)
{
	const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;

	if (x->ns->nsid != y->ns->nsid)
		return x->ns->nsid < y->ns->nsid ? -1 : 1;
	return strcmp(x->ctrl->nqn, y->ctrl->nqn);
}

/* Candidates of one NSID in one subsystem */
static int agree_within(struct build *b, struct candidate **from, struct candidate **to)
{
	struct candidate **c, **o;
	int r = 0;

	for (c = from; c < to; c++)
		for (o = from; o < to && !r && !(*c)->in_table && !(*c)->rejected; o++)
			if (strcmp((*c)->uuid, (*o)->uuid))
				r = reject_for(b, *c, *o, "wwid");
	return r;
}

/* Shared namespaces with one NSID in one subsystem are one namespace, or something is wrong. */
static int agree_on_nsid(struct build *b)
{
	struct candidate **by_nsid, **from, **to, **end;
	size_t i;
	int r = 0;

	by_nsid = mp_arena_alloc(b->d->arena, (b->nr + 1) * sizeof(*by_nsid));
	if (!by_nsid)
		return -ENOMEM;
	for (i = 0; i < b->nr; i++)
		by_nsid[i] = &b->c[i];
	qsort(by_nsid, b->nr, sizeof(*by_nsid), nsid_cmp);
	end = by_nsid + b->nr;
	for (from = by_nsid; from < end && !r; from = to) {
		for (to = from + 1; to < end && !nsid_cmp(from, to); to++)
			;
		r = agree_within(b, from, to);
	}
	return r;
}

/*
 * The size of the map. While a namespace is being resized its paths disagree
 * for a moment: a map that exists keeps its size and every path that is not
 * smaller, and grows when all have grown.
 */
static int size_of(struct build *b, struct candidate *from, struct candidate *to, uint64_t *ret)
{
	const struct mp_loaded_map *l = from->loaded;
	uint64_t least = l && l->has_table ? l->map.size_sectors : 0;
	struct candidate *c, *first = NULL;
	bool equal = true;
	int r = 0;

	for (c = from; c < to && !r; c++) {
		if (c->rejected)
			continue;
		if (c->ns->size_sectors < least) {
			c->rejected = true;
			r = reject(b->d, c->ns->name, "size %llu sectors, but the map has %llu",
				   (unsigned long long)c->ns->size_sectors, (unsigned long long)least);
			continue;
		}
		if (!first)
			first = c;
		equal = equal && c->ns->size_sectors == first->ns->size_sectors;
	}
	if (!first || r)
		return r;
	*ret = equal ? first->ns->size_sectors : least;
	if (*ret)
		return 0;
	for (c = from; c < to && !r; c++)
		r = reject_for(b, c, c == first ? to - 1 : first, "size");
	return r;
}

/* The other map that has this name, or is to get it; a name in use is not taken away. */
static const char *owner_of(const struct build *b, const char *name, const char *uuid)
{
	size_t i;

	for (i = 0; i < b->d->nr_maps; i++)
		if (!strcmp(b->d->maps[i].name, name))
			return b->d->maps[i].uuid;
	for (i = 0; i < b->loaded->nr_maps; i++)
		if (!strcmp(b->loaded->maps[i].map.name, name) &&
		    strcmp(b->loaded->maps[i].map.uuid, uuid))
			return b->loaded->maps[i].map.uuid;
	return NULL;
}

static const char *name_for(struct build *b, const struct candidate *c)
{
	const char *alias = c->prefs.alias, *owner = *alias ? owner_of(b, alias, c->uuid) : NULL;
	char name[MP_DM_NAME_SIZE];

	if (*alias && !owner)
		return mp_arena_strdup(b->d->arena, alias);
	mp_ident_dm_name(c->uuid, name);
	if (owner && reject(b->d, name, "alias %s is the name of %s", alias, owner))
		return NULL;
	return mp_arena_strdup(b->d->arena, name);
}

static int add_path(struct build *b, struct mp_map *map, const struct candidate *c)
{
	struct mp_path *p = &map->paths[map->nr_paths++];

	*p = (struct mp_path){
		.major = c->ns->major,
		.minor = c->ns->minor,
		.name = mp_arena_strdup(b->d->arena, c->ns->name),
		.ana = c->ns->ana,
		.flush_failfast = strcmp(c->ctrl->transport, "pcie"),
		.weight = c->prefs.weight,
		.kato_ms = c->prefs.features[MP_WRITE_HOLD] == MP_ENDLESS ? c->ctrl->kato_ms : 0,
	};
	if (c->in_table) {
		p->preferred = c->in_table->preferred;
		p->disabled = c->in_table->disabled;
		p->failed = c->in_table->failed;
		p->held = c->in_table->held;
		p->marginal = c->in_table->marginal;
	}
	/* the log is not read yet, or the controller has none */
	if (p->ana == MP_ANA_UNKNOWN)
		p->ana = c->in_table && (c->ctrl->ana || !c->ctrl->identified) ? c->in_table->ana :
			 MP_ANA_OPTIMIZED;
	return p->name ? 0 : -ENOMEM;
}

/* A map that is there stays with its last path; only a new one may have to wait. */
static int reject_single(struct build *b, struct candidate *from, struct candidate *to)
{
	struct candidate *c, *only = NULL;

	for (c = from; c < to; c++) {
		if (c->rejected)
			continue;
		if (only || c->prefs.single_path || (c->loaded && c->loaded->has_table))
			return 0;
		only = c;
	}
	if (!only)
		return 0;
	only->rejected = true;
	return reject(b->d, only->ns->name, "it is the only path, and single_path is no");
}

/*
 * The configuration's preference, where nobody prefers another path: an administrator's
 * word stands until he takes it back or that path is gone.
 */
static void prefer_path(const struct candidate *from, const struct candidate *to, struct mp_map *map)
{
	const struct mp_loaded_map *l = from->loaded;
	const struct candidate *c;
	size_t i;

	for (i = 0; l && i < l->map.nr_paths; i++)
		if (l->map.paths[i].preferred)
			return;
	for (c = from, i = 0; c < to; c++) {
		if (c->rejected || i == map->nr_paths)
			continue;
		if (mp_conf_prefers(&c->prefs, c->ctrl->address)) {
			map->paths[i].preferred = true;
			return;
		}
		i++;
	}
}

/* The longest ANATT of its controllers; as the map has it while none is known. */
static uint32_t anatt_of(const struct candidate *from, const struct candidate *to)
{
	const struct candidate *c;
	uint32_t longest = 0;

	for (c = from; c < to; c++)
		if (!c->rejected && c->ctrl->identified && c->ctrl->anatt_s > longest)
			longest = c->ctrl->anatt_s;
	if (!longest)
		return from->loaded ? from->loaded->map.features[MP_ANATT] : 0;
	return longest == NVMEMP_ANATT_DEFAULT ? 0 : longest;
}

static int add_map(struct build *b, struct candidate *from, struct candidate *to)
{
	struct mp_desired *d = b->d;
	const struct candidate *first = NULL;
	struct mp_map map = { };
	struct candidate *c;
	int r;

	r = agree(b, from, to);
	if (!r)
		r = size_of(b, from, to, &map.size_sectors);
	if (!r)
		r = reject_single(b, from, to);
	if (r)
		return r;
	map.paths = mp_arena_alloc(d->arena, (size_t)(to - from) * sizeof(*map.paths));
	if (!map.paths)
		return -ENOMEM;
	for (c = from; c < to && !r; c++) {
		if (c->rejected)
			continue;
		if (map.nr_paths == NVMEMP_MAX_PATHS) {
			r = reject(d, c->ns->name, "the map has %d paths already", NVMEMP_MAX_PATHS);
			continue;
		}
		if (!first)
			first = c;
		r = add_path(b, &map, c);
		map.read_only |= c->ns->read_only;
	}
	if (r || !first)
		return r;
	prefer_path(from, to, &map);
	map.name = name_for(b, first);
	map.uuid = mp_arena_strdup(d->arena, first->uuid);
	map.policy = first->prefs.policy;
	map.no_path = b->topo->no_queueing ? MP_NO_PATH_FAIL : first->prefs.no_path;
	memcpy(map.features, first->prefs.features, sizeof(map.features));
	map.features[MP_ANATT] = anatt_of(from, to);
	d->maps = mp_arena_grow(d->arena, d->maps, d->nr_maps, sizeof(map));
	if (!map.name || !map.uuid || !d->maps)
		return -ENOMEM;
	d->maps[d->nr_maps++] = map;
	return 0;
}

static int reject_cmp(const void *a, const void *b)
{
	const struct mp_reject *x = a, *y = b;
	int r = mp_name_cmp(x->device, y->device);

	return r ? r : strcmp(x->reason, y->reason);
}

static int build(struct build *b)
{
	const struct mp_topo *topo = b->topo;
	struct candidate *from, *to;
	size_t i;
	int r = 0;

	b->c = mp_arena_alloc(b->d->arena, (topo->nr_ns + 1) * sizeof(*b->c));
	if (!b->c || mp_lookup_init(b->d->arena, topo, b->loaded, &b->lookup))
		return -ENOMEM;
	for (i = 0; i < topo->nr_ns && !r; i++)
		r = add_candidate(b, &topo->ns[i]);
	for (i = 0; i < topo->nr_unseen && !r; i++)
		r = reject(b->d, topo->unseen[i].device, "%s", topo->unseen[i].reason);
	if (r)
		return r;
	qsort(b->c, b->nr, sizeof(*b->c), candidate_cmp);
	r = agree_on_nsid(b);
	for (from = b->c; from < b->c + b->nr && !r; from = to) {
		for (to = from + 1; to < b->c + b->nr && !strcmp(to->uuid, from->uuid); to++)
			;
		r = add_map(b, from, to);
	}
	if (b->d->nr_rejects)
		qsort(b->d->rejects, b->d->nr_rejects, sizeof(*b->d->rejects), reject_cmp);
	return r;
}

/* Nothing is wanted of native multipath, but no map that is there may end for that. */
static int build_native(struct build *b)
{
	size_t i;
	int r = 0;

	for (i = 0; i < b->topo->nr_ns && !r; i++) {
		struct candidate c = {
			.ns = &b->topo->ns[i], .ctrl = &b->topo->ctrls[b->topo->ns[i].ctrl],
		};

		if (!mp_ident_dm_uuid(c.ns->id.wwid, c.uuid, NULL))
			r = note_present(b, &c);
	}
	return r;
}

int mp_desire(const struct mp_topo *topo, const struct mp_conf *conf,
	      const struct mp_loaded *loaded, struct mp_desired *ret, struct mp_err *err)
{
	struct mp_desired d = { .arena = mp_arena_new(), .no_queueing = topo->no_queueing };
	struct build b = { .topo = topo, .conf = conf, .loaded = loaded, .d = &d };
	int r = d.arena ? 0 : -ENOMEM;

	if (!r)
		r = topo->native ? build_native(&b) : build(&b);
	if (!r && d.nr_present)
		qsort(d.present, d.nr_present, sizeof(*d.present), uuid_cmp);
	if (r) {
		mp_desired_done(&d);
		return mp_err_set(err, r, "no memory for the wanted maps");
	}
	*ret = d;
	return 0;
}

void mp_desired_done(struct mp_desired *desired)
{
	mp_arena_free(desired->arena);
	*desired = (struct mp_desired){ };
}
