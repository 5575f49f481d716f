/*
 * lab: an open lab: the shared things that verbs work on. One a vault process.
 */
#ifndef APP_LAB_H
#define APP_LAB_H

#include <stdatomic.h>

#include "crypto/certificate.h"
#include "crypto/seal.h"
#include "glass/glass.h"
#include "ledger/cosigned.h"
#include "ledger/log.h"
#include "os/clock.h"
#include "store/pack.h"
#include "store/writer.h"

enum { SETTINGS_WORD_BYTES = 16 };
/* vitrine.yaml; one row a setting in app/settings.c, with range, default and help. */
struct settings {
	char name[LIMIT_LINE_BYTES]; /* "Example Networks transparency lab" */
	char origin[LIMIT_LINE_BYTES]; /* of the ledger: "example.org/lab" */
	char user[LIMIT_NAME_BYTES]; /* whom to become when started as root */
	int64_t session_idle_s, session_absolute_s;
	int64_t ingest_files_max, ingest_bytes_max;
	int64_t layout_children_max;
	int64_t witness_wait_s;
	bool test_clock; /* the clock is shifted by run/clock: said on every page */
	bool totp_required;
	/* Whoever has a key that counts signs what is signed. Without one: "keyed" lets it pass, "required" does not */
	char signatures[SETTINGS_WORD_BYTES];
	/* Where security keys are used (WebAuthn): relying party and origin; both empty: nowhere */
	char rp_id[LIMIT_LINE_BYTES], web_origin[LIMIT_LINE_BYTES];
	/* ADDRESS:PORT for peers on other machines; "": no door */
	char door_listen[LIMIT_LINE_BYTES];
};

/* Keys that the vault itself uses; the mark key is read by the draw child alone. */
struct lab_keys {
	struct sign_secret ledger;
	struct sign_public ledger_public;
	/* Session keys are wrapped for it; its secret lies outside the lab */
	struct box_public officer_role;
	struct sign_secret authority; /* certifies the door and peers on other machines */
	uint8_t pseudonym[32]; /* HMAC key: person and engagement -> pseudonym in entries */
};

struct kinds;
struct session_keys;

#define LAB_RECORDS "records.db"
/* What is said while waits_for_witnesses. */
#define LAB_WAITS "the lab has just started and waits to hear from its witnesses"
#define LAB_FONT "font/DejaVuSansMono.ttf"
enum { LAB_FONT_BYTES_MAX = 16 << 20 };

struct lab {
	int dir_fd, ledger_fd, store_fd;
	int lock_fd; /* run/lock, held as long as the lab is open */
	struct settings settings;
	struct lab_keys keys;
	char authority_pem[CERTIFICATE_PEM_BYTES_MAX]; /* its certificate */
	struct clock clock;
	struct writer *writer;
	struct ledger *ledger;
	struct cosigned *cosigned; /* cosignatures of the ledger's heads, and the policy in force */
	struct pack_store *packs;
	struct kinds *kinds;
	struct session_keys *session_keys; /* of sessions now open, in memory only */
	struct glass *glass; /* NULL where no page is drawn (command line, some tests) */
	/* Just started: no act before enough witnesses were heard, because one may know of a larger head. */
	atomic_bool waits_for_witnesses;
	bool without_glass; /* a test without children: sessions begin without a mark */
};

/* "eng_7k2m9q4x": prefix, underscore, 12 characters of a 32-letter alphabet without look-alikes. */
enum { LAB_ID_BYTES = 20 };
void lab_new_id(const char *prefix, char id[LAB_ID_BYTES]);

/* Opens records, ledger, packs, kinds and keys below the current folder. Errors: ERR_CONFLICT (another vault runs). */
MUST_CHECK enum err_kind lab_open(struct lab *lab, struct err *err);
void lab_close(struct lab *lab);
/* The entry "lab.start" {version, test_clock, font}: each start of a vault is in the record. */
MUST_CHECK enum err_kind lab_note_start(struct lab *lab, struct err *err);
/*
 * The entry "ui.code" {digest}, when the newest one has another digest: which client code the pages of this version are.
 * digest: 64 hexadecimal digits.
 */
MUST_CHECK enum err_kind lab_note_code(struct lab *lab, const char *digest, struct err *err);
/* The digest and the index of the newest such entry; empty and -1 when there is none. digest lives in mem. */
MUST_CHECK enum err_kind lab_code(
	struct db *db, struct arena *mem, struct str *digest, int64_t *index, struct err *err);
/* The ledger's verifier key, "example.org/lab+c74f20a3+AR…", in mem. */
MUST_CHECK enum err_kind lab_vkey(
	const struct lab *lab, struct arena *mem, struct str *vkey, struct err *err);

#endif
