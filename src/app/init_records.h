/* init_records: the first records of a lab: its organisation, its officers, its point. */
#ifndef APP_INIT_RECORDS_H
#define APP_INIT_RECORDS_H

#include "app/init.h"

/* Hashes passwords, then one transaction with an entry a record. Fills in passwords that were left empty. */
MUST_CHECK enum err_kind init_records(struct lab *lab, struct init_options *options,
	const struct sign_public *point, struct err *err);

#endif
