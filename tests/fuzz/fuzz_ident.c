// SPDX-License-Identifier: GPL-2.0
/* Identifiers and names: four lines of text, whichever come */
#include "core/dump.h"
#include "core/ident.h"
#include "core/words.h"
#include "fuzz.h"

static void there_and_back(const char *text)
{
	uint8_t bytes[16], again[16];
	char buf[40];

	if (!mp_ident_uuid_parse(text, bytes)) {
		mp_ident_uuid_print(bytes, buf);
		must(!mp_ident_uuid_parse(buf, again) && !memcmp(bytes, again, 16));
	}
	if (!mp_ident_eui_parse(text, bytes)) {
		mp_ident_eui_print(bytes, buf);
		must(!mp_ident_eui_parse(buf, again) && !memcmp(bytes, again, 8));
	}
}

static void names(const char *a, const char *b)
{
	char uuid[MP_DM_UUID_SIZE], name[MP_DM_NAME_SIZE], safe[MP_DM_NAME_SIZE], escaped[64];
	struct mp_err err = { "" };
	const char *c;

	must(mp_name_cmp(a, b) == -mp_name_cmp(b, a));
	must(!mp_name_cmp(a, a));
	mp_name_is_ns(a);
	if (mp_ident_dm_uuid(a, uuid, &err))
		must(*err.text);
	else
		must(!strncmp(uuid, "nvmemp-", 7) && !strcmp(uuid + 7, a));
	mp_ident_dm_name(a, name);
	must(!strchr(name, '/') && !strchr(name, ' '));
	mp_ident_dm_name(name, safe);
	must(!strcmp(name, safe));
	mp_dump_escape(a, escaped, sizeof(escaped));
	for (c = escaped; *c; c++)
		must(*c >= ' ' && *c <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *line[4] = { "", "", "", "" }, *at = text;
	uint32_t major, minor;
	struct mp_err err = { "" };
	struct mp_id id;
	uint64_t n;
	int i;

	for (i = 0; i < 4 && at; i++)
		line[i] = strsep(&at, "\n");
	there_and_back(line[0]);
	names(line[0], line[1]);
	mp_number_parse(line[0], UINT64_MAX, &n);
	mp_devno_parse(line[0], &major, &minor);
	if (mp_ident_parse(line[0], line[2], line[3], &id, &err))
		must(*err.text);
	else
		must(!mp_ident_differs(&id, &id));
	free(text);
	return 0;
}
