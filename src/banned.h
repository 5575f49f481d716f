/*
 * banned: functions that no file of ours may call; included before every file by the build.
 * Each has a safer form in base/ or os/.
 */
#ifndef BANNED_H
#define BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A library whose own header names one of them: its user's meson.build has that header read before the ban. */
#ifdef BANNED_FIRST
#include BANNED_FIRST
#endif

/* Macros of glibc under clang, when _FORTIFY_SOURCE is set: a macro cannot be poisoned. */
#undef sprintf
#undef vsprintf
#pragma GCC poison sprintf vsprintf strcpy strcat strncpy strncat strtok atoi atol atoll gets
#undef alloca
#pragma GCC poison localtime gmtime ctime asctime alloca rand srand drand48
#pragma GCC poison tmpnam tempnam mktemp system popen

/* A member in libsodium's headers has this name, so only calls are refused: nothing declares this one. */
#define random() banned_use_os_random()

#endif
