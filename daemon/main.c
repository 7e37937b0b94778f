// SPDX-License-Identifier: GPL-2.0
/* nvmempd: options, signals, and what systemd is told. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "bus.h"
#include "capture.h"
#include "log.h"
#include "queueing.h"
#include "reconcile.h"
#include "sys/conffile.h"
#include "trace.h"
#include "watch.h"

#define EXIT_USAGE	2

#define LOOK_MIN_S	2
#define LOOK_MAX_S	60
#define LOOKS_AT_IN_S	100		/* paths for each second between two looks, of which one takes a millisecond */

/* A controller that does not answer must not hold up the boot. */
#define READY_AT_LATEST_US	(10 * 1000000ULL)

/* A source of events that is not to be had, or not whole */
struct trouble {
	char text[140];			/* "" = none */
	bool by_clock;			/* what it would tell of is looked for */
};

struct daemon {
	sd_event *event;
	struct reconcile *rc;
	struct watch *watch;
	struct trace *trace;
	struct bus *bus;
	char status[300];
	bool ready;
	sd_event_source *look;		/* where events are not to be had */
	unsigned int look_s;		/* until the next */
	struct trouble troubles[NR_EVENT_SOURCES];
	char trouble[300];		/* all of them */
};

struct command {
	const char *conf_file;
	const char *queueing;		/* "on", "off", or NULL */
	bool once;
	bool dry_run;
	const char *root;		/* a captured machine; NULL: this one */
	bool json;
	const char *capture;		/* the directory to be made; NULL: none */
};

static const char usage_text[] =
	"Usage: nvmempd [OPTION]...\n"
	"Keep one block device for each NVMe namespace that several controllers can reach.\n"
	"\n"
	"      --once         do what is to be done now, and end\n"
	"      --dry-run      print what would be done now, and end\n"
	"      --root=DIR     with --dry-run: of the machine that was captured there\n"
	"      --json         with --root: as a JSON object\n"
	"      --capture=DIR  write what is known of this machine there, for a bug report, and end\n"
	"      --queueing=on|off  let I/O wait for a path as configured, or let it fail; and end\n"
	"      --config=FILE  instead of " MP_CONF_FILE " (and FILE.d/*.conf)\n"
	"      --version      print the version\n"
	"      --help         print this\n"
	"\n"
	"Exit status: 0 done, 1 something failed, 2 wrong usage. See nvmempd(8).\n";

/* Returns true if there is something to do; else *ret_exit is the exit status. */
static bool parse_command(int argc, char **argv, struct command *ret, int *ret_exit)
{
	enum { OPT_ONCE = 256, OPT_DRY_RUN, OPT_ROOT, OPT_JSON, OPT_CAPTURE, OPT_QUEUEING, OPT_CONFIG, OPT_VERSION, OPT_HELP };
	static const struct option options[] = {
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
		{ "root", required_argument, NULL, OPT_ROOT },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "capture", required_argument, NULL, OPT_CAPTURE },
		{ "queueing", required_argument, NULL, OPT_QUEUEING },
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL }
	};
	struct command c = { .conf_file = MP_CONF_FILE };
	int opt;

	*ret_exit = EXIT_USAGE;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_ONCE:
			c.once = true;
			break;
		case OPT_DRY_RUN:
			c.dry_run = true;
			break;
		case OPT_ROOT:
			c.root = optarg;
			break;
		case OPT_JSON:
			c.json = true;
			break;
		case OPT_CAPTURE:
			c.capture = optarg;
			break;
		case OPT_QUEUEING:
			if (strcmp(optarg, "on") != 0 && strcmp(optarg, "off") != 0) {
				fputs("nvmempd: --queueing is on or off\n", stderr);
				return false;
			}
			c.queueing = optarg;
			break;
		case OPT_CONFIG:
			c.conf_file = optarg;
			break;
		case OPT_VERSION:
			puts("nvmempd " NVMEMP_VERSION);
			*ret_exit = EXIT_SUCCESS;
			return false;
		case OPT_HELP:
			fputs(usage_text, stdout);
			*ret_exit = EXIT_SUCCESS;
			return false;
		default:
			fputs("Try 'nvmempd --help'.\n", stderr);
			return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "nvmempd: what is \"%s\"? Try 'nvmempd --help'.\n", argv[optind]);
		return false;
	}
	if (c.root && !c.dry_run) {
		fputs("nvmempd: --root is for --dry-run\n", stderr);
		return false;
	}
	if (c.json && !c.root) {
		fputs("nvmempd: --json is for --root\n", stderr);
		return false;
	}
	*ret = c;
	return true;
}

static void tell_ready(struct daemon *d, const char *status)
{
	if (d->ready && strcmp(d->status, status) == 0)
		return;
	snprintf(d->status, sizeof(d->status), "%s", status);
	sd_notifyf(0, "%sSTATUS=%s", d->ready ? "" : "READY=1\n", status);
	if (!d->ready)
		log_line(LOG_INFO, "ready: %s", status);
	d->ready = true;
}

/* ---- where events are not to be had ---- */

/* Looks again, soon at first, then rarer, until something happens. */
static int on_look(sd_event_source *s, uint64_t usec, void *userdata)
{
	static const struct hint rescan = { .kind = HINT_RESCAN, .name = "" };
	struct daemon *d = userdata;

	reconcile_hint(d->rc, &rescan);
	d->look_s = d->look_s * 2 > LOOK_MAX_S ? LOOK_MAX_S : d->look_s * 2;
	sd_event_source_set_time_relative(s, d->look_s * UINT64_C(1000000));
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

/* Each look is at everything: of thousands of paths that takes seconds. */
static unsigned int look_min_s(const struct daemon *d)
{
	size_t s = reconcile_view(d->rc)->topo->nr_ns / LOOKS_AT_IN_S;

	return s < LOOK_MIN_S ? LOOK_MIN_S : s > LOOK_MAX_S ? LOOK_MAX_S : s;
}

static void look_soon(struct daemon *d)
{
	unsigned int least = look_min_s(d);

	if (!d->look || d->look_s <= least)
		return;
	d->look_s = least;
	sd_event_source_set_time_relative(d->look, least * UINT64_C(1000000));
}

static void look_by_clock(struct daemon *d)
{
	size_t i;

	for (i = 0; i < NR_EVENT_SOURCES && !d->troubles[i].by_clock; i++)
		;
	if (i == NR_EVENT_SOURCES) {
		d->look = sd_event_source_disable_unref(d->look);
		return;
	}
	if (d->look)
		return;
	d->look_s = LOOK_MIN_S;
	sd_event_add_time_relative(d->event, &d->look, CLOCK_MONOTONIC, LOOK_MIN_S * UINT64_C(1000000), 0,
				   on_look, d);
}

__attribute__((format(printf, 4, 5)))
static void set_trouble(struct daemon *d, enum event_source source, bool by_clock, const char *fmt, ...)
{
	struct trouble *t = &d->troubles[source];
	size_t i, n = 0;
	va_list ap;

	t->by_clock = by_clock;
	va_start(ap, fmt);
	vsnprintf(t->text, sizeof(t->text), fmt, ap);
	va_end(ap);
	if (*t->text)
		log_line(LOG_WARNING, "%s", t->text);
	d->trouble[0] = '\0';
	for (i = 0; i < NR_EVENT_SOURCES; i++)
		if (*d->troubles[i].text)
			n += snprintf(d->trouble + n, sizeof(d->trouble) - n, "%s%s", n ? "; " : "",
				      d->troubles[i].text);
	reconcile_set_event_trouble(d->rc, d->trouble);
	look_by_clock(d);
}

/* nvme_core may be loaded after us. */
static void trace_if_new(struct daemon *d)
{
	static const struct hint rescan = { .kind = HINT_RESCAN, .name = "" };
	int r = trace_start(d->trace);

	if (r > 0) {
		reconcile_hint(d->rc, &rescan);
		if (*trace_trouble(d->trace))
			set_trouble(d, EVENTS_TRACE, false, "%s: the end of a controller's reset is noticed late",
				    trace_trouble(d->trace));
		else
			set_trouble(d, EVENTS_TRACE, false, "%s", "");
	}
	if (r >= 0 || r == -ENOENT || d->troubles[EVENTS_TRACE].by_clock)
		return;
	set_trouble(d, EVENTS_TRACE, true,
		    "no tracing (%s): ANA changes and controllers are looked at every %d to %d seconds",
		    strerror(-r), LOOK_MIN_S, LOOK_MAX_S);
}

static void on_ended(void *context, enum event_source source, int error)
{
	static const struct {
		const char *events, *what;
	} texts[] = {
		[EVENTS_TRACE] = { "trace", "ANA changes and controllers" },
		[EVENTS_MAPS] = { "device-mapper", "maps" },
	};

	set_trouble(context, source, true, "no %s events any more (%s): %s are looked at every %d to %d seconds",
		    texts[source].events, strerror(-error), texts[source].what, LOOK_MIN_S, LOOK_MAX_S);
}

static void on_hint(void *context, const struct hint *hint)
{
	struct daemon *d = context;

	if (hint->kind == HINT_MODULE)
		trace_if_new(d);
	look_soon(d);
	reconcile_hint(d->rc, hint);
}

/* The device-mapper node may appear after us, with its module. */
static void watch_maps_if_new(struct daemon *d)
{
	static const struct hint look = { .kind = HINT_MAPS, .name = "" };

	if (watch_maps(d->watch) > 0)
		reconcile_hint(d->rc, &look);
}

static void on_settled(void *context, const char *status, bool complete)
{
	struct daemon *d = context;

	watch_maps_if_new(d);
	if (d->ready || complete)
		tell_ready(d, status);
}

static int on_late(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;

	const char *trouble = reconcile_trouble(d->rc);

	if (!d->ready)
		tell_ready(d, *trouble ? trouble : "waiting for controllers to answer");
	return 0;
}

static int on_reload(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	struct daemon *d = userdata;
	struct mp_err err = { "" };

	sd_notify(0, "RELOADING=1");
	reconcile_reload(d->rc, &err);
	sd_notifyf(0, "READY=1\nSTATUS=%s", d->status);
	return 0;
}

static int on_stop(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	sd_notify(0, "STOPPING=1");
	return sd_event_exit(userdata, 0);
}

/* Blocked before any thread starts, or a thread would take them. */
static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

static int add_signals(struct daemon *d)
{
	int r;

	r = sd_event_add_signal(d->event, NULL, SIGTERM, on_stop, d->event);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGINT, on_stop, d->event);
	if (r >= 0)
		r = sd_event_add_signal(d->event, NULL, SIGHUP, on_reload, d);
	return r;
}

static int start_reconcile(struct daemon *d, const struct command *c)
{
	const struct reconcile_options options = {
		.conf_file = c->conf_file,
		.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.once = c->once,
		.dry_run = c->dry_run,
	};
	struct mp_err err = { "" };
	int r;

	if (options.root_fd < 0)
		return -errno;
	r = reconcile_new(d->event, &options, &d->rc, &err);
	if (r < 0)
		log_line(LOG_ERR, "%s", err.text);
	return r;
}

static int start_service(struct daemon *d)
{
	const struct watch_handler hints = { .hint = on_hint, .ended = on_ended, .context = d };
	const struct reconcile_listener listener = { .settled = on_settled, .context = d };
	struct mp_err err = { "" };
	int r;

	r = bus_new(d->event, d->rc, &d->bus, &err);
	if (r < 0) {
		log_line(LOG_ERR, "%s", err.text);
		return r;
	}
	r = watch_new(d->event, &hints, &d->watch);
	if (r < 0) {
		log_line(LOG_ERR, "can't listen to udev: %s", strerror(-r));
		return r;
	}
	r = trace_new(d->event, &hints, &d->trace);
	if (r < 0) {
		log_line(LOG_ERR, "no memory");
		return r;
	}
	trace_if_new(d);
	watch_maps_if_new(d);
	reconcile_listen(d->rc, &listener);
	return sd_event_add_time_relative(d->event, NULL, CLOCK_MONOTONIC, READY_AT_LATEST_US, 0,
					  on_late, d);
}

/* What was once read from disk must not have to be read again: that disk may be one of ours. */
static void lock_memory(void)
{
	/* on fault: no thread's whole stack; without the privilege it works as before */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_line(LOG_INFO, "memory is not locked: %s", strerror(errno));
}

static int run(struct daemon *d, const struct command *c)
{
	int r;

	r = block_signals();
	if (r >= 0)
		r = sd_event_default(&d->event);
	if (r >= 0)
		r = add_signals(d);
	if (r < 0) {
		log_line(LOG_ERR, "event loop: %s", strerror(-r));
		return r;
	}
	r = start_reconcile(d, c);
	if (r < 0)
		return r;
	if (!c->once && !c->dry_run)
		r = start_service(d);
	if (r >= 0)
		r = sd_event_set_watchdog(d->event, true);
	if (r >= 0 && d->bus)
		lock_memory();
	if (r >= 0)
		r = sd_event_loop(d->event);
	reconcile_stop(d->rc);
	bus_free(d->bus);
	watch_free(d->watch);
	trace_free(d->trace);
	return r;
}

int main(int argc, char **argv)
{
	struct daemon d = { NULL };
	struct command c;
	int status, r;

	if (!parse_command(argc, argv, &c, &status))
		return status;
	log_init();
	if (c.root)
		return captured_plan(c.root, c.json) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (geteuid() != 0) {
		log_line(LOG_ERR, "only root may do this");
		return EXIT_FAILURE;
	}
	if (c.queueing)
		return queueing_turn(strcmp(c.queueing, "on") == 0) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (strcmp(c.conf_file, MP_CONF_FILE) != 0 && access(c.conf_file, R_OK) < 0) {
		log_line(LOG_ERR, "%s: %s", c.conf_file, strerror(errno));
		return EXIT_FAILURE;
	}
	if (c.capture)
		return capture(c.capture, c.conf_file) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	r = run(&d, &c);
	if (r < 0)
		return EXIT_FAILURE;
	return (c.once || c.dry_run) && !reconcile_succeeded(d.rc) ? EXIT_FAILURE : EXIT_SUCCESS;
}
