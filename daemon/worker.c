// SPDX-License-Identifier: GPL-2.0
/* One thread with a queue, and threads for single jobs; results by an eventfd. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "worker.h"

#define STACK_BYTES	(128 * 1024)
#define IDLE_MS		50

struct workers {
	pthread_mutex_t lock;		/* guards the two lists' ends and nothing else */
	pthread_cond_t wake;		/* there is a job, or we stop */
	struct job *queue, **queue_tail;
	struct job *results, **results_tail;
	struct worker_queue hooks;
	pthread_t thread;
	int event_fd;
	sd_event_source *source;
	atomic_bool stopping;
};

static void post_result(struct workers *w, struct job *job)
{
	uint64_t one = 1;

	job->next = NULL;
	pthread_mutex_lock(&w->lock);
	*w->results_tail = job;
	w->results_tail = &job->next;
	pthread_mutex_unlock(&w->lock);
	/* fails only when the counter is full, and then the loop is awake already */
	if (write(w->event_fd, &one, sizeof(one)) < 0)
		return;
}

static int deliver(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct workers *w = userdata;
	struct job *job, *next;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return -errno;
	pthread_mutex_lock(&w->lock);
	job = w->results;
	w->results = NULL;
	w->results_tail = &w->results;
	pthread_mutex_unlock(&w->lock);
	for (; job; job = next) {
		next = job->next;
		job->done(job);
	}
	return 0;
}

/* With the lock held: waits for a job, or for the next idle call. */
static void wait_for_job(struct workers *w, bool again)
{
	struct timespec until;

	if (!again) {
		pthread_cond_wait(&w->wake, &w->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += IDLE_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

static struct job *take_job(struct workers *w)
{
	struct job *job = w->queue;

	if (!job || atomic_load(&w->stopping))
		return NULL;
	w->queue = job->next;
	if (!w->queue)
		w->queue_tail = &w->queue;
	return job;
}

static void *queue_main(void *arg)
{
	struct workers *w = arg;
	bool again;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct job *job = take_job(w);

		pthread_mutex_unlock(&w->lock);
		if (job) {
			job->run(job);
			post_result(w, job);
		}
		again = w->hooks.idle(w->hooks.context);
		pthread_mutex_lock(&w->lock);
		if (atomic_load(&w->stopping) && !again)
			break;
		if (!w->queue || atomic_load(&w->stopping))
			wait_for_job(w, again);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int start_thread(pthread_t *ret, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int r;

	r = pthread_attr_init(&attr);
	if (r)
		return -r;
	r = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (r == 0)
		r = pthread_create(ret, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	return -r;
}

static void init_lock(struct workers *w)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
}

static void workers_free(struct workers *w)
{
	sd_event_source_unref(w->source);
	if (w->event_fd >= 0)
		close(w->event_fd);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int workers_new(sd_event *event, const struct worker_queue *queue, struct workers **ret)
{
	struct workers *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	init_lock(w);
	w->queue_tail = &w->queue;
	w->results_tail = &w->results;
	w->hooks = *queue;
	w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = w->event_fd < 0 ? -errno : 0;
	if (r == 0)
		r = sd_event_add_io(event, &w->source, w->event_fd, EPOLLIN, deliver, w);
	if (r >= 0)
		r = start_thread(&w->thread, queue_main, w);
	if (r < 0) {
		workers_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

void workers_queue(struct workers *w, struct job *job)
{
	job->next = NULL;
	job->workers = w;
	pthread_mutex_lock(&w->lock);
	*w->queue_tail = job;
	w->queue_tail = &job->next;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static void *single_main(void *arg)
{
	struct job *job = arg;

	job->run(job);
	post_result(job->workers, job);
	return NULL;
}

int workers_spawn(struct workers *w, struct job *job)
{
	pthread_t thread;
	int r;

	job->next = NULL;
	job->workers = w;
	r = start_thread(&thread, single_main, job);
	if (r)
		return r;
	pthread_detach(thread);
	return 0;
}

bool workers_stopping(const struct workers *w)
{
	return atomic_load(&w->stopping);
}

int workers_stop(struct workers *w, unsigned int timeout_ms)
{
	struct timespec until;

	pthread_mutex_lock(&w->lock);
	atomic_store(&w->stopping, true);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	if (pthread_timedjoin_np(w->thread, NULL, &until) != 0)
		return 1;
	return 0;
}
