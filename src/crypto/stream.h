/*
 * stream: bytes that only a key's holder can tell from chance, addressable by block: ChaCha20 (RFC 8439's block
 * function with the original's 64-bit counter and nonce 0). A key serves one purpose.
 */
#ifndef CRYPTO_STREAM_H
#define CRYPTO_STREAM_H

#include "crypto/digest.h"

enum { STREAM_BLOCK_BYTES = 64 };

/* Blocks first, first + 1, … as `count` x STREAM_BLOCK_BYTES bytes at `to`. */
void stream_blocks(const struct sha256 *key, uint64_t first, uint8_t *to, size_t count);

#endif
