/* lab_catch_up: a restored lab takes the entries that it lost from a mirror, and says so in the record. */
#ifndef APP_LAB_CATCH_UP_H
#define APP_LAB_CATCH_UP_H

#include "app/lab.h"
#include "ledger/catch_up.h"

/*
 * Of the lab in the current folder, which nobody serves. The entry "ledger.restored" {from, to} names the entries whose
 * details are lost. A log that is still frozen afterwards, because somebody holds a larger head, gets no entry
 * (ERR_FROZEN); catching up from that one's mirror goes on from there. Other errors: those of ledger_catch_up and
 * lab_open.
 */
MUST_CHECK enum err_kind lab_catch_up(int from_fd, struct catch_up *done, struct err *err);

#endif
