// SPDX-License-Identifier: GPL-2.0
#include "news.h"

static void tell(void *context, const struct mp_event *event)
{
	news_tell(context, event);
}

void news_tell(struct news *news, const struct mp_event *event)
{
	if (news->handler.event)
		news->handler.event(news->handler.context, event);
}

/* Without memory the old one stays: its difference to the next look is told then. */
static void replace(struct news *news, struct mp_seen **seen, struct mp_seen *now)
{
	struct mp_seen *before = *seen;

	if (!now)
		return;
	*seen = now;
	if (before)
		mp_news(before, now, tell, news);
	mp_seen_free(before);
}

void news_publish(struct news *news, const struct view *view, bool with_rejects)
{
	replace(news, &news->maps, mp_seen_new(view->loaded, NULL));
	if (with_rejects)
		replace(news, &news->rejects, mp_seen_new(NULL, view->desired));
}

void news_done(struct news *news)
{
	mp_seen_free(news->maps);
	mp_seen_free(news->rejects);
}
