#include "glass/picture.h"

#include <unistd.h>

#include "glass/pool.h"
#include "os/fs.h"

enum { PICTURE_MS = 60000 };

/* asked: how asking the child went. It dies of what was made to kill it: that is said of the picture. */
static enum err_kind tell(enum err_kind asked, const struct picture_done *done, struct err *err)
{
	if (asked != OK)
		return err_set(err, ERR_INPUT,
			"the picture could not be read: it is damaged, too large, or made to break what reads it");
	if (done->kind == ERR_LIMIT)
		return err_set(err, ERR_LIMIT,
			"the picture is too large: at most %u million pixels, and %u on a side",
			LIMIT_PICTURE_PIXELS / 1000000, LIMIT_PICTURE_SIDE);
	if (done->kind == ERR_INPUT)
		return err_set(err, ERR_INPUT,
			"the picture is no PNG, JPEG or WebP, or it is damaged or cut off");
	if (done->kind != OK || done->about.format >= DECODE_FORMATS ||
		!decode_size_fits(done->about.width, done->about.height))
		return err_set(err, ERR_CORRUPT, "glass: the picture child answers something else");
	return OK;
}

enum err_kind picture_read(
	struct glass *g, struct str bytes, struct decoded *about, int *luma_fd, struct err *err)
{
	struct picture_ask ask = { .bytes = bytes.len };
	struct pool_child child = { 0 };
	struct picture_done done = { 0 };
	int fds[2];
	enum err_kind rc;

	if (bytes.len > LIMIT_PICTURE_BYTES)
		return err_set(err, ERR_LIMIT, "the picture's file is larger than %u MiB",
			LIMIT_PICTURE_BYTES >> 20);
	rc = fs_memfd("picture", bytes, &fds[0], err);

	if (rc != OK)
		return rc;
	rc = pool_begin_child(
		g, g->options.picture_role, LIMIT_PICTURE_PIXELS, &child, &fds[1], err);
	if (rc != OK) {
		close(fds[0]);
		return rc;
	}
	rc = pool_ask(&child, PICTURE_DECODE, &ask, sizeof(ask), fds, 2, PICTURE_MS, PICTURE_DONE,
		&done, sizeof(done), err);
	close(fds[0]);
	pool_end_child(&child);
	if (rc == ERR_IO || rc == OK)
		rc = tell(rc, &done, err);
	if (rc != OK) {
		close(fds[1]);
		return rc;
	}
	*about = done.about;
	*luma_fd = fds[1];
	return OK;
}
