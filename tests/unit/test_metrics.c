// SPDX-License-Identifier: GPL-2.0
/* What nvmempctl metrics prints is what tests/fixtures has, which test_metrics.sh has others read. */
#include "view.h"
#include "unit.h"
#include "../../daemon/nvmempctl.h"

static char *fixture(const char *name)
{
	char path[200], *text = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "tests/fixtures/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(getdelim(&text, &size, '\0', f) > 0);
	fclose(f);
	return text;
}

static void is_printed_as(const char *name, bool older, const struct nvmemp_snapshot *s)
{
	char *got = NULL, *wanted = fixture(name);
	size_t size = 0;
	FILE *f = open_memstream(&got, &size);

	assert_int_equal(print_metrics(f, older, s), 0);
	fclose(f);
	if (getenv("SHOW"))
		fputs(got, stdout);
	check_text(name, got, wanted);
	free(got);
	free(wanted);
}

static void openmetrics(void **state)
{
	is_printed_as("metrics.openmetrics", false, &one_snapshot);
}

static void textfile_for_node_exporter(void **state)
{
	is_printed_as("metrics.prom", true, &one_snapshot);
}

static void without_a_daemon_that_is_all_they_say(void **state)
{
	is_printed_as("metrics-down.openmetrics", false, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openmetrics),
		cmocka_unit_test(textfile_for_node_exporter),
		cmocka_unit_test(without_a_daemon_that_is_all_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
