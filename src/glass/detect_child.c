/*
 * detect_child: whose mark a picture carries is asked here. It parses nothing: the picture comes as luminance, pages as
 * checked grids. It reads the mark key, and tells how well a session's mark agrees, and the digest of its secret, which
 * is public; never the secret.
 */
#include <math.h>

#include "crypto/sign.h"
#include "glass/child.h"
#include "glass/detect.h"
#include "glass/glass.h"

/* Planes of floating point of the picture and of the page. */
#define MEMORY_BYTES_MAX (2048ULL << 20)

/* A page that agrees so well needs no further zoom tried. */
static const double is_plain = 0.9;

/* A page drawn in one theme and zoom, and where it lies in the picture. */
struct drawing {
	struct detect_page page;
	struct registration found;
	struct evidence evidence;
};

struct asker {
	struct detect_region *region;
	struct atlas *atlas;
	struct detector *detector;
	struct picture picture;
	uint8_t mark_key[MARK_KEY_BYTES];
	struct grid grid; /* our own copy: nobody changes it once it is checked */
	uint32_t number; /* of the page */
	size_t drawing_count;
	struct drawing drawings[DETECT_TRIES_MAX];
	size_t best_count;
	struct detect_best best[DETECT_BEST_MAX]; /* the likeliest first; a session once */
};

static void start(struct asker *a, const struct ipc_msg *msg)
{
	uint8_t *font = malloc(ATLAS_FONT_BYTES_MAX), key[MARK_KEY_BYTES + 1];
	const struct child_done ready = { OK };
	struct detect_start ask;
	struct err err;

	memcpy(&ask, msg->body, sizeof(ask));
	if (font == NULL || !decode_size_fits(ask.width, ask.height))
		child_end();
	size_t font_len = child_read_file(msg->fds[0], font, ATLAS_FONT_BYTES_MAX);

	/* A key of another length than it should have is no key. */
	if (child_read_file(msg->fds[1], key, sizeof(key)) != MARK_KEY_BYTES)
		child_end();
	memcpy(a->mark_key, key, MARK_KEY_BYTES);
	secret_wipe(key, sizeof(key));
	a->picture = (struct picture){ .width = ask.width,
		.height = ask.height,
		.luma = child_map(msg->fds[2], (size_t)ask.width * ask.height) };
	a->region = child_map_shared(msg->fds[3], sizeof(*a->region));
	if (atlas_open((struct str){ (char *)font, font_len }, &a->atlas, &err) != OK ||
		detector_open(a->atlas, &a->detector, &err) != OK)
		child_end();
	free(font);
	child_send(CHILD_READY, &ready, sizeof(ready));
}

/* Is the page, drawn so, in the picture? *to is as it was when it is not. */
static bool look(struct asker *a, const struct detect_page *page, struct drawing *to)
{
	struct registration found;
	struct err err;
	enum err_kind rc = detect_register(a->detector, &a->picture, page, &found, &err);

	if (rc == ERR_LIMIT)
		child_end();
	if (rc != OK || (to->page.grid != NULL && found.correlation <= to->found.correlation))
		return false;
	to->page = *page;
	to->found = found;
	return true;
}

/* The zoom at which one theme agrees best. */
static void look_at_zooms(
	struct asker *a, struct detect_page page, uint32_t zooms, struct drawing *to)
{
	for (uint32_t zoom = 0; zoom < GLASS_ZOOMS; zoom++) {
		if ((zooms >> zoom & 1) == 0)
			continue;
		page.zoom = (enum glass_zoom)zoom;
		if (look(a, &page, to) && to->found.correlation >= is_plain)
			break;
	}
}

/* Keeps the drawing when what is left over can be measured. */
static void measure(struct asker *a, const struct drawing *d)
{
	struct drawing *to = &a->drawings[a->drawing_count];
	struct err err;
	enum err_kind rc = detect_measure(
		a->detector, &a->picture, &d->page, &d->found, &to->evidence, &err);

	if (rc == ERR_LIMIT)
		child_end();
	if (rc != OK)
		return;
	to->page = d->page;
	to->found = d->found;
	a->drawing_count++;
}

/* At its place, and wherever else the same text stands. */
static void measure_places(struct asker *a, struct drawing *d)
{
	const struct registration first = d->found;

	if (d->page.grid == NULL)
		return;
	measure(a, d);
	for (size_t i = 0; i < first.repeat_count; i++) {
		detect_repeat(&first, d->page.zoom, i, &d->found);
		measure(a, d);
	}
}

static void find_drawings(struct asker *a, struct detect_page page, uint32_t themes, uint32_t zooms)
{
	static struct drawing light, dark;

	light = dark = (struct drawing){ 0 };
	a->drawing_count = 0;
	if (themes >> GLASS_LIGHT & 1) {
		page.theme = GLASS_LIGHT;
		look_at_zooms(a, page, zooms, &light);
		/* The cells lie where they lie in any theme: only this zoom is worth another look. */
		if (light.page.grid != NULL)
			zooms = 1U << light.page.zoom;
	}
	for (uint32_t theme = GLASS_DARK; theme < GLASS_THEMES; theme++) {
		page.theme = (enum glass_theme)theme;
		if (themes >> theme & 1)
			look_at_zooms(a, page, zooms, &dark);
	}
	measure_places(a, &light);
	measure_places(a, &dark);
}

static void tell_seen(const struct asker *a)
{
	const struct drawing *best = &a->drawings[0];
	struct detect_seen seen = { .tries = (uint32_t)a->drawing_count };

	for (size_t i = 1; i < a->drawing_count; i++)
		if (a->drawings[i].found.correlation > best->found.correlation)
			best = &a->drawings[i];
	if (a->drawing_count > 0) {
		seen.theme = (uint32_t)best->page.theme;
		seen.zoom = (uint32_t)best->page.zoom;
		seen.is_inverted = best->found.inverted;
		seen.correlation = best->found.correlation;
		memcpy(seen.a, best->found.a, sizeof(seen.a));
		for (size_t layer = 0; layer < MARK_LAYERS; layer++)
			seen.bits[layer] = best->evidence.layer[layer].bits;
	}
	child_send(DETECT_SEEN, &seen, sizeof(seen));
}

static void see_page(struct asker *a, const struct ipc_msg *msg)
{
	struct detect_ask ask;
	struct err err;

	memcpy(&ask, msg->body, sizeof(ask));
	if (ask.first_line % LIMIT_TILE_LINES != 0 || ask.first_column % LIMIT_TILE_COLUMNS != 0 ||
		ask.themes >= 1U << GLASS_THEMES || ask.zooms >= 1U << GLASS_ZOOMS)
		child_end();
	a->grid = a->region->grid;
	if (grid_check(&a->grid, &err) != OK)
		child_end();
	a->number = ask.number;
	const struct detect_page page = { .grid = &a->grid,
		.place = { ask.blob, ask.first_line, ask.first_column } };

	find_drawings(a, page, ask.themes, ask.zooms);
	tell_seen(a);
}

/* By the bound; z tells apart what is far from being named. */
static bool is_likelier(const struct detect_best *one, const struct detect_best *other)
{
	const struct score a = { one->paper, one->shift, one->both, one->log_chance };
	const struct score b = { other->paper, other->shift, other->both, other->log_chance };

	return one->log_chance != other->log_chance ? one->log_chance < other->log_chance
						    : detect_best(&a) > detect_best(&b);
}

/* Into the list, unless ten are better or the session stands there with a better page. */
static void keep(struct asker *a, const struct detect_best *fresh)
{
	size_t at = 0, last = a->best_count;

	while (at < a->best_count && !is_likelier(fresh, &a->best[at])) {
		if (strcmp(a->best[at].session, fresh->session) == 0)
			return;
		at++;
	}
	if (at == DETECT_BEST_MAX)
		return;
	for (size_t i = at; i < a->best_count; i++)
		if (strcmp(a->best[i].session, fresh->session) == 0)
			last = i;
	if (last == a->best_count && a->best_count < DETECT_BEST_MAX)
		a->best_count++;
	else if (last == a->best_count)
		last--;
	memmove(&a->best[at + 1], &a->best[at], (last - at) * sizeof(a->best[0]));
	a->best[at] = *fresh;
}

static void score_session(struct asker *a, const char *session)
{
	struct sha256 secret = mark_secret(
		(struct str){ (const char *)a->mark_key, MARK_KEY_BYTES }, str_from(session));
	struct detect_best fresh = { .page = a->number };

	memcpy(fresh.session, session, strlen(session) + 1);
	fresh.digest = sha256_of((struct str){ (const char *)secret.bytes, SHA256_BYTES });
	for (size_t i = 0; i < a->drawing_count; i++) {
		const struct drawing *d = &a->drawings[i];
		struct score score;

		detect_score(&d->evidence, &secret, &d->page.place, &score);
		if (!isfinite(score.paper) || !isfinite(score.shift) || !isfinite(score.both))
			continue;
		fresh.paper = score.paper;
		fresh.shift = score.shift;
		fresh.both = score.both;
		fresh.log_chance = score.log_chance;
		keep(a, &fresh);
	}
	secret_wipe(&secret, sizeof(secret));
}

static void score(struct asker *a, const struct ipc_msg *msg)
{
	const struct child_done done = { OK };
	struct detect_score ask;

	memcpy(&ask, msg->body, sizeof(ask));
	if (ask.count > DETECT_BATCH)
		child_end();
	for (uint32_t i = 0; i < ask.count; i++) {
		char session[DETECT_SESSION_BYTES];

		memcpy(session, a->region->sessions[i], sizeof(session));
		if (session[0] == '\0' || memchr(session, '\0', sizeof(session)) == NULL)
			child_end();
		score_session(a, session);
	}
	child_send(CHILD_DONE, &done, sizeof(done));
}

_Noreturn void detect_child(void)
{
	static struct asker asker;
	static struct ipc_msg msg;
	struct err err;

	if (crypto_init(&err) != OK)
		child_end();
	child_enter("detect", MEMORY_BYTES_MAX);
	child_receive(glass_to_detect, &msg);
	if (msg.type != DETECT_START)
		child_end();
	start(&asker, &msg);
	for (;;) {
		struct detect_told told = { 0 };

		child_receive(glass_to_detect, &msg);
		switch (msg.type) {
		case DETECT_PAGE:
			see_page(&asker, &msg);
			break;
		case DETECT_SCORE:
			score(&asker, &msg);
			break;
		case DETECT_BEST:
			told.count = (uint32_t)asker.best_count;
			memcpy(asker.region->best, asker.best, sizeof(asker.best));
			child_send(DETECT_TOLD, &told, sizeof(told));
			break;
		default:
			child_end();
		}
	}
}
