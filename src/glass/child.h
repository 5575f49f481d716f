/* child: what both glass children do at their start and end. For layout_child.c and draw_child.c alone. */
#ifndef GLASS_CHILD_H
#define GLASS_CHILD_H

#include "glass/message.h"
#include "os/sandbox.h"

enum { CHILD_SOCKET = 3 };

/* Give every right up. When a layer is missing the child says so on standard error and ends. */
void child_enter(const char *role, uint64_t memory_bytes);
/* Wait for the vault. When it has gone, or sends what it may not, the child ends. */
void child_receive(const struct ipc_rule rules[GLASS_MESSAGES], struct ipc_msg *msg);
void child_send(enum glass_message type, const void *body, size_t len);
/* Map `len` bytes of fd and close it; ends the child when that fails. len 0: the pointer is not NULL. */
const void *child_map(int fd, size_t len);
void *child_map_shared(int fd, size_t len);
/* A broken promise of the vault's, or no memory at all: nothing better than to end. */
_Noreturn void child_end(void);

#endif
