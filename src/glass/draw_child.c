/*
 * draw_child: grids become pages here. It parses nothing that comes from outside (the font is the lab's own
 * artefact), and it alone reads the mark key.
 */
#include "crypto/sign.h"
#include "glass/child.h"
#include "glass/glass.h"
#include "glass/mark.h"
#include "glass/page_fast.h"

#define MEMORY_BYTES_MAX (128ULL << 20)

struct drawer {
	struct draw_region *region;
	struct atlas *atlas;
	struct page_fast *fast;
	uint8_t mark_key[MARK_KEY_BYTES];
	struct grid grid; /* our own copy: nobody changes it once it is checked */
	struct marks marks;
};

static void start(struct drawer *d, const struct ipc_msg *msg)
{
	struct draw_ready ready = { .engine = "" };
	uint8_t *font = malloc(ATLAS_FONT_BYTES_MAX);
	struct err err;

	if (font == NULL)
		child_end();
	size_t font_len = child_read_file(msg->fds[0], font, ATLAS_FONT_BYTES_MAX);
	/* A key of another length than it should have is no key. */
	uint8_t key[MARK_KEY_BYTES + 1];
	size_t key_len = child_read_file(msg->fds[1], key, sizeof(key));

	if (key_len != MARK_KEY_BYTES)
		child_end();
	memcpy(d->mark_key, key, MARK_KEY_BYTES);
	secret_wipe(key, sizeof(key));
	d->region = child_map_shared(msg->fds[2], sizeof(*d->region));
	if (atlas_open((struct str){ (char *)font, font_len }, &d->atlas, &err) != OK ||
		page_fast_open(d->atlas, &d->fast, &err) != OK)
		child_end();
	ready.font = sha256_of((struct str){ (char *)font, font_len });
	atlas_engine(ready.engine);
	free(font);
	d->region->coverage = *atlas_coverage(d->atlas);
	child_send(DRAW_READY, &ready, sizeof(ready));
}

static struct sha256 secret_of(const struct drawer *d, const char *session, uint32_t session_len)
{
	if (session_len == 0 || session_len > GLASS_SESSION_BYTES_MAX)
		child_end();
	return mark_secret((struct str){ (const char *)d->mark_key, MARK_KEY_BYTES },
		(struct str){ session, session_len });
}

/* The marks of this page are nobody else's: they do not outlive it. */
static void mark(struct drawer *d, const struct draw_ask *ask)
{
	const struct mark_place place = { ask->blob, ask->first_line, ask->first_column };
	struct sha256 secret = secret_of(d, ask->session, ask->session_len);

	mark_page(&secret, &place, &d->grid, &d->marks);
	secret_wipe(&secret, sizeof(secret));
}

static bool ask_is_sound(const struct draw_ask *ask)
{
	return ask->theme < GLASS_THEMES && ask->zoom < GLASS_ZOOMS &&
		ask->first_line % LIMIT_TILE_LINES == 0 &&
		ask->first_column % LIMIT_TILE_COLUMNS == 0;
}

static void draw(struct drawer *d, const struct ipc_msg *msg)
{
	struct draw_ask ask;
	struct err err;
	size_t len;

	memcpy(&ask, msg->body, sizeof(ask));
	if (!ask_is_sound(&ask))
		child_end();
	struct page_options options = { (enum glass_theme)ask.theme, (enum glass_zoom)ask.zoom };

	assert(page_bytes_max(options.zoom) <= DRAW_PNG_BYTES_MAX);
	d->grid = d->region->grid;
	if (grid_check(&d->grid, &err) != OK)
		child_end();
	mark(d, &ask);
	if (page_fast_encode(d->fast, &d->grid, &d->marks, &options, d->region->png, &len, &err) !=
		OK)
		child_end();
	secret_wipe(&d->marks, sizeof(d->marks));
	struct draw_done done = { .png_bytes = (uint32_t)len };

	child_send(DRAW_DONE, &done, sizeof(done));
}

/* The digest of a session's mark secret may be told. */
static void commit(const struct drawer *d, const struct ipc_msg *msg)
{
	struct draw_commit ask;

	memcpy(&ask, msg->body, sizeof(ask));
	struct sha256 secret = secret_of(d, ask.session, ask.session_len);
	struct draw_committed answer = { sha256_of(
		(struct str){ (const char *)secret.bytes, sizeof(secret.bytes) }) };

	secret_wipe(&secret, sizeof(secret));
	child_send(DRAW_COMMITTED, &answer, sizeof(answer));
}

_Noreturn void draw_child(void)
{
	static struct drawer drawer;
	static struct ipc_msg msg;
	struct err err;

	if (crypto_init(&err) != OK)
		child_end();
	child_enter("draw", MEMORY_BYTES_MAX);
	child_receive(glass_to_draw, &msg);
	if (msg.type != DRAW_START)
		child_end();
	start(&drawer, &msg);
	for (;;) {
		child_receive(glass_to_draw, &msg);
		if (msg.type == DRAW_PAGE)
			draw(&drawer, &msg);
		else if (msg.type == DRAW_COMMIT)
			commit(&drawer, &msg);
		else
			child_end();
	}
}
