#include "link/door_check.h"

static enum err_kind check_call(
	const struct door_check *check, const struct frame_call *call, struct err *err)
{
	if (memcmp(call->point, check->name, FRAME_POINT_BYTES) != 0)
		return err_set(
			err, ERR_AUTH, "%s calls under the name of %s", check->name, call->point);
	if (call->has_fd)
		return err_set(
			err, ERR_INPUT, "%s: a descriptor cannot cross a network", call->verb);
	if (check->is_joining && strcmp(call->verb, "point.join") != 0)
		return err_set(
			err, ERR_AUTH, "%s: an invitation is good for point.join only", call->verb);
	return OK;
}

enum err_kind door_check_take(
	const struct door_check *check, struct str stream, size_t *used, struct err *err)
{
	size_t at = 0;

	for (size_t step = 1; at < stream.len && step > 0; at += step) {
		struct frame frame;
		enum err_kind rc = frame_parse(str_skip(stream, at), &frame, &step, err);

		if (rc != OK)
			return rc;
		if (step == 0)
			break;
		if (frame.type == FRAME_CALL)
			rc = check_call(check, &frame.call, err);
		else if (frame.type != FRAME_CANCEL)
			rc = err_set(err, ERR_INPUT, "frame: not one that a peer may send");
		if (rc != OK)
			return rc;
	}
	*used = at;
	return OK;
}
