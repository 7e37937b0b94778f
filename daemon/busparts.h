/* SPDX-License-Identifier: GPL-2.0 */
/* What the objects on the bus are made with, and their kinds. */
#ifndef MPD_BUSPARTS_H
#define MPD_BUSPARTS_H

#include <linux/capability.h>
#include <stdlib.h>

#include "busobjects.h"

#define ERROR_NO_MAP	"org.nvmemp1.Error.NoSuchMap"
#define ERROR_NO_PATH	"org.nvmemp1.Error.NoSuchPath"
#define ERROR_FAILED	"org.nvmemp1.Error.Failed"

#define ROOT_ONLY	SD_BUS_VTABLE_CAPABILITY(CAP_SYS_ADMIN)
#define FOR_ALL		SD_BUS_VTABLE_UNPRIVILEGED

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_free)))

const struct view *bus_view(const struct busobjects *o);

/*
 * D-Bus takes nothing but UTF-8, and what a target calls itself may be anything:
 * one bad byte must not make all objects unreadable.
 */
int bus_append_text(sd_bus_message *reply, const char *text);

/* A structure of texts; types has one s for each. */
int bus_append_texts(sd_bus_message *reply, const char *types, const char *const *texts);

const struct mp_loaded_map *bus_map_by_name(const struct view *v, const char *name);

const struct mp_ctrl *bus_ctrl_of(const struct view *v, const struct mp_path *path);

/* Hands the request on, and answers the message when it is done; 1, as a method's handler returns */
int bus_forward(struct busobjects *o, sd_bus_message *m, const struct request *what);

/* A list of object paths that the caller frees, as sd_bus_node_enumerator_t wants it. */
struct bus_nodes {
	char **paths;
	size_t nr;
	int r;
};

void bus_add_node(struct bus_nodes *n, const char *prefix, const char *name);
int bus_give_nodes(struct bus_nodes *n, char ***ret);

/* A kind of object, each under a node of prefix */
struct bus_family {
	const char *prefix;
	const char *interface;
	const sd_bus_vtable *vtable;
	sd_bus_object_find_t find;
	sd_bus_node_enumerator_t nodes;
};

extern const struct bus_family bus_maps, bus_paths, bus_subsystems;
extern const sd_bus_vtable bus_manager_vtable[];

/* sd-bus would answer UnknownObject for a map that is not there; we promised a name of our own. */
int bus_no_such_map(sd_bus_message *m, void *userdata, sd_bus_error *error);

#endif
