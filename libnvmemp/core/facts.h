/* SPDX-License-Identifier: GPL-2.0 */
/* What the machine says, raw; types.h lists the keys. */
#ifndef MP_FACTS_H
#define MP_FACTS_H

#include "core/types.h"

/* A file below the root, and the key of the fact that it is there: nothing may queue. */
#define MP_NO_QUEUEING_FILE	"run/nvmemp-no-queueing"

int mp_facts_init(struct mp_facts *facts);
void mp_facts_done(struct mp_facts *facts);

/* Copies key and data. */
int mp_facts_add(struct mp_facts *facts, const char *key, const void *data, size_t len);

/* Order of keys; of equal keys the one that was added last stays. To be called before a find. */
int mp_facts_sort(struct mp_facts *facts);

/* NULL: no such fact */
const struct mp_fact *mp_facts_find(const struct mp_facts *facts, const char *keyfmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "": no such fact */
const char *mp_facts_text(const struct mp_facts *facts, const char *keyfmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Those of one folder: the facts whose key is FOLDER/…, as long as facts are there. */
struct mp_facts mp_facts_below(const struct mp_facts *facts, const char *folder);

/*
 * The facts whose key is PREFIX/NAME/…, NAME by NAME: fills name with the one
 * after *pos and advances *pos. false: no more. Start with *pos = 0.
 */
bool mp_facts_next_name(const struct mp_facts *facts, const char *prefix, size_t *pos,
			char name[64]);

/*
 * A text of facts, as fixtures and captures hold them; adds and sorts them:
 *
 *   file = line*
 *   line = "" | "#" text | KEY "=" text | KEY ":" hex-bytes
 *
 * -EINVAL names the line.
 */
int mp_facts_load(struct mp_facts *facts, const char *text, struct mp_err *err);

#endif
