#include "witness/request.h"

#include "base/hex.h"

static enum err_kind malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "add-checkpoint: %s", what);
}

enum err_kind add_request_parse(struct str body, struct add_request *request, struct err *err)
{
	struct add_request r = { .note = STR("") };
	struct str line, rest;
	size_t len;

	if (body.len > ADD_REQUEST_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "add-checkpoint: more than %d bytes",
			ADD_REQUEST_BYTES_MAX);
	if (!str_cut(body, '\n', &line, &rest) || !str_starts(line, STR("old ")) ||
		!str_to_u64(str_skip(line, 4), &r.old_size))
		return malformed(err, "the first line is not \"old\" and a size");
	for (;;) {
		if (!str_cut(rest, '\n', &line, &rest))
			return malformed(err, "no empty line before the checkpoint");
		if (line.len == 0)
			break;
		if (r.path.count == ADD_REQUEST_PROOF_MAX)
			return malformed(err, "more than 63 lines of proof");
		if (!base64_parse(line, r.path.nodes[r.path.count].bytes, SHA256_BYTES, &len) ||
			len != SHA256_BYTES)
			return malformed(err, "a line of proof is not base64 of 32 bytes");
		r.path.count++;
	}
	if (rest.len == 0)
		return malformed(err, "no checkpoint");
	r.note = rest;
	*request = r;
	return OK;
}

void add_request_put(struct out *o, const struct add_request *request)
{
	assert(request->path.count <= ADD_REQUEST_PROOF_MAX);
	out_put(o, STR("old "));
	out_u64(o, request->old_size);
	out_char(o, '\n');
	for (size_t i = 0; i < request->path.count; i++) {
		out_base64(o, str_of(request->path.nodes[i].bytes, SHA256_BYTES));
		out_char(o, '\n');
	}
	out_char(o, '\n');
	out_put(o, request->note);
}
