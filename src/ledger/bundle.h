/* bundle: the entries of one tile/entries file (C2SP tlog-tiles 0.1.0): each a 16-bit length and its bytes. */
#ifndef LEDGER_BUNDLE_H
#define LEDGER_BUNDLE_H

#include "base/out.h"

void bundle_put(struct out *o, struct str entry);
/*
 * Cut the first entry off *rest (not empty). *entry is borrowed from it. False, both untouched, when the
 * bytes end within an entry.
 */
bool bundle_next(struct str *rest, struct str *entry);

#endif
