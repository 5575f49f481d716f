/* init: files first, then the records through the lab itself, then one rename. */
#include "app/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/init_records.h"
#include "app/settings.h"
#include "base/hex.h"
#include "os/fs.h"
#include "os/random.h"

enum { PATH_BYTES = 4096, MARK_KEY_BYTES = 32, OFFICER_KEY_MODE = 0600, FOLDER_MODE = 0700 };

/* Where a lab is being made. */
struct making {
	struct init_options *options;
	char path[PATH_BYTES]; /* beside the lab's place */
	int dir_fd; /* of it */
	int back_fd; /* the folder that we came from */
	struct box_secret officer_secret;
	struct settings settings;
	uint8_t point_seed[SIGN_SEED_BYTES];
};

static enum err_kind check_options(const struct init_options *o, struct err *err)
{
	struct stat st;

	if (o->officer_count < INIT_OFFICERS_MIN || o->officer_count > INIT_OFFICERS_MAX)
		return err_set(err, ERR_INPUT,
			"name %d to %d officers: what one proposes, another approves",
			INIT_OFFICERS_MIN, INIT_OFFICERS_MAX);
	if (strlen(o->path) + 16 > PATH_BYTES)
		return err_set(err, ERR_INPUT, "the path is too long");
	if (o->name.len == 0 || o->name.len >= sizeof(((struct settings *)0)->name) ||
		o->origin.len >= sizeof(((struct settings *)0)->origin) ||
		o->user.len >= sizeof(((struct settings *)0)->user))
		return err_set(err, ERR_INPUT, "name, origin or user: empty or too long");
	if (lstat(o->officer_key, &st) == 0)
		return err_set(err, ERR_CONFLICT, "%.200s exists already", o->officer_key);
	return OK;
}

/* Settings as they will be read back: the same checks. */
static enum err_kind make_settings(struct making *m, struct arena *mem, struct err *err)
{
	const struct init_options *o = m->options;
	struct out out;
	struct str text;

	settings_default(&m->settings);
	memcpy(m->settings.name, o->name.ptr, o->name.len);
	memcpy(m->settings.origin, o->origin.ptr, o->origin.len);
	memcpy(m->settings.user, o->user.ptr, o->user.len);
	m->settings.test_clock = o->test_clock;
	out_init(&out, mem, SETTINGS_FILE_BYTES_MAX);
	settings_put(&out, &m->settings);
	enum err_kind rc = out_finish(&out, &text, err);

	if (rc == OK)
		rc = settings_parse(text, &m->settings, err);
	return rc != OK ? rc : fs_replace(m->dir_fd, "vitrine.yaml", text, 0600, err);
}

static enum err_kind make_folders(struct making *m, struct err *err)
{
	static const char *const folders[] = { "kinds", "font", "keys", "store", "ledger", "run",
		"points/centre" };
	enum err_kind rc = OK;

	for (size_t i = 0; rc == OK && i < sizeof(folders) / sizeof(folders[0]); i++)
		rc = fs_make_dirs(m->dir_fd, folders[i], FOLDER_MODE, err);
	return rc;
}

static enum err_kind make_random_key(
	const struct making *m, const char *path, void *bytes, size_t len, struct err *err)
{
	random_bytes(bytes, len);
	return fs_replace(m->dir_fd, path, str_of(bytes, len), 0600, err);
}

static enum err_kind make_keys(struct making *m, struct err *err)
{
	uint8_t bytes[32];
	struct box_public officer;
	enum err_kind rc = make_random_key(m, "keys/ledger.key", bytes, SIGN_SEED_BYTES, err);

	if (rc == OK)
		rc = make_random_key(m, "keys/mark.key", bytes, MARK_KEY_BYTES, err);
	if (rc == OK)
		rc = make_random_key(m, "keys/pseudonym.key", bytes, sizeof(bytes), err);
	secret_wipe(bytes, sizeof(bytes));
	if (rc == OK)
		rc = make_random_key(
			m, "points/centre/point.key", m->point_seed, SIGN_SEED_BYTES, err);
	if (rc != OK)
		return rc;
	box_generate(&officer, &m->officer_secret);
	return fs_replace(m->dir_fd, "keys/officer-role.pub",
		str_of(officer.bytes, sizeof(officer.bytes)), 0600, err);
}

static enum err_kind copy_file(int from_fd, const char *from, const struct making *m,
	const char *to, size_t bytes_max, struct err *err)
{
	struct arena mem;
	struct str bytes;

	arena_init(&mem, bytes_max + 4096);
	enum err_kind rc = fs_read(from_fd, from, bytes_max, &mem, &bytes, err);

	if (rc == OK)
		rc = fs_replace(m->dir_fd, to, bytes, 0600, err);
	arena_reset(&mem);
	return rc;
}

static enum err_kind copy_kinds(const struct making *m, struct err *err)
{
	char folder[PATH_BYTES], to[PATH_BYTES];
	DIR *dir;
	enum err_kind rc = OK;
	int count = 0;

	snprintf(folder, sizeof(folder), "%s/kinds", m->options->data);
	dir = opendir(folder);
	if (dir == NULL)
		return err_errno(err, errno, "the installed kinds, %.150s", folder);
	for (struct dirent *entry; rc == OK && (entry = readdir(dir)) != NULL;) {
		if (!str_ends(str_from(entry->d_name), STR(".yaml")) || entry->d_name[0] == '.')
			continue;
		snprintf(to, sizeof(to), "kinds/%s", entry->d_name);
		rc = copy_file(dirfd(dir), entry->d_name, m, to, SETTINGS_FILE_BYTES_MAX, err);
		count++;
	}
	closedir(dir);
	if (rc == OK && count == 0)
		rc = err_set(err, ERR_NOT_FOUND, "no kinds in %.150s", folder);
	return rc;
}

static enum err_kind make_point(struct making *m, struct arena *mem, struct err *err)
{
	const struct init_options *o = m->options;
	struct out out;
	struct str text;

	out_init(&out, mem, 4096);
	out_put(&out,
		STR("# The lab's own access point; `vitrine up` starts it beside the vault.\n"
		    "name: centre\nsite: centre\nlisten: \""));
	out_put(&out, o->listen);
	/* From the point's own folder. */
	out_put(&out, STR("\"\nsocket: ../../run/vault.sock\n"));
	enum err_kind rc = out_finish(&out, &text, err);

	if (rc == OK)
		rc = fs_replace(m->dir_fd, "points/centre/point.yaml", text, 0600, err);
	if (rc == OK)
		rc = fs_replace(m->dir_fd, "points/centre/tls.key", o->tls_key, 0600, err);
	if (rc == OK)
		rc = fs_replace(m->dir_fd, "points/centre/tls.crt", o->tls_certificate, 0600, err);
	return rc;
}

static enum err_kind make_files(struct making *m, struct err *err)
{
	struct arena mem;

	arena_init(&mem, 4 * (size_t)SETTINGS_FILE_BYTES_MAX);
	enum err_kind rc = make_folders(m, err);

	if (rc == OK)
		rc = make_settings(m, &mem, err);
	if (rc == OK)
		rc = make_keys(m, err);
	if (rc == OK)
		rc = copy_kinds(m, err);
	if (rc == OK)
		rc = copy_file(AT_FDCWD, m->options->font, m, LAB_FONT, LAB_FONT_BYTES_MAX, err);
	if (rc == OK)
		rc = make_point(m, &mem, err);
	if (rc == OK && m->options->test_clock)
		rc = fs_replace(m->dir_fd, "run/clock", STR("0\n"), 0600, err);
	arena_wipe(&mem);
	return rc;
}

/* The lab opens what was made and records its own beginning. */
static enum err_kind make_records(struct making *m, struct err *err)
{
	struct sign_public point;
	struct sign_secret secret;
	struct lab lab;
	enum err_kind rc;

	if (fchdir(m->dir_fd) != 0)
		return err_errno(err, errno, "enter %.200s", m->path);
	rc = lab_open(&lab, err);
	if (rc == OK) {
		sign_from_seed(m->point_seed, &point, &secret);
		secret_wipe(&secret, sizeof(secret));
		rc = lab_note_start(&lab, err);
		if (rc == OK)
			rc = init_records(&lab, m->options, &point, err);
		lab_close(&lab);
	}
	if (fchdir(m->back_fd) != 0 && rc == OK)
		rc = err_errno(err, errno, "go back");
	return rc;
}

static enum err_kind write_officer_key(const struct making *m, struct err *err)
{
	const char *path = m->options->officer_key;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, OFFICER_KEY_MODE);

	if (fd < 0)
		return err_errno(err, errno, "write %.200s", path);
	enum err_kind rc = fs_write_all(
		fd, m->officer_secret.bytes, sizeof(m->officer_secret.bytes), err);

	if (rc == OK)
		rc = fs_sync(fd, err);
	close(fd);
	if (rc != OK)
		unlink(path);
	return rc;
}

static enum err_kind give_away(const struct making *m, struct err *err)
{
	if (getuid() != 0 || m->settings.user[0] == '\0')
		return OK;
	const struct passwd *who = getpwnam(m->settings.user);

	if (who == NULL)
		return err_set(err, ERR_INPUT, "no user %s on this machine", m->settings.user);
	return fs_chown_tree(AT_FDCWD, m->path, who->pw_uid, who->pw_gid, err);
}

/* Over nothing, or over an empty folder; never over anything else. */
static enum err_kind put_in_place(const struct making *m, struct err *err)
{
	const char *path = m->options->path;

	if (rename(m->path, path) == 0)
		return fs_sync_dir(AT_FDCWD, path, err);
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
		return err_set(err, ERR_CONFLICT,
			"%.200s exists already and is not an empty folder", path);
	return err_errno(err, errno, "rename to %.200s", path);
}

static enum err_kind make_beside(struct making *m, struct err *err)
{
	enum err_kind rc = make_files(m, err);

	if (rc == OK)
		rc = make_records(m, err);
	if (rc == OK)
		rc = give_away(m, err);
	if (rc == OK)
		rc = write_officer_key(m, err);
	if (rc != OK)
		return rc;
	rc = put_in_place(m, err);
	if (rc != OK)
		unlink(m->options->officer_key);
	return rc;
}

static enum err_kind check_empty(const char *path, struct err *err)
{
	DIR *dir = opendir(path);
	bool is_empty = true;

	if (dir == NULL && errno == ENOENT)
		return OK;
	if (dir == NULL)
		return err_set(err, ERR_CONFLICT,
			"%.200s exists already and is not a folder of ours", path);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			is_empty = false;
	}
	closedir(dir);
	return is_empty
		? OK
		: err_set(err, ERR_CONFLICT, "%.200s exists already and is not empty", path);
}

enum err_kind lab_make(struct init_options *options, struct err *err)
{
	struct making m = { .options = options, .dir_fd = -1, .back_fd = -1 };
	uint8_t random[6];
	char digits[2 * sizeof(random) + 1];
	struct err ignored;
	size_t len = strlen(options->path);
	enum err_kind rc = check_options(options, err);

	if (rc == OK)
		rc = check_empty(options->path, err);
	if (rc != OK)
		return rc;
	while (len > 1 && options->path[len - 1] == '/')
		len--;
	random_bytes(random, sizeof(random));
	hex_format(random, sizeof(random), digits);
	snprintf(m.path, sizeof(m.path), "%.*s.%s", (int)len, options->path, digits);
	if (mkdir(m.path, FOLDER_MODE) != 0)
		return err_errno(err, errno, "make %.200s", m.path);
	rc = fs_open_dir(AT_FDCWD, m.path, &m.dir_fd, err);
	if (rc == OK)
		rc = fs_open_dir(AT_FDCWD, ".", &m.back_fd, err);
	if (rc == OK)
		rc = make_beside(&m, err);
	if (rc != OK && fs_remove_tree(AT_FDCWD, m.path, &ignored) != OK)
		err_context(err, "(%.80s is left behind)", m.path);
	secret_wipe(&m.officer_secret, sizeof(m.officer_secret));
	secret_wipe(m.point_seed, sizeof(m.point_seed));
	if (m.dir_fd >= 0)
		close(m.dir_fd);
	if (m.back_fd >= 0)
		close(m.back_fd);
	return rc;
}
