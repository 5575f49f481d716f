/* log: one line on stderr for the operator. Never a line of source, never a secret. */
#ifndef OS_LOG_H
#define OS_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* `role` prefixes every line: "vault", "point". Set once at start. */
void log_init(const char *role, enum log_level least);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
