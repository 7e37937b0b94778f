// SPDX-License-Identifier: GPL-2.0
/* nvmempctl doctor on trees: one that is well, and each with one thing that is not. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view.h"
#include "unit.h"
#include "../../daemon/nvmempctl.h"

#define K	"lib/modules/6.1.0-t/"
#define R	"usr/lib/udev/rules.d/"

/* A line each: PATH=TEXT a file (\t for a line's end), PATH>TARGET a link, -PATH removes */
static const char healthy[] =
	"proc/sys/kernel/osrelease=6.1.0-t\n"
	"proc/self/mountinfo=20 1 8:1 / / rw - ext4 /dev/sda1 rw\t21 20 0:5 / /dev rw - devtmpfs d rw\n"
	"sys/dev/block/8:1/dev=8:1\n"
	K "modules.dep=kernel/a.ko:\tupdates/dm-nvmemp.ko: kernel/drivers/md/dm-mod.ko\n"
	K "updates/dm-nvmemp.ko=\x7f" "ELF build-id-1 end\n"
	"sys/module/dm_nvmemp/notes/.note.gnu.build-id=build-id-1\n"
	"sys/module/nvme_core/parameters/multipath=N\n"
	"sys/kernel/tracing/instances/nvmempd/trace=\n"
	"sys/block/dm-0/dm/uuid=nvmemp-uuid.1\n"
	"usr/sbin/multipathd=\n"
	"etc/multipath/conf.d/nvmemp.conf=blacklist\n"
	"usr/sbin/lvm=\n"
	"sbin/kpartx=\n"
	"etc/lvm/lvm.conf=devices {\t\texternal_device_info_source = \"udev\"\t}\n"
	R "56-nvmemp-path.rules=\n" R "56-dm-nvmemp.rules=\n"
	R "61-nvmemp-kpartx.rules=\n" R "62-nvmemp-path-late.rules=\n"
	"etc/udev/rules.d/70-sda.rules=KERNEL==\"sda\", ENV{SYSTEMD_READY}=\"0\"\n"
	"etc/udev/rules.d/70-compare.rules=ENV{ID_FS_TYPE}==\"ext4\", RUN+=\"x\"\t# ENV{SYSTEMD_READY}=\"0\"\n"
	"etc/udev/rules.d/10-early.rules=ENV{SYSTEMD_READY}=\"0\"\n"
	"sys/class/nvme/nvme0>../../devices/pci0000:00/0000:00:11.0/0000:01:00.0/nvme/nvme0\n"
	"sys/class/nvme/nvme1>../../devices/pci0000:00/0000:00:12.0/0000:02:00.0/nvme/nvme1\n"
	"run/systemd/system/x=\n"
	"run/systemd/units/invocation:nvmemp-queueing.service>1234\n";

static void make_parents(int root, const char *path)
{
	char dir[300];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	for (slash = strchr(dir, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdirat(root, dir, 0755);
		*slash = '/';
	}
}

static void edit(int root, char *line)
{
	size_t len = strcspn(line, "=>");
	char kind = line[len], *c;
	int fd;

	if (line[0] == '-') {
		assert_true(!unlinkat(root, line + 1, 0) || !unlinkat(root, line + 1, AT_REMOVEDIR));
		return;
	}
	line[len] = '\0';
	make_parents(root, line);
	unlinkat(root, line, 0);
	if (kind == '>') {
		assert_int_equal(symlinkat(line + len + 1, root, line), 0);
		return;
	}
	for (c = line + len + 1; *c; c++)
		if (*c == '\t')
			*c = '\n';
	fd = openat(root, line, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, line + len + 1, strlen(line + len + 1)), strlen(line + len + 1));
	close(fd);
}

static void edit_all(int root, const char *lines)
{
	char *copy = strdup(lines), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			edit(root, line);
	free(copy);
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* What is found on a healthy machine that was changed so */
static char *found_with(const char *edits, const struct nvmemp_snapshot *s, const char *trouble)
{
	char dir[] = "/tmp/nvmemp-test-XXXXXX", *text = NULL;
	struct findings f = { };
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int fd;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	edit_all(fd, healthy);
	edit_all(fd, edits);
	assert_int_equal(examine(fd, s, trouble, &f), 0);
	print_findings(to, &f);
	fclose(to);
	findings_free(&f);
	close(fd);
	nftw(dir, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	return text;
}

#define ONE_PROBLEM	"\n1 problem, 0 warnings\n"
#define ONE_WARNING	"\n0 problems, 1 warning\n"
#define RULES_MISSING(name)								\
	"problem  udev rules: the udev rules " name " are missing\n"			\
	"         -> make install, or install the package again; udevadm trigger\n"
#define LVM_TAKES									\
	"problem  LVM: LVM may take a path for the disk: nothing in /etc/lvm/lvm.conf\n"	\
	"         keeps it away\n"							\
	"         -> in /etc/lvm/lvm.conf: devices { external_device_info_source =\n"		\
	"            \"udev\" }\n" ONE_PROBLEM
#define HOLDER		"sys/block/nvme0n1/holders/dm-0/dev=254:0\nsys/block/dm-0/dm/name=db\n"
#define DEVICES_FILE(name)	"etc/lvm/lvm.conf=devices {\tuse_devicesfile = 1\t}\n"		\
	"etc/lvm/devices/system.devices=# LVM uses devices\tIDTYPE=x IDNAME=y DEVNAME=" name " PVID=z\n"
#define LVM_HAS(name, part)								\
	"problem  LVM: /etc/lvm/devices/system.devices has " name ", a path of map db\n"	\
	"         -> lvmdevices --deldev /dev/" name "; lvmdevices --adddev\n"			\
	"            /dev/mapper/db" part "\n" ONE_PROBLEM
#define MD		"sys/block/md0/slaves/dm-0/dev=254:0\n"
#define MD_TAKES									\
	"warning  md: md0 lies on a map, and mdadm --assemble --scan without the map\n"	\
	"         would take a path\n"								\
	"         -> in /etc/mdadm/mdadm.conf: DEVICE /dev/mapper/* /dev/sd*\n" ONE_WARNING
#define NOT_SIGNED									\
	"problem  module: the kernel takes signed modules only, and\n"			\
	"         /" K "updates/dm-nvmemp.ko is not signed\n"				\
	"         -> sign it with a key that this machine trusts (DKMS: mokutil --import\n"	\
	"            /var/lib/dkms/mok.pub)\n" ONE_PROBLEM
#define ROOT_ON_MAP									\
	"problem  initramfs: the root file system is on a map, and no hook puts nvmempd\n"	\
	"         into the initramfs\n"							\
	"         -> put the hook to /usr/share/initramfs-tools/hooks/nvmemp;\n"		\
	"            update-initramfs -u\n" ONE_PROBLEM

static void each_fault_of_the_machine_is_found(void **state)
{
	static const struct {
		const char *name, *edits, *wanted;
	} rows[] = {
		{ "healthy", "", "Nothing found.\n" },
		{ "not loaded", "-sys/module/dm_nvmemp/notes/.note.gnu.build-id\n-sys/module/dm_nvmemp/notes\n"
		  "-sys/module/dm_nvmemp",
		  "problem  module: dm-nvmemp is there for kernel 6.1.0-t, but not loaded\n"
		  "         -> modprobe dm_nvmemp; if it refuses, dmesg says why\n" ONE_PROBLEM },
		{ "no module", "-sys/module/dm_nvmemp/notes/.note.gnu.build-id\n-sys/module/dm_nvmemp/notes\n"
		  "-sys/module/dm_nvmemp\n" K "modules.dep=a.ko:",
		  "problem  module: there is no dm-nvmemp for the running kernel 6.1.0-t\n"
		  "         -> make modules modules_install KVER=6.1.0-t, or dkms autoinstall -k\n"
		  "            6.1.0-t\n" ONE_PROBLEM },
		{ "another kernel", "lib/modules/6.2/modules.dep=a.ko:",
		  "warning  module: kernel 6.2 is installed without dm-nvmemp: booted, it would\n"
		  "         have no maps\n"
		  "         -> make modules modules_install KVER=6.2, or dkms autoinstall -k 6.2\n" ONE_WARNING },
		{ "remnants of a kernel", "lib/modules/6.2/x=", "Nothing found.\n" },
		{ "signatures", "sys/module/module/parameters/sig_enforce=Y", NOT_SIGNED },
		{ "lockdown", "sys/kernel/security/lockdown=none [integrity] confidentiality", NOT_SIGNED },
		{ "no lockdown", "sys/kernel/security/lockdown=[none] integrity confidentiality", "Nothing found.\n" },
		{ "signed", "sys/module/module/parameters/sig_enforce=Y\n"
		  K "updates/dm-nvmemp.ko=build-id-1 ~Module signature appended~\t", "Nothing found.\n" },
		{ "compressed", "sys/module/module/parameters/sig_enforce=Y\n"
		  K "modules.dep=updates/dm-nvmemp.ko.xz:\n" K "updates/dm-nvmemp.ko.xz=z", "Nothing found.\n" },
		{ "an older one runs", "sys/module/dm_nvmemp/notes/.note.gnu.build-id=build-id-0",
		  "warning  module: the module that runs is not the one in\n"
		  "         /" K "updates/dm-nvmemp.ko\n"
		  "         -> reboot, or without maps: modprobe -r dm_nvmemp && modprobe\n"
		  "            dm_nvmemp\n" ONE_WARNING },
		{ "native", "sys/module/nvme_core/parameters/multipath=Y",
		  "problem  native multipath: native NVMe multipath is on: it owns the paths\n"
		  "         -> \"options nvme_core multipath=N\" in /etc/modprobe.d/nvme.conf,\n"
		  "            update-initramfs -u, reboot\n" ONE_PROBLEM },
		{ "no parameter", "-sys/module/nvme_core/parameters/multipath",
		  "problem  native multipath: this kernel's nvme_core has no parameter multipath:\n"
		  "         native NVMe multipath can't be turned off\n"
		  "         -> boot a kernel that has it, as Debian's do\n" ONE_PROBLEM },
		{ "no nvme", "-sys/module/nvme_core/parameters/multipath\n-sys/module/nvme_core/parameters\n"
		  "-sys/module/nvme_core", "Nothing found.\n" },
		{ "no tracefs", "-sys/kernel/tracing/instances/nvmempd/trace\n-sys/kernel/tracing/instances/nvmempd\n"
		  "-sys/kernel/tracing/instances",
		  "problem  tracing: tracefs is not at /sys/kernel/tracing: ANA changes are\n"
		  "         noticed late\n"
		  "         -> mount -t tracefs tracefs /sys/kernel/tracing; systemctl restart\n"
		  "            nvmempd\n" ONE_PROBLEM },
		{ "multipathd", "-etc/multipath/conf.d/nvmemp.conf",
		  "problem  multipathd: multipathd is installed, and nothing tells it to leave the\n"
		  "         paths alone\n"
		  "         -> put udev/multipath.conf of nvmemp to\n"
		  "            /etc/multipath/conf.d/nvmemp.conf; systemctl reload multipathd\n" ONE_PROBLEM },
		{ "no multipathd", "-etc/multipath/conf.d/nvmemp.conf\n-usr/sbin/multipathd", "Nothing found.\n" },
		{ "its map", "sys/block/dm-1/dm/uuid=mpath-x\nsys/block/dm-1/dm/name=mpatha\n"
		  "sys/block/dm-1/slaves/nvme0n1/dev=259:0\nsys/block/dm-2/dm/uuid=mpath-y\n"
		  "sys/block/dm-2/slaves/sda/dev=8:0",
		  "problem  multipathd: multipathd's map mpatha has the path nvme0n1\n"
		  "         -> unmount what is on it; multipath -f mpatha; systemctl reload\n"
		  "            multipathd nvmempd\n" ONE_PROBLEM },
		{ "LVM", "etc/lvm/lvm.conf=devices {\t# external_device_info_source = \"udev\"\t}", LVM_TAKES },
		{ "LVM, none", "etc/lvm/lvm.conf=devices {\t external_device_info_source=\"none\" # udev\t}", LVM_TAKES },
		{ "LVM, a filter for others", "etc/lvm/lvm.conf=devices { global_filter = [ \"r|/dev/sd.*|\" ]", LVM_TAKES },
		{ "LVM, a filter", "etc/lvm/lvm.conf=devices { global_filter = [ \"r|/dev/nvme.*|\" ]", "Nothing found.\n" },
		{ "LVM, local", "etc/lvm/lvm.conf=\n"
		  "etc/lvm/lvmlocal.conf=devices { external_device_info_source = \"udev\" }", "Nothing found.\n" },
		{ "LVM, devices file", "etc/lvm/lvm.conf=devices {\tuse_devicesfile = 1\t}\n"
		  "etc/lvm/devices/system.devices=VERSION=1", "Nothing found.\n" },
		{ "LVM, the map in its devices file", DEVICES_FILE("/dev/mapper/db") HOLDER, "Nothing found.\n" },
		{ "LVM, no path in its devices file", DEVICES_FILE("/dev/nvme0n1"), "Nothing found.\n" },
		{ "LVM, a path in its devices file", DEVICES_FILE("/dev/nvme0n1") HOLDER, LVM_HAS("nvme0n1", "") },
		{ "LVM, a path's partition in its devices file", DEVICES_FILE("/dev/nvme0n1p2") HOLDER,
		  LVM_HAS("nvme0n1p2", "-part2") },
		{ "LVM, another's path in its devices file", DEVICES_FILE("/dev/nvme0n1") HOLDER
		  "sys/block/dm-0/dm/uuid=LVM-x", "Nothing found.\n" },
		{ "LVM, a path in a file that it does not read", "etc/lvm/devices/system.devices=DEVNAME=/dev/nvme0n1\n"
		  HOLDER, "Nothing found.\n" },
		{ "LVM, no devices file", "etc/lvm/lvm.conf=devices {\tuse_devicesfile = 1\t}", LVM_TAKES },
		{ "no LVM", "etc/lvm/lvm.conf=\n-usr/sbin/lvm", "Nothing found.\n" },
		{ "md, not on a map", "sys/block/md0/slaves/sda/dev=8:0", "Nothing found.\n" },
		{ "md", MD, MD_TAKES },
		{ "md on a partition", MD "sys/block/dm-0/dm/uuid=part1-nvmemp-uuid.1", MD_TAKES },
		{ "md on LVM", MD "sys/block/dm-0/dm/uuid=LVM-x\nsys/block/dm-0/slaves/dm-7/dev=8:0\n"
		  "sys/block/dm-7/dm/uuid=nvmemp-uuid.1", "Nothing found.\n" },
		{ "md, no DEVICE line", MD "etc/mdadm/mdadm.conf=# DEVICE /dev/sda\tARRAY /dev/md0 UUID=1", MD_TAKES },
		{ "md, all", MD "etc/mdadm/mdadm.conf=DEVICE partitions containers", MD_TAKES },
		{ "md, a pattern", MD "etc/mdadm.conf=dev /dev/sd*\t  /dev/nvme?n1", MD_TAKES },
		{ "md, one path", MD "etc/mdadm/mdadm.conf=DEVICE /dev/sd*\tDEVICE /dev/nvme3n1", MD_TAKES },
		{ "md, disks and maps", MD "etc/mdadm/mdadm.conf=Device /dev/mapper/*\t\t /dev/sd* # /dev/nvme*\t"
		  "ARRAY partitions", "Nothing found.\n" },
		{ "kpartx", "-sbin/kpartx",
		  "warning  kpartx: there is no /sbin/kpartx: partitions on maps have no devices\n"
		  "         -> install the package kpartx; udevadm trigger\n" ONE_WARNING },
		{ "kpartx in /usr", "-sbin/kpartx\nusr/sbin/kpartx=", "Nothing found.\n" },
		{ "root on a map", "sys/dev/block/8:1/dm/uuid=nvmemp-uuid.1", ROOT_ON_MAP },
		{ "root on LVM on a partition of a map", "sys/dev/block/8:1/dm/uuid=LVM-x\n"
		  "sys/dev/block/8:1/slaves/dm-5/dev=254:5\nsys/block/dm-5/dm/uuid=part1-nvmemp-uuid.1", ROOT_ON_MAP },
		{ "with a hook", "sys/dev/block/8:1/dm/uuid=nvmemp-uuid.1\n"
		  "usr/share/initramfs-tools/hooks/nvmemp=x", "Nothing found.\n" },
		{ "with dracut", "sys/dev/block/8:1/dm/uuid=nvmemp-uuid.1\n"
		  "usr/lib/dracut/modules.d/90nvmemp/module-setup.sh=x", "Nothing found.\n" },
		{ "path rules", "-" R "56-nvmemp-path.rules", RULES_MISSING("56-nvmemp-path.rules") ONE_PROBLEM },
		{ "map rules", "-" R "56-dm-nvmemp.rules", RULES_MISSING("56-dm-nvmemp.rules") ONE_PROBLEM },
		{ "map rules elsewhere", "-" R "56-dm-nvmemp.rules\n" R "11-dm-nvmemp.rules=x", "Nothing found.\n" },
		{ "masked", "etc/udev/rules.d/61-nvmemp-kpartx.rules>/dev/null",
		  "warning  udev rules: /etc/udev/rules.d/61-nvmemp-kpartx.rules replaces the\n"
		  "         rules that came with nvmemp\n"
		  "         -> remove it, unless it is meant; udevadm trigger\n" ONE_WARNING },
		{ "a conflict", "etc/udev/rules.d/99-x.rules=# \tKERNEL==\"nvme*\", ENV{SYSTEMD_READY}=\"1\"",
		  "warning  udev rules: /etc/udev/rules.d/99-x.rules:2 sets SYSTEMD_READY behind\n"
		  "         the rules of nvmemp\n"
		  "         -> have the line pass over paths: ENV{NVMEMP_MEMBER}!=\"1\"\n" ONE_WARNING },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		char *got = found_with(rows[i].edits, NULL, NULL);

		check_text(rows[i].name, got, rows[i].wanted);
		free(got);
	}
}

static void no_daemon(void **state)
{
	char *got = found_with("", NULL, "nvmempd can't be reached");

	check_text("no daemon", got, "problem  daemon: nvmempd can't be reached\n"
		   "         -> systemctl enable --now nvmempd; if it ends, journalctl -u nvmempd\n"
		   "            says why\n" ONE_PROBLEM);
	free(got);
}

/* The map of view.h, well, and then changed */
static struct {
	struct nvmemp_path_info a, b;
	const struct nvmemp_path_info *paths[2];
	struct nvmemp_map_info map;
	const struct nvmemp_map_info *maps[1];
	struct nvmemp_snapshot s;
} d;

static int a_daemon(void **state)
{
	d.a = path_a;
	d.b = path_b;
	d.b.state = "active";
	d.b.address = "traddr=192.0.2.2,trsvcid=4420,src_addr=198.51.100.9";
	d.paths[0] = &d.a;
	d.paths[1] = &d.b;
	d.map = map_one;
	d.map.name = "db";
	d.map.paths = d.paths;
	d.maps[0] = &d.map;
	d.s = one_snapshot;
	d.s.maps = d.maps;
	return 0;
}

static void finds(const char *name, const char *edits, const char *wanted)
{
	char *got = found_with(edits, &d.s, NULL);

	check_text(name, got, wanted);
	free(got);
	a_daemon(NULL);
}

static void faults_of_paths_are_found(void **state)
{
	finds("well", "", "Nothing found.\n");
	d.map.nr_paths = 1;
	finds("one path", "",
	      "problem  paths: map db has one path only, nvme0n1\n"
	      "         -> see which controllers nvme list-subsys shows, and connect or mend\n"
	      "            the others\n" ONE_PROBLEM);
	d.map.nr_paths = 0;
	finds("no path", "",
	      "problem  paths: map db has no path\n"
	      "         -> see which controllers nvme list-subsys shows, and connect or mend\n"
	      "            the others\n" ONE_PROBLEM);
	d.b.state = "failed";
	finds("failed", "",
	      "problem  paths: path nvme1n1 of map db is failed\n"
	      "         -> mend its link or controller (now connecting); it is taken back when\n"
	      "            it works again\n" ONE_PROBLEM);
	d.b.state = "disabled";
	finds("disabled", "",
	      "warning  paths: path nvme1n1 of map db was taken out by hand\n"
	      "         -> nvmempctl reinstate db nvme1n1\n" ONE_WARNING);
	d.b.state = "marginal";
	finds("marginal", "",
	      "warning  paths: path nvme1n1 of map db fails often, or is slow\n"
	      "         -> look for its cause; nvmempctl release db nvme1n1\n" ONE_WARNING);
	d.b.address = "traddr=192.0.2.1,trsvcid=4421,src_addr=198.51.100.9";
	finds("one target port", "",
	      "warning  paths: all paths of map db end at the target port 192.0.2.1\n"
	      "         -> connect through another port of the target, too\n" ONE_WARNING);
	d.b.address = path_b.address;
	finds("one host port", "",
	      "warning  paths: all paths of map db leave through the host port 192.0.2.9\n"
	      "         -> connect through another port of this machine, too\n" ONE_WARNING);
	d.b.address = "traddr=192.0.2.2,host_iface=eth1,src_addr=192.0.2.9";
	finds("one address of two interfaces", "", "Nothing found.\n");
	d.a.address = d.b.address = "";
	finds("one root port",
	      "sys/class/nvme/nvme1>../../devices/pci0000:00/0000:00:11.0/0000:02:00.0/nvme/nvme1",
	      "warning  paths: all paths of map db hang on the PCIe root port 0000:00:11.0\n"
	      "         -> put one of the controllers into another slot\n" ONE_WARNING);
	finds("loss",
	      "-sys/class/nvme/nvme0\n-sys/class/nvme/nvme1\nsys/class/nvme/nvme0/ctrl_loss_tmo=off\n"
	      "sys/class/nvme/nvme1/ctrl_loss_tmo=600",
	      "warning  paths: the kernel removes nvme1 for good when it had no connection for\n"
	      "         600 s\n"
	      "         -> connect with --ctrl-loss-tmo=-1; now: echo -1\n"
	      "            >/sys/class/nvme/nvme1/ctrl_loss_tmo\n" ONE_WARNING);
	d.map.no_path = "queue";
	finds("queues", "",
	      "warning  paths: without a path, I/O to map db waits for ever\n"
	      "         -> no_path = SECONDS in /etc/nvmemp/nvmemp.conf, unless that is meant\n" ONE_WARNING);
	d.map.no_path = "queue";
	finds("queues at shutdown", "-run/systemd/units/invocation:nvmemp-queueing.service",
	      "warning  paths: without a path, I/O to map db waits for ever\n"
	      "         -> no_path = SECONDS in /etc/nvmemp/nvmemp.conf, unless that is meant\n"
	      "problem  paths: nvmemp-queueing.service does not run: a shutdown without paths\n"
	      "         would never end\n"
	      "         -> systemctl start nvmemp-queueing.service\n\n1 problem, 1 warning\n");
	d.s.event_trouble = "no tracing instance";
	finds("late", "",
	      "problem  tracing: some changes are noticed late: no tracing instance\n"
	      "         -> mend that, then systemctl restart nvmempd\n" ONE_PROBLEM);
	d.s.config_trouble = "/etc/nvmemp/nvmemp.conf:3: unknown key \"polcy\"";
	finds("a mistake", "",
	      "problem  configuration: left out of the configuration:\n"
	      "         /etc/nvmemp/nvmemp.conf:3: unknown key \"polcy\"\n"
	      "         -> mend that line; nvmempd --dry-run names the next one, if there are\n"
	      "            more; nvmempctl reload\n" ONE_PROBLEM);
	d.s.config_trouble = "";
	d.map.name = "d\033b";
	d.map.nr_paths = 0;
	finds("a name that means harm", "",
	      "problem  paths: map d\\x1bb has no path\n"
	      "         -> see which controllers nvme list-subsys shows, and connect or mend\n"
	      "            the others\n" ONE_PROBLEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_of_the_machine_is_found),
		cmocka_unit_test(no_daemon),
		cmocka_unit_test_setup(faults_of_paths_are_found, a_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
