// SPDX-License-Identifier: GPL-2.0
/* Requests under way: refresh, message, or probe and then message. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "core/desire.h"
#include "core/err.h"
#include "core/words.h"
#include "request.h"

/* sd-bus clients give up after 25 s: an answer that says why is worth more */
#define PROBE_WAIT_MS	20000

/* A request that waits for the result of a job */
struct client {
	struct waiter waiter;
	struct request request;		/* without its texts */
};

/* A request to reinstate that waits for a probe */
struct pending {
	struct pending *next;
	struct request request;		/* without its texts */
	char *uuid;
	uint32_t major, minor;
	bool probed;
	uint64_t deadline_ms;
};

struct clients {
	struct clients_handler handler;
	struct waiter *refreshers;
	struct pending *pending;
};

struct clients *clients_new(const struct clients_handler *handler)
{
	struct clients *c = calloc(1, sizeof(*c));

	if (c)
		c->handler = *handler;
	return c;
}

static void answer(const struct request *request, enum request_outcome outcome,
		   const struct mp_err *err)
{
	request->done(request->context, outcome, err);
}

static void refuse(const struct request *request, const char *why)
{
	struct mp_err err;

	mp_err_set(&err, 0, "%s", why);
	answer(request, REQUEST_FAILED, &err);
}

/* ---- waiting for a job ---- */

static void job_done(struct waiter *w, const struct apply_result *result)
{
	struct client *client = (struct client *)w;

	if (result->outcome == APPLY_DONE || result->outcome == APPLY_DEFERRED)
		answer(&client->request, REQUEST_DONE, &result->err);
	else if (result->outcome == APPLY_SKIPPED)
		refuse(&client->request, "nvmempd is about to end");
	else
		answer(&client->request, REQUEST_FAILED, &result->err);
	free(client);
}

static struct client *client_new(const struct request *request, size_t step)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->waiter.done = job_done;
	client->waiter.step = step;
	client->request = *request;
	client->request.map = client->request.path = "";
	return client;
}

static void refresh(struct clients *c, const struct request *request)
{
	struct client *client = client_new(request, SIZE_MAX);

	if (!client) {
		refuse(request, "no memory");
		return;
	}
	client->waiter.next = c->refreshers;
	c->refreshers = &client->waiter;
	c->handler.refresh(c->handler.context);
}

struct waiter *clients_take_refreshers(struct clients *c)
{
	struct waiter *list = c->refreshers;

	c->refreshers = NULL;
	return list;
}

static void send(struct clients *c, const struct request *request,
		 const struct request_target *target)
{
	struct client *client = client_new(request, 0);
	char text[64];

	request_message(request, target, text, sizeof(text));
	if (client &&
	    c->handler.send(c->handler.context, target->map, text, &client->waiter) == 0)
		return;
	free(client);
	refuse(request, "no memory");
}

static void teardown(struct clients *c, const struct request *request,
		     const struct request_target *target)
{
	struct mp_err err = { "" };
	struct client *client;

	if (c->handler.user(c->handler.context, target->map, &err)) {
		answer(request, REQUEST_FAILED, &err);
		return;
	}
	client = client_new(request, 0);
	if (client && c->handler.teardown(c->handler.context, target->map, &client->waiter) == 0)
		return;
	free(client);
	refuse(request, "no memory");
}

/* The value holds from the next plan on; the message makes it hold now, and its answer is ours. */
static void change(struct clients *c, const struct request *request,
		   const struct request_target *target, const struct view *view)
{
	struct mp_err err = { "" };
	int r;

	if (request->kind == REQUEST_NO_PATH_SETTING && view->topo->no_queueing) {
		refuse(request, "the machine shuts down: nothing may wait for a path");
		return;
	}
	r = c->handler.set(c->handler.context, target->map, request_setting(request->kind),
			   request->path, &err);
	if (r)
		answer(request, r == -EINVAL ? REQUEST_BAD_VALUE : REQUEST_FAILED, &err);
	else
		send(c, request, target);
}

static void rescan(struct clients *c, const struct request *request,
		   const struct request_target *target)
{
	struct mp_err err = { "" };
	int r = c->handler.rescan(c->handler.context, target->map, &err);

	answer(request, r < 0 ? REQUEST_FAILED : REQUEST_DONE, &err);
}

/* ---- waiting for a probe ---- */

static void drop_pending(struct pending **p)
{
	struct pending *gone = *p;

	*p = gone->next;
	free(gone->uuid);
	free(gone);
}

static void probe(struct clients *c, const struct request *request,
		  const struct request_target *target, uint64_t now_ms)
{
	const struct mp_path *path = target->path;
	struct pending *p = calloc(1, sizeof(*p));

	if (p)
		p->uuid = strdup(target->map->map.uuid);
	if (!p || !p->uuid) {
		free(p);
		refuse(request, "no memory");
		return;
	}
	p->request = *request;
	p->request.map = p->request.path = "";
	p->major = path->major;
	p->minor = path->minor;
	p->deadline_ms = now_ms + PROBE_WAIT_MS;
	p->next = c->pending;
	c->pending = p;
	if (c->handler.probe(c->handler.context, path->major, path->minor) < 0) {
		refuse(request, "the path is gone");
		drop_pending(&c->pending);
	}
}

void clients_probed(struct clients *c, uint32_t major, uint32_t minor, int r, const char *why)
{
	struct pending **p = &c->pending;

	while (*p) {
		if ((*p)->major == major && (*p)->minor == minor) {
			(*p)->probed = r >= 0;
			if (r < 0) {
				refuse(&(*p)->request, why);
				drop_pending(p);
				continue;
			}
		}
		p = &(*p)->next;
	}
}

/* That a probe was good is one thing, who the namespace is now another: the look knows. */
static void decide(struct clients *c, struct pending *p, const struct mp_loaded *loaded)
{
	struct request_target target = { .map = mp_loaded_find(loaded, p->uuid) };
	const char *why = "its map has changed";

	if (target.map)
		target.path = mp_map_path(&target.map->map, p->major, p->minor);
	if (target.path)
		why = c->handler.refusal(c->handler.context, p->uuid, p->major, p->minor);
	if (why)
		refuse(&p->request, why);
	else
		send(c, &p->request, &target);
}

void clients_decide(struct clients *c, const struct mp_loaded *loaded)
{
	struct pending **p = &c->pending;

	while (*p) {
		if (!(*p)->probed) {
			p = &(*p)->next;
			continue;
		}
		decide(c, *p, loaded);
		drop_pending(p);
	}
}

uint64_t clients_expire(struct clients *c, uint64_t now_ms)
{
	struct pending **p = &c->pending;
	uint64_t wake = 0;

	while (*p) {
		uint64_t deadline = (*p)->deadline_ms;

		if (deadline <= now_ms) {
			refuse(&(*p)->request, "no answer yet from the controller or device-mapper");
			drop_pending(p);
			continue;
		}
		if (!wake || deadline < wake)
			wake = deadline;
		p = &(*p)->next;
	}
	return wake;
}

/* ---- all of them ---- */

static bool is_in_service(const struct request_target *t)
{
	return t->status && mp_path_state_in_service(t->status->state);
}

void clients_request(struct clients *c, const struct view *view, const struct request *request,
		     uint64_t now_ms)
{
	enum request_outcome outcome;
	struct request_target target;
	struct mp_err err = { "" };

	if (request->kind == REQUEST_REFRESH) {
		refresh(c, request);
		return;
	}
	outcome = request_find(view, request, &target, &err);
	if (outcome == REQUEST_DONE && request->kind == REQUEST_SWITCH)
		outcome = request_may_switch(&target, &err);
	if (outcome != REQUEST_DONE ||
	    (request->kind == REQUEST_REINSTATE && is_in_service(&target)))
		answer(request, outcome, &err);
	else if (request->kind == REQUEST_REINSTATE)
		probe(c, request, &target, now_ms);
	else if (request->kind == REQUEST_TEARDOWN)
		teardown(c, request, &target);
	else if (request->kind == REQUEST_RESCAN)
		rescan(c, request, &target);
	else if (request->kind == REQUEST_POLICY || request->kind == REQUEST_NO_PATH_SETTING)
		change(c, request, &target, view);
	else
		send(c, request, &target);
}
