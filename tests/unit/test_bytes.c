// SPDX-License-Identifier: GPL-2.0
/* nvmeid and ana: bytes that a controller returned */
#include <errno.h>

#include "unit.h"

#include "core/ana.h"
#include "core/nvmeid.h"

static void identify_controller_is_read(void **state)
{
	uint8_t page[4096] = { [76] = 0x0a, [342] = 10 };
	struct mp_id_ctrl c;

	assert_int_equal(mp_nvmeid_ctrl(page, sizeof(page), &c), 0);
	assert_true(c.multi_ctrl);
	assert_true(c.ana);
	assert_int_equal(c.anatt_s, 10);
	page[76] = 0x01;	/* several ports, one controller */
	assert_int_equal(mp_nvmeid_ctrl(page, sizeof(page), &c), 0);
	assert_false(c.multi_ctrl);
	assert_int_equal(mp_nvmeid_ctrl(page, 4095, &c), -EBADMSG);
	assert_int_equal(mp_nvmeid_ctrl(page, 0, &c), -EBADMSG);
}

static void identify_namespace_is_read(void **state)
{
	/* format 1 in use: 8 bytes metadata, 2^12; DPS type 1; shared; group 7 */
	uint8_t page[4096] = {
		[0] = 0x10, [25] = 1, [26] = 1, [29] = 9, [30] = 1, [92] = 7,
		[132] = 8, [134] = 12,
	};
	struct mp_id_ns n;

	assert_int_equal(mp_nvmeid_ns(page, sizeof(page), &n), 0);
	assert_true(n.shared);
	assert_int_equal(n.metadata_size, 8);
	assert_int_equal(n.block_size, 4096);
	assert_int_equal(n.pi_type, 1);
	assert_int_equal(n.ana_grpid, 7);
	assert_int_equal(n.size_blocks, 16);
	/* format 17: bits 6:5 count where there are more than 16 formats */
	page[25] = 20;
	page[26] = 1 | 1 << 5;
	page[128 + 4 * 17 + 2] = 9;
	assert_int_equal(mp_nvmeid_ns(page, sizeof(page), &n), 0);
	assert_int_equal(n.block_size, 512);
	page[128 + 4 * 17 + 2] = 32;	/* no such size */
	assert_int_equal(mp_nvmeid_ns(page, sizeof(page), &n), 0);
	assert_int_equal(n.block_size, 0);
	assert_int_equal(mp_nvmeid_ns(page, 200, &n), -EBADMSG);
}

static void descriptors_are_read(void **state)
{
	static const uint8_t good[] = {
		2, 16, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		4, 1, 0, 0, 2,
		1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		77, 3, 0, 0, 1, 1, 1,
		0, 0, 0, 0,
	};
	static const uint8_t too_long[] = { 3, 16, 0, 0, 1, 2 };
	static const uint8_t odd_length[] = { 1, 7, 0, 0, 1, 2, 3, 4, 5, 6, 7 };
	struct mp_id_descs d;

	assert_int_equal(mp_nvmeid_descs(good, sizeof(good), &d), 0);
	assert_true(d.has_nguid);
	assert_int_equal(d.nguid[15], 15);
	assert_true(d.has_csi);
	assert_int_equal(d.csi, 2);
	assert_false(d.has_eui64);	/* all zero is none */
	assert_false(d.has_uuid);
	assert_int_equal(mp_nvmeid_descs(good, 20, &d), 0);	/* it ends with a descriptor */
	assert_int_equal(d.nguid[15], 15);
	assert_int_equal(mp_nvmeid_descs(good, 19, &d), -EBADMSG);
	assert_int_equal(mp_nvmeid_descs(too_long, sizeof(too_long), &d), -EBADMSG);
	assert_int_equal(mp_nvmeid_descs(odd_length, sizeof(odd_length), &d), -EBADMSG);
	assert_int_equal(mp_nvmeid_descs("", 0, &d), 0);
	assert_false(d.has_nguid);
}

static void active_list_ends(void **state)
{
	static const uint8_t list[] = { 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0 };

	assert_int_equal(mp_nvmeid_active(list, sizeof(list), 0), 1);
	assert_int_equal(mp_nvmeid_active(list, sizeof(list), 1), 5);
	assert_int_equal(mp_nvmeid_active(list, sizeof(list), 2), 0);
	assert_int_equal(mp_nvmeid_active(list, 7, 1), 0);
	assert_int_equal(mp_nvmeid_active(list, sizeof(list), 4), 0);
}

/* A log of two groups: 1 optimized with NSID 3, 2 in state */
static size_t ana_log(uint8_t *log, uint8_t state)
{
	memset(log, 0, 200);
	log[8] = 2;
	log[16] = 1;
	log[20] = 1;
	log[32] = MP_ANA_OPTIMIZED;
	log[48] = 3;
	log[52] = 2;
	log[68] = state;
	return 16 + 32 + 4 + 32;
}

static void ana_groups_are_found(void **state)
{
	static const struct {
		uint8_t code;
		enum mp_ana want;
	} rows[] = {
		{ 1, MP_ANA_OPTIMIZED }, { 2, MP_ANA_NONOPTIMIZED }, { 3, MP_ANA_INACCESSIBLE },
		{ 4, MP_ANA_PERSISTENT_LOSS }, { 15, MP_ANA_CHANGE }, { 0xf3, MP_ANA_INACCESSIBLE },
		{ 0, MP_ANA_UNKNOWN }, { 5, MP_ANA_UNKNOWN },
	};
	uint8_t log[200];
	enum mp_ana ana;
	size_t i, len;

	for (i = 0; i < COUNT(rows); i++) {
		len = ana_log(log, rows[i].code);
		ana = MP_ANA_CHANGE;
		check_int("found", mp_ana_log_state(log, len, 2, &ana), 0);
		check_int("state", ana, rows[i].want);
		check_int("no such group", mp_ana_log_state(log, len, 3, &ana), -ENOENT);
	}
}

static void ana_log_that_lies_is_refused(void **state)
{
	uint8_t log[200];
	enum mp_ana ana = MP_ANA_CHANGE;
	size_t len = ana_log(log, 2), cut;

	for (cut = 0; cut < len; cut++)
		check_int("cut off", mp_ana_log_state(log, cut, 2, &ana), -EBADMSG);
	check_int("untouched", ana, MP_ANA_CHANGE);
	log[8] = 0xff;		/* 255 groups */
	check_int("too many groups", mp_ana_log_state(log, len, 9, &ana), -EBADMSG);
	len = ana_log(log, 2);
	memset(log + 20, 0xff, 4);	/* 4 billion NSIDs */
	check_int("too many NSIDs", mp_ana_log_state(log, len, 2, &ana), -EBADMSG);
	len = ana_log(log, 2);
	log[8] = 0;
	check_int("no groups", mp_ana_log_state(log, len, 1, &ana), -ENOENT);
	check_int("a header alone", mp_ana_log_state(log, 16, 1, &ana), -ENOENT);
}

static void no_bytes_crash_a_parser(void **state)
{
	uint8_t page[4096], valid[4096] = { 0 };
	struct mp_id_descs descs;
	struct mp_id_ctrl ctrl;
	struct mp_id_ns ns;
	uint32_t seed = 7, i;
	enum mp_ana ana;
	size_t len, n;

	len = ana_log(valid, 3);
	for (i = 0; i < ROUNDS; i++) {
		size_t size = next_random(&seed) % 128;

		for (n = 0; n < size; n++)
			page[n] = (uint8_t)next_random(&seed);
		mp_nvmeid_descs(page, size, &descs);
		mp_ana_log_state(page, size, 1, &ana);
		mutate((char *)valid, len, page, &n, &seed);
		mp_ana_log_state(page, n, 2, &ana);
		if (i % 64 == 0) {
			for (n = 0; n < sizeof(page); n++)
				page[n] = (uint8_t)next_random(&seed);
			mp_nvmeid_ctrl(page, sizeof(page), &ctrl);
			mp_nvmeid_ns(page, sizeof(page), &ns);
			mp_nvmeid_active(page, sizeof(page), i);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identify_controller_is_read),
		cmocka_unit_test(identify_namespace_is_read),
		cmocka_unit_test(descriptors_are_read),
		cmocka_unit_test(active_list_ends),
		cmocka_unit_test(ana_groups_are_found),
		cmocka_unit_test(ana_log_that_lies_is_refused),
		cmocka_unit_test(no_bytes_crash_a_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
