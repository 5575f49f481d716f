/* harness: cmocka with the headers that it wants first. */
#ifndef HARNESS_H
#define HARNESS_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
