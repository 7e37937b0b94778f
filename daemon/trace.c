// SPDX-License-Identifier: GPL-2.0
/* A tracing instance -> hints */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "trace.h"

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE	TRACEFS "/instances/nvmempd"
#define EVENT		"events/nvme/nvme_async_event"
#define PROBES		TRACEFS "/kprobe_events"
#define PROBE		"nvmemp/ctrl_state"
#define PROBE_EVENT	"events/" PROBE

/* Figure 149 of NVMe base specification 2.0: bits 2:0 of the event are its type */
#define TYPE_MASK	7
#define TYPE_NOTICE	2
#define NOTICE_ANA	3		/* figure 152: bits 15:8 */

struct trace {
	sd_event *event;
	struct watch_handler handler;
	sd_event_source *source;
	int fd;
	char trouble[96];		/* why there is no probe; "" = there is */
	char line[512];			/* what came of a line that is not whole yet */
	size_t len;
};

int trace_new(sd_event *event, const struct watch_handler *handler, struct trace **ret)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->event = sd_event_ref(event);
	t->handler = *handler;
	t->fd = -1;
	*ret = t;
	return 0;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* "CPU:1 [LOST 23 EVENTS]", also without a number (print_trace_line): overwritten before they were read */
static bool tells_of_loss(const char *line)
{
	unsigned int cpu;
	int end = 0;

	return sscanf(line, "CPU:%u [LOST %n", &cpu, &end) == 1 && end > 0;
}

/* "kworker/u4:1-34 [000] ..... 12.345678: nvme_async_event: nvme0: NVME_AEN=0x0c0302 [...]" */
static void take_line(struct trace *t, const char *line)
{
	static const char mark[] = "nvme_async_event: ";
	const char *s = strstr(line, mark);
	struct hint hint = { .kind = HINT_DEVICE };
	char name[32];
	unsigned int event;

	if (tells_of_loss(line)) {
		log_line(LOG_WARNING, "trace events were lost: looking at everything again");
		t->handler.hint(t->handler.context, &(struct hint){ HINT_RESCAN, "" });
		return;
	}
	if (!s && strstr(line, " ctrl_state: ")) {
		t->handler.hint(t->handler.context, &(struct hint){ HINT_STATE, "" });
		return;
	}
	if (!s || sscanf(s + sizeof(mark) - 1, "%31[^:]: NVME_AEN=%x", name, &event) != 2)
		return;
	if ((event & TYPE_MASK) != TYPE_NOTICE)
		return;
	if ((event >> 8 & 0xff) == NOTICE_ANA)
		hint.kind = HINT_ANA;
	hint.name = name;
	t->handler.hint(t->handler.context, &hint);
}

/* A line that is longer than any of this event's loses its end. */
static void take_text(struct trace *t, const char *text, size_t len)
{
	for (; len > 0; text++, len--) {
		if (*text != '\n') {
			if (t->len < sizeof(t->line) - 1)
				t->line[t->len++] = *text;
			continue;
		}
		t->line[t->len] = '\0';
		t->len = 0;
		take_line(t, t->line);
	}
}

static int on_trace(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct trace *t = userdata;
	char text[4096];
	ssize_t n;

	n = read(fd, text, sizeof(text));
	if (n > 0)
		take_text(t, text, n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		int error = -errno;

		t->handler.ended(t->handler.context, EVENTS_TRACE, error);
		return sd_event_source_set_enabled(s, SD_EVENT_OFF);
	}
	return 0;
}

/* The instance of a daemon that was killed is as good as a new one. */
static int make_instance(void)
{
	if (access(TRACEFS "/" EVENT, F_OK) < 0)
		return access("/sys/module/nvme_core", F_OK) < 0 ? -ENOENT : -EOPNOTSUPP;
	if (mkdir(INSTANCE, 0700) < 0 && errno != EEXIST)
		return -errno;
	/* room for some hundred lines; unset, it takes more than a megabyte for each CPU */
	write_text(INSTANCE "/buffer_size_kb", "16");
	/* wakes readers with the first event, not when the buffer is half full */
	return write_text(INSTANCE "/buffer_percent", "0");
}

/* Refused tries to change a state come in numbers; they are of no interest. */
static void add_probe(struct trace *t)
{
	int r = write_text(PROBES, "r:" PROBE " nvme_core:nvme_change_ctrl_state ret=$retval:u8");

	if (r == -EEXIST)
		r = 0;
	if (r == 0)
		r = write_text(INSTANCE "/" PROBE_EVENT "/filter", "ret==1");
	if (r == 0)
		r = write_text(INSTANCE "/" PROBE_EVENT "/enable", "1");
	if (r < 0)
		snprintf(t->trouble, sizeof(t->trouble), "no kernel probe (%s)", strerror(-r));
}

int trace_start(struct trace *t)
{
	int r;

	r = make_instance();
	if (r == 0)
		r = write_text(INSTANCE "/" EVENT "/enable", "1");
	if (t->source)
		return r;	/* a module that went and came again has its event disabled */
	if (r < 0)
		return r;
	add_probe(t);
	t->fd = open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return -errno;
	r = sd_event_add_io(t->event, &t->source, t->fd, EPOLLIN, on_trace, t);
	if (r < 0) {
		close(t->fd);
		t->fd = -1;
		return r;
	}
	return 1;
}

const char *trace_trouble(const struct trace *t)
{
	return t->trouble;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	sd_event_source_unref(t->source);
	if (t->fd >= 0) {
		close(t->fd);
		write_text(INSTANCE "/" EVENT "/enable", "0");
		write_text(INSTANCE "/" PROBE_EVENT "/enable", "0");
		rmdir(INSTANCE);
		write_text(PROBES, "-:" PROBE);
	}
	sd_event_unref(t->event);
	free(t);
}
