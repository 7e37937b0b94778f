// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/words.h"
#include "nvmemp_uapi.h"

struct word {
	int value;
	const char *word;
};

static const struct word ana_words[] = {
	{ MP_ANA_OPTIMIZED, NVMEMP_ANA_OPTIMIZED },
	{ MP_ANA_NONOPTIMIZED, NVMEMP_ANA_NONOPTIMIZED },
	{ MP_ANA_INACCESSIBLE, NVMEMP_ANA_INACCESSIBLE },
	{ MP_ANA_PERSISTENT_LOSS, NVMEMP_ANA_PERSISTENT_LOSS },
	{ MP_ANA_CHANGE, NVMEMP_ANA_CHANGE },
	{ }
};

static const struct word policy_words[] = {
	{ MP_POLICY_NUMA, NVMEMP_POLICY_NUMA },
	{ MP_POLICY_ROUND_ROBIN, NVMEMP_POLICY_ROUND_ROBIN },
	{ MP_POLICY_QUEUE_DEPTH, NVMEMP_POLICY_QUEUE_DEPTH },
	{ MP_POLICY_LATENCY, NVMEMP_POLICY_LATENCY },
	{ }
};

static const struct word map_state_words[] = {
	{ MP_MAP_UP, NVMEMP_STATE_UP },
	{ MP_MAP_WAITING, NVMEMP_STATE_WAITING },
	{ MP_MAP_FAILING, NVMEMP_STATE_FAILING },
	{ }
};

static const struct word path_state_words[] = {
	{ MP_PATH_ACTIVE, "active" },
	{ MP_PATH_FAILED, "failed" },
	{ MP_PATH_DISABLED, "disabled" },
	{ MP_PATH_BLOCKED, "blocked" },
	{ MP_PATH_GONE, "gone" },
	{ MP_PATH_MARGINAL, "marginal" },
	{ MP_PATH_HELD, "held" },
	{ }
};

static const char path_state_letters[] = {
	[MP_PATH_ACTIVE] = NVMEMP_PATH_ACTIVE,
	[MP_PATH_FAILED] = NVMEMP_PATH_FAILED,
	[MP_PATH_DISABLED] = NVMEMP_PATH_DISABLED,
	[MP_PATH_BLOCKED] = NVMEMP_PATH_BLOCKED,
	[MP_PATH_GONE] = NVMEMP_PATH_GONE,
	[MP_PATH_MARGINAL] = NVMEMP_PATH_MARGINAL,
	[MP_PATH_HELD] = NVMEMP_PATH_HELD,
};

static const struct feature {
	const char *key, *off, *endless;
	uint32_t min, max, def;		/* off, or def, is 0 */
	const char *values;
} features[MP_NR_FEATURES] = {
	[MP_FAILBACK] = { NVMEMP_KEY_FAILBACK, NVMEMP_FAILBACK_IMMEDIATE, NVMEMP_FAILBACK_MANUAL,
			  1, NVMEMP_FAILBACK_MAX_SECS, 0, "immediate, manual, or 1 to 86400 seconds" },
	[MP_WRITE_HOLD] = { NVMEMP_KEY_WRITE_HOLD, NVMEMP_WRITE_HOLD_OFF, NVMEMP_WRITE_HOLD_AUTO,
			    1, NVMEMP_WRITE_HOLD_MAX_MS, 0, "off, auto, or 1 to 600000 milliseconds" },
	[MP_ANATT] = { NVMEMP_KEY_ANATT, NULL, NULL, 1, NVMEMP_ANATT_MAX, NVMEMP_ANATT_DEFAULT,
		       "1 to 255 seconds" },
	[MP_MARGINAL_ERRORS] = { NVMEMP_KEY_MARGINAL_ERRORS, NULL, NULL, 0, NVMEMP_MARGINAL_MAX_ERRORS, 0,
				 "0 (off) to 1000" },
	[MP_MARGINAL_WINDOW] = { NVMEMP_KEY_MARGINAL_WINDOW, NULL, NULL, 1, NVMEMP_MARGINAL_MAX_SECS,
				 NVMEMP_MARGINAL_WINDOW_DEFAULT, "1 to 86400 seconds" },
	[MP_MARGINAL_HOLD] = { NVMEMP_KEY_MARGINAL_HOLD, NULL, NULL, 1, NVMEMP_MARGINAL_MAX_SECS,
			       NVMEMP_MARGINAL_HOLD_DEFAULT, "1 to 86400 seconds" },
	[MP_MARGINAL_LATENCY] = { NVMEMP_KEY_MARGINAL_LATENCY, NULL, NULL, 0, NVMEMP_MARGINAL_MAX_LATENCY,
				  0, "0 (off) to 1000 times the best path's" },
};

static const char *word_of(const struct word *words, int value)
{
	for (; words->word; words++)
		if (words->value == value)
			return words->word;
	return "unknown";
}

static int value_of(const struct word *words, const char *word)
{
	for (; words->word; words++)
		if (!strcmp(words->word, word))
			return words->value;
	return -EINVAL;
}

const char *mp_ana_word(enum mp_ana ana)
{
	return word_of(ana_words, ana);
}

int mp_ana_parse(const char *word, enum mp_ana *ret)
{
	int v = value_of(ana_words, word);

	if (v < 0)
		return v;
	*ret = v;
	return 0;
}

const char *mp_policy_word(enum mp_policy policy)
{
	return word_of(policy_words, policy);
}

int mp_policy_parse(const char *word, enum mp_policy *ret)
{
	int v = value_of(policy_words, word);

	if (v < 0)
		return v;
	*ret = v;
	return 0;
}

const char *mp_map_state_word(enum mp_map_state state)
{
	return word_of(map_state_words, state);
}

int mp_map_state_parse(const char *word, enum mp_map_state *ret)
{
	int v = value_of(map_state_words, word);

	if (v < 0)
		return v;
	*ret = v;
	return 0;
}

const char *mp_path_state_word(enum mp_path_state state)
{
	return word_of(path_state_words, state);
}

bool mp_path_state_in_service(enum mp_path_state state)
{
	return state != MP_PATH_FAILED && state != MP_PATH_DISABLED && state != MP_PATH_GONE;
}

int mp_path_state_parse(const char *letter, enum mp_path_state *ret)
{
	size_t i;

	if (!letter[0] || letter[1])
		return -EINVAL;
	for (i = 0; i < sizeof(path_state_letters); i++) {
		if (path_state_letters[i] == letter[0]) {
			*ret = (enum mp_path_state)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *mp_no_path_print(uint32_t no_path, char buf[16])
{
	if (no_path == MP_NO_PATH_FAIL)
		return NVMEMP_NO_PATH_FAIL;
	if (no_path == MP_NO_PATH_QUEUE)
		return NVMEMP_NO_PATH_QUEUE;
	snprintf(buf, 16, "%u", no_path);
	return buf;
}

int mp_no_path_parse(const char *word, uint32_t *ret)
{
	uint64_t secs;

	if (!strcmp(word, NVMEMP_NO_PATH_FAIL)) {
		*ret = MP_NO_PATH_FAIL;
	} else if (!strcmp(word, NVMEMP_NO_PATH_QUEUE)) {
		*ret = MP_NO_PATH_QUEUE;
	} else {
		if (mp_number_parse(word, NVMEMP_NO_PATH_MAX_SECS, &secs) || !secs)
			return -EINVAL;
		*ret = (uint32_t)secs;
	}
	return 0;
}

const char *mp_feature_key(enum mp_feature f)
{
	return features[f].key;
}

const char *mp_feature_values(enum mp_feature f)
{
	return features[f].values;
}

const char *mp_feature_print(enum mp_feature f, uint32_t value, char buf[16])
{
	const struct feature *t = &features[f];

	if (!value && t->off)
		return t->off;
	if (value == MP_ENDLESS && t->endless)
		return t->endless;
	snprintf(buf, 16, "%u", value ? value : t->def);
	return buf;
}

int mp_feature_parse(enum mp_feature f, const char *word, uint32_t *ret)
{
	const struct feature *t = &features[f];
	uint64_t n;

	if (t->off && !strcmp(word, t->off))
		n = 0;
	else if (t->endless && !strcmp(word, t->endless))
		n = MP_ENDLESS;
	else if (mp_number_parse(word, t->max, &n) || n < t->min)
		return -EINVAL;
	*ret = n == t->def ? 0 : (uint32_t)n;
	return 0;
}

int mp_number_parse(const char *word, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*word)
		return -EINVAL;
	for (; *word; word++) {
		unsigned int digit = (unsigned int)*word - '0';

		if (digit > 9)
			return -EINVAL;
		if (n > (max - digit) / 10 || digit > max)
			return -ERANGE;
		n = n * 10 + digit;
	}
	*ret = n;
	return 0;
}

int mp_devno_parse(const char *word, uint32_t *ret_major, uint32_t *ret_minor)
{
	const char *colon = strchr(word, ':');
	uint64_t major, minor;
	char buf[16];

	if (!colon || (size_t)(colon - word) >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, word, (size_t)(colon - word));
	buf[colon - word] = '\0';
	/* the kernel's dev_t: 12 and 20 bits */
	if (mp_number_parse(buf, 0xfff, &major) || mp_number_parse(colon + 1, 0xfffff, &minor))
		return -EINVAL;
	*ret_major = (uint32_t)major;
	*ret_minor = (uint32_t)minor;
	return 0;
}
