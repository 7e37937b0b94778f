// SPDX-License-Identifier: GPL-2.0
/* nvmempctl doctor: module, kernel, neighbours, initramfs and udev rules. */
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvmempctl-doctor.h"

#define RULES		"udev/rules.d"
#define HOOK		"initramfs-tools/hooks/nvmemp"
#define LVM_DEVICES	"etc/lvm/devices/system.devices"

/* ---- the module ---- */

/* Where modules.dep has it, below /lib/modules/KERNEL/; "": nowhere */
static const char *module_file(const struct machine *m, const char *kernel, char buf[PATH_SIZE])
{
	AUTO_FREE char *text = NULL;
	char *line, *rest;

	snprintf(buf, PATH_SIZE, "lib/modules/%s/modules.dep", kernel);
	rest = text = slurp(m, buf, NULL);
	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, ":")] = '\0';
		if (strstr(line, "/dm-nvmemp.ko") || !strncmp(line, "dm-nvmemp.ko", 12)) {
			snprintf(buf, PATH_SIZE, "%s", line);
			return buf;
		}
	}
	return "";
}

static bool wants_signatures(const struct machine *m)
{
	char text[PATH_SIZE];

	return *word(m, text, "sys/module/module/parameters/sig_enforce") == 'Y' ||
	       strstr(word(m, text, "sys/kernel/security/lockdown"), "[integrity]") ||
	       strstr(text, "[confidentiality]");
}

/* The file's signature, and that it is the one that runs: the note of its build is part of both. */
static void check_module_file(const struct machine *m, const char *kernel, const char *file)
{
	static const char magic[] = "~Module signature appended~\n";
	AUTO_FREE char *text = NULL, *note = NULL;
	size_t len = 0, note_len = 0;
	char path[2 * PATH_SIZE];

	if (!ends_with(file, ".ko"))
		return;		/* compressed */
	snprintf(path, sizeof(path), "lib/modules/%s/%s", kernel, file);
	text = slurp(m, path, &len);
	if (!text)
		return;
	if (wants_signatures(m) &&
	    (len < strlen(magic) || memcmp(text + len - strlen(magic), magic, strlen(magic)))) {
		problem(m, "the kernel takes signed modules only, and /%s is not signed", path);
		remedy(m, "sign it with a key that this machine trusts (DKMS: mokutil --import /var/lib/dkms/mok.pub)");
	}
	note = slurp(m, "sys/module/dm_nvmemp/notes/.note.gnu.build-id", &note_len);
	if (note && note_len && !memmem(text, len, note, note_len)) {
		warning(m, "the module that runs is not the one in /%s", path);
		remedy(m, "reboot, or without maps: modprobe -r dm_nvmemp && modprobe dm_nvmemp");
	}
}

static void check_other_kernels(const struct machine *m, const char *running)
{
	AUTO_DIR DIR *dir = open_dir(m, "lib/modules");
	char file[PATH_SIZE];
	const char *kernel;

	while ((kernel = next_name(dir))) {
		if (!strcmp(kernel, running) || !exists(m, "lib/modules/%s/modules.dep", kernel) ||
		    *module_file(m, kernel, file))
			continue;
		warning(m, "kernel %s is installed without dm-nvmemp: booted, it would have no maps", kernel);
		remedy(m, "make modules modules_install KVER=%s, or dkms autoinstall -k %s", kernel, kernel);
	}
}

void check_module(const struct machine *m)
{
	char kernel[PATH_SIZE], buf[PATH_SIZE];
	const char *file;

	word(m, kernel, "proc/sys/kernel/osrelease");
	file = module_file(m, kernel, buf);
	if (!exists(m, "sys/module/dm_nvmemp")) {
		problem(m, *file ? "dm-nvmemp is there for kernel %s, but not loaded" :
			   "there is no dm-nvmemp for the running kernel %s", kernel);
		if (*file)
			remedy(m, "modprobe dm_nvmemp; if it refuses, dmesg says why");
		else
			remedy(m, "make modules modules_install KVER=%s, or dkms autoinstall -k %s", kernel, kernel);
	}
	if (*file)
		check_module_file(m, kernel, file);
	check_other_kernels(m, kernel);
}

void check_native(const struct machine *m)
{
	char text[PATH_SIZE];

	if (!exists(m, "sys/module/nvme_core"))
		return;
	if (*word(m, text, "sys/module/nvme_core/parameters/multipath") == 'Y') {
		problem(m, "native NVMe multipath is on: it owns the paths");
		remedy(m, "\"options nvme_core multipath=N\" in /etc/modprobe.d/nvme.conf, update-initramfs -u, reboot");
	} else if (!*text) {
		problem(m, "this kernel's nvme_core has no parameter multipath: native NVMe multipath can't be turned off");
		remedy(m, "boot a kernel that has it, as Debian's do");
	}
}

void check_tracing(const struct machine *m)
{
	if (!exists(m, "sys/kernel/tracing/instances")) {
		problem(m, "tracefs is not at /sys/kernel/tracing: ANA changes are noticed late");
		remedy(m, "mount -t tracefs tracefs /sys/kernel/tracing; systemctl restart nvmempd");
	} else if (m->s && *m->s->event_trouble) {
		problem(m, "some changes are noticed late: %s", m->s->event_trouble);
		remedy(m, "mend that, then systemctl restart nvmempd");
	}
}

void check_config(const struct machine *m)
{
	if (!m->s || !*m->s->config_trouble)
		return;
	problem(m, "left out of the configuration: %s", m->s->config_trouble);
	remedy(m, "mend that line; nvmempd --dry-run names the next one, if there are more; nvmempctl reload");
}

/* ---- the neighbours ---- */

/* The device of sysfs in that folder is one of our maps, or lies on one */
static bool is_on_map(const struct machine *m, const char *device, int depth)
{
	char uuid[PATH_SIZE], path[PATH_SIZE];
	AUTO_DIR DIR *dir = NULL;
	const char *slave;

	word(m, uuid, "%s/dm/uuid", device);
	if (!strncmp(uuid, "nvmemp-", 7) || (!strncmp(uuid, "part", 4) && strstr(uuid, "-nvmemp-")))
		return true;
	snprintf(path, sizeof(path), "%s/slaves", device);
	dir = depth ? open_dir(m, path) : NULL;
	while ((slave = next_name(dir))) {
		snprintf(path, sizeof(path), "sys/block/%s", slave);
		if (is_on_map(m, path, depth - 1))
			return true;
	}
	return false;
}

static void check_mpath_map(const struct machine *m, const char *dm)
{
	char uuid[PATH_SIZE], name[PATH_SIZE], path[PATH_SIZE];
	AUTO_DIR DIR *dir = NULL;
	const char *slave;

	if (strncmp(word(m, uuid, "sys/block/%s/dm/uuid", dm), "mpath-", 6))
		return;
	snprintf(path, sizeof(path), "sys/block/%s/slaves", dm);
	dir = open_dir(m, path);
	while ((slave = next_name(dir))) {
		if (strncmp(slave, "nvme", 4))
			continue;
		word(m, name, "sys/block/%s/dm/name", dm);
		problem(m, "multipathd's map %s has the path %s", name, slave);
		remedy(m, "unmount what is on it; multipath -f %s; systemctl reload multipathd nvmempd", name);
	}
}

void check_multipathd(const struct machine *m)
{
	AUTO_DIR DIR *dir = open_dir(m, "sys/block");
	const char *name;

	if (exists(m, "usr/sbin/multipathd") && !exists(m, "etc/multipath/conf.d/nvmemp.conf")) {
		problem(m, "multipathd is installed, and nothing tells it to leave the paths alone");
		remedy(m, "put udev/multipath.conf of nvmemp to /etc/multipath/conf.d/nvmemp.conf; systemctl reload multipathd");
	}
	while ((name = next_name(dir)))
		if (!strncmp(name, "dm-", 3))
			check_mpath_map(m, name);
}

/* The last KEY = VALUE of lvm.conf's grammar, up to the end of its line; "": none */
static const char *lvm_setting(const char *conf, const char *key, char buf[PATH_SIZE])
{
	size_t len = strlen(key);
	const char *at;

	*buf = '\0';
	for (; conf && *conf; conf += strcspn(conf, "\n"), conf += *conf == '\n') {
		at = conf + strspn(conf, " \t");
		if (!strncmp(at, "devices", 7) && memchr(at, '{', strcspn(at, "#\n")))
			at = strchr(at, '{') + 1;
		at += strspn(at, " \t");
		if (strncmp(at, key, len) || at[len + strspn(at + len, " \t")] != '=')
			continue;
		at += len + strspn(at + len, " \t=");
		snprintf(buf, PATH_SIZE, "%.*s", (int)strcspn(at, "#\n"), at);
	}
	return buf;
}

static bool lvm_has_devices_file(const struct machine *m, const char *conf)
{
	char text[PATH_SIZE];

	return *lvm_setting(conf, "use_devicesfile", text) == '1' && exists(m, LVM_DEVICES);
}

static bool lvm_passes_over(const struct machine *m, const char *conf)
{
	char text[PATH_SIZE];

	if (strstr(lvm_setting(conf, "external_device_info_source", text), "udev") || lvm_has_devices_file(m, conf))
		return true;
	return (strstr(lvm_setting(conf, "global_filter", text), "\"r") && strstr(text, "nvme")) ||
	       (strstr(lvm_setting(conf, "filter", text), "\"r") && strstr(text, "nvme"));
}

/* The name of the map that has this disk, or the disk of this partition, as a path; "": none */
static const char *map_above(const struct machine *m, const char *disk, char buf[PATH_SIZE])
{
	char path[PATH_SIZE];
	AUTO_DIR DIR *dir = NULL;
	const char *holder;

	/* nvme0n1p2 */
	snprintf(path, sizeof(path), "sys/block/%.*s/holders", (int)strcspn(disk, "p"), disk);
	dir = open_dir(m, path);
	while ((holder = next_name(dir))) {
		snprintf(path, sizeof(path), "sys/block/%s", holder);
		if (is_on_map(m, path, 0))
			return word(m, buf, "%s/dm/name", path);
	}
	*buf = '\0';
	return buf;
}

/* Its lines: IDTYPE=sys_wwid IDNAME=nvme.x DEVNAME=/dev/nvme0n1 PVID=y */
static void check_lvm_devices(const struct machine *m)
{
	AUTO_FREE char *text = slurp(m, LVM_DEVICES, NULL);
	char *line, *rest = text, name[64], map[PATH_SIZE];

	while ((line = strsep(&rest, "\n"))) {
		const char *at = *line == '#' ? NULL : strstr(line, "DEVNAME=/dev/nvme");
		const char *part;

		if (!at || sscanf(at, "DEVNAME=/dev/%63s", name) != 1 || !*map_above(m, name, map))
			continue;
		problem(m, "/" LVM_DEVICES " has %s, a path of map %s", name, map);
		part = strchr(name, 'p');
		remedy(m, "lvmdevices --deldev /dev/%s; lvmdevices --adddev /dev/mapper/%s%s%s", name, map,
		       part ? "-part" : "", part ? part + 1 : "");
	}
}

void check_lvm(const struct machine *m)
{
	AUTO_FREE char *conf = slurp(m, "etc/lvm/lvm.conf", NULL);
	AUTO_FREE char *local = slurp(m, "etc/lvm/lvmlocal.conf", NULL);

	if (!exists(m, "usr/sbin/lvm"))
		return;
	if (lvm_has_devices_file(m, conf) || lvm_has_devices_file(m, local))
		check_lvm_devices(m);
	if (lvm_passes_over(m, conf) || lvm_passes_over(m, local))
		return;
	problem(m, "LVM may take a path for the disk: nothing in /etc/lvm/lvm.conf keeps it away");
	remedy(m, "in /etc/lvm/lvm.conf: devices { external_device_info_source = \"udev\" }");
}

/*
 * mdadm.conf(5): words of DEVICE lines, which may be abbreviated and may be several, are
 * patterns, or "partitions" for all that there is, as without such a line. A line that
 * begins with a blank belongs to the one before it.
 */
static void read_md_devices(char *conf, bool *ret_any, bool *ret_paths)
{
	char *line, *token;
	bool device = false;

	while ((line = strsep(&conf, "\n"))) {
		bool first = !strchr(" \t", *line);

		line[strcspn(line, "#")] = '\0';
		while ((token = strsep(&line, " \t"))) {
			if (first) {
				size_t len = strlen(token);

				device = len >= 3 && len <= 6 && !strncasecmp(token, "device", len);
				*ret_any = *ret_any || device;
				first = false;
			} else if (device && (!strcmp(token, "partitions") || !strncmp(token, "/dev/nvme", 9) ||
					      !fnmatch(token, "/dev/nvme0n1", FNM_PATHNAME))) {
				*ret_paths = true;
			}
		}
	}
}

static bool md_passes_over(const struct machine *m)
{
	static const char *const files[] = { "etc/mdadm/mdadm.conf", "etc/mdadm.conf" };
	bool any = false, paths = false;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		AUTO_FREE char *conf = slurp(m, files[i], NULL);

		if (conf)
			read_md_devices(conf, &any, &paths);
	}
	return any && !paths;
}

void check_md(const struct machine *m)
{
	AUTO_DIR DIR *dir = open_dir(m, "sys/block");
	char path[PATH_SIZE];
	const char *name;

	while ((name = next_name(dir))) {
		snprintf(path, sizeof(path), "sys/block/%s", name);
		if (strncmp(name, "md", 2) || !is_on_map(m, path, 1) || md_passes_over(m))
			continue;
		warning(m, "%s lies on a map, and mdadm --assemble --scan without the map would take a path", name);
		remedy(m, "in /etc/mdadm/mdadm.conf: DEVICE /dev/mapper/* /dev/sd*");
		return;
	}
}

void check_kpartx(const struct machine *m)
{
	if (exists(m, "sbin/kpartx") || exists(m, "usr/sbin/kpartx"))
		return;
	warning(m, "there is no /sbin/kpartx: partitions on maps have no devices");
	remedy(m, "install the package kpartx; udevadm trigger");
}

/* ---- the initramfs ---- */

static bool root_is_on_map(const struct machine *m)
{
	AUTO_FREE char *text = slurp(m, "proc/self/mountinfo", NULL);
	char *line, *rest = text, device[64] = "", number[64], point[3], path[PATH_SIZE];

	while ((line = strsep(&rest, "\n")))
		/* ID PARENT MAJOR:MINOR ROOT MOUNTPOINT …; the last one covers the others */
		if (sscanf(line, "%*s %*s %63s %*s %2s", number, point) == 2 && !strcmp(point, "/"))
			strcpy(device, number);
	snprintf(path, sizeof(path), "sys/dev/block/%s", device);
	return *device && is_on_map(m, path, 8);
}

void check_initramfs(const struct machine *m)
{
	AUTO_DIR DIR *dracut = open_dir(m, "usr/lib/dracut/modules.d");
	const char *name;

	if (!root_is_on_map(m) || exists(m, "usr/share/" HOOK) || exists(m, "etc/" HOOK))
		return;
	while ((name = next_name(dracut)))
		if (strstr(name, "nvmemp"))
			return;
	problem(m, "the root file system is on a map, and no hook puts nvmempd into the initramfs");
	remedy(m, "put the hook to /usr/share/" HOOK "; update-initramfs -u");
}

/* ---- udev's rules ---- */

static bool is_ours(const char *file)
{
	return strstr(file, "nvmemp") != NULL;
}

static void check_rule_there(const struct machine *m, const char *name)
{
	static const char *const dirs[] = { "etc/" RULES, "run/" RULES, "usr/local/lib/" RULES };
	bool there = exists(m, "usr/lib/" RULES "/%s", name) || exists(m, "lib/" RULES "/%s", name);
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!exists(m, "%s/%s", dirs[i], name))
			continue;
		if (there) {
			warning(m, "/%s/%s replaces the rules that came with nvmemp", dirs[i], name);
			remedy(m, "remove it, unless it is meant; udevadm trigger");
		}
		return;
	}
	if (!there) {
		problem(m, "the udev rules %s are missing", name);
		remedy(m, "make install, or install the package again; udevadm trigger");
	}
}

/* What a line assigns that our rules have set; NULL: nothing, or only of other devices */
static const char *conflict(const char *line)
{
	static const char *const keys[] = {
		"DM_MULTIPATH_DEVICE_PATH", "SYSTEMD_READY", "ID_FS_TYPE",
		"UDEV_DISABLE_PERSISTENT_STORAGE_BLKID_FLAG",
	};
	const char *kernel = strstr(line, "KERNEL==\"");
	char env[80];
	size_t i;

	if (line[strspn(line, " \t")] == '#')
		return NULL;
	if (kernel && !strchr("n*?[", kernel[9]))
		return NULL;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *at;

		snprintf(env, sizeof(env), "ENV{%s}", keys[i]);
		at = strstr(line, env);
		if (!at)
			continue;
		at += strlen(env);
		at += *at == ':';
		if (at[0] == '=' && at[1] != '=')
			return keys[i];
	}
	return NULL;
}

static void check_rules_file(const struct machine *m, const char *path)
{
	AUTO_FREE char *text = slurp(m, path, NULL);
	char *line, *rest = text;
	unsigned int number = 0;

	while ((line = strsep(&rest, "\n"))) {
		const char *key = conflict(line);

		number++;
		if (!key)
			continue;
		warning(m, "/%s:%u sets %s behind the rules of nvmemp", path, number, key);
		remedy(m, "have the line pass over paths: ENV{NVMEMP_MEMBER}!=\"1\"");
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Those of the machine's own that come behind ours */
static int may_conflict(const struct dirent *e)
{
	return ends_with(e->d_name, ".rules") && !is_ours(e->d_name) &&
	       strcmp(e->d_name, "56-nvmemp-path.rules") > 0;
}

static void check_rules_in(const struct machine *m, const char *dir)
{
	struct dirent **list;
	char path[PATH_SIZE];
	int i, n = scandirat(m->root, dir, &list, may_conflict, by_name);

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		check_rules_file(m, path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

void check_rules(const struct machine *m)
{
	static const char *const dirs[] = { "usr/lib/" RULES, "lib/" RULES, "etc/" RULES, "run/" RULES };
	bool has_map_rules = false;
	size_t i;

	check_rule_there(m, "56-nvmemp-path.rules");
	check_rule_there(m, "61-nvmemp-kpartx.rules");
	check_rule_there(m, "62-nvmemp-path-late.rules");
	/* its number depends on the distribution */
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		AUTO_DIR DIR *dir = open_dir(m, dirs[i]);
		const char *name;

		while ((name = next_name(dir)))
			has_map_rules = has_map_rules || ends_with(name, "-dm-nvmemp.rules");
	}
	if (!has_map_rules)
		check_rule_there(m, "56-dm-nvmemp.rules");
	check_rules_in(m, "etc/" RULES);
	check_rules_in(m, "run/" RULES);
}
