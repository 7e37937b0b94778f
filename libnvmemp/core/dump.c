// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/desire.h"
#include "core/dump.h"
#include "core/ident.h"
#include "core/plan.h"
#include "core/table.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

struct text {
	char *p;
	size_t len, size;
	bool no_memory;
};

__attribute__((format(printf, 2, 3)))
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || t->no_memory)
		return;
	if (t->len + (size_t)len + 1 > t->size) {
		size_t size = (t->len + (size_t)len + 1) * 2;
		char *p = realloc(t->p, size);

		if (!p) {
			t->no_memory = true;
			return;
		}
		t->p = p;
		t->size = size;
	}
	va_start(ap, fmt);
	vsnprintf(t->p + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)len;
}

static char *done(struct text *t)
{
	put(t, "%s", "");
	if (!t->no_memory)
		return t->p;
	free(t->p);
	return NULL;
}

void mp_dump_escape(const char *text, char *buf, size_t size)
{
	size_t used = 0;

	for (; *text && used + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			used += (size_t)snprintf(buf + used, size - used, "\\x%02x", c);
		else
			buf[used++] = (char)c;
	}
	if (size)
		buf[used] = '\0';
}

/* In quotes, escaped */
static void quote(struct text *t, const char *word, const char *value)
{
	char buf[1200];

	mp_dump_escape(value, buf, sizeof(buf));
	put(t, " %s \"%s\"", word, buf);
}

static void put_id(struct text *t, const struct mp_id *id)
{
	char buf[37];

	quote(t, "wwid", id->wwid);
	if (!mp_ident_is_zero(id->uuid, 16)) {
		mp_ident_uuid_print(id->uuid, buf);
		put(t, " uuid %s", buf);
	}
	if (!mp_ident_is_zero(id->nguid, 16)) {
		mp_ident_uuid_print(id->nguid, buf);
		put(t, " nguid %s", buf);
	}
	if (!mp_ident_is_zero(id->eui64, 8)) {
		mp_ident_eui_print(id->eui64, buf);
		put(t, " eui64 %s", buf);
	}
	put(t, " csi %u", id->csi);
}

static void put_ctrl(struct text *t, const struct mp_topo *topo, const struct mp_ctrl *c)
{
	put(t, "ctrl %s", c->name);
	quote(t, "nqn", c->nqn);
	quote(t, "state", c->state);
	quote(t, "transport", c->transport);
	quote(t, "address", c->address);
	put(t, " subsys %s", c->subsys < 0 ? "-" : topo->subsys[c->subsys].name);
	if (c->numa_node >= 0)
		put(t, " node %d", c->numa_node);
	if (c->kato_ms)
		put(t, " kato %u", c->kato_ms);
	if (c->identified)
		put(t, " multi-ctrl %d ana %d", c->multi_ctrl, c->ana);
	put(t, "\n");
}

static void put_ns(struct text *t, const struct mp_topo *topo, const struct mp_ns *ns)
{
	put(t, "ns %s %u:%u ctrl %s nsid %u", ns->name, ns->major, ns->minor,
	    topo->ctrls[ns->ctrl].name, ns->nsid);
	put_id(t, &ns->id);
	put(t, " sectors %llu block %u", (unsigned long long)ns->size_sectors, ns->block_size);
	if (ns->identified)
		put(t, " metadata %u pi %u shared %d anagrp %u ana %s", ns->metadata_size, ns->pi_type,
		    ns->shared, ns->ana_grpid, mp_ana_word(ns->ana));
	if (ns->read_only)
		put(t, " ro");
	if (*ns->holder)
		quote(t, "holder", ns->holder);
	if (*ns->bad)
		quote(t, "bad", ns->bad);
	if (*ns->unread)
		quote(t, "unread", ns->unread);
	put(t, "\n");
}

static void put_rejects(struct text *t, const char *word, const struct mp_reject *r, size_t n)
{
	for (; n--; r++) {
		put(t, "%s %s", word, r->device);
		quote(t, "because", r->reason);
		put(t, "\n");
	}
}

char *mp_dump_topo(const struct mp_topo *topo)
{
	struct text t = { };
	size_t i;

	if (topo->native)
		put(&t, "native\n");
	if (topo->no_queueing)
		put(&t, "no-queueing\n");
	for (i = 0; i < topo->nr_subsys; i++) {
		const struct mp_subsys *s = &topo->subsys[i];

		put(&t, "subsys %s", s->name);
		quote(&t, "nqn", s->nqn);
		quote(&t, "model", s->model);
		quote(&t, "serial", s->serial);
		if (*s->native_policy)
			quote(&t, "native-policy", s->native_policy);
		put(&t, "\n");
	}
	for (i = 0; i < topo->nr_ctrls; i++)
		put_ctrl(&t, topo, &topo->ctrls[i]);
	for (i = 0; i < topo->nr_ns; i++)
		put_ns(&t, topo, &topo->ns[i]);
	for (i = 0; i < topo->nr_native_paths; i++) {
		const struct mp_native_path *p = &topo->native_paths[i];

		put(&t, "native-path %s ns %s ctrl %s", p->name, p->ns, topo->ctrls[p->ctrl].name);
		quote(&t, "ana", p->ana);
		put(&t, "\n");
	}
	put_rejects(&t, "unseen", topo->unseen, topo->nr_unseen);
	return done(&t);
}

static void put_map(struct text *t, const struct mp_map *m)
{
	char table[4096];

	if (!m->nr_paths)
		put(t, "map %s %s no table", m->name, m->uuid);
	else if (!mp_table_print(m, table, sizeof(table)))
		put(t, "map %s %s:%s 0 %llu %s %s", m->name, m->uuid, m->read_only ? " ro" : "",
		    (unsigned long long)m->size_sectors, NVMEMP_TARGET, table);
}

char *mp_dump_desired(const struct mp_desired *desired)
{
	struct text t = { };
	size_t i;

	for (i = 0; i < desired->nr_maps; i++) {
		put_map(&t, &desired->maps[i]);
		put(&t, "\n");
	}
	put_rejects(&t, "reject", desired->rejects, desired->nr_rejects);
	for (i = 0; i < desired->nr_intruders; i++)
		put(&t, "intruder %s in %s\n", desired->intruders[i].name, desired->intruders[i].uuid);
	return done(&t);
}

char *mp_dump_loaded(const struct mp_loaded *loaded)
{
	struct text t = { };
	size_t i;

	for (i = 0; i < loaded->nr_maps; i++) {
		const struct mp_loaded_map *l = &loaded->maps[i];

		put_map(&t, &l->map);
		put(&t, " open %u%s%s", l->open_count, l->suspended ? " suspended" : "",
		    l->deferred_remove ? " deferred-remove" : "");
		if (l->status.nr_paths)
			put(&t, " state %s", mp_map_state_word(l->status.state));
		if (*l->bad)
			quote(&t, "bad", l->bad);
		put(&t, "\n");
	}
	return done(&t);
}

static void put_step(struct text *t, const struct mp_step *s)
{
	put(t, "%s %s", mp_step_word(s->kind), s->name);
	if (s->kind == MP_STEP_CREATE || s->kind == MP_STEP_RELOAD)
		put(t, ":%s 0 %llu %s %s", s->read_only ? " ro" : "",
		    (unsigned long long)s->size_sectors, NVMEMP_TARGET, s->text);
	else if (*s->text)
		put(t, ": %s", s->text);
}

char *mp_dump_step(const struct mp_step *step)
{
	struct text t = { };

	put_step(&t, step);
	return done(&t);
}

char *mp_dump_plan(const struct mp_plan *plan)
{
	struct text t = { };
	size_t i;

	for (i = 0; i < plan->nr_steps; i++) {
		put_step(&t, &plan->steps[i]);
		quote(&t, "because", plan->steps[i].reason);
		put(&t, "\n");
	}
	if (plan->wake_ms)
		put(&t, "look again at %llu ms\n", (unsigned long long)plan->wake_ms);
	return done(&t);
}

char *mp_dump_conf(const struct mp_conf *conf)
{
	static const char *const scopes[] = {
		"defaults", "model", "subsystem", "namespace", "controller"
	};
	struct text t = { };
	size_t i;

	for (i = 0; i < conf->nr_settings; i++) {
		const struct mp_setting *s = &conf->settings[i];

		put(&t, "%s:%u [%s%s%s] %s = %s\n", s->file, s->line, scopes[s->scope],
		    *s->match ? " " : "", s->match, s->key, s->value);
	}
	return done(&t);
}
