/*
 * yaml: the one configuration format (kinds, policies, settings), read by libyaml into the tree that JSON is
 * read into, so that one set of look-ups serves both.
 *
 * A strict part of YAML 1.1
 *  - one document, at most LIMIT_JSON_DEPTH levels; no anchors, aliases, tags, directives or merge keys ("<<");
 *  - a key is text, whatever it looks like, and occurs once;
 *  - a quoted or block scalar is a string; a plain one is true, false, null (also empty and ~), a decimal
 *    integer without leading zeros, or else a string: 1.7, yes, 0600 and 2026-11-22 are strings.
 */
#ifndef FORMAT_YAML_H
#define FORMAT_YAML_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

/*
 * *root is the caller's to json_decref. Messages name line and column (from 1) and quote nothing but keys.
 * Errors: ERR_INPUT; ERR_LIMIT (longer than bytes_max, too deep, no memory).
 */
MUST_CHECK enum err_kind yaml_parse(
	struct str text, size_t bytes_max, json_t **root, struct err *err);

#endif
