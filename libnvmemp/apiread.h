/* SPDX-License-Identifier: GPL-2.0 */
/* Answers of the daemon -> structures of nvmemp.h, of any bytes */
#ifndef NVMEMP_APIREAD_H
#define NVMEMP_APIREAD_H

#include <systemd/sd-bus.h>

#include "core/arena.h"
#include "nvmemp.h"

#define EXPORT	__attribute__((visibility("default")))

#define ROOT	"/org/nvmemp1"
#define MANAGER	"org.nvmemp1.Manager"
#define MAP	"org.nvmemp1.Map"
#define PATH	"org.nvmemp1.Path"
#define SUBSYS	"org.nvmemp1.Subsystem"

/*
 * Of the manager's properties (GetAll) and all other objects (GetManagedObjects); for
 * nvmemp_snapshot_free(). -ENOMEM; any other error: they make no sense.
 */
int api_read_snapshot(sd_bus_message *manager, sd_bus_message *objects,
		      const struct nvmemp_snapshot **ret_snapshot);

/* An array of structures of texts, one for each letter of types; errors as above. */
int api_read_text_array(struct mp_arena *arena, sd_bus_message *m, const char *types,
			void ***ret, size_t *ret_nr);

#endif
