/* SPDX-License-Identifier: GPL-2.0 */
/* An object with one interface, as an answer of GetManagedObjects; properties go between. */
#ifndef PLAYEDBUS_H
#define PLAYEDBUS_H

#include <systemd/sd-bus.h>

static void open_object(sd_bus_message *m, const char *path, const char *interface)
{
	sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
	sd_bus_message_append(m, "o", path);
	sd_bus_message_open_container(m, 'a', "{sa{sv}}");
	sd_bus_message_open_container(m, 'e', "sa{sv}");
	sd_bus_message_append(m, "s", interface);
	sd_bus_message_open_container(m, 'a', "{sv}");
}

static void close_object(sd_bus_message *m)
{
	int i;

	for (i = 0; i < 4; i++)
		sd_bus_message_close_container(m);
}

#endif
