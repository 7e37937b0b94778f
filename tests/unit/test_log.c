// SPDX-License-Identifier: GPL-2.0
/* What the log lets through: printable ASCII, and so much of each map in a minute. */
#include <time.h>

#include "unit.h"

static uint64_t clock_ms;
static int fake_clock(clockid_t id, struct timespec *ts)
{
	*ts = (struct timespec){ .tv_sec = clock_ms / 1000, .tv_nsec = clock_ms % 1000 * 1000000 };
	return 0;
}
#define clock_gettime fake_clock
#include "../../daemon/log.c"
#undef clock_gettime

static FILE *said;
static int real_stderr;

static int hold(void **state)
{
	said = tmpfile();
	real_stderr = dup(STDERR_FILENO);
	return !said || real_stderr < 0 || dup2(fileno(said), STDERR_FILENO) < 0;
}

static int stop_listening(void **state)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	return fclose(said);
}

/* All that was said since the last time, which is forgotten */
static const char *hear(char *buf, size_t size)
{
	size_t len;

	rewind(said);
	len = fread(buf, 1, size - 1, said);
	buf[len] = '\0';
	rewind(said);
	assert_int_equal(ftruncate(fileno(said), 0), 0);
	return buf;
}

static size_t lines_heard(void)
{
	static char buf[1 << 20];
	const char *c;
	size_t n = 0;

	for (c = hear(buf, sizeof(buf)); *c; c++)
		n += *c == '\n';
	return n;
}

static void only_printable_ascii_gets_through(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a b~", "nvmempd: a b~\n" },
		{ "\033[31mred\r\n\t\177", "nvmempd: \\x1b[31mred\\x0d\\x0a\\x09\\x7f\n" },
		{ "\xc2\x9b""31m", "nvmempd: \\xc2\\x9b31m\n" },	/* CSI in UTF-8 */
		{ "\x9b""31m", "nvmempd: \\x9b31m\n" },			/* and without */
		{ "\xff\xfe", "nvmempd: \\xff\\xfe\n" },
		{ "\xe2\x80\xaegnp.exe", "nvmempd: \\xe2\\x80\\xaegnp.exe\n" },	/* right to left */
		{ "%s%n$(reboot)`reboot`;'\"", "nvmempd: %s%n$(reboot)`reboot`;'\"\n" },
	};
	char buf[512];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		log_line(LOG_INFO, "%s", rows[i].text);
		check_text(rows[i].text, hear(buf, sizeof(buf)), rows[i].want);
	}
}

/* The journal's fields, for which there is no stream to look into */
static void fields_are_escaped(void **state)
{
	struct iovec iov[1];
	int n = 0;

	add_field(iov, &n, "NVMEMP_NQN", "nqn\n_PID=1\033\xc2\x9b");
	assert_int_equal(n, 1);
	check_text("field", iov[0].iov_base, "NVMEMP_NQN=nqn\\x0a_PID=1\\x1b\\xc2\\x9b");
	assert_int_equal(iov[0].iov_len, strlen(iov[0].iov_base));
	free(iov[0].iov_base);
}

static void flapping_is_told_so_often_and_no_more(void **state)
{
	const struct log_about about = { .map = "flaps" }, other = { .map = "other" };
	char buf[512];
	int i;

	clock_ms = 1000;
	for (i = 0; i < 1000; i++)
		log_event(i == 900 ? LOG_CRIT : LOG_INFO, &about, "path %d", i);
	assert_int_equal(lines_heard(), ENTRIES_MAX);
	log_event(LOG_INFO, &other, "of another map");
	log_line(LOG_INFO, "of none");
	check_text("others", hear(buf, sizeof(buf)), "nvmempd: of another map\nnvmempd: of none\n");

	assert_int_equal(log_wake_ms(), 1000 + PERIOD_MS);
	log_catch_up(1000 + PERIOD_MS - 1);
	check_text("too soon", hear(buf, sizeof(buf)), "");
	clock_ms = log_wake_ms();
	log_catch_up(clock_ms);
	check_text("the rest", hear(buf, sizeof(buf)), "nvmempd: flaps: 800 more entries within a "
		   "minute were left out: see nvmempctl status\n");
	assert_int_equal(log_wake_ms(), 0);
	log_event(LOG_INFO, &about, "a new minute");
	check_text("a new minute", hear(buf, sizeof(buf)), "nvmempd: a new minute\n");
	assert_int_equal(log_wake_ms(), 0);
	clock_ms += PERIOD_MS;
	log_catch_up(clock_ms);
	check_text("nothing was left out", hear(buf, sizeof(buf)), "");
}

/* What a controller says of namespaces that nobody sees counts as the controller's. */
static void invented_namespaces_are_one_subject(void **state)
{
	struct log_about about = { "" };
	char name[64];
	int i;

	clock_ms += 2 * PERIOD_MS;
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "nvme0 nsid %d", i);
		about.path = name;
		log_event(LOG_NOTICE, &about, "%s is no path", name);
	}
	assert_int_equal(lines_heard(), ENTRIES_MAX);
	about.path = "nvme1n1";
	log_event(LOG_NOTICE, &about, "nvme1n1 is no path");
	assert_int_equal(lines_heard(), 1);
	clock_ms += PERIOD_MS;
	log_catch_up(clock_ms);
	assert_int_equal(lines_heard(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_printable_ascii_gets_through, hold, stop_listening),
		cmocka_unit_test(fields_are_escaped),
		cmocka_unit_test_setup_teardown(flapping_is_told_so_often_and_no_more, hold, stop_listening),
		cmocka_unit_test_setup_teardown(invented_namespaces_are_one_subject, hold, stop_listening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
