// SPDX-License-Identifier: GPL-2.0
/* NVMe commands through the controller's character device -> facts */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libnvme.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/err.h"
#include "core/facts.h"
#include "sys/nvme.h"

/*
 * The kernel resets a PCIe controller whose admin command times out
 * (nvme_timeout), so an impatient limit would break the path that is asked
 * about. Half of the driver's default admin_timeout (60 s).
 */
#define ADMIN_TIMEOUT_MS	30000

/* NVMe base specification 2.0, figure 275: bytes of Identify Controller */
#define ID_CTRL_CMIC		76
#define ID_CTRL_NANAGRPID	348
#define CMIC_ANA		0x08

/* Section 5.16.1.13: header of the ANA log; its descriptors without NSIDs */
#define ANA_HEADER_LEN		16
#define ANA_GROUP_LEN		32
#define ANA_GROUPS_MAX		4096	/* a log of 128 KiB; more is not believed */
#define ANA_CHUNK_LEN		4096	/* every controller can transfer so much (MPSMIN) */
#define ANA_TRIES		4

/* Identify Namespace: up to the 64th LBA format; what follows says nothing that we ask */
#define ID_NS_LEN		384

#define FLBAS_EXTENDED		0x10
#define METADATA_MAX		65536	/* MS has 16 bits */

#define NS_LIST_ENTRIES		1024	/* NSIDs in one Identify CNS 02h */
#define NS_LISTS_MAX		64

struct admin {
	int fd;
	const char *ctrl;
	struct mp_facts *facts;
};

static void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void cleanup_free(void *p)
{
	free(*(void **)p);
}

static int add_fact(struct mp_facts *facts, const char *device, const char *what,
		    const void *data, size_t len)
{
	char key[128];

	snprintf(key, sizeof(key), "ioctl/%s/%s", device, what);
	return mp_facts_add(facts, key, data, len);
}

/* r as libnvme returns it: an NVMe status, or -1 and errno */
static int add_error(struct mp_facts *facts, const char *device, const char *command, int r)
{
	char text[160];

	if (r > 0)
		snprintf(text, sizeof(text), "%s: NVMe status 0x%x", command, r & 0x7ff);
	else
		snprintf(text, sizeof(text), "%s: %s", command, strerror(errno));
	return add_fact(facts, device, "error", text, strlen(text));
}

static int identify(const struct admin *a, enum nvme_identify_cns cns, uint32_t nsid, void *data)
{
	struct nvme_identify_args args = {
		.args_size = sizeof(args),
		.fd = a->fd,
		.timeout = ADMIN_TIMEOUT_MS,
		.cns = cns,
		.nsid = nsid,
		.data = data,
		.uuidx = NVME_UUID_NONE,
	};

	memset(data, 0, NVME_IDENTIFY_DATA_SIZE);
	return nvme_identify(&args);
}

static int get_ana_log(const struct admin *a, uint32_t offset, uint32_t len, bool rae, void *data)
{
	struct nvme_get_log_args args = {
		.args_size = sizeof(args),
		.fd = a->fd,
		.timeout = ADMIN_TIMEOUT_MS,
		.lid = NVME_LOG_LID_ANA,
		.lsp = NVME_LOG_ANA_LSP_RGO_GROUPS_ONLY,
		.lpo = offset,
		.len = len,
		.log = data,
		.rae = rae,
		.csi = NVME_CSI_NVM,
		.uuidx = NVME_UUID_NONE,
	};

	return nvme_get_log(&args);
}

/*
 * A log of several chunks may change between two of them: the change count in
 * its header tells, so it is read last, with RAE=0, which also lets the
 * controller announce the next change (section 5.2, "masked" until the page is
 * read with RAE cleared). -EAGAIN: it changed while it was read.
 */
static int read_ana_once(const struct admin *a, uint8_t *log, uint32_t len)
{
	uint8_t header[ANA_HEADER_LEN];
	uint32_t offset, n;
	int r;

	for (offset = 0; offset < len; offset += n) {
		n = len - offset < ANA_CHUNK_LEN ? len - offset : ANA_CHUNK_LEN;
		r = get_ana_log(a, offset, n, len > ANA_CHUNK_LEN, log + offset);
		if (r)
			return r;
	}
	if (len <= ANA_CHUNK_LEN)
		return 0;
	r = get_ana_log(a, 0, sizeof(header), false, header);
	if (r == 0 && memcmp(header, log, sizeof(uint64_t)) != 0) {
		errno = EAGAIN;
		return -1;
	}
	return r;
}

static int add_ana_log(const struct admin *a, const uint8_t *id)
{
	__attribute__((cleanup(cleanup_free))) uint8_t *log = NULL;
	uint32_t groups, len;
	int r, i;

	memcpy(&groups, id + ID_CTRL_NANAGRPID, sizeof(groups));
	groups = le32toh(groups);
	if (groups > ANA_GROUPS_MAX)
		groups = ANA_GROUPS_MAX;
	len = ANA_HEADER_LEN + groups * ANA_GROUP_LEN;
	log = calloc(1, len);
	if (!log)
		return -ENOMEM;
	for (i = 0; i < ANA_TRIES; i++) {
		r = read_ana_once(a, log, len);
		if (r != -1 || errno != EAGAIN)
			break;
	}
	if (r)
		return add_error(a->facts, a->ctrl, "Get Log Page (ANA)", r);
	return add_fact(a->facts, a->ctrl, "ana-log", log, len);
}

static int add_active_list(const struct admin *a)
{
	__attribute__((cleanup(cleanup_free))) uint32_t *all = NULL;
	uint32_t last = 0;
	size_t n = 0;
	int r, i;

	for (i = 0; i < NS_LISTS_MAX; i++) {
		uint32_t *p = realloc(all, (n + NS_LIST_ENTRIES) * sizeof(*all));

		if (!p)
			return -ENOMEM;
		all = p;
		r = identify(a, NVME_IDENTIFY_CNS_NS_ACTIVE_LIST, last, all + n);
		if (r)
			return add_error(a->facts, a->ctrl, "Identify (active namespaces)", r);
		n += NS_LIST_ENTRIES;
		last = le32toh(all[n - 1]);
		if (last == 0)
			break;
	}
	return add_fact(a->facts, a->ctrl, "active-ns", all, n * sizeof(*all));
}

/* Positive: the command failed, which is a fact now. */
static int add_id_ctrl(const struct admin *a, uint8_t id[NVME_IDENTIFY_DATA_SIZE])
{
	int r;

	r = identify(a, NVME_IDENTIFY_CNS_CTRL, 0, id);
	if (!r)
		return add_fact(a->facts, a->ctrl, "id-ctrl", id, NVME_IDENTIFY_DATA_SIZE);
	r = add_error(a->facts, a->ctrl, "Identify Controller", r);
	return r ? r : 1;
}

static int add_ctrl(const struct admin *a)
{
	uint8_t id[NVME_IDENTIFY_DATA_SIZE];
	int r;

	r = add_id_ctrl(a, id);
	if (r)
		return r < 0 ? r : 0;
	r = add_active_list(a);
	if (r == 0 && (id[ID_CTRL_CMIC] & CMIC_ANA))
		r = add_ana_log(a, id);
	return r;
}

/* Of 4,096 bytes, the list itself, and the empty descriptor that ends it (section 5.17.2.3) */
static size_t descs_len(const uint8_t *data)
{
	size_t len = 0;

	while (len + 4 <= NVME_IDENTIFY_DATA_SIZE && data[len + 1])
		len += 4 + data[len + 1];
	len += 4;
	return len < NVME_IDENTIFY_DATA_SIZE ? len : NVME_IDENTIFY_DATA_SIZE;
}

/*
 * Controllers before version 1.3 may refuse the descriptor list (Invalid Field
 * in Command): such a namespace has no descriptors.
 */
static int add_ns(const struct admin *a, const struct mp_nvme_ns *ns)
{
	uint8_t data[NVME_IDENTIFY_DATA_SIZE];
	int r;

	r = identify(a, NVME_IDENTIFY_CNS_NS, ns->nsid, data);
	if (r)
		return add_error(a->facts, ns->name, "Identify Namespace", r);
	r = add_fact(a->facts, ns->name, "id-ns", data, ID_NS_LEN);
	if (r)
		return r;
	r = identify(a, NVME_IDENTIFY_CNS_NS_DESC_LIST, ns->nsid, data);
	if (r > 0 && (r & 0x7ff) == NVME_SC_INVALID_FIELD)
		memset(data, 0, sizeof(data));
	else if (r)
		return add_error(a->facts, ns->name, "Identify (namespace descriptors)", r);
	return add_fact(a->facts, ns->name, "ns-descs", data, descs_len(data));
}

/*
 * An open that claims the device for a moment: others who want to at just that
 * time are refused. So this is asked only where we were refused ourselves.
 */
static int add_use(const struct admin *a, int root_fd, const struct mp_nvme_ns *ns)
{
	__attribute__((cleanup(cleanup_close))) int fd = -1;
	char node[64];

	snprintf(node, sizeof(node), "dev/%s", ns->name);
	fd = openat(root_fd, node, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 || errno != EBUSY)
		return 0;
	return add_fact(a->facts, ns->name, "exclusive", "", 0);
}

static int add_unreachable(const struct admin *a, const struct mp_nvme_ns *ns, size_t nr_ns)
{
	int saved = errno;
	size_t i;
	int r;

	if (saved == EAGAIN)
		return 1;
	r = add_error(a->facts, a->ctrl, "open", -1);
	for (i = 0; r == 0 && i < nr_ns; i++) {
		errno = saved;
		r = add_error(a->facts, ns[i].name, "open of its controller", -1);
	}
	return r;
}

/* nvme_dev_open() says EAGAIN where the controller is not live. */
static int open_ctrl(int root_fd, const char *ctrl)
{
	char node[64];

	snprintf(node, sizeof(node), "dev/%s", ctrl);
	return openat(root_fd, node, O_RDONLY | O_CLOEXEC);
}

int mp_nvme_read(int root_fd, const char *ctrl, const struct mp_nvme_ns *ns, size_t nr_ns,
		 struct mp_facts *facts)
{
	__attribute__((cleanup(cleanup_close))) int fd = open_ctrl(root_fd, ctrl);
	struct admin a = { .fd = fd, .ctrl = ctrl, .facts = facts };
	size_t i;
	int r;

	if (fd < 0)
		return add_unreachable(&a, ns, nr_ns);
	r = add_ctrl(&a);
	for (i = 0; r == 0 && i < nr_ns; i++) {
		r = add_ns(&a, &ns[i]);
		if (r == 0 && ns[i].check_use)
			r = add_use(&a, root_fd, &ns[i]);
	}
	return r;
}

int mp_nvme_identify(int root_fd, const char *ctrl, const struct mp_nvme_ns *ns,
		     struct mp_facts *facts)
{
	__attribute__((cleanup(cleanup_close))) int fd = open_ctrl(root_fd, ctrl);
	struct admin a = { .fd = fd, .ctrl = ctrl, .facts = facts };
	uint8_t id[NVME_IDENTIFY_DATA_SIZE];
	int r;

	if (fd < 0)
		return add_unreachable(&a, ns, 1);
	r = add_id_ctrl(&a, id);
	return r < 0 ? r : add_ns(&a, ns);
}

static int command_failed(const struct mp_nvme_block *block, const char *command, int r,
			  struct mp_err *err)
{
	if (r > 0)
		return mp_err_set(err, -EIO, "%s: %s: NVMe status 0x%x", block->name, command,
				  r & 0x7ff);
	return mp_err_set(err, -errno, "%s: %s: %s", block->name, command, strerror(errno));
}

static int open_block(int root_fd, const struct mp_nvme_block *block, struct mp_err *err)
{
	struct stat st;
	char node[64];
	uint32_t nsid;
	int fd;

	snprintf(node, sizeof(node), "dev/%s", block->name);
	fd = openat(root_fd, node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return mp_err_set(err, -errno, "%s: open: %s", block->name, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) ||
	    st.st_rdev != makedev(block->major, block->minor) ||
	    nvme_get_nsid(fd, &nsid) != 0 || nsid != block->nsid) {
		close(fd);
		return mp_err_set(err, -ENODEV, "%s is another namespace now", block->name);
	}
	return fd;
}

/*
 * Metadata travels behind the data of each block or in a buffer of its own
 * (FLBAS bit 4); without PRCHK bits nobody checks it.
 */
static int read_block(int fd, const struct mp_nvme_block *block, const struct nvme_id_ns *id,
		      void *buf)
{
	uint16_t metadata = le16toh(id->lbaf[id->flbas & 0xf].ms);
	bool extended = id->flbas & FLBAS_EXTENDED;
	struct nvme_io_args args = {
		.args_size = sizeof(args),
		.fd = fd,
		.nsid = block->nsid,
		.timeout = ADMIN_TIMEOUT_MS,
		.data = buf,
		.data_len = block->size + (extended ? metadata : 0),
	};

	if (metadata && !extended) {
		args.metadata = (char *)buf + block->size;
		args.metadata_len = metadata;
	}
	return nvme_read(&args);
}

int mp_nvme_probe(int root_fd, const struct mp_nvme_block *block, struct mp_err *err)
{
	__attribute__((cleanup(cleanup_close))) int fd = -1;
	__attribute__((cleanup(cleanup_free))) void *buf = NULL;
	struct nvme_id_ns id;
	struct admin a = { .fd = -1 };
	int r;

	fd = open_block(root_fd, block, err);
	if (fd < 0)
		return fd;
	a.fd = fd;
	r = identify(&a, NVME_IDENTIFY_CNS_NS, block->nsid, &id);
	if (r)
		return command_failed(block, "Identify Namespace", r, err);
	if (posix_memalign(&buf, 4096, block->size + METADATA_MAX) != 0)
		return mp_err_set(err, -ENOMEM, "%s: no memory", block->name);
	r = read_block(fd, block, &id, buf);
	return r ? command_failed(block, "Read", r, err) : 0;
}
