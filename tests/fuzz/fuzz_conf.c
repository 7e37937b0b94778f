// SPDX-License-Identifier: GPL-2.0
/* Settings: lines of section, key and value, separated by '|'; then what they say about a namespace */
#include "core/conf.h"
#include "core/dump.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *line;
	unsigned int number = 0;
	struct mp_prefs prefs;
	struct mp_conf conf;

	must(!mp_conf_init(&conf));
	while ((line = strsep(&rest, "\n"))) {
		const char *section = strsep(&line, "|"), *key = line ? strsep(&line, "|") : "";
		struct mp_err err = { "" };
		size_t before = conf.nr_settings;

		if (mp_conf_add(&conf, section, key, line ? line : "", "f", ++number, &err))
			must(conf.nr_settings == before && !strncmp(err.text, "f:", 2));
		else
			must(conf.nr_settings == before + 1);
	}
	mp_conf_resolve(&conf, &(struct mp_conf_for){ .nqn = "nqn.2014-08.org.nvmexpress:uuid:a", .wwid = "uuid.b", .address = "traddr=a" },
			&prefs);
	must(!strchr(prefs.alias, '/'));
	text = (free(text), mp_dump_conf(&conf));
	must(text);
	free(text);
	mp_conf_done(&conf);
	return 0;
}
