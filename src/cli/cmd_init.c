/* cmd_init: `vitrine init`: reads what is asked for, finds the installed data, makes the lab, prints what to keep. */
#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#include "app/init.h"
#include "cli/data.h"
#include "crypto/certificate.h"

enum { PASSWORDS_BYTES_MAX = 16 << 10, CERTIFICATE_DAYS = 3650, PATH_BYTES = 4096 };

static const char installed_font[] = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf";

struct asked {
	struct init_options options;
	const char *passwords; /* file, "-" or NULL */
	char officer_key[PATH_BYTES], font[PATH_BYTES];
};

/* "name:Display Name" */
static bool take_officer(struct init_options *o, const char *value)
{
	struct init_officer *officer = &o->officers[o->officer_count];

	return o->officer_count < INIT_OFFICERS_MAX &&
		str_cut(str_from(value), ':', &officer->name, &officer->display) &&
		officer->name.len > 0 && officer->display.len > 0 && ++o->officer_count > 0;
}

static bool take_option(struct asked *a, const char *name, const char *value)
{
	struct init_options *o = &a->options;
	const struct {
		const char *name;
		struct str *value;
	} texts[] = { { "--name", &o->name }, { "--origin", &o->origin }, { "--user", &o->user },
		{ "--organisation", &o->organisation }, { "--listen", &o->listen } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].value = str_from(value);
			return true;
		}
	}
	if (strcmp(name, "--officer") == 0)
		return take_officer(o, value);
	if (strcmp(name, "--passwords") == 0)
		a->passwords = value;
	else if (strcmp(name, "--officer-key") == 0)
		o->officer_key = value;
	else if (strcmp(name, "--data") == 0)
		o->data = value;
	else
		return false;
	return true;
}

static bool take_arguments(struct asked *a, int argc, char **argv)
{
	struct init_options *o = &a->options;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--test-clock") == 0) {
			o->test_clock = true;
		} else if (argv[i][0] != '-' && o->path == NULL) {
			o->path = argv[i];
		} else if (i + 1 == argc || !take_option(a, argv[i], argv[i + 1])) {
			return false;
		} else {
			i++;
		}
	}
	return o->path != NULL && o->name.len > 0 && o->origin.len > 0 && o->officer_count > 0;
}

/* Root's lab belongs to an ordinary user: "vitrine" where there is one, else the user without rights. */
static void choose_user(struct init_options *o)
{
	if (o->user.len > 0 || getuid() != 0)
		return;
	o->user = getpwnam("vitrine") != NULL ? STR("vitrine") : STR("nobody");
}

/* --data, else where `ninja install` put it, else the source tree that this was built from. */
static void choose_places(struct asked *a, const struct cli *cli)
{
	struct init_options *o = &a->options;
	size_t len = strlen(o->path);

	while (len > 1 && o->path[len - 1] == '/')
		len--;
	if (o->officer_key == NULL) {
		snprintf(a->officer_key, sizeof(a->officer_key), "%.*s-officer-role.key", (int)len,
			o->path);
		o->officer_key = a->officer_key;
	}
	if (o->data == NULL)
		o->data = data_folder(cli);
	snprintf(a->font, sizeof(a->font), "%s/%s", o->data, LAB_FONT);
	o->font = access(a->font, R_OK) == 0 ? a->font : installed_font;
	if (o->organisation.len == 0)
		o->organisation = o->name;
	if (o->listen.len == 0)
		o->listen = STR("127.0.0.1:8443");
}

static enum err_kind take_password(struct init_options *o, struct str line, struct err *err)
{
	struct str name, password;

	if (!str_cut(line, ' ', &name, &password) || password.len >= INIT_PASSWORD_BYTES)
		return err_set(err, ERR_INPUT, "passwords: a line is a name, a space, a password");
	for (size_t i = 0; i < o->officer_count; i++) {
		if (!str_eq(o->officers[i].name, name))
			continue;
		memcpy(o->officers[i].password, password.ptr, password.len);
		o->officers[i].password[password.len] = '\0';
		return OK;
	}
	return err_set(err, ERR_INPUT, "passwords: %.*s is not among the officers",
		(int)(name.len < 64 ? name.len : 64), name.ptr);
}

static enum err_kind take_passwords(struct asked *a, struct err *err)
{
	static char bytes[PASSWORDS_BYTES_MAX];
	bool is_stdin = a->passwords != NULL && strcmp(a->passwords, "-") == 0;
	struct str line, rest;
	enum err_kind rc = OK;

	if (a->passwords == NULL)
		return OK;
	FILE *f = is_stdin ? stdin : fopen(a->passwords, "re");

	if (f == NULL)
		return err_errno(err, errno, "open %.200s", a->passwords);
	size_t len = fread(bytes, 1, sizeof(bytes), f);

	if (ferror(f) || len == sizeof(bytes))
		rc = err_set(err, ERR_INPUT, "passwords: unreadable, or %d bytes or more",
			PASSWORDS_BYTES_MAX);
	if (!is_stdin)
		fclose(f);
	rest = str_of(bytes, len);
	while (rc == OK && str_cut(rest, '\n', &line, &rest)) {
		if (str_trim(line).len > 0)
			rc = take_password(&a->options, str_trim(line), err);
	}
	if (rc == OK && str_trim(rest).len > 0)
		rc = take_password(&a->options, str_trim(rest), err);
	secret_wipe(bytes, sizeof(bytes));
	return rc;
}

static enum err_kind make_certificate(struct asked *a, struct arena *mem, struct err *err)
{
	struct certificate_options options = { .common_name = "vitrine access point centre",
		.now_s = time(NULL),
		.valid_days = CERTIFICATE_DAYS };

	return certificate_make(
		mem, &options, &a->options.tls_key, &a->options.tls_certificate, err);
}

static void tell(const struct asked *a)
{
	const struct init_options *o = &a->options;

	printf("made %s\n", o->path);
	for (size_t i = 0; i < o->officer_count; i++) {
		if (o->officers[i].made_up)
			printf("officer %.*s: one-time password %s\n", STR_ARG(o->officers[i].name),
				o->officers[i].password);
	}
	printf("\n%s opens the sealed trails of this lab.\n"
	       "Take it away from this machine now, to where two officers can reach it together, and\n"
	       "delete it here. Without it no trail can ever be opened.\n",
		o->officer_key);
}

int cmd_init(const struct cli *cli, int argc, char **argv)
{
	struct asked *a = calloc(1, sizeof(*a));
	struct arena mem;
	struct err err;
	enum err_kind rc = OK;

	if (a == NULL) {
		err_set(&err, ERR_LIMIT, "no memory");
		return cmd_fail("init", &err);
	}
	a->options.user = a->options.organisation = a->options.listen = STR("");
	a->options.name = a->options.origin = STR("");
	if (!take_arguments(a, argc, argv)) {
		free(a);
		return cmd_misuse("init");
	}
	choose_user(&a->options);
	choose_places(a, cli);
	arena_init(&mem, 1 << 20);
	rc = crypto_init(&err);
	if (rc == OK)
		rc = take_passwords(a, &err);
	if (rc == OK)
		rc = make_certificate(a, &mem, &err);
	if (rc == OK)
		rc = lab_make(&a->options, &err);
	if (rc == OK)
		tell(a);
	arena_wipe(&mem);
	secret_wipe(a, sizeof(*a));
	free(a);
	return rc == OK ? 0 : cmd_fail("init", &err);
}
