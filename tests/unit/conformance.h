/*
 * conformance: tests that read other projects' vectors, VITRINE_SHARED/testdata/…. Where the folder is not given
 * each test is reported as skipped, with the reason; under CI=true its absence is a failure.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <jansson.h>

#include "base/arena.h"
#include "harness.h"

/* As cmocka_run_group_tests_name. `folder` lies in testdata/ ("tlog/dsse"). */
int conformance_run(const char *name, const char *folder, const struct CMUnitTest *tests,
	size_t count, CMFixtureFunction start, CMFixtureFunction stop);
/* "…/testdata/<folder>/<name>", from mem. */
const char *conformance_path(struct arena *mem, const char *name);
/* A file of the folder, whole; fails the test when it is not there. */
struct str conformance_file(struct arena *mem, const char *name);
/* The same, as JSON. Every integer becomes a real: some are 2^64 - 1. The caller's to json_decref. */
json_t *conformance_json(struct arena *mem, const char *name);

#endif
