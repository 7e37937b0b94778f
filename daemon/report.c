// SPDX-License-Identifier: GPL-2.0
/* Differences -> log entries */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/desire.h"
#include "core/dump.h"
#include "core/plan.h"
#include "core/topo.h"
#include "core/words.h"
#include "log.h"
#include "report.h"

#define SETTLE_MS	2000

static void report_step(const struct mp_step *step, const struct apply_result *result)
{
	struct log_about about = { .map = step->name };
	char *dump = mp_dump_step(step);
	const char *text = dump ? dump : mp_step_word(step->kind);

	switch (result->outcome) {
	case APPLY_DONE:
		about.id = step->kind == MP_STEP_CREATE ? LOG_ID_MAP_CREATED : NULL;
		log_event(LOG_INFO, &about, "%s (%s)", text, step->reason);
		break;
	case APPLY_DEFERRED:
		log_event(LOG_INFO, &about, "%s when it is closed (%s)", text, step->reason);
		break;
	case APPLY_FAILED:
		about.id = LOG_ID_STEP_FAILED;
		about.reason = result->err.text;
		log_event(LOG_ERR, &about, "can't %s (%s): %s", text, step->reason,
			  result->err.text);
		break;
	case APPLY_SKIPPED:
		break;
	}
	free(dump);
}

void report_steps(const struct mp_plan *plan, const struct apply_result *results)
{
	size_t i;

	for (i = 0; results && i < plan->nr_steps; i++)
		report_step(&plan->steps[i], &results[i]);
}

/* ---- maps ---- */

static bool serves(const struct mp_path_status *s)
{
	return s->ana == MP_ANA_OPTIMIZED || s->ana == MP_ANA_NONOPTIMIZED;
}

/* A blocked path is in the middle of a reset: no news until it ends in one way or the other. */
static bool is_down(const struct mp_path_status *s)
{
	return !mp_path_state_in_service(s->state) || !serves(s);
}

static const char *condition(const struct mp_path_status *s)
{
	if (mp_path_state_in_service(s->state))
		return mp_ana_word(s->ana);
	return mp_path_state_word(s->state);
}

static const char *nqn_of(const struct mp_topo *topo, const struct mp_path *p)
{
	int ns = mp_topo_find_devno(topo, p->major, p->minor);

	return ns >= 0 ? topo->ctrls[topo->ns[ns].ctrl].nqn : "";
}

static void report_path(const struct mp_topo *topo, const struct mp_loaded_map *m,
			const struct mp_path *p, const struct mp_path_status *before)
{
	const struct mp_path_status *now = mp_loaded_status(m, p);
	struct log_about about = {
		.map = m->map.name, .path = p->name, .nqn = nqn_of(topo, p),
	};

	if (!now || (before && is_down(before) == is_down(now) && before->state == now->state &&
		     before->ana == now->ana))
		return;
	if (before && is_down(before) && !is_down(now)) {
		about.id = LOG_ID_PATH_UP;
		log_event(LOG_NOTICE, &about, "%s: path %s is up (was %s)", m->map.name, p->name,
			  condition(before));
	} else if (is_down(now) && (!before || !is_down(before))) {
		about.id = LOG_ID_PATH_DOWN;
		about.reason = condition(now);
		log_event(LOG_WARNING, &about, "%s: path %s is down: %s", m->map.name, p->name,
			  condition(now));
	} else if (before && is_down(now) && strcmp(condition(before), condition(now)) != 0) {
		log_event(LOG_NOTICE, &about, "%s: path %s is %s (was %s)", m->map.name, p->name,
			  condition(now), condition(before));
	}
}

static void report_membership(const struct mp_topo *topo, const struct mp_loaded_map *before,
			      const struct mp_loaded_map *now)
{
	size_t i;

	for (i = 0; i < before->map.nr_paths; i++) {
		const struct mp_path *p = &before->map.paths[i];
		const struct log_about about = {
			.id = LOG_ID_PATH_DOWN, .map = now->map.name, .path = p->name,
			.nqn = nqn_of(topo, p), .reason = "gone",
		};

		if (!mp_map_path(&now->map, p->major, p->minor))
			log_event(LOG_WARNING, &about, "%s: path %s has left", now->map.name,
				  p->name);
	}
	for (i = 0; i < now->map.nr_paths; i++) {
		const struct mp_path *p = &now->map.paths[i];
		const struct log_about about = {
			.id = LOG_ID_PATH_UP, .map = now->map.name, .path = p->name,
			.nqn = nqn_of(topo, p),
		};

		if (!mp_map_path(&before->map, p->major, p->minor))
			log_event(LOG_NOTICE, &about, "%s: path %s has joined", now->map.name,
				  p->name);
	}
}

static void report_state(const struct mp_loaded_map *before, const struct mp_loaded_map *now)
{
	struct log_about about = { .map = now->map.name };
	bool was_up = !before || before->status.state == MP_MAP_UP;

	if (before && before->status.state == now->status.state)
		return;
	if (now->status.state == MP_MAP_UP && !was_up) {
		about.id = LOG_ID_RECOVERED;
		log_event(LOG_NOTICE, &about, "%s: a path is usable again", now->map.name);
	} else if (now->status.state != MP_MAP_UP) {
		about.id = LOG_ID_NO_PATH;
		about.reason = now->status.state == MP_MAP_WAITING ? "waits" : "fails";
		log_event(LOG_CRIT, &about, "%s: no usable path left, I/O %s", now->map.name,
			  about.reason);
	}
}

static void report_map(const struct mp_topo *topo, const struct mp_loaded_map *before,
		       const struct mp_loaded_map *now)
{
	size_t i;

	if (before)
		report_membership(topo, before, now);
	for (i = 0; i < now->map.nr_paths; i++)
		report_path(topo, now, &now->map.paths[i],
			    before ? mp_loaded_status(before, &now->map.paths[i]) : NULL);
	if (now->status.nr_paths > 0)
		report_state(before && before->status.nr_paths > 0 ? before : NULL, now);
	if (*now->bad && (!before || strcmp(before->bad, now->bad) != 0))
		log_line(LOG_ERR, "%s: %s", now->map.name, now->bad);
}

void report_maps(const struct mp_topo *topo, const struct mp_loaded *before,
		 const struct mp_loaded *now)
{
	size_t i;

	for (i = 0; i < now->nr_maps; i++)
		report_map(topo, mp_loaded_find(before, now->maps[i].map.uuid), &now->maps[i]);
}

/* ---- the rest ---- */

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool was_told(const struct told *told, const char *text)
{
	return told->nr && bsearch(&text, told->texts, told->nr, sizeof(text), text_cmp);
}

void told_done(struct told *told)
{
	while (told->nr > 0)
		free(told->texts[--told->nr]);
	free(told->texts);
	*told = (struct told){ NULL };
}

static char *reject_text(const struct mp_reject *r)
{
	char *text;

	return asprintf(&text, "%s is no path: %s", r->device, r->reason) < 0 ? NULL : text;
}

static bool has_news(const struct told *told, const struct mp_desired *d)
{
	bool news = false;
	size_t i;

	for (i = 0; i < d->nr_rejects && !news; i++) {
		char *text = reject_text(&d->rejects[i]);

		news = text && !was_told(told, text);
		free(text);
	}
	return news;
}

/* What is refused now becomes what was told; a refusal that has ended may come again. */
static void tell(struct told *told, const struct mp_desired *d)
{
	struct told now = { .texts = calloc(d->nr_rejects + 1, sizeof(char *)) };
	size_t i;

	for (i = 0; now.texts && i < d->nr_rejects; i++) {
		const struct log_about about = {
			.id = LOG_ID_REFUSED, .path = d->rejects[i].device,
			.reason = d->rejects[i].reason,
		};
		char *text = reject_text(&d->rejects[i]);

		if (!text)
			continue;
		if (!was_told(told, text))
			log_event(LOG_NOTICE, &about, "%s", text);
		now.texts[now.nr++] = text;
	}
	if (now.nr)
		qsort(now.texts, now.nr, sizeof(*now.texts), text_cmp);
	told_done(told);
	*told = now;
}

uint64_t report_rejects(struct told *told, const struct mp_desired *desired, uint64_t since_ms,
			uint64_t now_ms)
{
	if (has_news(told, desired) && now_ms < since_ms + SETTLE_MS)
		return since_ms + SETTLE_MS;
	tell(told, desired);
	return 0;
}

void report_left_out(const struct mp_conf *conf)
{
	const struct log_about about = { .id = LOG_ID_CONFIG, .reason = conf->trouble };

	if (conf->trouble)
		log_event(LOG_ERR, &about, "%s; what can't be understood is left out, and loaded maps keep "
			  "their settings, until it is mended and read again", conf->trouble);
	if (conf->unsure)
		log_event(LOG_ERR, &about, "no new map is made until then: the configuration may say to ignore it");
}

void report_bad_reload(const struct mp_err *err)
{
	const struct log_about about = { .id = LOG_ID_CONFIG, .reason = err->text };

	log_event(LOG_ERR, &about, "%s; the configuration stays as it was", err->text);
}

void report_status(const struct view *view, char *buf, size_t size)
{
	size_t i, j, paths = 0, usable = 0;

	if (view->topo->native) {
		snprintf(buf, size, "native NVMe multipath is on (nvme_core.multipath=Y): no map is made");
		return;
	}
	for (i = 0; i < view->loaded->nr_maps; i++) {
		const struct mp_status *s = &view->loaded->maps[i].status;

		paths += s->nr_paths;
		for (j = 0; j < s->nr_paths; j++)
			usable += !is_down(&s->paths[j]);
	}
	snprintf(buf, size, "%zu map%s, %zu/%zu paths usable", view->loaded->nr_maps,
		 view->loaded->nr_maps == 1 ? "" : "s", usable, paths);
}
