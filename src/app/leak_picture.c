/*
 * leak_picture: whose mark does a picture carry? The picture comes as a descriptor, from the command line or from a point
 * on this machine, and its digest as an argument, so that the point's signature covers it. The answer names sessions; the
 * entry's public part names nobody.
 */
#include <math.h>

#include "app/families.h"
#include "app/lab.h"
#include "app/leak_find.h"
#include "app/leak_judge.h"
#include "app/leak_pages.h"
#include "os/fs.h"

/* What a picture never proves; told with every answer. */
static const char does_not_prove[] =
	"This narrows to a session and a point; it proves no person's guilt. Whoever runs the vault could draw anybody's mark, "
	"and a point's host sees the pages of its guests. Hold it against the session's sealed trail: its views were recorded "
	"before the picture was seen, and the digest of its mark when the session began.";

/* A hundredth over a thousand pixels: less cannot be told from a picture that was only scaled. */
static const double is_slant = 1e-5;

struct inquiry_state {
	struct ctx *ctx;
	size_t at; /* the page being tried */
	struct str picture;
	struct decoded about;
	struct inquiry *inquiry;
	struct leak_pages pages;
	struct str *sessions;
	size_t session_count;
	uint64_t tries;
	size_t seen; /* pages found in the picture */
	struct leak_candidate candidates[DETECT_BEST_MAX];
	size_t candidate_count, named;
};

static enum err_kind take_picture(struct ctx *ctx, struct inquiry_state *s, struct err *err)
{
	struct sha256 want, got;

	if (!sha256_parse(arg_str(ctx, "picture"), &want))
		return err_set(err, ERR_INPUT, "picture: the SHA-256 of its file is wanted");
	enum err_kind rc = fs_read_fd(ctx->fd, LIMIT_PICTURE_BYTES, ctx->mem, &s->picture, err);

	if (rc == ERR_LIMIT)
		return err_set(err, ERR_LIMIT, "the picture's file is larger than %u MiB",
			LIMIT_PICTURE_BYTES >> 20);
	if (rc != OK)
		return rc;
	got = sha256_of(s->picture);
	return sha256_eq(&want, &got)
		? OK
		: err_set(err, ERR_INPUT, "the picture that came is not the one that was named");
}

/* The marks of all sessions on the page that was just found. */
static enum err_kind score_all(struct inquiry_state *s, struct err *err)
{
	enum err_kind rc = OK;

	for (size_t at = 0; at < s->session_count && rc == OK; at += DETECT_BATCH) {
		size_t left = s->session_count - at;

		rc = inquiry_score(s->inquiry, s->sessions + at,
			left < DETECT_BATCH ? left : DETECT_BATCH, err);
	}
	return rc;
}

static bool tick(void *arg)
{
	const struct inquiry_state *s = arg;

	return call_progress(s->ctx,
		&(struct call_report){ .done = s->at, .total = s->pages.count, .unit = "pages" });
}

static enum err_kind try_page(
	struct ctx *ctx, struct inquiry_state *s, uint32_t number, struct err *err)
{
	struct leak_page *page = &s->pages.page[number];
	struct glass_request request = { .blob = page->file.digest,
		.path = page->file.path,
		.first_line = page->line,
		.first_column = page->column,
		/* No engagement's child lays it out: one of this caller's own. */
		.pool = ctx->caller.session_id };
	enum err_kind rc = pack_read(
		ctx->lab->packs, ctx->db, &page->file.digest, &request.bytes, err);

	if (rc == OK)
		rc = inquiry_page(
			s->inquiry, &request, page->themes, page->zooms, number, &page->seen, err);
	if (rc != OK || page->seen.tries == 0)
		return rc;
	s->seen++;
	s->tries += page->seen.tries;
	return score_all(s, err);
}

static enum err_kind judge(struct ctx *ctx, struct inquiry_state *s, struct err *err)
{
	int64_t seen_us = arg_i64(ctx, "seen_at", INT64_MAX);
	struct detect_best best[DETECT_BEST_MAX];
	size_t count;
	enum err_kind rc = inquiry_best(s->inquiry, best, &count, err);

	for (size_t i = 0; i < count && rc == OK; i++) {
		struct leak_candidate *c = &s->candidates[s->candidate_count];

		rc = leak_judge(ctx, &best[i], s->session_count, s->tries, seen_us, c, err);
		if (rc != OK)
			break;
		s->candidate_count++;
		s->named += c->is_named;
	}
	return rc;
}

static enum err_kind inquire(struct ctx *ctx, struct inquiry_state *s, struct err *err)
{
	enum err_kind rc = leak_pages_choose(ctx, &s->pages, err);

	if (rc == OK)
		rc = leak_sessions_all(ctx, &s->sessions, &s->session_count, err);
	if (rc == OK)
		rc = inquiry_open(ctx->lab->glass, s->picture, &s->about, &s->inquiry, err);
	if (rc == OK)
		inquiry_on_tick(s->inquiry, tick, s);
	for (s->at = 0; s->at < s->pages.count && rc == OK; s->at++)
		rc = tick(s) ? try_page(ctx, s, (uint32_t)s->at, err)
			     : err_set(err, ERR_CANCELLED, "the inquiry was stopped");
	if (rc == OK && s->seen > 0)
		rc = judge(ctx, s, err);
	inquiry_close(s->inquiry);
	return rc;
}

/* JSON has no other numbers than these. */
static void write_real(struct jw *w, const char *key, const char *format, double value)
{
	char text[64];

	assert(isfinite(value));
	snprintf(text, sizeof(text), format, value);
	jw_key(w, key);
	jw_raw(w, str_from(text));
}

static void write_real2(struct jw *w, const char *key, double value)
{
	write_real(w, key, "%.2f", value);
}

/* What people read of a projective map: scale and turn at the picture's origin. */
static void write_registration(struct jw *w, const struct inquiry_seen *seen)
{
	const double *a = seen->found.a;
	double area = a[0] * a[4] - a[1] * a[3];

	write_real(w, "correlation", "%.3f", seen->found.correlation);
	write_real(w, "scale", "%.4f", sqrt(fabs(area)));
	/* Rounded here, or a turn of nothing would read -0. */
	write_real2(w, "degrees", round(atan2(a[3], a[0]) * 1800 / M_PI) / 10 + 0.0);
	jw_kbool(w, "at_an_angle", fabs(a[6]) + fabs(a[7]) > is_slant);
	jw_kbool(w, "inverted", seen->found.inverted);
	jw_kstr(w, "theme", str_from(profile_theme_name(seen->theme)));
	jw_kstr(w, "zoom", str_from(profile_zoom_name(seen->zoom)));
	jw_ki64(w, "paper_bits", seen->bits[MARK_PAPER]);
	jw_ki64(w, "shift_bits", seen->bits[MARK_SHIFT]);
}

static void write_page(struct ctx *ctx, const struct leak_page *page)
{
	struct jw *w = ctx->answer;

	jw_object(w);
	jw_kstr(w, "release", page->release);
	leak_write_path(ctx, "path", page->file.path);
	jw_khex(w, "blob", page->file.digest.bytes, SHA256_BYTES);
	jw_ki64(w, "line", page->line);
	jw_ki64(w, "column", page->column);
	jw_kbool(w, "found", page->seen.tries > 0);
	if (page->seen.tries > 0)
		write_registration(w, &page->seen);
	jw_object_end(w);
}

static void write_candidate(struct jw *w, const struct leak_candidate *c)
{
	jw_object(w);
	jw_kstr(w, "session", c->session);
	jw_kstr(w, "point", c->point);
	jw_kwhen(w, "started", c->started_us);
	if (c->ended_us > 0)
		jw_kwhen(w, "ended", c->ended_us);
	jw_ki64(w, "page", c->best.page);
	write_real2(w, "paper", c->best.paper);
	write_real2(w, "shift", c->best.shift);
	write_real2(w, "both", c->best.both);
	write_real2(w, "z", c->z);
	write_real(w, "false_alarm", "%.1e", c->false_alarm);
	jw_kbool(w, "named", c->is_named);
	if (c->why_not != NULL)
		jw_kstr(w, "why_not", str_from(c->why_not));
	jw_khex(w, "mark", c->best.digest.bytes, SHA256_BYTES);
	jw_kbool(w, "committed", c->committed);
	jw_ki64(w, "start_entry", c->start_entry);
	jw_ki64(w, "views", c->views);
	if (c->views > 0) {
		jw_kwhen(w, "first_view", c->first_view_us);
		jw_kwhen(w, "last_view", c->last_view_us);
		jw_ki64(w, "last_view_entry", c->last_view_entry);
	}
	jw_object_end(w);
}

static const char *reason(const struct inquiry_state *s)
{
	if (s->named > 1)
		return "the marks of these sessions agree with the picture, and each was shown pages before";
	if (s->named == 1)
		return "its mark agrees with the picture, and it was shown pages before";
	if (s->seen == 0)
		return "none of the pages tried is in the picture";
	if (s->candidate_count > 0 && s->candidates[0].why_not != NULL)
		return s->candidates[0].why_not;
	return "no session's mark agrees well enough";
}

static void tell(struct ctx *ctx, const struct inquiry_state *s)
{
	struct jw *w = ctx->answer;

	jw_kstr(w, "verdict", s->named > 0 ? STR("narrows") : STR("nobody"));
	jw_kstr(w, "reason", str_from(reason(s)));
	jw_key(w, "picture");
	jw_object(w);
	jw_kstr(w, "sha256", arg_str(ctx, "picture"));
	jw_kstr(w, "format", str_from(decode_format_name((enum decode_format)s->about.format)));
	jw_ki64(w, "width", s->about.width);
	jw_ki64(w, "height", s->about.height);
	jw_object_end(w);
	jw_ki64(w, "sessions", (int64_t)s->session_count);
	jw_ki64(w, "tries", (int64_t)s->tries);
	write_real(w, "false_alarm_max", "%.0e", detect_false_alarm_max);
	jw_key(w, "pages");
	jw_array(w);
	for (size_t i = 0; i < s->pages.count; i++)
		write_page(ctx, &s->pages.page[i]);
	jw_array_end(w);
	jw_key(w, "candidates");
	jw_array(w);
	for (size_t i = 0; i < s->candidate_count; i++)
		write_candidate(w, &s->candidates[i]);
	jw_array_end(w);
	jw_kstr(w, "does_not_prove", str_from(does_not_prove));
}

static void note(struct ctx *ctx, const struct inquiry_state *s)
{
	entry_public(ctx, "verdict", s->named > 0 ? STR("narrows") : STR("nobody"));
	entry_detail_i64(ctx, "sessions", (int64_t)s->session_count);
	entry_detail_i64(ctx, "tries", (int64_t)s->tries);
	for (size_t i = 0; i < s->candidate_count; i++) {
		if (!s->candidates[i].is_named)
			continue;
		entry_detail(ctx, "session", s->candidates[i].session);
		entry_detail_i64(ctx, "z_hundredths", lround(s->candidates[i].z * 100));
		break;
	}
}

static enum err_kind picture_compute(struct ctx *ctx, struct err *err)
{
	struct inquiry_state *s = arena_array(ctx->mem, struct inquiry_state, 1);

	if (s == NULL)
		return err_set(err, ERR_LIMIT, "request memory used up");
	s->ctx = ctx;
	if (ctx->lab->glass == NULL)
		return err_set(err, ERR_IO, "this lab runs without glass");
	enum err_kind rc = take_picture(ctx, s, err);

	if (rc == OK)
		rc = inquire(ctx, s, err);
	if (rc != OK)
		return rc;
	tell(ctx, s);
	note(ctx, s);
	return OK;
}

static const struct verb_arg picture_args[] = {
	{ "picture", ARG_LINE, ARG_REQUIRED, 64, 64, NULL,
		"SHA-256 of the picture's file, which comes with the call: PNG, JPEG or WebP." },
	LEAK_PAGES_ARGS,
	{ "seen_at", ARG_TIME, 0, 0, 0, NULL,
		"When the picture was first seen: later views do not count." },
	{ 0 },
};

const struct verb verbs_leak_picture[] = {
	{
		.name = "leak.picture",
		.summary = "Whose mark does a picture of a page carry? Names sessions, or nobody.",
		.args = picture_args,
		.roles = ROLE_OFFICER | ROLE_AUDITOR,
		.public_fields = "verdict actor",
		.flags = VERB_FD | VERB_UPLOAD | VERB_LONG | VERB_SEALED,
		.compute = picture_compute,
	},
	{ 0 },
};
