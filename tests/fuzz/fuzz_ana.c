// SPDX-License-Identifier: GPL-2.0
/* ANA log: the walk ends, stays inside, and says what a look-up says. */
#include "core/ana.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mp_ana_group g, first;
	enum mp_ana ana;
	size_t pos = 0, n = 0;
	int r;

	while ((r = mp_ana_next(data, size, &pos, &g)) > 0) {
		if (!n++)
			first = g;
		must(n <= 65535);
		must(g.nr_nsids <= size / 4);
	}
	if (n) {
		must(!mp_ana_log_state(data, size, first.grpid, &ana));
		must(ana == first.state);
	} else {
		must(mp_ana_log_state(data, size, 1, &ana) < 0);
	}
	return 0;
}
