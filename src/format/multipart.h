/*
 * multipart: multipart/form-data bodies (RFC 7578) as browsers send them for a form with one file. Whatever else the format
 * could say is refused: no nesting, no transfer encodings, no escapes in names.
 */
#ifndef FORMAT_MULTIPART_H
#define FORMAT_MULTIPART_H

#include "format/form.h"

enum { MULTIPART_FIELDS_MAX = 32, MULTIPART_HEAD_BYTES_MAX = 1024 };

/* A part that has a file's name; absent: name is empty. Borrowed from the body. */
struct multipart_file {
	struct str name; /* of the form's field */
	struct str bytes;
};

/*
 * content_type  the request's header: "multipart/form-data; boundary=…"
 * form          the fields in their order, values trimmed of nothing; pairs in mem, strings borrowed from body
 * Errors: ERR_INPUT (malformed, two files, a value that is not UTF-8 or holds NUL), ERR_LIMIT (MULTIPART_FIELDS_MAX,
 * LIMIT_TEXT_BYTES a value, mem).
 */
MUST_CHECK enum err_kind multipart_parse(struct arena *mem, struct str content_type,
	struct str body, struct form *form, struct multipart_file *file, struct err *err);
/* Is this the content type of such a body? */
bool multipart_is(struct str content_type);

#endif
