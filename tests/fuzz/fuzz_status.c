// SPDX-License-Identifier: GPL-2.0
/* Status line */
#include "core/arena.h"
#include "core/status.h"
#include "fuzz.h"
#include "nvmemp_uapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mp_arena *arena = mp_arena_new();
	char *text = fuzz_text(data, size);
	struct mp_status st = { 0 };
	struct mp_err err = { "" };

	if (!mp_status_parse(arena, text, &st, &err)) {
		must(st.nr_paths >= 1 && st.nr_paths <= NVMEMP_MAX_PATHS);
		must(st.preferred >= -1 && st.preferred < (int)st.nr_paths);
		must(st.current >= -1 && st.current < (int)st.nr_paths);
	} else {
		must(*err.text);
		must(!st.nr_paths);
	}
	free(text);
	mp_arena_free(arena);
	return 0;
}
