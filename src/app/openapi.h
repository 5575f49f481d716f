/* openapi: the verbs as an OpenAPI 3.1 document, `POST /v1/<verb>` each. */
#ifndef APP_OPENAPI_H
#define APP_OPENAPI_H

#include "app/lab.h"
#include "base/out.h"

/* Every verb of lab->kinds and of the program; nothing else of lab is used. Failure is sticky in `o`. */
void openapi_put(struct out *o, const struct lab *lab, const char *version);

#endif
