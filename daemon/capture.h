/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What decides about this machine's maps, in a directory: for a bug report, and for
 * seeing elsewhere what would be done. Below it are
 *
 *   sys/ proc/ run/	the files that are read, and no others
 *   etc/ usr/		the configuration and the vendors' defaults
 *   identify.txt	what the controllers say (mp_facts_load)
 *   device-mapper.txt	our maps, tables and status (mp_loaded_load)
 *   journal.txt	what nvmempd said last; about.txt: versions
 */
#ifndef MPD_CAPTURE_H
#define MPD_CAPTURE_H

#include <stdbool.h>

/*
 * dir must not exist; conf_file is the configuration that holds. A controller that
 * does not answer holds it up. On failure a line is logged and dir is gone again.
 */
int capture(const char *dir, const char *conf_file);

/* Prints what nvmempd would do on that machine, and why, as text or JSON. On failure a line is logged. */
int captured_plan(const char *dir, bool json);

#endif
