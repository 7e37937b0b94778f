/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Facts that are kept from one look to the next, by folder: all whose key is
 * FOLDER or FOLDER/… are replaced together. No folder lies within another.
 */
#ifndef MP_STORE_H
#define MP_STORE_H

#include "core/types.h"

struct mp_store;

struct mp_store *mp_store_new(void);		/* NULL: no memory */
void mp_store_free(struct mp_store *store);	/* NULL is fine */

/*
 * What is known of a folder from now on; facts are sorted, and copied. None is a
 * folder that is not there. Positive: it was something else before. -ENOMEM: as it was.
 */
int mp_store_put(struct mp_store *store, const char *folder, const struct mp_facts *facts);

/* Is that what is known of it? */
bool mp_store_is(const struct mp_store *store, const char *folder, const struct mp_facts *facts);

/* A number that changes with the facts */
uint64_t mp_store_version(const struct mp_store *store);

/* All of them, sorted, until the next put; they have no arena. -ENOMEM */
int mp_store_facts(struct mp_store *store, struct mp_facts *ret);

/* Those of one folder; none if it is not known. */
struct mp_facts mp_store_folder(const struct mp_store *store, const char *folder);

#endif
