// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ana.h"
#include "core/arena.h"
#include "core/err.h"
#include "core/facts.h"
#include "core/holder.h"
#include "core/ident.h"
#include "core/nvmeid.h"
#include "core/topo.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

struct build {
	const struct mp_facts *facts;
	struct mp_topo *topo;
	struct mp_users users;
};

/* Without the blanks at the end, with which the specification fills up ASCII fields */
static const char *copy(struct build *b, const char *dir, const char *name, const char *file)
{
	char *text = mp_arena_strdup(b->topo->arena,
				     mp_facts_text(b->facts, "%s/%s/%s", dir, name, file));
	size_t len = text ? strlen(text) : 0;

	while (len && text[len - 1] == ' ')
		text[--len] = '\0';
	return text;
}

static int add_subsys(struct build *b, const char *name)
{
	struct mp_topo *t = b->topo;
	struct mp_subsys s = {
		.name = mp_arena_strdup(t->arena, name),
		.nqn = copy(b, "sys/class/nvme-subsystem", name, "subsysnqn"),
		.model = copy(b, "sys/class/nvme-subsystem", name, "model"),
		.serial = copy(b, "sys/class/nvme-subsystem", name, "serial"),
		.native_policy = t->native ? copy(b, "sys/class/nvme-subsystem", name, "iopolicy") : "",
	};

	if (!s.name || !s.nqn || !s.model || !s.serial || !s.native_policy)
		return -ENOMEM;
	t->subsys = mp_arena_grow(t->arena, t->subsys, t->nr_subsys, sizeof(s));
	if (!t->subsys)
		return -ENOMEM;
	t->subsys[t->nr_subsys++] = s;
	return 0;
}

static int add_ctrl(struct build *b, const char *name)
{
	struct mp_topo *t = b->topo;
	const struct mp_fact *id = mp_facts_find(b->facts, "ioctl/%s/id-ctrl", name);
	const char *node = mp_facts_text(b->facts, "sys/class/nvme/%s/numa_node", name);
	const char *kato = mp_facts_text(b->facts, "sys/class/nvme/%s/kato", name);
	struct mp_id_ctrl parsed = { };
	uint64_t number;
	struct mp_ctrl c = {
		.name = mp_arena_strdup(t->arena, name),
		.nqn = copy(b, "sys/class/nvme", name, "subsysnqn"),
		.state = copy(b, "sys/class/nvme", name, "state"),
		.transport = copy(b, "sys/class/nvme", name, "transport"),
		.address = copy(b, "sys/class/nvme", name, "address"),
		.numa_node = -1,
		.subsys = -1,
	};

	if (!strcmp(mp_facts_text(b->facts, "sys/class/nvme/%s/cntrltype", name), "discovery"))
		return 0;
	if (!c.name || !c.nqn || !c.state || !c.transport || !c.address)
		return -ENOMEM;
	if (!mp_number_parse(node, INT32_MAX, &number))
		c.numa_node = (int)number;
	if (!mp_number_parse(kato, NVMEMP_MAX_KATO_MS / 1000, &number))
		c.kato_ms = (uint32_t)number * 1000;
	if (id && !mp_nvmeid_ctrl(id->data, id->len, &parsed)) {
		c.identified = true;
		c.multi_ctrl = parsed.multi_ctrl;
		c.ana = parsed.ana;
		c.anatt_s = parsed.anatt_s;
	}
	t->ctrls = mp_arena_grow(t->arena, t->ctrls, t->nr_ctrls, sizeof(c));
	if (!t->ctrls)
		return -ENOMEM;
	t->ctrls[t->nr_ctrls++] = c;
	return 0;
}

/* The first thing that is wrong stays the reason. */
__attribute__((format(printf, 3, 4)))
static int bad(struct build *b, struct mp_ns *ns, const char *fmt, ...)
{
	char text[320];
	va_list ap;

	if (*ns->bad)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ns->bad = mp_arena_strdup(b->topo->arena, text);
	if (ns->bad)
		return 0;
	ns->bad = "";
	return -ENOMEM;
}

static int read_sysfs(struct build *b, struct mp_ns *ns)
{
	const struct mp_facts *f = b->facts;
	const char *name = ns->name;
	const char *wwid = copy(b, "sys/block", name, "wwid");
	struct mp_err err = { "" };
	uint64_t n;

	if (!wwid)
		return -ENOMEM;
	ns->id.wwid = wwid;
	ns->read_only = !strcmp(mp_facts_text(f, "sys/block/%s/ro", name), "1");
	if (mp_devno_parse(mp_facts_text(f, "sys/block/%s/dev", name), &ns->major, &ns->minor))
		return bad(b, ns, "sysfs: dev \"%s\" is not a device number",
			   mp_facts_text(f, "sys/block/%s/dev", name));
	if (mp_number_parse(mp_facts_text(f, "sys/block/%s/size", name), INT64_MAX / 512,
			    &ns->size_sectors))
		return bad(b, ns, "sysfs: size \"%s\" is not a number",
			   mp_facts_text(f, "sys/block/%s/size", name));
	if (mp_number_parse(mp_facts_text(f, "sys/block/%s/nsid", name), MP_NSID_ALL - 1, &n) || !n)
		return bad(b, ns, "sysfs: nsid \"%s\" is none",
			   mp_facts_text(f, "sys/block/%s/nsid", name));
	ns->nsid = (uint32_t)n;
	if (mp_number_parse(mp_facts_text(f, "sys/block/%s/queue/logical_block_size", name),
			    1 << 20, &n) || n < 512 || n & (n - 1))
		return bad(b, ns, "sysfs: logical_block_size \"%s\" is none",
			   mp_facts_text(f, "sys/block/%s/queue/logical_block_size", name));
	ns->block_size = (uint32_t)n;
	if (mp_ident_parse(wwid, mp_facts_text(f, "sys/block/%s/nguid", name),
			   mp_facts_text(f, "sys/block/%s/eui", name), &ns->id, &err))
		return bad(b, ns, "sysfs: %s", err.text);
	return 0;
}

static bool shown_but_not(const uint8_t *shown, const uint8_t *given, size_t len)
{
	return !mp_ident_is_zero(shown, len) && memcmp(shown, given, len);
}

/*
 * The kernel's view rules: identifiers that it does not show (quirk BOGUS_NID)
 * are none. What it shows is what the controller gave it, so the controller
 * must give it now, or it has another namespace behind this NSID. Like
 * nvme_ns_info_from_identify(), Identify Namespace counts where the list has
 * none: controllers before version 1.3 have no list.
 */
static int check_ids(struct build *b, struct mp_ns *ns, const struct mp_id_ns *n,
		     const struct mp_id_descs *d)
{
	const char *what = NULL;

	if (shown_but_not(ns->id.uuid, d->uuid, 16))
		what = "UUID";
	else if (shown_but_not(ns->id.nguid, d->has_nguid ? d->nguid : n->nguid, 16))
		what = "NGUID";
	else if (shown_but_not(ns->id.eui64, d->has_eui64 ? d->eui64 : n->eui64, 8))
		what = "EUI-64";
	if (!what)
		return 0;
	/* all zero is what it says of a namespace that is not attached to it */
	if (!n->size_blocks)
		return bad(b, ns, "its controller does not have it any more");
	ns->replaced = true;
	return bad(b, ns, "the controller gives another %s than the kernel shows: "
		   "the namespace was replaced", what);
}

static int note_unread(struct build *b, struct mp_ns *ns)
{
	const char *why = mp_facts_text(b->facts, "ioctl/%s/error", ns->name);

	if (!*why)
		why = mp_facts_text(b->facts, "ioctl/%s/error", b->topo->ctrls[ns->ctrl].name);
	if (*why)
		ns->unread = mp_arena_printf(b->topo->arena, "could not be identified: %s", why);
	return ns->unread ? 0 : -ENOMEM;
}

static int read_identify(struct build *b, struct mp_ns *ns)
{
	const struct mp_fact *id = mp_facts_find(b->facts, "ioctl/%s/id-ns", ns->name);
	const struct mp_fact *descs = mp_facts_find(b->facts, "ioctl/%s/ns-descs", ns->name);
	bool zoned = !strcmp(mp_facts_text(b->facts, "sys/block/%s/queue/zoned", ns->name),
			     "host-managed");
	struct mp_id_descs d = { };
	struct mp_id_ns n;

	if (!id || !descs)
		return note_unread(b, ns);
	if (mp_nvmeid_ns(id->data, id->len, &n))
		return bad(b, ns, "Identify Namespace returned too few bytes");
	if (mp_nvmeid_descs(descs->data, descs->len, &d))
		return bad(b, ns, "its identification descriptor list makes no sense");
	ns->identified = true;
	ns->shared = n.shared;
	ns->metadata_size = n.metadata_size;
	ns->pi_type = n.pi_type;
	ns->ana_grpid = n.ana_grpid;
	/* without a command set descriptor it is the NVM command set, unless it has zones */
	ns->id.csi = d.has_csi ? d.csi : zoned ? 2 : 0;
	if (zoned != (ns->id.csi == 2))
		return bad(b, ns, "its command set and the kernel's zone model disagree");
	return check_ids(b, ns, &n, &d);
}

static void read_ana(struct build *b, struct mp_ns *ns)
{
	const struct mp_ctrl *c = &b->topo->ctrls[ns->ctrl];
	const struct mp_fact *log = mp_facts_find(b->facts, "ioctl/%s/ana-log", c->name);

	if (c->ana && log && ns->identified)
		mp_ana_log_state(log->data, log->len, ns->ana_grpid, &ns->ana);
}

static int add_ns(struct build *b, const char *name)
{
	struct mp_topo *t = b->topo;
	const char *ctrl = mp_facts_text(b->facts, "sys/block/%s/device", name);
	struct mp_ns ns = { .bad = "", .unread = "", .ctrl = mp_topo_find_ctrl(t, ctrl) };
	int r;

	/* native multipath's heads hang on a subsystem; theirs is the kernel's business */
	if (ns.ctrl < 0)
		return 0;
	ns.name = mp_arena_strdup(t->arena, name);
	ns.holder = mp_holder_find(t->arena, b->facts, &b->users, name);
	if (!ns.name || !ns.holder)
		return -ENOMEM;
	r = read_sysfs(b, &ns);
	if (!r)
		r = read_identify(b, &ns);
	if (r)
		return r;
	read_ana(b, &ns);
	t->ns = mp_arena_grow(t->arena, t->ns, t->nr_ns, sizeof(ns));
	if (!t->ns)
		return -ENOMEM;
	t->ns[t->nr_ns++] = ns;
	return 0;
}

static int add_hidden(struct build *b, const char *name)
{
	struct mp_topo *t = b->topo;
	struct mp_native_path p = {
		.name = mp_arena_strdup(t->arena, name),
		.ana = copy(b, "sys/block", name, "ana_state"),
		.ctrl = mp_topo_find_ctrl(t, mp_facts_text(b->facts, "sys/block/%s/device", name)),
	};
	char ns[32];

	if (!mp_name_is_hidden(name, ns) || p.ctrl < 0)
		return 0;
	p.ns = mp_arena_strdup(t->arena, ns);
	t->native_paths = mp_arena_grow(t->arena, t->native_paths, t->nr_native_paths, sizeof(p));
	if (!p.name || !p.ana || !p.ns || !t->native_paths)
		return -ENOMEM;
	t->native_paths[t->nr_native_paths++] = p;
	return 0;
}

static int nsid_cmp(const void *a, const void *b)
{
	const struct mp_ns *x = *(const struct mp_ns *const *)a, *y = *(const struct mp_ns *const *)b;

	if (x->ctrl != y->ctrl)
		return x->ctrl < y->ctrl ? -1 : 1;
	return (x->nsid > y->nsid) - (x->nsid < y->nsid);
}

/* by_nsid: all namespaces in order of controller and NSID; one without an NSID may be any. */
static bool has_nsid(const struct mp_topo *t, const struct mp_ns **by_nsid, int ctrl, uint32_t nsid)
{
	const struct mp_ns none = { .ctrl = ctrl }, wanted = { .ctrl = ctrl, .nsid = nsid };
	const struct mp_ns *key = &wanted, *any = &none;

	return t->nr_ns && (bsearch(&key, by_nsid, t->nr_ns, sizeof(key), nsid_cmp) ||
			    bsearch(&any, by_nsid, t->nr_ns, sizeof(any), nsid_cmp));
}

/* Namespaces that a controller has and the kernel shows no block device of */
static int add_unseen(struct build *b, const struct mp_ns **by_nsid, int ctrl)
{
	struct mp_topo *t = b->topo;
	const struct mp_ctrl *c = &t->ctrls[ctrl];
	const struct mp_fact *list = mp_facts_find(b->facts, "ioctl/%s/active-ns", c->name);
	uint32_t nsid;
	size_t i;

	if (!list || strcmp(c->state, "live"))
		return 0;
	for (i = 0; (nsid = mp_nvmeid_active(list->data, list->len, i)); i++) {
		struct mp_reject *u;

		if (has_nsid(t, by_nsid, ctrl, nsid))
			continue;
		t->unseen = mp_arena_grow(t->arena, t->unseen, t->nr_unseen, sizeof(*u));
		if (!t->unseen)
			return -ENOMEM;
		u = &t->unseen[t->nr_unseen++];
		u->device = mp_arena_printf(t->arena, "%s nsid %u", c->name, nsid);
		u->reason = "the kernel shows no block device for it: see its log "
			    "(it refuses identifiers that another namespace has)";
		if (!u->device)
			return -ENOMEM;
	}
	return 0;
}

static int add_all_unseen(struct build *b)
{
	struct mp_topo *t = b->topo;
	const struct mp_ns **by_nsid = mp_arena_alloc(t->arena, (t->nr_ns + 1) * sizeof(*by_nsid));
	size_t i;
	int r = 0;

	if (!by_nsid)
		return -ENOMEM;
	for (i = 0; i < t->nr_ns; i++)
		by_nsid[i] = &t->ns[i];
	qsort(by_nsid, t->nr_ns, sizeof(*by_nsid), nsid_cmp);
	for (i = 0; !r && i < t->nr_ctrls; i++)
		r = add_unseen(b, by_nsid, (int)i);
	return r;
}

/* Of all that have a name: it is their first member. */
static int name_cmp(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	int r = mp_name_cmp(x, y);

	return r ? r : strcmp(x, y);
}

static void sort(void *base, size_t nr, size_t size)
{
	if (nr)
		qsort(base, nr, size, name_cmp);
}

static int find(const void *base, size_t nr, size_t size, const char *name)
{
	const char *found = nr ? bsearch(&name, base, nr, size, name_cmp) : NULL;

	return found ? (int)((size_t)(found - (const char *)base) / size) : -1;
}

static int number_cmp(const void *a, const void *b)
{
	const struct mp_ns *x = *(const struct mp_ns *const *)a, *y = *(const struct mp_ns *const *)b;

	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	if (x->minor != y->minor)
		return x->minor < y->minor ? -1 : 1;
	return (x > y) - (x < y);
}

static int sort_numbers(struct mp_topo *t)
{
	size_t i;

	t->by_number = mp_arena_alloc(t->arena, (t->nr_ns + 1) * sizeof(*t->by_number));
	if (!t->by_number)
		return -ENOMEM;
	for (i = 0; i < t->nr_ns; i++)
		t->by_number[i] = &t->ns[i];
	qsort(t->by_number, t->nr_ns, sizeof(*t->by_number), number_cmp);
	return 0;
}

static void join(struct build *b)
{
	struct mp_topo *t = b->topo;
	size_t c, s;

	for (c = 0; c < t->nr_ctrls; c++)
		for (s = 0; s < t->nr_subsys; s++)
			if (mp_facts_find(b->facts, "sys/class/nvme-subsystem/%s/%s",
					  t->subsys[s].name, t->ctrls[c].name))
				t->ctrls[c].subsys = (int)s;
}

static int each(struct build *b, const char *prefix, int (*fn)(struct build *b, const char *name))
{
	char name[64];
	size_t pos = 0;
	int r = 0;

	while (!r && mp_facts_next_name(b->facts, prefix, &pos, name))
		r = fn(b, name);
	return r;
}

static int add_block(struct build *b, const char *name)
{
	return mp_name_is_ns(name) ? add_ns(b, name) : add_hidden(b, name);
}

/* A kernel that was built without the parameter, but with a policy, can't be told to leave it */
static bool is_native(const struct mp_facts *facts)
{
	const struct mp_fact *param =
		mp_facts_find(facts, "sys/module/nvme_core/parameters/multipath");
	char name[64];
	size_t pos = 0;

	if (param)
		return !strcmp(param->data, "Y");
	while (mp_facts_next_name(facts, "sys/class/nvme-subsystem", &pos, name))
		if (*mp_facts_text(facts, "sys/class/nvme-subsystem/%s/iopolicy", name))
			return true;
	return false;
}

static int build(struct build *b)
{
	struct mp_topo *t = b->topo;
	int r;

	t->native = is_native(b->facts);
	t->no_queueing = mp_facts_find(b->facts, MP_NO_QUEUEING_FILE);
	r = each(b, "sys/class/nvme-subsystem", add_subsys);
	if (!r)
		r = each(b, "sys/class/nvme", add_ctrl);
	if (r)
		return r;
	sort(t->subsys, t->nr_subsys, sizeof(*t->subsys));
	sort(t->ctrls, t->nr_ctrls, sizeof(*t->ctrls));
	join(b);
	r = mp_holder_users(t->arena, b->facts, &b->users);
	if (!r)
		r = each(b, "sys/block", add_block);
	if (r)
		return r;
	sort(t->ns, t->nr_ns, sizeof(*t->ns));
	sort(t->native_paths, t->nr_native_paths, sizeof(*t->native_paths));
	r = sort_numbers(t);
	return r || t->native ? r : add_all_unseen(b);
}

int mp_topo_build(const struct mp_facts *facts, struct mp_topo *ret, struct mp_err *err)
{
	struct mp_topo topo = { .arena = mp_arena_new() };
	struct build b = { .facts = facts, .topo = &topo };
	int r = topo.arena ? build(&b) : -ENOMEM;

	if (r) {
		mp_topo_done(&topo);
		return mp_err_set(err, r, "no memory for the topology");
	}
	*ret = topo;
	return 0;
}

void mp_topo_done(struct mp_topo *topo)
{
	mp_arena_free(topo->arena);
	*topo = (struct mp_topo){ };
}

int mp_topo_find_ctrl(const struct mp_topo *topo, const char *name)
{
	return find(topo->ctrls, topo->nr_ctrls, sizeof(*topo->ctrls), name);
}

int mp_topo_find_ns(const struct mp_topo *topo, const char *name)
{
	return find(topo->ns, topo->nr_ns, sizeof(*topo->ns), name);
}

int mp_topo_find_devno(const struct mp_topo *topo, uint32_t major, uint32_t minor)
{
	size_t from = 0, to = topo->nr_ns;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct mp_ns *ns = topo->by_number[middle];

		if (ns->major < major || (ns->major == major && ns->minor < minor))
			from = middle + 1;
		else
			to = middle;
	}
	if (to == topo->nr_ns || topo->by_number[to]->major != major ||
	    topo->by_number[to]->minor != minor)
		return -1;
	return (int)(topo->by_number[to] - topo->ns);
}
