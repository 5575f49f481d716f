/* openapi: from the verb table, so that the document cannot name what is not there. Source: OpenAPI 3.1.0. */
#include "app/openapi.h"

#include "app/verb.h"
#include "format/json.h"

/* Type, bounds and what else a JSON schema can say of an argument. */
static void put_bounds(
	struct jw *w, const struct verb_arg *arg, const char *least, const char *most)
{
	if (arg->min > 0)
		jw_ki64(w, least, arg->min);
	if (arg->max > 0)
		jw_ki64(w, most, arg->max);
}

static void put_words(struct jw *w, const char *words)
{
	struct str rest = str_from(words), word;

	jw_key(w, "enum");
	jw_array(w);
	while (rest.len > 0) {
		if (!str_cut(rest, ' ', &word, &rest)) {
			word = rest;
			rest = STR("");
		}
		if (word.len > 0)
			jw_str(w, word);
	}
	jw_array_end(w);
}

static void put_list(struct jw *w, const struct verb_arg *arg)
{
	jw_kstr(w, "type", STR("array"));
	put_bounds(w, arg, "minItems", "maxItems");
	jw_key(w, "items");
	jw_object(w);
	jw_kstr(w, "type", STR("string"));
	if (arg->words != NULL)
		put_words(w, arg->words);
	jw_object_end(w);
}

static void put_argument(struct jw *w, const struct verb_arg *arg)
{
	jw_object(w);
	switch (arg->type) {
	case ARG_INT:
		jw_kstr(w, "type", STR("integer"));
		put_bounds(w, arg, "minimum", "maximum");
		break;
	case ARG_BOOL:
		jw_kstr(w, "type", STR("boolean"));
		break;
	case ARG_LIST:
		put_list(w, arg);
		break;
	case ARG_TIME:
		jw_kstr(w, "type", STR("string"));
		jw_kstr(w, "format", STR("date-time"));
		break;
	case ARG_BYTES:
		jw_kstr(w, "type", STR("string"));
		jw_kstr(w, "contentEncoding", STR("base64"));
		break;
	case ARG_ENUM:
		jw_kstr(w, "type", STR("string"));
		put_words(w, arg->words);
		break;
	case ARG_SECRET:
		jw_kstr(w, "type", STR("string"));
		jw_kstr(w, "format", STR("password"));
		break;
	case ARG_ID:
		jw_kstr(w, "type", STR("string"));
		if (arg->words != NULL) {
			char pattern[64];

			snprintf(pattern, sizeof(pattern), "^%.20s_[0-9a-z]{12}$", arg->words);
			jw_kstr(w, "pattern", str_from(pattern));
		}
		break;
	case ARG_LINE:
	case ARG_TEXT:
	case ARG_PATH:
		jw_kstr(w, "type", STR("string"));
		put_bounds(w, arg, "minLength", "maxLength");
		break;
	}
	if (arg->help != NULL)
		jw_kstr(w, "description", str_from(arg->help));
	jw_object_end(w);
}

static void put_schema(struct jw *w, const struct verb *verb)
{
	jw_object(w);
	jw_kstr(w, "type", STR("object"));
	jw_kbool(w, "additionalProperties", false);
	jw_key(w, "properties");
	jw_object(w);
	for (const struct verb_arg *arg = verb->args; arg != NULL && arg->name != NULL; arg++) {
		jw_key(w, arg->name);
		put_argument(w, arg);
	}
	jw_object_end(w);
	jw_key(w, "required");
	jw_array(w);
	for (const struct verb_arg *arg = verb->args; arg != NULL && arg->name != NULL; arg++)
		if ((arg->flags & ARG_REQUIRED) != 0)
			jw_str(w, str_from(arg->name));
	jw_array_end(w);
	jw_object_end(w);
}

static void put_content(struct jw *w, const char *type, const char *schema)
{
	jw_key(w, "content");
	jw_object(w);
	jw_key(w, type);
	jw_object(w);
	jw_key(w, "schema");
	jw_raw(w, str_from(schema));
	jw_object_end(w);
	jw_object_end(w);
}

static void put_responses(struct jw *w, const struct verb *verb)
{
	jw_key(w, "responses");
	jw_object(w);
	jw_key(w, "200");
	jw_object(w);
	jw_kstr(w, "description", STR("Done, and recorded."));
	if ((verb->flags & VERB_BYTES) != 0)
		put_content(w, "application/vnd.vitrine.tile",
			"{\"type\":\"string\",\"format\":\"binary\"}");
	else
		put_content(w, "application/json", "{\"type\":\"object\"}");
	jw_object_end(w);
	jw_key(w, "default");
	jw_object(w);
	jw_kstr(w, "description", STR("Not done: what is wrong, and what to do."));
	put_content(w, "application/json", "{\"$ref\":\"#/components/schemas/Error\"}");
	jw_object_end(w);
	jw_object_end(w);
}

static void put_verb(struct jw *w, const struct verb *verb)
{
	char path[LIMIT_NAME_BYTES * 2];
	struct str family, act;

	snprintf(path, sizeof(path), "/v1/%.100s", verb->name);
	jw_key(w, path);
	jw_object(w);
	jw_key(w, "post");
	jw_object(w);
	jw_kstr(w, "operationId", str_from(verb->name));
	jw_kstr(w, "summary", str_from(verb->summary));
	if (str_cut(str_from(verb->name), '.', &family, &act)) {
		jw_key(w, "tags");
		jw_array(w);
		jw_str(w, family);
		jw_array_end(w);
	}
	jw_key(w, "security");
	jw_raw(w, (verb->roles & ROLE_STRANGER) != 0 ? STR("[]") : STR("[{\"session\":[]}]"));
	jw_key(w, "requestBody");
	jw_object(w);
	jw_kbool(w, "required", true);
	jw_key(w, "content");
	jw_object(w);
	jw_key(w, "application/json");
	jw_object(w);
	jw_key(w, "schema");
	put_schema(w, verb);
	jw_object_end(w);
	jw_object_end(w);
	jw_object_end(w);
	put_responses(w, verb);
	jw_object_end(w);
	jw_object_end(w);
}

static void put_components(struct jw *w)
{
	jw_key(w, "components");
	jw_object(w);
	jw_key(w, "securitySchemes");
	jw_raw(w,
		STR("{\"session\":{\"type\":\"http\",\"scheme\":\"bearer\","
		    "\"description\":\"The token of session.start.\"}}"));
	jw_key(w, "schemas");
	jw_object(w);
	jw_key(w, "Error");
	jw_object(w);
	jw_kstr(w, "type", STR("object"));
	jw_key(w, "required");
	jw_raw(w, STR("[\"error\",\"message\"]"));
	jw_key(w, "properties");
	jw_object(w);
	jw_key(w, "error");
	jw_object(w);
	jw_kstr(w, "type", STR("string"));
	jw_key(w, "enum");
	jw_array(w);
	for (int kind = OK + 1; kind < ERR_KINDS; kind++)
		jw_str(w, str_from(err_word((enum err_kind)kind)));
	jw_array_end(w);
	jw_object_end(w);
	jw_key(w, "message");
	jw_raw(w, STR("{\"type\":\"string\"}"));
	jw_object_end(w);
	jw_object_end(w);
	jw_object_end(w);
	jw_object_end(w);
}

void openapi_put(struct out *o, const struct lab *lab, const char *version)
{
	struct jw w;

	jw_init(&w, o);
	jw_object(&w);
	jw_kstr(&w, "openapi", STR("3.1.0"));
	jw_key(&w, "info");
	jw_object(&w);
	jw_kstr(&w, "title", STR("vitrine"));
	jw_kstr(&w, "version", str_from(version));
	jw_kstr(&w, "description",
		STR("The verbs of a security transparency lab. Each call is recorded before it is answered."));
	jw_object_end(&w);
	jw_key(&w, "paths");
	jw_object(&w);
	for (size_t i = 0; i < verb_count(lab); i++) {
		const struct verb *verb = verb_at(lab, i);

		/* What takes a descriptor is called on the lab's own machine only. */
		if ((verb->flags & (VERB_FD | VERB_CONSOLE)) == 0)
			put_verb(&w, verb);
	}
	jw_object_end(&w);
	put_components(&w);
	jw_object_end(&w);
}
