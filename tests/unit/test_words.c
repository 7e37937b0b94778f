// SPDX-License-Identifier: GPL-2.0
/* words, ident, scan, dump's escaping: texts and the values behind them */
#include <errno.h>

#include "unit.h"

#include "core/dump.h"
#include "core/ident.h"
#include "core/scan.h"
#include "core/words.h"

static void numbers_are_whole_and_bounded(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int r;
		uint64_t want;
	} rows[] = {
		{ "0", 10, 0, 0 },
		{ "10", 10, 0, 10 },
		{ "11", 10, -ERANGE, 0 },
		{ "9", 8, -ERANGE, 0 },
		{ "", 10, -EINVAL, 0 },
		{ "-1", 10, -EINVAL, 0 },
		{ "+1", 10, -EINVAL, 0 },
		{ " 1", 10, -EINVAL, 0 },
		{ "1 ", 10, -EINVAL, 0 },
		{ "0x1", 10, -EINVAL, 0 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", UINT64_MAX, -ERANGE, 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		uint64_t n = 77;

		check_int(rows[i].text, mp_number_parse(rows[i].text, rows[i].max, &n), rows[i].r);
		check_int(rows[i].text, n, rows[i].r ? 77 : rows[i].want);
	}
}

static void no_path_is_a_word_or_seconds(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint32_t want;
	} rows[] = {
		{ "fail", 0, MP_NO_PATH_FAIL },
		{ "queue", 0, MP_NO_PATH_QUEUE },
		{ "1", 0, 1 },
		{ "86400", 0, 86400 },
		{ "86401", -EINVAL, 0 },
		{ "0", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "forever", -EINVAL, 0 },
	};
	char buf[16];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		uint32_t n = 77;

		check_int(rows[i].text, mp_no_path_parse(rows[i].text, &n), rows[i].r);
		check_int(rows[i].text, n, rows[i].r ? 77 : rows[i].want);
		if (!rows[i].r)
			check_text("printed", mp_no_path_print(n, buf), rows[i].text);
	}
}

static void words_go_there_and_back(void **state)
{
	static const enum mp_ana anas[] = {
		MP_ANA_OPTIMIZED, MP_ANA_NONOPTIMIZED, MP_ANA_INACCESSIBLE,
		MP_ANA_PERSISTENT_LOSS, MP_ANA_CHANGE,
	};
	static const char *const letters[] = { "A", "F", "D", "B", "G" };
	enum mp_path_state path_state;
	enum mp_map_state map_state;
	enum mp_policy policy;
	enum mp_ana ana;
	size_t i;

	for (i = 0; i < COUNT(anas); i++) {
		assert_int_equal(mp_ana_parse(mp_ana_word(anas[i]), &ana), 0);
		assert_int_equal(ana, anas[i]);
	}
	assert_string_equal(mp_ana_word(MP_ANA_UNKNOWN), "unknown");
	assert_int_equal(mp_ana_parse("unknown", &ana), -EINVAL);
	for (i = 0; i <= MP_POLICY_ROUND_ROBIN; i++) {
		assert_int_equal(mp_policy_parse(mp_policy_word((enum mp_policy)i), &policy), 0);
		assert_int_equal(policy, i);
	}
	assert_int_equal(mp_policy_parse("NUMA", &policy), -EINVAL);
	for (i = 0; i <= MP_MAP_FAILING; i++) {
		assert_int_equal(mp_map_state_parse(mp_map_state_word((enum mp_map_state)i),
						    &map_state), 0);
		assert_int_equal(map_state, i);
	}
	for (i = 0; i < COUNT(letters); i++) {
		assert_int_equal(mp_path_state_parse(letters[i], &path_state), 0);
		assert_int_equal(path_state, i);
	}
	assert_int_equal(mp_path_state_parse("AA", &path_state), -EINVAL);
	assert_int_equal(mp_path_state_parse("", &path_state), -EINVAL);
	assert_int_equal(mp_path_state_parse("a", &path_state), -EINVAL);
}

static void device_numbers_fit_the_kernel(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "259:0", 0 }, { "4095:1048575", 0 }, { "4096:0", -EINVAL }, { "0:1048576", -EINVAL },
		{ "259", -EINVAL }, { "259:", -EINVAL }, { ":1", -EINVAL }, { "259:1:2", -EINVAL },
		{ "a:b", -EINVAL }, { "99999999999999999999:1", -EINVAL },
	};
	uint32_t major, minor;
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		check_int(rows[i].text, mp_devno_parse(rows[i].text, &major, &minor), rows[i].r);
}

static void identifiers_go_there_and_back(void **state)
{
	uint8_t uuid[16], eui[8];
	char buf[37];

	assert_int_equal(mp_ident_uuid_parse("00112233-4455-6677-8899-aabbccddeeff", uuid), 0);
	mp_ident_uuid_print(uuid, buf);
	assert_string_equal(buf, "00112233-4455-6677-8899-aabbccddeeff");
	assert_int_equal(mp_ident_uuid_parse("00112233-4455-6677-8899-AABBCCDDEEFF", uuid), 0);
	assert_int_equal(mp_ident_uuid_parse("00112233-4455-6677-8899-aabbccddeef", uuid), -EINVAL);
	assert_int_equal(mp_ident_uuid_parse("00112233-4455-6677-8899-aabbccddeeff0", uuid), -EINVAL);
	assert_int_equal(mp_ident_uuid_parse("00112233445566778899aabbccddeeff", uuid), -EINVAL);
	assert_int_equal(mp_ident_uuid_parse("", uuid), -EINVAL);
	assert_int_equal(mp_ident_eui_parse("00 25 38 b1 71 b0 65 aa", eui), 0);
	mp_ident_eui_print(eui, buf);
	assert_string_equal(buf, "00 25 38 b1 71 b0 65 aa");
	assert_int_equal(mp_ident_eui_parse("002538b171b065aa", eui), -EINVAL);
	assert_int_equal(mp_ident_eui_parse("00 25 38 b1 71 b0 65", eui), -EINVAL);
}

#define UUID_A "11111111-2222-3333-4444-555555555555"
#define NGUID_A "00112233-4455-6677-8899-aabbccddee01"

static void a_uuid_is_one_only_if_the_wwid_says_so(void **state)
{
	struct mp_id id;
	struct mp_err err;

	assert_int_equal(mp_ident_parse("eui.00112233445566778899aabbccddee01", NGUID_A, "",
					&id, &err), 0);
	assert_true(mp_ident_is_zero(id.uuid, 16));
	assert_false(mp_ident_is_zero(id.nguid, 16));
	assert_int_equal(mp_ident_parse("uuid." UUID_A, "", "", &id, &err), 0);
	assert_false(mp_ident_is_zero(id.uuid, 16));
	assert_int_equal(mp_ident_parse("uuid.rubbish", "", "", &id, &err), -EINVAL);
	assert_string_equal(err.text, "wwid \"uuid.rubbish\" has no UUID");
	assert_int_equal(mp_ident_parse("uuid." UUID_A, "rubbish", "", &id, &err), -EINVAL);
	assert_string_equal(err.text, "nguid \"rubbish\" is not 16 bytes");
}

static void every_identifier_counts(void **state)
{
	struct mp_id a = { .wwid = "w" }, b;

	b = a;
	assert_null(mp_ident_differs(&a, &b));
	b.nguid[15] = 1;	/* the last byte only */
	assert_string_equal(mp_ident_differs(&a, &b), "NGUID");
	b = a;
	b.eui64[7] = 1;		/* one vendor's OUI, another device */
	assert_string_equal(mp_ident_differs(&a, &b), "EUI-64");
	b = a;
	b.uuid[0] = 1;
	assert_string_equal(mp_ident_differs(&a, &b), "UUID");
	b = a;
	b.csi = 2;
	assert_string_equal(mp_ident_differs(&a, &b), "command set");
	b = a;
	b.wwid = "x";
	assert_string_equal(mp_ident_differs(&a, &b), "wwid");
}

static void dm_uuid_fits_or_is_refused(void **state)
{
	char wwid[200], uuid[MP_DM_UUID_SIZE];
	struct mp_err err;

	assert_int_equal(mp_ident_dm_uuid("uuid.1-2", uuid, &err), 0);
	assert_string_equal(uuid, "nvmemp-uuid.1-2");
	memset(wwid, 'a', sizeof(wwid));
	wwid[120] = '\0';
	assert_int_equal(mp_ident_dm_uuid(wwid, uuid, &err), 0);
	assert_int_equal(strlen(uuid), 127);	/* as a name, it is not cut off */
	memset(wwid, 'a', 121);
	wwid[121] = '\0';
	assert_int_equal(mp_ident_dm_uuid(wwid, uuid, &err), -EINVAL);
	assert_int_equal(mp_ident_dm_uuid("", uuid, &err), -EINVAL);
	assert_int_equal(mp_ident_dm_uuid("a/../b", uuid, &err), -EINVAL);
	assert_int_equal(mp_ident_dm_uuid("a b", uuid, &err), -EINVAL);
	assert_int_equal(mp_ident_dm_uuid("a\033[2J", uuid, &err), -EINVAL);
}

/* The wwid that the kernel makes of n times A, m times B and the NSID 1 */
static void long_wwid(char *to, int n, int m)
{
	to += sprintf(to, "nvme.1d0f-");
	while (n--)
		to += sprintf(to, "41");
	*to++ = '-';
	while (m--)
		to += sprintf(to, "42");
	sprintf(to, "-00000001");
}

static void a_long_wwid_is_packed_without_loss(void **state)
{
	char wwid[200], uuid[MP_DM_UUID_SIZE], other[MP_DM_UUID_SIZE];
	struct mp_err err;

	long_wwid(wwid, 20, 40);
	assert_int_equal(mp_ident_dm_uuid(wwid, uuid, &err), 0);
	/* as Python's base64.b32hexencode() has it */
	assert_string_equal(uuid, "nvmemp-nvme32.1d0f-850k2ga1850k2ga1850k2ga1850k2ga1-"
			    "89144gi289144gi289144gi289144gi289144gi289144gi289144gi289144gi2-00000001");
	wwid[strlen(wwid) - 10] = '3';	/* the last byte of the model */
	assert_int_equal(mp_ident_dm_uuid(wwid, other, &err), 0);
	assert_string_not_equal(uuid, other);
	wwid[strlen(wwid) - 10] = 'g';
	assert_int_equal(mp_ident_dm_uuid(wwid, other, &err), -EINVAL);
	long_wwid(wwid, 20, 39);
	assert_int_equal(mp_ident_dm_uuid(wwid, other, &err), 0);
	assert_string_equal(other, "nvmemp-nvme32.1d0f-850k2ga1850k2ga1850k2ga1850k2ga1-"
			    "89144gi289144gi289144gi289144gi289144gi289144gi289144gi289144gg-00000001");
	long_wwid(wwid, 20, 41);
	assert_int_equal(mp_ident_dm_uuid(wwid, other, &err), -EINVAL);
	long_wwid(wwid, 21, 40);
	assert_int_equal(mp_ident_dm_uuid(wwid, other, &err), -EINVAL);
	long_wwid(wwid, 4, 4);	/* fits as it is */
	assert_int_equal(mp_ident_dm_uuid(wwid, other, &err), 0);
	assert_string_equal(other + strlen("nvmemp-"), wwid);
}

static void dm_names_are_safe(void **state)
{
	char name[MP_DM_NAME_SIZE], longer[300];

	mp_ident_dm_name("data base/1", name);
	assert_string_equal(name, "data_base_1");
	mp_ident_dm_name("..", name);
	assert_string_equal(name, "_.");
	memset(longer, 'x', sizeof(longer));
	longer[299] = '\0';
	mp_ident_dm_name(longer, name);
	assert_int_equal(strlen(name), MP_DM_NAME_SIZE - 1);
}

static void names_have_natural_order(void **state)
{
	static const struct {
		const char *a, *b;
		int want;
	} rows[] = {
		{ "nvme2", "nvme10", -1 }, { "nvme10", "nvme2", 1 }, { "nvme1", "nvme1", 0 },
		{ "nvme1", "nvme1n1", -1 }, { "nvme1n2", "nvme1n10", -1 }, { "nvme01", "nvme1", 0 },
		{ "a", "b", -1 }, { "", "a", -1 }, { "nvme1n1", "nvme10", -1 },
		{ "x99999999999999999999999", "x100000000000000000000000", -1 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		check_int(rows[i].a, mp_name_cmp(rows[i].a, rows[i].b), rows[i].want);
}

static void only_whole_namespaces_are_namespaces(void **state)
{
	static const struct {
		const char *name;
		int want;
	} rows[] = {
		{ "nvme0n1", 1 }, { "nvme12n345", 1 }, { "nvme0n1p1", 0 }, { "nvme0c0n1", 0 },
		{ "nvme0", 0 }, { "nvmen1", 0 }, { "nvme0n", 0 }, { "sda", 0 }, { "", 0 },
		{ "nvme0n1x", 0 }, { "ng0n1", 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		check_int(rows[i].name, mp_name_is_ns(rows[i].name), rows[i].want);
}

static void hidden_paths_belong_to_a_namespace(void **state)
{
	static const struct {
		const char *name, *ns;
	} rows[] = {
		{ "nvme0c0n1", "nvme0n1" }, { "nvme12c345n6", "nvme12n6" }, { "nvme0n1", "" },
		{ "nvme0c0", "" }, { "nvme0c0n", "" }, { "nvme0cn1", "" }, { "nvmec0n1", "" },
		{ "nvme0c0n1p1", "" }, { "sda", "" }, { "", "" },
		{ "nvme00000000000c00000000000n0000", "" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		char ns[32] = "";

		check_int(rows[i].name, mp_name_is_hidden(rows[i].name, ns), *rows[i].ns != '\0');
		check_text(rows[i].name, ns, rows[i].ns);
	}
}

static void words_are_scanned_one_by_one(void **state)
{
	struct mp_scan s = { .at = "  ab  12 x" };
	uint64_t n;
	char longer[200];

	assert_true(mp_scan_word(&s));
	assert_string_equal(s.word, "ab");
	assert_int_equal(mp_scan_number(&s, 100, &n), 0);
	assert_int_equal(n, 12);
	assert_int_equal(mp_scan_number(&s, 100, &n), -EINVAL);
	assert_true(mp_scan_at_end(&s));
	assert_false(mp_scan_word(&s));
	memset(longer, 'y', sizeof(longer));
	longer[199] = '\0';
	s.at = longer;
	assert_false(mp_scan_word(&s));
	assert_string_equal(s.word, "");
}

static void nothing_reaches_a_terminal(void **state)
{
	char buf[40];

	mp_dump_escape("a\033[31m\"\\\n\xff", buf, sizeof(buf));
	assert_string_equal(buf, "a\\x1b[31m\\x22\\x5c\\x0a\\xff");
	mp_dump_escape("0123456789", buf, 8);
	assert_string_equal(buf, "012");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_whole_and_bounded),
		cmocka_unit_test(no_path_is_a_word_or_seconds),
		cmocka_unit_test(words_go_there_and_back),
		cmocka_unit_test(device_numbers_fit_the_kernel),
		cmocka_unit_test(identifiers_go_there_and_back),
		cmocka_unit_test(a_uuid_is_one_only_if_the_wwid_says_so),
		cmocka_unit_test(every_identifier_counts),
		cmocka_unit_test(dm_uuid_fits_or_is_refused),
		cmocka_unit_test(a_long_wwid_is_packed_without_loss),
		cmocka_unit_test(dm_names_are_safe),
		cmocka_unit_test(names_have_natural_order),
		cmocka_unit_test(only_whole_namespaces_are_namespaces),
		cmocka_unit_test(hidden_paths_belong_to_a_namespace),
		cmocka_unit_test(words_are_scanned_one_by_one),
		cmocka_unit_test(nothing_reaches_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
