/*
 * face: what a witness answers over HTTP: add-checkpoint and the last cosigned heads (C2SP tlog-witness 1.0.0), and the
 * files of the mirror (tlog-tiles). Handlers for http_start; everything goes through the one core.
 *
 *	POST /add-checkpoint
 *	GET  /<hex of SHA-256(origin)>/checkpoint
 *	GET  /mirror/<hex of SHA-256(origin)>/checkpoint, …/tile/…
 */
#ifndef WITNESS_FACE_H
#define WITNESS_FACE_H

#include "http/http.h"
#include "witness/witness.h"

struct face {
	struct witness *witness;
	int mirror_fd; /* the mirror's folder; -1: nothing is mirrored */
	char mirror_name[SHA256_HEX_BYTES]; /* witness_state_name of the mirrored log */
};

/* http_options' body_bytes_max and handle; arg is the struct face. */
size_t face_body_bytes_max(void *arg, enum http_method method, struct str path);
void face_handle(void *arg, struct arena *mem, const struct http_request *request,
	struct http_response *response);

#endif
