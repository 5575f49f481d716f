/*
 * init: makes a lab folder (docs: README, "Layout of a lab"). All or nothing: it is built beside its place and
 * renamed into it. The first records are the maker's organisation and its officers; two of them, because what one
 * proposes another approves.
 */
#ifndef APP_INIT_H
#define APP_INIT_H

#include "app/lab.h"

enum { INIT_OFFICERS_MAX = 8, INIT_OFFICERS_MIN = 2, INIT_PASSWORD_BYTES = LIMIT_LINE_BYTES };

struct init_officer {
	struct str name, display;
	/* Empty: a one-time password is made up and written here, and must be changed. */
	char password[INIT_PASSWORD_BYTES];
	bool made_up; /* set by lab_make */
};

struct init_options {
	const char *path; /* missing, or an empty folder; its parent exists */
	/* File for the officer role's secret, outside the lab; must not exist */
	const char *officer_key;
	const char *data; /* folder that holds kinds/ */
	const char *font; /* file of the font artefact */
	struct str name, origin, organisation;
	struct str user; /* whom the vault becomes when started as root; may be empty */
	struct str listen; /* of the first point: "127.0.0.1:8443" */
	struct str tls_key, tls_certificate; /* PEM, for the first point */
	struct init_officer officers[INIT_OFFICERS_MAX];
	size_t officer_count;
	bool test_clock;
};

/*
 * Changes the process's current folder while it works. Started as root it gives the lab to `user`.
 * Errors: ERR_INPUT (what was asked for), ERR_CONFLICT (something is there already), ERR_IO. On error nothing
 * is left behind.
 */
MUST_CHECK enum err_kind lab_make(struct init_options *options, struct err *err);

#endif
