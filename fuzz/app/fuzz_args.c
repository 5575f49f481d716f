/*
 * Arguments against a verb that has one of each type. Properties: what passes is read back by the getters
 * without complaint; a path that passes has one spelling, which gives the same bytes again, and those bytes
 * stay inside a release.
 */
#include "app/args.h"
#include "base/utf8.h"

static const struct verb_arg rows[] = {
	{ "line", ARG_LINE, 0, 1, 0, NULL, "" },
	{ "text", ARG_TEXT, 0, 0, 0, NULL, "" },
	{ "id", ARG_ID, 0, 0, 0, "eng rel", "" },
	{ "int", ARG_INT, 0, -3, 1000, NULL, "" },
	{ "bool", ARG_BOOL, 0, 0, 0, NULL, "" },
	{ "time", ARG_TIME, 0, 0, 0, NULL, "" },
	{ "path", ARG_PATH, 0, 0, 0, NULL, "" },
	{ "enum", ARG_ENUM, 0, 0, 0, "light dark", "" },
	{ "secret", ARG_SECRET, 0, 1, 0, NULL, "" },
	{ "list", ARG_LIST, 0, 0, 0, NULL, "" },
	{ "bytes", ARG_BYTES, 0, 0, 0, NULL, "" },
	{ 0 },
};
static const struct verb verb = { .name = "fuzz.args", .args = rows };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_path(const struct ctx *ctx)
{
	struct out o;
	struct str path, shown;
	struct err err;

	must(arg_path(ctx, "path", &path, &err) == OK);
	must(path.len == 0 || path.ptr[0] != '/');
	must(memchr(path.ptr, 0, path.len) == NULL);
	out_init(&o, ctx->mem, 10 * (size_t)LIMIT_PATH_BYTES);
	out_shown(&o, path);
	must(out_finish(&o, &shown, &err) == OK);
	must(str_eq(shown, arg_str(ctx, "path")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem;
	struct err err;
	struct str bytes;
	json_t *args;

	if (json_parse(str_of(data, size), LIMIT_JSON_BYTES, &args, &err) != OK)
		return 0;
	arena_init(&mem, LIMIT_REQUEST_MEM_BYTES);
	struct ctx ctx = { .verb = &verb, .mem = &mem, .args = args };

	if (args_check(&verb, args, &mem, &err) == OK) {
		must(utf8_valid(arg_str(&ctx, "line")));
		must(arg_i64(&ctx, "int", 0) >= -3 && arg_i64(&ctx, "int", 0) <= 1000);
		arg_i64(&ctx, "time", 0);
		arg_flag(&ctx, "bool");
		for (size_t i = 0; i < arg_count(&ctx, "list"); i++)
			must(arg_item(&ctx, "list", i).len > 0);
		must(arg_bytes(&ctx, "bytes", &bytes, &err) == OK);
		check_path(&ctx);
	}
	json_decref(args);
	arena_reset(&mem);
	return 0;
}
