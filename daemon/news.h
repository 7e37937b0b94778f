/* SPDX-License-Identifier: GPL-2.0 */
/* Events, from what is known after one pass to what is known after the next. */
#ifndef MPD_NEWS_H
#define MPD_NEWS_H

#include "core/news.h"
#include "reconcile.h"

/* Zeroed at first. What was there at the first look is no event. */
struct news {
	struct mp_seen *maps, *rejects;
	struct event_handler handler;
};

/* Without rejects while controllers are asked: all are "not identified yet" then. */
void news_publish(struct news *news, const struct view *view, bool with_rejects);
void news_tell(struct news *news, const struct mp_event *event);
void news_done(struct news *news);

#endif
