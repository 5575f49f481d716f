/* child: what the glass children do at their start and end. For the files *_child.c alone. */
#ifndef GLASS_CHILD_H
#define GLASS_CHILD_H

#include "glass/message.h"
#include "os/sandbox.h"

enum { CHILD_SOCKET = 3 };

/* Give every right up. When a layer is missing the child says so on standard error and ends. */
void child_enter(const char *role, uint64_t memory_bytes);
/* The same with a bound of CPU time: for a child that does one thing and ends. */
void child_enter_once(const char *role, uint64_t memory_bytes, uint32_t cpu_s);
/* Wait for the vault. When it has gone, or sends what it may not, the child ends. */
void child_receive(const struct ipc_rule rules[GLASS_MESSAGES], struct ipc_msg *msg);
void child_send(enum glass_message type, const void *body, size_t len);
/* Map `len` bytes of fd and close it; ends the child when that fails. len 0: the pointer is not NULL. */
const void *child_map(int fd, size_t len);
void *child_map_shared(int fd, size_t len);
/* All of a file of at most `max` bytes, which is closed then; returns how many. */
size_t child_read_file(int fd, uint8_t *bytes, size_t max);
/* A broken promise of the vault's, or no memory at all: nothing better than to end. */
_Noreturn void child_end(void);

#endif
