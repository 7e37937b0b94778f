/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Facts -> one snapshot of subsystems, controllers and namespaces. A value that
 * is missing or makes no sense marks its namespace as bad, with a reason; it
 * never hides the others.
 */
#ifndef MP_TOPO_H
#define MP_TOPO_H

#include "core/types.h"

/* facts must be sorted; nothing of them is kept. -ENOMEM is the only error. */
int mp_topo_build(const struct mp_facts *facts, struct mp_topo *ret, struct mp_err *err);
void mp_topo_done(struct mp_topo *topo);

/* Index, or -1 */
int mp_topo_find_ctrl(const struct mp_topo *topo, const char *name);
int mp_topo_find_ns(const struct mp_topo *topo, const char *name);
int mp_topo_find_devno(const struct mp_topo *topo, uint32_t major, uint32_t minor);

#endif
