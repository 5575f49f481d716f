#include "cli/cmd.h"

#include <assert.h>

/* In the order in which `vitrine --help` lists them. */
const struct cmd cmds[] = {
	{ "help", "List the commands, or tell how one is used.", "[COMMAND]", cmd_help },
	{ "init", "Make a lab: its folder, its keys, its officers.",
		"LAB --name TEXT --origin HOST/PATH --officer NAME:DISPLAY --officer NAME:DISPLAY […]\n"
		" [--organisation TEXT] [--passwords FILE|-] [--officer-key FILE] [--user NAME]\n"
		" [--listen ADDRESS:PORT] [--data DIR] [--test-clock]",
		cmd_init },
	{ "up", "Serve a lab and its first access point.",
		"[LAB] [--listen ADDRESS:PORT]\n"
		" Prints \"ready https://…\" when the point answers; SIGTERM ends both.",
		cmd_up },
	{ "vault", "Serve a lab on its socket, without an access point.", "[LAB]", cmd_vault },
	{ "witness", "Cosign the record of a lab, mirror it, and watch it.",
		"init DIR --name KEYNAME [--peer NAME] [--listen ADDRESS:PORT] [--receipts FILE]\n"
		" [--log VKEY [--socket PATH]]\n"
		" Keys, settings and an empty memory, for the log of --lab or of VKEY. KEYNAME: as in example.org/witness.\n"
		"init DIR --name KEYNAME --centre HOST:PORT --token TOKEN [--listen ADDRESS:PORT] [--receipts FILE]\n"
		" the same on another machine, with the token of `vitrine point enrol NAME --role witness`\n"
		"DIR\n run it: ask the centre for heads, and serve tlog-witness on --listen\n"
		"status DIR\n its keys, what it has cosigned, and its alarms\n"
		"clock DIR\n after its clock stood in the future: remember the present time instead",
		cmd_witness },
	{ "door",
		"Let points and witnesses of other machines in; `vitrine up` does it beside the vault.",
		"[LAB]\n vitrine.yaml says where: door.listen: \"ADDRESS:PORT\".", cmd_door },
	{ "point", "Serve an access point, here or on another machine; at the centre: invite one.",
		"FOLDER [--listen ADDRESS:PORT]\n its folder holds point.yaml, its keys and receipts, nothing else\n"
		"--centre HOST:PORT --token TOKEN FOLDER [--listen ADDRESS:PORT]\n"
		" on another machine, the first time: makes the keys, shows their fingerprint, joins, serves\n"
		"enrol NAME [--site TEXT] [--role witness] [--owner ORGANISATION]\n"
		" at the centre, as an officer: prints a token, good for ten minutes, and waits for who comes\n"
		"revoke NAME\n at the centre, as an officer: refused at once, cut off within five seconds",
		cmd_point },
	{ "sign-in", "Sign in; the token is kept for the commands that follow.",
		"NAME [--password-file FILE|-] [--new-password-file FILE|-] [--totp CODE]\n"
		" A one-time password is replaced by one of your own at once.",
		cmd_sign_in },
	{ "sign-out", "End the session and forget its token.", "", cmd_sign_out },
	{ "sign", "Make keys, and sign with them on a machine of your own: no lab, no network.",
		"keygen FILE [--no-passphrase]\n"
		" A new Ed25519 key; what is printed goes to your organisation (a person's key), or into its agreement\n"
		" with the lab and into verifiers' policies (a root key).\n"
		"public FILE\n what keygen printed, again\n"
		"person-key --root FILE --lab ORIGIN --person ID --public KEY --until DATE [--from DATE]\n"
		" Your organisation's statement that the key is the person's: two lines, for person.key_add.\n"
		"decision FILE|- --key FILE [--note TEXT] [--fields FILE]\n"
		" Tells in words what is decided and signs it. --fields: what `vitrine record show` printed, to compare.\n"
		" All: [--passphrase-file FILE|-] for the key's passphrase; [--yes] to sign without being asked.",
		cmd_sign },
	{ "call", "Call any verb.",
		"VERB [--out FILE] [--json FILE|-] [name=text | name:=JSON]...\n"
		" The answer's JSON is printed; --out keeps the bytes that come with it.",
		cmd_call },
	{ "product", "Add a product.", "add NAME [--vendor TEXT] [--description TEXT]",
		cmd_product },
	{ "release", "Take a release's source in.",
		"ingest PRODUCT RELEASE SOURCE[@REF]\n"
		" PRODUCT: its id or name. SOURCE: a folder, a git repository (@REF: branch, tag or commit),\n"
		" a .tar, .tar.gz, .tar.xz, .tar.zst or .zip, or a Debian .dsc beside its files.",
		cmd_release },
	{ "totp", "Print the one-time code of this moment.",
		"[FILE|-]\n The secret in base32, from a file, standard input, or the terminal.",
		cmd_totp },
	{ "leak", "Narrow a picture or a text down to the sessions that were shown it.",
		"IMAGE [--release ID] [--words TEXT] [--path PATH [--line N] [--column N]] [--theme WORD] [--zoom N]\n"
		" [--seen-at TIME] [--key FILE [--trail TRAIL]...] [--session ID]...\n"
		" Whose mark a PNG, JPEG or WebP picture carries. Which page it is: words that can be read in it, or the\n"
		" file's path; without a release, the pages that the sessions' trails tell, which FILE opens here.\n"
		"--text FILE|- [--release ID] [--key FILE [--trail TRAIL]...] [--session ID]...\n"
		" Where the text's lines stand and, with FILE, which sessions were shown all of them.\n"
		" FILE holds the secret of the officer role, or of a party: then each TRAIL is a file that other parties unwrapped\n"
		" (`vitrine help trail`). Each trail that the vault hands out is recorded. --officer-key means --key.",
		cmd_leak },
	{ "ledger", "Check, show, prove and copy the record, with or without a running vault.",
		"verify\n the whole log: entries, tiles, records, commitments, signature\n"
		"verify --published DIR\n the same of published files alone, such as an export\n"
		"count KIND [--published DIR]\n the same, then how many entries of that kind there are, as in request.refuse\n"
		"show INDEX\n an entry, as it was hashed\n"
		"proof INDEX\n its proof of inclusion (C2SP tlog-proof)\n"
		"consistency OLD NEW\n proof that the log of NEW entries extends that of OLD entries\n"
		"vkey\n the key that signs the log\n"
		"export DIR\n copy the published files, one consistent state, and verify the copy\n"
		"catch-up DIR\n while no vault runs: take the entries that a restored lab lost from a mirror's folder",
		cmd_ledger },
	{ "prove", "Save a proof that vitrine-verify checks without this lab.",
		"THING [-o FILE] [--details]\n"
		" THING: an entry's number, a record's id, or the digest of a release's manifest.\n"
		" --details: with the private details, where you may read them.",
		cmd_prove },
	{ "store", "Check the content store, or drop what nothing in the lab names.",
		"verify\n every blob is hashed again; beside a running vault, too\n"
		"compact\n while no vault runs; an entry says what was dropped",
		cmd_store },
	{ "trail", "Hand out, unwrap and read the sealed trail of one session.",
		"open SESSION|TRAIL --key FILE\n prints what was looked at. SESSION: asked of the vault, which records it; FILE holds the secret of\n"
		" the officer role, which init wrote. TRAIL: a file of which other parties peeled their layers.\n"
		"export OPENING|SESSION -o TRAIL\n what is sealed, and the wrapped keys for those who agreed to the opening, as a file\n"
		"unwrap TRAIL --key FILE -o NEXT [--for PUBLIC]\n a party peels its layer, with the secret in FILE; no vault is asked.\n"
		" PUBLIC: for whose key the last layer is sealed again.\n"
		"keygen FILE\n a sealing key: the secret goes into FILE, its public half is printed for the agreement.",
		cmd_trail },
	{ "man", "Print the manual page, vitrine(1), as mdoc.", "", cmd_man },
	{ "openapi", "Print the API as an OpenAPI 3.1 document.", "", cmd_openapi },
	{ "doctor", "Try every layer that keeps hostile bytes in, and say what is in force.", "",
		cmd_doctor },
	{ NULL, NULL, NULL, NULL },
};

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd *cmd = cmds; cmd->name != NULL; cmd++)
		if (strcmp(cmd->name, name) == 0)
			return cmd;
	return NULL;
}

int cmd_fail(const char *what, const struct err *err)
{
	fprintf(stderr, "vitrine: %s: %s\n", what, err->msg);
	return err_exit_code(err->kind);
}

int cmd_misuse(const char *name)
{
	const struct cmd *cmd = cmd_find(name);

	assert(cmd != NULL);
	fprintf(stderr, "vitrine: %s: wrong use; see `vitrine help %s`\n", name, name);
	return err_exit_code(ERR_INPUT);
}

void cmd_print_list(void)
{
	printf("usage: vitrine [--lab DIR] [--as NAME] COMMAND [ARGUMENT…]\n\n");
	for (const struct cmd *cmd = cmds; cmd->name != NULL; cmd++)
		printf("  %-10s %s\n", cmd->name, cmd->summary);
	printf("\n`vitrine help COMMAND` tells how a command is used. Any verb of the lab is a command,\n"
	       "too: `vitrine FAMILY ACT --name value …`, for example `vitrine engagement open --id eng_…`.\n");
}

void cmd_print_usage(const struct cmd *cmd)
{
	printf("%s\n\n", cmd->summary);
	for (const char *line = cmd->usage; line != NULL;) {
		const char *end = strchr(line, '\n');
		int len = end == NULL ? (int)strlen(line) : (int)(end - line);

		/* A line that starts with a space explains the one above it. */
		if (line[0] == ' ')
			printf("    %.*s\n", len, line);
		else
			printf("  vitrine %s %.*s\n", cmd->name, len, line);
		line = end == NULL ? NULL : end + 1;
	}
}
