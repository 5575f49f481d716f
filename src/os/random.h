/* random: bytes from getrandom(2), and nothing else. */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Never fails: when the kernel gives no randomness the process ends. */
void random_bytes(void *bytes, size_t len);

#endif
