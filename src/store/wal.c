#include "store/wal.h"

#include <pthread.h>

#include "os/log.h"
#include "store/db.h"

struct wal_mover {
	struct db *db;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool wanted, stopping;
};

static void *move_pages(void *arg)
{
	struct wal_mover *m = arg;

	pthread_mutex_lock(&m->mutex);
	while (!m->stopping) {
		if (!m->wanted) {
			pthread_cond_wait(&m->wake, &m->mutex);
			continue;
		}
		m->wanted = false;
		pthread_mutex_unlock(&m->mutex);
		struct err err;

		/* The log only grows when this fails; the writer moves pages itself beyond LIMIT_WAL_PAGES. */
		if (db_checkpoint(m->db, &err) != OK)
			log_line(LOG_WARN, "%s", err.msg);
		pthread_mutex_lock(&m->mutex);
	}
	pthread_mutex_unlock(&m->mutex);
	return NULL;
}

enum err_kind wal_mover_start(const char *path, struct wal_mover **mover, struct err *err)
{
	struct wal_mover *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return err_set(err, ERR_LIMIT, "writer: no memory");
	enum err_kind rc = db_open(path, DB_WRITE, &m->db, err);

	if (rc != OK) {
		free(m);
		return rc;
	}
	pthread_mutex_init(&m->mutex, NULL);
	pthread_cond_init(&m->wake, NULL);
	int errnum = pthread_create(&m->thread, NULL, move_pages, m);

	if (errnum != 0) {
		db_close(m->db);
		free(m);
		return err_errno(err, errnum, "writer: start a thread");
	}
	*mover = m;
	return OK;
}

void wal_mover_wake(struct wal_mover *m)
{
	pthread_mutex_lock(&m->mutex);
	m->wanted = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->mutex);
}

void wal_mover_stop(struct wal_mover *m)
{
	pthread_mutex_lock(&m->mutex);
	m->stopping = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->mutex);
	pthread_join(m->thread, NULL);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->mutex);
	db_close(m->db);
	free(m);
}
