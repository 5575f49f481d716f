/*
 * basis: the engagement under which a form is filled in. What it says is not asked again (its party, its product), and
 * only what belongs to those is offered (releases of the product, people of the party). A convenience of the form:
 * the vault judges what is sent, as it does for anybody who sends without one.
 */
#ifndef WEB_BASIS_H
#define WEB_BASIS_H

#include "web/page.h"

/* All borrowed until the request ends; record NULL: no engagement, nothing is fixed. */
struct basis {
	const json_t *kind; /* the declaration of engagements */
	const json_t *record, *names;
};

/* The field of a kind that names its engagement, or NULL. */
const json_t *basis_field(const json_t *kind);
/*
 * The engagement of that id, asked of the vault; an empty id leaves the basis without one.
 * Errors: ERR_INPUT when it is another record; those of record.show.
 */
MUST_CHECK enum err_kind basis_load(
	struct page *p, struct str id, struct basis *basis, struct err *err);
/* The id that the engagement fixes for a field, or empty. */
struct str basis_fixed(const struct basis *basis, const json_t *field);
/* Its title. */
struct str basis_title(const struct basis *basis, struct str id);
/*
 * The record of the engagement's that records of `kind` have to refer to when a form offers them; empty: all are offered.
 * Errors: those of lab.describe; ERR_NOT_FOUND for an unknown kind.
 */
MUST_CHECK enum err_kind basis_reference(struct page *p, const struct basis *basis, struct str kind,
	struct str *id, struct err *err);

#endif
