/* Property: a statement that is read is, byte for byte, what its members write. */
#include <stdlib.h>

#include "app/key_statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_statement statement;
	struct arena mem;
	struct str again;
	struct err err;

	arena_init(&mem, 1 << 16);
	if (key_statement_parse(&mem, str_of(data, size), &statement, &err) == OK &&
		(key_statement_format(&mem, &statement, &again, &err) != OK ||
			!str_eq(again, str_of(data, size)) ||
			statement.from_us >= statement.until_us))
		abort();
	arena_reset(&mem);
	return 0;
}
