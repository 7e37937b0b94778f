// SPDX-License-Identifier: GPL-2.0
/* Maps of a capture, which a stranger may have sent */
#include "core/arena.h"
#include "core/loadedtext.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct mp_loaded loaded = { NULL };
	struct mp_err err = { "" };
	size_t i;

	if (!mp_loaded_load(text, &loaded, &err)) {
		for (i = 0; i < loaded.nr_maps; i++) {
			must(*loaded.maps[i].map.name);
			must(!i || strcmp(loaded.maps[i - 1].map.uuid, loaded.maps[i].map.uuid) < 0);
		}
		mp_arena_free(loaded.arena);
	} else {
		must(*err.text);
		must(!loaded.arena);
	}
	free(text);
	return 0;
}
