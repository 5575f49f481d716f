#include "glass/child.h"

#include <sys/mman.h>
#include <unistd.h>

enum { OPEN_FILES_MAX = 16 };

void child_enter_once(const char *role, uint64_t memory_bytes, uint32_t cpu_s)
{
	const struct sandbox_limits limits = {
		.memory_bytes = memory_bytes,
		.cpu_s = cpu_s,
		.open_files = OPEN_FILES_MAX,
	};
	struct err err;

	if (sandbox_enter(SANDBOX_COMPUTE, &limits, -1, &err) == OK)
		return;
	fprintf(stderr, "vitrine: %s child: %s\n", role, err.msg);
	_exit(1);
}

void child_enter(const char *role, uint64_t memory_bytes)
{
	child_enter_once(role, memory_bytes, 0);
}

void child_receive(const struct ipc_rule rules[GLASS_MESSAGES], struct ipc_msg *msg)
{
	struct err err;

	if (ipc_receive(CHILD_SOCKET, rules, GLASS_MESSAGES, -1, msg, &err) != OK)
		child_end();
}

void child_send(enum glass_message type, const void *body, size_t len)
{
	struct err err;

	if (ipc_send(CHILD_SOCKET, type, body, len, NULL, 0, &err) != OK)
		child_end();
}

static void *map(int fd, size_t len, int protection, int flags)
{
	void *at = mmap(NULL, len, protection, flags, fd, 0);

	close(fd);
	if (at == MAP_FAILED)
		child_end();
	return at;
}

const void *child_map(int fd, size_t len)
{
	if (len > 0)
		return map(fd, len, PROT_READ, MAP_PRIVATE);
	close(fd);
	return "";
}

void *child_map_shared(int fd, size_t len)
{
	return map(fd, len, PROT_READ | PROT_WRITE, MAP_SHARED);
}

size_t child_read_file(int fd, uint8_t *bytes, size_t max)
{
	size_t len = 0;

	while (len < max) {
		ssize_t n = pread(fd, bytes + len, max - len, (off_t)len);

		if (n < 0)
			child_end();
		if (n == 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	return len;
}

_Noreturn void child_end(void)
{
	_exit(1);
}
