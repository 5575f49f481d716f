#include "glass/page_fast.h"

#include "glass/page_write.h"
#include "glass/png_frame.h"

/* A stream that is larger goes the simple way, which finds more matches; the smaller one is kept. */
static const size_t good_bytes[GLASS_ZOOMS] = {
	[GLASS_1X] = 72 << 10,
	[GLASS_1_5X] = 144 << 10,
	[GLASS_2X] = 192 << 10,
};

struct page_fast {
	struct page_encoder *simple;
	struct page_writer *writers[GLASS_ZOOMS];
};

enum err_kind page_fast_open(const struct atlas *atlas, struct page_fast **fast, struct err *err)
{
	struct page_fast *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return err_set(err, ERR_LIMIT, "glass: no memory for a page");
	enum err_kind rc = page_encoder_open(atlas, &f->simple, err);

	for (int zoom = 0; zoom < GLASS_ZOOMS && rc == OK; zoom++)
		rc = page_writer_open(
			atlas, (enum glass_zoom)zoom, &page_lengths[zoom], &f->writers[zoom], err);
	if (rc == OK)
		*fast = f;
	else
		page_fast_close(f);
	return rc;
}

void page_fast_close(struct page_fast *fast)
{
	if (fast == NULL)
		return;
	for (int zoom = 0; zoom < GLASS_ZOOMS; zoom++)
		page_writer_close(fast->writers[zoom]);
	page_encoder_close(fast->simple);
	free(fast);
}

enum err_kind page_fast_encode(struct page_fast *fast, const struct grid *grid,
	const struct marks *marks, const struct page_options *options, uint8_t *png, size_t *len,
	struct err *err)
{
	const struct png_size size = { page_width(options->zoom), page_height(options->zoom) };
	const uint8_t *stream;
	struct palette palette;
	size_t stream_len;
	enum err_kind rc = page_write(
		fast->writers[options->zoom], grid, marks, &stream, &stream_len, err);

	if (rc != OK)
		return rc;
	if (stream_len > good_bytes[options->zoom]) {
		rc = page_encode(fast->simple, grid, marks, options, png, len, err);
		if (rc != OK || *len <= PNG_HEAD_BYTES + stream_len + PNG_TAIL_BYTES)
			return rc;
	}
	/* The bound of page_encode is larger than any stream that gets here: a larger one was the simple way's. */
	assert(PNG_HEAD_BYTES + stream_len + PNG_TAIL_BYTES <= page_bytes_max(options->zoom));
	palette_make(options->theme, &palette);
	png_put_head(png, &size, &palette);
	memcpy(png + PNG_HEAD_BYTES, stream, stream_len);
	*len = png_put_tail(png, stream_len);
	assert(*len <= page_bytes_max(options->zoom));
	return OK;
}
