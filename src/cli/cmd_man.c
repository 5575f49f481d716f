/* man: vitrine(1) in mdoc, from the tables of commands, verbs, settings and errors. Source: mdoc(7). */
#include "app/settings.h"
#include "app/verb.h"
#include "cli/document.h"

enum { PAGE_BYTES_MAX = 1 << 20 };

/* Text of a line: a backslash is \e, a leading dot or quote is protected, anything beyond ASCII a \[uXXXX]. */
static void put_text(struct out *o, struct str text)
{
	if (text.len > 0 && (text.ptr[0] == '.' || text.ptr[0] == '\''))
		out_put(o, STR("\\&"));
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			out_put(o, STR("\\e"));
		else if (text.ptr[i] == '-')
			out_put(o, STR("\\-"));
		else if (text.len - i >= 3 && memcmp(text.ptr + i, "\xe2\x80\xa6", 3) == 0) {
			out_put(o, STR("..."));
			i += 2;
		} else if ((unsigned char)text.ptr[i] < 0x80)
			out_char(o, text.ptr[i]);
	}
	out_char(o, '\n');
}

static void put_commands(struct out *o)
{
	out_put(o, STR(".Sh COMMANDS\n.Bl -tag -width Ds\n"));
	for (const struct cmd *cmd = cmds; cmd->name != NULL; cmd++) {
		struct str line;

		out_put(o, STR(".It Cm "));
		put_text(o, str_from(cmd->name));
		put_text(o, str_from(cmd->summary));
		for (struct str rest = str_from(cmd->usage); rest.len > 0;) {
			if (!str_cut(rest, '\n', &line, &rest)) {
				line = rest;
				rest = STR("");
			}
			out_put(o, STR(".br\n"));
			if (line.ptr[0] != ' ')
				out_printf(o, "vitrine %s ", cmd->name);
			put_text(o, str_trim(line));
		}
	}
	out_put(o, STR(".El\n"));
}

static void put_verbs(struct out *o, const struct lab *lab)
{
	out_put(o,
		STR(".Sh VERBS\nEach is a command,\n.Nm\n.Ar family act\n.Op Fl \\-name Ar value ...\n"
		    "and a request,\n.Li POST /v1/family.act .\nRequired arguments are marked with *.\n"
		    ".Bl -tag -width Ds\n"));
	for (size_t i = 0; i < verb_count(lab); i++) {
		const struct verb *verb = verb_at(lab, i);

		out_put(o, STR(".It Cm "));
		put_text(o, str_from(verb->name));
		put_text(o, str_from(verb->summary));
		if (verb->args == NULL || verb->args->name == NULL)
			continue;
		out_put(o, STR(".Bl -tag -width Ds -compact\n"));
		for (const struct verb_arg *arg = verb->args; arg->name != NULL; arg++) {
			bool required = (arg->flags & ARG_REQUIRED) != 0;

			out_printf(o, ".It Ar %s%s\n", arg->name, required ? " *" : "");
			put_text(o, str_from(arg->help));
		}
		out_put(o, STR(".El\n"));
	}
	out_put(o, STR(".El\n"));
}

static void put_settings(struct out *o)
{
	out_put(o,
		STR(".Sh SETTINGS\nIn\n.Pa vitrine.yaml\nof the lab, read at start.\n.Bl -tag -width Ds\n"));
	for (const struct setting *row = settings_rows; row->key != NULL; row++) {
		out_put(o, STR(".It Cm "));
		put_text(o, str_from(row->key));
		put_text(o, str_from(row->help));
		if (row->type == SETTING_NUMBER)
			out_printf(o, "(%lld to %lld; default %lld)\n", (long long)row->min,
				(long long)row->max, (long long)row->number);
	}
	out_put(o, STR(".El\n"));
}

static void put_exit_codes(struct out *o)
{
	out_put(o, STR(".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\ndone\n"));
	for (int code = 1; code < 10; code++) {
		bool any = false;

		for (int kind = OK + 1; kind < ERR_KINDS; kind++) {
			if (err_exit_code((enum err_kind)kind) != code)
				continue;
			if (!any)
				out_printf(o, ".It %d\n", code);
			out_printf(o, "%s%s\n", any ? "or " : "", err_word((enum err_kind)kind));
			any = true;
		}
	}
	out_put(o, STR(".El\n"));
}

static void put_page(struct out *o, const struct lab *lab)
{
	out_put(o,
		STR(".Dd November 22, 2026\n.Dt VITRINE 1\n.Os\n.Sh NAME\n.Nm vitrine\n"
		    ".Nd security transparency lab\n.Sh SYNOPSIS\n.Nm\n.Op Fl \\-lab Ar folder\n"
		    ".Op Fl \\-as Ar name\n.Ar command\n.Op Ar argument ...\n.Sh DESCRIPTION\n.Nm\n"
		    "runs a lab in which a maker opens its products to those who must trust them, and speaks\n"
		    "to a running one.\n.Fl \\-lab\nnames the lab's folder (default: here, if it is one, else\n"
		    ".Pa demo-lab ) ;\n.Fl \\-as\nnames who is meant when several people are signed in.\n"));
	put_commands(o);
	put_verbs(o, lab);
	put_settings(o);
	out_put(o,
		STR(".Sh FILES\n.Bl -tag -width Ds\n.It Pa LAB/vitrine.yaml\nsettings\n.It Pa LAB/ledger\n"
		    "the published log\n.It Pa ~/.local/state/vitrine\ntokens of who signed in\n.El\n"));
	put_exit_codes(o);
}

int cmd_man(const struct cli *cli, int argc, char **argv)
{
	return document_print(cli, argc, argv, PAGE_BYTES_MAX, put_page);
}
