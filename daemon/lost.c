// SPDX-License-Identifier: GPL-2.0
/* Lost maps and when that began. */
#include <stdlib.h>
#include <string.h>

#include "core/desire.h"
#include "core/plan.h"
#include "lost.h"

/* Without memory it is noted by a later look. */
static void note(struct lost *lost, const char *uuid, uint64_t now_ms)
{
	char *copy = strdup(uuid);

	if (copy)
		lost->maps[lost->nr_maps++] = (struct mp_lost){ .uuid = copy, .since_ms = now_ms };
}

/* Both are in order of uuid: one walk over the two of them. */
void lost_update(struct lost *lost, const struct mp_desired *desired,
		 const struct mp_loaded *loaded, uint64_t now_ms)
{
	struct lost now = { .maps = malloc((loaded->nr_maps + 1) * sizeof(*now.maps)) };
	size_t i, old = 0;

	if (!now.maps)
		return;
	for (i = 0; i < loaded->nr_maps; i++) {
		const char *uuid = loaded->maps[i].map.uuid;

		if (!mp_plan_is_lost(desired, &loaded->maps[i]))
			continue;
		while (old < lost->nr_maps && strcmp(lost->maps[old].uuid, uuid) < 0)
			free((char *)lost->maps[old++].uuid);
		if (old < lost->nr_maps && strcmp(lost->maps[old].uuid, uuid) == 0)
			now.maps[now.nr_maps++] = lost->maps[old++];
		else
			note(&now, uuid, now_ms);
	}
	while (old < lost->nr_maps)
		free((char *)lost->maps[old++].uuid);
	free(lost->maps);
	*lost = now;
}
