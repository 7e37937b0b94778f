// SPDX-License-Identifier: GPL-2.0
/*
 * The policies of kernel/select.h in a simulated machine: CPUs that keep a
 * number of I/Os in flight each, over paths of unequal speed. Prints the
 * throughput and the tail of the latency that each policy gives.
 *
 * A path has slots that serve at the same time, each I/O for a random time; what
 * finds no free slot waits in order. A CPU's view is that of the target: its own
 * counters, and sums over all CPUs that are as old as they are there.
 *
 *   policies [SEED]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "select.h"

#define MAX_CPUS	64
#define MAX_PATHS	8
#define MAX_QUEUE	(MAX_CPUS * 64)
#define IOS		400000
#define WARM_UP		100000

struct path_model {
	double us;		/* mean time of service */
	unsigned int slots;
};

struct scenario {
	const char *name;
	unsigned int depth;	/* of each CPU */
	unsigned int nr_paths;
	struct path_model paths[MAX_PATHS];
	unsigned int heals;	/* path whose speed becomes path 0's after the warm-up; 0: none */
};

static const struct scenario scenarios[] = {
	{ "2 equal paths, depth 1", 1, 2, { { 80, 16 }, { 80, 16 } }, 0 },
	{ "2 equal paths, depth 32", 32, 2, { { 80, 16 }, { 80, 16 } }, 0 },
	{ "2 paths, one 4 times slower, depth 1", 1, 2, { { 80, 16 }, { 320, 16 } }, 0 },
	{ "2 paths, one 4 times slower, depth 32", 32, 2, { { 80, 16 }, { 320, 16 } }, 0 },
	{ "4 paths, one 10 times slower, depth 8", 8, 4,
	  { { 80, 16 }, { 80, 16 }, { 80, 16 }, { 800, 16 } }, 0 },
	{ "4 paths, one with a quarter of the slots, depth 8", 8, 4,
	  { { 80, 16 }, { 80, 16 }, { 80, 16 }, { 80, 4 } }, 0 },
	{ "2 paths, the 10 times slower one heals, depth 8", 8, 2, { { 80, 8 }, { 800, 8 } }, 1 },
};

struct io {
	double began;
	unsigned char cpu, path, sampled;
};

struct queue {
	struct io ring[MAX_QUEUE];
	unsigned int head, count, busy, slots;
	double us;
};

struct cpu {
	struct nvmemp_turn turn;
	unsigned int counter;
	unsigned int depth[MAX_PATHS];
	u32 latency[MAX_PATHS];
};

struct event {
	double at;
	struct io io;
};

static struct queue queues[MAX_PATHS];
static struct cpu cpus[MAX_CPUS];
static u32 shared[MAX_PATHS];
static double refreshed;
static struct event heap[MAX_PATHS * 64];
static unsigned int nr_events;
static double now;
static unsigned long long seed;

static double uniform(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((seed >> 11) + 0.5) / 9007199254740992.0;
}

/* a quarter of the time is the same for all, the rest exponential */
static double service(double us)
{
	return us * (0.25 - 0.75 * log(uniform()));
}

static void push(struct event e)
{
	unsigned int i = nr_events++;

	for (; i && heap[(i - 1) / 2].at > e.at; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = e;
}

static struct event pop(void)
{
	struct event top = heap[0], e = heap[--nr_events];
	unsigned int i = 0, child;

	while ((child = 2 * i + 1) < nr_events) {
		if (child + 1 < nr_events && heap[child + 1].at < heap[child].at)
			child++;
		if (heap[child].at >= e.at)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = e;
	return top;
}

static void serve(struct queue *q, struct io io)
{
	q->busy++;
	push((struct event){ now + service(q->us), io });
}

static u32 depth_of(const struct cpu *c, unsigned int i)
{
	return c->depth[i] + nvmemp_shared_depth(shared[i]);
}

static u64 depth_cost(const void *from, unsigned int i)
{
	return nvmemp_depth_cost(depth_of(from, i));
}

static u64 latency_cost(const void *from, unsigned int i)
{
	return nvmemp_latency_cost(depth_of(from, i), ((const struct cpu *)from)->latency[i]);
}

static void refresh(unsigned int nr_cpus, unsigned int nr_paths)
{
	unsigned int c, i;

	if (now - refreshed < NVMEMP_REFRESH_NS / 1000.0)
		return;
	refreshed = now;
	for (i = 0; i < nr_paths; i++) {
		u32 sum = 0;

		for (c = 0; c < nr_cpus; c++)
			sum += cpus[c].depth[i];
		shared[i] = nvmemp_smooth(shared[i], sum);
	}
}

static void submit(const struct scenario *s, const struct nvmemp_select *sel, unsigned int cpu,
		   unsigned int nr_cpus)
{
	static const u8 distance[NVMEMP_SLOTS];
	struct cpu *c = &cpus[cpu];
	unsigned int n = c->counter++, i;
	struct io io = { .began = now, .cpu = cpu, .sampled = nvmemp_sample_due(n) };
	struct queue *q;

	if (io.sampled)
		refresh(nr_cpus, s->nr_paths);
	switch (sel->policy) {
	case NVMEMP_SELECT_NUMA:
		i = nvmemp_pick_nearest(sel->best, distance);
		break;
	case NVMEMP_SELECT_ROUND_ROBIN:
		i = nvmemp_pick_turn(sel, sel->best, &c->turn);
		break;
	case NVMEMP_SELECT_QUEUE_DEPTH:
		i = nvmemp_pick_least(sel, sel->best, &c->turn, depth_cost, c);
		break;
	default:
		i = nvmemp_probe_due(n) ? nvmemp_nth(sel->best, n / NVMEMP_PROBE_EVERY) :
			nvmemp_pick_least(sel, sel->best, &c->turn, latency_cost, c);
		io.sampled |= !c->latency[i];
		break;
	}
	io.path = i;
	c->depth[i]++;
	q = &queues[i];
	if (q->busy < q->slots) {
		serve(q, io);
	} else {
		q->ring[(q->head + q->count++) % MAX_QUEUE] = io;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void run(const struct scenario *s, enum nvmemp_policy policy, unsigned int nr_cpus)
{
	static double took[IOS];
	struct nvmemp_select sel = { .best = (1u << s->nr_paths) - 1, .policy = policy };
	unsigned int i, c, done = 0;
	double since = 0;

	memset(cpus, 0, sizeof(cpus));
	memset(shared, 0, sizeof(shared));
	for (i = 0; i < NVMEMP_SLOTS; i++)
		nvmemp_set_weight(&sel, i, 1);
	nr_events = 0;
	now = refreshed = 0;
	for (i = 0; i < s->nr_paths; i++) {
		queues[i].head = queues[i].count = queues[i].busy = 0;
		queues[i].slots = s->paths[i].slots;
		queues[i].us = s->paths[i].us;
	}
	for (i = 0; i < s->depth; i++)
		for (c = 0; c < nr_cpus; c++)
			submit(s, &sel, c, nr_cpus);

	while (done < WARM_UP + IOS) {
		struct event e = pop();
		struct queue *q = &queues[e.io.path];
		struct cpu *cpu = &cpus[e.io.cpu];

		now = e.at;
		q->busy--;
		if (q->count) {
			struct io next = q->ring[q->head];

			q->head = (q->head + 1) % MAX_QUEUE;
			q->count--;
			serve(q, next);
		}
		cpu->depth[e.io.path]--;
		if (e.io.sampled)
			cpu->latency[e.io.path] = nvmemp_average(cpu->latency[e.io.path],
								 (now - e.io.began) * 1000);
		if (done == WARM_UP) {
			since = now;
			if (s->heals)
				queues[s->heals].us = queues[0].us;
		}
		if (done >= WARM_UP)
			took[done - WARM_UP] = now - e.io.began;
		done++;
		submit(s, &sel, e.io.cpu, nr_cpus);
	}
	qsort(took, IOS, sizeof(*took), by_value);
	printf(" %8.0f %7.0f %7.0f |", IOS / (now - since) * 1000.0, took[IOS / 2],
	       took[(unsigned int)(IOS * 0.999)]);
}

int main(int argc, char **argv)
{
	static const unsigned int sizes[] = { 2, 8, 64 };
	unsigned int i, k, policy;

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	seed = seed * 0x9e3779b97f4a7c15ull | 1;
	printf("%-52s CPUs |", "thousand I/Os a second, median us, 99.9 % us");
	for (policy = 0; policy <= NVMEMP_SELECT_LATENCY; policy++)
		printf(" %-24s |", (const char *[]){ "numa", "round-robin", "queue-depth", "latency" }[policy]);
	printf("\n");
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		for (k = 0; k < 3; k++) {
			printf("%-52s %4u |", k ? "" : scenarios[i].name, sizes[k]);
			for (policy = 0; policy <= NVMEMP_SELECT_LATENCY; policy++)
				run(&scenarios[i], policy, sizes[k]);
			printf("\n");
		}
	return 0;
}
