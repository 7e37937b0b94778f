/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration files -> mp_conf. */
#ifndef MP_SYS_CONFFILE_H
#define MP_SYS_CONFFILE_H

#include "core/types.h"

#define MP_CONF_FILE	"/etc/nvmemp/nvmemp.conf"
#define MP_VENDOR_FILE	"/usr/lib/nvmemp/vendor.conf"

/*
 * Reads vendor (NULL: none), whose settings are weaker than all others, file, then file.d/ *.conf in order of their names, into conf (which
 * mp_conf_init made). A file that is not there is fine; one that can't be read
 * or understood is an error that names it, and conf is then of no use.
 */
int mp_conffile_read(const char *vendor, const char *file, struct mp_conf *conf, struct mp_err *err);

/*
 * The same for who has no older configuration to stay with, and must start: what can't be
 * read or understood is left out, and conf->trouble says the first of it. -ENOMEM
 */
int mp_conffile_salvage(const char *vendor, const char *file, struct mp_conf *conf, struct mp_err *err);

/* The same for text that is at hand; file is its name for people. */
int mp_conffile_parse(const char *text, const char *file, struct mp_conf *conf,
		      struct mp_err *err);

#endif
