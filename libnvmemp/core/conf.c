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

static int parse_yes(const char *value, bool *ret)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return -EINVAL;
	*ret = value[0] == 'y';
	return 0;
}

static int set_ignore(struct mp_prefs *prefs, const char *value)
{
	return parse_yes(value, &prefs->ignore);
}

static int set_single_path(struct mp_prefs *prefs, const char *value)
{
	return parse_yes(value, &prefs->single_path);
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

static int set_weight(struct mp_prefs *prefs, const char *value)
{
	uint64_t n;

	if (mp_number_parse(value, NVMEMP_MAX_WEIGHT, &n) || !n)
		return -EINVAL;
	prefs->weight = n == 1 ? 0 : (uint32_t)n;
	return 0;
}

static const struct key {
	const char *name;
	const char *values;
	int (*set)(struct mp_prefs *prefs, const char *value);
} keys[] = {
	{ "policy", "numa, round-robin, queue-depth or latency", set_policy },
	{ "no_path", "fail, queue, or 1 to 86400 seconds", set_no_path },
	{ "ignore", "yes or no", set_ignore },
	{ "single_path", "yes or no", set_single_path },
	{ "weight", "1 to 100", set_weight },
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

/* A key that is the name of a feature, but for what the controllers say themselves */
static bool find_feature(const char *name, enum mp_feature *ret)
{
	enum mp_feature f;

	for (f = 0; f < MP_NR_FEATURES; f++)
		if (f != MP_ANATT && !strcmp(mp_feature_key(f), name)) {
			*ret = f;
			return true;
		}
	return false;
}

/* False: no such key. Otherwise *ret_values is set if value is none of it. */
static bool set(struct mp_prefs *prefs, const char *key, const char *value, const char **ret_values)
{
	const struct key *k = find_key(key);
	enum mp_feature f;

	if (k) {
		if (k->set(prefs, value))
			*ret_values = k->values;
		return true;
	}
	if (!find_feature(key, &f))
		return false;
	if (mp_feature_parse(f, value, &prefs->features[f]))
		*ret_values = mp_feature_values(f);
	return true;
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
		{ "controller ", MP_SCOPE_CONTROLLER },
	};
	size_t i;

	*ret_match = "";
	*ret_scope = MP_SCOPE_DEFAULTS;
	if (!strcmp(section, "defaults"))
		return 0;
	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
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
	const char *match, *values = NULL;
	struct mp_setting s = { .line = line };
	struct mp_prefs scratch;
	bool known = set(&scratch, key, value, &values);

	if (parse_section(section, &s.scope, &match))
		return mp_err_set(err, -EINVAL, "%s:%u: section [%.60s] is none of [defaults], "
				  "[subsystem NQN], [namespace WWID], [controller ADDRESS]", file, line,
				  section);
	if (!known)
		return mp_err_set(err, -EINVAL, "%s:%u: unknown key \"%.60s\"", file, line, key);
	if (!strcmp(key, "weight") != (s.scope == MP_SCOPE_CONTROLLER))
		return mp_err_set(err, -EINVAL, "%s:%u: %s", file, line, s.scope == MP_SCOPE_CONTROLLER ?
				  "a [controller ADDRESS] section has no key but weight" :
				  "weight belongs into a [controller ADDRESS] section");
	if (!strcmp(key, "alias") && s.scope != MP_SCOPE_NAMESPACE)
		return mp_err_set(err, -EINVAL, "%s:%u: alias belongs into a [namespace WWID] section",
				  file, line);
	if (values)
		return mp_err_set(err, -EINVAL, "%s:%u: %s = \"%.60s\": must be %s", file, line, key,
				  value, values);

	s.match = mp_arena_strdup(conf->arena, match);
	s.key = mp_arena_strdup(conf->arena, key);
	s.value = mp_arena_strdup(conf->arena, value);
	s.file = mp_arena_strdup(conf->arena, file);
	conf->settings = mp_arena_grow(conf->arena, conf->settings, conf->nr_settings, sizeof(s));
	if (!s.match || !s.key || !s.value || !s.file || !conf->settings)
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

static bool applies(const struct mp_setting *s, const char *nqn, const char *wwid,
		    const char *address)
{
	switch (s->scope) {
	case MP_SCOPE_DEFAULTS:
		return true;
	case MP_SCOPE_SUBSYSTEM:
		return glob(s->match, nqn);
	case MP_SCOPE_NAMESPACE:
		return !strcmp(s->match, wwid);
	case MP_SCOPE_CONTROLLER:
		return glob(s->match, address);
	}
	return false;
}

static bool is_torn(const struct mp_conf *conf, const char *wwid)
{
	size_t i;

	for (i = 0; i < conf->nr_torn; i++)
		if (!strcmp(conf->torn[i], wwid))
			return true;
	return false;
}

int mp_conf_tear(struct mp_conf *conf, const char *wwid)
{
	const char *copy;

	if (is_torn(conf, wwid))
		return 0;
	copy = mp_arena_strdup(conf->arena, wwid);
	conf->torn = mp_arena_grow(conf->arena, conf->torn, conf->nr_torn, sizeof(*conf->torn));
	if (!copy || !conf->torn)
		return -ENOMEM;
	conf->torn[conf->nr_torn++] = copy;
	return 0;
}

void mp_conf_resolve(const struct mp_conf *conf, const char *nqn, const char *wwid,
		     const char *address, struct mp_prefs *ret)
{
	struct mp_prefs prefs = {
		.policy = MP_POLICY_NUMA,
		.no_path = DEFAULT_NO_PATH,
		.single_path = true,
		.torn = is_torn(conf, wwid),
		.alias = "",
	};
	const char *values;
	enum mp_scope scope;
	size_t i;

	for (scope = MP_SCOPE_DEFAULTS; scope <= MP_SCOPE_CONTROLLER; scope++)
		for (i = 0; i < conf->nr_settings; i++) {
			const struct mp_setting *s = &conf->settings[i];

			if (s->scope == scope && applies(s, nqn, wwid, address))
				set(&prefs, s->key, s->value, &values);
		}
	*ret = prefs;
}
