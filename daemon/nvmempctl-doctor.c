// SPDX-License-Identifier: GPL-2.0
/*
 * What on this machine keeps nvmemp from working, or makes it work less well, each
 * with its remedy. Files are read below a root directory; what the daemon knows
 * comes as a snapshot, or not at all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nvmempctl-doctor.h"

#define FILE_LIMIT	(16u << 20)

/* ---- findings ---- */

static char *format(struct findings *f, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) >= 0)
		return text;
	f->lacking = true;
	return NULL;
}

static struct finding *found(const struct machine *m, bool problem, const char *fmt, va_list ap)
{
	struct findings *f = m->f;
	struct finding *list = realloc(f->list, (f->nr + 1) * sizeof(*list));

	if (!list) {
		f->lacking = true;
		return NULL;
	}
	f->list = list;
	list[f->nr] = (struct finding){ problem, m->check, format(f, fmt, ap), NULL };
	return &list[f->nr++];
}

void problem(const struct machine *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	found(m, true, fmt, ap);
	va_end(ap);
}

void warning(const struct machine *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	found(m, false, fmt, ap);
	va_end(ap);
}

void remedy(const struct machine *m, const char *fmt, ...)
{
	va_list ap;

	if (m->f->lacking)
		return;
	va_start(ap, fmt);
	m->f->list[m->f->nr - 1].remedy = format(m->f, fmt, ap);
	va_end(ap);
}

void findings_free(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->nr; i++) {
		free(f->list[i].text);
		free(f->list[i].remedy);
	}
	free(f->list);
}

/* ---- files below the root ---- */

void cleanup_free(void *p)
{
	free(*(void **)p);
}

void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

bool exists(const struct machine *m, const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return !faccessat(m->root, path, F_OK, AT_SYMLINK_NOFOLLOW) || errno == EACCES;
}

char *slurp(const struct machine *m, const char *path, size_t *ret_len)
{
	int fd = openat(m->root, path, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	size_t len = 0, size = 0;
	ssize_t n = -1;
	char *whole;

	if (fd < 0)
		return NULL;
	do {
		if (size - len < 4096) {
			char *more = size < FILE_LIMIT ? realloc(text, size = size ? 2 * size : 8192) : NULL;

			if (!more) {
				n = -1;
				break;
			}
			text = more;
		}
		n = read(fd, text + len, size - len - 1);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0);
	close(fd);
	if (n < 0)
		return NULL;
	text[len] = '\0';
	if (ret_len)
		*ret_len = len;
	whole = text;
	text = NULL;
	return whole;
}

const char *word(const struct machine *m, char buf[PATH_SIZE], const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	char path[PATH_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	text = slurp(m, path, NULL);
	snprintf(buf, PATH_SIZE, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	return buf;
}

DIR *open_dir(const struct machine *m, const char *path)
{
	int fd = openat(m->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

const char *next_name(DIR *dir)
{
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			return e->d_name;
	return NULL;
}

bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && !strcmp(text + n - k, end);
}

/* ---- the daemon ---- */

static void check_daemon(const struct machine *m)
{
	if (m->s || !m->trouble)
		return;
	problem(m, "%s", m->trouble);
	remedy(m, "systemctl enable --now nvmempd; if it ends, journalctl -u nvmempd says why");
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	void (*fn)(const struct machine *m);
} checks[] = {
	{ "daemon", check_daemon },
	{ "module", check_module },
	{ "native multipath", check_native },
	{ "tracing", check_tracing },
	{ "configuration", check_config },
	{ "multipathd", check_multipathd },
	{ "LVM", check_lvm },
	{ "md", check_md },
	{ "kpartx", check_kpartx },
	{ "initramfs", check_initramfs },
	{ "udev rules", check_rules },
	{ "paths", check_maps },
};

int examine(int root_fd, const struct nvmemp_snapshot *s, const char *trouble, struct findings *ret)
{
	struct machine m = { root_fd, s, trouble, NULL, ret };
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		m.check = checks[i].name;
		checks[i].fn(&m);
	}
	return ret->lacking ? -ENOMEM : 0;
}

#define INDENT	9

/* Behind head, in lines of 79 */
static void wrapped(FILE *to, const char *head, const char *text)
{
	const int indent = INDENT + (head ? 0 : 3);
	char safe[2000], *rest = safe, *w;
	int column = indent;

	escape(text, safe, sizeof(safe));
	fprintf(to, "%-*s%s", INDENT, head ? head : "", head ? "" : "-> ");
	while ((w = strsep(&rest, " "))) {
		int len = (int)strlen(w);

		if (column > indent && column + 1 + len > 79) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		}
		fprintf(to, "%s%s", column > indent ? " " : "", w);
		column += len + (column > indent);
	}
	fputc('\n', to);
}

void print_findings(FILE *to, const struct findings *f)
{
	size_t i, nr_problems = 0;
	char text[2000];

	for (i = 0; i < f->nr; i++) {
		const struct finding *one = &f->list[i];

		nr_problems += one->problem;
		snprintf(text, sizeof(text), "%s: %s", one->check, one->text);
		wrapped(to, one->problem ? "problem" : "warning", text);
		wrapped(to, NULL, one->remedy);
	}
	if (!f->nr)
		fprintf(to, "Nothing found.\n");
	else
		fprintf(to, "\n%zu problem%s, %zu warning%s\n", nr_problems, nr_problems == 1 ? "" : "s",
			f->nr - nr_problems, f->nr - nr_problems == 1 ? "" : "s");
}

int verb_doctor(const struct call *c)
{
	const struct nvmemp_snapshot *s = NULL;
	int r, fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct findings f = { };
	struct call own = *c;
	size_t i;

	if (fd < 0) {
		fprintf(stderr, "nvmempctl: can't open /: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	if (!nvmemp_connect(&own.conn))
		nvmemp_snapshot_read(own.conn, &s);
	r = examine(fd, s, nvmemp_error(own.conn), &f);
	if (!r && c->options[OPTION_JSON])
		r = print_findings_json(&f);
	else if (!r)
		print_findings(stdout, &f);
	r = printed(r, "what was found");
	for (i = 0; i < f.nr; i++)
		if (f.list[i].problem)
			r = EXIT_FAILURE;
	findings_free(&f);
	nvmemp_snapshot_free(s);
	nvmemp_close(own.conn);
	close(fd);
	return r;
}
