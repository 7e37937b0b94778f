/* SPDX-License-Identifier: GPL-2.0 */
/* What nvmempctl prints. Each returns 0, or a negative errno where memory is lacking. */
#ifndef NVMEMPCTL_H
#define NVMEMPCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "nvmemp.h"

int print_status(const struct nvmemp_snapshot *snapshot);
int print_json(const struct nvmemp_snapshot *snapshot);
int print_plan(const struct nvmemp_plan *plan);
int print_config(const struct nvmemp_config *config);
int print_config_json(const struct nvmemp_config *config);
int print_plan_json(const struct nvmemp_plan *plan);

/* Prints events until the daemon or the reader of stdout goes. */
int monitor(struct nvmemp *conn, bool json);

/*
 * Names come from storage targets, which nobody need trust: control characters
 * and bytes outside ASCII as \xNN, so that none reaches the terminal.
 */
const char *escape(const char *text, char *buf, size_t size);

#endif
