/* SPDX-License-Identifier: GPL-2.0 */
/* Identifiers: parse, compare, order; and the names that device-mapper gets of them. */
#ifndef MP_IDENT_H
#define MP_IDENT_H

#include "core/types.h"

#define MP_DM_NAME_SIZE	128	/* DM_NAME_LEN, with the NUL */
#define MP_DM_UUID_SIZE	129	/* DM_UUID_LEN, with the NUL */

bool mp_ident_is_zero(const uint8_t *bytes, size_t len);

/* 16 bytes as 8-4-4-4-12 hex digits: sysfs uuid and nguid. -EINVAL */
int mp_ident_uuid_parse(const char *text, uint8_t ret[16]);
void mp_ident_uuid_print(const uint8_t uuid[16], char buf[37]);
/* 8 bytes as "00 25 38 …": sysfs eui. -EINVAL */
int mp_ident_eui_parse(const char *text, uint8_t ret[8]);
void mp_ident_eui_print(const uint8_t eui[8], char buf[24]);

/*
 * sysfs's own view of one namespace. The UUID is in the wwid, "uuid." before it;
 * the file uuid is of no use: without a UUID it prints the NGUID, and the kernel
 * logs that each time (uuid_show). -EINVAL: a file can't be understood; err
 * names it.
 */
int mp_ident_parse(const char *wwid, const char *nguid, const char *eui, struct mp_id *ret,
		   struct mp_err *err);

/* NULL: the same namespace; else the name of the first identifier that differs. */
const char *mp_ident_differs(const struct mp_id *a, const struct mp_id *b);

/*
 * NVMEMP_UUID_PREFIX and the wwid; a wwid of the kernel's own making that is too long
 * for that, without loss, in fewer characters ("nvme32."). -EINVAL: wwid has
 * characters that no wwid has, or is too long and nothing that is known; err says so.
 */
int mp_ident_dm_uuid(const char *wwid, char ret[MP_DM_UUID_SIZE], struct mp_err *err);
/* Characters that device-mapper or a path would trip over become '_'. */
void mp_ident_dm_name(const char *alias, char ret[MP_DM_NAME_SIZE]);

/* Natural order: nvme2n1 before nvme10n1. -1, 0, 1 */
int mp_name_cmp(const char *a, const char *b);

/* A controller: nvme0 */
bool mp_name_is_ctrl(const char *name);

/* nvmeXnY and nothing else: a namespace's block device, no partition, no hidden path */
bool mp_name_is_ns(const char *name);

/* nvmeScCnN, one of native multipath's hidden paths; ret_ns: the namespace above it, nvmeSnN */
bool mp_name_is_hidden(const char *name, char ret_ns[32]);

#endif
