// SPDX-License-Identifier: GPL-2.0
/*
 * What on this machine keeps nvmemp from working, or makes it work less well, each
 * with its remedy. Files are read below a root directory; what the daemon knows
 * comes as a snapshot, or not at all.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nvmempctl.h"

#define FILE_LIMIT	(16u << 20)
#define PATH_SIZE	512
#define RULES		"udev/rules.d"
#define HOOK		"initramfs-tools/hooks/nvmemp"

struct machine {
	int root;
	const struct nvmemp_snapshot *s;	/* NULL: there is no daemon */
	const char *trouble;			/* why; NULL: nobody asked */
	const char *check;
	struct findings *f;
};

/* ---- findings ---- */

static char *format(struct findings *f, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) >= 0)
		return text;
	f->lacking = true;
	return NULL;
}

static struct finding *found(const struct machine *m, bool problem, const char *fmt, va_list ap)
{
	struct findings *f = m->f;
	struct finding *list = realloc(f->list, (f->nr + 1) * sizeof(*list));

	if (!list) {
		f->lacking = true;
		return NULL;
	}
	f->list = list;
	list[f->nr] = (struct finding){ problem, m->check, format(f, fmt, ap), NULL };
	return &list[f->nr++];
}

__attribute__((format(printf, 2, 3)))
static void problem(const struct machine *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	found(m, true, fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static void warning(const struct machine *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	found(m, false, fmt, ap);
	va_end(ap);
}

/* Of the last finding */
__attribute__((format(printf, 2, 3)))
static void remedy(const struct machine *m, const char *fmt, ...)
{
	va_list ap;

	if (m->f->lacking)
		return;
	va_start(ap, fmt);
	m->f->list[m->f->nr - 1].remedy = format(m->f, fmt, ap);
	va_end(ap);
}

void findings_free(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->nr; i++) {
		free(f->list[i].text);
		free(f->list[i].remedy);
	}
	free(f->list);
}

/* ---- files below the root ---- */

static void cleanup_free(void *p)
{
	free(*(void **)p);
}

static void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define AUTO_FREE	__attribute__((cleanup(cleanup_free)))
#define AUTO_DIR	__attribute__((cleanup(cleanup_dir)))

__attribute__((format(printf, 2, 3)))
static bool exists(const struct machine *m, const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return !faccessat(m->root, path, F_OK, AT_SYMLINK_NOFOLLOW) || errno == EACCES;
}

/* The whole file, a 0 behind it; NULL: not to be had */
static char *slurp(const struct machine *m, const char *path, size_t *ret_len)
{
	int fd = openat(m->root, path, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	size_t len = 0, size = 0;
	ssize_t n = -1;
	char *whole;

	if (fd < 0)
		return NULL;
	do {
		if (size - len < 4096) {
			char *more = size < FILE_LIMIT ? realloc(text, size = size ? 2 * size : 8192) : NULL;

			if (!more) {
				n = -1;
				break;
			}
			text = more;
		}
		n = read(fd, text + len, size - len - 1);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0);
	close(fd);
	if (n < 0)
		return NULL;
	text[len] = '\0';
	if (ret_len)
		*ret_len = len;
	whole = text;
	text = NULL;
	return whole;
}

/* A file's first line; "": not to be had */
__attribute__((format(printf, 3, 4)))
static const char *word(const struct machine *m, char buf[PATH_SIZE], const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	char path[PATH_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	text = slurp(m, path, NULL);
	snprintf(buf, PATH_SIZE, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	return buf;
}

/* NULL: there is none */
static DIR *open_dir(const struct machine *m, const char *path)
{
	int fd = openat(m->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

static const char *next_name(DIR *dir)
{
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			return e->d_name;
	return NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && !strcmp(text + n - k, end);
}

/* ---- the daemon ---- */

static void check_daemon(const struct machine *m)
{
	if (m->s || !m->trouble)
		return;
	problem(m, "%s", m->trouble);
	remedy(m, "systemctl enable --now nvmempd; if it ends, journalctl -u nvmempd says why");
}

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

static void check_module(const struct machine *m)
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

static void check_native(const struct machine *m)
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

static void check_tracing(const struct machine *m)
{
	if (!exists(m, "sys/kernel/tracing/instances")) {
		problem(m, "tracefs is not at /sys/kernel/tracing: ANA changes are noticed late");
		remedy(m, "mount -t tracefs tracefs /sys/kernel/tracing; systemctl restart nvmempd");
	} else if (m->s && *m->s->event_trouble) {
		problem(m, "some changes are noticed late: %s", m->s->event_trouble);
		remedy(m, "mend that, then systemctl restart nvmempd");
	}
}

/* ---- the neighbours ---- */

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

static void check_multipathd(const struct machine *m)
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

static bool lvm_passes_over(const struct machine *m, const char *conf)
{
	char text[PATH_SIZE];

	if (strstr(lvm_setting(conf, "external_device_info_source", text), "udev"))
		return true;
	if (*lvm_setting(conf, "use_devicesfile", text) == '1' && exists(m, "etc/lvm/devices/system.devices"))
		return true;
	return (strstr(lvm_setting(conf, "global_filter", text), "\"r") && strstr(text, "nvme")) ||
	       (strstr(lvm_setting(conf, "filter", text), "\"r") && strstr(text, "nvme"));
}

static void check_lvm(const struct machine *m)
{
	AUTO_FREE char *conf = slurp(m, "etc/lvm/lvm.conf", NULL);
	AUTO_FREE char *local = slurp(m, "etc/lvm/lvmlocal.conf", NULL);

	if (!exists(m, "usr/sbin/lvm") || lvm_passes_over(m, conf) || lvm_passes_over(m, local))
		return;
	problem(m, "LVM may take a path for the disk: nothing in /etc/lvm/lvm.conf keeps it away");
	remedy(m, "in /etc/lvm/lvm.conf: devices { external_device_info_source = \"udev\" }");
}

/* ---- the initramfs ---- */

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

static void check_initramfs(const struct machine *m)
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

static void check_rules(const struct machine *m)
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

/* ---- maps and paths, as the daemon sees them ---- */

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

static void check_maps(const struct machine *m)
{
	size_t i;

	for (i = 0; m->s && i < m->s->nr_maps; i++)
		check_map(m, m->s->maps[i]);
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	void (*fn)(const struct machine *m);
} checks[] = {
	{ "daemon", check_daemon },
	{ "module", check_module },
	{ "native multipath", check_native },
	{ "tracing", check_tracing },
	{ "multipathd", check_multipathd },
	{ "LVM", check_lvm },
	{ "initramfs", check_initramfs },
	{ "udev rules", check_rules },
	{ "paths", check_maps },
};

int examine(int root_fd, const struct nvmemp_snapshot *s, const char *trouble, struct findings *ret)
{
	struct machine m = { root_fd, s, trouble, NULL, ret };
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		m.check = checks[i].name;
		checks[i].fn(&m);
	}
	return ret->lacking ? -ENOMEM : 0;
}

#define INDENT	9

/* Behind head, in lines of 79 */
static void wrapped(FILE *to, const char *head, const char *text)
{
	const int indent = INDENT + (head ? 0 : 3);
	char safe[2000], *rest = safe, *w;
	int column = indent;

	escape(text, safe, sizeof(safe));
	fprintf(to, "%-*s%s", INDENT, head ? head : "", head ? "" : "-> ");
	while ((w = strsep(&rest, " "))) {
		int len = (int)strlen(w);

		if (column > indent && column + 1 + len > 79) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		}
		fprintf(to, "%s%s", column > indent ? " " : "", w);
		column += len + (column > indent);
	}
	fputc('\n', to);
}

void print_findings(FILE *to, const struct findings *f)
{
	size_t i, nr_problems = 0;
	char text[2000];

	for (i = 0; i < f->nr; i++) {
		const struct finding *one = &f->list[i];

		nr_problems += one->problem;
		snprintf(text, sizeof(text), "%s: %s", one->check, one->text);
		wrapped(to, one->problem ? "problem" : "warning", text);
		wrapped(to, NULL, one->remedy);
	}
	if (!f->nr)
		fprintf(to, "Nothing found.\n");
	else
		fprintf(to, "\n%zu problem%s, %zu warning%s\n", nr_problems, nr_problems == 1 ? "" : "s",
			f->nr - nr_problems, f->nr - nr_problems == 1 ? "" : "s");
}

int verb_doctor(const struct call *c)
{
	const struct nvmemp_snapshot *s = NULL;
	int r, fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct findings f = { };
	struct call own = *c;
	size_t i;

	if (fd < 0) {
		fprintf(stderr, "nvmempctl: can't open /: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	if (!nvmemp_connect(&own.conn))
		nvmemp_snapshot_read(own.conn, &s);
	r = examine(fd, s, nvmemp_error(own.conn), &f);
	if (!r && c->options[OPTION_JSON])
		r = print_findings_json(&f);
	else if (!r)
		print_findings(stdout, &f);
	r = printed(r, "what was found");
	for (i = 0; i < f.nr; i++)
		if (f.list[i].problem)
			r = EXIT_FAILURE;
	findings_free(&f);
	nvmemp_snapshot_free(s);
	nvmemp_close(own.conn);
	close(fd);
	return r;
}
