/* SPDX-License-Identifier: GPL-2.0 */
/* What the fuzzers share. Each defines libFuzzer's entry point; run.sh builds and runs them. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A law that does not hold is a crash, so that libFuzzer keeps the input. */
#define must(claim) do { if (!(claim)) { fprintf(stderr, "ERROR: not so: %s\n", #claim); abort(); } } while (0)

/* A NUL-terminated copy of exactly that size: the sanitizer sees each byte read behind it */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
