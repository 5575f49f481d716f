/* cmd_witness: make a witness, run it, and say in words how it is. */
#include <fcntl.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/when.h"
#include "cli/cmd.h"
#include "ledger/published.h"
#include "os/fs.h"
#include "proc/witness_folder.h"
#include "proc/witness_role.h"
#include "witness/alarm.h"

enum { LAB_MEM_BYTES = 64 << 10 };

static enum err_kind enter(const char *folder, struct witness_folder *f, struct err *err)
{
	if (chdir(folder) != 0)
		return err_set(err, ERR_NOT_FOUND, "%.200s: no such folder", folder);
	return witness_folder_load(f, err);
}

/* What the centre must be told to let this witness in, and to count it. */
static enum err_kind print_keys(struct witness_folder *f, struct err *err)
{
	struct str vkey = STR(""), mirror = STR("");
	char key[2 * SIGN_PUBLIC_BYTES + 1];
	enum err_kind rc = witness_folder_vkey(f, f->name, &f->key, &vkey, err);

	if (rc == OK)
		rc = witness_folder_vkey(f, f->mirror_name, &f->mirror_key, &mirror, err);
	if (rc != OK)
		return rc;
	hex_format(f->peer_key.bytes + SIGN_SEED_BYTES, SIGN_PUBLIC_BYTES, key);
	printf("peer %s\nlink key %s\nwitness %.*s\nmirror %.*s\n", f->peer, key, STR_ARG(vkey),
		STR_ARG(mirror));
	return OK;
}

/* The log's key as it lies beside a lab's published files. */
static enum err_kind lab_log(
	const char *lab, struct arena *mem, struct witness_new *settings, struct err *err)
{
	char absolute[4096];
	struct note_vkey unused;
	int fd = -1;
	struct str text;

	if (realpath(lab, absolute) == NULL)
		return err_set(err, ERR_NOT_FOUND, "%.200s: no such lab", lab);
	const char *ledger = arena_printf(mem, "%s/ledger", absolute);

	settings->socket = arena_printf(mem, "%s/run/vault.sock", absolute);
	if (ledger == NULL || settings->socket == NULL)
		return err_set(err, ERR_LIMIT, "the lab's path is too long");
	enum err_kind rc = fs_open_dir(AT_FDCWD, ledger, &fd, err);

	if (rc == OK)
		rc = published_vkey(fd, mem, &unused, err);
	if (rc == OK)
		rc = fs_read(fd, "log.vkey", NOTE_VKEY_BYTES_MAX + 1, mem, &text, err);
	if (rc == OK)
		settings->log = str_trim(text);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* One that `vitrine up` starts with the lab: it finds the socket wherever the lab is moved to. */
static bool is_inside(const char *lab, const char *folder)
{
	struct str rest = str_from(folder), prefix = str_from(lab);

	if (!str_starts(rest, prefix))
		return false;
	rest = str_skip(rest, prefix.len);
	return str_starts(rest, STR("/witnesses/")) &&
		memchr(rest.ptr + 11, '/', rest.len - 11) == NULL;
}

static int run_init(const struct cli *cli, int argc, char **argv)
{
	struct witness_new s = { .log = STR("") };
	struct witness_folder f = { .name = NULL };
	struct arena mem;
	struct err err;
	const char *folder = argc > 2 ? argv[2] : NULL, *log = NULL;
	const struct {
		const char *name;
		const char **value;
	} rows[] = { { "--name", &s.name }, { "--peer", &s.peer }, { "--log", &log },
		{ "--listen", &s.listen }, { "--receipts", &s.receipts }, { "--socket", &s.socket },
		{ "--centre", &s.centre }, { "--token", &s.token } };

	for (int i = 3; i < argc; i += 2) {
		bool known = false;

		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]) && i + 1 < argc; k++) {
			if (strcmp(argv[i], rows[k].name) == 0) {
				*rows[k].value = argv[i + 1];
				known = true;
			}
		}
		if (!known)
			return cmd_misuse("witness");
	}
	if (folder == NULL || s.name == NULL || (s.centre == NULL) != (s.token == NULL) ||
		(s.token != NULL && (log != NULL || s.socket != NULL || s.peer != NULL)))
		return cmd_misuse("witness");
	arena_init(&mem, LAB_MEM_BYTES);
	enum err_kind rc = crypto_init(&err);

	if (rc == OK && log == NULL && s.token == NULL)
		rc = lab_log(cli->lab, &mem, &s, &err);
	else
		s.log = str_from(log);
	if (rc == OK && s.token == NULL && is_inside(cli->lab, folder))
		s.socket = "../../run/vault.sock";
	if (rc == OK)
		rc = witness_folder_make(folder, &s, &err);
	if (rc == OK)
		rc = enter(folder, &f, &err);
	if (rc == OK)
		rc = print_keys(&f, &err);
	witness_folder_free(&f);
	arena_reset(&mem);
	return rc == OK ? 0 : cmd_fail("witness init", &err);
}

static void print_log(struct witness_folder *f, int state_fd, size_t log)
{
	static struct witness_state state;
	char when[WHEN_TEXT_BYTES], root[SHA256_HEX_BYTES];
	struct str origin = f->logs[log].keys[0].name;
	struct err err;

	if (witness_state_load(state_fd, f->logs[log].keys, f->logs[log].count, &state, &err) !=
		OK) {
		printf("log %.*s: NOT SIGNED FOR: %s\n", STR_ARG(origin), err.msg);
		return;
	}
	if (state.note_len == 0) {
		printf("log %.*s: never cosigned\n", STR_ARG(origin));
		return;
	}
	when_format((int64_t)state.time_s * WHEN_SECOND_US, when);
	sha256_format(&state.root, root);
	printf("log %.*s: cosigned %llu entries at %s\n  root %s\n", STR_ARG(origin),
		(unsigned long long)state.size, when, root);
}

static enum err_kind print_mirror(struct witness_folder *f, struct err *err)
{
	struct checkpoint c = { .origin = STR("") };
	struct arena mem;
	struct str note = STR("");
	int fd = -1;
	enum err_kind rc = fs_open_dir(AT_FDCWD, WITNESS_MIRROR_DIR, &fd, err);

	if (rc != OK)
		return rc;
	arena_init(&mem, 4 * (size_t)NOTE_BYTES_MAX);
	rc = published_checkpoint(fd, &mem, &note, err);
	if (rc == OK)
		rc = checkpoint_open(&mem, note, &f->logs[0].keys[0], &c, err);
	if (rc == OK)
		printf("mirror: holds all %llu entries\n", (unsigned long long)c.size);
	else if (rc == ERR_NOT_FOUND)
		printf("mirror: nothing yet\n");
	close(fd);
	arena_reset(&mem);
	return rc == ERR_NOT_FOUND ? OK : rc;
}

static enum err_kind print_alarms(struct err *err)
{
	struct arena mem;
	struct str text = STR(""), line, rest;
	unsigned count = 0;

	arena_init(&mem, 3 * (size_t)ALARM_FILE_BYTES_MAX);
	enum err_kind rc = alarms_read(AT_FDCWD, &mem, &text, err);

	for (rest = text; rc == OK && str_cut(rest, '\n', &line, &rest);)
		count++;
	if (rc == OK)
		printf(count == 0 ? "no alarms\n" : "%u alarm%s:\n", count, count == 1 ? "" : "s");
	for (rest = text; rc == OK && str_cut(rest, '\n', &line, &rest);)
		printf("  %.*s\n", STR_ARG(line));
	arena_reset(&mem);
	return rc;
}

static enum err_kind print_status(struct witness_folder *f, struct err *err)
{
	int state_fd = -1;
	enum err_kind rc = print_keys(f, err);

	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, WITNESS_STATE_DIR, &state_fd, err);
	for (size_t i = 0; rc == OK && i < f->log_count; i++)
		print_log(f, state_fd, i);
	if (rc == OK && f->mirrors)
		rc = print_mirror(f, err);
	if (state_fd >= 0)
		close(state_fd);
	return rc != OK ? rc : print_alarms(err);
}

/*
 * The clock stood in the future when something was cosigned, and is right now: the time that is remembered becomes
 * the present one. Never another head.
 */
static enum err_kind set_clock_right(struct witness_folder *f, struct err *err)
{
	static struct witness_state state;
	struct clock machine;
	int state_fd = -1, lock_fd = -1;
	enum err_kind rc = fs_open_dir(AT_FDCWD, WITNESS_STATE_DIR, &state_fd, err);

	clock_init_machine(&machine);
	if (rc == OK)
		rc = fs_lock(state_fd, "lock", &lock_fd, err);
	for (size_t i = 0; rc == OK && i < f->log_count; i++) {
		const struct witness_log_keys *log = &f->logs[i];

		rc = witness_state_load(state_fd, log->keys, log->count, &state, err);
		if (rc != OK)
			break;
		state.time_s = (uint64_t)(clock_now_us(&machine) / WHEN_SECOND_US);
		rc = witness_state_store(state_fd, log->keys[0].name, &state, err);
	}
	if (lock_fd >= 0)
		close(lock_fd);
	if (state_fd >= 0)
		close(state_fd);
	return rc;
}

int cmd_witness(const struct cli *cli, int argc, char **argv)
{
	struct witness_folder f = { .name = NULL };
	struct err err;

	if (argc >= 2 && strcmp(argv[1], "init") == 0)
		return run_init(cli, argc, argv);
	if (argc == 2)
		return witness_role(argv[1]);
	bool is_status = argc == 3 && strcmp(argv[1], "status") == 0;

	if (!is_status && (argc != 3 || strcmp(argv[1], "clock") != 0))
		return cmd_verb(cli, argc, argv);
	enum err_kind rc = crypto_init(&err);

	if (rc == OK)
		rc = enter(argv[2], &f, &err);
	if (rc == OK)
		rc = is_status ? print_status(&f, &err) : set_clock_right(&f, &err);
	witness_folder_free(&f);
	return rc == OK ? 0 : cmd_fail("witness", &err);
}
