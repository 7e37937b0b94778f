// SPDX-License-Identifier: GPL-2.0
/*
 * topo, desire and plan together: a machine as facts, the maps that are loaded,
 * and what is made of both. A row changes the plain machine (two controllers,
 * one shared namespace) and says what the plan must be.
 */
#include <errno.h>

#include "model.h"
#include "unit.h"

#include "core/arena.h"
#include "core/conf.h"
#include "core/desire.h"
#include "core/dump.h"
#include "core/facts.h"
#include "core/plan.h"
#include "core/status.h"
#include "core/table.h"
#include "core/topo.h"

#define UUID	"11111111-2222-3333-4444-555555555555"
#define WWID	"uuid." UUID
#define NAME	"nvmemp-" WWID
#define WWID_1	"eui.00112233445566778899aabbccddee01"
#define BOTH	"259:0 2 ana optimized 259:1 2 ana optimized"
#define HEAD	"4 policy numa no_path 60 "
#define PREFER_B "259:0 2 ana optimized 259:1 3 ana optimized preferred"
#define WANTED	"map " NAME " " NAME ": 0 2048 nvmemp " HEAD "2 " BOTH "\n"

/* What Identify says of a namespace; the zero value is plain */
struct identify {
	bool private, unidentified;
	bool detached;		/* the controller says zeros of it */
	bool old;		/* NVMe 1.2: no descriptors */
	uint8_t metadata, pi, csi, other_uuid, group;
	uint8_t nguid, eui;	/* last byte of an identifier that is like its neighbour's; 0 = none */
};

struct ns {
	const char *name, *ctrl, *dev;
	struct identify id;
};

struct machine {
	const char *name;
	struct ns ns[4];
	const char *facts;	/* more, or others than those of the plain machine */
	bool no_parameter;	/* nvme_core has no parameter multipath */
	bool one_ctrl;		/* CMIC says so */
	bool ana;		/* CMIC says so; group 2 is inaccessible */
	bool no_log;		/* which was not read yet */
	const char *conf[4][3];	/* section, key, value */
	const char *left_out[2];	/* section, key of what could not be understood; key NULL: a file */
	const char *torn;	/* uuid */
	const char *loaded;	/* table of the map NAME, size 2048 */
	bool read_only;		/* the map */
	bool follows;		/* because a path was */
	const char *nqn;	/* that it was made of; NULL: not known */
	const char *status;
	const char *desired;
	const char *plan;
};

static void add_text(struct mp_facts *f, const char *text, const char *fmt, ...)
{
	char key[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(key, sizeof(key), fmt, ap);
	va_end(ap);
	assert_int_equal(mp_facts_add(f, key, text, strlen(text)), 0);
}

static void add_bytes(struct mp_facts *f, const void *data, size_t len, const char *device,
		      const char *what)
{
	char key[160];

	snprintf(key, sizeof(key), "ioctl/%s/%s", device, what);
	assert_int_equal(mp_facts_add(f, key, data, len), 0);
}

static void add_ctrl(struct mp_facts *f, const struct machine *m, const char *name)
{
	uint8_t page[4096] = { [76] = (uint8_t)((m->one_ctrl ? 0 : 2) | (m->ana ? 8 : 0)) };
	static const uint8_t log[] = {
		[8] = 2, [16] = 1, [32] = MP_ANA_OPTIMIZED, [48] = 2, [64] = MP_ANA_INACCESSIBLE, [79] = 0,
	};

	add_text(f, "nqn.a", "sys/class/nvme/%s/subsysnqn", name);
	add_text(f, "live", "sys/class/nvme/%s/state", name);
	add_text(f, "pcie", "sys/class/nvme/%s/transport", name);
	add_text(f, "0000:01:00.0", "sys/class/nvme/%s/address", name);
	add_text(f, "", "sys/class/nvme-subsystem/nvme-subsys0/%s", name);
	add_bytes(f, page, sizeof(page), name, "id-ctrl");
	if (m->ana && !m->no_log)
		add_bytes(f, log, sizeof(log), name, "ana-log");
}

/* The kernel shows these as the controller gives them. */
static void add_ids(struct mp_facts *f, const struct ns *ns, uint8_t page[4096])
{
	const struct identify *i = &ns->id;
	char text[40];

	if (i->nguid) {
		memcpy(page + 104, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee", 15);
		page[119] = i->nguid;
		snprintf(text, sizeof(text), "00112233-4455-6677-8899-aabbccddee%02x", i->nguid);
		add_text(f, text, "sys/block/%s/nguid", ns->name);
	}
	if (i->eui) {
		memcpy(page + 120, "\x00\x25\x38\xb1\x71\xb0\x65", 7);
		page[127] = i->eui;
		snprintf(text, sizeof(text), "00 25 38 b1 71 b0 65 %02x", i->eui);
		add_text(f, text, "sys/block/%s/eui", ns->name);
	}
}

static void add_ns(struct mp_facts *f, const struct ns *ns)
{
	const struct identify *i = &ns->id;
	uint8_t page[4096] = {
		[0] = 1, [29] = i->pi, [30] = !i->private, [92] = i->group ? i->group : 1,
		[128] = i->metadata, [130] = 9,
	};
	uint8_t descs[64] = { 3, 16, 0, 0 };

	add_text(f, ns->dev, "sys/block/%s/dev", ns->name);
	add_text(f, "2048", "sys/block/%s/size", ns->name);
	add_text(f, "1", "sys/block/%s/nsid", ns->name);
	add_text(f, WWID, "sys/block/%s/wwid", ns->name);
	add_text(f, "512", "sys/block/%s/queue/logical_block_size", ns->name);
	add_text(f, ns->ctrl, "sys/block/%s/device", ns->name);
	add_ids(f, ns, page);
	if (i->unidentified)
		return;
	memcpy(descs + 4, "\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55", 16);
	descs[19] ^= i->other_uuid;
	descs[20] = 4;
	descs[21] = 1;
	descs[24] = i->csi;
	if (i->old || i->detached)
		memset(descs, 0, sizeof(descs));
	if (i->detached)
		memset(page, 0, sizeof(page));
	add_bytes(f, page, sizeof(page), ns->name, "id-ns");
	add_bytes(f, descs, sizeof(descs), ns->name, "ns-descs");
}

static void shuffle(struct mp_facts *f, uint32_t seed)
{
	size_t i;

	for (i = f->nr_facts; i > 1 && seed; i--) {
		size_t j = next_random(&seed) % i;
		struct mp_fact t = f->facts[i - 1];

		f->facts[i - 1] = f->facts[j];
		f->facts[j] = t;
	}
}

static struct mp_facts facts_of(const struct machine *m, uint32_t seed)
{
	struct mp_facts f;
	struct mp_err err = { "" };
	size_t i;

	assert_int_equal(mp_facts_init(&f), 0);
	if (!m->no_parameter)
		add_text(&f, "N", "sys/module/nvme_core/parameters/multipath");
	add_text(&f, "nqn.a", "sys/class/nvme-subsystem/nvme-subsys0/subsysnqn");
	add_ctrl(&f, m, "nvme0");
	add_ctrl(&f, m, "nvme1");
	for (i = 0; i < COUNT(m->ns) && m->ns[i].name; i++)
		add_ns(&f, &m->ns[i]);
	if (m->facts && mp_facts_load(&f, m->facts, &err))
		fail_msg("%s: %s", m->name, err.text);
	assert_int_equal(mp_facts_sort(&f), 0);
	shuffle(&f, seed);
	assert_int_equal(mp_facts_sort(&f), 0);
	return f;
}

static struct mp_loaded loaded_of(const struct machine *m)
{
	struct mp_loaded l = { .arena = mp_arena_new() };
	struct mp_loaded_map *map;
	struct mp_err err = { "" };

	if (!m->loaded)
		return l;
	l.nr_maps = 1;
	l.maps = map = mp_arena_alloc(l.arena, sizeof(*map));
	map->map = (struct mp_map){ .name = NAME, .uuid = NAME, .size_sectors = 2048 };
	map->bad = "";
	map->nqn = m->nqn;
	map->has_table = *m->loaded;
	map->follows_paths = m->follows;
	map->suspended = !strncmp(m->loaded, "suspended ", 10);
	map->deferred_remove = !strncmp(m->loaded, "going ", 6);
	if (map->has_table && mp_table_parse(l.arena, m->loaded + (map->suspended ? 10 :
					     map->deferred_remove ? 6 : 0), &map->map, &err))
		fail_msg("%s: %s", m->name, err.text);
	map->map.read_only = m->read_only;
	if (m->status && mp_status_parse(l.arena, m->status, &map->status, &err))
		fail_msg("%s: %s", m->name, err.text);
	return l;
}

static struct mp_conf conf_of(const struct machine *m)
{
	struct mp_conf conf;
	struct mp_err err = { "" };
	size_t i;

	assert_int_equal(mp_conf_init(&conf), 0);
	for (i = 0; i < COUNT(m->conf) && m->conf[i][0]; i++)
		if (mp_conf_add(&conf, m->conf[i][0], m->conf[i][1], m->conf[i][2], "f", 1, &err))
			fail_msg("%s: %s", m->name, err.text);
	if (m->left_out[0])
		mp_conf_leave_out(&conf, m->left_out[0], m->left_out[1], "f", 2, &(struct mp_err){ "f:2: why" });
	if (m->torn)
		assert_int_equal(mp_conf_tear(&conf, m->torn), 0);
	return conf;
}

/* facts and loaded maps -> texts of desired maps and plan; both are the caller's */
static void look(const struct machine *m, const struct mp_loaded *loaded, uint32_t seed,
		 char **ret_desired, char **ret_plan, struct mp_plan *ret)
{
	static const struct mp_lost lost[] = { { NAME, 1000 } };
	struct mp_facts f = facts_of(m, seed);
	struct mp_conf conf = conf_of(m);
	struct mp_desired desired;
	struct mp_topo topo;
	struct mp_plan_input in = {
		.desired = &desired, .loaded = loaded, .lost = lost, .nr_lost = 1, .now_ms = 5000,
	};

	assert_int_equal(mp_topo_build(&f, &topo, NULL), 0);
	mp_facts_done(&f);
	assert_int_equal(mp_desire(&topo, &conf, loaded, &desired, NULL), 0);
	mp_topo_done(&topo);
	mp_conf_done(&conf);
	*ret_desired = mp_dump_desired(&desired);
	assert_int_equal(mp_plan(&in, ret), 0);
	mp_desired_done(&desired);
	*ret_plan = mp_dump_plan(ret);
}

/* A model of device-mapper: the steps of a plan on one map */
static void apply(struct mp_loaded *l, const struct mp_plan *plan)
{
	struct mp_loaded_map *m;
	size_t i, p;

	for (i = 0; i < plan->nr_steps; i++) {
		const struct mp_step *s = &plan->steps[i];
		char word[64], arg[64];
		uint32_t major, minor;

		if (s->kind == MP_STEP_REMOVE) {
			l->nr_maps = 0;
			continue;
		}
		if (!l->nr_maps) {
			l->maps = mp_arena_alloc(l->arena, sizeof(*l->maps));
			l->nr_maps = 1;
			l->maps[0] = (struct mp_loaded_map){ .bad = "", .has_table = true };
			l->maps[0].map.name = mp_arena_strdup(l->arena, s->name);
			l->maps[0].map.uuid = mp_arena_strdup(l->arena, s->uuid);
		}
		m = &l->maps[0];
		switch (s->kind) {
		case MP_STEP_CREATE:
		case MP_STEP_RELOAD:
			m->map.size_sectors = s->size_sectors;
			m->map.read_only = s->read_only;
			m->suspended = false;
			assert_int_equal(mp_table_parse(l->arena, s->text, &m->map, NULL), 0);
			break;
		case MP_STEP_RESUME:
			m->suspended = false;
			break;
		case MP_STEP_RENAME:
			m->map.name = mp_arena_strdup(l->arena, s->text);
			break;
		case MP_STEP_CANCEL_REMOVE:
			m->deferred_remove = false;
			break;
		case MP_STEP_ADD_PATH:
			model_add(l->arena, &m->map, s->text);
			break;
		default:
			if (sscanf(s->text, "remove_path %u:%u", &major, &minor) == 2) {
				model_remove(&m->map, major, minor);
			} else if (sscanf(s->text, "weight %u:%u %63s", &major, &minor, arg) == 3) {
				((struct mp_path *)mp_map_path(&m->map, major, minor))->weight =
					(uint32_t)atoi(arg);
			} else if (sscanf(s->text, "prefer %u:%u", &major, &minor) == 2) {
				((struct mp_path *)mp_map_path(&m->map, major, minor))->preferred = true;
			} else if (sscanf(s->text, "%63s %63s", word, arg) == 2 &&
				   model_feature(&m->map, word, arg)) {
				;
			} else if (sscanf(s->text, "policy %63s", arg) == 1) {
				m->map.policy = !strcmp(arg, "numa") ? MP_POLICY_NUMA : MP_POLICY_ROUND_ROBIN;
			} else if (sscanf(s->text, "no_path %63s", arg) == 1) {
				assert_int_equal(mp_no_path_parse(arg, &m->map.no_path), 0);
			} else if (sscanf(s->text, "%63s %u:%u %63s", word, &major, &minor, arg) >= 3) {
				const char *rest = strchr(s->text, ' ');
				int used;

				for (; sscanf(rest, " %u:%u%n", &major, &minor, &used) == 2; rest += used) {
					rest += used;
					for (p = 0; p < m->map.nr_paths; p++) {
						struct mp_path *path = &m->map.paths[p];

						if (path->major != major || path->minor != minor)
							continue;
						if (!strcmp(word, "disable_path"))
							path->disabled = true;
						else if (!strcmp(arg, "inaccessible"))
							path->ana = MP_ANA_INACCESSIBLE;
						else
							path->ana = MP_ANA_OPTIMIZED;
					}
					used = (int)strcspn(rest + 1, " ") + 1;
				}
			} else {
				fail_msg("the model does not know: %s", s->text);
			}
			break;
		}
	}
}

#define A	{ "nvme0n1", "nvme0", "259:0", { 0 } }
#define B	{ "nvme1n1", "nvme1", "259:1", { 0 } }
#define PLAIN	{ A, B }
#define A_WITH(...) { "nvme0n1", "nvme0", "259:0", { __VA_ARGS__ } }
#define B_WITH(...) { "nvme1n1", "nvme1", "259:1", { __VA_ARGS__ } }
#define CREATE(paths) "create " NAME ": 0 2048 nvmemp " HEAD paths
#define RELOAD(paths) "reload " NAME ": 0 2048 nvmemp " HEAD paths
#define ADD(path) "add-path " NAME ": add_path " path
#define LEAVE(path) "message " NAME ": disable_path " path " because \"path " path " is gone\"\n" \
		    "look again at 5250 ms\n"
#define SUBSYS_B "sys/class/nvme/nvme1/subsysnqn = nqn.b\n"

static const struct machine rows[] = {
	{
		.name = "two paths make a map",
		.ns = PLAIN,
		.desired = WANTED,
		.plan = CREATE("2 " BOTH) " because \"nvme0n1 has 2 paths\"\n",
	}, {
		.name = "it is there: nothing to do",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH,
		.desired = WANTED, .plan = "",
	}, {
		.name = "one path of a shared namespace makes a map",
		.ns = { A },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "unless the configuration waits for two",
		.ns = { A }, .conf = { { "defaults", "single_path", "no" } },
		.desired = "reject nvme0n1 because \"it is the only path, and single_path is no\"\n",
		.plan = "",
	}, {
		.name = "which are here",
		.ns = PLAIN, .conf = { { "defaults", "single_path", "no" } },
		.desired = WANTED, .plan = CREATE("2 " BOTH) " because \"nvme0n1 has 2 paths\"\n",
	}, {
		.name = "a refused path does not count",
		.ns = { A, B_WITH(.private = true) }, .conf = { { "defaults", "single_path", "no" } },
		.desired = "reject nvme0n1 because \"it is the only path, and single_path is no\"\n"
			   "reject nvme1n1 because \"it is private to one controller\"\n",
		.plan = "",
	}, {
		.name = "a map keeps its last path",
		.ns = { A }, .conf = { { "defaults", "single_path", "no" } },
		.loaded = HEAD "1 259:0 2 ana optimized",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = "",
	}, {
		.name = "one namespace may differ",
		.ns = { A }, .conf = { { "defaults", "single_path", "no" },
				       { "namespace " WWID, "single_path", "yes" } },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "a private namespace is left alone",
		.ns = { A, B_WITH(.private = true) },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"it is private to one controller\"\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "so is a drive with one port",
		.ns = { A }, .one_ctrl = true,
		.desired = "reject nvme0n1 because \"its subsystem can have one controller only\"\n",
		.plan = "",
	}, {
		.name = "native multipath: nothing",
		.ns = PLAIN, .facts = "sys/module/nvme_core/parameters/multipath = Y\n",
		.desired = "", .plan = "",
	}, {
		.name = "but a map that is there does not end for that",
		.ns = { A }, .facts = "sys/module/nvme_core/parameters/multipath = Y\n",
		.loaded = "4 policy numa no_path fail 1 259:0 2 ana optimized",
		.desired = "", .plan = "",
	}, {
		.name = "so is a kernel that knows nothing else",
		.ns = PLAIN, .no_parameter = true,
		.facts = "sys/class/nvme-subsystem/nvme-subsys0/iopolicy = numa\n",
		.desired = "", .plan = "",
	}, {
		.name = "a kernel without native multipath",
		.ns = PLAIN, .no_parameter = true,
		.desired = WANTED, .plan = CREATE("2 " BOTH) " because \"nvme0n1 has 2 paths\"\n",
	}, {
		.name = "nothing before it is identified, and no map before all are that can be asked",
		.ns = { A, B_WITH(.unidentified = true) },
		.desired = "reject nvme0n1 because \"waits for the other path: nvme1n1\"\n"
			   "reject nvme1n1 because \"not identified yet\"\n",
		.plan = "",
	}, {
		.name = "one that has given no answer is not waited for",
		.ns = { A, B_WITH(.unidentified = true) },
		.facts = "ioctl/nvme1n1/error = Identify Namespace: Input/output error\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"could not be identified: Identify Namespace: "
			   "Input/output error\"\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "nor one whose controller can't give any",
		.ns = { A, B_WITH(.unidentified = true) },
		.facts = "sys/class/nvme/nvme1/state = connecting\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"not identified yet\"\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "but what is in use stays",
		.ns = { A, B_WITH(.unidentified = true) }, .loaded = HEAD "2 " BOTH,
		.desired = WANTED, .plan = "",
	}, {
		.name = "nor does an error move it: no answer is no evidence",
		.ns = { A, B_WITH(.unidentified = true) }, .loaded = HEAD "2 " BOTH,
		.facts = "ioctl/nvme1n1/error = Identify Namespace: Input/output error\n",
		.desired = WANTED, .plan = "",
	}, {
		.name = "nor what only an answer can tell",
		.ns = { A_WITH(.metadata = 8), B_WITH(.unidentified = true) }, .loaded = HEAD "2 " BOTH,
		.desired = WANTED, .plan = "",
	}, {
		.name = "half an answer is none either",
		.ns = { A, B_WITH(.unidentified = true) },
		.facts = "ioctl/nvme1n1/id-ns : 00\n"
			 "ioctl/nvme1n1/error = Identify (namespace descriptors): Input/output error\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"could not be identified: "
			   "Identify (namespace descriptors): Input/output error\"\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "with the ANA state that it had",
		.ns = { A, B_WITH(.unidentified = true) }, .ana = true,
		.facts = "ioctl/nvme1/id-ctrl : 00\n",
		.loaded = HEAD "2 259:0 2 ana optimized 259:1 2 ana inaccessible",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana optimized 259:1 2 ana inaccessible\n",
		.plan = "",
	}, {
		.name = "but not beside one that sysfs says is another",
		.ns = { A, B_WITH(.unidentified = true) }, .loaded = HEAD "1 259:1 2 ana optimized",
		.facts = "sys/block/nvme1n1/nguid = 00112233-4455-6677-8899-aabbccddee02\n",
		.desired = "reject nvme0n1 because \"NGUID 00000000-0000-0000-0000-000000000000, "
			   "but nvme1n1 has 00112233-4455-6677-8899-aabbccddee02\"\n"
			   "reject nvme1n1 because \"NGUID 00112233-4455-6677-8899-aabbccddee02, "
			   "but nvme0n1 has 00000000-0000-0000-0000-000000000000\"\n",
		.plan = "",
	}, {
		.name = "a controller that can't be asked says so",
		.ns = { A, B_WITH(.unidentified = true) },
		.facts = "ioctl/nvme1/error = Identify Controller: Input/output error\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"could not be identified: "
			   "Identify Controller: Input/output error\"\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "mounted: not ours",
		.ns = { A }, .facts = "proc/self/mountinfo = 1 2 259:0 / / rw - ext4 /dev/root rw\n",
		.desired = "reject nvme0n1 because \"nvme0n1 is mounted on /\"\n",
		.plan = "",
	}, {
		.name = "nor is its other path: the two would be mounted side by side",
		.ns = PLAIN, .facts = "proc/self/mountinfo = 1 2 259:0 / / rw - ext4 /dev/root rw\n",
		.desired = "reject nvme0n1 because \"nvme0n1 is mounted on /\"\n"
			   "reject nvme1n1 because \"its namespace is in use: nvme0n1 is mounted on /\"\n",
		.plan = "",
	}, {
		.name = "swap on a partition: not ours",
		.ns = { A }, .facts = "sys/block/nvme0n1/nvme0n1p1/dev = 259:9\n"
				      "proc/swaps = /dev/nvme0n1p1 partition 1 0 -2\n",
		.desired = "reject nvme0n1 because \"nvme0n1p1 is swap\"\n",
		.plan = "",
	}, {
		.name = "multipathd was there first",
		.ns = PLAIN,
		.facts = "sys/block/nvme0n1/holders = dm-7\nsys/block/nvme1n1/holders = dm-7\n"
			 "sys/block/dm-7/dm/name = mpatha\nsys/block/dm-7/dm/uuid = mpath-w\n",
		.desired = "reject nvme0n1 because \"nvme0n1 is held by dm-7 (multipathd: mpatha)\"\n"
			   "reject nvme1n1 because \"nvme1n1 is held by dm-7 (multipathd: mpatha)\"\n",
		.plan = "",
	}, {
		.name = "somebody who has no name has one path",
		.ns = PLAIN, .facts = "ioctl/nvme1n1/exclusive =\n",
		.desired = "reject nvme0n1 because \"its namespace is in use: "
			   "nvme1n1 is open exclusively in a program\"\n"
			   "reject nvme1n1 because \"nvme1n1 is open exclusively in a program\"\n",
		.plan = "",
	}, {
		.name = "the same, and the map is there",
		.ns = PLAIN, .facts = "ioctl/nvme1n1/exclusive =\n", .loaded = HEAD "1 259:0 2 ana optimized",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"nvme1n1 is open exclusively in a program\"\n",
		.plan = "",
	}, {
		.name = "somebody stacks on one of our paths: it stays ours as well",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH,
		.facts = "sys/block/nvme1n1/holders = dm-0 dm-7\nsys/block/dm-7/dm/name = vg-x\n"
			 "sys/block/dm-0/dm/uuid = " NAME "\n",
		.desired = WANTED, .plan = "",
	}, {
		.name = "but takes one that is not",
		.ns = PLAIN, .loaded = HEAD "1 259:0 2 ana optimized",
		.facts = "sys/block/nvme1n1/holders = dm-7\nsys/block/dm-7/dm/name = vg-x\n"
			 "sys/block/dm-7/dm/uuid = LVM-x\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"nvme1n1 is held by dm-7 (LVM: vg-x)\"\n",
		.plan = "",
	}, {
		.name = "ignored",
		.ns = { A }, .conf = { { "subsystem nqn.*", "ignore", "yes" } },
		.desired = "reject nvme0n1 because \"ignored by the configuration\"\n",
		.plan = "",
	}, {
		.name = "equal identifiers in two subsystems: neither",
		.ns = PLAIN, .facts = SUBSYS_B,
		.desired = "reject nvme0n1 because \"subsystem NQN nqn.a, but nvme1n1 has nqn.b\"\n"
			   "reject nvme1n1 because \"subsystem NQN nqn.b, but nvme0n1 has nqn.a\"\n",
		.plan = "",
	}, {
		.name = "one of them is in use: it stays, the other is refused",
		.ns = PLAIN, .facts = SUBSYS_B, .loaded = HEAD "1 259:0 2 ana optimized",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"subsystem NQN nqn.b, but nvme0n1 has nqn.a\"\n",
		.plan = "",
	}, {
		.name = "a map that lost its paths gets none of a twin's, but its end",
		.ns = { B }, .facts = SUBSYS_B, .nqn = "nqn.a",
		.loaded = HEAD "1 259:7 2 ana optimized",
		.desired = "reject nvme1n1 because \"subsystem NQN nqn.b, but the map of this wwid is of nqn.a\"\n",
		.plan = "look again at 61000 ms\n",
	}, {
		.name = "its own come back, the twin stays out",
		.ns = PLAIN, .facts = SUBSYS_B, .nqn = "nqn.a", .loaded = HEAD "1 259:7 2 ana optimized",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"subsystem NQN nqn.b, but the map of this wwid is of nqn.a\"\n",
		.plan = ADD("259:0 2 ana optimized") " because \"path nvme0n1 appeared\"\n" LEAVE("259:7"),
	}, {
		.name = "NGUIDs that differ in the last byte",
		.ns = { A_WITH(.nguid = 1), B_WITH(.nguid = 2) },
		.desired = "reject nvme0n1 because \"NGUID 00112233-4455-6677-8899-aabbccddee01, "
			   "but nvme1n1 has 00112233-4455-6677-8899-aabbccddee02\"\n"
			   "reject nvme1n1 because \"NGUID 00112233-4455-6677-8899-aabbccddee02, "
			   "but nvme0n1 has 00112233-4455-6677-8899-aabbccddee01\"\n",
		.plan = "",
	}, {
		.name = "EUI-64 of one vendor",
		.ns = { A_WITH(.eui = 1), B_WITH(.eui = 2) }, .loaded = HEAD "1 259:1 2 ana optimized",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:1 2 ana optimized\n"
			   "reject nvme0n1 because \"EUI-64 00 25 38 b1 71 b0 65 01, "
			   "but nvme1n1 has 00 25 38 b1 71 b0 65 02\"\n",
		.plan = "",
	}, {
		.name = "another NSID",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/nsid = 2\n",
		.desired = "reject nvme0n1 because \"NSID 1, but nvme1n1 has 2\"\n"
			   "reject nvme1n1 because \"NSID 2, but nvme0n1 has 1\"\n",
		.plan = "",
	}, {
		.name = "another block size",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/queue/logical_block_size = 4096\n",
		.desired = "reject nvme0n1 because \"block size 512, but nvme1n1 has 4096\"\n"
			   "reject nvme1n1 because \"block size 4096, but nvme0n1 has 512\"\n",
		.plan = "",
	}, {
		.name = "metadata",
		.ns = { A, B_WITH(.metadata = 8) },
		.desired = "reject nvme0n1 because \"metadata size 0, but nvme1n1 has 8\"\n"
			   "reject nvme1n1 because \"metadata size 8, but nvme0n1 has 0\"\n",
		.plan = "",
	}, {
		.name = "protection",
		.ns = { A, B_WITH(.pi = 1) },
		.desired = "reject nvme0n1 because \"protection type 0, but nvme1n1 has 1\"\n"
			   "reject nvme1n1 because \"protection type 1, but nvme0n1 has 0\"\n",
		.plan = "",
	}, {
		.name = "command set",
		.ns = { A, B_WITH(.csi = 1) },
		.desired = "reject nvme0n1 because \"command set 0, but nvme1n1 has 1\"\n"
			   "reject nvme1n1 because \"command set 1, but nvme0n1 has 0\"\n",
		.plan = "",
	}, {
		.name = "another size, and no map yet",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/size = 4096\n",
		.desired = "reject nvme0n1 because \"size 2048 sectors, but nvme1n1 has 4096 sectors\"\n"
			   "reject nvme1n1 because \"size 4096 sectors, but nvme0n1 has 2048 sectors\"\n",
		.plan = "",
	}, {
		.name = "a resize: one path first",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/size = 4096\n", .loaded = HEAD "2 " BOTH,
		.desired = WANTED, .plan = "",
	}, {
		.name = "a resize: then all",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH,
		.facts = "sys/block/nvme1n1/size = 4096\nsys/block/nvme0n1/size = 4096\n",
		.desired = "map " NAME " " NAME ": 0 4096 nvmemp " HEAD "2 " BOTH "\n",
		.plan = "reload " NAME ": 0 4096 nvmemp " HEAD "2 " BOTH
			" because \"the namespace grew from 2048 to 4096 sectors\"\n",
	}, {
		.name = "a path that is read-only: its map is made so",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/ro = 1\n",
		.desired = "map " NAME " " NAME ": ro 0 2048 nvmemp " HEAD "2 " BOTH "\n",
		.plan = "create " NAME ": ro 0 2048 nvmemp " HEAD "2 " BOTH
			" because \"nvme0n1 has 2 paths\"\n",
	}, {
		.name = "a path became read-only: the map follows",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/ro = 1\n", .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": ro 0 2048 nvmemp " HEAD "2 " BOTH "\n",
		.plan = "reload " NAME ": ro 0 2048 nvmemp " HEAD "2 " BOTH
			" because \"the namespace became read-only\"\n",
	}, {
		.name = "and back",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH, .read_only = true, .follows = true,
		.desired = WANTED,
		.plan = "reload " NAME ": 0 2048 nvmemp " HEAD "2 " BOTH
			" because \"the namespace became writable\"\n",
	}, {
		.name = "a map that somebody made read-only stays so",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH, .read_only = true, .desired = WANTED, .plan = "",
	}, {
		.name = "also with a new table",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH, .read_only = true,
		.facts = "sys/block/nvme1n1/size = 4096\nsys/block/nvme0n1/size = 4096\n",
		.desired = "map " NAME " " NAME ": 0 4096 nvmemp " HEAD "2 " BOTH "\n",
		.plan = "reload " NAME ": ro 0 4096 nvmemp " HEAD "2 " BOTH
			" because \"the namespace grew from 2048 to 4096 sectors\"\n",
	}, {
		.name = "a path that shrank is no path",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/size = 1024\n", .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"size 1024 sectors, but the map has 2048\"\n",
		.plan = LEAVE("259:1"),
	}, {
		.name = "another namespace behind a path: out at once, then out of the table",
		.ns = { A, B_WITH(.other_uuid = 1) }, .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"the controller gives another UUID than the kernel "
			   "shows: the namespace was replaced\"\nintruder nvme1n1 in " NAME "\n",
		.plan = "message " NAME ": disable_path 259:1 because \"nvme1n1 is another namespace now\"\n"
			LEAVE("259:1"),
	}, {
		.name = "one that has no UUID any more is another as well",
		.ns = { A, B_WITH(.old = true) }, .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"the controller gives another UUID than the kernel "
			   "shows: the namespace was replaced\"\nintruder nvme1n1 in " NAME "\n",
		.plan = "message " NAME ": disable_path 259:1 because \"nvme1n1 is another namespace now\"\n"
			LEAVE("259:1"),
	}, {
		.name = "one that was detached is gone, not another",
		.ns = { A, B_WITH(.detached = true) }, .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"its controller does not have it any more\"\n",
		.plan = LEAVE("259:1"),
	}, {
		.name = "a controller of version 1.2 says who it is without descriptors",
		.ns = { A_WITH(.old = true, .nguid = 1) }, .facts = "sys/block/nvme0n1/wwid = " WWID_1 "\n",
		.desired = "map nvmemp-" WWID_1 " nvmemp-" WWID_1 ": 0 2048 nvmemp " HEAD
			   "1 259:0 2 ana optimized\n",
		.plan = "create nvmemp-" WWID_1 ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized "
			"because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "and whether it is another",
		.ns = { A_WITH(.old = true, .nguid = 1) },
		.facts = "sys/block/nvme0n1/wwid = eui.00112233445566778899aabbccddee02\n"
			 "sys/block/nvme0n1/nguid = 00112233-4455-6677-8899-aabbccddee02\n",
		.desired = "reject nvme0n1 because \"the controller gives another NGUID than the kernel "
			   "shows: the namespace was replaced\"\n",
		.plan = "",
	}, {
		.name = "another namespace with another wwid behind the last path",
		.ns = { A }, .loaded = HEAD "1 259:0 2 ana optimized",
		.facts = "sys/block/nvme0n1/wwid = eui.0011\n",
		.desired = "map nvmemp-eui.0011 nvmemp-eui.0011: 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "intruder nvme0n1 in " NAME "\n",
		.plan = NULL,
	}, {
		.name = "one NSID, two namespaces",
		.ns = PLAIN,
		.facts = "sys/block/nvme1n1/wwid = eui.0011\n",
		.desired = "reject nvme0n1 because \"wwid " WWID ", but nvme1n1 has eui.0011\"\n"
			   "reject nvme1n1 because \"wwid eui.0011, but nvme0n1 has " WWID "\"\n",
		.plan = "",
	}, {
		.name = "the old one is in use",
		.ns = PLAIN, .loaded = HEAD "1 259:0 2 ana optimized",
		.facts = "sys/block/nvme1n1/wwid = eui.0011\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"wwid eui.0011, but nvme0n1 has " WWID "\"\n",
		.plan = "",
	}, {
		.name = "a wwid that is none",
		.ns = { A }, .facts = "sys/block/nvme0n1/wwid = ../../etc\n",
		.desired = "reject nvme0n1 because \"its wwid has a character that no wwid has\"\n",
		.plan = "",
	}, {
		.name = "sysfs makes no sense",
		.ns = PLAIN, .facts = "sys/block/nvme1n1/dev = rubbish\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme1n1 because \"sysfs: dev \\x22rubbish\\x22 is not a device number\"\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "nor does an NSID that stands for all",
		.ns = PLAIN, .facts = "sys/block/nvme0n1/nsid = 0\nsys/block/nvme1n1/nsid = 4294967295\n",
		.desired = "reject nvme0n1 because \"sysfs: nsid \\x220\\x22 is none\"\n"
			   "reject nvme1n1 because \"sysfs: nsid \\x224294967295\\x22 is none\"\n",
		.plan = "",
	}, {
		.name = "a namespace that the kernel does not show",
		.ns = { A }, .facts = "ioctl/nvme0/active-ns : 01 00 00 00 07 00 00 00\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n"
			   "reject nvme0 nsid 7 because \"the kernel shows no block device for it: see its "
			   "log (it refuses identifiers that another namespace has)\"\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "ANA states come from the log",
		.ns = { A, B_WITH(.group = 2) }, .ana = true, .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana optimized 259:1 2 ana inaccessible\n",
		.plan = "message " NAME ": ana 259:1 inaccessible because \"path nvme1n1 became inaccessible\"\n",
	}, {
		.name = "several ANA states: one message",
		.ns = { A_WITH(.group = 2), B_WITH(.group = 2) }, .ana = true,
		.loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana inaccessible 259:1 2 ana inaccessible\n",
		.plan = "message " NAME ": ana 259:0 inaccessible 259:1 inaccessible because "
			"\"path nvme0n1 became inaccessible, and 1 more\"\n",
	}, {
		.name = "the log was not read yet: as it was, or optimized",
		.ns = { A, B_WITH(.group = 2) }, .ana = true, .no_log = true,
		.loaded = HEAD "1 259:1 2 ana inaccessible",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana optimized 259:1 2 ana inaccessible\n",
		.plan = ADD("259:0 2 ana optimized") " because \"path nvme0n1 appeared\"\n",
	}, {
		.name = "no such ANA group: as it was",
		.ns = { A, B_WITH(.group = 9) }, .ana = true,
		.loaded = HEAD "2 259:0 2 ana optimized 259:1 2 ana inaccessible",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana optimized 259:1 2 ana inaccessible\n",
		.plan = "",
	}, {
		.name = "flushes fail fast on fabrics",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/transport = tcp\n", .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana optimized 259:1 3 ana optimized flush_failfast\n",
		.plan = RELOAD("2 259:0 2 ana optimized 259:1 3 ana optimized flush_failfast")
			" because \"path nvme1n1 has another transport\"\n",
	}, {
		.name = "a path appeared; what the others are, they stay",
		.ns = PLAIN, .loaded = HEAD "1 259:0 4 ana optimized preferred failed",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 4 ana optimized preferred failed 259:1 2 ana optimized\n",
		.plan = ADD("259:1 2 ana optimized") " because \"path nvme1n1 appeared\"\n",
	}, {
		.name = "a path is gone",
		.ns = { A }, .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = LEAVE("259:1"),
	}, {
		.name = "what was disabled for it goes when nothing is in flight",
		.ns = { A }, .loaded = HEAD "2 259:0 2 ana optimized 259:1 3 ana optimized disabled",
		.status = "1 7 up numa 60 0 - 259:0 0 2 16 259:0 A optimized 3 1 0 0 0 0 0 0 0 0 0 0 0 259:1 D optimized 0 9 0 0 0 0 0 0 0 0 0 0 0",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = "message " NAME ": remove_path 259:1 because \"path 259:1 is gone\"\n",
	}, {
		.name = "and waits until then",
		.ns = { A }, .loaded = HEAD "2 259:0 2 ana optimized 259:1 3 ana optimized disabled",
		.status = "1 7 up numa 60 0 - 259:0 0 2 16 259:0 A optimized 3 1 0 0 0 0 0 0 0 0 0 0 0 259:1 D optimized 1 9 0 0 0 0 0 0 0 0 0 0 0",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = "look again at 5250 ms\n",
	}, {
		.name = "a disk that is gone needs not be disabled first",
		.ns = { A }, .loaded = HEAD "2 " BOTH,
		.status = "1 7 up numa 60 0 - 259:0 0 2 16 259:0 A optimized 0 1 0 0 0 0 0 0 0 0 0 0 0 259:1 G optimized 0 9 0 0 0 0 0 0 0 0 0 0 0",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = "message " NAME ": remove_path 259:1 because \"path 259:1 is gone\"\n",
	}, {
		.name = "a disk that is gone stays while I/O is in flight on it",
		.ns = { A }, .loaded = HEAD "2 " BOTH,
		.status = "1 7 up numa 60 0 - 259:0 0 2 16 259:0 A optimized 0 1 0 0 0 0 0 0 0 0 0 0 0 259:1 G optimized 3 9 0 0 0 0 0 0 0 0 0 0 0",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = "look again at 5250 ms\n",
	}, {
		.name = "a path joins whatever another one's I/O is at",
		.ns = PLAIN, .loaded = HEAD "1 259:0 2 ana optimized",
		.status = "1 7 waiting numa 60 0 - - 0 1 16 259:0 B optimized 3 9 0 0 0 0 0 0 0 0 0 0 0",
		.desired = WANTED,
		.plan = ADD("259:1 2 ana optimized") " because \"path nvme1n1 appeared\"\n",
	}, {
		.name = "a reload waits for I/O that a suspend would wait for",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/transport = tcp\n", .loaded = HEAD "2 " BOTH,
		.status = "1 7 up numa 60 0 - 259:0 0 2 16 259:0 A optimized 0 1 0 0 0 0 0 0 0 0 0 0 0 259:1 B optimized 3 9 0 0 0 0 0 0 0 0 0 0 0",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana optimized 259:1 3 ana optimized flush_failfast\n",
		.plan = "look again at 5250 ms\n",
	}, {
		.name = "a preferred controller: in the table of a new map",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/address = 0000:02:00.0\n",
		.conf = { { "subsystem *", "prefer", "*:02:*" } },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "2 " PREFER_B "\n",
		.plan = "create " NAME ": 0 2048 nvmemp " HEAD "2 " PREFER_B
			" because \"nvme0n1 has 2 paths\"\n",
	}, {
		.name = "by message in one that is there",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/address = 0000:02:00.0\n",
		.conf = { { "subsystem *", "prefer", "*:02:*" } }, .loaded = HEAD "2 " BOTH,
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "2 " PREFER_B "\n",
		.plan = "message " NAME ": prefer 259:1 because \"the configuration says so\"\n",
	}, {
		.name = "with the path, when that joins",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/address = 0000:02:00.0\n",
		.conf = { { "subsystem *", "prefer", "*:02:*" } }, .loaded = HEAD "1 259:0 2 ana optimized",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "2 " PREFER_B "\n",
		.plan = "add-path " NAME ": add_path 259:1 3 ana optimized preferred because "
			"\"path nvme1n1 appeared\"\n",
	}, {
		.name = "not while it is in reserve: that would end it",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/address = 0000:02:00.0\n",
		.conf = { { "subsystem *", "prefer", "*:02:*" } },
		.loaded = HEAD "2 259:0 2 ana optimized 259:1 3 ana optimized held",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 2 ana optimized 259:1 4 ana optimized preferred held\n",
		.plan = "",
	}, {
		.name = "an administrator prefers another: so it stays",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/address = 0000:02:00.0\n",
		.conf = { { "subsystem *", "prefer", "*:02:*" } },
		.loaded = HEAD "2 259:0 3 ana optimized preferred 259:1 2 ana optimized",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD
			   "2 259:0 3 ana optimized preferred 259:1 2 ana optimized\n",
		.plan = "",
	}, {
		.name = "features and weights go by message",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH,
		.conf = { { "defaults", "failback", "30" }, { "defaults", "write_hold", "500" },
			  { "defaults", "marginal_errors", "3" }, { "controller *", "weight", "4" } },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 10 policy numa no_path 60 failback 30 "
			   "write_hold 500 marginal_errors 3 2 259:0 4 ana optimized weight 4 "
			   "259:1 4 ana optimized weight 4\n",
		.plan = "message " NAME ": failback 30 because \"the configuration says so\"\n"
			"message " NAME ": write_hold 500 because \"the configuration says so\"\n"
			"message " NAME ": marginal_errors 3 because \"the configuration says so\"\n"
			"message " NAME ": weight 259:0 4 because \"the configuration says so\"\n"
			"message " NAME ": weight 259:1 4 because \"the configuration says so\"\n",
	}, {
		.name = "held and marginal are the target's, and stay",
		.ns = PLAIN, .facts = "sys/class/nvme/nvme1/transport = tcp\nsys/class/nvme/nvme1/kato = 5\n",
		.loaded = "6 policy numa no_path 60 write_hold auto 2 259:0 3 ana optimized held 259:1 3 ana optimized marginal",
		.conf = { { "defaults", "write_hold", "auto" } },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 6 policy numa no_path 60 write_hold auto "
			   "2 259:0 3 ana optimized held 259:1 6 ana optimized kato 5000 marginal flush_failfast\n",
		.plan = "reload " NAME ": 0 2048 nvmemp 6 policy numa no_path 60 write_hold auto "
			"2 259:0 3 ana optimized held 259:1 6 ana optimized kato 5000 marginal flush_failfast"
			" because \"path nvme1n1 has another transport\"\n",
	}, {
		.name = "not for I/O on a path that does it",
		.ns = PLAIN, .loaded = HEAD "1 259:0 2 ana optimized",
		.status = "1 7 up numa 60 0 - 259:0 0 1 16 259:0 A optimized 3 9 0 0 0 0 0 0 0 0 0 0 0",
		.desired = WANTED, .plan = ADD("259:1 2 ana optimized") " because \"path nvme1n1 appeared\"\n",
	}, {
		.name = "a deleting controller's path is no path",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH, .facts = "sys/class/nvme/nvme1/state = deleting\n",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = LEAVE("259:1"),
	}, {
		.name = "a connecting controller's path stays",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH, .facts = "sys/class/nvme/nvme1/state = connecting\n",
		.desired = WANTED, .plan = "",
	}, {
		.name = "settings change by message",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH,
		.conf = { { "defaults", "policy", "round-robin" }, { "namespace " WWID, "no_path", "7" } },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 4 policy round-robin no_path 7 2 " BOTH "\n",
		.plan = "message " NAME ": policy round-robin because \"the configuration says so\"\n"
			"message " NAME ": no_path 7 because \"the configuration says so\"\n",
	}, {
		.name = "something was left out: the loaded map keeps its settings and its name",
		.ns = PLAIN, .loaded = "6 policy latency no_path queue write_hold 500 1 259:0 4 ana optimized weight 3",
		.conf = { { "defaults", "policy", "round-robin" }, { "namespace " WWID, "no_path", "7" },
			  { "namespace " WWID, "alias", "data" }, { "controller *", "weight", "5" } },
		.left_out = { "defaults", "polcy" },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 6 policy latency no_path queue write_hold 500 "
			   "2 259:0 4 ana optimized weight 3 259:1 4 ana optimized weight 5\n",
		.plan = ADD("259:1 4 ana optimized weight 5") " because \"path nvme1n1 appeared\"\n",
	}, {
		.name = "a new one gets what was understood",
		.ns = { A }, .conf = { { "defaults", "policy", "round-robin" } }, .left_out = { "defaults", "polcy" },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 4 policy round-robin no_path 60 1 259:0 2 ana optimized\n",
		.plan = "create " NAME ": 0 2048 nvmemp 4 policy round-robin no_path 60 "
			"1 259:0 2 ana optimized because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "of write_hold, the safe value",
		.ns = { A }, .left_out = { "[namspace x", "write_hold" },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 6 policy numa no_path 60 write_hold auto 1 259:0 2 ana optimized\n",
		.plan = "create " NAME ": 0 2048 nvmemp 6 policy numa no_path 60 write_hold auto "
			"1 259:0 2 ana optimized because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "an ignore was left out: no new map",
		.ns = PLAIN, .left_out = { "subsystem *", "ignore" },
		.desired = "reject nvme0n1 because \"the configuration may say to ignore it: f:2: why\"\n"
			   "reject nvme1n1 because \"the configuration may say to ignore it: f:2: why\"\n",
		.plan = "",
	}, {
		.name = "a file was: no new map",
		.ns = { A }, .left_out = { "", NULL },
		.desired = "reject nvme0n1 because \"the configuration may say to ignore it: f:2: why\"\n",
		.plan = "",
	}, {
		.name = "and the one that is there lives on",
		.ns = PLAIN, .left_out = { "subsystem *", "ignore" }, .loaded = HEAD "1 259:0 2 ana optimized",
		.desired = WANTED, .plan = ADD("259:1 2 ana optimized") " because \"path nvme1n1 appeared\"\n",
	}, {
		.name = "a map that was torn down, whose uuid is a packed wwid, is not made again",
		.ns = { A }, .facts = "sys/block/nvme0n1/wwid = nvme.1d0f-4141414141414141414141414141414141414141-4"
				      "2424242424242424242424242424242424242424242424242424242424242424242424242424242-00000001\n",
		.torn = "nvmemp-nvme32.1d0f-850k2ga1850k2ga1850k2ga1850k2ga1-89144gi2"
			"89144gi289144gi289144gi289144gi289144gi289144gi289144gi2-00000001",
		.desired = "reject nvme0n1 because \"its map was torn down: reload nvmempd to have it again\"\n",
		.plan = "",
	}, {
		.name = "a map that was torn down is not made again",
		.ns = { A }, .torn = NAME,
		.desired = "reject nvme0n1 because \"its map was torn down: reload nvmempd to have it again\"\n",
		.plan = "",
	}, {
		.name = "another one is",
		.ns = { A }, .torn = "nvmemp-eui.0011",
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp " HEAD "1 259:0 2 ana optimized\n",
		.plan = CREATE("1 259:0 2 ana optimized") " because \"nvme0n1 has 1 path\"\n",
	}, {
		.name = "whoever made it again may have it",
		.ns = PLAIN, .torn = NAME, .loaded = HEAD "1 259:0 2 ana optimized",
		.desired = WANTED, .plan = ADD("259:1 2 ana optimized") " because \"path nvme1n1 appeared\"\n",
	}, {
		.name = "what a teardown left without a table goes",
		.ns = { A }, .torn = NAME, .loaded = "",
		.desired = "reject nvme0n1 because \"its map was torn down: reload nvmempd to have it again\"\n",
		.plan = "remove " NAME " because \"it was left without a table\"\n",
	}, {
		.name = "the machine shuts down: nothing waits any more",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH, .facts = "run/nvmemp-no-queueing =\n",
		.conf = { { "defaults", "no_path", "queue" } },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 4 policy numa no_path fail 2 " BOTH "\n",
		.plan = "message " NAME ": no_path fail because \"the machine shuts down\"\n",
	}, {
		.name = "and it stays so",
		.ns = PLAIN, .loaded = "4 policy numa no_path fail 2 " BOTH,
		.facts = "run/nvmemp-no-queueing =\n", .conf = { { "defaults", "no_path", "queue" } },
		.desired = "map " NAME " " NAME ": 0 2048 nvmemp 4 policy numa no_path fail 2 " BOTH "\n",
		.plan = "",
	}, {
		.name = "an alias renames",
		.ns = PLAIN, .loaded = HEAD "2 " BOTH,
		.conf = { { "namespace " WWID, "alias", "data" } },
		.desired = "map data " NAME ": 0 2048 nvmemp " HEAD "2 " BOTH "\n",
		.plan = "rename " NAME ": data because \"the configuration says so\"\n",
	}, {
		.name = "a map without a table is made anew",
		.ns = PLAIN, .loaded = "",
		.desired = WANTED,
		.plan = "remove " NAME " because \"it was left without a table\"\n"
			CREATE("2 " BOTH) " because \"nvme0n1 has 2 paths\"\n",
	}, {
		.name = "a suspended one is resumed",
		.ns = PLAIN, .loaded = "suspended " HEAD "2 " BOTH,
		.desired = WANTED, .plan = "resume " NAME " because \"it was left suspended\"\n",
	}, {
		.name = "one that was to go may stay",
		.ns = PLAIN, .loaded = "going " HEAD "2 " BOTH,
		.desired = WANTED, .plan = "cancel-remove " NAME " because \"its namespace is back\"\n",
	}, {
		.name = "the last path is gone: it is kept for a while",
		.loaded = HEAD "1 259:0 2 ana optimized",
		.desired = "", .plan = "look again at 61000 ms\n",
	}, {
		.name = "and then removed",
		.loaded = "4 policy numa no_path 4 1 259:0 2 ana optimized",
		.desired = "", .plan = "remove " NAME " because \"its last path is gone\"\n",
	}, {
		.name = "at once, if it should fail at once",
		.loaded = "4 policy numa no_path fail 1 259:0 2 ana optimized",
		.desired = "", .plan = "remove " NAME " because \"its last path is gone\"\n",
	}, {
		.name = "never, if it should queue",
		.loaded = "4 policy numa no_path queue 1 259:0 2 ana optimized",
		.desired = "", .plan = "",
	}, {
		.name = "its namespace is there but refused: it is left alone",
		.ns = { A }, .loaded = "4 policy numa no_path fail 1 259:0 2 ana optimized",
		.conf = { { "defaults", "ignore", "yes" } },
		.desired = "reject nvme0n1 because \"ignored by the configuration\"\n", .plan = "",
	}, {
		.name = "a leftover of nobody",
		.loaded = "",
		.desired = "", .plan = "remove " NAME " because \"it was left without a table\"\n",
	},
};

static void each_machine_gets_its_plan(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_loaded loaded = loaded_of(&rows[i]);
		char *desired, *text;
		struct mp_plan plan;

		look(&rows[i], &loaded, 0, &desired, &text, &plan);
		check_text(rows[i].name, desired, rows[i].desired);
		if (rows[i].plan)
			check_text(rows[i].name, text, rows[i].plan);
		free(desired);
		free(text);
		mp_plan_done(&plan);
		mp_arena_free(loaded.arena);
	}
}

static void no_write_reaches_another_namespace(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_loaded loaded = loaded_of(&rows[i]);
		char *desired, *text;
		struct mp_plan plan;

		look(&rows[i], &loaded, 0, &desired, &text, &plan);
		if (strstr(desired, "intruder")) {
			check_int(rows[i].name, plan.nr_steps > 0, 1);
			check_int(rows[i].name, strncmp(plan.steps[0].text, "disable_path ", 13), 0);
		}
		free(desired);
		free(text);
		mp_plan_done(&plan);
		mp_arena_free(loaded.arena);
	}
}

static void order_of_facts_changes_nothing(void **state)
{
	size_t i, seed;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_loaded loaded = loaded_of(&rows[i]);
		struct mp_plan plan;

		for (seed = 1; seed < 20; seed++) {
			char *desired, *text;

			look(&rows[i], &loaded, (uint32_t)seed, &desired, &text, &plan);
			check_text(rows[i].name, desired, rows[i].desired);
			if (rows[i].plan)
				check_text(rows[i].name, text, rows[i].plan);
			free(desired);
			free(text);
			mp_plan_done(&plan);
		}
		mp_arena_free(loaded.arena);
	}
}

static void a_plan_that_was_carried_out_leaves_nothing_to_do(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct mp_loaded loaded = loaded_of(&rows[i]);
		char *desired, *text;
		struct mp_plan plan;

		if (!rows[i].plan)	/* it takes more than one map */
			goto next;
		look(&rows[i], &loaded, 0, &desired, &text, &plan);
		free(desired);
		free(text);
		if (!plan.wake_ms) {
			apply(&loaded, &plan);
			mp_plan_done(&plan);
			look(&rows[i], &loaded, 0, &desired, &text, &plan);
			check_text(rows[i].name, text, "");
			free(desired);
			free(text);
		}
		mp_plan_done(&plan);
next:
		mp_arena_free(loaded.arena);
	}
}

/* What a map was made of is known from its paths, and then for good. */
static void maps_remember_their_subsystem(void **state)
{
	static const struct machine a = {
		.name = "of a", .ns = { A }, .loaded = HEAD "1 259:0 2 ana optimized",
	}, twin = {
		.name = "twin", .ns = { B }, .facts = SUBSYS_B, .loaded = HEAD "1 259:1 2 ana optimized",
	}, other = {
		.name = "another namespace", .ns = { A }, .loaded = HEAD "1 259:0 2 ana optimized",
		.facts = "sys/block/nvme0n1/wwid = eui.0011\n",
	};
	const struct machine *steps[] = { &other, &a, &twin };
	static const char *const want[] = { "", "nqn.a", "nqn.a" };
	struct mp_loaded before = { 0 }, now;
	size_t i;

	for (i = 0; i < COUNT(steps); i++) {
		struct mp_facts f = facts_of(steps[i], 0);
		struct mp_topo topo;

		now = loaded_of(steps[i]);
		assert_int_equal(mp_topo_build(&f, &topo, NULL), 0);
		assert_int_equal(mp_loaded_remember(&now, &before, &topo), 0);
		check_text(steps[i]->name, now.maps[0].nqn, want[i]);
		mp_arena_free(before.arena);
		before = now;
		mp_topo_done(&topo);
		mp_facts_done(&f);
	}
	mp_arena_free(before.arena);
}

/* More controllers than a map can have paths */
static void limits_are_told(void **state)
{
	struct machine m = { .name = "many" };
	struct mp_facts f = facts_of(&m, 0);
	struct mp_loaded none = { 0 };
	struct mp_desired d;
	struct mp_prefs prefs;
	struct mp_topo topo;
	struct mp_conf conf;
	char *text;
	int i;

	for (i = 0; i < 34; i++) {
		char name[3][20];

		snprintf(name[0], 20, "nvme%d", i);
		snprintf(name[1], 20, "nvme%dn1", i);
		snprintf(name[2], 20, "259:%d", i);
		add_ctrl(&f, &m, name[0]);
		add_ns(&f, &(struct ns){ name[1], name[0], name[2], { 0 } });
	}
	assert_int_equal(mp_facts_sort(&f), 0);
	assert_int_equal(mp_topo_build(&f, &topo, NULL), 0);
	assert_int_equal(mp_conf_init(&conf), 0);
	assert_int_equal(mp_desire(&topo, &conf, &none, &d, NULL), 0);
	assert_int_equal(d.nr_maps, 1);
	assert_int_equal(d.maps[0].nr_paths, 32);
	assert_string_equal(d.maps[0].paths[31].name, "nvme31n1");
	assert_int_equal(d.nr_rejects, 2);
	assert_string_equal(d.rejects[0].device, "nvme32n1");
	assert_string_equal(d.rejects[0].reason, "the map has 32 paths already");
	mp_desired_done(&d);
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = "nqn.a", .wwid = WWID },
			&prefs);
	assert_null(mp_desire_unfit(&topo, &topo.ns[0], &prefs));
	topo.native = true;
	check_text("native", mp_desire_unfit(&topo, &topo.ns[0], &prefs), "native NVMe multipath is on");
	topo.native = false;
	check_int("ns", mp_topo_find_ns(&topo, "nvme33n1"), 33);
	check_int("ns", mp_topo_find_ns(&topo, "nvme34n1"), -1);
	check_int("ctrl", mp_topo_find_ctrl(&topo, "nvme10"), 10);
	check_int("number", mp_topo_find_devno(&topo, 259, 9), 9);
	check_int("number", mp_topo_find_devno(&topo, 258, 9), -1);
	text = mp_dump_topo(&topo);
	assert_non_null(strstr(text, "ctrl nvme33 nqn \"nqn.a\" state \"live\""));
	free(text);
	mp_topo_done(&topo);
	mp_conf_done(&conf);
	mp_facts_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_machine_gets_its_plan),
		cmocka_unit_test(no_write_reaches_another_namespace),
		cmocka_unit_test(order_of_facts_changes_nothing),
		cmocka_unit_test(a_plan_that_was_carried_out_leaves_nothing_to_do),
		cmocka_unit_test(maps_remember_their_subsystem),
		cmocka_unit_test(limits_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
