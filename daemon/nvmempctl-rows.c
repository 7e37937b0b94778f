// SPDX-License-Identifier: GPL-2.0
/* What the columns of list, paths and tree say; their keys in JSON are those of status --json. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nvmempctl.h"

/* 1.5G; three digits at most in front */
const char *size_text(uint64_t bytes, char buf[16])
{
	static const char units[] = "BKMGTPE";
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1024 && units[u + 1]) {
		n /= 1024;
		u++;
	}
	snprintf(buf, 16, n >= 10 || n == (double)(uint64_t)n ? "%.0f%c" : "%.1f%c", n, units[u]);
	return buf;
}

/* "traddr=192.168.1.2,trsvcid=4420,src_addr=…" -> "192.168.1.2:4420" */
static const char *short_address(const char *address, char buf[80])
{
	const char *addr = strstr(address, "traddr="), *svc = strstr(address, "trsvcid=");

	if (!addr)
		return address;
	addr += strlen("traddr=");
	svc = svc ? svc + strlen("trsvcid=") : "";
	snprintf(buf, 80, "%.*s%s%.*s", (int)strcspn(addr, ","), addr, *svc ? ":" : "",
		 (int)strcspn(svc, ","), svc);
	return buf;
}

const char *where_text(const char *transport, const char *address, char *buf)
{
	char text[80];

	snprintf(buf, VALUE_MAX, "%.20s%s%.160s", transport, *transport && *address ? " " : "",
		 short_address(address, text));
	return buf;
}

static const char *number(uint64_t n, char *buf)
{
	snprintf(buf, VALUE_MAX, "%" PRIu64, n);
	return buf;
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

/* ---- maps ---- */

enum { MAP_NAME, MAP_DEV, MAP_SIZE, MAP_BYTES, MAP_PATHS, MAP_STATE, MAP_POLICY, MAP_NO_PATH,
       MAP_QUEUED, MAP_QUEUED_TOTAL, MAP_OPEN, MAP_SUBSYSTEM, MAP_WWID, MAP_UUID };

static const struct column map_columns[] = {
	[MAP_NAME] = { "NAME", "name", 0, "below /dev/mapper" },
	[MAP_DEV] = { "DEVICE", "device", 0, "the kernel's name" },
	[MAP_SIZE] = { "SIZE", "size", COLUMN_RIGHT, "for people" },
	[MAP_BYTES] = { "BYTES", "size_bytes", COLUMN_NUMBER, "the same in bytes" },
	[MAP_PATHS] = { "PATHS", "usable_paths", COLUMN_RIGHT, "usable ones/all" },
	[MAP_STATE] = { "STATE", "state", COLUMN_STATE, "up, waiting (I/O waits), failing (I/O fails)" },
	[MAP_POLICY] = { "POLICY", "policy", 0, "how a path is chosen" },
	[MAP_NO_PATH] = { "NO-PATH", "no_path", COLUMN_RIGHT, "I/O waits so many seconds, or queue, or fail" },
	[MAP_QUEUED] = { "QUEUED", "queued", COLUMN_NUMBER, "I/O that waits for a path" },
	[MAP_QUEUED_TOTAL] = { "QUEUED-TOTAL", "queued_total", COLUMN_NUMBER, "I/O that has waited" },
	[MAP_OPEN] = { "OPEN", "open_count", COLUMN_NUMBER, "how often it is open" },
	[MAP_SUBSYSTEM] = { "SUBSYSTEM", "subsystem", COLUMN_CUT, "NQN" },
	[MAP_WWID] = { "WWID", "wwid", 0, "of the namespace" },
	[MAP_UUID] = { "UUID", "uuid", 0, "of the device-mapper device" },
};

const struct table_kind map_table = {
	"maps", map_columns, sizeof(map_columns) / sizeof(map_columns[0]),
	"NAME,DEVICE,SIZE,PATHS,STATE,POLICY", "",
};

bool path_is_usable(const struct nvmemp_path_info *p)
{
	return (!strcmp(p->state, "active") || !strcmp(p->state, "held") ||
		!strcmp(p->state, "marginal")) &&
	       (!strcmp(p->ana_state, "optimized") || !strcmp(p->ana_state, "non-optimized"));
}

static const char *usable_of_all(const struct nvmemp_map_info *m, char *buf)
{
	size_t i, usable = 0;

	for (i = 0; i < m->nr_paths; i++)
		usable += path_is_usable(m->paths[i]);
	snprintf(buf, VALUE_MAX, "%zu/%zu", usable, m->nr_paths);
	return buf;
}

const char *map_value(const void *row, size_t column, char *buf)
{
	const struct nvmemp_map_info *m = row;

	switch (column) {
	case MAP_NAME: return m->name;
	case MAP_DEV: return m->device;
	case MAP_SIZE: return size_text(m->size_bytes, buf);
	case MAP_BYTES: return number(m->size_bytes, buf);
	case MAP_PATHS: return usable_of_all(m, buf);
	case MAP_STATE: return m->state;
	case MAP_POLICY: return m->policy;
	case MAP_NO_PATH: return m->no_path;
	case MAP_QUEUED: return number(m->queued, buf);
	case MAP_QUEUED_TOTAL: return number(m->queued_total, buf);
	case MAP_OPEN: return number(m->open_count, buf);
	case MAP_SUBSYSTEM: return m->subsystem;
	case MAP_WWID: return m->wwid;
	default: return m->uuid;
	}
}

/* ---- paths ---- */

enum { PATH_DEV, PATH_MAP, PATH_DM, PATH_CTRL, PATH_TRANSPORT, PATH_WHERE, PATH_ADDRESS,
       PATH_CTRL_STATE, PATH_ANA, PATH_STATE, PATH_USE, PATH_PREFERRED, PATH_CURRENT, PATH_DEPTH, PATH_IOS, PATH_ERRORS,
       PATH_FAILOVERS, PATH_RETRIES, PATH_READ, PATH_WRITTEN, PATH_PATH_ERRORS, PATH_SUSPECT, PATH_BUSY,
       PATH_CALLER, PATH_MEAN, PATH_MAX };

static const struct column path_columns[] = {
	[PATH_DEV] = { "PATH", "device", COLUMN_TREE, "block device" },
	[PATH_MAP] = { "MAP", "map", COLUMN_CUT, "that it belongs to" },
	[PATH_DM] = { "DM", "map_device", 0, "the kernel's name for that" },
	[PATH_CTRL] = { "CTRL", "controller", 0, "controller" },
	[PATH_TRANSPORT] = { "TRANSPORT", "transport", 0, "pcie, tcp, rdma, fc, loop" },
	[PATH_WHERE] = { "WHERE", "where", COLUMN_CUT, "transport and short address" },
	[PATH_ADDRESS] = { "ADDRESS", "address", COLUMN_CUT, "as the kernel has it" },
	[PATH_CTRL_STATE] = { "CTRL-STATE", "controller_state", COLUMN_STATE, "the kernel's word" },
	[PATH_ANA] = { "ANA", "ana_state", COLUMN_STATE, "asymmetric namespace access" },
	[PATH_STATE] = { "STATE", "state", COLUMN_STATE, "active, failed, disabled and others: see nvmempctl(8)" },
	[PATH_USE] = { "USE", "use", 0, "now (the next I/O takes it), preferred" },
	[PATH_PREFERRED] = { "PREFERRED", "preferred", COLUMN_YES, "yes or no" },
	[PATH_CURRENT] = { "CURRENT", "current", COLUMN_YES, "yes or no" },
	[PATH_DEPTH] = { "DEPTH", "in_flight", COLUMN_NUMBER, "I/O on its way" },
	[PATH_IOS] = { "IOS", "io_count", COLUMN_NUMBER, "I/O that it took" },
	[PATH_ERRORS] = { "ERRORS", "error_count", COLUMN_NUMBER, "of all kinds" },
	[PATH_FAILOVERS] = { "FAILOVERS", "failover_count", COLUMN_NUMBER, "I/O that went on elsewhere" },
	[PATH_RETRIES] = { "RETRIES", "retry_count", COLUMN_NUMBER, "I/O that was sent again" },
	[PATH_READ] = { "READ", "bytes_read", COLUMN_NUMBER, "bytes" },
	[PATH_WRITTEN] = { "WRITTEN", "bytes_written", COLUMN_NUMBER, "bytes" },
	[PATH_PATH_ERRORS] = { "PATH-ERRORS", "path_errors", COLUMN_NUMBER, "that failed the path" },
	[PATH_SUSPECT] = { "SUSPECT-ERRORS", "suspect_errors", COLUMN_NUMBER, "for another path to confirm" },
	[PATH_BUSY] = { "BUSY-ERRORS", "busy_errors", COLUMN_NUMBER, "that asked for a retry" },
	[PATH_CALLER] = { "CALLER-ERRORS", "caller_errors", COLUMN_NUMBER, "that went to the caller" },
	[PATH_MEAN] = { "MEAN-US", "mean_latency_us", COLUMN_NUMBER, "mean latency of sampled I/O" },
	[PATH_MAX] = { "MAX-US", "max_latency_us", COLUMN_NUMBER, "longest latency of sampled I/O" },
};

const struct table_kind path_table = {
	"paths", path_columns, sizeof(path_columns) / sizeof(path_columns[0]),
	"PATH,DM,WHERE,ANA,STATE,USE,DEPTH,IOS,ERRORS", "",
};

/* Those of one map, below it */
const struct table_kind map_path_table = {
	"paths", path_columns, sizeof(path_columns) / sizeof(path_columns[0]),
	"PATH,WHERE,ANA,STATE,USE,DEPTH,IOS,ERRORS", "  ",
};

/* One that is preferred is taken while it is usable: no need to say both. */
static const char *use_of(const struct nvmemp_path_info *p)
{
	return p->preferred ? "preferred" : p->current ? "now" : "";
}

const char *path_value(const void *row, size_t column, char *buf)
{
	const struct path_row *at = row;
	const struct nvmemp_path_info *p = at->path;

	switch (column) {
	case PATH_DEV: return p->device;
	case PATH_MAP: return at->map->name;
	case PATH_DM: return at->map->device;
	case PATH_CTRL: return p->controller;
	case PATH_TRANSPORT: return p->transport;
	case PATH_WHERE: return where_text(p->transport, p->address, buf);
	case PATH_ADDRESS: return p->address;
	case PATH_CTRL_STATE: return p->controller_state;
	case PATH_ANA: return p->ana_state;
	case PATH_STATE: return p->state;
	case PATH_USE: return use_of(p);
	case PATH_PREFERRED: return yes(p->preferred);
	case PATH_CURRENT: return yes(p->current);
	case PATH_DEPTH: return number(p->in_flight, buf);
	case PATH_IOS: return number(p->io_count, buf);
	case PATH_ERRORS: return number(p->error_count, buf);
	case PATH_FAILOVERS: return number(p->failover_count, buf);
	case PATH_RETRIES: return number(p->retry_count, buf);
	case PATH_READ: return number(p->bytes_read, buf);
	case PATH_WRITTEN: return number(p->bytes_written, buf);
	case PATH_PATH_ERRORS: return number(p->path_errors, buf);
	case PATH_SUSPECT: return number(p->suspect_errors, buf);
	case PATH_BUSY: return number(p->busy_errors, buf);
	case PATH_CALLER: return number(p->caller_errors, buf);
	case PATH_MEAN: return number(p->mean_latency_us, buf);
	default: return number(p->max_latency_us, buf);
	}
}

/* ---- the tree ---- */

enum { NODE_NAME, NODE_TYPE, NODE_STATE, NODE_ANA, NODE_MAP, NODE_DETAIL };

static const struct column tree_columns[] = {
	[NODE_NAME] = { "NAME", "name", COLUMN_TREE, "the kernel's" },
	[NODE_TYPE] = { "TYPE", "type", 0, "native: the kernel's multipath has it" },
	[NODE_STATE] = { "STATE", "state", COLUMN_STATE, "of controller or path; unused: in no map" },
	[NODE_ANA] = { "ANA", "ana_state", COLUMN_STATE, "asymmetric namespace access" },
	[NODE_MAP] = { "MAP", "map", COLUMN_CUT, "that the path belongs to; native: the namespace above it" },
	[NODE_DETAIL] = { "DETAIL", "detail", COLUMN_CUT, "NQN; transport and address; why it is in no map" },
};

const struct table_kind tree_table = {
	"subsystems", tree_columns, sizeof(tree_columns) / sizeof(tree_columns[0]),
	"NAME,TYPE,STATE,ANA,DETAIL", "",
};

const char *node_value(const void *row, size_t column, char *buf)
{
	const struct node *n = row;

	switch (column) {
	case NODE_NAME: return n->name;
	case NODE_TYPE: return n->type;
	case NODE_STATE: return n->state;
	case NODE_ANA: return n->ana;
	case NODE_MAP: return n->map;
	default: return n->transport ? where_text(n->transport, n->detail, buf) : n->detail;
	}
}
