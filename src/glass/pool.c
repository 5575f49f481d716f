#include "glass/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fs.h"
#include "os/log.h"
#include "os/sandbox.h"

const struct pool_options pool_defaults = {
	.layout_role = "layout",
	.draw_role = "draw",
	.picture_role = "picture",
	.detect_role = "detect",
	.layout_max = 8,
	.draw_max = POOL_DRAW_MAX,
	.start_ms_max = 10000,
	.layout_ms_max = 10000,
	.index_bytes_per_ms = 10000, /* a quarter of what one core indexes */
	.draw_ms_max = 5000,
};

struct pool_spawn {
	struct pool_child *child;
	enum err_kind rc;
	struct err err;
	bool is_done;
};

static void *spawn_on_order(void *arg)
{
	struct glass *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->is_stopping) {
		struct pool_spawn *order = g->order;

		if (order == NULL || order->is_done) {
			pthread_cond_wait(&g->changed, &g->lock);
			continue;
		}
		pthread_mutex_unlock(&g->lock);
		order->rc = sandbox_spawn(
			order->child->role, &order->child->pid, &order->child->sock, &order->err);
		pthread_mutex_lock(&g->lock);
		order->is_done = true;
		pthread_cond_broadcast(&g->changed);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

static enum err_kind spawn(struct glass *g, struct pool_child *child, struct err *err)
{
	struct pool_spawn order = { .child = child };

	pthread_mutex_lock(&g->lock);
	while (g->order != NULL)
		pthread_cond_wait(&g->changed, &g->lock);
	g->order = &order;
	pthread_cond_broadcast(&g->changed);
	while (!order.is_done)
		pthread_cond_wait(&g->changed, &g->lock);
	g->order = NULL;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	if (order.rc != OK)
		*err = order.err;
	return order.rc;
}

void pool_end_child(struct pool_child *child)
{
	if (!child->is_running)
		return;
	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(child->sock);
	munmap(child->region, child->region_bytes);
	child->is_running = false;
}

enum err_kind pool_ask(struct pool_child *child, enum glass_message type, const void *body,
	size_t body_len, const int *fds, size_t fd_count, int timeout_ms, enum glass_message want,
	void *answer, size_t len, struct err *err)
{
	struct ipc_msg msg;
	enum err_kind rc = ipc_send(child->sock, type, body, body_len, fds, fd_count, err);

	if (rc == OK)
		rc = ipc_receive(
			child->sock, glass_from_child, GLASS_MESSAGES, timeout_ms, &msg, err);
	if (rc == ERR_LIMIT)
		return err_set(err, ERR_IO, "glass: the %s child does not answer", child->role);
	if (rc == ERR_NOT_FOUND)
		return err_set(err, ERR_IO, "glass: the %s child has ended", child->role);
	if (rc != OK) {
		err_context(err, "glass: %s child", child->role);
		return rc;
	}
	if (msg.type != (uint32_t)want)
		return err_set(err, ERR_CORRUPT, "glass: the %s child answers something else",
			child->role);
	assert(msg.len == len);
	memcpy(answer, msg.body, len);
	return OK;
}

/* What both kinds of child begin with: a process and a region. *region_fd is the caller's to close. */
static enum err_kind begin_child(struct glass *g, struct pool_child *child, size_t region_bytes,
	int *region_fd, struct err *err)
{
	enum err_kind rc = fs_shared(child->role, region_bytes, region_fd, &child->region, err);

	if (rc != OK)
		return rc;
	child->region_bytes = region_bytes;
	rc = spawn(g, child, err);
	if (rc != OK) {
		munmap(child->region, region_bytes);
		close(*region_fd);
		return rc;
	}
	child->is_running = true;
	return OK;
}

enum err_kind pool_begin_child(struct glass *g, const char *role, size_t region_bytes,
	struct pool_child *child, int *region_fd, struct err *err)
{
	child->role = role;
	return begin_child(g, child, region_bytes, region_fd, err);
}

static enum err_kind start_layout(struct glass *g, struct pool_child *child, struct err *err)
{
	struct child_done done;
	int region_fd;
	enum err_kind rc = begin_child(g, child, sizeof(struct layout_region), &region_fd, err);

	if (rc != OK)
		return rc;
	int fds[2] = { g->coverage_fd, region_fd };

	rc = pool_ask(child, LAYOUT_START, NULL, 0, fds, 2, g->options.start_ms_max, CHILD_READY,
		&done, sizeof(done), err);
	close(region_fd);
	if (rc != OK)
		pool_end_child(child);
	memset(child->files, 0, sizeof(child->files));
	return rc;
}

/* The first draw child says what the font is; those after it must say the same. */
static enum err_kind believe_font(struct glass *g, const struct pool_child *child,
	const struct draw_ready *said, struct err *err)
{
	const struct draw_region *region = child->region;

	if (memchr(said->engine, '\0', sizeof(said->engine)) == NULL)
		return err_set(err, ERR_CORRUPT, "glass: the draw child names no engine");
	if (g->coverage.count > 0) {
		if (sha256_eq(&said->font, &g->font.font) &&
			memcmp(said->engine, g->font.engine, sizeof(said->engine)) == 0)
			return OK;
		return err_set(err, ERR_CORRUPT, "glass: the font has changed since the start");
	}
	struct coverage coverage = region->coverage;
	enum err_kind rc = coverage_check(&coverage, err);

	if (rc == OK)
		rc = fs_memfd("coverage", (struct str){ (const char *)&coverage, sizeof(coverage) },
			&g->coverage_fd, err);
	if (rc != OK)
		return rc;
	g->coverage = coverage;
	g->font = *said;
	return OK;
}

static enum err_kind start_draw(struct glass *g, struct pool_child *child, struct err *err)
{
	struct draw_ready ready;
	int region_fd;
	enum err_kind rc = begin_child(g, child, sizeof(struct draw_region), &region_fd, err);

	if (rc != OK)
		return rc;
	int fds[3] = { g->font_fd, g->mark_key_fd, region_fd };

	rc = pool_ask(child, DRAW_START, NULL, 0, fds, 3, g->options.start_ms_max, DRAW_READY,
		&ready, sizeof(ready), err);
	close(region_fd);
	if (rc == OK)
		rc = believe_font(g, child, &ready, err);
	if (rc != OK)
		pool_end_child(child);
	return rc;
}

/* The child to lease for `pool`; NULL: wait. *fits says whether it serves that pool already. */
static struct pool_child *choose_layout(struct glass *g, struct str pool, bool *fits)
{
	struct pool_child *oldest = NULL;

	for (unsigned i = 0; i < g->options.layout_max; i++) {
		struct pool_child *child = &g->layout[i];

		if ((child->is_running || child->is_leased) &&
			str_eq(pool, (struct str){ child->pool, child->pool_len })) {
			*fits = true;
			return child->is_leased ? NULL : child;
		}
		/* One that does not run costs nobody anything. */
		if (!child->is_leased &&
			(oldest == NULL ||
				(oldest->is_running &&
					(!child->is_running || child->used < oldest->used))))
			oldest = child;
	}
	*fits = false;
	return oldest;
}

enum err_kind pool_lease_layout(
	struct glass *g, struct str pool, struct pool_child **child, struct err *err)
{
	struct pool_child *chosen;
	enum err_kind rc = OK;
	bool fits;

	assert(pool.len > 0 && pool.len <= POOL_NAME_BYTES_MAX);
	pthread_mutex_lock(&g->lock);
	while ((chosen = choose_layout(g, pool, &fits)) == NULL)
		pthread_cond_wait(&g->changed, &g->lock);
	chosen->is_leased = true;
	chosen->used = ++g->stamp;
	memcpy(chosen->pool, pool.ptr, pool.len);
	chosen->pool_len = (uint32_t)pool.len;
	pthread_mutex_unlock(&g->lock);

	if (!fits || !chosen->is_running)
		rc = pool_renew_layout(g, chosen, err);
	if (rc == OK)
		*child = chosen;
	else
		pool_release(g, chosen, rc);
	return rc;
}

enum err_kind pool_renew_layout(struct glass *g, struct pool_child *child, struct err *err)
{
	assert(child->is_leased);
	pool_end_child(child);
	child->role = g->options.layout_role;
	return start_layout(g, child, err);
}

enum err_kind pool_lease_draw(struct glass *g, struct pool_child **child, struct err *err)
{
	struct pool_child *chosen = NULL;
	enum err_kind rc = OK;

	pthread_mutex_lock(&g->lock);
	while (chosen == NULL) {
		for (unsigned i = 0; i < g->options.draw_max; i++)
			if (!g->draw[i].is_leased && (chosen == NULL || !chosen->is_running))
				chosen = &g->draw[i];
		if (chosen == NULL)
			pthread_cond_wait(&g->changed, &g->lock);
	}
	chosen->is_leased = true;
	pthread_mutex_unlock(&g->lock);

	if (!chosen->is_running) {
		chosen->role = g->options.draw_role;
		rc = start_draw(g, chosen, err);
	}
	if (rc == OK)
		*child = chosen;
	else
		pool_release(g, chosen, rc);
	return rc;
}

void pool_release(struct glass *g, struct pool_child *child, enum err_kind outcome)
{
	if (outcome != OK && child->is_running) {
		log_line(LOG_WARN, "glass: a %s child is ended after an error", child->role);
		pool_end_child(child);
	}
	pthread_mutex_lock(&g->lock);
	assert(child->is_leased);
	child->is_leased = false;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static int copy_fd(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

enum err_kind pool_start(const struct pool_options *options, int font_fd, int mark_key_fd,
	struct glass **out, struct err *err)
{
	struct pool_child *first;
	struct glass *g = calloc(1, sizeof(*g));

	assert(options->layout_max >= 1 && options->layout_max <= POOL_LAYOUT_MAX);
	assert(options->draw_max >= 1 && options->draw_max <= POOL_DRAW_MAX);
	if (g == NULL)
		return err_set(err, ERR_LIMIT, "glass: no memory");
	g->options = *options;
	g->coverage_fd = -1;
	g->font_fd = copy_fd(font_fd);
	g->mark_key_fd = copy_fd(mark_key_fd);
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	enum err_kind rc = g->font_fd < 0 || g->mark_key_fd < 0
		? err_errno(err, errno, "glass: descriptors of font and mark key")
		: OK;

	if (rc == OK && pthread_create(&g->spawner, NULL, spawn_on_order, g) != 0)
		rc = err_set(err, ERR_IO, "glass: no thread for its children");
	if (rc != OK) {
		close(g->font_fd);
		close(g->mark_key_fd);
		free(g);
		return rc;
	}
	/* One draw child from the start: it tells what the font can draw, and a bad font is told now. */
	rc = pool_lease_draw(g, &first, err);
	if (rc != OK) {
		pool_stop(g);
		return rc;
	}
	pool_release(g, first, OK);
	*out = g;
	return OK;
}

void pool_stop(struct glass *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->is_stopping = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	for (size_t i = 0; i < POOL_LAYOUT_MAX; i++)
		pool_end_child(&g->layout[i]);
	for (size_t i = 0; i < POOL_DRAW_MAX; i++)
		pool_end_child(&g->draw[i]);
	pthread_join(g->spawner, NULL);
	if (g->coverage_fd >= 0)
		close(g->coverage_fd);
	close(g->font_fd);
	close(g->mark_key_fd);
	pthread_cond_destroy(&g->changed);
	pthread_mutex_destroy(&g->lock);
	free(g);
}
