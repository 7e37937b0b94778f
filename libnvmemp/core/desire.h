/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which maps there should be: one for each namespace that several controllers
 * can reach, of the paths that provably lead to it. Whatever can't be proved
 * is rejected with a reason.
 */
#ifndef MP_DESIRE_H
#define MP_DESIRE_H

#include "core/loaded.h"
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
/* Is the namespace of this map there, wanted or not? */
bool mp_desired_is_present(const struct mp_desired *desired, const char *uuid);

/*
 * Why a namespace is no member of any map whatever others say; NULL: it may be
 * one. The udev rules ask the same question for a device that just appeared.
 */
const char *mp_desire_unfit(const struct mp_topo *topo, const struct mp_ns *ns,
			    const struct mp_prefs *prefs);

#endif
