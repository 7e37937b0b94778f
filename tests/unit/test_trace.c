// SPDX-License-Identifier: GPL-2.0
/* Lines of trace_pipe as hints. */
#include "unit.h"

#include "../../daemon/trace.c"

void log_line(int priority, const char *fmt, ...)
{
}

struct play {
	char hints[200];		/* "KIND:NAME " each */
	int ended;			/* with this error */
};

static void take_hint(void *context, const struct hint *hint)
{
	static const char *const kinds[] = {
		[HINT_RESCAN] = "rescan", [HINT_DEVICE] = "device", [HINT_ANA] = "ana",
		[HINT_STATE] = "state",
	};
	struct play *p = context;
	size_t n = strlen(p->hints);

	snprintf(p->hints + n, sizeof(p->hints) - n, "%s:%s ", kinds[hint->kind], hint->name);
}

static void take_end(void *context, enum event_source source, int error)
{
	struct play *p = context;

	assert_int_equal(source, EVENTS_TRACE);
	p->ended = error;
}

static struct trace *new_trace(struct play *p)
{
	const struct watch_handler handler = { take_hint, take_end, p };
	sd_event *event;
	struct trace *t = NULL;

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(trace_new(event, &handler, &t), 0);
	sd_event_unref(event);
	return t;
}

#define AEN	"   kworker/u4:1-34      [001] .....    12.345678: nvme_async_event: "

static const struct {
	const char *line;
	const char *hints;
} lines[] = {
	{ AEN "nvme0: NVME_AEN=0x0c0302 [Asymmetric Namespace Access Change]", "ana:nvme0 " },
	{ AEN "nvme12: NVME_AEN=0x040002 [Namespace Attribute Changed]", "device:nvme12 " },
	{ AEN "nvme0: NVME_AEN=0x0c0301 [SMART]", "" },
	{ AEN "nvme0", "" },
	{ "   kworker/1:2-81      [001] .....    12.3: ctrl_state: (nvme_reset+0x1/0x2 <- nvme_change_ctrl_state) ret=0x1",
	  "state: " },
	{ "CPU:1 [LOST 2024 EVENTS]", "rescan: " },
	{ "CPU:0 [LOST EVENTS]", "rescan: " },
	{ "CPU:0 [FOUND 3 EVENTS]", "" },
	{ "   bash-7  [000] .....  1.0: tracing_mark_write: CPU:1 [LOST 2 EVENTS]", "" },
	{ "", "" },
};

static void lines_are_hints(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct play p = { "" };
		struct trace *t = new_trace(&p);

		take_line(t, lines[i].line);
		if (strcmp(p.hints, lines[i].hints) != 0)
			fail_msg("\"%s\": got \"%s\", wanted \"%s\"", lines[i].line, p.hints, lines[i].hints);
		trace_free(t);
	}
}

/* As the kernel hands it out, cut anywhere */
static void a_cut_does_not_matter(void **state)
{
	static const char text[] = AEN "nvme0: NVME_AEN=0x0c0302 [ANA]\nCPU:1 [LOST 7 EVENTS]\n"
				   AEN "nvme1: NVME_AEN=0x040002 [NS]\n";
	size_t cut;

	for (cut = 0; cut < sizeof(text); cut++) {
		struct play p = { "" };
		struct trace *t = new_trace(&p);

		take_text(t, text, cut);
		take_text(t, text + cut, sizeof(text) - 1 - cut);
		assert_string_equal(p.hints, "ana:nvme0 rescan: device:nvme1 ");
		trace_free(t);
	}
}

static void a_long_line_loses_its_end(void **state)
{
	struct play p = { "" };
	struct trace *t = new_trace(&p);
	char text[3 * sizeof(t->line)];

	memset(text, 'x', sizeof(text));
	take_text(t, text, sizeof(text));
	take_text(t, "\nCPU:1 [LOST 7 EVENTS]\n", 23);
	assert_string_equal(p.hints, "rescan: ");
	trace_free(t);
}

/* A directory can't be read: the reader is told, and not called again. */
static void a_dead_source_is_told_of(void **state)
{
	struct play p = { "" };
	struct trace *t = new_trace(&p);
	int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ends[2], on;

	assert_int_equal(pipe(ends), 0);
	assert_true(sd_event_add_io(t->event, &t->source, ends[0], EPOLLIN, on_trace, t) >= 0);
	on_trace(t->source, dir, EPOLLIN, t);
	assert_int_equal(p.ended, -EISDIR);
	assert_true(sd_event_source_get_enabled(t->source, &on) >= 0);
	assert_int_equal(on, SD_EVENT_OFF);
	trace_free(t);
	close(ends[0]);
	close(ends[1]);
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_hints),
		cmocka_unit_test(a_cut_does_not_matter),
		cmocka_unit_test(a_long_line_loses_its_end),
		cmocka_unit_test(a_dead_source_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
