/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the administrator asked for.
 *
 *   section = "defaults" | "subsystem" NQN-GLOB | "namespace" WWID
 *           | "controller" ADDRESS-GLOB
 *   key     = "policy" | "no_path" | "ignore" | "single_path" | "alias" (namespace only)
 *           | "weight" (controller only, and nothing else there)
 *           | a feature of the target but anatt, see nvmemp_uapi.h
 *
 * A narrower section wins (namespace, subsystem, defaults), then a later line.
 */
#ifndef MP_CONF_H
#define MP_CONF_H

#include "core/types.h"

int mp_conf_init(struct mp_conf *conf);
void mp_conf_done(struct mp_conf *conf);

/* -EINVAL: unknown section or key, or a value that can't be; err says FILE:LINE */
int mp_conf_add(struct mp_conf *conf, const char *section, const char *key, const char *value,
		const char *file, unsigned int line, struct mp_err *err);

/*
 * The map of this namespace was torn down: it gets no new one for as long as this
 * conf lives, which is until the files are read again. -ENOMEM
 */
int mp_conf_tear(struct mp_conf *conf, const char *wwid);

/* The settings for one namespace; ret points into conf. Never fails. */
void mp_conf_resolve(const struct mp_conf *conf, const char *nqn, const char *wwid,
		     const char *address, struct mp_prefs *ret);

#endif
