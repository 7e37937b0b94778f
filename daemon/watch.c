// SPDX-License-Identifier: GPL-2.0
/* udev and dm events -> hints */
#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"
#include "priority.h"
#include "watch.h"

/* The first interface with DM_DEV_ARM_POLL (drivers/md/dm-ioctl.c, _ioctls) */
#define ARM_POLL_MINOR	37

#define EVENTS_PER_TURN	32
#define BUFFER_BYTES	(16 << 20)	/* some ten thousand events; used while they wait only */

struct watch {
	sd_event *event;
	struct watch_handler handler;
	struct udev *udev;
	struct udev_monitor *monitor;
	sd_event_source *monitor_source;
	int dm_fd;
	sd_event_source *dm_source;
};

static void give(struct watch *w, enum hint_kind kind, const char *name)
{
	const struct hint hint = { .kind = kind, .name = name ? name : "" };

	w->handler.hint(w->handler.context, &hint);
}

static bool is(const char *value, const char *wanted)
{
	return value && strcmp(value, wanted) == 0;
}

/*
 * A change without NVME_EVENT or NVME_AEN is a trigger by hand; it costs one
 * Identify to take it seriously.
 */
static void ctrl_event(struct watch *w, struct udev_device *dev, const char *action)
{
	const char *name = udev_device_get_sysname(dev);

	if (is(action, "remove"))
		give(w, HINT_REMOVED, name);
	else if (is(udev_device_get_property_value(dev, "NVME_EVENT"), "connected"))
		give(w, HINT_CONNECTED, name);
	else
		give(w, HINT_DEVICE, name);
}

static void block_event(struct watch *w, struct udev_device *dev, const char *action)
{
	const char *name = udev_device_get_sysname(dev);

	if (strncmp(name, "nvme", 4) != 0)
		give(w, HINT_BLOCK, name);
	else if (is(action, "remove"))
		give(w, HINT_REMOVED, name);
	else
		give(w, HINT_DEVICE, name);
}

static void device_event(struct watch *w, struct udev_device *dev)
{
	const char *subsystem = udev_device_get_subsystem(dev);
	const char *action = udev_device_get_action(dev);

	if (!udev_device_get_sysname(dev))
		return;
	if (is(subsystem, "nvme"))
		ctrl_event(w, dev, action);
	else if (is(subsystem, "block"))
		block_event(w, dev, action);
	else if (is(subsystem, "nvme-subsystem"))
		give(w, HINT_RESCAN, "");
	else if (is(subsystem, "module") && is(action, "add"))
		give(w, HINT_MODULE, udev_device_get_sysname(dev));
}

/*
 * A full socket buffer shows as ENOBUFS here, and what it lost can't be told.
 * A storm must not keep the loop from everything else: the rest comes with the
 * next turn.
 */
static int on_udev(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct watch *w = userdata;
	struct udev_device *dev;
	int i;

	for (i = 0; i < EVENTS_PER_TURN; i++) {
		errno = 0;
		dev = udev_monitor_receive_device(w->monitor);
		if (dev) {
			device_event(w, dev);
			udev_device_unref(dev);
			continue;
		}
		if (errno != ENOBUFS)
			return 0;
		log_line(LOG_WARNING, "udev events were lost: looking at everything again");
		give(w, HINT_RESCAN, "");
	}
	return 0;
}

static int arm(int fd)
{
	struct dm_ioctl io = {
		.version = { DM_VERSION_MAJOR, ARM_POLL_MINOR, 0 },
		.data_size = sizeof(io),
		.data_start = sizeof(io),
	};

	return ioctl(fd, DM_DEV_ARM_POLL, &io) < 0 ? -errno : 0;
}

/* Armed before anybody reads, so an event after the reading wakes us again. */
static int on_dm(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct watch *w = userdata;
	int r = arm(fd);

	if (r < 0) {
		sd_event_source_set_enabled(s, SD_EVENT_OFF);
		w->handler.ended(w->handler.context, EVENTS_MAPS, r);
	}
	give(w, HINT_MAPS, "");
	return 0;
}

int watch_maps(struct watch *w)
{
	int fd, r;

	if (w->dm_source)
		return 0;
	fd = open("/dev/" DM_DIR "/" DM_CONTROL_NODE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = arm(fd);
	if (r == 0)
		r = sd_event_add_io(w->event, &w->dm_source, fd, EPOLLIN, on_dm, w);
	if (r < 0) {
		close(fd);
		return r;
	}
	w->dm_fd = fd;
	return 1;
}

static int add_monitor(struct watch *w)
{
	static const char *const filters[][2] = {
		{ "nvme", NULL }, { "nvme-subsystem", NULL }, { "block", "disk" },
		{ "module", NULL },
	};
	size_t i;
	int r;

	w->udev = udev_new();
	if (!w->udev)
		return -ENOMEM;
	/* "udev", not "kernel": the device's rules have run and its node is there */
	w->monitor = udev_monitor_new_from_netlink(w->udev, "udev");
	if (!w->monitor)
		return -ENOMEM;
	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, filters[i][0],
								    filters[i][1]);
		if (r < 0)
			return r;
	}
	/* without the right to it, the kernel's default has to do: what is lost is told of */
	udev_monitor_set_receive_buffer_size(w->monitor, BUFFER_BYTES);
	r = udev_monitor_enable_receiving(w->monitor);
	if (r < 0)
		return r;
	r = sd_event_add_io(w->event, &w->monitor_source, udev_monitor_get_fd(w->monitor),
			    EPOLLIN, on_udev, w);
	return r < 0 ? r : sd_event_source_set_priority(w->monitor_source, PRIORITY_DEVICES);
}

int watch_new(sd_event *event, const struct watch_handler *handler, struct watch **ret)
{
	struct watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->event = sd_event_ref(event);
	w->handler = *handler;
	w->dm_fd = -1;
	r = add_monitor(w);
	if (r < 0) {
		watch_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	sd_event_source_unref(w->monitor_source);
	sd_event_source_unref(w->dm_source);
	if (w->monitor)
		udev_monitor_unref(w->monitor);
	if (w->udev)
		udev_unref(w->udev);
	if (w->dm_fd >= 0)
		close(w->dm_fd);
	sd_event_unref(w->event);
	free(w);
}
