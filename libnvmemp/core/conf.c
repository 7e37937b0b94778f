// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"
#include "core/ident.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

/* seconds: outlives a controller's reset, not a dead array */
#define DEFAULT_NO_PATH		60
#define DEFAULT_NO_PATH_TEXT	"60"
#define NR_KEYS			(sizeof(keys) / sizeof(keys[0]))

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

static int set_prefer(struct mp_prefs *prefs, const char *value)
{
	if (!*value)
		return -EINVAL;
	prefs->prefer = value;
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
	const char *built_in;
	const char *values;
	int (*set)(struct mp_prefs *prefs, const char *value);
} keys[] = {
	{ "policy", "numa", "numa, round-robin, queue-depth or latency", set_policy },
	{ "no_path", DEFAULT_NO_PATH_TEXT, "fail, queue, or 1 to 86400 seconds", set_no_path },
	{ "ignore", "no", "yes or no", set_ignore },
	{ "single_path", "yes", "yes or no", set_single_path },
	{ "prefer", "", "the address of a controller; * is any text, ? any character", set_prefer },
	{ "alias", "", "letters, digits, '.', '-' and '_', at most 127, not nvmemp-...", set_alias },
	/* last: it is the only one that is not a map's */
	{ "weight", "1", "1 to 100", set_weight },
};

static const struct key *find_key(const char *name)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
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
		{ "model ", MP_SCOPE_MODEL },
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
	struct mp_setting s = { .line = line, .vendor = conf->vendor };
	struct mp_prefs scratch;
	bool known = set(&scratch, key, value, &values);

	if (parse_section(section, &s.scope, &match))
		return mp_err_set(err, -EINVAL, "%s:%u: section [%.60s] is none of [defaults], [model NAME], "
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

void mp_conf_leave_out(struct mp_conf *conf, const char *section, const char *key,
		       const char *file, unsigned int line, const struct mp_err *err)
{
	static const char ignore[] = "ignore", hold[] = "write_hold";

	if (!conf->trouble)
		conf->trouble = mp_arena_strdup(conf->arena, err->text);
	if (!conf->trouble)
		conf->trouble = "no memory";
	if (!key || !strncmp(key, ignore, sizeof(ignore) - 1))
		conf->unsure = true;
	else if (!strncmp(key, hold, sizeof(hold) - 1) &&
		 mp_conf_add(conf, section, hold, "auto", file, line, NULL))
		mp_conf_add(conf, "defaults", hold, "auto", file, line, NULL);
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

static bool matches(const char *pattern, const char *text)
{
	return text && glob(pattern, text);
}

static bool applies(const struct mp_setting *s, const struct mp_conf_for *what)
{
	switch (s->scope) {
	case MP_SCOPE_DEFAULTS:
		return true;
	case MP_SCOPE_MODEL:
		return matches(s->match, what->model);
	case MP_SCOPE_SUBSYSTEM:
		return matches(s->match, what->nqn);
	case MP_SCOPE_NAMESPACE:
		return what->wwid && !strcmp(s->match, what->wwid);
	case MP_SCOPE_CONTROLLER:
		return matches(s->match, what->address);
	case MP_NR_SCOPES:
		break;
	}
	return false;
}

static struct mp_setting *find_by_hand(const struct mp_conf *conf, const char *wwid, const char *key)
{
	struct mp_setting *s;

	for (s = conf->settings; s < conf->settings + conf->nr_settings; s++)
		if (!s->line && !strcmp(s->match, wwid) && !strcmp(s->key, key))
			return s;
	return NULL;
}

bool mp_conf_is_by_hand(const struct mp_conf *conf, const char *wwid, const char *key)
{
	return find_by_hand(conf, wwid, key);
}

/* The slot of what was set so before, or a new one behind all others; NULL: no memory */
static struct mp_setting *slot_by_hand(struct mp_conf *conf, const char *wwid, const char *key)
{
	struct mp_setting *s = find_by_hand(conf, wwid, key), *more;

	if (s)
		return s;
	more = mp_arena_grow(conf->arena, conf->settings, conf->nr_settings, sizeof(*s));
	if (!more)
		return NULL;
	conf->settings = more;
	return more + conf->nr_settings;
}

int mp_conf_set(struct mp_conf *conf, const char *wwid, const char *key, const char *value,
		struct mp_err *err)
{
	struct mp_setting *s, new = { .scope = MP_SCOPE_NAMESPACE, .file = MP_CONF_BY_HAND };
	const char *values = NULL;
	struct mp_prefs scratch;

	if (!set(&scratch, key, value, &values) || values)
		return mp_err_set(err, -EINVAL, "%s \"%.60s\": must be %s", key, value,
				  values ? values : "another key");
	s = slot_by_hand(conf, wwid, key);
	new.match = mp_arena_strdup(conf->arena, wwid);
	new.key = mp_arena_strdup(conf->arena, key);
	new.value = mp_arena_strdup(conf->arena, value);
	if (!s || !new.match || !new.key || !new.value)
		return mp_err_set(err, -ENOMEM, "no memory");
	conf->nr_settings += s == conf->settings + conf->nr_settings;
	*s = new;
	return 0;
}

bool mp_conf_is_torn(const struct mp_conf *conf, const char *uuid)
{
	size_t i;

	for (i = 0; i < conf->nr_torn; i++)
		if (!strcmp(conf->torn[i], uuid))
			return true;
	return false;
}

int mp_conf_tear(struct mp_conf *conf, const char *uuid)
{
	const char *copy;

	if (mp_conf_is_torn(conf, uuid))
		return 0;
	copy = mp_arena_strdup(conf->arena, uuid);
	conf->torn = mp_arena_grow(conf->arena, conf->torn, conf->nr_torn, sizeof(*conf->torn));
	if (!copy || !conf->torn)
		return -ENOMEM;
	conf->torn[conf->nr_torn++] = copy;
	return 0;
}

struct mp_conf_for mp_conf_for_ns(const struct mp_topo *topo, const struct mp_ns *ns)
{
	const struct mp_ctrl *c = &topo->ctrls[ns->ctrl];

	return (struct mp_conf_for){
		.nqn = c->nqn,
		.model = c->subsys >= 0 ? topo->subsys[c->subsys].model : NULL,
		.wwid = ns->id.wwid,
		.address = c->address,
	};
}

/*
 * The next setting that applies, weakest first; *pos starts at 0. NULL: no more.
 * A position is a rank (vendors or not, scope) and an index into the settings.
 */
static const struct mp_setting *next_setting(const struct mp_conf *conf,
					     const struct mp_conf_for *what, size_t *pos)
{
	const size_t n = conf->nr_settings, nr_ranks = 2 * MP_NR_SCOPES;

	while (*pos < nr_ranks * n) {
		size_t rank = *pos / n;
		const struct mp_setting *s = &conf->settings[*pos % n];

		++*pos;
		if (s->vendor == (rank < MP_NR_SCOPES) && s->scope == rank % MP_NR_SCOPES &&
		    applies(s, what))
			return s;
	}
	return NULL;
}

void mp_conf_resolve(const struct mp_conf *conf, const struct mp_conf_for *what,
		     struct mp_prefs *ret)
{
	struct mp_prefs prefs = {
		.policy = MP_POLICY_NUMA,
		.no_path = DEFAULT_NO_PATH,
		.single_path = true,
		.prefer = "",
		.alias = "",
	};
	const struct mp_setting *s;
	const char *values;
	size_t pos = 0;

	while ((s = next_setting(conf, what, &pos)))
		set(&prefs, s->key, s->value, &values);
	*ret = prefs;
}

bool mp_conf_prefers(const struct mp_prefs *prefs, const char *address)
{
	return *prefs->prefer && glob(prefs->prefer, address);
}

/* The key's name, and its value where nothing is said; NULL: there are no so many */
static const char *nth_key(size_t nth, const char **ret_value, char buf[16])
{
	enum mp_feature f = 0;

	if (nth < NR_KEYS - 1) {
		*ret_value = keys[nth].built_in;
		return keys[nth].name;
	}
	for (nth -= NR_KEYS - 1; f < MP_NR_FEATURES; f++)
		if (f != MP_ANATT && !nth--) {
			*ret_value = mp_feature_print(f, 0, buf);
			return mp_feature_key(f);
		}
	return NULL;
}

bool mp_conf_effective(const struct mp_conf *conf, const struct mp_conf_for *what, size_t nth,
		       struct mp_effective *ret)
{
	const struct mp_setting *s;
	const char *value;
	size_t pos = 0;
	char buf[16];

	ret->from = NULL;
	ret->key = nth_key(nth, &value, buf);
	if (!ret->key)
		return false;
	while ((s = next_setting(conf, what, &pos)))
		if (!strcmp(s->key, ret->key))
			ret->from = s;
	snprintf(ret->value, sizeof(ret->value), "%s", ret->from ? ret->from->value : value);
	return true;
}
