/* thread: how a thread is scheduled. */
#ifndef OS_THREAD_H
#define OS_THREAD_H

/*
 * For a thread that serves whatever waits: it does not push others aside when it is woken (SCHED_BATCH), so that on a
 * busy machine more has gathered when its turn comes, and on an idle one it runs at once. Threads and processes that
 * it starts are scheduled as ever. Where the system refuses, nothing changes but the cost.
 */
void thread_gather(void);

#endif
