// SPDX-License-Identifier: GPL-2.0
/*
 * The configuration files.
 *
 *   line    = blank | comment | section | setting
 *   comment = ("#" | ";") any text; a line of its own, so that a value may hold both
 *   section = "[" name "]", name being at least one character
 *   setting = key "=" value; blanks around both are dropped
 *
 * Not libinih: it cuts section names at 49 bytes without a word (MAX_SECTION),
 * and the section of a subsystem carries an NQN of up to 223. It also takes an
 * indented line as the continuation of the value above.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/err.h"
#include "sys/conffile.h"

#define FILE_MAX_LEN	(1u << 20)
#define BLANKS		" \t\r"

struct parser {
	struct mp_conf *conf;
	struct mp_err *err;
	bool salvage;			/* what can't be read or understood is left out */
	const char *file;
	unsigned int line;
	char *section;			/* "" before the first one; with its brackets if it is none */
};

static void cleanup_free(void *p)
{
	free(*(void **)p);
}

static void cleanup_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static char *strip(char *s)
{
	char *end;

	s += strspn(s, BLANKS);
	end = s + strlen(s);
	while (end > s && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	return s;
}

static int parse_section(struct parser *p, char *s)
{
	size_t n = strlen(s);

	p->section = s;
	if (s[n - 1] != ']')
		return mp_err_set(p->err, -EINVAL, "%s:%u: a section ends with ]", p->file, p->line);
	s[n - 1] = '\0';
	s = strip(s + 1);
	if (*s == '\0')
		return mp_err_set(p->err, -EINVAL, "%s:%u: a section needs a name", p->file, p->line);
	p->section = s;
	return 0;
}

/* What was refused with r: passed on, or left out */
static int refuse(struct parser *p, const char *key, int r)
{
	if (!p->salvage || r == -ENOMEM)
		return r;
	mp_conf_leave_out(p->conf, p->section, key, p->file, p->line, p->err);
	return 0;
}

static int parse_setting(struct parser *p, char *s)
{
	char *eq = strchr(s, '=');
	int r;

	if (!eq)
		return refuse(p, s, mp_err_set(p->err, -EINVAL, "%s:%u: neither [section] nor key = value",
					       p->file, p->line));
	*eq = '\0';
	s = strip(s);
	r = mp_conf_add(p->conf, p->section, s, strip(eq + 1), p->file, p->line, p->err);
	return r ? refuse(p, s, r) : 0;
}

static int parse_line(struct parser *p, char *line)
{
	char *s = strip(line);
	int r;

	if (*s == '\0' || *s == '#' || *s == ';')
		return 0;
	if (*s != '[')
		return parse_setting(p, s);
	r = parse_section(p, s);
	return r ? refuse(p, s, r) : 0;
}

static int parse_text(struct parser *p, const char *text)
{
	__attribute__((cleanup(cleanup_free))) char *copy = strdup(text);
	char *rest = copy, *line;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	p->line = 0;
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		p->line++;
		r = parse_line(p, line);
	}
	p->section = "";
	return r;
}

int mp_conffile_parse(const char *text, const char *file, struct mp_conf *conf,
		      struct mp_err *err)
{
	struct parser p = { .conf = conf, .err = err, .file = file, .section = "" };

	return parse_text(&p, text);
}

/* Positive: there is no such file. */
static int read_text(const char *path, char **ret, struct mp_err *err)
{
	__attribute__((cleanup(cleanup_file))) FILE *f = fopen(path, "re");
	__attribute__((cleanup(cleanup_free))) char *buf = NULL;
	struct stat st;
	size_t n;

	if (!f && errno == ENOENT)
		return 1;
	if (!f || fstat(fileno(f), &st) < 0)
		return mp_err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return mp_err_set(err, -EINVAL, "%s: not a regular file", path);
	buf = malloc(FILE_MAX_LEN + 1);
	if (!buf)
		return mp_err_set(err, -ENOMEM, "%s: no memory", path);
	n = fread(buf, 1, FILE_MAX_LEN + 1, f);
	if (ferror(f))
		return mp_err_set(err, -EIO, "%s: %s", path, strerror(errno));
	if (n > FILE_MAX_LEN)
		return mp_err_set(err, -EFBIG, "%s: larger than 1 MiB", path);
	if (memchr(buf, '\0', n))
		return mp_err_set(err, -EINVAL, "%s: not text", path);
	buf[n] = '\0';
	*ret = buf;
	buf = NULL;
	return 0;
}

static int read_file(struct parser *p, const char *path)
{
	__attribute__((cleanup(cleanup_free))) char *text = NULL;
	int r;

	p->file = path;
	r = read_text(path, &text, p->err);
	if (r < 0)
		r = refuse(p, NULL, r);
	else
		r = r ? 0 : parse_text(p, text);
	p->file = "";
	return r;
}

static int is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".conf") == 0;
}

/* By byte, whatever the locale says. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_dir(struct parser *p, const char *dir)
{
	struct dirent **names = NULL;
	char path[4096];
	int n, i, r = 0;

	n = scandir(dir, &names, is_conf, by_name);
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return refuse(p, NULL, mp_err_set(p->err, -errno, "%s: %s", dir, strerror(errno)));
	for (i = 0; i < n; i++) {
		if (r == 0 && snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name) >=
		    (int)sizeof(path))
			r = mp_err_set(p->err, -ENAMETOOLONG, "%s: the name is too long", dir);
		if (r == 0)
			r = read_file(p, path);
		free(names[i]);
	}
	free(names);
	return r;
}

static int read_all(struct parser *p, const char *vendor, const char *file)
{
	char dir[4096];
	int r = 0;

	p->conf->vendor = true;
	if (vendor)
		r = read_file(p, vendor);
	p->conf->vendor = false;
	if (r == 0)
		r = read_file(p, file);
	if (r)
		return r;
	if (snprintf(dir, sizeof(dir), "%s.d", file) >= (int)sizeof(dir))
		return mp_err_set(p->err, -ENAMETOOLONG, "%s: the name is too long", file);
	return read_dir(p, dir);
}

int mp_conffile_read(const char *vendor, const char *file, struct mp_conf *conf, struct mp_err *err)
{
	struct parser p = { .conf = conf, .err = err, .section = "" };

	return read_all(&p, vendor, file);
}

int mp_conffile_salvage(const char *vendor, const char *file, struct mp_conf *conf, struct mp_err *err)
{
	struct parser p = { .conf = conf, .err = err, .salvage = true, .section = "" };

	return read_all(&p, vendor, file);
}
