/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log: structured entries when stderr is the journal, else lines on stderr.
 * Names come from the target and from other people's devices, so nothing but
 * printable ASCII gets through, and no map or device has more than 200 entries a
 * minute. May be used from any thread.
 */
#ifndef MPD_LOG_H
#define MPD_LOG_H

#include <stdint.h>
#include <syslog.h>

/* MESSAGE_ID, each with an entry in systemd/nvmemp.catalog: never change one */
#define LOG_ID_MAP_CREATED	"cd319b8be53f4082980e8f77d8c06a78"
#define LOG_ID_PATH_DOWN	"54fd0b87b77f4b8cb91db9c7baf486c4"
#define LOG_ID_PATH_UP		"d94f468bbc074b46ae19393201884e46"
#define LOG_ID_NO_PATH		"e7373a1824f5417fa1656d144a2f09f9"
#define LOG_ID_RECOVERED	"9cc0d16e21704bb887259bfaee374031"
#define LOG_ID_REFUSED		"e51f02fdd8e941e1b043054876c3f7d2"
#define LOG_ID_STEP_FAILED	"27921f1133804387a4635134162e7957"
#define LOG_ID_CONFIG		"e7559c1f263e4d65bf249ba6026b1eb4"

/* What an entry is about; NULL or "" = not this. */
struct log_about {
	const char *id;			/* LOG_ID_* */
	const char *map;
	const char *path;
	const char *nqn;
	const char *reason;		/* for a program, or the catalog: what the text says, and no more */
};

void log_init(void);

__attribute__((format(printf, 2, 3)))
void log_line(int priority, const char *fmt, ...);

__attribute__((format(printf, 3, 4)))
void log_event(int priority, const struct log_about *about, const char *fmt, ...);

/* Says how many entries were left out, if that minute is over; when it will be (0: none were). */
void log_catch_up(uint64_t now_ms);
uint64_t log_wake_ms(void);

#endif
