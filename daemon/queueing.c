// SPDX-License-Identifier: GPL-2.0
/* The mark in /run and the messages. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"
#include "core/facts.h"
#include "core/words.h"
#include "log.h"
#include "nvmemp_uapi.h"
#include "queueing.h"
#include "sys/dm.h"

#define MARK	"/" MP_NO_QUEUEING_FILE

static int tell(const struct mp_ops *ops, const struct mp_loaded_map *map, uint32_t no_path)
{
	char text[64], value[16];
	const struct mp_step step = {
		.kind = MP_STEP_MESSAGE, .name = map->map.name, .uuid = map->map.uuid, .text = text,
	};
	struct mp_err err = { "" };
	int r;

	snprintf(text, sizeof(text), NVMEMP_MSG_NO_PATH " %s", mp_no_path_print(no_path, value));
	r = ops->message(ops->self, &step, &err);
	if (r < 0)
		log_line(LOG_ERR, "%s", err.text);
	return r;
}

int queueing_tell(const struct mp_ops *ops, const struct mp_loaded *loaded, bool on)
{
	int first = 0, r;
	size_t i;

	for (i = 0; i < loaded->nr_maps; i++) {
		const struct mp_loaded_map *map = &loaded->maps[i];

		/* of a table that can't be understood, only this is known: it should not queue */
		if (!map->has_table || (on && *map->bad))
			continue;
		if (!on && !*map->bad && map->map.no_path == MP_NO_PATH_FAIL)
			continue;
		r = tell(ops, map, on ? map->map.no_path : MP_NO_PATH_FAIL);
		if (r < 0 && !first)
			first = r;
	}
	return first;
}

/* Before the messages: the daemon must not undo them. */
static int mark(bool on)
{
	int fd;

	if (on)
		return unlink(MARK) < 0 && errno != ENOENT ? -errno : 0;
	fd = open(MARK, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int queueing_turn(bool on)
{
	struct mp_loaded loaded = { NULL };
	struct mp_err err = { "" };
	struct mp_dm *dm = NULL;
	struct mp_ops ops;
	int marked = mark(on), r;

	if (marked < 0)
		log_line(LOG_ERR, MARK ": %s", strerror(-marked));
	r = mp_dm_new(&dm, &err);
	if (r == 0)
		r = mp_dm_read(dm, &loaded, &err);
	if (r == 0) {
		ops = mp_dm_ops(dm);
		r = queueing_tell(&ops, &loaded, on);
		mp_dm_loaded_done(&loaded);
	} else {
		log_line(LOG_ERR, "%s", err.text);
	}
	mp_dm_free(dm);
	return r ? r : marked;
}
