// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "core/err.h"
#include "core/facts.h"
#include "core/ident.h"
#include "log.h"
#include "sys/conffile.h"
#include "sys/dm.h"
#include "sys/known.h"
#include "sys/nvme.h"

#define IDENTIFY_FILE	"identify.txt"
#define DM_FILE		"device-mapper.txt"
#define JOURNAL_LINES	"2000"

struct capture {
	int root;			/* of this machine */
	int to;
	struct mp_err *err;
};

/* ---- writing ---- */

static int can_not_write(const struct capture *c, const char *name)
{
	int r = errno ? -errno : -EIO;

	return mp_err_set(c->err, r, "can't write %s: %s", name, strerror(-r));
}

static int make_parents(const struct capture *c, const char *name)
{
	const char *slash = name;
	char dir[512];

	while ((slash = strchr(slash + 1, '/'))) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - name), name);
		if (mkdirat(c->to, dir, 0700) < 0 && errno != EEXIST)
			return can_not_write(c, name);
	}
	return 0;
}

/* NULL: err says why */
static FILE *create(const struct capture *c, const char *name)
{
	int fd = -1;
	FILE *f;

	if (make_parents(c, name) == 0)
		fd = openat(c->to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f && fd >= 0)
		close(fd);
	if (!f)
		can_not_write(c, name);
	return f;
}

static int finish(const struct capture *c, FILE *f, const char *name)
{
	bool bad = ferror(f);

	errno = 0;
	return fclose(f) || bad ? can_not_write(c, name) : 0;
}

static int put_file(const struct capture *c, const char *name, const void *data, size_t len)
{
	FILE *f = create(c, name);

	if (!f)
		return -EIO;
	fwrite(data, 1, len, f);
	return finish(c, f, name);
}

/* "holders" and "slaves" are directories with a name for each of their words. */
static int put_names(const struct capture *c, const char *dir, const char *words)
{
	char name[600];
	int r;

	snprintf(name, sizeof(name), "%s/", dir);
	r = make_parents(c, name);
	while (*words && !r) {
		size_t len = strcspn(words, " ");

		snprintf(name, sizeof(name), "%s/%.*s", dir, (int)len, words);
		r = put_file(c, name, "", 0);
		words += len + (words[len] == ' ');
	}
	return r;
}

static const char *last_part(const char *key)
{
	return strrchr(key, '/') ? strrchr(key, '/') + 1 : key;
}

/* As mp_known_read_all() finds it again; "device" is a link whose last part counts. */
static int put_fact(const struct capture *c, const struct mp_fact *f)
{
	if (!strncmp(f->key, "ioctl/", 6))
		return 0;
	if (!strcmp(last_part(f->key), "holders") || !strcmp(last_part(f->key), "slaves"))
		return put_names(c, f->key, f->data);
	if (strcmp(last_part(f->key), "device"))
		return put_file(c, f->key, f->data, f->len);
	if (make_parents(c, f->key))
		return -EIO;
	return symlinkat(f->data, c->to, f->key) ? can_not_write(c, f->key) : 0;
}

static int put_facts(const struct capture *c, const struct mp_facts *facts)
{
	int r = put_names(c, "sys/block", "");	/* a machine without NVMe has it, too */
	size_t i;

	for (i = 0; i < facts->nr_facts && !r; i++)
		r = put_fact(c, &facts->facts[i]);
	return r;
}

static int put_answers(const struct capture *c, const struct mp_facts *facts)
{
	FILE *f = create(c, IDENTIFY_FILE);
	size_t i, j;

	if (!f)
		return -EIO;
	for (i = 0; i < facts->nr_facts; i++) {
		const struct mp_fact *fact = &facts->facts[i];
		const unsigned char *bytes = fact->data;

		fprintf(f, "%s : ", fact->key);
		for (j = 0; j < fact->len; j++)
			fprintf(f, "%02x", bytes[j]);
		fputc('\n', f);
	}
	return finish(c, f, IDENTIFY_FILE);
}

/* ---- asking ---- */

/* One after the other: nobody else waits for it. */
static int ask_ctrl(const struct capture *c, const struct mp_facts *sysfs, const char *ctrl,
		    struct mp_facts *answers)
{
	struct mp_nvme_ns *ns = calloc(sysfs->nr_facts + 1, sizeof(*ns));
	char (*names)[64] = calloc(sysfs->nr_facts + 1, sizeof(*names));
	size_t pos = 0, nr = 0;
	char name[64] = "";
	int r = -ENOMEM;

	while (ns && names && mp_facts_next_name(sysfs, "sys/block", &pos, name)) {
		if (!mp_name_is_ns(name) ||
		    strcmp(mp_facts_text(sysfs, "sys/block/%s/device", name), ctrl))
			continue;
		strcpy(names[nr], name);
		ns[nr].name = names[nr];
		ns[nr].nsid = (uint32_t)strtoul(mp_facts_text(sysfs, "sys/block/%s/nsid", name),
						NULL, 10);
		nr++;
	}
	if (ns && names)
		r = mp_nvme_read(c->root, ctrl, ns, nr, answers);
	free(ns);
	free(names);
	return r < 0 ? mp_err_set(c->err, r, "no memory") : 0;
}

/* What native multipath has, and what is not live, can't be asked. */
static int ask(const struct capture *c, const struct mp_facts *sysfs, struct mp_facts *answers)
{
	char ctrl[64];
	size_t pos = 0;
	int r = 0;

	if (mp_facts_text(sysfs, "sys/module/nvme_core/parameters/multipath")[0] == 'Y')
		return 0;
	while (!r && mp_facts_next_name(sysfs, "sys/class/nvme", &pos, ctrl))
		if (!strcmp(mp_facts_text(sysfs, "sys/class/nvme/%s/state", ctrl), "live") &&
		    strcmp(mp_facts_text(sysfs, "sys/class/nvme/%s/cntrltype", ctrl), "discovery"))
			r = ask_ctrl(c, sysfs, ctrl, answers);
	return r;
}

static int put_machine(const struct capture *c)
{
	struct mp_facts sysfs, answers;
	int r;

	if (mp_facts_init(&sysfs))
		return mp_err_set(c->err, -ENOMEM, "no memory");
	if (mp_facts_init(&answers)) {
		mp_facts_done(&sysfs);
		return mp_err_set(c->err, -ENOMEM, "no memory");
	}
	r = mp_known_read_all(c->root, &sysfs, c->err);
	if (!r && mp_facts_sort(&sysfs))
		r = mp_err_set(c->err, -ENOMEM, "no memory");
	if (!r)
		r = ask(c, &sysfs, &answers);
	if (!r)
		r = put_facts(c, &sysfs);
	if (!r)
		r = put_answers(c, &answers);
	mp_facts_done(&answers);
	mp_facts_done(&sysfs);
	return r;
}

/* A machine whose device-mapper can't be read is worth a report, too. */
static int put_maps(const struct capture *c)
{
	struct mp_err why = { "" };
	struct mp_dm *dm = NULL;
	FILE *f = create(c, DM_FILE);

	if (!f)
		return -EIO;
	if (mp_dm_new(&dm, &why) || mp_dm_print(dm, f, &why))
		fprintf(f, "# %s\n", why.text);
	mp_dm_free(dm);
	return finish(c, f, DM_FILE);
}

/* ---- configuration, and what is said ---- */

/* Under the names that it has by default, wherever it is here */
static int copy_file(const struct capture *c, const char *from, const char *to)
{
	char buf[4096];
	FILE *in = fopen(from, "re"), *out;
	size_t n;

	if (!in)
		return errno == ENOENT ? 0 : mp_err_set(c->err, -errno, "can't read %s: %s", from,
							strerror(errno));
	out = create(c, to + 1);
	while (out && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	fclose(in);
	return out ? finish(c, out, to) : -EIO;
}

static int put_configuration(const struct capture *c, const char *conf_file)
{
	char pattern[512], to[600];
	glob_t found = { };
	size_t i;
	int r;

	r = copy_file(c, MP_VENDOR_FILE, MP_VENDOR_FILE);
	if (!r)
		r = copy_file(c, conf_file, MP_CONF_FILE);
	snprintf(pattern, sizeof(pattern), "%s.d/*.conf", conf_file);
	if (r || glob(pattern, 0, NULL, &found))
		return r;
	for (i = 0; i < found.gl_pathc && !r; i++) {
		snprintf(to, sizeof(to), MP_CONF_FILE ".d/%s", last_part(found.gl_pathv[i]));
		r = copy_file(c, found.gl_pathv[i], to);
	}
	globfree(&found);
	return r;
}

static int put_about(const struct capture *c)
{
	struct utsname u;
	char text[1000];

	uname(&u);
	snprintf(text, sizeof(text), "nvmempd %s\n%s %s %s %s\n", NVMEMP_VERSION, u.sysname, u.release,
		 u.version, u.machine);
	return put_file(c, "about.txt", text, strlen(text));
}

/* A machine without a journal has a file that says so. */
static int put_journal(const struct capture *c)
{
	FILE *f = create(c, "journal.txt");
	pid_t pid;

	if (!f)
		return -EIO;
	pid = fork();
	if (pid == 0) {
		dup2(fileno(f), STDOUT_FILENO);
		dup2(fileno(f), STDERR_FILENO);
		execlp("journalctl", "journalctl", "--no-pager", "-o", "short-precise", "-u", "nvmempd",
		       "-n", JOURNAL_LINES, NULL);
		fprintf(stderr, "there is no journalctl\n");
		_exit(1);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return finish(c, f, "journal.txt");
}

/* ---- the whole ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int put_all(const struct capture *c, const char *conf_file)
{
	int r = put_machine(c);

	if (!r)
		r = put_maps(c);
	if (!r)
		r = put_configuration(c, conf_file);
	if (!r)
		r = put_about(c);
	return r ? r : put_journal(c);
}

int capture(const char *dir, const char *conf_file)
{
	struct mp_err err = { "" };
	struct capture c = { .err = &err, .to = -1 };
	int r;

	if (mkdir(dir, 0700) < 0) {
		log_line(LOG_ERR, "can't make %s: %s", dir, strerror(errno));
		return -errno;
	}
	c.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	c.to = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c.root < 0 || c.to < 0)
		r = mp_err_set(&err, -errno, "can't open %s: %s", dir, strerror(errno));
	else
		r = put_all(&c, conf_file);
	if (c.root >= 0)
		close(c.root);
	if (c.to >= 0)
		close(c.to);
	if (!r)
		return 0;
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	log_line(LOG_ERR, "%s", err.text);
	return r;
}
