/*
 * detect_fft: the discrete Fourier transform of a plane whose sides are powers of two.
 * Source: Cooley and Tukey, 1965.
 */
#ifndef GLASS_DETECT_FFT_H
#define GLASS_DETECT_FFT_H

#include <stdbool.h>
#include <stdint.h>

enum { FFT_SIDE_MAX = 1024 };

/* A transform lies with its rows and columns exchanged: width and height say how it lies now. */
struct fft {
	uint32_t width, height;
	float *re, *im; /* row by row */
	float *spare_re, *spare_im;
};

/* Powers of two up to FFT_SIDE_MAX. Filled with zeros. False without memory; fft_free in either case. */
bool fft_make(uint32_t width, uint32_t height, struct fft *fft);
void fft_free(struct fft *fft);
void fft_forward(struct fft *fft);
/* Forward and back again multiplies by width x height. */
void fft_back(struct fft *fft);

#endif
