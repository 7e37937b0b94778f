// SPDX-License-Identifier: GPL-2.0
/* nvmempctl monitor: events as they happen, a line each. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nvmempctl.h"

static void print_time(uint64_t time_us)
{
	time_t s = (time_t)(time_us / 1000000);
	struct tm tm;
	char text[32];

	strftime(text, sizeof(text), "%F %T", localtime_r(&s, &tm));
	printf("%s.%03u", text, (unsigned int)(time_us / 1000 % 1000));
}

static void print_word(const char *before, const char *word)
{
	char text[512];

	if (*word)
		printf("%s%s", before, escape(word, text, sizeof(text)));
}

static void print_line(const struct nvmemp_event *e)
{
	print_time(e->time_us);
	print_word(" ", e->kind);
	print_word(" ", e->map);
	print_word(" ", e->device);
	print_word(": ", e->before);
	print_word(*e->before ? " -> " : ": ", e->after);
	putchar('\n');
}

static int add_text(struct json_object *to, const char *key, const char *value)
{
	struct json_object *o = json_object_new_string(value);

	return o && json_object_object_add(to, key, o) == 0 ? 0 : -ENOMEM;
}

static int print_json_line(const struct nvmemp_event *e)
{
	struct json_object *o = json_object_new_object();
	struct json_object *us = json_object_new_uint64(e->time_us);
	int r = -ENOMEM;

	if (o && us && json_object_object_add(o, "time_us", us) == 0 &&
	    !add_text(o, "event", e->kind) && !add_text(o, "map", e->map) &&
	    !add_text(o, "device", e->device) && !add_text(o, "before", e->before) &&
	    !add_text(o, "after", e->after)) {
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
		r = 0;
	}
	json_object_put(o);
	return r;
}

int verb_monitor(const struct call *c)
{
	const struct nvmemp_event *e;
	int r = nvmemp_watch(c->conn);

	while (!r) {
		r = nvmemp_event_wait(c->conn, -1, &e);
		if (r)
			break;
		if (!c->options[OPTION_JSON])
			print_line(e);
		else if (print_json_line(e))
			return printed(-ENOMEM, "an event");
		/* somebody waits for it at the other end of a pipe */
		if (fflush(stdout))
			return EXIT_SUCCESS;
	}
	return call_failed(c, r);
}
