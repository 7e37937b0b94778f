/* SPDX-License-Identifier: GPL-2.0 */
/* nvmempctl doctor: what its checks are written with, and the checks. */
#ifndef NVMEMPCTL_DOCTOR_H
#define NVMEMPCTL_DOCTOR_H

#include <dirent.h>

#include "nvmempctl.h"

#define PATH_SIZE	512

struct machine {
	int root;
	const struct nvmemp_snapshot *s;	/* NULL: there is no daemon */
	const char *trouble;			/* why; NULL: nobody asked */
	const char *check;
	struct findings *f;
};

/* ---- findings ---- */

void problem(const struct machine *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void warning(const struct machine *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Of the last finding */
void remedy(const struct machine *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- files below the root ---- */

bool exists(const struct machine *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The whole file, a 0 behind it; NULL: not to be had */
char *slurp(const struct machine *m, const char *path, size_t *ret_len);
/* A file's first line; "": not to be had */
const char *word(const struct machine *m, char buf[PATH_SIZE], const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* NULL: there is none */
DIR *open_dir(const struct machine *m, const char *path);
const char *next_name(DIR *dir);
bool ends_with(const char *text, const char *end);

void cleanup_free(void *p);
void cleanup_dir(DIR **dir);

#define AUTO_FREE	__attribute__((cleanup(cleanup_free)))
#define AUTO_DIR	__attribute__((cleanup(cleanup_dir)))

/* ---- the checks ---- */

void check_module(const struct machine *m);
void check_native(const struct machine *m);
void check_tracing(const struct machine *m);
void check_config(const struct machine *m);
void check_multipathd(const struct machine *m);
void check_lvm(const struct machine *m);
void check_md(const struct machine *m);
void check_kpartx(const struct machine *m);
void check_initramfs(const struct machine *m);
void check_rules(const struct machine *m);
void check_maps(const struct machine *m);

#endif
