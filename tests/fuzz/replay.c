// SPDX-License-Identifier: GPL-2.0
/*
 * In libFuzzer's place, for the unit tests: feeds each file that is named, and what is
 * left of it where it is cut off anywhere in its first kilobyte.
 */
#include "fuzz.h"

int main(int argc, char **argv)
{
	static uint8_t data[1 << 20];
	int i;

	for (i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");
		size_t size, cut;

		must(f);
		size = fread(data, 1, sizeof(data), f);
		fclose(f);
		LLVMFuzzerTestOneInput(data, size);
		for (cut = 0; cut < size && cut < 1024; cut++)
			LLVMFuzzerTestOneInput(data, cut);
	}
	return 0;
}
