// SPDX-License-Identifier: GPL-2.0
/* The paths live: what the counters of two looks differ by, divided by the time between. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "nvmempctl.h"

#define WIDEST	400	/* of a line */

/* ---- rates ---- */

/* Per second; NAN: not known */
struct rates {
	double ios, read, written, errors, mean_us;
};

static const struct rates unknown = { NAN, NAN, NAN, NAN, NAN };

/* The map was made again or reloaded, or its statistics reset */
static bool began_again(const struct nvmemp_path_info *a, const struct nvmemp_path_info *b)
{
	return b->io_count < a->io_count || b->bytes_read < a->bytes_read ||
	       b->bytes_written < a->bytes_written || b->error_count < a->error_count ||
	       b->sampled_count < a->sampled_count || b->sampled_us < a->sampled_us;
}

static const struct nvmemp_path_info *find_path(const struct nvmemp_snapshot *s, const char *uuid,
						const struct nvmemp_path_info *like)
{
	size_t i, k;

	for (i = 0; s && i < s->nr_maps; i++)
		for (k = 0; !strcmp(s->maps[i]->uuid, uuid) && k < s->maps[i]->nr_paths; k++)
			if (!strcmp(s->maps[i]->paths[k]->device, like->device) &&
			    !strcmp(s->maps[i]->paths[k]->controller, like->controller))
				return s->maps[i]->paths[k];
	return NULL;
}

static struct rates path_rates(const struct top_view *v, const char *uuid,
			       const struct nvmemp_path_info *b)
{
	const struct nvmemp_path_info *a = find_path(v->before, uuid, b);
	struct rates r;

	if (!a || v->seconds <= 0 || began_again(a, b))
		return unknown;
	r.ios = (double)(b->io_count - a->io_count) / v->seconds;
	r.read = (double)(b->bytes_read - a->bytes_read) / v->seconds;
	r.written = (double)(b->bytes_written - a->bytes_written) / v->seconds;
	r.errors = (double)(b->error_count - a->error_count) / v->seconds;
	r.mean_us = b->sampled_count > a->sampled_count ?
		    (double)(b->sampled_us - a->sampled_us) /
		    (double)(b->sampled_count - a->sampled_count) : NAN;
	return r;
}

/* Of the paths whose rates are known; the mean is weighted by their I/O */
static struct rates map_rates(const struct top_view *v, const struct nvmemp_map_info *m)
{
	struct rates sum = unknown;
	double time = 0, ios = 0;
	size_t i;

	for (i = 0; i < m->nr_paths; i++) {
		struct rates r = path_rates(v, m->uuid, m->paths[i]);

		if (isnan(r.ios))
			continue;
		if (isnan(sum.ios))
			sum = (struct rates){ .mean_us = NAN };
		sum.ios += r.ios;
		sum.read += r.read;
		sum.written += r.written;
		sum.errors += r.errors;
		if (!isnan(r.mean_us)) {
			time += r.mean_us * r.ios;
			ios += r.ios;
		}
	}
	if (ios > 0)
		sum.mean_us = time / ios;
	return sum;
}

/* ---- order ---- */

struct ranked {
	const struct nvmemp_map_info *map;
	double by;
};

static const char *const orders[NR_TOP_ORDERS] = { "name", "IOPS", "bytes", "latency" };

static double rank(const struct top_view *v, const struct nvmemp_map_info *m)
{
	struct rates r = map_rates(v, m);
	double by = 0;

	switch (v->order) {
	case TOP_BY_IOPS:
		by = r.ios;
		break;
	case TOP_BY_BYTES:
		by = r.read + r.written;
		break;
	case TOP_BY_LATENCY:
		by = r.mean_us;
		break;
	default:
		break;
	}
	return isnan(by) ? 0 : by;
}

static int busiest_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->by != y->by)
		return x->by < y->by ? 1 : -1;
	return strcmp(x->map->name, y->map->name);
}

/* ---- text ---- */

/* Five characters at most: 0, 0.4, 999, 1.25k, 12.5k, 125k; "-" where it is not known */
static const char *short_number(double n, double base, char buf[16])
{
	static const char units[] = " kMGTPE";
	size_t u = 0;

	if (isnan(n))
		return "-";
	while (n >= 999.5 && units[u + 1]) {
		n /= base;
		u++;
	}
	if (!u)
		snprintf(buf, 16, n < 9.95 && n != floor(n) ? "%.1f" : "%.0f", n);
	else
		snprintf(buf, 16, n < 9.995 ? "%.2f%c" : n < 99.95 ? "%.1f%c" : "%.0f%c", n, units[u]);
	return buf;
}

static const char *short_time(double us, char buf[16])
{
	static const char *const units[] = { "us", "ms", "s" };
	size_t u = 0;

	if (isnan(us))
		return "-";
	while (us >= 999.5 && u < 2) {
		us /= 1000;
		u++;
	}
	snprintf(buf, 16, u && us < 9.995 ? "%.2f%s" : u && us < 99.95 ? "%.1f%s" : "%.0f%s", us, units[u]);
	return buf;
}

static const char *short_ana(const char *state)
{
	static const char *const shorter[][2] = {
		{ "optimized", "opt" }, { "non-optimized", "non-opt" }, { "inaccessible", "inacc" },
		{ "persistent-loss", "loss" },
	};
	size_t i;

	for (i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++)
		if (!strcmp(state, shorter[i][0]))
			return shorter[i][1];
	return state;
}

struct page {
	const struct top_view *view;
	FILE *to;
	unsigned int nr_lines, nr_left_out;
};

/* One line, cut at the width. The last one of a full screen is kept for what was left out. */
__attribute__((format(printf, 3, 4)))
static void line(struct page *p, const char *style, const char *fmt, ...)
{
	const struct top_view *v = p->view;
	char text[WIDEST];
	va_list ap;
	int len;

	if (v->height && p->nr_lines + 1 >= v->height) {
		p->nr_left_out++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (len = (int)strlen(text); len && text[len - 1] == ' '; len--)
		;
	if (v->width && len > (int)v->width)
		len = (int)v->width;
	if (style && v->color)
		fprintf(p->to, "\033[%sm%.*s\033[m%s", style, len, text, v->end);
	else
		fprintf(p->to, "%.*s%s", len, text, v->end);
	p->nr_lines++;
}

static const char *style_of(const char *state)
{
	const char *color = color_of(state);

	if (!color || !strcmp(color, "green"))
		return NULL;
	return !strcmp(color, "red") ? "31" : "33";
}

static const char *numbers(const struct rates *r, uint64_t in_flight, uint64_t max_us, char buf[100])
{
	char ios[16], rd[16], wr[16], depth[16], mean[16], max[16], errs[16];

	snprintf(buf, 100, "%5s %5s %5s %5s %6s %6s %5s", short_number(r->ios, 1000, ios),
		 short_number(r->read, 1024, rd), short_number(r->written, 1024, wr),
		 short_number((double)in_flight, 1000, depth), short_time(r->mean_us, mean),
		 short_time(max_us ? (double)max_us : NAN, max), short_number(r->errors, 1000, errs));
	return buf;
}

static void path_line(struct page *page, const struct nvmemp_map_info *m,
		      const struct nvmemp_path_info *p)
{
	char device[40], controller[40], state[40], ana[40], text[100];
	struct rates r = path_rates(page->view, m->uuid, p);

	line(page, style_of(p->state), "%c%-10.10s %-6.6s %-8.8s %-7.7s %s",
	     p->preferred ? '!' : p->current ? '*' : ' ', escape(p->device, device, sizeof(device)),
	     escape(p->controller, controller, sizeof(controller)),
	     escape(p->state, state, sizeof(state)),
	     escape(short_ana(p->ana_state), ana, sizeof(ana)),
	     numbers(&r, p->in_flight, p->max_latency_us, text));
}

/* The middle of a name that is too long goes: the namespace is told by its end */
static void shorten(char *name, size_t most)
{
	size_t len = strlen(name), tail = (most - 2) / 2;

	if (len <= most || most < 8)
		return;
	memset(name + most - 2 - tail, '.', 2);
	memmove(name + most - tail, name + len - tail, tail + 1);
}

static void map_lines(struct page *page, const struct nvmemp_map_info *m)
{
	char name[300], state[40], policy[40], rest[140], queued[40] = "", text[100];
	struct rates all = map_rates(page->view, m);
	uint64_t in_flight = 0, max_us = 0;
	size_t i;

	if (m->queued)
		snprintf(queued, sizeof(queued), "  %" PRIu64 " waiting", m->queued);
	snprintf(rest, sizeof(rest), "  %s  %s%s", escape(m->state, state, sizeof(state)),
		 escape(m->policy, policy, sizeof(policy)), queued);
	escape(m->name, name, sizeof(name));
	if (page->view->width > strlen(rest))
		shorten(name, page->view->width - strlen(rest));
	line(page, style_of(m->state) ?: "1", "%s%s", name, rest);
	for (i = 0; i < m->nr_paths; i++) {
		path_line(page, m, m->paths[i]);
		in_flight += m->paths[i]->in_flight;
		if (m->paths[i]->max_latency_us > max_us)
			max_us = m->paths[i]->max_latency_us;
	}
	if (m->nr_paths > 1)
		line(page, NULL, " %-35s%s", "all", numbers(&all, in_flight, max_us, text));
}

static int maps_in_order(struct page *page)
{
	const struct top_view *v = page->view;
	struct ranked *ranked = calloc(v->now->nr_maps + 1, sizeof(*ranked));
	size_t i;

	if (!ranked)
		return -ENOMEM;
	for (i = 0; i < v->now->nr_maps; i++)
		ranked[i] = (struct ranked){ v->now->maps[i], rank(v, v->now->maps[i]) };
	qsort(ranked, v->now->nr_maps, sizeof(*ranked), busiest_first);
	for (i = 0; i < v->now->nr_maps; i++)
		map_lines(page, ranked[i].map);
	free(ranked);
	return 0;
}

static void title(struct page *page)
{
	const struct nvmemp_snapshot *s = page->view->now;
	size_t i, k, nr_paths = 0, nr_bad = 0;
	char bad[40] = "", text[100];

	for (i = 0; i < s->nr_maps; i++) {
		nr_paths += s->maps[i]->nr_paths;
		for (k = 0; k < s->maps[i]->nr_paths; k++)
			nr_bad += strcmp(s->maps[i]->paths[k]->state, "active") != 0;
	}
	if (nr_bad)
		snprintf(bad, sizeof(bad), ", %zu not active", nr_bad);
	snprintf(text, sizeof(text), "%s  %zu map%s, %zu path%s%s", page->view->clock, s->nr_maps,
		 s->nr_maps == 1 ? "" : "s", nr_paths, nr_paths == 1 ? "" : "s", bad);
	line(page, NULL, "%-50s  %s%s", text, page->view->keys ? "q quit, s sort: by " : "by ",
	     orders[page->view->order]);
}

int print_top(FILE *to, const struct top_view *v)
{
	struct page page = { v, to };
	char notice[300];
	int r;

	title(&page);
	line(&page, "31", "%s", escape(v->notice, notice, sizeof(notice)));
	line(&page, "7", "%-11s %-6s %-8s %-7s %5s %5s %5s %5s %6s %6s %5s", " PATH", "CTRL", "STATE",
	     "ANA", "IO/s", "RD/s", "WR/s", "DEPTH", "MEAN", "MAX", "ERR/s");
	if (!v->now->nr_maps)
		line(&page, NULL, "No maps. nvmempctl status says why.");
	r = maps_in_order(&page);
	if (page.nr_left_out)
		fprintf(to, "%u more line%s", page.nr_left_out, page.nr_left_out == 1 ? "" : "s");
	return r;
}

/* ---- the terminal ---- */

/* Where signal handlers find what to restore; set before they are installed */
static struct termios cooked;
static bool has_keys;
static volatile sig_atomic_t on_screen;

static void put(const char *text)
{
	ssize_t n = write(STDOUT_FILENO, text, strlen(text));

	(void)n;	/* a terminal that is gone needs nothing */
}

/* Another screen, and no cursor; keys come one by one */
static void enter_screen(void)
{
	struct termios raw = cooked;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	put("\033[?1049h\033[?25l\033[H\033[2J");
	on_screen = true;
}

static void leave_screen(void)
{
	if (!on_screen)
		return;
	on_screen = false;
	put("\033[?25h\033[?1049l");
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
}

/* Ends or stops us as that signal does, with the terminal as it was; behind raise() we were continued. */
static void on_signal(int sig)
{
	const struct sigaction again = { .sa_handler = on_signal, .sa_flags = SA_NODEFER | SA_RESETHAND };
	int saved = errno;

	leave_screen();
	raise(sig);
	sigaction(sig, &again, NULL);
	enter_screen();
	errno = saved;
}

static void on_resize(int sig)
{
}

static void take_terminal(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	const struct sigaction end = { .sa_handler = on_signal, .sa_flags = SA_NODEFER | SA_RESETHAND };
	const struct sigaction resize = { .sa_handler = on_resize };
	size_t i;

	has_keys = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &cooked);
	atexit(leave_screen);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &end, NULL);
	sigaction(SIGWINCH, &resize, NULL);
	enter_screen();
}

/* ---- looking ---- */

struct top {
	struct nvmemp *conn;		/* NULL: the daemon is gone */
	const struct nvmemp_snapshot *before, *now;
	double before_s, now_s;
	bool batch;
	enum top_order order;
	char notice[200];		/* "": the last look was one */
};

static double monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* 0: t->now is new, or is what it was and notice says why */
static int look(struct top *t)
{
	const struct nvmemp_snapshot *s;
	int r = t->conn ? 0 : nvmemp_connect(&t->conn);

	if (!r)
		r = nvmemp_snapshot_read(t->conn, &s);
	if (r) {
		snprintf(t->notice, sizeof(t->notice), "%s", r == -ENOTCONN ?
			 "daemon gone, waiting; I/O goes on without it" : nvmemp_error(t->conn));
		nvmemp_close(t->conn);
		t->conn = NULL;
		return r == -ENOMEM ? r : 0;
	}
	t->notice[0] = '\0';
	nvmemp_snapshot_free(t->before);
	t->before = t->now;
	t->before_s = t->now_s;
	t->now = s;
	t->now_s = monotonic();
	return 0;
}

static int show(const struct top *t)
{
	struct top_view v = {
		.before = *t->notice ? NULL : t->before, .now = t->now,
		.seconds = t->now_s - t->before_s, .order = t->order, .notice = t->notice,
		.color = use_colors(), .keys = has_keys, .end = t->batch ? "\n" : "\033[K\n",
	};
	time_t wall = time(NULL);
	struct winsize size;
	struct tm tm;
	int r;

	strftime(v.clock, sizeof(v.clock), "%H:%M:%S", localtime_r(&wall, &tm));
	if (!t->batch && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		/* what reaches the last column may wrap, or be cleared with the rest of its line */
		v.width = size.ws_col - 1;
		v.height = size.ws_row;
	}
	fputs(t->batch ? "" : "\033[H", stdout);
	r = print_top(stdout, &v);
	fputs(t->batch ? "\n" : "\033[J", stdout);
	return fflush(stdout) ? -EIO : r;
}

/* Until that moment, a key, or a new size; the key, or 0 */
static int wait_until(double until)
{
	struct pollfd keys = { has_keys ? STDIN_FILENO : -1, POLLIN, 0 };
	double left = until - monotonic();
	char key = 0;

	if (left > 0 && poll(&keys, 1, (int)(left * 1000) + 1) > 0 &&
	    read(STDIN_FILENO, &key, 1) <= 0)
		key = 'q';
	return key;
}

static int loop(struct top *t, double delay, unsigned long count)
{
	double next = monotonic();
	int key, r;

	for (;;) {
		/* from the last moment that was meant, not from now: no drift */
		for (next += delay; (key = wait_until(next)) != 'q' && key != ' ' && key != '\n' &&
		     monotonic() < next;) {
			if (key == 's')
				t->order = (t->order + 1) % NR_TOP_ORDERS;
			r = t->batch ? 0 : show(t);
			if (r)
				return r;
		}
		if (key == 'q')
			return 0;
		if (key || monotonic() > next + delay)
			next = monotonic();
		r = look(t);
		r = r ? r : show(t);
		if (r || (count && !--count))
			return r;
	}
}

/* Out of range or no number: a line on stderr, EXIT_USAGE */
static int number_option(const struct call *c, int option, double least, double *ret)
{
	const char *text = c->options[option];
	char *end, safe[100];
	double n;

	if (!text)
		return 0;
	n = strtod(text, &end);
	if (end == text || *end || !(n >= least && n <= 1e6) || (option == OPTION_COUNT && n != floor(n))) {
		fprintf(stderr, "nvmempctl: top: --%s must be %s, not %s\n",
			option == OPTION_COUNT ? "count" : "delay",
			option == OPTION_COUNT ? "1 to 1000000" : "0.1 to 1000000 seconds",
			escape(text, safe, sizeof(safe)));
		return EXIT_USAGE;
	}
	*ret = n;
	return 0;
}

int verb_top(const struct call *c)
{
	const char *term = getenv("TERM");
	struct top t = { .notice = "" };
	struct call own = *c;	/* its connection ends and begins again with the daemon */
	double delay = 1, count = 0;
	int r = number_option(c, OPTION_DELAY, 0.1, &delay);

	r = r ? r : number_option(c, OPTION_COUNT, 1, &count);
	if (r)
		return r;
	t.batch = c->options[OPTION_BATCH] || !isatty(STDOUT_FILENO) || !term || !strcmp(term, "dumb");
	r = nvmemp_connect(&own.conn);
	r = r ? r : nvmemp_snapshot_read(own.conn, &t.now);
	if (r) {
		r = call_failed(&own, r);
		nvmemp_close(own.conn);
		return r;
	}
	t.conn = own.conn;
	t.now_s = monotonic();
	if (!t.batch) {
		take_terminal();
		r = show(&t);
	}
	if (!r && (t.batch || count != 1))
		r = loop(&t, delay, (unsigned long)count - (count && !t.batch));
	leave_screen();
	nvmemp_snapshot_free(t.before);
	nvmemp_snapshot_free(t.now);
	nvmemp_close(t.conn);
	return printed(r == -EIO ? 0 : r, "the paths");	/* main() says what is wrong with stdout */
}
