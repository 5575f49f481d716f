/*
 * pool: the glass children as the vault sees them: started, leased to one thread at a time, killed and
 * replaced when they die, hang or lie.
 *
 * Invariants
 *  - a layout child serves one pool (engagement) in its life; for another it is replaced;
 *  - a leased child belongs to one thread; what it says is checked before it is believed;
 *  - children are spawned by a thread of the pool's own, because a child ends with the thread that made it.
 */
#ifndef GLASS_POOL_H
#define GLASS_POOL_H

#include <pthread.h>

#include "glass/glass.h"
#include "glass/message.h"

enum { POOL_LAYOUT_MAX = 64, POOL_DRAW_MAX = 2, POOL_NAME_BYTES_MAX = 64 };

/* For tests: other children, less patience. */
struct pool_options {
	const char *layout_role, *draw_role, *picture_role, *detect_role;
	unsigned layout_max, draw_max;
	int start_ms_max, layout_ms_max, draw_ms_max;
	uint32_t index_bytes_per_ms; /* what a file's first tile may take on top of layout_ms_max */
};
extern const struct pool_options pool_defaults;

struct pool_file {
	bool is_open;
	struct sha256 blob;
	uint64_t bytes, used;
	uint32_t name_len;
	char name[LAYOUT_NAME_BYTES_MAX];
};

struct pool_child {
	const char *role;
	bool is_running, is_leased;
	int pid, sock;
	void *region;
	size_t region_bytes;
	uint64_t used; /* stamp of the last lease */
	/* Of a layout child. */
	uint32_t pool_len;
	char pool[POOL_NAME_BYTES_MAX];
	struct pool_file files[LAYOUT_SLOTS];
};

struct pool_spawn; /* an order to the spawning thread */

struct glass {
	struct pool_options options;
	int font_fd, mark_key_fd, coverage_fd; /* own copies */
	struct coverage coverage;
	struct draw_ready font; /* as the first draw child said */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t spawner;
	struct pool_spawn *order;
	bool is_stopping;
	uint64_t stamp;
	struct pool_child layout[POOL_LAYOUT_MAX], draw[POOL_DRAW_MAX];
};

MUST_CHECK enum err_kind pool_start(const struct pool_options *options, int font_fd,
	int mark_key_fd, struct glass **g, struct err *err);
void pool_stop(struct glass *g);
/*
 * A running child, the caller's until pool_release. *child is set on OK only. Waits while all are leased.
 * Errors: ERR_IO when none can be started.
 */
MUST_CHECK enum err_kind pool_lease_layout(
	struct glass *g, struct str pool, struct pool_child **child, struct err *err);
/* A layout child leased by the caller starts anew, without files. On failure it is still leased, not running. */
MUST_CHECK enum err_kind pool_renew_layout(
	struct glass *g, struct pool_child *child, struct err *err);
MUST_CHECK enum err_kind pool_lease_draw(
	struct glass *g, struct pool_child **child, struct err *err);
/* outcome: of what the child was leased for. All but OK ends it: the next lease starts another. */
void pool_release(struct glass *g, struct pool_child *child, enum err_kind outcome);
/*
 * Send, and wait for the one answer `want` of `len` bytes. Errors: ERR_IO (it died or hangs), ERR_CORRUPT (it
 * says what it may not).
 */
MUST_CHECK enum err_kind pool_ask(struct pool_child *child, enum glass_message type,
	const void *body, size_t body_len, const int *fds, size_t fd_count, int timeout_ms,
	enum glass_message want, void *answer, size_t len, struct err *err);

/*
 * A child outside the pools, for one question: *child (all zero) is running on OK, and the caller's to pool_end_child.
 * Any thread. *region_fd: of `region_bytes` shared bytes, the caller's to close.
 */
MUST_CHECK enum err_kind pool_begin_child(struct glass *g, const char *role, size_t region_bytes,
	struct pool_child *child, int *region_fd, struct err *err);
/* Kills and reaps it; one that does not run is fine. */
void pool_end_child(struct pool_child *child);

#endif
