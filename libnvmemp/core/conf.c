// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"
#include "core/ident.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

#define DEFAULT_NO_PATH	60	/* seconds: outlives a controller's reset, not a dead array */

static int set_policy(struct mp_prefs *prefs, const char *value)
{
	return mp_policy_parse(value, &prefs->policy);
}

static int set_no_path(struct mp_prefs *prefs, const char *value)
{
	return mp_no_path_parse(value, &prefs->no_path);
}

static int set_ignore(struct mp_prefs *prefs, const char *value)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return -EINVAL;
	prefs->ignore = value[0] == 'y';
	return 0;
}

/*
 * An alias must be its own safe form, so that the name is what was written; and
 * not what another namespace's map is called without one.
 */
static int set_alias(struct mp_prefs *prefs, const char *value)
{
	char safe[MP_DM_NAME_SIZE];

	mp_ident_dm_name(value, safe);
	if (!*value || strcmp(safe, value) ||
	    !strncmp(value, NVMEMP_UUID_PREFIX, sizeof(NVMEMP_UUID_PREFIX) - 1))
		return -EINVAL;
	prefs->alias = value;
	return 0;
}

static const struct key {
	const char *name;
	const char *values;
	int (*set)(struct mp_prefs *prefs, const char *value);
} keys[] = {
	{ "policy", "numa or round-robin", set_policy },
	{ "no_path", "fail, queue, or 1 to 86400 seconds", set_no_path },
	{ "ignore", "yes or no", set_ignore },
	{ "alias", "letters, digits, '.', '-' and '_', at most 127, not nvmemp-...", set_alias },
};

static const struct key *find_key(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

int mp_conf_init(struct mp_conf *conf)
{
	*conf = (struct mp_conf){ .arena = mp_arena_new() };
	return conf->arena ? 0 : -ENOMEM;
}

void mp_conf_done(struct mp_conf *conf)
{
	mp_arena_free(conf->arena);
	*conf = (struct mp_conf){ };
}

static int parse_section(const char *section, enum mp_scope *ret_scope, const char **ret_match)
{
	static const struct {
		const char *word;
		enum mp_scope scope;
	} scopes[] = {
		{ "subsystem ", MP_SCOPE_SUBSYSTEM },
		{ "namespace ", MP_SCOPE_NAMESPACE },
	};
	size_t i;

	*ret_match = "";
	*ret_scope = MP_SCOPE_DEFAULTS;
	if (!strcmp(section, "defaults"))
		return 0;
	for (i = 0; i < 2; i++) {
		size_t len = strlen(scopes[i].word);

		if (strncmp(section, scopes[i].word, len))
			continue;
		*ret_match = section + len + strspn(section + len, " \t");
		*ret_scope = scopes[i].scope;
		return **ret_match ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int mp_conf_add(struct mp_conf *conf, const char *section, const char *key, const char *value,
		const char *file, unsigned int line, struct mp_err *err)
{
	const struct key *k = find_key(key);
	struct mp_setting s = { .line = line };
	struct mp_prefs scratch;
	const char *match;

	if (parse_section(section, &s.scope, &match))
		return mp_err_set(err, -EINVAL, "%s:%u: section [%.60s] is none of [defaults], "
				  "[subsystem NQN], [namespace WWID]", file, line, section);
	if (!k)
		return mp_err_set(err, -EINVAL, "%s:%u: unknown key \"%.60s\"", file, line, key);
	if (k->set == set_alias && s.scope != MP_SCOPE_NAMESPACE)
		return mp_err_set(err, -EINVAL, "%s:%u: alias belongs into a [namespace WWID] section",
				  file, line);
	if (k->set(&scratch, value))
		return mp_err_set(err, -EINVAL, "%s:%u: %s = \"%.60s\": must be %s", file, line, key,
				  value, k->values);

	s.match = mp_arena_strdup(conf->arena, match);
	s.key = k->name;
	s.value = mp_arena_strdup(conf->arena, value);
	s.file = mp_arena_strdup(conf->arena, file);
	conf->settings = mp_arena_grow(conf->arena, conf->settings, conf->nr_settings, sizeof(s));
	if (!s.match || !s.value || !s.file || !conf->settings)
		return mp_err_set(err, -ENOMEM, "%s:%u: no memory", file, line);
	conf->settings[conf->nr_settings++] = s;
	return 0;
}

/* '*' any text, '?' any character; the rest is meant as it stands (NQNs have no other wildcards) */
static bool glob(const char *pattern, const char *text)
{
	const char *star = NULL, *from = text;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (*pattern && (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool applies(const struct mp_setting *s, const char *nqn, const char *wwid)
{
	switch (s->scope) {
	case MP_SCOPE_DEFAULTS:
		return true;
	case MP_SCOPE_SUBSYSTEM:
		return glob(s->match, nqn);
	case MP_SCOPE_NAMESPACE:
		return !strcmp(s->match, wwid);
	}
	return false;
}

void mp_conf_resolve(const struct mp_conf *conf, const char *nqn, const char *wwid,
		     struct mp_prefs *ret)
{
	struct mp_prefs prefs = {
		.policy = MP_POLICY_NUMA,
		.no_path = DEFAULT_NO_PATH,
		.alias = "",
	};
	enum mp_scope scope;
	size_t i;

	for (scope = MP_SCOPE_DEFAULTS; scope <= MP_SCOPE_NAMESPACE; scope++)
		for (i = 0; i < conf->nr_settings; i++) {
			const struct mp_setting *s = &conf->settings[i];

			if (s->scope == scope && applies(s, nqn, wwid))
				find_key(s->key)->set(&prefs, s->value);
		}
	*ret = prefs;
}
