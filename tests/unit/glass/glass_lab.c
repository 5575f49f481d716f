#include "glass_lab.h"

#include <fcntl.h>
#include <unistd.h>

#include "glass/message.h"
#include "harness.h"
#include "os/fs.h"

int font_fd, mark_key_fd;

int glass_lab_open(void **state)
{
	static char key[MARK_KEY_BYTES];
	struct err err;

	(void)state;
	memset(key, 7, sizeof(key));
	font_fd = open(TEST_FONT, O_RDONLY | O_CLOEXEC);
	if (font_fd < 0) {
		print_error("%s is missing: install fonts-dejavu-core\n", TEST_FONT);
		return -1;
	}
	if (fs_memfd("mark", str_of(key, sizeof(key)), &mark_key_fd, &err) != OK) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

int glass_lab_close(void **state)
{
	(void)state;
	close(font_fd);
	close(mark_key_fd);
	return 0;
}
