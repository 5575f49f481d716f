#include "source/import_run.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fs.h"
#include "os/ipc.h"
#include "os/sandbox.h"

enum { ASK_MS = 250, WINDOWS_BYTES = IMPORT_WINDOWS * IMPORT_WINDOW_BYTES };

static enum err_kind start(int sock, const struct import_task *task,
	const struct import_limits *limits, int windows_fd, struct err *err)
{
	struct import_start message = { .files_max = limits->files_max,
		.bytes_max = limits->bytes_max };
	int fds[2] = { task->source_fd, windows_fd };

	if (task->name.len >= sizeof(message.name) || task->ref.len >= sizeof(message.ref))
		return err_set(err, ERR_INPUT, "the source's name or ref is longer than %d bytes",
			IMPORT_TEXT_BYTES - 1);
	if (memchr(task->name.ptr, '\0', task->name.len) != NULL ||
		memchr(task->ref.ptr, '\0', task->ref.len) != NULL)
		return err_set(err, ERR_INPUT, "the source's name or ref holds a NUL byte");
	memcpy(message.name, task->name.ptr, task->name.len);
	memcpy(message.ref, task->ref.ptr, task->ref.len);
	return ipc_send(sock, IMPORT_START, &message, sizeof(message), fds, 2, err);
}

static enum err_kind lend(int sock, uint32_t window, struct err *err)
{
	struct import_window w = { .window = window };

	return ipc_send(sock, IMPORT_GO, &w, sizeof(w), NULL, 0, err);
}

/* Wait for the next window, asking now and then whether to go on. */
static enum err_kind receive_window(int sock, const struct import_task *task,
	const struct import_stream *s, struct import_window *w, struct err *err)
{
	static const struct ipc_rule rules[IMPORT_MESSAGES] = {
		[IMPORT_FULL] = { .size = sizeof(struct import_window) },
	};
	struct ipc_msg msg;

	for (int waited_ms = 0; waited_ms < LIMIT_IMPORT_SILENCE_MS; waited_ms += ASK_MS) {
		if (task->progress != NULL && !task->progress(task->arg, s->files, s->bytes))
			return err_set(err, ERR_CANCELLED, "the ingest was stopped");
		enum err_kind rc = ipc_receive(sock, rules, IMPORT_MESSAGES, ASK_MS, &msg, err);

		if (rc == ERR_LIMIT)
			continue;
		if (rc != OK)
			return rc;
		memcpy(w, msg.body, sizeof(*w));
		if (w->window >= IMPORT_WINDOWS || w->len > IMPORT_WINDOW_BYTES)
			return err_set(err, ERR_CORRUPT,
				"import child broke its protocol (window): nothing was taken");
		return OK;
	}
	return err_set(err, ERR_LIMIT, "the source could not be read further within %d seconds",
		LIMIT_IMPORT_SILENCE_MS / 1000);
}

/* *died: the child is gone, whether that showed when it was written to or when it was listened to. */
static enum err_kind take_windows(int sock, const char *windows, char *copy,
	const struct import_task *task, struct import_stream *s, bool *died, struct err *err)
{
	enum err_kind rc = OK;

	for (uint32_t w = 0; rc == OK && w < IMPORT_WINDOWS; w++)
		rc = lend(sock, w, err);
	*died = rc == ERR_NOT_FOUND;
	while (rc == OK && !s->ended) {
		struct import_window w = { 0 };

		rc = receive_window(sock, task, s, &w, err);
		*died = rc == ERR_NOT_FOUND;
		if (rc != OK)
			break;
		/* Copied before it is looked at: the child can still write to what it sent. */
		memcpy(copy, windows + (size_t)w.window * IMPORT_WINDOW_BYTES, w.len);
		rc = lend(sock, w.window, err);
		/* An honest child has ended after its last window, and takes no more. */
		if (rc == ERR_NOT_FOUND)
			rc = OK;
		if (rc == OK)
			rc = import_stream_feed(s, str_of(copy, w.len), err);
	}
	return rc;
}

enum err_kind import_serve(int sock, const struct import_task *task, struct import_stream *s,
	bool *died, struct err *err)
{
	char *copy = malloc(IMPORT_WINDOW_BYTES);
	void *windows;
	int windows_fd;

	*died = false;
	if (copy == NULL)
		return err_set(err, ERR_IO, "no memory to ingest");
	enum err_kind rc = fs_shared("import", WINDOWS_BYTES, &windows_fd, &windows, err);

	if (rc != OK) {
		free(copy);
		return rc;
	}
	rc = start(sock, task, &s->limits, windows_fd, err);
	close(windows_fd);
	if (rc == OK)
		rc = take_windows(sock, windows, copy, task, s, died, err);
	else
		*died = rc == ERR_NOT_FOUND;
	munmap(windows, WINDOWS_BYTES);
	free(copy);
	return rc;
}

static enum err_kind say_how_it_died(int status, struct err *err)
{
	if (WIFSIGNALED(status))
		return err_set(err, ERR_IO,
			"the process that reads the source was ended by signal %d: the source is "
			"damaged, too large for it, or made to break it; nothing was taken",
			WTERMSIG(status));
	return err_set(err, ERR_IO,
		"the process that reads the source ended early (status %d); nothing was taken",
		WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

enum err_kind import_run(const struct import_task *task, struct import_stream *s, struct err *err)
{
	int pid, sock, status = 0;
	bool died;
	enum err_kind rc = sandbox_spawn("import", &pid, &sock, err);

	if (rc != OK)
		return rc;
	rc = import_serve(sock, task, s, &died, err);
	close(sock);
	if (!died)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return rc != OK && died ? say_how_it_died(status, err) : rc;
}
