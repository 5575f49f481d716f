#include "web/basis.h"

#include "web/record_parts.h"

#define ENGAGEMENT "engagement"

/* Does the field hold one record, of that kind? */
static bool refers_to(const json_t *field, struct str kind)
{
	return kind.len > 0 && str_eq(json_text(field, "type"), STR("id")) &&
		!json_bool(field, "list") && str_eq(json_text(field, "kind"), kind);
}

const json_t *basis_field(const json_t *kind)
{
	const json_t *field = record_field(kind, STR(ENGAGEMENT));

	return refers_to(field, STR(ENGAGEMENT)) ? field : NULL;
}

enum err_kind basis_load(struct page *p, struct str id, struct basis *basis, struct err *err)
{
	const json_t *answer;

	*basis = (struct basis){ 0 };
	if (id.len == 0)
		return OK;
	enum err_kind rc = page_ask_one(p, "record.show", "id", id, &answer, err);

	if (rc != OK)
		return rc;
	const json_t *record = json_object_get(answer, "record");

	if (!str_eq(json_text(record, "kind"), STR(ENGAGEMENT)))
		return err_set(err, ERR_INPUT, ENGAGEMENT ": that record is not an engagement");
	basis->kind = page_kind(p, STR(ENGAGEMENT), err);
	if (basis->kind == NULL)
		return err->kind;
	basis->record = record;
	basis->names = json_object_get(answer, "names");
	return OK;
}

struct str basis_fixed(const struct basis *basis, const json_t *field)
{
	struct str name = json_text(field, "name");

	if (basis->record == NULL)
		return STR("");
	if (str_eq(name, STR(ENGAGEMENT)) && refers_to(field, STR(ENGAGEMENT)))
		return json_text(basis->record, "id");
	if (!refers_to(record_field(basis->kind, name), json_text(field, "kind")) ||
		!refers_to(field, json_text(field, "kind")))
		return STR("");
	return json_text(json_object_get(basis->record, "fields"), name.ptr);
}

struct str basis_title(const struct basis *basis, struct str id)
{
	if (str_eq(id, json_text(basis->record, "id")))
		return json_text(basis->record, "title");
	return json_text(basis->names, id.ptr);
}

enum err_kind basis_reference(
	struct page *p, const struct basis *basis, struct str kind, struct str *id, struct err *err)
{
	const json_t *values = json_object_get(basis->record, "fields");
	size_t i, k;
	json_t *ours, *theirs;

	*id = STR("");
	if (basis->record == NULL)
		return OK;
	const json_t *declared = page_kind(p, kind, err);

	if (declared == NULL)
		return err->kind;
	json_array_foreach(json_object_get(basis->kind, "fields"), i, ours)
	{
		json_array_foreach(json_object_get(declared, "fields"), k, theirs)
		{
			struct str target = json_text(ours, "kind");

			if (id->len == 0 && refers_to(ours, target) && refers_to(theirs, target))
				*id = json_text(values, json_text(ours, "name").ptr);
		}
	}
	return OK;
}
