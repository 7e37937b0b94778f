// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/scan.h"
#include "core/status.h"
#include "core/words.h"
#include "nvmemp_uapi.h"

#define MAX_WORDS	64	/* that a newer target may have for a map or a path */

static int skip(struct mp_scan *s, uint64_t n)
{
	while (n--)
		if (!mp_scan_word(s))
			return -EINVAL;
	return 0;
}

/* "-" or the number of one of the paths; they come later in the line */
struct pointers {
	char preferred[MP_WORD_MAX];
	char current[MP_WORD_MAX];
};

static int parse_map_words(struct mp_scan *s, struct mp_status *st, struct pointers *p)
{
	uint64_t n;

	if (mp_scan_number(s, UINT64_MAX, &n) || n < NVMEMP_STATUS_VERSION)
		return -EINVAL;
	if (mp_scan_number(s, MAX_WORDS, &n) || n < NVMEMP_STATUS_MAP_WORDS)
		return -EINVAL;
	if (!mp_scan_word(s) || mp_map_state_parse(s->word, &st->state))
		return -EINVAL;
	if (!mp_scan_word(s) || mp_policy_parse(s->word, &st->policy))
		return -EINVAL;
	if (!mp_scan_word(s) || mp_no_path_parse(s->word, &st->no_path))
		return -EINVAL;
	if (mp_scan_number(s, UINT64_MAX, &st->nr_queued))
		return -EINVAL;
	if (!mp_scan_word(s))
		return -EINVAL;
	memcpy(p->preferred, s->word, sizeof(p->preferred));
	if (!mp_scan_word(s))
		return -EINVAL;
	memcpy(p->current, s->word, sizeof(p->current));
	if (mp_scan_number(s, UINT64_MAX, &st->nr_waited))
		return -EINVAL;
	return skip(s, n - NVMEMP_STATUS_MAP_WORDS);
}

static int parse_path(struct mp_scan *s, uint64_t words, struct mp_path_status *p)
{
	uint64_t *const numbers[] = {
		&p->in_flight, &p->io_count, &p->error_count, &p->failover_count, &p->retry_count,
		&p->sectors_read, &p->sectors_written, &p->errors[MP_ERROR_PATH],
		&p->errors[MP_ERROR_SUSPECT], &p->errors[MP_ERROR_BUSY],
		&p->errors[MP_ERROR_CALLER], &p->mean_us, &p->max_us,
		&p->sampled, &p->sampled_us,
	};
	const size_t nr_others = 3, nr = sizeof(numbers) / sizeof(numbers[0]);
	size_t i;

	if (!mp_scan_word(s) || mp_devno_parse(s->word, &p->major, &p->minor))
		return -EINVAL;
	if (!mp_scan_word(s) || mp_path_state_parse(s->word, &p->state))
		return -EINVAL;
	if (!mp_scan_word(s) || mp_ana_parse(s->word, &p->ana))
		return -EINVAL;
	for (i = 0; i < nr && i + nr_others < words; i++)
		if (mp_scan_number(s, UINT64_MAX, numbers[i]))
			return -EINVAL;
	return skip(s, words - nr_others - i);
}

static int parse_paths(struct mp_arena *arena, struct mp_scan *s, struct mp_status *st)
{
	uint64_t i, n, words;

	if (mp_scan_number(s, NVMEMP_MAX_PATHS, &n) || !n)
		return -EINVAL;
	if (mp_scan_number(s, MAX_WORDS, &words) || words < NVMEMP_STATUS_PATH_WORDS_MIN)
		return -EINVAL;
	st->paths = mp_arena_alloc(arena, n * sizeof(*st->paths));
	if (!st->paths)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (parse_path(s, words, &st->paths[i]))
			return -EINVAL;
	st->nr_paths = n;
	return 0;
}

static int find(const struct mp_status *st, const char *word)
{
	uint32_t major, minor;
	size_t i;

	if (mp_devno_parse(word, &major, &minor))
		return -1;
	for (i = 0; i < st->nr_paths; i++)
		if (st->paths[i].major == major && st->paths[i].minor == minor)
			return (int)i;
	return -1;
}

int mp_status_parse(struct mp_arena *arena, const char *params, struct mp_status *ret,
		    struct mp_err *err)
{
	struct mp_scan s = { .at = params };
	struct mp_status st = { };
	struct pointers p;
	int r;

	r = parse_map_words(&s, &st, &p);
	if (!r)
		r = parse_paths(arena, &s, &st);
	if (r == -ENOMEM)
		return mp_err_set(err, r, "status: no memory");
	if (r)
		return mp_err_set(err, r, "status: did not expect \"%s\"", s.word);
	st.preferred = find(&st, p.preferred);
	st.current = find(&st, p.current);
	*ret = st;
	return 0;
}
