#include "glass/detect_fft.h"

#include <assert.h>
#include <math.h>

bool fft_make(uint32_t width, uint32_t height, struct fft *fft)
{
	size_t count = (size_t)width * height;

	assert(width > 0 && width <= FFT_SIDE_MAX && (width & (width - 1)) == 0);
	assert(height > 0 && height <= FFT_SIDE_MAX && (height & (height - 1)) == 0);
	*fft = (struct fft){ width, height, calloc(count, sizeof(float)),
		calloc(count, sizeof(float)), calloc(count, sizeof(float)),
		calloc(count, sizeof(float)) };
	return fft->re != NULL && fft->im != NULL && fft->spare_re != NULL && fft->spare_im != NULL;
}

void fft_free(struct fft *fft)
{
	free(fft->re);
	free(fft->im);
	free(fft->spare_re);
	free(fft->spare_im);
	*fft = (struct fft){ 0 };
}

static void swap_rows(float *restrict a, float *restrict b, uint32_t width)
{
	for (uint32_t x = 0; x < width; x++) {
		float kept = a[x];

		a[x] = b[x];
		b[x] = kept;
	}
}

static void reverse_rows(struct fft *f)
{
	for (uint32_t y = 1, reversed = 0; y < f->height; y++) {
		uint32_t bit = f->height >> 1;

		for (; reversed & bit; bit >>= 1)
			reversed ^= bit;
		reversed |= bit;
		if (y < reversed) {
			size_t here = (size_t)y * f->width, there = (size_t)reversed * f->width;

			swap_rows(f->re + here, f->re + there, f->width);
			swap_rows(f->im + here, f->im + there, f->width);
		}
	}
}

/* One butterfly for each column; the columns are independent, which is what makes this quick. */
static void butterfly(struct fft *f, size_t upper, size_t lower, float c, float s)
{
	float *restrict ar = f->re + upper * f->width, *restrict ai = f->im + upper * f->width;
	float *restrict br = f->re + lower * f->width, *restrict bi = f->im + lower * f->width;

	for (uint32_t x = 0; x < f->width; x++) {
		float tr = br[x] * c - bi[x] * s, ti = br[x] * s + bi[x] * c;

		br[x] = ar[x] - tr;
		bi[x] = ai[x] - ti;
		ar[x] += tr;
		ai[x] += ti;
	}
}

static void transform_columns(struct fft *f, double direction)
{
	reverse_rows(f);
	for (uint32_t len = 2; len <= f->height; len *= 2)
		for (uint32_t k = 0; k < len / 2; k++) {
			double angle = direction * 2 * M_PI * k / len;
			float c = (float)cos(angle), s = (float)sin(angle);

			for (uint32_t y = k; y < f->height; y += len)
				butterfly(f, y, y + len / 2, c, s);
		}
}

static void transpose(struct fft *f)
{
	struct fft turned = { f->height, f->width, f->spare_re, f->spare_im, f->re, f->im };

	for (uint32_t y = 0; y < f->height; y++)
		for (uint32_t x = 0; x < f->width; x++) {
			turned.re[(size_t)x * f->height + y] = f->re[(size_t)y * f->width + x];
			turned.im[(size_t)x * f->height + y] = f->im[(size_t)y * f->width + x];
		}
	*f = turned;
}

static void transform(struct fft *f, double direction)
{
	transform_columns(f, direction);
	transpose(f);
	transform_columns(f, direction);
}

void fft_forward(struct fft *fft)
{
	transform(fft, -1);
}

void fft_back(struct fft *fft)
{
	transform(fft, 1);
}
