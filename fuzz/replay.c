/*
 * replay: the main of a fuzz target where libFuzzer is not linked: runs every file of a corpus folder, and cuts
 * and single-byte changes of each drawn from a fixed sequence, so that the target is exercised in each test run.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_BYTES_MAX = 1 << 20, CHANGES = 64 };

/* splitmix64: a fixed sequence, so that a failure repeats. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The target gets an exact-size heap copy, so that the sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_with_changes(uint8_t *data, size_t size)
{
	uint64_t state = size;

	run(data, size);
	for (int i = 0; i < CHANGES && size > 0; i++) {
		size_t at = (size_t)(next(&state) % size);
		uint8_t was = data[at];

		run(data, at);
		data[at] = (uint8_t)next(&state);
		run(data, size);
		data[at] = was;
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[FILE_BYTES_MAX];
	unsigned files = 0;

	if (argc != 2)
		return 2;
	DIR *dir = opendir(argv[1]);

	if (dir == NULL) {
		printf("1..1\nnot ok 1 - corpus %s is missing\n", argv[1]);
		return 1;
	}
	run(data, 0);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		FILE *f = fopen(path, "rb");

		if (f == NULL)
			continue;
		size_t size = fread(data, 1, sizeof(data), f);

		fclose(f);
		run_with_changes(data, size);
		files++;
	}
	closedir(dir);
	printf("1..1\n%s 1 - %u files replayed\n", files > 0 ? "ok" : "not ok", files);
	return files > 0 ? 0 : 1;
}
