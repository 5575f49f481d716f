#include "canned.h"

enum err_kind canned_ask(void *arg, struct arena *mem, const struct client_call *call,
	struct client_answer *answer, struct err *err)
{
	struct canned *canned = arg;
	size_t used = strlen(canned->asked);

	(void)mem;
	if (canned->away)
		return err_set(err, ERR_IO, "no vault");
	snprintf(canned->asked + used, sizeof(canned->asked) - used, "%s %.*s\n", call->verb,
		STR_ARG(call->body));
	*answer = (struct client_answer){ .status = ERR_NOT_FOUND,
		.json = STR("{\"error\":\"not-found\",\"message\":\"nothing canned\"}"),
		.bytes = STR(""),
		.entry_index = UINT64_MAX };
	for (const struct canned_answer *a = canned->answers; a->verb != NULL; a++) {
		if (strcmp(a->verb, call->verb) != 0)
			continue;
		answer->status = a->status;
		answer->json = str_from(a->json);
		break;
	}
	return OK;
}

void canned_send(void *arg, const struct client_call *call, client_done_fn *done, void *done_arg)
{
	struct client_answer answer;
	struct err err;
	enum err_kind rc = canned_ask(arg, NULL, call, &answer, &err);

	done(done_arg, rc, rc == OK ? &answer : NULL, &err);
}
