// SPDX-License-Identifier: GPL-2.0
/*
 * Loses answers of a disk, as FAIL_IO_TIMEOUT does in kernels that have it: a probe
 * on blk_mq_complete_request_remote(), to which a driver hands a request that is
 * done, sends the next COUNT requests of kind OP away with "somebody else completes
 * it". Nobody does, so their timeout runs out.
 *
 *   insmod lose.ko disk=nvme0n1
 *   echo 2 >/sys/module/lose/parameters/op	(REQ_OP_FLUSH)
 *   echo 1 >/sys/module/lose/parameters/count
 */
#include <linux/blk-mq.h>
#include <linux/kprobes.h>
#include <linux/module.h>

static char *disk = "";
module_param(disk, charp, 0444);
static unsigned int op;
module_param(op, uint, 0644);
/* racy; tests lose one at a time */
static unsigned int count;
module_param(count, uint, 0644);

static noinline notrace bool somebody_else(struct request *rq)
{
	return true;
}

static int on_complete(struct kprobe *p, struct pt_regs *regs)
{
	struct request *rq = (struct request *)regs->di;

	if (!count || req_op(rq) != op || !rq->q->disk || strcmp(rq->q->disk->disk_name, disk))
		return 0;
	count--;
	regs->ip = (unsigned long)somebody_else;
	return 1;
}

static struct kprobe probe = {
	.symbol_name = "blk_mq_complete_request_remote",
	.pre_handler = on_complete,
};

static int __init lose_init(void)
{
	return register_kprobe(&probe);
}

static void __exit lose_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(lose_init);
module_exit(lose_exit);
MODULE_DESCRIPTION("Loses answers of a disk, for tests");
MODULE_LICENSE("GPL");
