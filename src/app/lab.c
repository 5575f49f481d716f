/* lab: opens what a lab folder holds, in the order in which one thing needs the other, and closes it backwards. */
#include "app/lab.h"

#include <fcntl.h>
#include <unistd.h>

#include "app/authority.h"
#include "app/kind.h"
#include "app/settings.h"
#include "app/trail.h"
#include "app/verb.h"
#include "app/witnessing.h"
#include "ledger/note.h"
#include "os/fs.h"
#include "os/random.h"
#include "source/ingest.h"

void lab_new_id(const char *prefix, char id[LAB_ID_BYTES])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint8_t bytes[12];
	size_t len = strlen(prefix);

	static_assert(sizeof(letters) == 33, "five bits a letter");
	assert(len + 1 + sizeof(bytes) < LAB_ID_BYTES);
	random_bytes(bytes, sizeof(bytes));
	memset(id, 0, LAB_ID_BYTES);
	snprintf(id, LAB_ID_BYTES, "%s_", prefix);
	len++;
	for (size_t i = 0; i < sizeof(bytes); i++)
		id[len++] = letters[bytes[i] & 31];
}

/* A key file holds exactly `len` raw bytes. */
static enum err_kind read_key(
	int dir_fd, const char *path, void *bytes, size_t len, struct err *err)
{
	struct arena mem;
	struct str text;

	arena_init(&mem, 4096);
	enum err_kind rc = fs_read(dir_fd, path, len, &mem, &text, err);

	if (rc == OK && text.len != len)
		rc = err_set(err, ERR_CORRUPT, "%s: must hold %zu bytes", path, len);
	if (rc == OK)
		memcpy(bytes, text.ptr, len);
	arena_wipe(&mem);
	return rc;
}

static enum err_kind open_keys(struct lab *lab, struct err *err)
{
	uint8_t seed[SIGN_SEED_BYTES];
	enum err_kind rc = read_key(lab->dir_fd, "keys/ledger.key", seed, sizeof(seed), err);

	if (rc != OK)
		return rc;
	sign_from_seed(seed, &lab->keys.ledger_public, &lab->keys.ledger);
	secret_wipe(seed, sizeof(seed));
	rc = read_key(lab->dir_fd, "keys/officer-role.pub", lab->keys.officer_role.bytes,
		sizeof(lab->keys.officer_role.bytes), err);
	if (rc == OK)
		rc = read_key(lab->dir_fd, "keys/pseudonym.key", lab->keys.pseudonym,
			sizeof(lab->keys.pseudonym), err);
	return rc != OK ? rc : authority_open(lab, err);
}

static enum err_kind open_settings(struct lab *lab, struct err *err)
{
	struct arena mem;
	struct str text;

	arena_init(&mem, 2 * (size_t)SETTINGS_FILE_BYTES_MAX);
	enum err_kind rc = fs_read(
		lab->dir_fd, "vitrine.yaml", SETTINGS_FILE_BYTES_MAX, &mem, &text, err);

	if (rc == OK)
		rc = settings_parse(text, &lab->settings, err);
	arena_reset(&mem);
	if (rc != OK)
		return rc;
	clock_init_machine(&lab->clock);
	return lab->settings.test_clock
		? clock_init_shifted(&lab->clock, lab->dir_fd, "run/clock", err)
		: OK;
}

static enum err_kind open_kinds(struct lab *lab, struct err *err)
{
	int fd;
	enum err_kind rc = fs_open_dir(lab->dir_fd, "kinds", &fd, err);

	if (rc != OK)
		return rc;
	rc = kinds_load(fd, &lab->kinds, err);
	close(fd);
	return rc;
}

/* Records, ledger, packs, writer. The writer owns the connection from its start on. */
static enum err_kind open_records(struct lab *lab, struct err *err)
{
	struct db *db = NULL;
	enum err_kind rc = fs_open_dir(lab->dir_fd, "ledger", &lab->ledger_fd, err);

	if (rc == OK)
		rc = fs_open_dir(lab->dir_fd, "store", &lab->store_fd, err);
	if (rc == OK)
		rc = db_open(LAB_RECORDS, DB_WRITE, &db, err);
	if (rc != OK)
		return rc;
	rc = ledger_open(db, lab->ledger_fd, str_from(lab->settings.origin), &lab->keys.ledger,
		&lab->ledger, err);
	if (rc == OK)
		rc = cosigned_open(lab->ledger, lab->ledger_fd, &lab->cosigned, err);
	if (rc == OK)
		rc = witnessing_load(lab->cosigned, db, err);
	if (rc == OK)
		rc = pack_open(lab->store_fd, db, &lab->packs, err);
	if (rc != OK) {
		db_close(db);
		return rc;
	}
	struct writer_hooks hooks = ledger_hooks(lab->ledger);

	return writer_start(db, &hooks, &lab->writer, err);
}

enum err_kind lab_open(struct lab *lab, struct err *err)
{
	memset(lab, 0, sizeof(*lab));
	lab->lock_fd = lab->ledger_fd = lab->store_fd = lab->dir_fd = -1;
	clock_init_machine(&lab->clock);
	enum err_kind rc = fs_open_dir(AT_FDCWD, ".", &lab->dir_fd, err);

	if (rc == OK)
		rc = open_settings(lab, err);
	if (rc == OK)
		rc = fs_lock(lab->dir_fd, "run/lock", &lab->lock_fd, err);
	if (rc == ERR_CONFLICT)
		rc = err_set(err, ERR_CONFLICT, "another vault has this lab open");
	if (rc == OK)
		rc = open_keys(lab, err);
	if (rc == OK)
		rc = open_kinds(lab, err);
	if (rc == OK)
		rc = verbs_check(lab, err);
	if (rc == OK)
		rc = trail_open(&lab->session_keys, err);
	if (rc == OK)
		rc = open_records(lab, err);
	if (rc == OK)
		ingest_clean();
	else
		lab_close(lab);
	return rc;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void lab_close(struct lab *lab)
{
	if (lab->writer != NULL)
		writer_stop(lab->writer);
	if (lab->packs != NULL)
		pack_close(lab->packs);
	cosigned_close(lab->cosigned);
	if (lab->ledger != NULL)
		ledger_close(lab->ledger);
	trail_close(lab->session_keys);
	if (lab->kinds != NULL)
		kinds_free(lab->kinds);
	clock_close(&lab->clock);
	close_fd(&lab->store_fd);
	close_fd(&lab->ledger_fd);
	close_fd(&lab->lock_fd);
	close_fd(&lab->dir_fd);
	secret_wipe(lab, sizeof(*lab));
}

struct start {
	struct lab *lab;
	struct sha256 font;
};

static enum err_kind note_start(struct db *db, void *arg, struct err *err)
{
	const struct start *start = arg;
	char font[SHA256_HEX_BYTES];
	uint64_t index;
	struct entry_draft draft = { .kind = "lab.start",
		.time_us = clock_now_us(&start->lab->clock),
		.detail = STR(""),
		.session = STR(""),
		.record = STR(""),
		.field_count = 3 };

	sha256_format(&start->font, font);
	draft.fields[0] = (struct entry_field){ .name = "version", .text = STR(VITRINE_VERSION) };
	draft.fields[1] = (struct entry_field){
		.name = "test_clock", .number = start->lab->settings.test_clock, .is_number = true
	};
	draft.fields[2] = (struct entry_field){ .name = "font", .text = str_from(font) };
	return ledger_append(start->lab->ledger, db, &draft, &index, err);
}

enum err_kind lab_note_start(struct lab *lab, struct err *err)
{
	struct start start = { .lab = lab };
	struct arena mem;
	struct str font;

	arena_init(&mem, LAB_FONT_BYTES_MAX + 4096);
	enum err_kind rc = fs_read(lab->dir_fd, LAB_FONT, LAB_FONT_BYTES_MAX, &mem, &font, err);

	if (rc == OK)
		start.font = sha256_of(font);
	arena_reset(&mem);
	return rc != OK ? rc : writer_run(lab->writer, note_start, &start, err);
}

enum err_kind lab_vkey(const struct lab *lab, struct arena *mem, struct str *vkey, struct err *err)
{
	struct out o;
	struct note_vkey key = note_vkey_make(
		str_from(lab->settings.origin), NOTE_ED25519, &lab->keys.ledger_public);

	out_init(&o, mem, NOTE_VKEY_BYTES_MAX);
	note_vkey_put(&o, &key);
	return out_finish(&o, vkey, err);
}
