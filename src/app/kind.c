#include "app/kind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/kind_check.h"
#include "app/kind_read.h"
#include "app/kinds.h"
#include "format/yaml.h"
#include "os/fs.h"

size_t kinds_count(const struct kinds *kinds)
{
	return kinds->count;
}

const struct kind *kinds_at(const struct kinds *kinds, size_t index)
{
	assert(index < kinds->count);
	return kinds->items[index];
}

const struct kind *kinds_find(const struct kinds *kinds, struct str name)
{
	for (size_t i = 0; i < kinds->count; i++) {
		if (str_eq(str_from(kinds->items[i]->name), name))
			return kinds->items[i];
	}
	return NULL;
}

const struct kind *kinds_of_id(const struct kinds *kinds, struct str id)
{
	struct str prefix, rest;

	if (!str_cut(id, '_', &prefix, &rest))
		return NULL;
	for (size_t i = 0; i < kinds->count; i++) {
		if (str_eq(str_from(kinds->items[i]->prefix), prefix))
			return kinds->items[i];
	}
	return NULL;
}

const struct kind_field *kind_field(const struct kind *kind, struct str name)
{
	for (size_t i = 0; i < kind->field_count; i++) {
		if (str_eq(str_from(kind->fields[i].name), name))
			return &kind->fields[i];
	}
	return NULL;
}

const struct kind_transition *kind_transition(const struct kind *kind, struct str name)
{
	for (size_t i = 0; i < kind->transition_count; i++) {
		if (str_eq(str_from(kind->transitions[i].name), name))
			return &kind->transitions[i];
	}
	return NULL;
}

size_t kind_state(const struct kind *kind, struct str name)
{
	size_t i = 0;

	while (i < kind->state_count && !str_eq(str_from(kind->states[i].name), name))
		i++;
	return i;
}

static enum err_kind add_file(struct kinds *kinds, const struct kind_file *file, struct err *err)
{
	json_t *root = NULL;
	struct kind *kind;

	if (kinds->count == KINDS_MAX)
		return err_set(err, ERR_LIMIT, "kinds: more than %d files", KINDS_MAX);
	enum err_kind rc = yaml_parse(file->text, KIND_FILE_BYTES_MAX, &root, err);

	if (rc != OK)
		return err_context(err, "%.*s", STR_ARG(file->name));
	rc = kind_read(&kinds->mem, file->name, root, &kind, err);
	json_decref(root);
	if (rc == OK)
		rc = kind_check_duties(kind, file->name, err);
	if (rc != OK)
		return rc;
	for (size_t i = 0; i < kinds->count; i++) {
		if (strcmp(kinds->items[i]->name, kind->name) == 0 ||
			strcmp(kinds->items[i]->prefix, kind->prefix) == 0)
			return err_set(err, ERR_INPUT, "%.*s: %s: name or prefix is that of %s",
				STR_ARG(file->name), kind->name, kinds->items[i]->name);
	}
	kinds->items[kinds->count++] = kind;
	return OK;
}

static enum err_kind link_targets(struct kinds *kinds, struct err *err)
{
	for (size_t i = 0; i < kinds->count; i++) {
		struct kind *kind = kinds->items[i];

		for (size_t k = 0; k < kind->field_count; k++) {
			struct kind_field *f = &kind->fields[k];

			if (f->type != FIELD_ID)
				continue;
			f->target = kinds_find(kinds, str_from(f->target_name));
			if (f->target == NULL)
				return err_set(err, ERR_INPUT,
					"kinds: %s: field %s: there is no kind '%s'", kind->name,
					f->name, f->target_name);
		}
	}
	return OK;
}

enum err_kind kinds_parse(const struct kind_file *files, size_t count, bool whole,
	struct kinds **kinds, struct err *err)
{
	struct kinds *made = calloc(1, sizeof(*made));
	enum err_kind rc = OK;

	if (made == NULL)
		return err_set(err, ERR_LIMIT, "kinds: no memory");
	arena_init(&made->mem, KINDS_MEM_BYTES);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = add_file(made, &files[i], err);
	if (rc == OK)
		rc = link_targets(made, err);
	if (rc == OK && whole)
		rc = kinds_check_program(made, err);
	if (rc == OK)
		rc = kinds_make_verbs(made, err);
	if (rc != OK) {
		kinds_free(made);
		return rc;
	}
	*kinds = made;
	return OK;
}

void kinds_free(struct kinds *kinds)
{
	if (kinds == NULL)
		return;
	arena_reset(&kinds->mem);
	free(kinds);
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct kind_file *)a)->name, ((const struct kind_file *)b)->name);
}

/* Names of the *.yaml in an open folder, sorted. */
static enum err_kind list_files(
	DIR *dir, struct arena *mem, struct kind_file *files, size_t *count, struct err *err)
{
	*count = 0;
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);

		if (entry == NULL)
			break;
		if (entry->d_name[0] == '.' || !str_ends(str_from(entry->d_name), STR(".yaml")))
			continue;
		if (*count == KINDS_MAX)
			return err_set(err, ERR_LIMIT, "kinds: more than %d files", KINDS_MAX);
		if (!arena_copy(mem, str_from(entry->d_name), &files[*count].name))
			return err_set(err, ERR_LIMIT, "kinds: no memory");
		++*count;
	}
	if (errno != 0)
		return err_errno(err, errno, "list kinds");
	qsort(files, *count, sizeof(files[0]), by_name);
	return OK;
}

enum err_kind kinds_load(int dir_fd, struct kinds **kinds, struct err *err)
{
	struct kind_file files[KINDS_MAX];
	struct arena mem;
	size_t count;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		int failed = errno;

		if (fd >= 0)
			close(fd);
		return err_errno(err, failed, "open kinds");
	}
	arena_init(&mem, KINDS_MEM_BYTES);
	enum err_kind rc = list_files(dir, &mem, files, &count, err);

	for (size_t i = 0; rc == OK && i < count; i++) {
		const char *name = arena_cstr(&mem, files[i].name);
		const char *shown = arena_printf(&mem, "kinds/%.*s", STR_ARG(files[i].name));

		if (name == NULL || shown == NULL)
			rc = err_set(err, ERR_LIMIT, "kinds: no memory");
		else
			rc = fs_read(dir_fd, name, KIND_FILE_BYTES_MAX, &mem, &files[i].text, err);
		if (rc == OK)
			files[i].name = str_from(shown);
	}
	if (rc == OK)
		rc = kinds_parse(files, count, true, kinds, err);
	arena_reset(&mem);
	closedir(dir);
	return rc;
}
