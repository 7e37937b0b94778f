/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What device-mapper had, as text: captures hold it, and fixtures do.
 *
 *   file   = line*
 *   line   = "" | "#" text
 *          | "loaded" NAME WWID SECTORS NQN FLAG* TABLE	in the order of their WWIDs
 *          | "status" WWID STATUS				of the map above
 *   FLAG   = "suspended" | "going" (deferred removal) | "read-only" | "bad" (not understood)
 *          | "empty" (no TABLE follows)
 *   NQN    = "-" where it is not known
 */
#ifndef MP_LOADEDTEXT_H
#define MP_LOADEDTEXT_H

#include "core/types.h"

/* -EINVAL names the line; *ret has an arena of its own. */
int mp_loaded_load(const char *text, struct mp_loaded *ret, struct mp_err *err);

#endif
