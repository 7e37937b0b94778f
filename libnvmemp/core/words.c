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
	{ }
};

static const char path_state_letters[] = {
	[MP_PATH_ACTIVE] = NVMEMP_PATH_ACTIVE,
	[MP_PATH_FAILED] = NVMEMP_PATH_FAILED,
	[MP_PATH_DISABLED] = NVMEMP_PATH_DISABLED,
	[MP_PATH_BLOCKED] = NVMEMP_PATH_BLOCKED,
	[MP_PATH_GONE] = NVMEMP_PATH_GONE,
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
