/* kind_check: what must hold of a whole set of kinds, beyond what one file shows. */
#ifndef APP_KIND_CHECK_H
#define APP_KIND_CHECK_H

#include "app/kind.h"

/*
 * No record that may be changed gets into a state that a check leads to without a check.
 * Errors: ERR_INPUT names the kind and the state.
 */
MUST_CHECK enum err_kind kind_check_duties(
	const struct kind *kind, struct str file, struct err *err);
/* The kinds, fields and states that the program itself relies on are there. Errors: ERR_INPUT. */
MUST_CHECK enum err_kind kinds_check_program(const struct kinds *kinds, struct err *err);

#endif
