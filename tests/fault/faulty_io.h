/*
 * faulty_io: what fault_lab tells the preloaded library, if one is loaded (LD_PRELOAD=libfaulty_io.so).
 */
#ifndef FAULT_FAULTY_IO_H
#define FAULT_FAULTY_IO_H

/* Puts a line into the trace between the operations before and after it. */
void faulty_mark(const char *text);
/* One fault from now on, counted from now on: see faulty_io.c. False when the plan makes no sense. */
int faulty_plan(const char *plan);

#endif
