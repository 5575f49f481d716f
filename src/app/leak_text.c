/*
 * leak_text: where the lines of a text stand in the releases: places, never text. Which sessions were shown them stands in
 * sealed trails, which are opened at the officer's own machine: the command line puts the two together.
 */
#include "app/families.h"
#include "app/lab.h"
#include "app/leak_find.h"

/* Lines that must stand somewhere for an answer to tell anything; places that fit an answer. */
enum { LINES_MIN = 3, PLACES_MAX = 8192, SESSIONS_A_PAGE = 500 };

struct place {
	const struct release_text *text;
	struct find_hit hit;
};

struct text_state {
	struct find_needles needles;
	uint32_t left_out; /* lines too short, too long or there twice */
	uint32_t seen[FIND_NEEDLES_MAX]; /* how often each line stands somewhere */
	struct place places[PLACES_MAX];
	size_t count;
	struct leak_searched searched;
};

static bool is_common(const struct text_state *s, uint32_t needle)
{
	return s->seen[needle] > LIMIT_LEAK_PLACES;
}

/* A line that has become common gives its room back. */
static void drop(struct text_state *s, uint32_t needle)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->places[i].hit.needle != needle)
			s->places[kept++] = s->places[i];
	s->count = kept;
}

static enum err_kind take_hit(
	void *arg, const struct release_text *text, const struct find_hit *hit, struct err *err)
{
	struct text_state *s = arg;

	s->seen[hit->needle]++;
	if (s->seen[hit->needle] == LIMIT_LEAK_PLACES + 1)
		drop(s, hit->needle);
	if (is_common(s, hit->needle))
		return OK;
	if (s->count == PLACES_MAX)
		return err_set(err, ERR_LIMIT,
			"the lines stand in more than %d places: send fewer of them, or name the release",
			PLACES_MAX);
	s->places[s->count++] = (struct place){ text, *hit };
	return OK;
}

static void write_numbers(struct jw *w, const char *key, const struct text_state *s, bool common)
{
	jw_key(w, key);
	jw_array(w);
	for (uint32_t i = 0; i < s->needles.count; i++)
		if (common ? is_common(s, i) : s->seen[i] == 0)
			jw_i64(w, s->needles.needle[i].line);
	jw_array_end(w);
}

/* The places of one file, which follow each other. Returns the first of the next. */
static size_t write_file(struct ctx *ctx, const struct text_state *s, size_t at)
{
	const struct release_text *text = s->places[at].text;
	struct jw *w = ctx->answer;

	jw_object(w);
	jw_kstr(w, "release", text->release);
	leak_write_path(ctx, "path", text->file.path);
	jw_khex(w, "blob", text->file.digest.bytes, SHA256_BYTES);
	jw_key(w, "at");
	jw_array(w);
	for (; at < s->count && s->places[at].text == text; at++) {
		const struct find_hit *hit = &s->places[at].hit;

		jw_array(w);
		jw_i64(w, s->needles.needle[hit->needle].line);
		jw_i64(w, hit->line);
		jw_i64(w, hit->column);
		jw_array_end(w);
	}
	jw_array_end(w);
	jw_object_end(w);
	return at;
}

static uint32_t telling(const struct text_state *s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->needles.count; i++)
		count += s->seen[i] > 0 && !is_common(s, i);
	return count;
}

static void tell_text(struct ctx *ctx, const struct text_state *s)
{
	struct jw *w = ctx->answer;

	jw_ki64(w, "lines", s->needles.count);
	jw_ki64(w, "left_out", s->left_out);
	jw_ki64(w, "telling", telling(s));
	jw_ki64(w, "telling_min", LINES_MIN);
	jw_kbool(w, "enough", telling(s) >= LINES_MIN);
	jw_ki64(w, "files_searched", (int64_t)s->searched.files);
	jw_ki64(w, "bytes_searched", (int64_t)s->searched.bytes);
	write_numbers(w, "common", s, true);
	write_numbers(w, "unknown", s, false);
	jw_key(w, "files");
	jw_array(w);
	for (size_t at = 0; at < s->count;)
		at = write_file(ctx, s, at);
	jw_array_end(w);
}

static enum err_kind text_compute(struct ctx *ctx, struct err *err)
{
	struct text_state *s = arena_array(ctx->mem, struct text_state, 1);

	if (s == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	enum err_kind rc = find_split_lines(arg_str(ctx, "text"), &s->needles, &s->left_out, err);

	if (rc == OK)
		rc = leak_find(
			ctx, &s->needles, arg_str(ctx, "release"), take_hit, s, &s->searched, err);
	if (rc != OK)
		return rc;
	tell_text(ctx, s);
	return OK;
}

static void write_session(struct jw *w, struct stmt *s)
{
	jw_object(w);
	jw_kstr(w, "session", stmt_col_str(s, 0));
	jw_kstr(w, "point", stmt_col_str(s, 1));
	jw_kwhen(w, "started", stmt_col_i64(s, 2));
	jw_ki64(w, "views", stmt_col_i64(s, 3));
	jw_kwhen(w, "first_view", stmt_col_i64(s, 4));
	jw_kwhen(w, "last_view", stmt_col_i64(s, 5));
	jw_object_end(w);
}

static enum err_kind sessions_compute(struct ctx *ctx, struct err *err)
{
	struct jw *w = ctx->answer;
	struct str last = STR("");
	struct stmt *s;
	bool row = true;
	size_t count = 0;
	enum err_kind rc = stmt_begin(ctx->db,
		"SELECT s.id, s.point, s.started_us, count(*), min(e.time_us), max(e.time_us) "
		"FROM sessions s JOIN entries e ON e.session = s.id "
		"WHERE s.id > :after AND e.kind = 'source.view' AND e.time_us <= :until "
		"GROUP BY s.id, s.point, s.started_us ORDER BY s.id LIMIT :limit",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":after", arg_str(ctx, "after"));
	stmt_i64(s, ":until", arg_i64(ctx, "until", INT64_MAX));
	stmt_i64(s, ":limit", SESSIONS_A_PAGE);
	jw_key(w, "sessions");
	jw_array(w);
	while ((rc = stmt_step(s, &row, err)) == OK && row) {
		write_session(w, s);
		count++;
		if (!arena_copy(ctx->mem, stmt_col_str(s, 0), &last))
			w->out->failed = true;
	}
	jw_array_end(w);
	jw_key(w, "next");
	if (count == SESSIONS_A_PAGE)
		jw_str(w, last);
	else
		jw_null(w);
	return rc;
}

static const struct verb_arg text_args[] = {
	{ "text", ARG_TEXT, ARG_REQUIRED, 1, 0, NULL,
		"The text, as it was found; lines of 8 visible characters or more are looked for." },
	{ "release", ARG_ID, 0, 0, 0, "rel", "Only in this release. Without: in all." },
	{ 0 },
};

static const struct verb_arg sessions_args[] = {
	{ "until", ARG_TIME, 0, 0, 0, NULL, "Only pages shown until then." },
	{ "after", ARG_ID, 0, 0, 0, "ses", "Go on behind this session; from the answer before." },
	{ 0 },
};

const struct verb verbs_leak_text[] = {
	{
		.name = "leak.text",
		.summary =
			"Where do the lines of a text stand in the releases? Places, never text.",
		.args = text_args,
		.roles = ROLE_OFFICER | ROLE_AUDITOR,
		.public_fields = "actor",
		.flags = VERB_LONG | VERB_SEALED,
		.compute = text_compute,
	},
	{
		.name = "leak.sessions",
		.summary =
			"List the sessions that were shown pages: when and where, not which pages.",
		.args = sessions_args,
		.roles = ROLE_OFFICER | ROLE_AUDITOR,
		.public_fields = "actor",
		.compute = sessions_compute,
	},
	{ 0 },
};
