// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/ident.h"
#include "nvmemp_uapi.h"

bool mp_ident_is_zero(const uint8_t *bytes, size_t len)
{
	while (len--)
		if (*bytes++)
			return false;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* n bytes; gap[i] stands before byte i (NUL: nothing does) */
static int bytes_parse(const char *text, size_t n, const char *gap, uint8_t *ret)
{
	uint8_t bytes[16];
	size_t i;

	for (i = 0; i < n; i++) {
		int high, low;

		if (gap[i] && *text++ != gap[i])
			return -EINVAL;
		high = hex(text[0]);
		low = high < 0 ? -1 : hex(text[1]);
		if (low < 0)
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (*text)
		return -EINVAL;
	memcpy(ret, bytes, n);
	return 0;
}

static const char uuid_gap[16] = { [4] = '-', [6] = '-', [8] = '-', [10] = '-' };
static const char eui_gap[8] = { 0, ' ', ' ', ' ', ' ', ' ', ' ', ' ' };

int mp_ident_uuid_parse(const char *text, uint8_t ret[16])
{
	return bytes_parse(text, 16, uuid_gap, ret);
}

void mp_ident_uuid_print(const uint8_t uuid[16], char buf[37])
{
	size_t i;

	for (i = 0; i < 16; i++) {
		if (uuid_gap[i])
			*buf++ = uuid_gap[i];
		buf += sprintf(buf, "%02x", uuid[i]);
	}
}

int mp_ident_eui_parse(const char *text, uint8_t ret[8])
{
	return bytes_parse(text, 8, eui_gap, ret);
}

void mp_ident_eui_print(const uint8_t eui[8], char buf[24])
{
	size_t i;

	for (i = 0; i < 8; i++)
		buf += sprintf(buf, i ? " %02x" : "%02x", eui[i]);
}

int mp_ident_parse(const char *wwid, const char *nguid, const char *eui, struct mp_id *ret,
		   struct mp_err *err)
{
	struct mp_id id = { .wwid = wwid };

	if (!strncmp(wwid, "uuid.", 5) && mp_ident_uuid_parse(wwid + 5, id.uuid))
		return mp_err_set(err, -EINVAL, "wwid \"%s\" has no UUID", wwid);
	if (*nguid && mp_ident_uuid_parse(nguid, id.nguid))
		return mp_err_set(err, -EINVAL, "nguid \"%s\" is not 16 bytes", nguid);
	if (*eui && mp_ident_eui_parse(eui, id.eui64))
		return mp_err_set(err, -EINVAL, "eui \"%s\" is not 8 bytes", eui);
	*ret = id;
	return 0;
}

const char *mp_ident_differs(const struct mp_id *a, const struct mp_id *b)
{
	if (strcmp(a->wwid, b->wwid))
		return "wwid";
	if (memcmp(a->uuid, b->uuid, sizeof(a->uuid)))
		return "UUID";
	if (memcmp(a->nguid, b->nguid, sizeof(a->nguid)))
		return "NGUID";
	if (memcmp(a->eui64, b->eui64, sizeof(a->eui64)))
		return "EUI-64";
	if (a->csi != b->csi)
		return "command set";
	return NULL;
}

static bool plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.' || c == '-' || c == '_';
}

/* n bytes of hex digits as base32hex (RFC 4648, no padding); the text behind it in ret */
static char *pack_bytes(const char *digits, size_t n, char *ret)
{
	static const char set[] = "0123456789abcdefghijklmnopqrstuv";
	unsigned int bits = 0, nr = 0;
	size_t i;

	for (i = 0; i < 2 * n; i++) {
		bits = bits << 4 | (unsigned int)hex(digits[i]);
		nr += 4;
		if (nr >= 5) {
			nr -= 5;
			*ret++ = set[bits >> nr & 31];
		}
	}
	if (nr)
		*ret++ = set[bits << (5 - nr) & 31];
	return ret;
}

/* Length in bytes of the hex digits that text begins with and that end ends */
static size_t hex_bytes(const char *text, char end, size_t max)
{
	size_t n = strspn(text, "0123456789abcdef");

	return text[n] == end && n % 2 == 0 && n / 2 <= max ? n / 2 : 0;
}

/*
 * A wwid that the kernel makes itself (wwid_show) has vendor, serial number (up to
 * 20 bytes), model (up to 40) and NSID in hex digits: "nvme.1b36-…-…-00000001". In
 * base32 it always fits, and two that differ still do, which no hash can promise.
 */
static bool pack_wwid(const char *wwid, char ret[MP_DM_NAME_SIZE])
{
	const char *vendor, *serial, *model, *nsid;
	size_t n_serial, n_model;
	char *to = ret;

	if (strncmp(wwid, "nvme.", 5) || hex_bytes(wwid + 5, '-', 2) != 2)
		return false;
	vendor = wwid + 5;
	serial = vendor + 5;
	n_serial = hex_bytes(serial, '-', 20);
	if (!n_serial)
		return false;
	model = serial + 2 * n_serial + 1;
	n_model = hex_bytes(model, '-', 40);
	if (!n_model)
		return false;
	nsid = model + 2 * n_model + 1;
	if (hex_bytes(nsid, '\0', 4) != 4)
		return false;
	to += sprintf(to, "nvme32.%.5s", vendor);
	to = pack_bytes(serial, n_serial, to);
	*to++ = '-';
	to = pack_bytes(model, n_model, to);
	sprintf(to, "-%s", nsid);
	return true;
}

int mp_ident_dm_uuid(const char *wwid, char ret[MP_DM_UUID_SIZE], struct mp_err *err)
{
	char packed[MP_DM_NAME_SIZE];
	const char *c;

	if (!*wwid)
		return mp_err_set(err, -EINVAL, "it has no wwid");
	for (c = wwid; *c; c++)
		if (!plain(*c))
			return mp_err_set(err, -EINVAL, "its wwid has a character that no wwid has");
	/* the same text is the map's name unless it has an alias */
	if (strlen(wwid) + sizeof(NVMEMP_UUID_PREFIX) > MP_DM_NAME_SIZE) {
		if (!pack_wwid(wwid, packed))
			return mp_err_set(err, -EINVAL, "its wwid is too long for a device-mapper name");
		wwid = packed;
	}
	snprintf(ret, MP_DM_UUID_SIZE, NVMEMP_UUID_PREFIX "%.*s",
		 (int)(MP_DM_UUID_SIZE - sizeof(NVMEMP_UUID_PREFIX)), wwid);
	return 0;
}

void mp_ident_dm_name(const char *alias, char ret[MP_DM_NAME_SIZE])
{
	size_t i;

	for (i = 0; i < MP_DM_NAME_SIZE - 1 && alias[i]; i++)
		ret[i] = plain(alias[i]) ? alias[i] : '_';
	ret[i] = '\0';
	if (!strcmp(ret, ".") || !strcmp(ret, ".."))
		ret[0] = '_';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

int mp_name_cmp(const char *a, const char *b)
{
	while (*a && *b) {
		size_t x, y;
		int r;

		if (!digit(*a) || !digit(*b)) {
			if (*a != *b)
				return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
			a++, b++;
			continue;
		}
		/* numbers: leading zeros aside, the longer one is larger */
		while (*a == '0' && digit(a[1]))
			a++;
		while (*b == '0' && digit(b[1]))
			b++;
		for (x = 0; digit(a[x]); x++)
			;
		for (y = 0; digit(b[y]); y++)
			;
		if (x != y)
			return x < y ? -1 : 1;
		r = memcmp(a, b, x);
		if (r)
			return r < 0 ? -1 : 1;
		a += x;
		b += x;
	}
	return !!*a - !!*b;
}

/* c and digits: the text behind them, or NULL */
static const char *behind_number(const char *p, char c)
{
	if (!p || *p++ != c || !digit(*p))
		return NULL;
	while (digit(*p))
		p++;
	return p;
}

bool mp_name_is_ctrl(const char *name)
{
	const char *end = strncmp(name, "nvme", 4) ? NULL : behind_number(name + 3, 'e');

	return end && !*end;
}

bool mp_name_is_ns(const char *name)
{
	const char *p = strncmp(name, "nvme", 4) ? NULL : behind_number(name + 3, 'e');

	p = behind_number(p, 'n');
	return p && !*p;
}

bool mp_name_is_hidden(const char *name, char ret_ns[32])
{
	const char *ctrl = strncmp(name, "nvme", 4) ? NULL : behind_number(name + 3, 'e');
	const char *ns = behind_number(ctrl, 'c'), *end = behind_number(ns, 'n');

	if (!end || *end || strlen(name) >= 32)
		return false;
	memcpy(ret_ns, name, (size_t)(ctrl - name));
	memcpy(ret_ns + (ctrl - name), ns, strlen(ns) + 1);
	return true;
}
