/*
 * manifest: what a release is, as text that anyone can make again with sha256sum (docs/formats/manifest.md).
 * The SHA-256 of its bytes is the release's identity in the ledger.
 *
 * Invariants
 *  - one text for one set of files: sorted by the raw bytes of the path, no path twice, every byte of the
 *    text determined by the files;
 *  - manifest_parse accepts exactly what manifest_format writes.
 */
#ifndef SOURCE_MANIFEST_H
#define SOURCE_MANIFEST_H

#include "source/release.h"

/* Orders files as a manifest lists them. */
int manifest_order(const struct release_file *a, const struct release_file *b);

/* files: sorted, paths checked, none twice (asserted). lines and binary are not part of a manifest. */
void manifest_format(struct out *o, const struct release_file *files, size_t count);

/*
 * *files   in mem, lines and binary zero
 * Errors: ERR_INPUT with the line's number, ERR_LIMIT (LIMIT_RELEASE_FILES, mem).
 */
MUST_CHECK enum err_kind manifest_parse(struct arena *mem, struct str bytes,
	struct release_file **files, size_t *count, struct err *err);

#endif
