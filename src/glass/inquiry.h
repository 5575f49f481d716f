/*
 * inquiry: whose mark does this picture carry? The vault's side: a picture child decodes, layout children lay pages out,
 * a detect child compares. The vault decides which pages and sessions are tried, and says how sure the answer is.
 *
 * Invariants
 *  - the picture child has ended before anybody looks at what it wrote;
 *  - no secret of a mark leaves the detect child;
 *  - every page measured counts as tries, whether it names anybody or not.
 */
#ifndef GLASS_INQUIRY_H
#define GLASS_INQUIRY_H

#include "glass/decode.h"
#include "glass/detect.h"
#include "glass/glass.h"
#include "glass/message.h"

struct inquiry;

/*
 * bytes   of the picture's file
 * *about  what it is
 * *q      to inquiry_close
 * Errors: ERR_INPUT (no picture, or a damaged one), ERR_LIMIT, ERR_IO.
 */
MUST_CHECK enum err_kind inquiry_open(struct glass *g, struct str bytes, struct decoded *about,
	struct inquiry **q, struct err *err);
/*
 * Asked every few seconds while a page is looked for; false ends the wait with ERR_CANCELLED. For progress, so that whoever
 * waits knows that somebody is at work.
 */
typedef bool inquiry_tick_fn(void *arg);
void inquiry_on_tick(struct inquiry *q, inquiry_tick_fn *tick, void *arg);
/* NULL is fine. */
void inquiry_close(struct inquiry *q);

/* A page in the picture, drawn as agreed best. */
struct inquiry_seen {
	uint32_t tries; /* 0: the page is not in the picture, and nothing else counts */
	enum glass_theme theme;
	enum glass_zoom zoom;
	struct registration found;
	uint32_t bits[MARK_LAYERS];
};
/*
 * Look for a page in the picture; what follows is asked of this page.
 * request  as for glass_lay_out
 * themes, zooms  a bit each of what it may have been drawn in
 * number   tells the page in inquiry_best
 * Errors: those of glass_lay_out; ERR_IO, ERR_CORRUPT: the inquiry is over.
 */
MUST_CHECK enum err_kind inquiry_page(struct inquiry *q, const struct glass_request *request,
	uint32_t themes, uint32_t zooms, uint32_t number, struct inquiry_seen *seen,
	struct err *err);
/* Try the marks of at most DETECT_BATCH sessions on it; each id is shorter than DETECT_SESSION_BYTES. */
MUST_CHECK enum err_kind inquiry_score(
	struct inquiry *q, const struct str *sessions, size_t count, struct err *err);
/* The sessions that agree best on any page, the best first. best: room for DETECT_BEST_MAX. */
MUST_CHECK enum err_kind inquiry_best(
	struct inquiry *q, struct detect_best *best, size_t *count, struct err *err);

#endif
