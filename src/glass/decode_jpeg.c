/* decode_jpeg: by libjpeg-turbo, which hands the luminance out as it stands. Its errors jump. */
#include <setjmp.h>
#include <stdio.h>

/* Needs stdio.h before it. */
#include <jpeglib.h>

#include "glass/decode_format.h"

/*
 * A progressive picture may hold any number of scans of a few bytes, each of which costs a walk over all of its pixels.
 * Cameras and programs write about ten.
 */
enum { SCANS_MAX = 64 };

struct reader {
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
};

static _Noreturn void fail(j_common_ptr cinfo)
{
	struct reader *r = cinfo->client_data;

	longjmp(r->failed, 1);
}

/* Damage that the library would patch over is damage all the same. */
static void warn(j_common_ptr cinfo, int level)
{
	if (level < 0)
		fail(cinfo);
}

static void count_scans(j_common_ptr cinfo)
{
	const struct jpeg_decompress_struct *in = (const struct jpeg_decompress_struct *)cinfo;

	if (in->input_scan_number > SCANS_MAX)
		fail(cinfo);
}

static enum err_kind read_rows(struct jpeg_decompress_struct *in, struct str bytes, uint8_t *luma,
	struct decoded *about, struct err *err)
{
	jpeg_mem_src(in, (const unsigned char *)bytes.ptr, bytes.len);
	jpeg_read_header(in, TRUE);
	enum err_kind rc = decode_check_size(in->image_width, in->image_height, err);

	if (rc != OK)
		return rc;
	if (in->jpeg_color_space != JCS_GRAYSCALE && in->jpeg_color_space != JCS_YCbCr &&
		in->jpeg_color_space != JCS_RGB)
		return err_set(err, ERR_INPUT,
			"the JPEG picture has the colours of a printer: save it as PNG first");
	in->out_color_space = JCS_GRAYSCALE;
	jpeg_start_decompress(in);
	while (in->output_scanline < in->output_height) {
		JSAMPROW row = luma + (size_t)in->output_scanline * in->output_width;

		jpeg_read_scanlines(in, &row, 1);
	}
	about->width = in->output_width;
	about->height = in->output_height;
	jpeg_finish_decompress(in);
	return OK;
}

enum err_kind decode_jpeg(struct str bytes, uint8_t *luma, struct decoded *about, struct err *err)
{
	struct jpeg_decompress_struct in = { 0 };
	struct reader reader = { .progress.progress_monitor = count_scans };
	enum err_kind rc;

	in.err = jpeg_std_error(&reader.errors);
	reader.errors.error_exit = fail;
	reader.errors.emit_message = warn;
	in.client_data = &reader;
	if (setjmp(reader.failed) != 0) {
		jpeg_destroy_decompress(&in);
		return err_set(err, ERR_INPUT, "the JPEG picture is damaged or cut off");
	}
	jpeg_create_decompress(&in);
	in.progress = &reader.progress;
	rc = read_rows(&in, bytes, luma, about, err);
	jpeg_destroy_decompress(&in);
	return rc;
}
