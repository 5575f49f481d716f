/*
 * families: where the verbs come from. A family is an array of rows in its own file (see_glass.c,
 * govern_session.c, …) that ends with a row whose name is NULL; to add one, declare it here and name it in
 * the table of verbs.c.
 */
#ifndef APP_FAMILIES_H
#define APP_FAMILIES_H

#include "app/verb.h"

extern const struct verb verbs_bundle[]; /* prove_bundle.c */
extern const struct verb verbs_lab[]; /* run_lab.c */
extern const struct verb verbs_engagement[]; /* see_engagement.c */
extern const struct verb verbs_key[]; /* govern_key.c */
extern const struct verb verbs_leak_picture[]; /* leak_picture.c */
extern const struct verb verbs_leak_text[]; /* leak_text.c */
extern const struct verb verbs_ledger[]; /* prove_ledger.c */
extern const struct verb verbs_note[]; /* see_note.c */
extern const struct verb verbs_opening[]; /* respond_opening.c */
extern const struct verb verbs_peers[]; /* run_peers.c */
extern const struct verb verbs_record[]; /* govern_record.c */
extern const struct verb verbs_refusal[]; /* prove_refusals.c */
extern const struct verb verbs_release[]; /* see_release.c */
extern const struct verb verbs_session[]; /* govern_session.c */
extern const struct verb verbs_source_view[]; /* see_glass.c */
extern const struct verb verbs_trail[]; /* prove_trail.c */
extern const struct verb verbs_witness[]; /* prove_witness.c */

struct kinds;
/* The rows that the lab's kinds declare, *count of them; NULL kinds have none. Valid as long as the kinds. */
const struct verb *kinds_verbs(const struct kinds *kinds, size_t *count);

#endif
