// SPDX-License-Identifier: GPL-2.0
/* The log: journal or stderr. */
#include <pthread.h>
#include <search.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define TEXT_MAX	1024
#define FIELDS_MAX	7

/* What is told of one map or device in this time: all 32 paths may go and come back thrice */
#define ENTRIES_MAX	200
#define PERIOD_MS	60000

struct subject {
	char name[128];			/* first: the tree's order */
	unsigned int nr_told;
	unsigned int nr_left_out;
	int priority;			/* the most urgent of what was left out */
};

static bool to_journal;

/* Guards the three below */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *subjects;			/* of this period, as tsearch(3) keeps them */
static uint64_t began_ms;		/* 0 = there are none */
static bool left_out;

/* systemd.exec(5): JOURNAL_STREAM is the device and inode of the stream that leads to the journal */
void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	to_journal = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
		     fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

/*
 * \xNN for whatever is no printable ASCII: a terminal may obey C1 control characters
 * too, which UTF-8 hides in two bytes, and take text that is no UTF-8 for anything.
 */
static void escape(const char *from, char *to, size_t size)
{
	size_t n = 0;

	for (; *from && n + 5 < size; from++) {
		unsigned char c = *from;

		if (c < ' ' || c > '~')
			n += snprintf(to + n, size - n, "\\x%02x", c);
		else
			to[n++] = c;
	}
	to[n] = '\0';
}

static void add_field(struct iovec *iov, int *n, const char *key, const char *value)
{
	char text[TEXT_MAX];
	char *field;
	int len;

	if (!value || value[0] == '\0')
		return;
	escape(value, text, sizeof(text));
	len = asprintf(&field, "%s=%s", key, text);
	if (len < 0)
		return;
	iov[(*n)++] = (struct iovec){ .iov_base = field, .iov_len = len };
}

static void send(int priority, const struct log_about *about, const char *text)
{
	char level[2] = { '0' + priority, '\0' };
	struct iovec iov[FIELDS_MAX];
	int n = 0;

	add_field(iov, &n, "MESSAGE", text);
	add_field(iov, &n, "PRIORITY", level);
	add_field(iov, &n, "MESSAGE_ID", about->id);
	add_field(iov, &n, "NVMEMP_MAP", about->map);
	add_field(iov, &n, "NVMEMP_PATH", about->path);
	add_field(iov, &n, "NVMEMP_NQN", about->nqn);
	add_field(iov, &n, "NVMEMP_REASON", about->reason);
	sd_journal_sendv(iov, n);
	while (n > 0)
		free(iov[--n].iov_base);
}

static void log_va(int priority, const struct log_about *about, const char *fmt, va_list ap)
{
	char raw[TEXT_MAX], text[TEXT_MAX];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	if (to_journal) {
		send(priority, about, raw);
		return;
	}
	escape(raw, text, sizeof(text));
	fprintf(stderr, "nvmempd: %s\n", text);
}

void log_line(int priority, const char *fmt, ...)
{
	const struct log_about nothing = { NULL };
	va_list ap;

	va_start(ap, fmt);
	log_va(priority, &nothing, fmt, ap);
	va_end(ap);
}

/* ---- limits ---- */

static int name_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

/*
 * The map, or the device without what follows a blank: "nvme0 nsid 5" is one of
 * thousands that nvme0 may speak of. NULL: no memory, so there is no limit.
 */
static struct subject *obtain(const struct log_about *about)
{
	const bool has_map = about->map && *about->map;
	const char *name = has_map ? about->map : about->path;
	struct subject key = { "" }, *const *found, *s;

	snprintf(key.name, sizeof(key.name), "%.*s", (int)strcspn(name, " "), name);
	found = tfind(&key, &subjects, name_cmp);
	if (found)
		return *found;
	s = malloc(sizeof(*s));
	if (!s)
		return NULL;
	*s = key;
	s->priority = LOG_DEBUG;
	if (tsearch(s, &subjects, name_cmp))
		return s;
	free(s);
	return NULL;
}

static void tell_left_out(const void *node, VISIT visit, void *context)
{
	const struct subject *s = *(const struct subject *const *)node;

	if ((visit == postorder || visit == leaf) && s->nr_left_out)
		log_line(s->priority, "%s: %u more entries within a minute were left out: see nvmempctl status",
			 s->name, s->nr_left_out);
}

static void end_period(uint64_t now_ms)
{
	if (!began_ms || now_ms < began_ms + PERIOD_MS)
		return;
	twalk_r(subjects, tell_left_out, NULL);
	tdestroy(subjects, free);
	subjects = NULL;
	began_ms = 0;
	left_out = false;
}

/* Who comes and goes without end must not drown what is said of others. */
static bool is_too_much(int priority, const struct log_about *about)
{
	struct subject *s;
	struct timespec ts;
	uint64_t now_ms;
	bool is;

	if (!(about->map && *about->map) && !(about->path && *about->path))
		return false;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	now_ms = ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
	pthread_mutex_lock(&lock);
	end_period(now_ms);
	if (!began_ms)
		began_ms = now_ms;
	s = obtain(about);
	is = s && s->nr_told == ENTRIES_MAX;
	if (is) {
		s->nr_left_out++;
		left_out = true;
		if (priority < s->priority)
			s->priority = priority;
	} else if (s) {
		s->nr_told++;
	}
	pthread_mutex_unlock(&lock);
	return is;
}

void log_event(int priority, const struct log_about *about, const char *fmt, ...)
{
	va_list ap;

	if (is_too_much(priority, about))
		return;
	va_start(ap, fmt);
	log_va(priority, about, fmt, ap);
	va_end(ap);
}

void log_catch_up(uint64_t now_ms)
{
	pthread_mutex_lock(&lock);
	end_period(now_ms);
	pthread_mutex_unlock(&lock);
}

uint64_t log_wake_ms(void)
{
	uint64_t wake;

	pthread_mutex_lock(&lock);
	wake = left_out ? began_ms + PERIOD_MS : 0;
	pthread_mutex_unlock(&lock);
	return wake;
}
