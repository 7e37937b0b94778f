/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that may block, done off the loop's thread. A job belongs to a thread
 * while run() runs and to the loop before and after: nothing else is shared.
 */
#ifndef MPD_WORKER_H
#define MPD_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

struct job {
	void (*run)(struct job *job);	/* on a thread; must not touch the loop's data */
	void (*done)(struct job *job);	/* on the loop; frees the job */
	struct job *next;
	struct workers *workers;
};

struct workers;

/*
 * idle is called on the queue's thread when there is no job, again after 50 ms
 * for as long as it returns true.
 */
struct worker_queue {
	bool (*idle)(void *context);
	void *context;
};

int workers_new(sd_event *event, const struct worker_queue *queue, struct workers **ret);

/* To the one thread that does its jobs in order. */
void workers_queue(struct workers *w, struct job *job);

/* To a thread of its own. On failure the job stays the caller's. */
int workers_spawn(struct workers *w, struct job *job);

/* Set when the daemon is about to end: a job in several steps stops between two of them. */
bool workers_stopping(const struct workers *w);

/*
 * Lets the queue's thread finish its running job and its idle work, for at most
 * timeout_ms; jobs behind it are dropped. Only before the end of the process:
 * results are not delivered any more, and nothing is freed, since single jobs
 * may still run. Positive: it did not end in time.
 */
int workers_stop(struct workers *w, unsigned int timeout_ms);

#endif
