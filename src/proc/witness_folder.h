/*
 * witness_folder: what lies in a witness's folder: witness.yaml, its keys, its state, what it mirrors
 * (docs/formats/witness.md).
 */
#ifndef PROC_WITNESS_FOLDER_H
#define PROC_WITNESS_FOLDER_H

#include "witness/witness.h"

#define WITNESS_SETTINGS "witness.yaml"
#define WITNESS_STATE_DIR "state"
#define WITNESS_MIRROR_DIR "mirror"

/* Texts are in mem. */
struct witness_folder {
	struct arena mem;
	const char *name; /* of the witness's key */
	const char *mirror_name; /* of the mirror's: name and "/mirror" */
	const char *peer; /* how it is called on the link */
	/* The centre: its vault's socket, or HOST:PORT of its door; both NULL: none, only HTTP */
	const char *socket, *centre;
	const char *listen; /* ADDRESS:PORT of the HTTP face; NULL: none */
	const char *receipts; /* of this host's point; NULL: none */
	bool mirrors;
	size_t log_count; /* the first is the centre's, where there is a centre */
	struct witness_log_keys logs[WITNESS_LOGS_MAX];
	struct sign_secret key, mirror_key, peer_key;
	struct str key_pem, certificate_pem; /* tls.key, tls.crt; empty: plain HTTP */
};

struct witness_new {
	const char *name, *peer, *socket, *listen, *receipts;
	/* Both or neither: join by the door, which tells peer and log. */
	const char *centre, *token;
	struct str log; /* verifier key of the centre's log, or of the first */
};

/* In the current folder. Errors: ERR_NOT_FOUND, ERR_INPUT (settings), ERR_CORRUPT (keys), ERR_IO. */
MUST_CHECK enum err_kind witness_folder_load(struct witness_folder *f, struct err *err);
void witness_folder_free(struct witness_folder *f);
/*
 * Makes folder, keys and the first state. Keys that a first, failed try made are taken again: the token may have been
 * redeemed for them. Errors: ERR_CONFLICT (there is one already), ERR_INPUT, ERR_IO, those of far_join.
 */
MUST_CHECK enum err_kind witness_folder_make(
	const char *folder, const struct witness_new *settings, struct err *err);
/* The verifier key of one of its keys, in mem. */
MUST_CHECK enum err_kind witness_folder_vkey(struct witness_folder *f, const char *name,
	const struct sign_secret *key, struct str *vkey, struct err *err);

#endif
