// SPDX-License-Identifier: GPL-2.0
/* The log: journal or stderr. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "log.h"

#define TEXT_MAX	1024
#define FIELDS_MAX	7

static bool to_journal;

/* systemd.exec(5): JOURNAL_STREAM is the device and inode of the stream that leads to the journal */
void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	to_journal = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
		     fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

/* \xNN for control characters; everything else, UTF-8 too, stays */
static void escape(const char *from, char *to, size_t size)
{
	size_t n = 0;

	for (; *from && n + 5 < size; from++) {
		unsigned char c = *from;

		if (c < 0x20 || c == 0x7f)
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

void log_event(int priority, const struct log_about *about, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(priority, about, fmt, ap);
	va_end(ap);
}
