/*
 * up: vault and first access point of a lab on one machine, its door where vitrine.yaml asks for one, and the witnesses
 * that lie in its folder. Starts them as its
 * children, restarts none: when one ends the others are stopped, and up ends with an error, so that whoever runs it
 * sees that something is wrong.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/settings.h"
#include "cli/cmd.h"
#include "os/fs.h"
#include "os/log.h"
#include "os/sandbox.h"

#define POINT_FOLDER "points/centre"

#define WITNESSES_FOLDER "witnesses"

enum { VAULT, POINT, DOOR, WITNESS, WITNESSES_MAX = 8, CHILDREN = WITNESS + WITNESSES_MAX };

struct child {
	const char *name;
	pid_t pid; /* 0: not running */
	char folder[300]; /* of a witness; empty: there is none in this place */
	int status;
};

static enum err_kind start_child(
	struct child *child, char *const argv[], const sigset_t *unblocked, struct err *err)
{
	pid_t parent = getpid();

	child->pid = fork();
	if (child->pid < 0) {
		child->pid = 0;
		return err_errno(err, errno, "start the %s", child->name);
	}
	if (child->pid > 0)
		return OK;
	/* In the child. A supervisor that is killed takes its children with it. */
	sigprocmask(SIG_SETMASK, unblocked, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0 && getppid() == parent)
		execv("/proc/self/exe", argv);
	_exit(127);
}

/* Takes in who has ended; returns how many still run. */
static int reap(struct child children[CHILDREN])
{
	int status, running = 0;

	for (int i = 0; i < CHILDREN; i++) {
		if (children[i].pid > 0 &&
			waitpid(children[i].pid, &status, WNOHANG) == children[i].pid) {
			children[i].pid = 0;
			children[i].status = status;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
				log_line(LOG_ERROR, "the %s ended with %s %d", children[i].name,
					WIFSIGNALED(status) ? "signal" : "status",
					WIFSIGNALED(status) ? WTERMSIG(status)
							    : WEXITSTATUS(status));
		}
		running += children[i].pid > 0;
	}
	return running;
}

static bool others_ended(const struct child children[CHILDREN])
{
	for (int i = POINT; i < CHILDREN; i++)
		if (children[i].pid > 0)
			return false;
	return true;
}

static void end_child(struct child *child)
{
	if (child->pid > 0)
		kill(child->pid, SIGTERM);
}

/* The vault last, so that nobody asks a vault that is gone. */
static void end_all(struct child children[CHILDREN], const sigset_t *waited)
{
	bool told = false;

	for (int i = POINT; i < CHILDREN; i++)
		end_child(&children[i]);
	while (reap(children) > 0) {
		if (!told && others_ended(children)) {
			end_child(&children[VAULT]);
			told = true;
		}
		sigwaitinfo(waited, NULL);
	}
}

/* Until a signal asks to end (true) or a child ended by itself (false). */
static bool watch(struct child children[CHILDREN], int started, const sigset_t *waited)
{
	while (reap(children) == started) {
		int got = sigwaitinfo(waited, NULL);

		if (got == SIGTERM || got == SIGINT)
			return true;
	}
	return false;
}

/* The witnesses of the lab's own folder: each subfolder that holds a witness.yaml. */
static int find_witnesses(struct child children[CHILDREN])
{
	DIR *dir = opendir(WITNESSES_FOLDER);
	int count = 0;

	if (dir == NULL)
		return 0;
	for (struct dirent *entry; count < WITNESSES_MAX && (entry = readdir(dir)) != NULL;) {
		struct child *child = &children[WITNESS + count];
		char settings[340];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(child->folder, sizeof(child->folder), WITNESSES_FOLDER "/%s",
			entry->d_name);
		snprintf(settings, sizeof(settings), "%s/witness.yaml", child->folder);
		child->name = "witness";
		if (access(settings, F_OK) == 0)
			count++;
	}
	closedir(dir);
	return count;
}

static enum err_kind start_witnesses(
	struct child children[CHILDREN], int count, const sigset_t *unblocked, struct err *err)
{
	enum err_kind rc = OK;

	for (int i = WITNESS; rc == OK && i < WITNESS + count; i++) {
		char *argv[] = { "vitrine", "witness", children[i].folder, NULL };

		rc = start_child(&children[i], argv, unblocked, err);
	}
	return rc;
}

static enum err_kind has_door(bool *has, struct err *err)
{
	struct settings settings;
	struct arena mem;
	struct str text;

	arena_init(&mem, 2 * (size_t)SETTINGS_FILE_BYTES_MAX);
	enum err_kind rc = fs_read(
		AT_FDCWD, "vitrine.yaml", SETTINGS_FILE_BYTES_MAX, &mem, &text, err);

	if (rc == OK)
		rc = settings_parse(text, &settings, err);
	arena_reset(&mem);
	if (rc == OK)
		*has = settings.door_listen[0] != '\0';
	return rc;
}

static enum err_kind run(const char *listen, struct err *err)
{
	struct child children[CHILDREN] = { [VAULT] = { .name = "vault" },
		[POINT] = { .name = "point" },
		[DOOR] = { .name = "door" } };
	char *door[] = { "vitrine", "door", ".", NULL };
	char *vault[] = { "vitrine", "vault", ".", NULL };
	char *point[] = { "vitrine", "point", POINT_FOLDER, NULL, NULL, NULL };
	sigset_t waited, before;
	bool with_door = false;
	enum err_kind rc = has_door(&with_door, err);

	if (rc != OK)
		return rc;
	if (listen != NULL) {
		point[3] = "--listen";
		point[4] = strdupa(listen);
	}
	sigemptyset(&waited);
	sigaddset(&waited, SIGTERM);
	sigaddset(&waited, SIGINT);
	sigaddset(&waited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &waited, &before);
	rc = start_child(&children[VAULT], vault, &before, err);
	if (rc == OK && with_door)
		rc = start_child(&children[DOOR], door, &before, err);
	if (rc == OK)
		rc = start_child(&children[POINT], point, &before, err);
	int witnesses = find_witnesses(children);

	if (rc == OK)
		rc = start_witnesses(children, witnesses, &before, err);
	bool asked = rc == OK && watch(children, DOOR + with_door + witnesses, &waited);

	end_all(children, &waited);
	if (rc != OK)
		return rc;
	if (!asked)
		return err_set(err, ERR_IO,
			"one part ended by itself, so the other was stopped; the lines above say why");
	for (int i = 0; i < WITNESS + witnesses; i++)
		if (!WIFEXITED(children[i].status) || WEXITSTATUS(children[i].status) != 0)
			return err_set(err, ERR_IO, "the %s did not end cleanly", children[i].name);
	return OK;
}

int cmd_up(const struct cli *cli, int argc, char **argv)
{
	const char *lab = cli->lab, *listen = NULL;
	struct err err;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--listen") == 0 && i + 1 < argc)
			listen = argv[++i];
		else if (i == 1 && argv[i][0] != '-')
			lab = argv[i];
		else
			return cmd_misuse("up");
	}
	log_init("up", LOG_INFO);
	enum err_kind rc = user_enter_lab(lab, NULL, &err);

	if (rc == OK)
		rc = run(listen, &err);
	return rc == OK ? 0 : cmd_fail("up", &err);
}
