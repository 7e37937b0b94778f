/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the administrator asked for.
 *
 *   section = "defaults" | "model" GLOB | "subsystem" NQN-GLOB | "namespace" WWID
 *           | "controller" ADDRESS-GLOB
 *   key     = "policy" | "no_path" | "ignore" | "single_path" | "prefer"
 *           | "alias" (namespace only)
 *           | "weight" (controller only, and nothing else there)
 *           | a feature of the target but anatt, see nvmemp_uapi.h
 *
 * What the administrator wrote wins over what vendors advise, then a narrower
 * section (namespace, subsystem, model, defaults), then a later line.
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
 * A setting that mp_conf_add() refused, as err says, is left out. Where its loss could do
 * harm, what is safe takes its place: write_hold is auto, in its section or, if that is
 * none, for all. After an "ignore" is lost nobody is sure any more whom it meant; key is
 * NULL for all that is in a file which can't be read, and that may be one.
 */
void mp_conf_leave_out(struct mp_conf *conf, const char *section, const char *key,
		       const char *file, unsigned int line, const struct mp_err *err);

/*
 * The map of this uuid was torn down: it is not made again for as long as this conf
 * lives, which is until the files are read again. -ENOMEM
 */
int mp_conf_tear(struct mp_conf *conf, const char *uuid);
bool mp_conf_is_torn(const struct mp_conf *conf, const char *uuid);

/*
 * The same for what was set by hand for one namespace, in place of what was set so
 * before. It wins over all files, for as long as this conf lives. -EINVAL: err says
 * which values the key may have.
 */
#define MP_CONF_BY_HAND	"set by hand"
bool mp_conf_is_by_hand(const struct mp_conf *conf, const char *wwid, const char *key);
int mp_conf_set(struct mp_conf *conf, const char *wwid, const char *key, const char *value,
		struct mp_err *err);

/* What sections are for; NULL matches none but [defaults]. */
struct mp_conf_for {
	const char *nqn, *model;	/* of the subsystem */
	const char *wwid;
	const char *address;		/* of the controller */
};

struct mp_conf_for mp_conf_for_ns(const struct mp_topo *topo, const struct mp_ns *ns);

/* The settings for one path of a namespace; ret points into conf. Never fails. */
void mp_conf_resolve(const struct mp_conf *conf, const struct mp_conf_for *what,
		     struct mp_prefs *ret);

/* May this controller's path be preferred? */
bool mp_conf_prefers(const struct mp_prefs *prefs, const char *address);

/* The nth key that holds for a whole map (not weight), as it holds for what. */
struct mp_effective {
	const char *key;
	char value[256];
	const struct mp_setting *from;	/* NULL: built in */
};

/* False: there are no so many keys. */
bool mp_conf_effective(const struct mp_conf *conf, const struct mp_conf_for *what, size_t nth,
		       struct mp_effective *ret);

#endif
