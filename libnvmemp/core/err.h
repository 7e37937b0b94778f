/* SPDX-License-Identifier: GPL-2.0 */
/* One sentence for people, filled where the error happened. */
#ifndef MP_ERR_H
#define MP_ERR_H

#include "core/types.h"

/* Fills err (which may be NULL) and returns r. */
int mp_err_set(struct mp_err *err, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
