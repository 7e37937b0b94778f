// SPDX-License-Identifier: GPL-2.0
/* Counters of the paths: summed when somebody asks, and by some of the I/O itself. */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "target.h"

/* Below this, a path is no outlier, whatever the others have. */
#define OUTLIER_FLOOR_NS	NSEC_PER_MSEC
/* Samples of a path that say something, and the seconds in which two paths must have them */
#define OUTLIER_SAMPLES		8
#define OUTLIER_SECONDS		60

void nvmemp_sum(const struct nvmemp_path *p, struct nvmemp_totals *ret)
{
	unsigned int cpu, i;

	*ret = (struct nvmemp_totals){ };
	for_each_possible_cpu(cpu) {
		const struct nvmemp_stats *st = per_cpu_ptr(p->stats, cpu);

		ret->done += READ_ONCE(st->done);
		ret->sampled += READ_ONCE(st->sampled);
		ret->sum_ns += READ_ONCE(st->sum_ns);
		ret->max_ns = max(ret->max_ns, READ_ONCE(st->max_ns));
		ret->sectors[0] += READ_ONCE(st->sectors[0]);
		ret->sectors[1] += READ_ONCE(st->sectors[1]);
	}
	/* done before started: a bio that ends meanwhile is never -1 in flight */
	smp_rmb();
	for_each_possible_cpu(cpu)
		ret->started += READ_ONCE(per_cpu_ptr(p->stats, cpu)->started);
	for (i = 0; i < NVMEMP_NR_VERDICTS; i++)
		ret->errors[i] = atomic64_read(&p->errors[i]);
	ret->failovers = atomic64_read(&p->failovers);
	ret->retries = atomic64_read(&p->retries);
}

/* I/Os that the path did without an error, or a few less */
u64 nvmemp_good(const struct nvmemp_path *p)
{
	struct nvmemp_totals now;
	unsigned int i;

	/* done before errors, which are counted in the other order (path_error) */
	nvmemp_sum(p, &now);
	for (i = 0; i < NVMEMP_NR_VERDICTS; i++)
		now.done -= now.errors[i];
	return now.done;
}

u64 nvmemp_in_flight(const struct nvmemp_path *p)
{
	struct nvmemp_totals now;

	nvmemp_sum(p, &now);
	return now.started - now.done;
}

/*
 * Once a second: a path whose mean is so many times the best one's is marginal. Only
 * paths that carry I/O are compared. Where that is little, a look waits until two of
 * them have enough samples, but not for so long that it would compare other times.
 */
static void compare_latencies(struct nvmemp *m)
{
	u32 factor = nvmemp_conf(m, NVMEMP_F_MARGINAL_LATENCY);
	u64 mean[NVMEMP_MAX_PATHS] = { }, best = U64_MAX;
	unsigned int i, enough = 0;
	struct nvmemp_totals now;
	struct nvmemp_path *p;

	lockdep_assert_held(&m->lock);
	nvmemp_for_each_path(m, i, p) {
		nvmemp_sum(p, &now);
		if (now.sampled - p->last_sampled < OUTLIER_SAMPLES)
			continue;
		mean[i] = div64_u64(now.sum_ns - p->last_sum_ns,
				    now.sampled - p->last_sampled);
		best = min(best, mean[i]);
		enough++;
	}
	if (enough < 2 && ++m->uncompared < OUTLIER_SECONDS)
		return;
	m->uncompared = 0;
	nvmemp_for_each_path(m, i, p) {
		if (mean[i] > OUTLIER_FLOOR_NS && mean[i] > best * factor)
			nvmemp_make_marginal(m, i);
		nvmemp_sum(p, &now);
		p->last_sampled = now.sampled;
		p->last_sum_ns = now.sum_ns;
	}
}

static void share_depths(struct nvmemp *m)
{
	struct nvmemp_path *p;
	unsigned int i, cpu;

	nvmemp_for_each_path(m, i, p) {
		s64 sum = 0;

		for_each_possible_cpu(cpu) {
			const struct nvmemp_cpu *c = per_cpu_ptr(m->cpu, cpu);

			sum += READ_ONCE(c->depth[i]) -
			       atomic_read(&c->ended_elsewhere[i]);
		}
		WRITE_ONCE(m->shared[i], nvmemp_smooth(m->shared[i], max(sum, 0LL)));
	}
}

/*
 * The depths that queue-depth and latency go by, and the outliers. The cost grows
 * with CPUs and paths, so the pause does too. Two CPUs that do it at once do no
 * harm: shared is an estimate.
 */
static void refresh(struct nvmemp *m, u64 now)
{
	u64 last = READ_ONCE(m->refreshed), pause = NVMEMP_REFRESH_NS;
	unsigned long flags;

	pause += (u64)num_possible_cpus() * hweight32(READ_ONCE(m->present)) * 2 * NSEC_PER_USEC;
	if (now - last < pause)
		return;
	WRITE_ONCE(m->refreshed, now);
	if (nvmemp_conf(m, NVMEMP_F_POLICY) >= NVMEMP_SELECT_QUEUE_DEPTH)
		share_depths(m);
	if (!nvmemp_conf(m, NVMEMP_F_MARGINAL_LATENCY) || !spin_trylock_irqsave(&m->lock, flags))
		return;
	if (time_after_eq(jiffies, m->compared + HZ)) {
		m->compared = jiffies;
		compare_latencies(m);
	}
	spin_unlock_irqrestore(&m->lock, flags);
}

/* Preemption is off. One I/O in NVMEMP_SAMPLE_EVERY pays for this. */
void nvmemp_sample_begins(struct nvmemp *m, struct nvmemp_io *io)
{
	u64 now = ktime_get_ns();

	io->bits |= NVMEMP_IO_SAMPLED;
	io->when = now >> 6;
	refresh(m, now);
}

/* Of an error, the time says nothing. From any context. */
void nvmemp_sample_ends(struct nvmemp *m, struct nvmemp_io *io, bool good)
{
	u64 ns = (u64)((u32)(ktime_get_ns() >> 6) - io->when) << 6;
	struct nvmemp_path *p = nvmemp_path(m, io->path);
	u32 short_ns = min_t(u64, ns, U32_MAX), *average;
	struct nvmemp_stats *st;

	io->bits &= ~NVMEMP_IO_SAMPLED;
	if (!good)
		return;
	this_cpu_add(p->stats->sum_ns, ns);
	this_cpu_inc(p->stats->sampled);
	/* an interrupt in between loses a sample's weight, no more */
	st = get_cpu_ptr(p->stats);
	WRITE_ONCE(st->max_ns, max(st->max_ns, short_ns));
	average = &this_cpu_ptr(m->cpu)->average_ns[io->path];
	WRITE_ONCE(*average, nvmemp_average(*average, short_ns));
	put_cpu_ptr(p->stats);
}
