// SPDX-License-Identifier: GPL-2.0
/* nvmempctl doctor: maps and paths, as the daemon sees them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nvmempctl-doctor.h"

/* "traddr=A,trsvcid=S": the value of a key, in buf; "": none */
static const char *address_part(const char *address, const char *key, char buf[PATH_SIZE])
{
	size_t len = strlen(key);

	*buf = '\0';
	for (; *address; address += strcspn(address, ","), address += *address == ',')
		if (!strncmp(address, key, len) && address[len] == '=')
			snprintf(buf, PATH_SIZE, "%.*s", (int)strcspn(address + len + 1, ","),
				 address + len + 1);
	return buf;
}

static const char *target_port(const struct machine *m, const struct nvmemp_path_info *p,
			       char buf[PATH_SIZE])
{
	return address_part(p->address, "traddr", buf);
}

static const char *host_port(const struct machine *m, const struct nvmemp_path_info *p,
			     char buf[PATH_SIZE])
{
	if (*address_part(p->address, "host_iface", buf) || *address_part(p->address, "host_traddr", buf))
		return buf;
	return address_part(p->address, "src_addr", buf);
}

/* "…/devices/pci0000:00/ROOT-PORT/…/nvme/nvme0" */
static const char *root_port(const struct machine *m, const struct nvmemp_path_info *p,
			     char buf[PATH_SIZE])
{
	char link[PATH_SIZE], path[PATH_SIZE];
	const char *pci;
	ssize_t n;

	snprintf(path, sizeof(path), "sys/class/nvme/%s", p->controller);
	n = readlinkat(m->root, path, link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = '\0';
	pci = strstr(link, "/pci");
	pci = pci ? strchr(pci + 1, '/') : NULL;
	snprintf(buf, PATH_SIZE, "%.*s", pci ? (int)strcspn(pci + 1, "/") : 0, pci ? pci + 1 : "");
	return buf;
}

static const struct {
	const char *what, *remedy;
	const char *(*of)(const struct machine *m, const struct nvmemp_path_info *p, char buf[PATH_SIZE]);
} shared[] = {
	{ "end at the target port", "connect through another port of the target, too", target_port },
	{ "leave through the host port", "connect through another port of this machine, too", host_port },
	{ "hang on the PCIe root port", "put one of the controllers into another slot", root_port },
};

static void check_shared(const struct machine *m, const struct nvmemp_map_info *map)
{
	char first[PATH_SIZE], other[PATH_SIZE];
	size_t i, k;

	for (i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		shared[i].of(m, map->paths[0], first);
		for (k = 1; k < map->nr_paths && !strcmp(shared[i].of(m, map->paths[k], other), first); k++)
			;
		if (!*first || k < map->nr_paths)
			continue;
		warning(m, "all paths of map %s %s %s", map->name, shared[i].what, first);
		remedy(m, "%s", shared[i].remedy);
	}
}

static void check_path(const struct machine *m, const struct nvmemp_map_info *map,
		       const struct nvmemp_path_info *p)
{
	char tmo[PATH_SIZE];

	if (!strcmp(p->state, "failed") || !strcmp(p->state, "gone")) {
		problem(m, "path %s of map %s is %s", p->device, map->name, p->state);
		remedy(m, "mend its link or controller (now %s); it is taken back when it works again",
		       *p->controller_state ? p->controller_state : "not there");
	} else if (!strcmp(p->state, "disabled")) {
		warning(m, "path %s of map %s was taken out by hand", p->device, map->name);
		remedy(m, "nvmempctl reinstate %s %s", map->name, p->device);
	} else if (!strcmp(p->state, "marginal")) {
		warning(m, "path %s of map %s fails often, or is slow", p->device, map->name);
		remedy(m, "look for its cause; nvmempctl release %s %s", map->name, p->device);
	}
	word(m, tmo, "sys/class/nvme/%s/ctrl_loss_tmo", p->controller);
	if (isdigit((unsigned char)*tmo)) {
		warning(m, "the kernel removes %s for good when it had no connection for %s s",
			p->controller, tmo);
		remedy(m, "connect with --ctrl-loss-tmo=-1; now: echo -1 >/sys/class/nvme/%s/ctrl_loss_tmo",
		       p->controller);
	}
}

static void check_map(const struct machine *m, const struct nvmemp_map_info *map)
{
	size_t i;

	if (map->nr_paths < 2) {
		problem(m, map->nr_paths ? "map %s has one path only, %s" : "map %s has no path", map->name,
			map->nr_paths ? map->paths[0]->device : "");
		remedy(m, "see which controllers nvme list-subsys shows, and connect or mend the others");
	} else {
		check_shared(m, map);
	}
	for (i = 0; i < map->nr_paths; i++)
		check_path(m, map, map->paths[i]);
	if (strcmp(map->no_path, "queue"))
		return;
	warning(m, "without a path, I/O to map %s waits for ever", map->name);
	remedy(m, "no_path = SECONDS in /etc/nvmemp/nvmemp.conf, unless that is meant");
	if (exists(m, "run/systemd/system") &&
	    !exists(m, "run/systemd/units/invocation:nvmemp-queueing.service")) {
		problem(m, "nvmemp-queueing.service does not run: a shutdown without paths would never end");
		remedy(m, "systemctl start nvmemp-queueing.service");
	}
}

void check_maps(const struct machine *m)
{
	size_t i;

	for (i = 0; m->s && i < m->s->nr_maps; i++)
		check_map(m, m->s->maps[i]);
}
