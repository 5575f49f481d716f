/* cmd_ledger: the record checked and shown without the vault's help: reads the lab's folder, changes nothing. */
#include <fcntl.h>
#include <unistd.h>

#include "app/lab_catch_up.h"
#include "base/hex.h"
#include "cli/cmd.h"
#include "ledger/log.h"
#include "ledger/published.h"
#include "ledger/verify.h"
#include "ledger/verify_witnessed.h"
#include "os/fs.h"
#include "os/sandbox.h"
#include "store/pack.h"

/* What a subcommand reads. Descriptors and db are closed by the dispatcher. */
struct reading {
	struct arena mem;
	int lab_fd, dir_fd, store_fd, to_fd; /* to_fd: of export */
	struct db *db; /* NULL: published files alone */
	struct pack_store *packs; /* with db */
	struct note_vkey vkey;
};

enum { READING_BYTES = 8 << 20 };

static enum err_kind open_published(struct reading *r, int at, const char *path, struct err *err)
{
	enum err_kind rc = fs_open_dir(at, path, &r->dir_fd, err);

	return rc == OK ? published_vkey(r->dir_fd, &r->mem, &r->vkey, err) : rc;
}

static enum err_kind open_records(struct reading *r, const char *lab, struct err *err)
{
	const char *path = arena_printf(&r->mem, "%s/records.db", lab);

	if (path == NULL)
		return err_set(err, ERR_LIMIT, "the lab's path is too long");
	return db_open(path, DB_READ, &r->db, err);
}

static enum err_kind open_lab(struct reading *r, const char *lab, bool records, struct err *err)
{
	enum err_kind rc = fs_open_dir(AT_FDCWD, lab, &r->lab_fd, err);

	if (rc == OK)
		rc = open_published(r, r->lab_fd, "ledger", err);
	if (rc == OK && records)
		rc = open_records(r, lab, err);
	return rc;
}

static void close_reading(struct reading *r)
{
	pack_close(r->packs);
	db_close(r->db);
	if (r->store_fd >= 0)
		close(r->store_fd);
	if (r->to_fd >= 0)
		close(r->to_fd);
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	if (r->lab_fd >= 0)
		close(r->lab_fd);
	arena_reset(&r->mem);
}

static void print_head(const struct ledger_report *report)
{
	char root[SHA256_HEX_BYTES];
	const struct checkpoint *c = &report->checkpoint;

	sha256_format(&c->root, root);
	printf("log %.*s\nas of checkpoint %llu: %llu entries, root %s, holds\n",
		STR_ARG(c->origin), (unsigned long long)c->size, (unsigned long long)c->size, root);
	printf("  %llu published tiles and bundles are what the entries hash to\n",
		(unsigned long long)report->tiles);
}

static enum err_kind vkey_text(struct reading *r, struct str *text, struct err *err)
{
	struct out o;

	out_init(&o, &r->mem, NOTE_VKEY_BYTES_MAX);
	note_vkey_put(&o, &r->vkey);
	return out_finish(&o, text, err);
}

/* The key is the one that lies beside the log: whoever checks for themselves compares it with the one they keep. */
static enum err_kind print_key(struct reading *r, struct err *err)
{
	struct str text;
	enum err_kind rc = vkey_text(r, &text, err);

	if (rc == OK)
		printf("  signed by %.*s\n  (compare this key with the one that you were given)\n",
			STR_ARG(text));
	return rc;
}

/* What entries and records name by digest must be what is stored under it. */
static enum err_kind verify_blobs(struct reading *r, uint64_t *blobs, struct err *err)
{
	enum err_kind rc = fs_open_dir(r->lab_fd, "store", &r->store_fd, err);

	if (rc == OK)
		rc = db_begin(r->db, err);
	if (rc != OK)
		return rc;
	rc = pack_open_read(r->store_fd, r->db, &r->packs, err);
	if (rc == OK)
		rc = pack_verify(r->packs, r->db, blobs, err);
	db_rollback(r->db);
	return rc;
}

/* Whose cosignatures cover how much, by the policy that lies beside the log. */
static enum err_kind verify_witnesses(struct reading *r, uint64_t size, struct err *err)
{
	struct witnessed_report w;
	enum err_kind rc = ledger_verify_witnessed(r->dir_fd, &r->vkey, size, &r->mem, &w, err);

	if (rc != OK)
		return rc;
	if (!w.has_policy)
		printf("  no policy of witnesses lies beside it\n");
	else if (!w.has_head)
		printf("  a policy lies beside it, and no cosigned head yet\n");
	else
		printf("  %llu entries are cosigned by %zu of %zu witnesses: the quorum of the policy beside it is met\n",
			(unsigned long long)w.size, w.signers, w.policy.witness_count);
	return OK;
}

static enum err_kind run_verify(struct reading *r, struct err *err)
{
	struct ledger_report report = { 0 };
	uint64_t blobs = 0, pages = 0;
	enum err_kind rc = ledger_verify(r->dir_fd, r->db, &r->vkey, &r->mem, &report, err);

	if (rc == OK && r->db != NULL)
		rc = db_verify(r->db, &pages, err);
	if (rc == OK && r->db != NULL)
		rc = verify_blobs(r, &blobs, err);
	if (rc != OK)
		return rc;
	print_head(&report);
	if (r->db != NULL) {
		printf("  the records hold each of them; %llu details are what their entries commit to, %llu redacted\n",
			(unsigned long long)report.commitments,
			(unsigned long long)report.redacted);
		printf("  %llu pages of the records fit their checksums\n",
			(unsigned long long)pages);
		printf("  %llu blobs of the store are what their digests say\n",
			(unsigned long long)blobs);
		if (report.beyond > 0)
			printf("  %llu more entries are durable and not yet covered by the checkpoint\n",
				(unsigned long long)report.beyond);
	} else {
		printf("  the records were not looked at\n");
	}
	rc = verify_witnesses(r, report.checkpoint.size, err);
	return rc != OK ? rc : print_key(r, err);
}

/* How many entries of a kind the log has, after all of it was checked: a number to hold a register against. */
static enum err_kind run_count(struct reading *r, const char *kind, struct err *err)
{
	struct ledger_report report = { .counted_kind = str_from(kind) };
	enum err_kind rc = ledger_verify(r->dir_fd, r->db, &r->vkey, &r->mem, &report, err);

	if (rc != OK)
		return rc;
	printf("%llu entries of kind %s\n", (unsigned long long)report.counted, kind);
	print_head(&report);
	return print_key(r, err);
}

static enum err_kind run_show(struct reading *r, uint64_t index, struct err *err)
{
	struct entry_row row;
	char leaf[SHA256_HEX_BYTES];
	enum err_kind rc = ledger_entry(r->db, &r->mem, index, &row, err);

	if (rc != OK)
		return rc;
	sha256_format(&row.leaf, leaf);
	printf("%.*s\n", STR_ARG(row.bytes));
	fprintf(stderr, "entry %llu, leaf %s, detail: %s\n", (unsigned long long)index, leaf,
		row.redacted ? "redacted" : "kept");
	return OK;
}

static enum err_kind run_proof(struct reading *r, uint64_t index, struct err *err)
{
	struct checkpoint c;
	struct entry_row row;
	struct str note, text;
	enum err_kind rc = published_checkpoint(r->dir_fd, &r->mem, &note, err);

	if (rc == OK)
		rc = checkpoint_open(&r->mem, note, &r->vkey, &c, err);
	if (rc == OK)
		rc = ledger_entry(r->db, &r->mem, index, &row, err);
	if (rc == OK)
		rc = published_proof(r->dir_fd, &r->mem, &c, note, index, &row.leaf, &text, err);
	if (rc == OK)
		printf("%.*s", STR_ARG(text));
	return rc;
}

static enum err_kind run_consistency(
	struct reading *r, uint64_t old_size, uint64_t new_size, struct err *err)
{
	struct checkpoint c;
	struct str note, text;
	enum err_kind rc = published_checkpoint(r->dir_fd, &r->mem, &note, err);

	if (rc == OK)
		rc = checkpoint_open(&r->mem, note, &r->vkey, &c, err);
	if (rc == OK)
		rc = published_consistency(r->dir_fd, &r->mem, &c, old_size, new_size, &text, err);
	if (rc == OK)
		printf("%.*s", STR_ARG(text));
	return rc;
}

static enum err_kind run_export(struct reading *r, const char *to, struct err *err)
{
	struct ledger_report report = { 0 };
	enum err_kind rc = fs_make_dirs(AT_FDCWD, to, 0755, err);

	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, to, &r->to_fd, err);
	if (rc == OK)
		rc = ledger_export(r->dir_fd, r->to_fd, &r->vkey, &r->mem, &report, err);
	if (rc != OK)
		return rc;
	printf("exported to %s\n", to);
	print_head(&report);
	return print_key(r, err);
}

static enum err_kind run_vkey(struct reading *r, struct err *err)
{
	struct str text;
	enum err_kind rc = vkey_text(r, &text, err);

	if (rc == OK)
		printf("%.*s\n", STR_ARG(text));
	return rc;
}

/* The work of one subcommand; `misused` when the words make no sense. */
static enum err_kind run_sub(
	struct reading *r, const char *lab, int argc, char **argv, bool *misused, struct err *err)
{
	const char *sub = argc > 1 ? argv[1] : "";
	uint64_t index = 0, newer = 0;
	bool numbered = argc == 3 && str_to_u64(str_from(argv[2]), &index);
	enum err_kind rc;

	if (strcmp(sub, "verify") == 0 && argc == 4 && strcmp(argv[2], "--published") == 0) {
		rc = open_published(r, AT_FDCWD, argv[3], err);
		return rc != OK ? rc : run_verify(r, err);
	}
	if (strcmp(sub, "verify") == 0 && argc == 2) {
		rc = open_lab(r, lab, true, err);
		return rc != OK ? rc : run_verify(r, err);
	}
	if (strcmp(sub, "count") == 0 && argc == 5 && strcmp(argv[3], "--published") == 0) {
		rc = open_published(r, AT_FDCWD, argv[4], err);
		return rc != OK ? rc : run_count(r, argv[2], err);
	}
	if (strcmp(sub, "count") == 0 && argc == 3) {
		rc = open_lab(r, lab, true, err);
		return rc != OK ? rc : run_count(r, argv[2], err);
	}
	if (strcmp(sub, "show") == 0 && numbered) {
		rc = open_lab(r, lab, true, err);
		return rc != OK ? rc : run_show(r, index, err);
	}
	if (strcmp(sub, "proof") == 0 && numbered) {
		rc = open_lab(r, lab, true, err);
		return rc != OK ? rc : run_proof(r, index, err);
	}
	if (strcmp(sub, "consistency") == 0 && argc == 4 && str_to_u64(str_from(argv[2]), &index) &&
		str_to_u64(str_from(argv[3]), &newer)) {
		rc = open_lab(r, lab, false, err);
		return rc != OK ? rc : run_consistency(r, index, newer, err);
	}
	if (strcmp(sub, "vkey") == 0 && argc == 2) {
		rc = open_lab(r, lab, false, err);
		return rc != OK ? rc : run_vkey(r, err);
	}
	if (strcmp(sub, "export") == 0 && argc == 3) {
		rc = open_lab(r, lab, false, err);
		return rc != OK ? rc : run_export(r, argv[2], err);
	}
	*misused = true;
	return OK;
}

static bool is_sub(const char *word)
{
	static const char *const subs[] = { "verify", "count", "show", "proof", "consistency",
		"vkey", "export", "catch-up" };

	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++)
		if (strcmp(word, subs[i]) == 0)
			return true;
	return false;
}

/* Offline: the mirror's folder is opened before root's rights, and the way to it, are given up. */
static int run_catch_up(const struct cli *cli, const char *from)
{
	struct catch_up done;
	struct err err;
	int from_fd = -1;
	enum err_kind rc = crypto_init(&err);

	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, from, &from_fd, &err);
	if (rc == OK)
		rc = user_enter_lab(cli->lab, NULL, &err);
	if (rc == OK)
		rc = lab_catch_up(from_fd, &done, &err);
	if (from_fd >= 0)
		close(from_fd);
	if (rc != OK)
		return cmd_fail("catch-up", &err);
	printf("entries %llu to %llu came from the mirror; their details are lost, and the record says so\n",
		(unsigned long long)done.from, (unsigned long long)done.to - 1);
	return 0;
}

int cmd_ledger(const struct cli *cli, int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "catch-up") == 0)
		return run_catch_up(cli, argv[2]);

	struct reading r = { .lab_fd = -1, .dir_fd = -1, .store_fd = -1, .to_fd = -1 };
	struct err err;
	bool misused = false;
	enum err_kind rc = crypto_init(&err);

	arena_init(&r.mem, READING_BYTES);
	if (rc == OK)
		rc = run_sub(&r, cli->lab, argc, argv, &misused, &err);
	close_reading(&r);
	/* list, entry, file, redact: verbs of the family, asked of the running vault. */
	if (misused)
		return argc > 1 && !is_sub(argv[1]) ? cmd_verb(cli, argc, argv)
						    : cmd_misuse(argv[0]);
	if (rc == OK && fflush(stdout) != 0)
		rc = err_set(&err, ERR_IO, "cannot write");
	return rc == OK ? 0 : cmd_fail(argc > 1 ? argv[1] : argv[0], &err);
}
