/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of the loop's events come first, when several wait: what is dispatched with 0
 * (sd-event's normal) are states of paths, from device-mapper, the kernel's tracing, the
 * controllers' answers. A storm of others must not hold them up.
 */
#ifndef MPD_PRIORITY_H
#define MPD_PRIORITY_H

enum {
	PRIORITY_DEVICES = 5,		/* udev's events, and looking at the devices */
	PRIORITY_CLIENTS = 10,
};

#endif
