// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "core/ident.h"
#include "core/nvmeid.h"

#define IDENTIFY_SIZE	4096
#define NS_SIZE		384	/* up to the 64th LBA format */

uint16_t mp_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t mp_le32(const uint8_t *p)
{
	return mp_le16(p) | (uint32_t)mp_le16(p + 2) << 16;
}

uint64_t mp_le64(const uint8_t *p)
{
	return mp_le32(p) | (uint64_t)mp_le32(p + 4) << 32;
}

int mp_nvmeid_ctrl(const void *data, size_t len, struct mp_id_ctrl *ret)
{
	const uint8_t *p = data;

	if (len < IDENTIFY_SIZE)
		return -EBADMSG;
	*ret = (struct mp_id_ctrl){
		.multi_ctrl = p[76] & 2,
		.ana = p[76] & 8,
		.anatt_s = p[342],
	};
	return 0;
}

int mp_nvmeid_ns(const void *data, size_t len, struct mp_id_ns *ret)
{
	const uint8_t *p = data, *lbaf;
	unsigned int format;

	if (len < NS_SIZE)
		return -EBADMSG;
	/* FLBAS: bits 3:0, and 6:5 above them where there are more than 16 formats */
	format = p[26] & 15;
	if (p[25] > 15)
		format |= (p[26] >> 5 & 3) << 4;
	lbaf = p + 128 + 4 * format;
	*ret = (struct mp_id_ns){
		.shared = p[30] & 1,
		.metadata_size = mp_le16(lbaf),
		.pi_type = p[29] & 7,
		.block_size = lbaf[2] >= 9 && lbaf[2] < 32 ? 1u << lbaf[2] : 0,
		.size_blocks = mp_le64(p),
		.ana_grpid = mp_le32(p + 92),
	};
	memcpy(ret->nguid, p + 104, sizeof(ret->nguid));
	memcpy(ret->eui64, p + 120, sizeof(ret->eui64));
	return 0;
}

static int take(bool *ret_has, uint8_t *to, size_t size, const uint8_t *p, size_t len)
{
	if (len != size)
		return -EBADMSG;
	memcpy(to, p, size);
	*ret_has = !mp_ident_is_zero(to, size);
	return 0;
}

int mp_nvmeid_descs(const void *data, size_t len, struct mp_id_descs *ret)
{
	struct mp_id_descs d = { };
	const uint8_t *p = data;
	int r = 0;

	/* NIDT, NIDL, two reserved bytes, NID; a length of 0 ends the list */
	while (len >= 4 && p[1] && !r) {
		size_t n = p[1];

		if (n + 4 > len)
			return -EBADMSG;
		switch (p[0]) {
		case 1:
			r = take(&d.has_eui64, d.eui64, sizeof(d.eui64), p + 4, n);
			break;
		case 2:
			r = take(&d.has_nguid, d.nguid, sizeof(d.nguid), p + 4, n);
			break;
		case 3:
			r = take(&d.has_uuid, d.uuid, sizeof(d.uuid), p + 4, n);
			break;
		case 4:
			r = take(&d.has_csi, &d.csi, sizeof(d.csi), p + 4, n);
			d.has_csi = true;	/* 0 is the NVM command set */
			break;
		default:
			break;
		}
		p += n + 4;
		len -= n + 4;
	}
	if (r)
		return r;
	*ret = d;
	return 0;
}

uint32_t mp_nvmeid_active(const void *data, size_t len, size_t i)
{
	return i < len / 4 ? mp_le32((const uint8_t *)data + 4 * i) : 0;
}
