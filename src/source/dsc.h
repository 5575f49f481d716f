/*
 * dsc: a Debian source control file (deb-src-control(5), dsc(5)): which files make a source package. Parsed
 * in the import child. A signature around it is stepped over, not judged: whoever ingests vouches.
 */
#ifndef SOURCE_DSC_H
#define SOURCE_DSC_H

#include "crypto/digest.h"
#include "source/release.h"

enum { DSC_PARTS_MAX = 32, DSC_NAME_BYTES_MAX = 200 };

/* A file that the package is made of, beside the .dsc. */
struct dsc_part {
	struct str name;
	struct sha256 digest;
	uint64_t size;
};

struct dsc {
	struct str format; /* "1.0", "3.0 (quilt)", "3.0 (native)" */
	struct str source, version;
	struct dsc_part parts[DSC_PARTS_MAX];
	size_t part_count;
};

/* Strings borrow from `text`. Errors: ERR_INPUT says what is missing or wrong. */
MUST_CHECK enum err_kind dsc_parse(struct str text, struct dsc *dsc, struct err *err);

/* A name that may stand in a .dsc: letters, digits, "+-.~_" and no leading dot or dash. */
bool dsc_name_is_safe(struct str name);

#endif
