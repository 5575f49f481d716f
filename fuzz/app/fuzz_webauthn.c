/*
 * What a browser hands over: a byte that chooses where authenticator's data end, client data's length in two bytes, both,
 * and a DER signature behind. Properties: a credential lies inside the data that told it; a signature over bytes that nobody
 * signed never holds; a counter moves only with an answer that holds.
 */
#include <stdlib.h>

#include "app/webauthn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* 0x04 and the base point of P-256, whose secret is 1: what it signs is for anybody to make, but not by chance. */
static const char base_point[] =
	"es256:BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct webauthn_place place = { STR("lab.example.org"), STR("https://lab.example.org") };
	struct webauthn_said said;
	struct sha256 challenge = { { 0 } };
	struct public_key key;
	struct str rest, credential;
	uint32_t counter = 7;
	struct err err;

	if (size < 4)
		return -1;
	size_t authenticator_len = data[0] | (size_t)data[1] << 8,
	       client_len = data[2] | (size_t)data[3] << 8;

	rest = str_of(data + 4, size - 4);
	if (authenticator_len > rest.len || client_len > rest.len - authenticator_len)
		return -1;
	said.authenticator = str_head(rest, authenticator_len);
	said.client = str_head(str_skip(rest, authenticator_len), client_len);
	said.signature = str_skip(rest, authenticator_len + client_len);
	must(public_key_parse(str_from(base_point), &key));
	if (webauthn_check_new(&place, &challenge, &key, &said, &credential, &counter, &err) == OK)
		must(credential.ptr >= said.authenticator.ptr &&
			credential.ptr + credential.len <=
				said.authenticator.ptr + said.authenticator.len);
	counter = 7;
	must(webauthn_check_assertion(&place, &challenge, &key, &said, &counter, &err) != OK);
	must(counter == 7);
	return 0;
}
