/* Property: a bundle that is read has entries in rising order, each part within the file; judging it ends. */
#include <stdlib.h>

#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_within(struct span part, struct span file)
{
	return part.ptr == NULL ||
		(part.ptr >= file.ptr && part.len <= (size_t)(file.ptr + file.len - part.ptr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of tests/vectors/bundle.json. */
	static const char policy[] =
		"log example.org/lab+b916766a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"
		"quorum none\n#! signed grant.revoke\n";
	static struct verification v;
	struct span file = { (const char *)data, size };
	struct why why;

	v.policy = (struct span){ policy, sizeof(policy) - 1 };
	v.file = file;
	if (judge(verification_run, &v, &why) != HOLDS)
		return why.text[0] == '\0' ? (abort(), 0) : 0;
	for (size_t i = 0; i < v.bundle.count; i++) {
		if (i > 0 && v.bundle.items[i - 1].index >= v.bundle.items[i].index)
			abort();
		for (size_t k = 0; k < PARTS; k++)
			if (!lies_within(v.bundle.items[i].parts[k], file))
				abort();
	}
	return 0;
}
