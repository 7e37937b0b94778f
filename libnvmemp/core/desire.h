/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which maps there should be: one for each namespace that several controllers
 * can reach, of the paths that provably lead to it. Whatever can't be proved
 * is rejected with a reason.
 */
#ifndef MP_DESIRE_H
#define MP_DESIRE_H

#include "core/types.h"

/*
 * loaded says what is in use already: its paths are the reference where
 * namespaces disagree, and their preferred, disabled and failed marks are kept.
 * -ENOMEM is the only error.
 */
int mp_desire(const struct mp_topo *topo, const struct mp_conf *conf,
	      const struct mp_loaded *loaded, struct mp_desired *ret, struct mp_err *err);
void mp_desired_done(struct mp_desired *desired);

const struct mp_map *mp_desired_find(const struct mp_desired *desired, const char *uuid);
const struct mp_loaded_map *mp_loaded_find(const struct mp_loaded *loaded, const char *uuid);
/* The path with this number, or NULL */
const struct mp_path *mp_map_path(const struct mp_map *map, uint32_t major, uint32_t minor);

/*
 * Which subsystem each map was made of, as its table can't say: what before
 * knew, else what a path of its table leads to. Without it, a map whose paths
 * are all gone would be given those of a twin in another subsystem, a clone
 * with the same identifiers. To be called with each new loaded and each new
 * topo; before may be loaded itself. -ENOMEM
 */
int mp_loaded_remember(struct mp_loaded *loaded, const struct mp_loaded *before,
		       const struct mp_topo *topo);

/*
 * Why a namespace is no member of any map whatever others say; NULL: it may be
 * one. The udev rules ask the same question for a device that just appeared.
 */
const char *mp_desire_unfit(const struct mp_topo *topo, const struct mp_ns *ns,
			    const struct mp_prefs *prefs);

#endif
