#include "os/thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "os/log.h"

void thread_gather(void)
{
	const struct sched_param none = { 0 };

	/* 0 is the calling thread, not its process. */
	if (sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &none) != 0)
		log_line(LOG_DEBUG, "schedule as a batch: %s", strerrordesc_np(errno));
}
