// SPDX-License-Identifier: GPL-2.0
/* Steps that must wait, by map, kind and text. */
#include <stdlib.h>
#include <string.h>

#include "retry.h"

#define FAILED_FIRST_MS	1000
#define DONE_FIRST_MS	100		/* what a real change back and forth may lose */
#define FAILED_MAX_MS	60000
#define DONE_MAX_MS	10000

struct retry {
	struct retry *next;
	char *uuid;
	char *text;
	enum mp_step_kind kind;
	uint64_t next_ms;
	uint64_t delay_ms;
};

static size_t list_of(const char *uuid)
{
	unsigned int sum = 0;

	while (*uuid)
		sum = sum * 31 + (unsigned char)*uuid++;
	return sum % RETRY_LISTS;
}

static struct retry *find(const struct retries *r, const struct mp_step *step)
{
	struct retry *t;

	for (t = r->lists[list_of(step->uuid)]; t; t = t->next)
		if (t->kind == step->kind && strcmp(t->uuid, step->uuid) == 0 &&
		    strcmp(t->text, step->text) == 0)
			return t;
	return NULL;
}

uint64_t retries_when(const struct retries *r, const struct mp_step *step, uint64_t now_ms)
{
	const struct retry *t = find(r, step);

	return t && t->next_ms > now_ms ? t->next_ms : 0;
}

static void drop(struct retry **p)
{
	struct retry *t = *p;

	*p = t->next;
	free(t->uuid);
	free(t->text);
	free(t);
}

/* What was not planned again for as long as it had waited is over. */
static void expire(struct retry **p, uint64_t now_ms)
{
	while (*p) {
		if ((*p)->next_ms + (*p)->delay_ms < now_ms)
			drop(p);
		else
			p = &(*p)->next;
	}
}

static struct retry *add(struct retries *r, const struct mp_step *step)
{
	struct retry *t = calloc(1, sizeof(*t)), **list = &r->lists[list_of(step->uuid)];

	if (!t)
		return NULL;
	t->kind = step->kind;
	t->next = *list;
	*list = t;
	t->uuid = strdup(step->uuid);
	t->text = strdup(step->text);
	if (t->uuid && t->text)
		return t;
	drop(list);
	return NULL;
}

void retries_note(struct retries *r, const struct mp_step *step, bool done, uint64_t now_ms)
{
	uint64_t first = done ? DONE_FIRST_MS : FAILED_FIRST_MS;
	uint64_t max = done ? DONE_MAX_MS : FAILED_MAX_MS;
	struct retry *t;

	expire(&r->lists[list_of(step->uuid)], now_ms);
	t = find(r, step);
	if (!t)
		t = add(r, step);
	if (!t)
		return;
	t->delay_ms = t->delay_ms * 2 > first ? t->delay_ms * 2 : first;
	if (t->delay_ms > max)
		t->delay_ms = max;
	t->next_ms = now_ms + t->delay_ms;
}

void retries_done(struct retries *r)
{
	size_t i;

	for (i = 0; i < RETRY_LISTS; i++)
		while (r->lists[i])
			drop(&r->lists[i]);
}
