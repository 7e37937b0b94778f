/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The values that travel through the program; no functions. All text is
 * NUL-terminated UTF-8 or ASCII, owned by the arena of the value that points
 * to it, and never changed after the value was built. Arrays are sorted and
 * joined by index; an absent index is -1, an absent string is "".
 */
#ifndef MP_TYPES_H
#define MP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_NSID_ALL	0xffffffffu

/* One error for people: filled where it happened, one sentence, no newline. */
struct mp_err {
	char text[256];
};

/* NVMe base specification 2.0, figure 207: ANA states by their code */
enum mp_ana {
	MP_ANA_UNKNOWN = 0,	/* ANA not reported, or its log not read yet */
	MP_ANA_OPTIMIZED = 1,
	MP_ANA_NONOPTIMIZED = 2,
	MP_ANA_INACCESSIBLE = 3,
	MP_ANA_PERSISTENT_LOSS = 4,
	MP_ANA_CHANGE = 15,
};

enum mp_policy {
	MP_POLICY_NUMA,
	MP_POLICY_ROUND_ROBIN,
	MP_POLICY_QUEUE_DEPTH,
	MP_POLICY_LATENCY,
};

/* What happens to I/O while no path is usable. */
#define MP_NO_PATH_FAIL		0		/* error at once */
#define MP_NO_PATH_QUEUE	UINT32_MAX	/* wait for ever */
						/* else seconds */

/*
 * The target's other features: numbers, in the units that nvmemp_uapi.h says; 0 is
 * the default of each (for some of them, that stands for another number).
 */
enum mp_feature {
	MP_FAILBACK,
	MP_WRITE_HOLD,
	MP_ANATT,
	MP_MARGINAL_ERRORS,
	MP_MARGINAL_WINDOW,
	MP_MARGINAL_HOLD,
	MP_MARGINAL_LATENCY,
	MP_NR_FEATURES,
};

#define MP_ENDLESS	UINT32_MAX	/* failback manual, write_hold auto */

/*
 * facts: what the machine says, raw. key is the source: a path without the
 * leading slash or "ioctl/DEVICE/WHAT" for bytes that a command returned; data
 * is as read, trailing newlines removed from sysfs text, a NUL behind it:
 *
 *   sys/module/nvme_core/parameters/multipath
 *   sys/class/nvme-subsystem/SUBSYS/{subsysnqn,model,serial,iopolicy}
 *   sys/class/nvme-subsystem/SUBSYS/CTRL		"" (the link is there)
 *   sys/class/nvme/CTRL/{subsysnqn,state,transport,address,numa_node,cntrltype,kato}
 *   sys/block/NS/{dev,size,ro,nsid,wwid,nguid,eui}
 *   sys/block/NS/queue/{logical_block_size,zoned}
 *   sys/block/NS/device			last part of the link: CTRL or SUBSYS
 *   sys/block/NS/holders		names, separated by blanks
 *   sys/block/HIDDEN/{device,ana_state}	native multipath's paths: nvmeScCnN of nvmeSnN
 *   sys/block/NS/PART/{dev,holders}	its partitions
 *   sys/block/DM/dm/{name,uuid}	of each holder that is a dm device
 *   sys/block/HOLDER/slaves		names: what it is stacked on
 *   sys/block/DM/{dev,holders}		of a map that is to be torn down, and its partition maps
 *   proc/self/mountinfo, proc/swaps
 *   run/nvmemp-no-queueing		(the machine shuts down)
 *   ioctl/CTRL/{id-ctrl,active-ns,ana-log}	Identify CNS 01h, CNS 02h, log 0Ch
 *   ioctl/NS/{id-ns,ns-descs}		Identify CNS 00h, CNS 03h
 *   ioctl/NS/exclusive			"" (an exclusive open is refused); asked only after
 *					device-mapper failed to take it
 *   ioctl/DEVICE/error			why these could not be read, for people
 */
struct mp_fact {
	const char *key;
	const void *data;
	size_t len;
};

struct mp_facts {
	struct mp_arena *arena;
	struct mp_fact *facts;		/* sorted by key after mp_facts_sort */
	size_t nr_facts;
};

/* topo: the snapshot that facts add up to */
struct mp_subsys {
	const char *name;		/* nvme-subsys0 */
	const char *nqn;
	const char *model;
	const char *serial;
	const char *native_policy;	/* native multipath's iopolicy; "" = not native */
};

struct mp_ctrl {
	const char *name;		/* nvme0 */
	const char *nqn;		/* of its subsystem */
	const char *state;		/* sysfs word: live, resetting, connecting, … */
	const char *transport;		/* pcie, tcp, rdma, fc, loop */
	const char *address;		/* PCI address, or traddr=…,trsvcid=… */
	int subsys;			/* index, -1 = none */
	int numa_node;			/* -1 = none */
	bool identified;		/* Identify Controller was read */
	bool multi_ctrl;		/* CMIC bit 1: subsystem may have several controllers */
	bool ana;			/* CMIC bit 3: reports ANA */
	uint8_t anatt_s;		/* ANATT, seconds */
	uint32_t kato_ms;		/* keep alive timeout, 0 = none (PCIe) */
};

struct mp_id {
	const char *wwid;		/* sysfs wwid: the kernel's own choice */
	uint8_t uuid[16];		/* all zero = none */
	uint8_t nguid[16];
	uint8_t eui64[8];
	uint8_t csi;			/* command set identifier */
};

struct mp_ns {
	const char *name;		/* nvme0n1, the block device */
	uint32_t major, minor;
	int ctrl;			/* index into topo.ctrls */
	uint32_t nsid;
	struct mp_id id;
	uint64_t size_sectors;		/* 512 bytes each */
	uint32_t block_size;		/* logical, bytes */
	uint16_t metadata_size;		/* bytes a block */
	uint8_t pi_type;		/* DPS bits 2:0, 0 = none */
	bool read_only;
	bool identified;		/* Identify Namespace and the descriptors were read */
	bool shared;			/* NMIC bit 0 */
	uint32_t ana_grpid;
	enum mp_ana ana;
	const char *holder;		/* who uses the device, for people; "" = nobody, or our own map */
	const char *bad;		/* why its facts can't be trusted, for people; "" = they can */
	const char *unread;		/* why it could not be identified; "" = it was, or not asked yet */
	bool replaced;			/* the controller now has another namespace behind it */
};

/* One path that the kernel has below a namespace of its own multipathing; only shown */
struct mp_native_path {
	const char *name;		/* nvme0c1n1, without a node */
	const char *ns;			/* nvme0n1, the block device above it */
	const char *ana;		/* sysfs word; "" = the controller reports none */
	int ctrl;			/* index into topo.ctrls */
};

struct mp_topo {
	struct mp_arena *arena;
	struct mp_subsys *subsys;	/* by name, natural order (nvme2 before nvme10) */
	size_t nr_subsys;
	struct mp_ctrl *ctrls;		/* by name, natural order */
	size_t nr_ctrls;
	struct mp_ns *ns;		/* by name, natural order */
	size_t nr_ns;
	const struct mp_ns **by_number;	/* the same, by major and minor */
	struct mp_native_path *native_paths;	/* by name, natural order */
	size_t nr_native_paths;
	struct mp_reject *unseen;	/* namespaces without a block device, with the reason */
	size_t nr_unseen;
	bool native;			/* nvme_core.multipath=Y */
	bool no_queueing;		/* the machine shuts down: no I/O may wait for a path */
};

/* What the administrator asked for: built from the configuration files. */
enum mp_scope {
	MP_SCOPE_DEFAULTS, MP_SCOPE_MODEL, MP_SCOPE_SUBSYSTEM, MP_SCOPE_NAMESPACE, MP_SCOPE_CONTROLLER,
	MP_NR_SCOPES,
};

struct mp_setting {
	enum mp_scope scope;
	const char *match;		/* model or NQN glob, WWID, or address glob; "" for defaults */
	bool vendor;			/* any setting that is not is stronger */
	const char *key;
	const char *value;
	const char *file;
	unsigned int line;
};

struct mp_conf {
	struct mp_arena *arena;
	struct mp_setting *settings;	/* in order of reading; a later one wins */
	size_t nr_settings;
	const char **torn;		/* uuids of maps that were torn down since it was read */
	size_t nr_torn;
	bool vendor;			/* what is added now are defaults of vendors */
	const char *trouble;		/* the first thing that was left out, FILE:LINE: why; NULL = nothing was */
	bool unsure;			/* among it may be an "ignore" */
};

/* The settings that hold for one namespace, resolved. */
struct mp_prefs {
	enum mp_policy policy;
	uint32_t no_path;		/* MP_NO_PATH_*, or seconds */
	uint32_t features[MP_NR_FEATURES];
	uint32_t weight;		/* of a controller's paths; 0 = 1 */
	bool ignore;
	bool single_path;		/* a map for one path, too */
	const char *prefer;		/* address glob of the controller to prefer; "" = none */
	const char *alias;		/* "" = none */
};

/* maps: as wanted (desire) and as found (table) are the same struct */
struct mp_path {
	uint32_t major, minor;
	const char *name;		/* nvme0n1; "" where only the number is known */
	enum mp_ana ana;		/* never MP_ANA_UNKNOWN in a table */
	bool preferred;
	bool disabled;
	bool failed;
	bool held;			/* the target's own, as failed is */
	bool marginal;
	bool flush_failfast;
	uint32_t weight;		/* 0 = 1 */
	uint32_t kato_ms;		/* only where write_hold is auto */
};

struct mp_map {
	const char *name;
	const char *uuid;		/* nvmemp-WWID */
	uint64_t size_sectors;
	bool read_only;			/* as one of its paths is */
	enum mp_policy policy;
	uint32_t no_path;
	uint32_t features[MP_NR_FEATURES];
	struct mp_path *paths;		/* in order of the controllers' names */
	size_t nr_paths;
};

struct mp_reject {
	const char *device;		/* nvme0n1, "nvme0 nsid 3", or a map that can't have its alias */
	const char *reason;
};

/* A path of a loaded map behind which another namespace is now. */
struct mp_intruder {
	const char *uuid;		/* of the map */
	const char *name;
	uint32_t major, minor;
};

struct mp_desired {
	struct mp_arena *arena;
	struct mp_map *maps;		/* by uuid */
	size_t nr_maps;
	struct mp_reject *rejects;	/* by device */
	size_t nr_rejects;
	struct mp_intruder *intruders;
	size_t nr_intruders;
	bool no_queueing;		/* as in topo */
	const char **present;		/* uuids of namespaces that are there, wanted or not; sorted */
	size_t nr_present;
};

/* status line of the target, parsed */
enum mp_map_state { MP_MAP_UP, MP_MAP_WAITING, MP_MAP_FAILING };

enum mp_path_state {		/* letters in nvmemp_uapi.h */
	MP_PATH_ACTIVE, MP_PATH_FAILED, MP_PATH_DISABLED, MP_PATH_BLOCKED, MP_PATH_GONE,
	MP_PATH_MARGINAL, MP_PATH_HELD,
};

/* By what the target made of them; nvmemp_uapi.h */
enum mp_error { MP_ERROR_PATH, MP_ERROR_SUSPECT, MP_ERROR_BUSY, MP_ERROR_CALLER, MP_NR_ERRORS };

struct mp_path_status {
	uint32_t major, minor;
	enum mp_path_state state;
	enum mp_ana ana;
	uint64_t in_flight, io_count, error_count, failover_count, retry_count;
	uint64_t sectors_read, sectors_written;
	uint64_t errors[MP_NR_ERRORS];
	uint64_t mean_us, max_us;	/* latency of the I/O that was sampled */
	uint64_t sampled, sampled_us;	/* how many, and all their latencies; 0 from an older target */
};

struct mp_status {
	enum mp_map_state state;
	enum mp_policy policy;
	uint32_t no_path;
	uint64_t nr_queued, nr_waited;
	int preferred, current;		/* index into paths, -1 = none */
	struct mp_path_status *paths;	/* in the table's order */
	size_t nr_paths;
};

/* loaded: what device-mapper has */
struct mp_loaded_map {
	struct mp_map map;		/* nr_paths 0 and !has_table: a leftover without a table */
	struct mp_status status;	/* nr_paths 0: not read */
	uint32_t major, minor;		/* of the dm device */
	uint32_t open_count;
	uint32_t event_nr;
	bool has_table;
	bool suspended;
	bool deferred_remove;
	bool kept;			/* not read again: only its uuid is filled in */
	bool follows_paths;		/* it is read-only because a path was, not by somebody's wish */
	const char *bad;		/* table or status that can't be understood; "" = fine */
	const char *nqn;		/* of the subsystem it was made of; NULL or "" = not known */
};

struct mp_loaded {
	struct mp_arena *arena;
	struct mp_loaded_map *maps;	/* by uuid; only those with our uuid prefix */
	size_t nr_maps;
};

/* What the daemon remembers of a map whose last path is gone. */
struct mp_lost {
	const char *uuid;
	uint64_t since_ms;		/* CLOCK_BOOTTIME */
};

/* plan: ordered steps; each carries all that apply needs */
enum mp_step_kind {
	MP_STEP_CREATE,			/* name, uuid, size_sectors, text = table params */
	MP_STEP_RELOAD,			/* load text, suspend (noflush, no lockfs), resume */
	MP_STEP_RESUME,			/* a map that was left suspended */
	MP_STEP_RENAME,			/* text = new name */
	MP_STEP_MESSAGE,		/* text = message to sector 0 */
	MP_STEP_ADD_PATH,		/* the same; if the target says EINVAL, a reload with table */
	MP_STEP_CANCEL_REMOVE,		/* a deferred removal that is no longer wanted */
	MP_STEP_REMOVE,			/* its partition maps first; deferred while held open */
	MP_STEP_TEARDOWN,		/* the same, but only if nobody holds it open; never planned */
};

struct mp_step {
	enum mp_step_kind kind;
	const char *name;		/* of the map, before the step */
	const char *uuid;
	const char *text;
	const char *table;		/* of MP_STEP_ADD_PATH; else "" */
	uint64_t size_sectors;
	bool read_only;
	const char *reason;		/* one clause for the log */
};

struct mp_plan {
	struct mp_arena *arena;
	struct mp_step *steps;
	size_t nr_steps;
	uint64_t wake_ms;		/* look again then (CLOCK_BOOTTIME); 0 = no need */
};

#endif
