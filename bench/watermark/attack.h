/* attack: what is done to a picture before the detector sees it; those of the short step. */
#ifndef BENCH_ATTACK_H
#define BENCH_ATTACK_H

#include "bed.h"

struct attack_picture {
	uint32_t width, height;
	uint8_t *luma; /* malloc'd; an attack may put another in its place */
};

/* Each is false when it could not be done; seed: the same gives the same. */
bool attack_nothing(struct attack_picture *picture, uint64_t seed);
bool attack_ten_lines(struct attack_picture *picture, uint64_t seed);
bool attack_half(struct attack_picture *picture, uint64_t seed);
bool attack_ten_lines_half(struct attack_picture *picture, uint64_t seed);
bool attack_jpeg_50(struct attack_picture *picture, uint64_t seed);
bool attack_ten_lines_jpeg_50(struct attack_picture *picture, uint64_t seed);
bool attack_binarise(struct attack_picture *picture, uint64_t seed);
bool attack_white_clip(struct attack_picture *picture, uint64_t seed);
bool attack_noise(struct attack_picture *picture, uint64_t seed);

#endif
