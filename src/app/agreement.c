#include "app/agreement.h"

#include "base/hex.h"
#include "format/json.h"

/* A key of 32 bytes; false when the member is absent or holds none. */
static bool read_key(const json_t *body, const char *name, uint8_t key[32])
{
	struct str text;
	size_t len;

	return json_str(body, name, &text) && base64_parse(text, key, 32, &len) && len == 32;
}

static enum err_kind out_of_memory(struct err *err)
{
	return err_set(err, ERR_LIMIT, "agreement: request memory used up");
}

static int by_id(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static enum err_kind read_parties(
	struct arena *mem, const json_t *body, struct agreement *agreement, struct err *err)
{
	const json_t *list = json_object_get(body, "parties"), *item;
	size_t i;

	if (json_array_size(list) > LIMIT_LIST_ITEMS)
		return err_set(err, ERR_CORRUPT, "agreement %.*s: too many parties",
			STR_ARG(agreement->id));
	json_array_foreach(list, i, item)
	{
		struct str id = json_is_string(item)
			? str_of(json_string_value(item), json_string_length(item))
			: STR("");

		if (!arena_copy(mem, id, &agreement->parties[agreement->party_count++]))
			return out_of_memory(err);
	}
	qsort(agreement->parties, agreement->party_count, sizeof(struct str), by_id);
	return OK;
}

static enum err_kind read_body(
	struct arena *mem, const json_t *body, struct agreement *agreement, struct err *err)
{
	struct str organisation;

	agreement->from_us = INT64_MIN;
	agreement->until_us = INT64_MAX;
	json_i64(body, "from", &agreement->from_us);
	json_i64(body, "until", &agreement->until_us);
	json_i64(body, "quorum", &agreement->quorum);
	agreement->has_sealing = read_key(body, "sealing_key", agreement->sealing_key.bytes);
	if (!json_str(body, "organisation", &organisation) ||
		!read_key(body, "root_key", agreement->root.bytes))
		return err_set(err, ERR_CORRUPT, "agreement %.*s: no organisation or no root key",
			STR_ARG(agreement->id));
	if (!arena_copy(mem, organisation, &agreement->organisation_id))
		return out_of_memory(err);
	return read_parties(mem, body, agreement, err);
}

static enum err_kind read_row(
	struct arena *mem, struct stmt *s, struct agreement *agreement, struct err *err)
{
	json_t *body = NULL;

	*agreement = (struct agreement){ .quorum = 0 };
	if (!arena_copy(mem, stmt_col_str(s, 0), &agreement->id))
		return out_of_memory(err);
	enum err_kind rc = json_parse(stmt_col_str(s, 1), LIMIT_JSON_BYTES, &body, err);

	if (rc == ERR_INPUT) /* what we stored ourselves does not read */
		rc = err_set(err, ERR_CORRUPT, "agreement %.*s: its body is not JSON",
			STR_ARG(agreement->id));
	if (rc == OK)
		rc = read_body(mem, body, agreement, err);
	json_decref(body);
	return rc;
}

enum err_kind agreement_of(struct db *db, struct arena *mem, struct str organisation_id,
	int64_t now_us, struct agreement *agreement, struct err *err)
{
	struct agreement found;
	bool row, is_found = false;
	struct stmt *s;
	enum err_kind rc = stmt_begin(db,
		"SELECT r.id, r.body FROM record_refs f JOIN records r ON r.id = f.id"
		" WHERE f.target = :organisation AND f.field = 'organisation'"
		" AND r.kind = 'agreement' AND r.state = 'in_force' ORDER BY r.id",
		&s, err);

	if (rc != OK)
		return rc;
	stmt_text(s, ":organisation", organisation_id);
	for (;;) {
		rc = stmt_step(s, &row, err);
		if (rc != OK)
			return rc;
		if (!row)
			break;
		rc = read_row(mem, s, &found, err);
		if (rc == OK && (now_us < found.from_us || now_us >= found.until_us))
			continue;
		if (rc == OK && is_found)
			rc = err_set(err, ERR_CORRUPT, "two agreements with %.*s are in force",
				STR_ARG(organisation_id));
		if (rc != OK) {
			stmt_end(s);
			return rc;
		}
		*agreement = found;
		is_found = true;
	}
	return is_found ? OK
			: err_set(err, ERR_NOT_FOUND, "no agreement with %.*s is in force",
				  STR_ARG(organisation_id));
}
