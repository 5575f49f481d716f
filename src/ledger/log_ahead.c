/* log_ahead: what others have seen of this log: does it extend that? */
#include "ledger/log_inside.h"
#include "ledger/published.h"
#include "os/fs.h"
#include "os/log.h"

/* The first reason stays. */
static void freeze_now(struct ledger *l, const char *why, uint64_t size)
{
	pthread_mutex_lock(&l->mutex);
	if (!atomic_load(&l->is_frozen)) {
		snprintf(l->frozen, sizeof(l->frozen),
			"a witness holds a checkpoint of size %llu, signed by this log, that %s",
			(unsigned long long)size, why);
		atomic_store(&l->is_frozen, true);
		log_line(LOG_ERROR, "ledger: frozen: %s", l->frozen);
	}
	pthread_mutex_unlock(&l->mutex);
}

/* The head that is shown: what it covers has its tiles. */
static uint64_t shown_size(struct ledger *l)
{
	pthread_mutex_lock(&l->mutex);
	uint64_t size = l->shown.head.size;

	pthread_mutex_unlock(&l->mutex);
	return size;
}

enum err_kind ledger_ahead(struct ledger *l, struct str note, bool *frozen, struct err *err)
{
	struct arena mem;
	struct checkpoint c = { .origin = STR("") };
	struct sha256 root = { { 0 } };

	*frozen = false;
	arena_init(&mem, 4 * (size_t)NOTE_BYTES_MAX);
	enum err_kind rc = checkpoint_open(&mem, note, &l->vkey, &c, err);
	uint64_t size = shown_size(l);
	bool larger = rc == OK && c.size > size;

	if (rc == OK && !larger)
		rc = published_root(l->publish.dir_fd, size, c.size, &root, err);
	if (rc == OK && (larger || !sha256_eq(&root, &c.root))) {
		/* Kept first: a start must not forget why it was frozen. */
		rc = fs_replace(l->publish.dir_fd, LEDGER_AHEAD, note, 0644, err);
		if (rc == OK) {
			freeze_now(l, larger ? "is ahead of it" : "it does not extend", c.size);
			*frozen = true;
		}
	}
	arena_reset(&mem);
	return rc;
}

enum err_kind ledger_extends(struct ledger *l, uint64_t old_size, uint64_t new_size,
	struct merkle_path *path, struct err *err)
{
	return published_path(l->publish.dir_fd, shown_size(l), old_size, new_size, path, err);
}
