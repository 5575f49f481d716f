#include "glass/inquiry.h"

#include <math.h>
#include <unistd.h>

#include "glass/picture.h"
#include "glass/pool.h"

/* A page of a large picture at an angle is looked for in many ways; a batch of sessions is some hashes each. */
enum { PAGE_MS = 180000, SCORE_MS = 60000, TICK_MS = 2000 };

struct inquiry {
	struct glass *glass;
	struct pool_child detect;
	struct grid grid;
	uint32_t pages; /* numbers below it were told */
	inquiry_tick_fn *tick; /* NULL: nobody asked */
	void *tick_arg;
};

static enum err_kind start_detect(
	struct inquiry *q, const struct decoded *about, int luma_fd, struct err *err)
{
	struct glass *g = q->glass;
	struct detect_start ask = { about->width, about->height };
	struct child_done ready;
	int region_fd;
	enum err_kind rc = pool_begin_child(g, g->options.detect_role, sizeof(struct detect_region),
		&q->detect, &region_fd, err);

	if (rc != OK)
		return rc;
	int fds[4] = { g->font_fd, g->mark_key_fd, luma_fd, region_fd };

	rc = pool_ask(&q->detect, DETECT_START, &ask, sizeof(ask), fds, 4, g->options.start_ms_max,
		CHILD_READY, &ready, sizeof(ready), err);
	close(region_fd);
	return rc;
}

enum err_kind inquiry_open(struct glass *g, struct str bytes, struct decoded *about,
	struct inquiry **out, struct err *err)
{
	struct inquiry *q;
	int luma_fd;

	enum err_kind rc = picture_read(g, bytes, about, &luma_fd, err);

	if (rc != OK)
		return rc;
	q = calloc(1, sizeof(*q));
	if (q == NULL) {
		close(luma_fd);
		return err_set(err, ERR_LIMIT, "no memory for the inquiry");
	}
	q->glass = g;
	rc = start_detect(q, about, luma_fd, err);
	close(luma_fd);
	if (rc != OK) {
		inquiry_close(q);
		return rc;
	}
	*out = q;
	return OK;
}

void inquiry_close(struct inquiry *q)
{
	if (q == NULL)
		return;
	pool_end_child(&q->detect);
	free(q);
}

void inquiry_on_tick(struct inquiry *q, inquiry_tick_fn *tick, void *arg)
{
	q->tick = tick;
	q->tick_arg = arg;
}

/* pool_ask for the one question that may take minutes. */
static enum err_kind ask_page(
	struct inquiry *q, const struct detect_ask *ask, struct detect_seen *seen, struct err *err)
{
	struct ipc_msg msg = { 0 };
	enum err_kind rc = ipc_send(q->detect.sock, DETECT_PAGE, ask, sizeof(*ask), NULL, 0, err);

	for (int waited_ms = 0; rc == OK; waited_ms += TICK_MS) {
		rc = ipc_receive(
			q->detect.sock, glass_from_child, GLASS_MESSAGES, TICK_MS, &msg, err);
		if (rc != ERR_LIMIT)
			break;
		rc = waited_ms >= PAGE_MS
			? err_set(err, ERR_IO, "glass: the detect child does not answer")
			: OK;
		if (rc == OK && q->tick != NULL && !q->tick(q->tick_arg))
			rc = err_set(err, ERR_CANCELLED, "the inquiry was stopped");
	}
	if (rc == ERR_NOT_FOUND)
		rc = err_set(err, ERR_IO, "glass: the detect child has ended");
	if (rc == OK && msg.type != DETECT_SEEN)
		rc = err_set(err, ERR_CORRUPT, "glass: the detect child answers something else");
	if (rc == OK)
		memcpy(seen, msg.body, sizeof(*seen));
	return rc;
}

/* Numbers that can be written down: the child looked at a stranger's picture. */
static bool seen_is_sound(const struct detect_seen *seen)
{
	if (seen->tries > DETECT_TRIES_MAX || seen->theme >= GLASS_THEMES ||
		seen->zoom >= GLASS_ZOOMS || seen->is_inverted > 1)
		return false;
	for (size_t i = 0; i < sizeof(seen->a) / sizeof(seen->a[0]); i++)
		if (!isfinite(seen->a[i]) || fabs(seen->a[i]) > 1e6)
			return false;
	return isfinite(seen->correlation) && fabs(seen->correlation) <= 1.001;
}

enum err_kind inquiry_page(struct inquiry *q, const struct glass_request *request, uint32_t themes,
	uint32_t zooms, uint32_t number, struct inquiry_seen *seen, struct err *err)
{
	struct detect_region *region = q->detect.region;
	const struct detect_ask ask = { request->blob, request->first_line, request->first_column,
		themes, zooms, number };
	struct detect_seen said;
	enum err_kind rc = glass_lay_out(q->glass, request, &q->grid, err);

	if (rc != OK)
		return rc;
	region->grid = q->grid;
	rc = ask_page(q, &ask, &said, err);
	if (rc == OK && !seen_is_sound(&said))
		rc = err_set(err, ERR_CORRUPT, "glass: the detect child answers something else");
	if (rc != OK)
		return rc;
	if (number >= q->pages)
		q->pages = number + 1;
	*seen = (struct inquiry_seen){ .tries = said.tries,
		.theme = (enum glass_theme)said.theme,
		.zoom = (enum glass_zoom)said.zoom,
		.found = { .correlation = said.correlation, .inverted = said.is_inverted != 0 } };
	memcpy(seen->found.a, said.a, sizeof(said.a));
	memcpy(seen->bits, said.bits, sizeof(said.bits));
	return OK;
}

enum err_kind inquiry_score(
	struct inquiry *q, const struct str *sessions, size_t count, struct err *err)
{
	struct detect_region *region = q->detect.region;
	struct detect_score ask = { (uint32_t)count };
	struct child_done done;

	assert(count <= DETECT_BATCH);
	for (size_t i = 0; i < count; i++) {
		assert(sessions[i].len > 0 && sessions[i].len < DETECT_SESSION_BYTES);
		memset(region->sessions[i], 0, DETECT_SESSION_BYTES);
		memcpy(region->sessions[i], sessions[i].ptr, sessions[i].len);
	}
	return pool_ask(&q->detect, DETECT_SCORE, &ask, sizeof(ask), NULL, 0, SCORE_MS, CHILD_DONE,
		&done, sizeof(done), err);
}

enum err_kind inquiry_best(
	struct inquiry *q, struct detect_best *best, size_t *count, struct err *err)
{
	const struct detect_region *region = q->detect.region;
	struct detect_told told;
	enum err_kind rc = pool_ask(&q->detect, DETECT_BEST, NULL, 0, NULL, 0, SCORE_MS,
		DETECT_TOLD, &told, sizeof(told), err);

	if (rc != OK)
		return rc;
	if (told.count > DETECT_BEST_MAX)
		return err_set(err, ERR_CORRUPT, "glass: the detect child answers something else");
	memcpy(best, region->best, told.count * sizeof(*best));
	for (size_t i = 0; i < told.count; i++)
		if (memchr(best[i].session, '\0', sizeof(best[i].session)) == NULL ||
			!isfinite(best[i].paper) || !isfinite(best[i].shift) ||
			!isfinite(best[i].both) || !(best[i].log_chance <= 0) ||
			best[i].page >= q->pages)
			return err_set(
				err, ERR_CORRUPT, "glass: the detect child answers something else");
	*count = told.count;
	return OK;
}
