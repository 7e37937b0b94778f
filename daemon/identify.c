// SPDX-License-Identifier: GPL-2.0
/* Answers of controllers: one thread each, remembered by disk. */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/facts.h"
#include "core/ident.h"
#include "core/store.h"
#include "identify.h"
#include "sys/nvme.h"

#define NAME_LEN	32		/* DISK_NAME_LEN of the kernel */
#define RETRY_FIRST_MS	1000
#define RETRY_MAX_MS	60000
#define ERRORS_TOLD	3		/* in a row */

/* A controller, or a namespace: then ctrl is its controller. */
struct record {
	char name[NAME_LEN];		/* first: the tree's order */
	struct record *next;
	char ctrl[NAME_LEN];
	char disk[64];			/* dev and diskseq: another value is another disk */
	uint32_t nsid;
	uint32_t major, minor;
	uint32_t block_size;
	bool seen;			/* in the store */
	bool replaced;			/* namespace: by another disk, since the last look */
	bool live;			/* controller: may be asked */
	bool running;			/* controller: its thread runs */
	bool wanted;			/* controller: one of its namespaces is to be asked for */
	bool stale;
	bool probe;			/* namespace: read from it as well */
	bool check_use;			/* namespace: does somebody else have it? */
	bool answered;			/* what the store has of it is good */
	unsigned int nr_errors;		/* in a row */
	unsigned int retry_delay_ms;
	uint64_t retry_ms;
};

struct records {
	struct record *list;
	void *by_name;			/* the same, as tsearch(3) keeps them */
};

struct identify {
	struct workers *workers;
	int root_fd;
	struct mp_store *store;
	uint64_t seen_version;		/* of the store, when its devices were looked at */
	struct identify_handler handler;
	struct records ctrls;
	struct records ns;
	uint64_t now_ms;
	size_t nr_running;
};

struct question {
	char name[NAME_LEN];
	char disk[64];
	struct mp_nvme_block block;
	bool probe;
	int r;				/* of the probe */
	struct mp_err why;
};

struct round {
	struct job job;
	struct identify *id;
	char ctrl[NAME_LEN];
	struct question *questions;
	struct mp_nvme_ns *ns;		/* the same namespaces, for mp_nvme_read */
	size_t nr;
	struct mp_facts facts;
	int r;
};

int identify_new(struct workers *workers, const struct identify_machine *machine,
		 const struct identify_handler *handler, struct identify **ret)
{
	struct identify *id = calloc(1, sizeof(*id));

	if (!id)
		return -ENOMEM;
	id->workers = workers;
	id->root_fd = machine->root_fd;
	id->store = machine->store;
	id->seen_version = UINT64_MAX;
	id->handler = *handler;
	*ret = id;
	return 0;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct record *find(const struct records *records, const char *name)
{
	struct record *const *found = tfind(name, &records->by_name, name_cmp);

	return found ? *found : NULL;
}

static struct record *obtain(struct records *records, const char *name)
{
	struct record *rec = find(records, name);

	if (rec || strlen(name) >= NAME_LEN)
		return rec;
	rec = calloc(1, sizeof(*rec));
	if (!rec)
		return NULL;
	strcpy(rec->name, name);
	if (!tsearch(rec, &records->by_name, name_cmp)) {
		free(rec);
		return NULL;
	}
	rec->stale = true;
	rec->next = records->list;
	records->list = rec;
	return rec;
}

static const char *folder_of(const char *name, char buf[NAME_LEN + 8])
{
	snprintf(buf, NAME_LEN + 8, "ioctl/%s", name);
	return buf;
}

static void drop_answer(struct identify *id, struct record *rec)
{
	const struct mp_facts none = { NULL };
	char folder[NAME_LEN + 8];

	mp_store_put(id->store, folder_of(rec->name, folder), &none);
	rec->answered = false;
	rec->stale = true;
	rec->nr_errors = 0;
	rec->retry_delay_ms = 0;
	rec->retry_ms = 0;
}

/* A running controller's record stays, or a second thread could start for its name. */
static void drop_unseen(struct identify *id, struct records *records)
{
	struct record **p = &records->list;

	while (*p) {
		struct record *rec = *p;

		if (rec->seen || rec->running) {
			p = &rec->next;
			continue;
		}
		*p = rec->next;
		tdelete(rec, &records->by_name, name_cmp);
		drop_answer(id, rec);
		free(rec);
	}
}

static void make_stale(struct record *rec)
{
	rec->stale = true;
	rec->retry_ms = 0;
	rec->retry_delay_ms = 0;
}

void identify_stale(struct identify *id, const char *name)
{
	struct record *rec = find(&id->ns, name);

	if (rec)
		make_stale(rec);
	rec = find(&id->ctrls, name);
	if (!rec)
		return;
	make_stale(rec);
	for (rec = id->ns.list; rec; rec = rec->next)
		if (strcmp(rec->ctrl, name) == 0)
			make_stale(rec);
}

void identify_stale_log(struct identify *id, const char *ctrl)
{
	struct record *rec = find(&id->ctrls, ctrl);

	if (rec)
		make_stale(rec);
}

void identify_stale_all(struct identify *id)
{
	struct record *rec;

	for (rec = id->ctrls.list; rec; rec = rec->next)
		make_stale(rec);
	for (rec = id->ns.list; rec; rec = rec->next)
		make_stale(rec);
}

void identify_check_use(struct identify *id, const char *name)
{
	struct record *rec = find(&id->ns, name);

	if (!rec)
		return;
	rec->check_use = true;
	rec->stale = true;
}

/* ---- asking ---- */

static void free_round(struct round *round)
{
	if (round->facts.arena)
		mp_facts_done(&round->facts);
	free(round->questions);
	free(round->ns);
	free(round);
}

static bool is_in_use(const struct mp_facts *facts, const char *name)
{
	return mp_facts_find(facts, "ioctl/%s/exclusive", name) != NULL;
}

static bool has_error(const struct mp_facts *facts, const char *name)
{
	return mp_facts_find(facts, "ioctl/%s/error", name) != NULL;
}

static void ask(struct job *job)
{
	struct round *round = (struct round *)job;
	size_t i;

	round->r = mp_nvme_read(round->id->root_fd, round->ctrl, round->ns, round->nr,
				&round->facts);
	if (round->r == 0)
		round->r = mp_facts_sort(&round->facts);
	for (i = 0; i < round->nr; i++) {
		struct question *q = &round->questions[i];

		if (!q->probe)
			continue;
		if (round->r < 0)
			q->r = mp_err_set(&q->why, round->r, "no memory");
		else if (round->r > 0)
			q->r = mp_err_set(&q->why, -EAGAIN, "%s: its controller %s is not live",
					  q->name, round->ctrl);
		else if (has_error(&round->facts, q->name))
			q->r = mp_err_set(&q->why, -EIO, "%s: %s", q->name,
					  mp_facts_text(&round->facts, "ioctl/%s/error", q->name));
		else
			q->r = mp_nvme_probe(round->id->root_fd, &q->block, &q->why);
	}
}

static void wait_longer(const struct identify *id, struct record *rec)
{
	rec->retry_delay_ms = rec->retry_delay_ms ? rec->retry_delay_ms * 2 : RETRY_FIRST_MS;
	if (rec->retry_delay_ms > RETRY_MAX_MS)
		rec->retry_delay_ms = RETRY_MAX_MS;
	rec->retry_ms = id->now_ms + rec->retry_delay_ms;
}

static void ask_again_later(const struct identify *id, struct record *rec)
{
	rec->nr_errors++;
	wait_longer(id, rec);
}

/*
 * An error does not make a good answer about the same disk wrong. Nor is it
 * told before it has lasted: a controller in the middle of a reset would cost
 * a path that was adopted its place in the map.
 */
static void take_answer(struct identify *id, struct record *rec, const struct round *round)
{
	bool error = round->r != 0 || has_error(&round->facts, rec->name);
	char folder[NAME_LEN + 8];
	struct mp_facts facts;

	if (error) {
		ask_again_later(id, rec);
		if (round->r != 0 || rec->answered || rec->nr_errors < ERRORS_TOLD)
			return;
	} else {
		rec->nr_errors = 0;
		rec->retry_ms = 0;
		if (!is_in_use(&round->facts, rec->name))
			rec->retry_delay_ms = 0;
	}
	facts = mp_facts_below(&round->facts, folder_of(rec->name, folder));
	if (mp_store_put(id->store, folder, &facts) < 0) {
		rec->stale = true;
		return;
	}
	rec->answered = !error;
	/* who closes a device that was open for reading makes no event */
	rec->check_use = is_in_use(&facts, rec->name);
	if (rec->check_use && !error)
		wait_longer(id, rec);
}

static void answered(struct job *job)
{
	struct round *round = (struct round *)job;
	struct identify *id = round->id;
	struct record *ctrl = find(&id->ctrls, round->ctrl);
	size_t i;

	id->nr_running--;
	if (ctrl) {
		ctrl->running = false;
		take_answer(id, ctrl, round);
	}
	for (i = 0; i < round->nr; i++) {
		struct record *rec = find(&id->ns, round->questions[i].name);

		if (rec && strcmp(rec->disk, round->questions[i].disk) == 0)
			take_answer(id, rec, round);
	}
	for (i = 0; i < round->nr; i++)
		if (round->questions[i].probe)
			id->handler.probed(id->handler.context, round->questions[i].name,
					   round->questions[i].r, round->questions[i].why.text);
	free_round(round);
	id->handler.changed(id->handler.context);
}

static bool is_due(const struct identify *id, const struct record *rec)
{
	return rec->stale || (rec->retry_ms && rec->retry_ms <= id->now_ms);
}

static bool is_wanted(const struct identify *id, const struct record *ns, const char *ctrl)
{
	return strcmp(ns->ctrl, ctrl) == 0 && ns->seen && (ns->probe || is_due(id, ns));
}

static void put_question(struct round *round, struct record *rec)
{
	struct question *q = &round->questions[round->nr];

	strcpy(q->name, rec->name);
	strcpy(q->disk, rec->disk);
	q->block = (struct mp_nvme_block){
		.name = q->name, .nsid = rec->nsid, .major = rec->major, .minor = rec->minor,
		.size = rec->block_size,
	};
	q->probe = rec->probe;
	round->ns[round->nr++] = (struct mp_nvme_ns){
		.name = q->name, .nsid = rec->nsid, .check_use = rec->check_use,
	};
	rec->stale = false;
	rec->probe = false;
	rec->retry_ms = 0;
}

static struct round *new_round(struct identify *id, const char *ctrl, size_t nr)
{
	struct round *round = calloc(1, sizeof(*round));

	if (!round)
		return NULL;
	round->job.run = ask;
	round->job.done = answered;
	round->id = id;
	strcpy(round->ctrl, ctrl);
	round->questions = calloc(nr + 1, sizeof(*round->questions));
	round->ns = calloc(nr + 1, sizeof(*round->ns));
	if (!round->questions || !round->ns || mp_facts_init(&round->facts) < 0) {
		free_round(round);
		return NULL;
	}
	return round;
}

static void put_back(struct identify *id, const struct round *round)
{
	size_t i;

	for (i = 0; i < round->nr; i++) {
		struct record *rec = find(&id->ns, round->questions[i].name);

		rec->stale = true;
		rec->probe = round->questions[i].probe;
	}
}

/* Without memory or a thread all stays as it is, and the next call tries again. */
static int start_round(struct identify *id, struct record *ctrl)
{
	struct record *rec;
	struct round *round;
	size_t nr = 0;
	int r;

	for (rec = id->ns.list; rec; rec = rec->next)
		nr += is_wanted(id, rec, ctrl->name);
	if (nr == 0 && !is_due(id, ctrl))
		return 0;
	round = new_round(id, ctrl->name, nr);
	if (!round)
		return -ENOMEM;
	for (rec = id->ns.list; rec; rec = rec->next)
		if (is_wanted(id, rec, ctrl->name))
			put_question(round, rec);
	r = workers_spawn(id->workers, &round->job);
	if (r < 0) {
		put_back(id, round);
		free_round(round);
		return r;
	}
	ctrl->stale = false;
	ctrl->retry_ms = 0;
	ctrl->running = true;
	id->nr_running++;
	return 0;
}

/* ---- devices ---- */

static void see_ctrl(struct identify *id, const struct mp_facts *facts, const char *name)
{
	struct record *rec;

	if (strcmp(mp_facts_text(facts, "sys/class/nvme/%s/cntrltype", name), "discovery") == 0)
		return;
	rec = obtain(&id->ctrls, name);
	if (!rec)
		return;
	rec->seen = true;
	rec->live = strcmp(mp_facts_text(facts, "sys/class/nvme/%s/state", name), "live") == 0;
}

static void see_ns(struct identify *id, const struct mp_facts *all, const char *name)
{
	struct record *rec = obtain(&id->ns, name);
	char folder[128], disk[64];
	const char *dev, *parent;
	struct mp_facts facts;

	snprintf(folder, sizeof(folder), "sys/block/%s", name);
	facts = mp_facts_below(all, folder);
	dev = mp_facts_text(&facts, "%s/dev", folder);
	parent = mp_facts_text(&facts, "%s/device", folder);
	if (!rec || strlen(parent) >= NAME_LEN)
		return;
	snprintf(disk, sizeof(disk), "%s %s", dev, mp_facts_text(&facts, "%s/diskseq", folder));
	rec->replaced = strcmp(rec->disk, disk) != 0;
	strcpy(rec->disk, disk);
	strcpy(rec->ctrl, parent);
	rec->seen = true;
	if (sscanf(dev, "%u:%u", &rec->major, &rec->minor) != 2)
		rec->major = rec->minor = 0;
	rec->nsid = strtoul(mp_facts_text(&facts, "%s/nsid", folder), NULL, 10);
	rec->block_size = strtoul(mp_facts_text(&facts, "%s/queue/logical_block_size", folder),
				  NULL, 10);
	if (rec->block_size < 512)
		rec->block_size = 512;
}

static int see_devices(struct identify *id)
{
	struct mp_facts facts;
	struct record *rec;
	char name[64];
	size_t pos;
	int r;

	r = mp_store_facts(id->store, &facts);
	if (r < 0)
		return r;
	for (rec = id->ctrls.list; rec; rec = rec->next)
		rec->seen = false;
	for (rec = id->ns.list; rec; rec = rec->next)
		rec->seen = false;
	for (pos = 0; mp_facts_next_name(&facts, "sys/class/nvme", &pos, name);)
		see_ctrl(id, &facts, name);
	for (pos = 0; mp_facts_next_name(&facts, "sys/block", &pos, name);)
		if (mp_name_is_ns(name))
			see_ns(id, &facts, name);
	/* not before: this changes the store */
	for (rec = id->ns.list; rec; rec = rec->next)
		if (rec->seen && rec->replaced)
			drop_answer(id, rec);
	drop_unseen(id, &id->ctrls);
	drop_unseen(id, &id->ns);
	id->seen_version = mp_store_version(id->store);
	return 0;
}

/* Where the kernel does the multipathing, nothing that we could ask is of use. */
static bool is_native(const struct identify *id)
{
	static const char key[] = "sys/module/nvme_core/parameters/multipath";
	const struct mp_facts facts = mp_store_folder(id->store, key);

	return mp_facts_text(&facts, "%s", key)[0] == 'Y';
}

/* Of thousands of namespaces, only those that are due cost more than a glance. */
static void find_wanted(struct identify *id)
{
	struct record *ctrl, *ns;

	for (ctrl = id->ctrls.list; ctrl; ctrl = ctrl->next)
		ctrl->wanted = is_due(id, ctrl);
	for (ns = id->ns.list; ns; ns = ns->next) {
		if (!ns->seen || !(ns->probe || is_due(id, ns)))
			continue;
		ctrl = find(&id->ctrls, ns->ctrl);
		if (ctrl)
			ctrl->wanted = true;
	}
}

int identify_ask(struct identify *id, uint64_t now_ms)
{
	struct record *ctrl;
	int r = 0;

	id->now_ms = now_ms;
	if (id->seen_version != mp_store_version(id->store))
		r = see_devices(id);
	if (r < 0 || is_native(id))
		return r;
	find_wanted(id);
	for (ctrl = id->ctrls.list; ctrl && r == 0; ctrl = ctrl->next)
		if (ctrl->live && ctrl->seen && !ctrl->running && ctrl->wanted)
			r = start_round(id, ctrl);
	return r;
}

int identify_probe(struct identify *id, const char *ns)
{
	struct record *rec = find(&id->ns, ns), *ctrl;

	ctrl = rec ? find(&id->ctrls, rec->ctrl) : NULL;
	if (!ctrl)
		return -ENODEV;
	rec->probe = true;
	rec->stale = true;
	ctrl->stale = true;
	if (ctrl->running)		/* the next call asks, when this answer is there */
		return 0;
	return start_round(id, ctrl);
}

bool identify_busy(const struct identify *id)
{
	return id->nr_running > 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

static bool may_be_asked(const struct record *ctrl)
{
	return ctrl && ctrl->live && ctrl->seen && !ctrl->running;
}

/* Only for those that would be asked: the others' answers come with a hint. */
uint64_t identify_wake_ms(const struct identify *id)
{
	const struct record *rec;
	uint64_t wake = 0;

	for (rec = id->ctrls.list; rec; rec = rec->next)
		if (may_be_asked(rec))
			wake = earlier(wake, rec->retry_ms);
	for (rec = id->ns.list; rec; rec = rec->next)
		if (rec->retry_ms && may_be_asked(find(&id->ctrls, rec->ctrl)))
			wake = earlier(wake, rec->retry_ms);
	return wake;
}
