/* SPDX-License-Identifier: GPL-2.0 */
/* What an administrator asks for -> the path it is about, or a refusal with its reason. */
#ifndef MPD_REQUEST_H
#define MPD_REQUEST_H

#include "reconcile.h"

struct request_target {
	const struct mp_loaded_map *map;
	const struct mp_path *path;		/* NULL: "auto", or none is asked for */
	const struct mp_path_status *status;	/* of that path; NULL: not known */
};

/* The pointers are the view's. REQUEST_DONE: found; else err says what is wrong. */
enum request_outcome request_find(const struct view *view, const struct request *request,
				  struct request_target *ret, struct mp_err *err);

/* May this path be preferred? */
enum request_outcome request_may_switch(const struct request_target *target, struct mp_err *err);

/* The key of REQUEST_POLICY and REQUEST_NO_PATH_SETTING, in configuration and message */
const char *request_setting(enum request_kind kind);

/* The message to the target that does it, in buf. */
void request_message(const struct request *request, const struct request_target *target,
		     char *buf, size_t size);

#endif
