// SPDX-License-Identifier: GPL-2.0
/* Facts as text: sorted, each key once and found again; and who uses nvme0n1, by them */
#include "core/arena.h"
#include "core/facts.h"
#include "core/holder.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mp_arena *arena = mp_arena_new();
	struct mp_users users;
	char *text = fuzz_text(data, size), name[64];
	struct mp_err err = { "" };
	struct mp_facts f;
	size_t i, pos = 0;

	must(!mp_facts_init(&f));
	if (mp_facts_load(&f, text, &err)) {
		must(*err.text);
		must(!mp_facts_sort(&f));
	}
	for (i = 0; i < f.nr_facts; i++) {
		must(!i || strcmp(f.facts[i - 1].key, f.facts[i].key) < 0);
		must(mp_facts_find(&f, "%s", f.facts[i].key) == &f.facts[i]);
	}
	for (i = 0; mp_facts_next_name(&f, "sys/block", &pos, name); i++)
		must(*name && i < f.nr_facts);
	must(!mp_holder_users(arena, &f, &users));
	must(mp_holder_find(arena, &f, &users, "nvme0n1"));
	mp_facts_done(&f);
	mp_arena_free(arena);
	free(text);
	return 0;
}
