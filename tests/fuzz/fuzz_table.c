// SPDX-License-Identifier: GPL-2.0
/* Table line: what was understood is printed, and that is understood as the same. */
#include "core/arena.h"
#include "core/table.h"
#include "fuzz.h"
#include "nvmemp_uapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mp_arena *arena = mp_arena_new();
	char *text = fuzz_text(data, size);
	struct mp_map map = { 0 }, again = { 0 };
	char first[4096], second[4096];
	struct mp_err err = { "" };

	if (!mp_table_parse(arena, text, &map, &err)) {
		must(map.nr_paths >= 1 && map.nr_paths <= NVMEMP_MAX_PATHS);
		must(!mp_table_print(&map, first, sizeof(first)));
		must(!mp_table_parse(arena, first, &again, &err));
		must(!mp_table_print(&again, second, sizeof(second)));
		must(!strcmp(first, second));
	} else {
		must(*err.text);
		must(!map.nr_paths);
	}
	free(text);
	mp_arena_free(arena);
	return 0;
}
