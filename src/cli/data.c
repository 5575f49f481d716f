#include "cli/data.h"

#include <fcntl.h>
#include <unistd.h>

#include "app/kind.h"
#include "os/fs.h"

const char *data_folder(const struct cli *cli)
{
	if (cli->data != NULL)
		return cli->data;
	return access(VITRINE_DATA_DIR "/kinds", R_OK) == 0 ? VITRINE_DATA_DIR : VITRINE_SOURCE_DIR;
}

enum err_kind data_kinds(const struct cli *cli, struct kinds **kinds, struct err *err)
{
	int data_fd, kinds_fd;
	enum err_kind rc = fs_open_dir(AT_FDCWD, data_folder(cli), &data_fd, err);

	if (rc != OK)
		return rc;
	rc = fs_open_dir(data_fd, "kinds", &kinds_fd, err);
	close(data_fd);
	if (rc != OK)
		return rc;
	rc = kinds_load(kinds_fd, kinds, err);
	close(kinds_fd);
	return rc;
}
