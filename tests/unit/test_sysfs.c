// SPDX-License-Identifier: GPL-2.0
/* sysfs.c reads a tree made here as it would read the machine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/facts.h"
#include "core/store.h"
#include "sys/known.h"
#include "sys/sysfs.h"
#include "tree.h"

struct machine {
	struct tree tree;
	struct mp_known *known;
	struct mp_facts facts;		/* of one device */
	struct mp_facts all;		/* of known, which owns them */
};

static int setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	tree_make(&m->tree);
	assert_int_equal(mp_facts_init(&m->facts), 0);
	m->known = mp_known_new(m->tree.fd);
	assert_non_null(m->known);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	mp_known_free(m->known);
	mp_facts_done(&m->facts);
	tree_remove(&m->tree);
	free(m);
	return 0;
}

/* One namespace behind nvme0, as sysfs shows it: the class entries are links. */
static void put_machine(const struct tree *t)
{
	put(t, "sys/devices/pci0/nvme/nvme0/subsysnqn", "nqn.2024-01.test:a\n");
	put(t, "sys/devices/pci0/nvme/nvme0/state", "live\n");
	put(t, "sys/devices/pci0/nvme/nvme0/transport", "pcie\n");
	put(t, "sys/devices/pci0/nvme/nvme0/address", "0000:01:00.0\n");
	put(t, "sys/devices/pci0/nvme/nvme0/numa_node", "-1\n");
	put(t, "sys/devices/pci0/nvme/nvme0/cntrltype", "io\n");
	put_link(t, "sys/class/nvme/nvme0", "../../devices/pci0/nvme/nvme0");
	put(t, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/subsysnqn", "nqn.2024-01.test:a\n");
	put(t, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/model", "Model  \n");
	put_link(t, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0",
		 "../../../../devices/pci0/nvme/nvme0");
	put_link(t, "sys/class/nvme-subsystem/nvme-subsys0",
		 "../../devices/virtual/nvme-subsystem/nvme-subsys0");
	put(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/dev", "259:0\n");
	put(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/size", "2048\n");
	put(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/nsid", "1\n");
	put(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/wwid", "eui.0025385b71b1c2d3\n");
	put(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/eui", "00 25 38 5b 71 b1 c2 d3\n");
	put(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/diskseq", "7\n");
	put(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/queue/logical_block_size", "4096\n");
	put_link(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/device", "../../nvme0");
	put_dir(t, "sys/devices/pci0/nvme/nvme0/nvme0n1/holders");
	put_link(t, "sys/block/nvme0n1", "../devices/pci0/nvme/nvme0/nvme0n1");
	put(t, "sys/block/sda/dev", "8:0\n");
	put(t, "sys/block/nvme0c0n1/size", "2048\n");
}

static void read_all(struct machine *m)
{
	struct mp_err err = { "" };

	assert_int_equal(mp_known_read(m->known, SIZE_MAX, &err), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(mp_store_facts(mp_known_store(m->known), &m->all), 0);
}

/* Wherever it was read to */
static const struct mp_fact *found(const struct machine *m, const char *key)
{
	return mp_facts_find(m->all.nr_facts ? &m->all : &m->facts, "%s", key);
}

static void is_text(const struct machine *m, const char *key, const char *wanted)
{
	const struct mp_fact *fact = found(m, key);

	assert_non_null(fact);
	assert_string_equal(fact->data, wanted);
}

static void is_absent(const struct machine *m, const char *key)
{
	assert_null(found(m, key));
}

static void what_the_keys_name_is_read(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put_machine(t);
	put(t, "sys/module/nvme_core/parameters/multipath", "N\n");
	put(t, "proc/swaps", "Filename\tType\n/dev/sda1\tpartition\n");
	put(t, MP_NO_QUEUEING_FILE, "");
	read_all(m);
	is_text(m, "sys/module/nvme_core/parameters/multipath", "N");
	is_text(m, "sys/class/nvme/nvme0/address", "0000:01:00.0");
	is_text(m, "sys/class/nvme/nvme0/cntrltype", "io");
	is_text(m, "sys/class/nvme-subsystem/nvme-subsys0/subsysnqn", "nqn.2024-01.test:a");
	is_text(m, "sys/class/nvme-subsystem/nvme-subsys0/nvme0", "");
	is_text(m, "sys/block/nvme0n1/dev", "259:0");
	is_text(m, "sys/block/nvme0n1/diskseq", "7");
	is_text(m, "sys/block/nvme0n1/wwid", "eui.0025385b71b1c2d3");
	is_text(m, "sys/block/nvme0n1/queue/logical_block_size", "4096");
	is_text(m, "sys/block/nvme0n1/device", "nvme0");
	is_text(m, "sys/block/nvme0n1/holders", "");
	is_text(m, "proc/swaps", "Filename\tType\n/dev/sda1\tpartition");
	is_text(m, "run/nvmemp-no-queueing", "");
}

static void other_disks_are_not_read(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put_machine(t);
	read_all(m);
	is_absent(m, "sys/block/sda/dev");
}

static void trailing_blanks_are_the_devices_own(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put_machine(t);
	read_all(m);
	is_text(m, "sys/class/nvme-subsystem/nvme-subsys0/model", "Model  ");
}

static void holders_of_disk_and_partition_are_found(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put_machine(t);
	put_link(t, "sys/block/nvme0n1/holders/dm-3", "../../../dm-3");
	put(t, "sys/block/nvme0n1/nvme0n1p1/dev", "259:1\n");
	put_link(t, "sys/block/nvme0n1/nvme0n1p1/holders/md0", "../../../md0");
	put(t, "sys/block/dm-3/dm/name", "vg-root\n");
	put(t, "sys/block/dm-3/dm/uuid", "LVM-abc\n");
	put_link(t, "sys/block/dm-3/slaves/nvme0n1", "../../nvme0n1");
	put(t, "sys/block/dm-4/dm/name", "not a holder\n");
	read_all(m);
	is_text(m, "sys/block/nvme0n1/holders", "dm-3");
	is_text(m, "sys/block/dm-3/dm/name", "vg-root");
	is_text(m, "sys/block/dm-3/dm/uuid", "LVM-abc");
	is_text(m, "sys/block/dm-3/slaves", "nvme0n1");
	is_text(m, "sys/block/nvme0n1/nvme0n1p1/dev", "259:1");
	is_text(m, "sys/block/nvme0n1/nvme0n1p1/holders", "md0");
	is_absent(m, "sys/block/dm-4/dm/name");
}

static void users_of_a_map_and_its_partitions_are_found(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put(t, "sys/block/dm-0/dev", "253:0\n");
	put_link(t, "sys/block/dm-0/holders/dm-1", "../../dm-1");
	put_link(t, "sys/block/dm-0/holders/md0", "../../md0");
	put(t, "sys/block/dm-1/dev", "253:1\n");
	put(t, "sys/block/dm-1/dm/uuid", "part1-nvmemp-w\n");
	put_link(t, "sys/block/dm-1/holders/dm-2", "../../dm-2");
	put(t, "sys/block/dm-2/dev", "253:2\n");
	put(t, "sys/block/dm-2/dm/uuid", "LVM-x\n");
	put(t, "proc/self/mountinfo", "22 1 253:2 / /srv rw - ext4 /dev/x rw\n");
	assert_int_equal(mp_sysfs_read_map(t->fd, "dm-0", &m->facts, NULL), 0);
	assert_int_equal(mp_facts_sort(&m->facts), 0);
	is_text(m, "sys/block/dm-0/dev", "253:0");
	is_text(m, "sys/block/dm-1/dev", "253:1");
	is_text(m, "sys/block/dm-1/holders", "dm-2");
	is_text(m, "sys/block/dm-2/dm/uuid", "LVM-x");
	is_text(m, "proc/self/mountinfo", "22 1 253:2 / /srv rw - ext4 /dev/x rw");
	is_absent(m, "sys/block/dm-2/dev");
}

static void a_map_that_is_gone_has_no_users(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	assert_int_equal(mp_sysfs_read_map(t->fd, "dm-0", &m->facts, NULL), 0);
	assert_int_equal(m->facts.nr_facts, 0);
}

static void native_multipath_shows_the_subsystem_as_parent(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put(t, "sys/block/nvme0n1/dev", "259:0\n");
	put_link(t, "sys/block/nvme0n1/device", "../../nvme-subsys0");
	read_all(m);
	is_text(m, "sys/block/nvme0n1/device", "nvme-subsys0");
}

static void hidden_paths_have_a_controller_and_an_ana_state(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put(t, "sys/block/nvme0c1n1/ana_state", "non-optimized\n");
	put(t, "sys/block/nvme0c1n1/size", "2048\n");
	put_link(t, "sys/block/nvme0c1n1/device", "../../nvme1");
	put(t, "sys/block/nvme0c1n1p1/ana_state", "optimized\n");
	read_all(m);
	is_text(m, "sys/block/nvme0c1n1/ana_state", "non-optimized");
	is_text(m, "sys/block/nvme0c1n1/device", "nvme1");
	is_absent(m, "sys/block/nvme0c1n1/size");
	is_absent(m, "sys/block/nvme0c1n1p1/ana_state");
}

static void nothing_outside_the_root_is_read(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put_dir(t, "sys/block");
	read_all(m);
	assert_int_equal(m->all.nr_facts, 0);
}

static void a_machine_without_sysfs_is_an_error_that_says_so(void **state)
{
	struct machine *m = *state;
	struct mp_err err = { "" };

	assert_int_equal(mp_known_read(m->known, SIZE_MAX, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/sys/block"));
}

static void one_device_brings_its_controller_and_nothing_else(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put_machine(t);
	put(t, "sys/block/nvme1n1/dev", "259:9\n");
	assert_int_equal(mp_sysfs_read_device(t->fd, "nvme0n1", &m->facts, NULL), 0);
	assert_int_equal(mp_facts_sort(&m->facts), 0);
	is_text(m, "sys/block/nvme0n1/wwid", "eui.0025385b71b1c2d3");
	is_text(m, "sys/class/nvme/nvme0/state", "live");
	is_absent(m, "sys/block/nvme1n1/dev");
	is_absent(m, "sys/class/nvme-subsystem/nvme-subsys0/subsysnqn");
}

static void a_device_that_is_not_there_is_an_outcome(void **state)
{
	struct machine *m = *state;
	const struct tree *t = &m->tree;

	put_machine(t);
	assert_int_equal(mp_sysfs_read_device(t->fd, "nvme7n1", &m->facts, NULL), 1);
	assert_int_equal(m->facts.nr_facts, 0);
}

#define ROW(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(what_the_keys_name_is_read),
		ROW(other_disks_are_not_read),
		ROW(trailing_blanks_are_the_devices_own),
		ROW(holders_of_disk_and_partition_are_found),
		ROW(users_of_a_map_and_its_partitions_are_found),
		ROW(a_map_that_is_gone_has_no_users),
		ROW(native_multipath_shows_the_subsystem_as_parent),
		ROW(hidden_paths_have_a_controller_and_an_ana_state),
		ROW(nothing_outside_the_root_is_read),
		ROW(a_machine_without_sysfs_is_an_error_that_says_so),
		ROW(one_device_brings_its_controller_and_nothing_else),
		ROW(a_device_that_is_not_there_is_an_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
