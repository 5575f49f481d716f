#include "cli/console.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/hex.h"
#include "format/json.h"
#include "os/fs.h"

enum { LAB_TAG_DIGITS = 16 };

/* The folder of kept tokens, made when missing. */
static enum err_kind state_folder(int *fd, struct err *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char path[PATH_MAX];
	int root;

	if (state != NULL && state[0] == '/')
		snprintf(path, sizeof(path), "%s/vitrine", state + 1);
	else if (home != NULL && home[0] == '/')
		snprintf(path, sizeof(path), "%s/.local/state/vitrine", home + 1);
	else
		return err_set(
			err, ERR_INPUT, "set HOME or XDG_STATE_HOME: sign-ins are kept there");
	enum err_kind rc = fs_open_dir(AT_FDCWD, "/", &root, err);

	if (rc != OK)
		return rc;
	rc = fs_make_dirs(root, path, 0700, err);
	if (rc == OK)
		rc = fs_open_dir(root, path, fd, err);
	close(root);
	return rc;
}

/* What the files of this lab begin with: a digest of its folder's real path. */
static enum err_kind lab_tag(const char *lab, char tag[LAB_TAG_DIGITS + 2], struct err *err)
{
	char path[PATH_MAX], hex[SHA256_HEX_BYTES];

	if (realpath(lab, path) == NULL)
		return errno == ENOENT
			? err_set(err, ERR_NOT_FOUND,
				  "%.200s: no such lab; `vitrine init` makes one", lab)
			: err_errno(err, errno, "%.200s", lab);
	struct sha256 digest = sha256_of(str_from(path));

	sha256_format(&digest, hex);
	snprintf(tag, LAB_TAG_DIGITS + 2, "%.*s-", LAB_TAG_DIGITS, hex);
	return OK;
}

/* Sign-in names: what a kind's field of type name allows, so that it is a file name, too. */
static bool is_name(struct str s)
{
	if (s.len == 0 || s.len > LIMIT_NAME_BYTES)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
			c == '_' || c == '-';

		if (!fits || (i == 0 && c == '.'))
			return false;
	}
	return true;
}

enum err_kind console_name(const struct cli *cli, char name[LIMIT_NAME_BYTES + 1], struct err *err)
{
	char tag[LAB_TAG_DIGITS + 2];
	unsigned found = 0;
	int folder;

	if (cli->as != NULL) {
		if (!is_name(str_from(cli->as)))
			return err_set(err, ERR_INPUT, "--as %.64s: not a sign-in name", cli->as);
		snprintf(name, LIMIT_NAME_BYTES + 1, "%s", cli->as);
		return OK;
	}
	enum err_kind rc = lab_tag(cli->lab, tag, err);

	if (rc == OK)
		rc = state_folder(&folder, err);
	if (rc != OK)
		return rc;
	DIR *dir = fdopendir(folder);

	if (dir == NULL) {
		close(folder);
		return err_errno(err, errno, "kept sign-ins");
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct str file = str_from(entry->d_name);

		if (!str_starts(file, str_from(tag)) || !is_name(str_skip(file, strlen(tag))))
			continue;
		snprintf(name, LIMIT_NAME_BYTES + 1, "%s", entry->d_name + strlen(tag));
		found++;
	}
	closedir(dir);
	if (found == 0)
		return err_set(err, ERR_AUTH, "nobody is signed in: `vitrine sign-in NAME`");
	if (found > 1)
		return err_set(
			err, ERR_AUTH, "several people are signed in: say which by --as NAME");
	return OK;
}

/* Folder and file name of a kept token. */
static enum err_kind token_file(const struct cli *cli, const char *name, int *folder,
	char file[LAB_TAG_DIGITS + LIMIT_NAME_BYTES + 2], struct err *err)
{
	char tag[LAB_TAG_DIGITS + 2];
	enum err_kind rc = lab_tag(cli->lab, tag, err);

	if (rc == OK && !is_name(str_from(name)))
		rc = err_set(err, ERR_INPUT, "%.64s: not a sign-in name", name);
	if (rc == OK)
		rc = state_folder(folder, err);
	if (rc == OK)
		snprintf(file, LAB_TAG_DIGITS + LIMIT_NAME_BYTES + 2, "%s%s", tag, name);
	return rc;
}

static enum err_kind kept_token(const struct cli *cli, struct console *c, struct err *err)
{
	char name[LIMIT_NAME_BYTES + 1], file[LAB_TAG_DIGITS + LIMIT_NAME_BYTES + 2];
	enum err_kind rc = console_name(cli, name, err);
	struct str token;
	int folder;

	if (rc == OK)
		rc = token_file(cli, name, &folder, file, err);
	if (rc != OK)
		return rc;
	rc = fs_read(folder, file, FRAME_TOKEN_BYTES, &c->mem, &token, err);
	close(folder);
	if (rc == ERR_NOT_FOUND)
		return err_set(
			err, ERR_AUTH, "%s is not signed in: `vitrine sign-in %s`", name, name);
	if (rc == OK && token.len != FRAME_TOKEN_BYTES)
		rc = err_set(
			err, ERR_AUTH, "the kept sign-in of %s is damaged: sign in again", name);
	if (rc == OK)
		memcpy(c->token, token.ptr, FRAME_TOKEN_BYTES);
	return rc;
}

enum err_kind console_keep(
	const struct cli *cli, const struct console *c, const char *name, struct err *err)
{
	char file[LAB_TAG_DIGITS + LIMIT_NAME_BYTES + 2];
	int folder;
	enum err_kind rc = token_file(cli, name, &folder, file, err);

	if (rc != OK)
		return rc;
	rc = fs_replace(folder, file, str_of(c->token, sizeof(c->token)), 0600, err);
	close(folder);
	return rc;
}

enum err_kind console_forget(const struct cli *cli, const char *name, struct err *err)
{
	char file[LAB_TAG_DIGITS + LIMIT_NAME_BYTES + 2];
	int folder;
	enum err_kind rc = token_file(cli, name, &folder, file, err);

	if (rc != OK)
		return rc;
	rc = fs_remove(folder, file, err);
	close(folder);
	return rc;
}

enum err_kind console_open(
	const struct cli *cli, enum console_who who, struct console *c, struct err *err)
{
	char socket_path[PATH_MAX];
	enum err_kind rc;

	*c = (struct console){ 0 };
	arena_init(&c->mem, 4 * (size_t)LIMIT_FRAME_BYTES);
	snprintf(socket_path, sizeof(socket_path), "%s/run/vault.sock", cli->lab);
	rc = who == CONSOLE_SIGNED_IN ? kept_token(cli, c, err) : crypto_init(err);
	if (rc == OK) {
		const struct client_options options = { .socket_path = socket_path,
			.point = "console" };

		rc = client_open(&options, &c->client, err);
		if (rc == ERR_NOT_FOUND)
			err_set(err, ERR_NOT_FOUND, "no vault runs for %.200s: `vitrine up %.200s`",
				cli->lab, cli->lab);
	}
	if (rc != OK)
		console_close(c);
	return rc;
}

void console_close(struct console *c)
{
	if (c->client != NULL)
		client_close(c->client);
	c->client = NULL;
	secret_wipe(c->token, sizeof(c->token));
	arena_wipe(&c->mem);
}

enum err_kind console_ask(
	struct console *c, struct client_call *call, struct client_answer *answer, struct err *err)
{
	struct str message = STR("the vault gave no reason");
	json_t *root;
	struct err ignored;

	call->token = c->token;
	enum err_kind rc = client_ask(c->client, &c->mem, call, answer, err);

	if (rc != OK || answer->status == OK)
		return rc;
	if (json_parse(answer->json, LIMIT_ANSWER_BYTES, &root, &ignored) != OK)
		return err_set(err, answer->status, "%.*s", STR_ARG(message));
	json_str(root, "message", &message);
	rc = err_set(err, answer->status, "%.*s", STR_ARG(message));
	json_decref(root);
	return rc;
}

enum err_kind console_verb(struct console *c, const char *verb, struct str body,
	struct client_answer *answer, struct err *err)
{
	struct client_call call = { .verb = verb, .body = body, .fd = -1 };

	return console_ask(c, &call, answer, err);
}

/* A line from the terminal that is not shown while it is typed. */
static ssize_t read_unseen(const char *prompt, char *line, size_t cap)
{
	struct termios before, unseen;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (tty < 0 || tcgetattr(tty, &before) != 0) {
		if (tty >= 0)
			close(tty);
		return -1;
	}
	unseen = before;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(tty, TCSAFLUSH, &unseen);
	dprintf(tty, "%s", prompt);
	ssize_t n = read(tty, line, cap);

	tcsetattr(tty, TCSAFLUSH, &before);
	dprintf(tty, "\n");
	close(tty);
	return n;
}

enum err_kind console_secret(
	const char *path, const char *prompt, char secret[LIMIT_LINE_BYTES + 1], struct err *err)
{
	bool from_stdin = path != NULL && strcmp(path, "-") == 0;
	ssize_t n = 0;

	if (path == NULL) {
		n = read_unseen(prompt, secret, LIMIT_LINE_BYTES + 1);
	} else {
		int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
		size_t len = 0;

		if (fd < 0)
			return err_errno(err, errno, "%.200s", path);
		/* Byte by byte: what follows the line belongs to whoever reads next. */
		while (len <= LIMIT_LINE_BYTES && (n = read(fd, secret + len, 1)) == 1 &&
			secret[len] != '\n')
			len++;
		if (!from_stdin)
			close(fd);
		if (n >= 0)
			n = (ssize_t)len;
	}
	if (n < 0)
		return err_set(err, ERR_INPUT,
			"no terminal to ask at: give the secret by a file or by - (standard input)");
	if (n > 0 && secret[n - 1] == '\n')
		n--;
	if (n == 0 || n > LIMIT_LINE_BYTES)
		return err_set(
			err, ERR_INPUT, "a secret of 1 to %d bytes is wanted", LIMIT_LINE_BYTES);
	secret[n] = '\0';
	return OK;
}
