/*
 * pack_file: one pack on disk, NNNN.pack: a header of 16 bytes ("vtrpack1", number as u32 big-endian, four
 * zero bytes), blobs end to end, PACK_PAD_BYTES zero bytes. Private to store/pack*.c.
 */
#ifndef STORE_PACK_FILE_H
#define STORE_PACK_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { PACK_HEADER_BYTES = 16, PACK_NAME_BYTES = 32 };

struct pack_file {
	uint32_t number;
	int fd; /* -1: the file is missing */
	uint64_t used; /* bytes that rows name, or that this batch has appended, header included */
	bool damaged; /* shorter than its rows say, or a foreign header: never appended to */
	const char
		*map; /* the whole room of a pack, also what is not written yet; NULL: not mapped */
};

void pack_name(uint32_t number, char name[PACK_NAME_BYTES]);
/* Number of "0007.pack"; false for any other name. */
bool pack_number(const char *name, uint32_t *number);

/* An existing pack of which rows name `used` bytes. A missing or short one is OK and `damaged`. */
MUST_CHECK enum err_kind pack_file_open(int dir_fd, uint32_t number, uint64_t used, bool writable,
	struct pack_file *f, struct err *err);
/* A new one with its header written, not yet synced. */
MUST_CHECK enum err_kind pack_file_create(
	int dir_fd, uint32_t number, struct pack_file *f, struct err *err);
void pack_file_close(struct pack_file *f);
/* Append and read back; f->used moves on. Errors: ERR_CORRUPT (read back otherwise), ERR_IO. */
MUST_CHECK enum err_kind pack_file_append(struct pack_file *f, struct str bytes, struct err *err);
/* Forget what lies beyond `used`, but for the pad. */
MUST_CHECK enum err_kind pack_file_cut(struct pack_file *f, uint64_t used, struct err *err);
/*
 * A sync has failed: what reached the disk is unknown, and the next one may say OK of what the kernel has dropped.
 * Says so and ends the process.
 */
_Noreturn void pack_disk_failed(const struct err *err);
/* Write the pad and sync the file. A sync that fails ends the process. Errors: of the write. */
MUST_CHECK enum err_kind pack_file_sync(struct pack_file *f, struct err *err);
/* Map for reading, once. */
MUST_CHECK enum err_kind pack_file_map(struct pack_file *f, struct err *err);
/* Is [offset, offset + len) inside the file as it is now? */
bool pack_file_holds(const struct pack_file *f, uint64_t offset, uint64_t len);

#endif
