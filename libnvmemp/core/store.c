// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/store.h"

/* One block of memory, which holds all that it points to */
struct folder {
	const char *name;
	size_t nr;
	struct mp_fact facts[];
};

struct mp_store {
	struct folder **folders;	/* in order of their keys */
	size_t nr, room;
	size_t nr_facts;		/* of all */
	uint64_t version;
	struct mp_fact *all;
	uint64_t all_version;		/* when all was made */
};

struct mp_store *mp_store_new(void)
{
	return calloc(1, sizeof(struct mp_store));
}

void mp_store_free(struct mp_store *store)
{
	size_t i;

	if (!store)
		return;
	for (i = 0; i < store->nr; i++)
		free(store->folders[i]);
	free(store->folders);
	free(store->all);
	free(store);
}

/* As the keys in them: of names of which one begins with the other, '/' follows the shorter. */
static int name_cmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (*a ? (unsigned char)*a : '/') - (*b ? (unsigned char)*b : '/');
}

/* Where it is, or belongs */
static size_t place_of(const struct mp_store *store, const char *name)
{
	size_t from = 0, to = store->nr;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (name_cmp(store->folders[middle]->name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return to;
}

static bool is_at(const struct mp_store *store, size_t place, const char *name)
{
	return place < store->nr && !strcmp(store->folders[place]->name, name);
}

static bool is_same(const struct folder *f, const struct mp_facts *facts)
{
	size_t i;

	if (f->nr != facts->nr_facts)
		return false;
	for (i = 0; i < f->nr; i++)
		if (f->facts[i].len != facts->facts[i].len ||
		    strcmp(f->facts[i].key, facts->facts[i].key) ||
		    memcmp(f->facts[i].data, facts->facts[i].data, f->facts[i].len))
			return false;
	return true;
}

static char *copy(char **to, const void *from, size_t len)
{
	char *p = *to;

	memcpy(p, from, len);
	p[len] = '\0';
	*to += len + 1;
	return p;
}

static struct folder *new_folder(const char *name, const struct mp_facts *facts)
{
	size_t i, size = sizeof(struct folder) + facts->nr_facts * sizeof(*facts->facts);
	struct folder *f;
	char *text;

	size += strlen(name) + 1;
	for (i = 0; i < facts->nr_facts; i++)
		size += strlen(facts->facts[i].key) + facts->facts[i].len + 2;
	f = malloc(size);
	if (!f)
		return NULL;
	text = (char *)&f->facts[facts->nr_facts];
	f->name = copy(&text, name, strlen(name));
	f->nr = facts->nr_facts;
	for (i = 0; i < f->nr; i++) {
		const struct mp_fact *from = &facts->facts[i];

		f->facts[i].key = copy(&text, from->key, strlen(from->key));
		f->facts[i].data = copy(&text, from->data, from->len);
		f->facts[i].len = from->len;
	}
	return f;
}

static int make_room(struct mp_store *store)
{
	size_t room = store->room ? store->room * 2 : 64;
	struct folder **p;

	if (store->nr < store->room)
		return 0;
	p = realloc(store->folders, room * sizeof(*p));
	if (!p)
		return -ENOMEM;
	store->folders = p;
	store->room = room;
	return 0;
}

static void remove_at(struct mp_store *store, size_t place)
{
	store->nr_facts -= store->folders[place]->nr;
	free(store->folders[place]);
	store->nr--;
	memmove(&store->folders[place], &store->folders[place + 1],
		(store->nr - place) * sizeof(*store->folders));
}

static void insert_at(struct mp_store *store, size_t place, struct folder *f)
{
	memmove(&store->folders[place + 1], &store->folders[place],
		(store->nr - place) * sizeof(*store->folders));
	store->folders[place] = f;
	store->nr++;
	store->nr_facts += f->nr;
}

int mp_store_put(struct mp_store *store, const char *folder, const struct mp_facts *facts)
{
	size_t place = place_of(store, folder);
	bool known = is_at(store, place, folder);
	struct folder *f = NULL;

	if (known ? is_same(store->folders[place], facts) : !facts->nr_facts)
		return 0;
	if (facts->nr_facts) {
		f = new_folder(folder, facts);
		if (!f || make_room(store)) {
			free(f);
			return -ENOMEM;
		}
	}
	if (known)
		remove_at(store, place);
	if (f)
		insert_at(store, place, f);
	store->version++;
	return 1;
}

bool mp_store_is(const struct mp_store *store, const char *folder, const struct mp_facts *facts)
{
	size_t place = place_of(store, folder);

	return is_at(store, place, folder) ? is_same(store->folders[place], facts) : !facts->nr_facts;
}

uint64_t mp_store_version(const struct mp_store *store)
{
	return store->version;
}

int mp_store_facts(struct mp_store *store, struct mp_facts *ret)
{
	size_t i, n = 0;

	if (!store->all || store->all_version != store->version) {
		struct mp_fact *p = realloc(store->all, (store->nr_facts + 1) * sizeof(*p));

		if (!p)
			return -ENOMEM;
		store->all = p;
		for (i = 0; i < store->nr; i++) {
			const struct folder *f = store->folders[i];

			memcpy(p + n, f->facts, f->nr * sizeof(*p));
			n += f->nr;
		}
		store->all_version = store->version;
	}
	*ret = (struct mp_facts){ .facts = store->all, .nr_facts = store->nr_facts };
	return 0;
}

struct mp_facts mp_store_folder(const struct mp_store *store, const char *folder)
{
	size_t place = place_of(store, folder);

	if (!is_at(store, place, folder))
		return (struct mp_facts){ };
	return (struct mp_facts){
		.facts = store->folders[place]->facts, .nr_facts = store->folders[place]->nr,
	};
}
