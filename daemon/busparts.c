// SPDX-License-Identifier: GPL-2.0
/* What the objects on the bus are made with. */
#include <errno.h>
#include <string.h>

#include "busparts.h"
#include "core/dump.h"
#include "core/topo.h"

const struct view *bus_view(const struct busobjects *o)
{
	return reconcile_view(o->rc);
}

int bus_append_text(sd_bus_message *reply, const char *text)
{
	size_t size = 4 * strlen(text) + 8;	/* mp_dump_escape stops early */
	AUTO_FREE char *safe = malloc(size);

	if (!safe)
		return -ENOMEM;
	mp_dump_escape(text, safe, size);
	return sd_bus_message_append(reply, "s", safe);
}

int bus_append_texts(sd_bus_message *reply, const char *types, const char *const *texts)
{
	size_t i;
	int r;

	r = sd_bus_message_open_container(reply, 'r', types);
	for (i = 0; r >= 0 && types[i]; i++)
		r = bus_append_text(reply, texts[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

const struct mp_loaded_map *bus_map_by_name(const struct view *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->loaded->nr_maps; i++)
		if (strcmp(v->loaded->maps[i].map.name, name) == 0)
			return &v->loaded->maps[i];
	return NULL;
}

const struct mp_ctrl *bus_ctrl_of(const struct view *v, const struct mp_path *path)
{
	int ns = mp_topo_find_devno(v->topo, path->major, path->minor);

	return ns >= 0 ? &v->topo->ctrls[v->topo->ns[ns].ctrl] : NULL;
}

/* The client's message, kept until the answer is there. */
static void reply_done(void *context, enum request_outcome outcome, const struct mp_err *err)
{
	static const char *const names[] = {
		[REQUEST_NO_MAP] = ERROR_NO_MAP,
		[REQUEST_NO_PATH] = ERROR_NO_PATH,
		[REQUEST_FAILED] = ERROR_FAILED,
		[REQUEST_BAD_VALUE] = SD_BUS_ERROR_INVALID_ARGS,
	};
	sd_bus_message *m = context;

	if (outcome == REQUEST_DONE)
		sd_bus_reply_method_return(m, "");
	else
		sd_bus_reply_method_errorf(m, names[outcome], "%s", err->text);
	sd_bus_message_unref(m);
}

int bus_forward(struct busobjects *o, sd_bus_message *m, const struct request *what)
{
	struct request request = *what;

	request.done = reply_done;
	request.context = sd_bus_message_ref(m);
	reconcile_request(o->rc, &request);
	return 1;
}

void bus_add_node(struct bus_nodes *n, const char *prefix, const char *name)
{
	char **p, *path = NULL;

	if (n->r < 0)
		return;
	p = realloc(n->paths, (n->nr + 2) * sizeof(*p));
	if (p)
		n->paths = p;
	n->r = p ? sd_bus_path_encode(prefix, name, &path) : -ENOMEM;
	if (n->r < 0)
		return;
	p[n->nr++] = path;
	p[n->nr] = NULL;
}

int bus_give_nodes(struct bus_nodes *n, char ***ret)
{
	if (n->r < 0) {
		while (n->nr > 0)
			free(n->paths[--n->nr]);
		free(n->paths);
		return n->r;
	}
	*ret = n->paths;
	return 0;
}
