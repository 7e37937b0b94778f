// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU's TCG: counts executed instructions by the address of their
 * translation block, from the first to the second execution of load's mark, and
 * so on. Writes for each such stretch a line "stretch", then lines "ADDRESS
 * INSTRUCTIONS", to the file that the argument out=FILE names.
 *
 * Declared here is the little of QEMU's plugin interface (docs/devel/tcg-plugins,
 * version 3 and later) that it needs: Debian packages no header for it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*vcpu_cb)(unsigned int cpu, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t size);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, vcpu_cb cb, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_cb cb, int flags, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 4;

static const unsigned char mark[] = { 0x0f, 0x1f, 0x80, 0x65, 0x6d, 0x76, 0x6e };

struct block {
	struct block *next;
	uint64_t address, executed;
	unsigned int size;
};

static struct block *blocks;
static bool counting;
static FILE *out;

static void executed(unsigned int cpu, void *data)
{
	((struct block *)data)->executed++;
}

static void marked(unsigned int cpu, void *data)
{
	struct block *b;

	counting = !counting;
	if (!counting)
		fputs("stretch\n", out);
	for (b = blocks; b; b = b->next) {
		if (!counting && b->executed)
			fprintf(out, "%016" PRIx64 " %" PRIu64 "\n", b->address, b->executed * b->size);
		b->executed = 0;
	}
	fflush(out);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = calloc(1, sizeof(*b));
	unsigned char bytes[sizeof(mark)];
	size_t i;

	b->address = qemu_plugin_tb_vaddr(tb);
	b->size = qemu_plugin_tb_n_insns(tb);
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, b);
	for (i = 0; i < b->size; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) == sizeof(bytes) &&
		    !memcmp(bytes, mark, sizeof(mark)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0, NULL);
	}
}

__attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return 1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
