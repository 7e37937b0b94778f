// SPDX-License-Identifier: GPL-2.0
/* The control socket: who may connect, and what a connection may cost. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "busevents.h"
#include "busobjects.h"
#include "core/err.h"
#include "log.h"
#include "priority.h"

/*
 * Everybody may read, so everybody may hold connections open: the last ones
 * are kept for root, who must always get in.
 */
#define CONNECTIONS_MAX		64
#define CONNECTIONS_FOR_ROOT	16

/* Replies that a client asked for and does not fetch; one more and it is cut off. */
#define UNSENT_MAX		8
#define UNSENT_EVENTS_MAX	1024	/* of who subscribed; a lost subsystem makes many at once */

/*
 * sd-bus makes room for the whole of a message, up to 128 MiB, as soon as its
 * header is there. Nobody needs a message of more than a few hundred bytes, so
 * memory beyond any need of our own is an attack.
 */
#define MEMORY_MAX		(48u << 20)
#define MEMORY_LARGE		(256u << 10)	/* from here on an allocation is counted by itself */

#define COMPLAIN_US		(10 * UINT64_C(1000000))

struct connection {
	struct connection *next;
	struct bus *bus;
	sd_bus *peer;
	bool is_root;
	bool subscribed;
};

struct bus {
	sd_event *event;
	sd_event_source *listener;
	sd_event_source *guard;
	int fd;
	bool own_socket;		/* made, and removed, by us */
	struct connection *connections;
	size_t nr_connections;
	uint64_t complained_us;
	struct busobjects objects;
};

/* Whoever may connect could fill the log, too. */
static void complain(struct bus *bus, const char *what)
{
	uint64_t now = 0;

	sd_event_now(bus->event, CLOCK_MONOTONIC, &now);
	if (bus->complained_us && now < bus->complained_us + COMPLAIN_US)
		return;
	bus->complained_us = now;
	log_line(LOG_WARNING, "a client of the control socket was cut off: %s", what);
}

static void drop(struct connection *c)
{
	struct connection **p = &c->bus->connections;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	c->bus->nr_connections--;
	sd_bus_close_unref(c->peer);
	free(c);
}

static int on_disconnect(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	drop(userdata);
	return 0;
}

static bool has_unsent(const struct connection *c, uint64_t max)
{
	uint64_t unsent = 0;

	return sd_bus_get_n_queued_write(c->peer, &unsent) >= 0 && unsent > max;
}

/* A client that sends without reading would make us keep its replies. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct connection *c = userdata;
	if (has_unsent(c, c->subscribed ? UNSENT_EVENTS_MAX : UNSENT_MAX)) {
		complain(c->bus, "it does not read its answers");
		drop(c);
		return 1;
	}
	return 0;
}

static void subscribe(struct busobjects *o, sd_bus *peer)
{
	struct bus *bus = (struct bus *)((char *)o - offsetof(struct bus, objects));
	struct connection *c;

	for (c = bus->connections; c; c = c->next)
		if (c->peer == peer)
			c->subscribed = true;
}

/* Whoever misses one is cut off: it reads all again when it is back, and has missed nothing. */
static void on_event(void *context, const struct mp_event *event)
{
	struct bus *bus = context;
	struct connection *c, *next;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	for (c = bus->connections; c; c = next) {
		next = c->next;
		if (!c->subscribed)
			continue;
		if (!has_unsent(c, UNSENT_EVENTS_MAX) &&
		    busevents_send(c->peer, event, ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000) >= 0)
			continue;
		complain(bus, "it does not read the events");
		drop(c);
	}
}

static int start_peer(struct connection *c, int fd)
{
	sd_id128_t id;
	int r;

	r = sd_id128_randomize(&id);
	if (r >= 0)
		r = sd_bus_new(&c->peer);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = sd_bus_set_fd(c->peer, fd, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = sd_bus_set_server(c->peer, 1, id);
	if (r >= 0)
		r = sd_bus_set_anonymous(c->peer, 0);
	if (r >= 0)
		r = sd_bus_negotiate_creds(c->peer, 1, SD_BUS_CREDS_PID | SD_BUS_CREDS_UID |
					   SD_BUS_CREDS_EUID | SD_BUS_CREDS_EFFECTIVE_CAPS);
	if (r >= 0)
		r = sd_bus_start(c->peer);
	if (r >= 0)
		r = sd_bus_add_filter(c->peer, NULL, on_message, c);
	if (r >= 0)
		r = sd_bus_match_signal(c->peer, NULL, "org.freedesktop.DBus.Local",
					"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
					"Disconnected", on_disconnect, c);
	if (r >= 0)
		r = busobjects_add(&c->bus->objects, c->peer);
	if (r >= 0)
		r = sd_bus_attach_event(c->peer, c->bus->event, PRIORITY_CLIENTS);
	return r;
}

static int on_any_event(sd_event_source *s, void *userdata)
{
	struct bus *bus = userdata;
	struct connection *c, *next;

	if (bus->nr_connections == 0 || mallinfo2().hblkhd < MEMORY_MAX)
		return 0;
	for (c = bus->connections; c; c = next) {
		next = c->next;
		if (c->is_root)
			continue;
		complain(bus, "too large a message");
		drop(c);
	}
	return 0;
}

static void add_connection(struct bus *bus, int fd, bool is_root)
{
	struct connection *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		close(fd);
		return;
	}
	c->bus = bus;
	c->is_root = is_root;
	c->next = bus->connections;
	bus->connections = c;
	bus->nr_connections++;
	r = start_peer(c, fd);
	if (r < 0) {
		log_line(LOG_WARNING, "a client of the control socket: %s", strerror(-r));
		drop(c);
	}
}

static bool is_root(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static int on_connect(sd_event_source *s, int listen_fd, uint32_t revents, void *userdata)
{
	struct bus *bus = userdata;
	size_t max = CONNECTIONS_MAX;
	bool root;
	int fd;

	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
		return 0;
	if (fd < 0) {
		/* would come again at once, for ever */
		log_line(LOG_ERR, "control socket: accept: %s; closed", strerror(errno));
		return sd_event_source_set_enabled(s, SD_EVENT_OFF);
	}
	root = is_root(fd);
	if (!root)
		max -= CONNECTIONS_FOR_ROOT;
	if (bus->nr_connections < max)
		add_connection(bus, fd, root);
	else
		close(fd);
	return 0;
}

static int take_passed_socket(void)
{
	int n = sd_listen_fds(1), i;

	for (i = 0; i < n; i++)
		if (sd_is_socket_unix(SD_LISTEN_FDS_START + i, SOCK_STREAM, 1, NULL, 0) > 0)
			return SD_LISTEN_FDS_START + i;
	return -1;
}

static bool is_served(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served;

	if (fd < 0)
		return false;
	served = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno == EAGAIN;
	close(fd);
	return served;
}

static int make_socket(struct mp_err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = BUS_SOCKET };
	int fd;

	if (mkdir("/run/nvmemp", 0755) < 0 && errno != EEXIST)
		return mp_err_set(err, -errno, "/run/nvmemp: %s", strerror(errno));
	if (is_served(&addr))
		return mp_err_set(err, -EADDRINUSE, "another nvmempd is running");
	unlink(BUS_SOCKET);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return mp_err_set(err, -errno, "socket: %s", strerror(errno));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(BUS_SOCKET, 0666) < 0 ||
	    listen(fd, CONNECTIONS_MAX) < 0) {
		mp_err_set(err, -errno, "%s: %s", BUS_SOCKET, strerror(errno));
		close(fd);
		return -EIO;
	}
	return fd;
}

int bus_new(sd_event *event, struct reconcile *rc, struct bus **ret, struct mp_err *err)
{
	struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return mp_err_set(err, -ENOMEM, "no memory");
	bus->event = sd_event_ref(event);
	bus->objects.rc = rc;
	bus->objects.subscribe = subscribe;
	bus->fd = take_passed_socket();
	if (bus->fd < 0) {
		bus->fd = make_socket(err);
		bus->own_socket = bus->fd >= 0;
	}
	r = bus->fd;
	if (r >= 0) {
		r = sd_event_add_io(event, &bus->listener, bus->fd, EPOLLIN, on_connect, bus);
		if (r < 0)
			mp_err_set(err, r, "control socket: %s", strerror(-r));
	}
	if (r >= 0)
		r = sd_event_source_set_priority(bus->listener, PRIORITY_CLIENTS);
	if (r >= 0)
		r = sd_event_add_post(event, &bus->guard, on_any_event, bus);
	mallopt(M_MMAP_THRESHOLD, MEMORY_LARGE);
	if (r < 0) {
		bus_free(bus);
		return r;
	}
	reconcile_tell_events(rc, &(struct event_handler){ on_event, bus });
	*ret = bus;
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	/* no flush: it would wait for a client that does not read */
	while (bus->connections)
		drop(bus->connections);
	sd_event_source_unref(bus->listener);
	sd_event_source_unref(bus->guard);
	if (bus->own_socket)
		unlink(BUS_SOCKET);
	if (bus->fd >= 0)
		close(bus->fd);
	sd_event_unref(bus->event);
	free(bus);
}
