/* SPDX-License-Identifier: GPL-2.0 */
/* Enums and their words, as in the table and status lines and in the configuration. */
#ifndef MP_WORDS_H
#define MP_WORDS_H

#include "core/types.h"

/* A parse returns 0, or -EINVAL and leaves *ret. */
const char *mp_ana_word(enum mp_ana ana);		/* "unknown" for MP_ANA_UNKNOWN */
int mp_ana_parse(const char *word, enum mp_ana *ret);
const char *mp_policy_word(enum mp_policy policy);
int mp_policy_parse(const char *word, enum mp_policy *ret);
const char *mp_map_state_word(enum mp_map_state state);
int mp_map_state_parse(const char *word, enum mp_map_state *ret);
const char *mp_path_state_word(enum mp_path_state state);	/* for people */
bool mp_path_state_in_service(enum mp_path_state state);	/* or will be, without anybody's help */
int mp_path_state_parse(const char *letter, enum mp_path_state *ret);	/* of the status line */
const char *mp_no_path_print(uint32_t no_path, char buf[16]);
int mp_no_path_parse(const char *word, uint32_t *ret);

/* The value of a feature of the target, and back; 0 is its default */
const char *mp_feature_key(enum mp_feature f);
const char *mp_feature_print(enum mp_feature f, uint32_t value, char buf[16]);
int mp_feature_parse(enum mp_feature f, const char *word, uint32_t *ret);
const char *mp_feature_values(enum mp_feature f);	/* what may be written, for people */

/* A whole decimal number, nothing around it: -EINVAL, -ERANGE above max */
int mp_number_parse(const char *word, uint64_t max, uint64_t *ret);
/* "MAJOR:MINOR" */
int mp_devno_parse(const char *word, uint32_t *ret_major, uint32_t *ret_minor);

#endif
