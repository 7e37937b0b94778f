/* SPDX-License-Identifier: GPL-2.0 */
/* What Identify returned: bytes -> the few fields that matter. Any bytes are survived. */
#ifndef MP_NVMEID_H
#define MP_NVMEID_H

#include "core/types.h"

struct mp_id_ctrl {
	bool multi_ctrl;	/* CMIC bit 1 */
	bool ana;		/* CMIC bit 3 */
	uint8_t anatt_s;
};

struct mp_id_ns {
	bool shared;		/* NMIC bit 0 */
	uint16_t metadata_size;	/* of the format in use */
	uint8_t pi_type;	/* DPS bits 2:0 */
	uint32_t block_size;	/* 2^LBADS; 0: LBADS makes no sense */
	uint64_t size_blocks;	/* NSZE */
	uint32_t ana_grpid;
	uint8_t nguid[16], eui64[8];	/* all zero = none; the descriptor list goes first */
};

struct mp_id_descs {
	bool has_uuid, has_nguid, has_eui64, has_csi;	/* an all-zero identifier is none */
	uint8_t uuid[16], nguid[16], eui64[8], csi;
};

/* -EBADMSG: fewer bytes than the structure has (NVMe base 2.0, figures 275, 280; NVM 1.0, 97) */
int mp_nvmeid_ctrl(const void *data, size_t len, struct mp_id_ctrl *ret);
int mp_nvmeid_ns(const void *data, size_t len, struct mp_id_ns *ret);
/* -EBADMSG: a descriptor is longer than the list, or of a length that its type can't have */
int mp_nvmeid_descs(const void *data, size_t len, struct mp_id_descs *ret);
/* The i-th NSID of an active namespace list; 0: the list has ended */
uint32_t mp_nvmeid_active(const void *data, size_t len, size_t i);

/* Little-endian fields, as all of NVMe's */
uint16_t mp_le16(const uint8_t *p);
uint32_t mp_le32(const uint8_t *p);
uint64_t mp_le64(const uint8_t *p);

#endif
