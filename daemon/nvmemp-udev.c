// SPDX-License-Identifier: GPL-2.0
/*
 * Answers the udev rules. "member NAME": may this namespace's block device be a
 * path of a map? The daemon asks the same function of the core, so that the two
 * can't disagree. "map DM-UUID": the parts of a map's identity, for its links.
 *
 * It talks to nobody but the kernel; what a command told is kept in the udev
 * database as NVMEMP_SHARED, so that a later event sends none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/desire.h"
#include "core/dump.h"
#include "core/err.h"
#include "core/facts.h"
#include "core/ident.h"
#include "core/topo.h"
#include "core/words.h"
#include "nvmemp_uapi.h"
#include "sys/conffile.h"
#include "sys/nvme.h"
#include "sys/sysfs.h"

static void print(const char *key, const char *value)
{
	char safe[300];

	mp_dump_escape(value, safe, sizeof(safe));
	printf("%s=\"%s\"\n", key, safe);
}

static int add_file(struct mp_facts *facts, int root_fd, const char *name)
{
	char buf[4096];
	ssize_t n;
	char *text = NULL;
	size_t len = 0;
	int fd, r = 0;

	fd = openat(root_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (!r && (n = read(fd, buf, sizeof(buf))) > 0) {
		char *more = realloc(text, len + (size_t)n);

		if (!more) {
			r = -ENOMEM;
			break;
		}
		text = more;
		memcpy(text + len, buf, (size_t)n);
		len += (size_t)n;
	}
	close(fd);
	while (len && text[len - 1] == '\n')
		len--;
	if (!r)
		r = mp_facts_add(facts, name, text, len);
	free(text);
	return r;
}

/*
 * The controller's node opens only while it is live (nvme_dev_open), so a dead one
 * can't hang udev. A short time limit would do harm: see ADMIN_TIMEOUT_MS.
 */
static int identify(struct mp_facts *facts, int root_fd, const char *name)
{
	const char *ctrl = mp_facts_text(facts, "sys/block/%s/device", name);
	struct mp_nvme_ns ns = { .name = name };
	uint64_t nsid;
	int r;

	if (mp_number_parse(mp_facts_text(facts, "sys/block/%s/nsid", name), MP_NSID_ALL - 1, &nsid))
		return 0;
	ns.nsid = (uint32_t)nsid;
	r = mp_nvme_identify(root_fd, ctrl, &ns, facts);
	return r < 0 ? r : mp_facts_sort(facts);
}

static int gather(struct mp_facts *facts, const char *name, struct mp_err *err)
{
	static const char *const files[] = {
		"sys/module/nvme_core/parameters/multipath", "proc/self/mountinfo", "proc/swaps",
	};
	int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	size_t i;

	if (root_fd < 0)
		return -errno;
	r = mp_sysfs_read_device(root_fd, name, facts, err);
	for (i = 0; !r && i < sizeof(files) / sizeof(files[0]); i++)
		r = add_file(facts, root_fd, files[i]);
	if (!r)
		r = mp_facts_sort(facts);
	if (!r && !getenv("NVMEMP_SHARED"))
		r = identify(facts, root_fd, name);
	close(root_fd);
	return r;
}

/* What a command told on an earlier event */
static void remember(struct mp_topo *topo, struct mp_ns *ns)
{
	const char *shared = getenv("NVMEMP_SHARED");
	struct mp_ctrl *c = &topo->ctrls[ns->ctrl];

	if (!shared)
		return;
	c->identified = ns->identified = true;
	c->multi_ctrl = ns->shared = !strcmp(shared, "1");
}

static int answer(const struct mp_topo *topo, const struct mp_ns *ns, struct mp_err *err)
{
	const struct mp_ctrl *c = &topo->ctrls[ns->ctrl];
	struct mp_conf_for what;
	struct mp_prefs prefs;
	struct mp_conf conf;
	const char *why;
	int r;

	r = mp_conf_init(&conf);
	if (r)
		return mp_err_set(err, r, "no memory");
	/* as the daemon does at its start, and it says what is left out */
	r = mp_conffile_salvage(MP_VENDOR_FILE, MP_CONF_FILE, &conf, err);
	if (r) {
		mp_conf_done(&conf);
		return r;
	}
	what = mp_conf_for_ns(topo, ns);
	mp_conf_resolve(&conf, &what, &prefs);
	why = mp_desire_unfit(topo, ns, &prefs);
	if (c->identified && ns->identified)
		print("NVMEMP_SHARED", c->multi_ctrl && ns->shared ? "1" : "0");
	print("NVMEMP_WWID", ns->id.wwid);
	print("NVMEMP_MEMBER", why ? "0" : "1");
	print("NVMEMP_REASON", why ? why : "");
	mp_conf_done(&conf);
	return 0;
}

static int member(const char *name, struct mp_err *err)
{
	struct mp_facts facts;
	struct mp_topo topo = { };
	int i, r;

	if (!mp_name_is_ns(name))
		return mp_err_set(err, -EINVAL, "%.60s is no NVMe namespace's block device", name);
	r = mp_facts_init(&facts);
	if (!r)
		r = gather(&facts, name, err);
	if (r > 0)
		r = mp_err_set(err, -ENODEV, "%.60s is not there", name);
	if (!r)
		r = mp_topo_build(&facts, &topo, err);
	mp_facts_done(&facts);
	if (r)
		return r;
	i = mp_topo_find_ns(&topo, name);
	if (i < 0) {
		print("NVMEMP_MEMBER", "0");	/* native multipath's head */
	} else {
		remember(&topo, &topo.ns[i]);
		r = answer(&topo, &topo.ns[i], err);
	}
	mp_topo_done(&topo);
	return r;
}

/* "nvmemp-WWID", or a partition of it: "partN-nvmemp-WWID" */
static int map(const char *uuid, struct mp_err *err)
{
	char number[8];
	size_t n;

	if (!strncmp(uuid, "part", 4)) {
		n = strspn(uuid + 4, "0123456789");
		if (!n || n >= sizeof(number) || uuid[4 + n] != '-')
			return mp_err_set(err, -EINVAL, "%.60s is no map's uuid", uuid);
		memcpy(number, uuid + 4, n);
		number[n] = '\0';
		print("NVMEMP_PART", number);
		uuid += 4 + n + 1;
	}
	n = strlen(NVMEMP_UUID_PREFIX);
	if (strncmp(uuid, NVMEMP_UUID_PREFIX, n) || !uuid[n])
		return mp_err_set(err, -EINVAL, "%.60s is no map's uuid", uuid);
	print("NVMEMP_WWID", uuid + n);
	return 0;
}

int main(int argc, char **argv)
{
	struct mp_err err = { "no memory" };
	char safe[300];
	int r;

	if (argc == 3 && !strcmp(argv[1], "member")) {
		r = member(argv[2], &err);
	} else if (argc == 3 && !strcmp(argv[1], "map")) {
		r = map(argv[2], &err);
	} else {
		fprintf(stderr, "Usage: nvmemp-udev member NAME | map DM-UUID\n");
		return 2;
	}
	if (!r)
		return 0;
	mp_dump_escape(err.text, safe, sizeof(safe));
	fprintf(stderr, "nvmemp-udev: %s\n", safe);
	return 1;
}
