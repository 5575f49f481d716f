/* figure NAME VALUE UNIT GOAL LOAD: report a figure that a script measured; an empty GOAL is none. */
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: figure NAME VALUE UNIT GOAL LOAD\n");
		return 2;
	}
	report_figure(&(struct report_figure){ .name = argv[1],
		.value = strtod(argv[2], NULL),
		.unit = argv[3],
		.goal = argv[4][0] == '\0' ? NULL : argv[4],
		.load = argv[5] });
	return 0;
}
