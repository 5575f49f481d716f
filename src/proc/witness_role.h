/* witness_role: the process of `vitrine witness DIR`, for the command that starts it. */
#ifndef PROC_WITNESS_ROLE_H
#define PROC_WITNESS_ROLE_H

/* Until a signal ends it. Returns the exit code. */
int witness_role(const char *folder);

#endif
