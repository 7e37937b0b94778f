// SPDX-License-Identifier: GPL-2.0
/* Identify: the first byte says what the others are; short pages are filled up half of the time. */
#include "core/nvmeid.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mp_id_descs descs;
	struct mp_id_ctrl ctrl;
	struct mp_id_ns ns;
	uint8_t *page;
	size_t len, i;
	uint8_t what;

	if (!size)
		return 0;
	what = *data;
	len = what & 0x80 && size - 1 < 4096 ? 4096 : size - 1;
	page = calloc(1, len ? len : 1);
	must(page);
	memcpy(page, data + 1, size - 1);
	switch (what & 3) {
	case 0:
		must(!mp_nvmeid_ctrl(page, len, &ctrl) == (len >= 4096));
		break;
	case 1:
		must(!mp_nvmeid_ns(page, len, &ns) == (len >= 4096));
		if (len >= 4096)
			must(!(ns.block_size & (ns.block_size - 1)) && ns.pi_type < 8);
		break;
	case 2:
		mp_nvmeid_descs(page, len, &descs);
		break;
	default:
		for (i = 0; mp_nvmeid_active(page, len, i); i++)
			must(i < len / 4);
		break;
	}
	free(page);
	return 0;
}
