// SPDX-License-Identifier: GPL-2.0
/* How much is asked of a controller that lies, and how much of its answers is kept. */
#include "unit.h"

#include "../../libnvmemp/sys/nvme.c"
#include "core/ana.h"
#include "core/nvmeid.h"
#include "tree.h"

/* The controller, in place of libnvme's commands */
static struct {
	uint8_t id_ctrl[4096];
	uint8_t descs[4096];
	uint64_t change_count;
	unsigned int changes;		/* of its log, one each time that it is read */
	bool all_active;		/* lists of active namespaces without end */
	bool list_goes_back;		/* and each is the same */
	int status;			/* of reading the log */
	unsigned int nr_logs, nr_lists;
	uint32_t read_to;		/* the end of the log that was asked for */
	uint8_t filler;			/* of what the log has behind its header */
} ctrl;

int nvme_identify(struct nvme_identify_args *args)
{
	uint32_t *list = args->data;
	uint32_t i;

	switch (args->cns) {
	case NVME_IDENTIFY_CNS_CTRL:
		memcpy(args->data, ctrl.id_ctrl, sizeof(ctrl.id_ctrl));
		return 0;
	case NVME_IDENTIFY_CNS_NS_DESC_LIST:
		memcpy(args->data, ctrl.descs, sizeof(ctrl.descs));
		return 0;
	case NVME_IDENTIFY_CNS_NS_ACTIVE_LIST:
		ctrl.nr_lists++;
		for (i = 0; ctrl.all_active && i < NS_LIST_ENTRIES; i++)
			list[i] = htole32((ctrl.list_goes_back ? 0 : args->nsid) + i + 1);
		return 0;
	default:
		return 0;
	}
}

int nvme_get_log(struct nvme_get_log_args *args)
{
	uint8_t *log = args->log;

	ctrl.nr_logs++;
	assert_true(args->len <= ANA_CHUNK_LEN);
	if (ctrl.status)
		return ctrl.status;
	memset(log, ctrl.filler, args->len);
	if (args->lpo + args->len > ctrl.read_to)
		ctrl.read_to = (uint32_t)(args->lpo + args->len);
	if (args->lpo)
		return 0;
	if (ctrl.changes) {
		ctrl.changes--;
		ctrl.change_count++;
	}
	memcpy(log, &ctrl.change_count, 8);
	return 0;
}

static struct mp_facts answers;

static void ask(void)
{
	const struct mp_nvme_ns ns = { .name = "nvme0n1", .nsid = 1 };
	struct tree tree;

	if (answers.arena)
		mp_facts_done(&answers);
	tree_make(&tree);
	put(&tree, "dev/nvme0", "");
	assert_int_equal(mp_facts_init(&answers), 0);
	assert_int_equal(mp_nvme_read(tree.fd, "nvme0", &ns, 1, &answers), 0);
	assert_int_equal(mp_facts_sort(&answers), 0);
	tree_remove(&tree);
}

static void new_ctrl(uint32_t groups)
{
	memset(&ctrl, 0, sizeof(ctrl));
	ctrl.id_ctrl[ID_CTRL_CMIC] = CMIC_ANA;
	groups = htole32(groups);
	memcpy(ctrl.id_ctrl + ID_CTRL_NANAGRPID, &groups, sizeof(groups));
}

static size_t len_of(const char *key)
{
	const struct mp_fact *fact = mp_facts_find(&answers, "%s", key);

	assert_non_null(fact);
	return fact->len;
}

/* However many groups it says that it has, and whatever its log says of their lengths */
static void so_much_of_an_ana_log_is_read_and_no_more(void **state)
{
	static const uint32_t groups[] = { 0, 1, 127, 128, 4096, 4097, 65536, UINT32_MAX };
	enum mp_ana ana = MP_ANA_CHANGE;
	size_t i;

	for (i = 0; i < COUNT(groups); i++) {
		uint32_t want = 16 + 32 * (groups[i] > 4096 ? 4096 : groups[i]);
		const struct mp_fact *log;

		new_ctrl(groups[i]);
		ctrl.filler = 0xff;	/* of 65,535 groups each has 4,294,967,295 namespaces */
		ask();
		check_int("length", len_of("ioctl/nvme0/ana-log"), want);
		check_int("asked for", ctrl.read_to, want);
		check_int("times", ctrl.nr_logs, want <= 4096 ? 1 : (want + 4095) / 4096 + 1);
		log = mp_facts_find(&answers, "ioctl/nvme0/ana-log");
		assert_int_equal(mp_ana_log_state(log->data, log->len, 1, &ana), -EBADMSG);
		assert_int_equal(ana, MP_ANA_CHANGE);
	}
}

static void a_log_that_changes_for_ever_is_given_up(void **state)
{
	new_ctrl(UINT32_MAX);
	ctrl.changes = UINT32_MAX;
	ask();
	/* 128 KiB and the header, whose beginning is read again at the end */
	assert_int_equal(ctrl.nr_logs, ANA_TRIES * (33 + 1));
	assert_null(mp_facts_find(&answers, "ioctl/nvme0/ana-log"));
	check_text("error", mp_facts_text(&answers, "ioctl/nvme0/error"),
		   "Get Log Page (ANA): Resource temporarily unavailable");
	/* what it says of its namespaces is still taken */
	len_of("ioctl/nvme0n1/id-ns");
}

static void a_log_that_changed_is_read_again(void **state)
{
	new_ctrl(4096);
	ctrl.changes = 2;
	ask();
	assert_int_equal(ctrl.nr_logs, 2 * (33 + 1));
	assert_int_equal(len_of("ioctl/nvme0/ana-log"), 16 + 32 * 4096);
}

static void a_log_that_is_refused_is_asked_for_once(void **state)
{
	new_ctrl(UINT32_MAX);
	ctrl.status = 0x109;	/* Invalid Log Page */
	ask();
	assert_int_equal(ctrl.nr_logs, 1);
	check_text("error", mp_facts_text(&answers, "ioctl/nvme0/error"),
		   "Get Log Page (ANA): NVMe status 0x109");
}

static void a_list_without_end_is_cut_off(void **state)
{
	int back;

	for (back = 0; back < 2; back++) {
		new_ctrl(1);
		ctrl.all_active = true;
		ctrl.list_goes_back = back;
		ask();
		assert_int_equal(ctrl.nr_lists, NS_LISTS_MAX);
		assert_int_equal(len_of("ioctl/nvme0/active-ns"), NS_LISTS_MAX * 4096);
	}
}

/* Each length a descriptor may claim, in a list of nothing but such */
static void descriptors_that_lie_stay_in_their_page(void **state)
{
	struct mp_id_descs d;
	const struct mp_fact *descs;
	int len, i;

	for (len = 0; len < 256; len++) {
		new_ctrl(1);
		for (i = 0; i < (int)sizeof(ctrl.descs); i++)
			ctrl.descs[i] = (uint8_t)len;
		ask();
		descs = mp_facts_find(&answers, "ioctl/nvme0n1/ns-descs");
		assert_non_null(descs);
		assert_true(descs->len <= sizeof(ctrl.descs));
		/* reads no byte behind it: the sanitizer watches */
		mp_nvmeid_descs(descs->data, descs->len, &d);
	}
}

static int forget(void **state)
{
	mp_facts_done(&answers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_much_of_an_ana_log_is_read_and_no_more),
		cmocka_unit_test(a_log_that_changes_for_ever_is_given_up),
		cmocka_unit_test(a_log_that_changed_is_read_again),
		cmocka_unit_test(a_log_that_is_refused_is_asked_for_once),
		cmocka_unit_test(a_list_without_end_is_cut_off),
		cmocka_unit_test(descriptors_that_lie_stay_in_their_page),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
