// SPDX-License-Identifier: GPL-2.0
/* What is kept from look to look is what a new look at everything would find. */
#include "unit.h"

#include "core/facts.h"
#include "core/store.h"
#include "sys/known.h"
#include "tree.h"

#define NR_NS		6
#define NR_DM		4
#define NR_STEPS	400

struct world {
	struct tree tree;
	struct mp_known *known;
	uint32_t seed;
	bool ns[NR_NS];
	bool dm[NR_DM];
	bool on[NR_DM][NR_NS];		/* stacked on the disk */
	bool on_part[NR_DM][NR_NS];	/* stacked on its partition */
	bool part[NR_NS];
};

static uint32_t any(struct world *w, uint32_t n)
{
	return next_random(&w->seed) % n;
}

static const char *ns_name(uint32_t i, char buf[32])
{
	snprintf(buf, 32, "nvme%un%u", i % 2, i / 2 + 1);
	return buf;
}

__attribute__((format(printf, 3, 4)))
static void put_number(struct world *w, uint32_t number, const char *fmt, ...)
{
	char path[160], text[32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%u\n", number);
	put(&w->tree, path, text);
}

static void add_ns(struct world *w, uint32_t i)
{
	char name[32], path[160], target[64];

	ns_name(i, name);
	put_number(w, i, "sys/block/%s/dev", name);
	put_number(w, any(w, 3), "sys/block/%s/wwid", name);
	put_number(w, any(w, 3), "sys/block/%s/queue/logical_block_size", name);
	snprintf(path, sizeof(path), "sys/block/%s/holders", name);
	put_dir(&w->tree, path);
	snprintf(path, sizeof(path), "sys/block/%s/device", name);
	snprintf(target, sizeof(target), "../../nvme%u", i % 2);
	put_link(&w->tree, path, target);
	w->ns[i] = true;
}

static void stack(struct world *w, uint32_t d, uint32_t i, bool part, bool on)
{
	char name[32], holder[160], slave[160];
	const char *p = part ? "p1" : "";

	ns_name(i, name);
	snprintf(holder, sizeof(holder), "sys/block/%s%s%s%s/holders/dm-%u", name, part ? "/" : "",
		 part ? name : "", p, d);
	snprintf(slave, sizeof(slave), "sys/block/dm-%u/slaves/%s%s", d, name, p);
	if (on) {
		put_link(&w->tree, holder, "x");
		put_link(&w->tree, slave, "x");
	} else {
		take_away(&w->tree, holder);
		take_away(&w->tree, slave);
	}
	*(part ? &w->on_part[d][i] : &w->on[d][i]) = on;
}

static void change_part(struct world *w, uint32_t i)
{
	char name[32], path[160];
	uint32_t d;

	for (d = 0; d < NR_DM; d++)
		if (w->on_part[d][i])
			return;
	ns_name(i, name);
	if (w->part[i]) {
		snprintf(path, sizeof(path), "sys/block/%s/%sp1", name, name);
		take_away(&w->tree, path);
	} else {
		put_number(w, 100 + i, "sys/block/%s/%sp1/dev", name, name);
		snprintf(path, sizeof(path), "sys/block/%s/%sp1/holders", name, name);
		put_dir(&w->tree, path);
	}
	w->part[i] = !w->part[i];
	mp_known_doubt(w->known, name);
}

/* The kernel takes nothing away that is held. */
static bool is_held(const struct world *w, uint32_t i)
{
	uint32_t d;

	for (d = 0; d < NR_DM; d++)
		if (w->on[d][i] || w->on_part[d][i])
			return true;
	return false;
}

/* Added, gone, or, under the same name, another one */
static void change_ns(struct world *w, uint32_t i)
{
	char name[32], path[64];

	ns_name(i, name);
	if (w->ns[i] && is_held(w, i))
		return;
	snprintf(path, sizeof(path), "sys/block/%s", name);
	if (w->ns[i])
		take_away(&w->tree, path);
	w->part[i] = false;
	if (!w->ns[i] || any(w, 2))
		add_ns(w, i);
	else
		w->ns[i] = false;
	mp_known_doubt(w->known, name);
}

/* Its slaves change, or it goes and its number becomes another map's. */
static void change_dm(struct world *w, uint32_t d)
{
	char path[64], name[16];
	uint32_t i;

	snprintf(name, sizeof(name), "dm-%u", d);
	snprintf(path, sizeof(path), "sys/block/%s", name);
	if (!w->dm[d] || any(w, 3) == 0) {
		for (i = 0; i < NR_NS; i++) {
			if (w->on[d][i])
				stack(w, d, i, false, false);
			if (w->on_part[d][i])
				stack(w, d, i, true, false);
		}
		take_away(&w->tree, path);
		put_number(w, any(w, 3), "%s/dm/uuid", path);
		put_number(w, any(w, 3), "%s/dm/name", path);
		snprintf(path, sizeof(path), "sys/block/%s/slaves", name);
		put_dir(&w->tree, path);
		w->dm[d] = true;
	}
	for (i = 0; i < NR_NS; i++) {
		bool part = w->part[i] && any(w, 2);

		if (w->ns[i] && any(w, 2))
			stack(w, d, i, part, !(part ? w->on_part : w->on)[d][i]);
	}
	mp_known_doubt(w->known, name);
}

static void change_rest(struct world *w)
{
	switch (any(w, 4)) {
	case 0:
		put_number(w, any(w, 3), "sys/class/nvme/nvme%u/state", any(w, 2));
		break;
	case 1:
		put_number(w, any(w, 3), "proc/self/mountinfo");
		break;
	case 2:
		take_away(&w->tree, "sys/class/nvme/nvme0");
		break;
	case 3:
		mp_known_doubt(w->known, "nvme1");
		break;
	}
}

/* Events that were lost are told of as that: then everything is looked at. */
static void change_unseen(struct world *w)
{
	char name[32];
	uint32_t i = any(w, NR_NS);

	if (w->ns[i])
		put_number(w, any(w, 3), "sys/block/%s/ro", ns_name(i, name));
	mp_known_doubt_all(w->known);
}

static void change(struct world *w)
{
	switch (any(w, 8)) {
	case 0: case 1: case 2:
		change_ns(w, any(w, NR_NS));
		break;
	case 3: case 4:
		change_dm(w, any(w, NR_DM));
		break;
	case 5:
		if (w->ns[0])
			change_part(w, 0);
		break;
	case 6:
		change_rest(w);
		break;
	case 7:
		change_unseen(w);
		break;
	}
}

static char *text_of(struct mp_known *known)
{
	struct mp_facts facts;
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(mp_store_facts(mp_known_store(known), &facts), 0);
	for (i = 0; i < facts.nr_facts; i++) {
		assert_true(!i || strcmp(facts.facts[i - 1].key, facts.facts[i].key) < 0);
		fprintf(f, "%s = %s\n", facts.facts[i].key, (const char *)facts.facts[i].data);
	}
	fclose(f);
	return text;
}

static void check_against_a_new_look(struct world *w, uint32_t step)
{
	struct mp_known *fresh = mp_known_new(w->tree.fd);
	char *kept, *wanted, name[32];

	assert_int_equal(mp_known_read(fresh, SIZE_MAX, NULL), 0);
	kept = text_of(w->known);
	wanted = text_of(fresh);
	snprintf(name, sizeof(name), "step %u", step);
	check_text(name, kept, wanted);
	free(kept);
	free(wanted);
	mp_known_free(fresh);
}

static void what_is_kept_is_what_a_new_look_finds(void **state)
{
	struct world w = { .seed = 7 };
	uint32_t step, n;

	tree_make(&w.tree);
	put_dir(&w.tree, "sys/block");
	w.known = mp_known_new(w.tree.fd);
	for (step = 0; step < NR_STEPS; step++) {
		for (n = any(&w, 6); n > 0; n--)
			change(&w);
		/* changes may come while some of the last are not read yet */
		if (any(&w, 3) && mp_known_read(w.known, 1 + any(&w, 3), NULL) > 0)
			change(&w);
		while (mp_known_read(w.known, 1 + any(&w, 4), NULL) > 0)
			;
		while (mp_known_read(w.known, 8, NULL) > 0)
			;
		check_against_a_new_look(&w, step);
	}
	mp_known_free(w.known);
	tree_remove(&w.tree);
}

static void a_device_that_is_asked_for_is_fresh_at_once(void **state)
{
	struct world w = { .seed = 1 };
	struct mp_facts facts;

	tree_make(&w.tree);
	add_ns(&w, 0);
	add_ns(&w, 2);
	w.known = mp_known_new(w.tree.fd);
	assert_int_equal(mp_known_read(w.known, SIZE_MAX, NULL), 0);
	put(&w.tree, "sys/block/dm-0/dm/uuid", "LVM-x\n");
	put_dir(&w.tree, "sys/block/dm-0/slaves");
	stack(&w, 0, 0, false, true);
	stack(&w, 0, 2, false, true);
	assert_int_equal(mp_known_read_now(w.known, "nvme0n1", NULL), 0);
	assert_int_equal(mp_store_facts(mp_known_store(w.known), &facts), 0);
	assert_string_equal(mp_facts_text(&facts, "sys/block/nvme0n1/holders"), "dm-0");
	assert_string_equal(mp_facts_text(&facts, "sys/block/dm-0/dm/uuid"), "LVM-x");
	/* and the other one that it is stacked on comes with the next look */
	assert_int_equal(mp_known_read(w.known, SIZE_MAX, NULL), 0);
	assert_int_equal(mp_store_facts(mp_known_store(w.known), &facts), 0);
	assert_string_equal(mp_facts_text(&facts, "sys/block/nvme0n2/holders"), "dm-0");
	mp_known_free(w.known);
	tree_remove(&w.tree);
}

static void what_did_not_change_is_the_same_version(void **state)
{
	struct world w = { .seed = 1 };
	uint64_t version;

	tree_make(&w.tree);
	add_ns(&w, 0);
	w.known = mp_known_new(w.tree.fd);
	assert_int_equal(mp_known_read(w.known, SIZE_MAX, NULL), 0);
	version = mp_store_version(mp_known_store(w.known));
	mp_known_doubt(w.known, "nvme0n1");
	mp_known_doubt(w.known, "nvme9n9");
	mp_known_doubt(w.known, "sda");
	assert_int_equal(mp_known_read(w.known, SIZE_MAX, NULL), 0);
	mp_known_doubt_all(w.known);
	assert_int_equal(mp_known_read(w.known, SIZE_MAX, NULL), 0);
	assert_int_equal(mp_store_version(mp_known_store(w.known)), version);
	put(&w.tree, "sys/block/nvme0n1/ro", "1\n");
	assert_int_equal(mp_known_read(w.known, SIZE_MAX, NULL), 0);
	assert_int_equal(mp_store_version(mp_known_store(w.known)), version);
	mp_known_doubt(w.known, "nvme0");
	assert_int_equal(mp_known_read(w.known, SIZE_MAX, NULL), 0);
	assert_int_not_equal(mp_store_version(mp_known_store(w.known)), version);
	mp_known_free(w.known);
	tree_remove(&w.tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_what_a_new_look_finds),
		cmocka_unit_test(a_device_that_is_asked_for_is_fresh_at_once),
		cmocka_unit_test(what_did_not_change_is_the_same_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
