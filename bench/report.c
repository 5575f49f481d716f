#include "report.h"

#include <assert.h>
#include <math.h>

#include "base/err.h"
#include "format/json.h"

static void print_line(const struct report_figure *f, double load_average)
{
	printf("%s %.6g %s (", f->name, f->value, f->unit);
	if (f->goal != NULL)
		printf("goal %s; ", f->goal);
	if (f->peer != NULL)
		printf("peer %s %.6g; ", f->peer, f->peer_value);
	printf("load %s%smachine %.2f)\n", f->load == NULL ? "" : f->load,
		f->load == NULL ? "" : ", ", load_average);
	fflush(stdout);
}

static void append_string(struct out *o, const char *key, const char *value)
{
	struct jw w;

	out_printf(o, ",\"%s\":", key);
	jw_init(&w, o);
	if (value == NULL)
		jw_null(&w);
	else
		jw_str(&w, str_from(value));
}

static void append_json(const struct report_figure *f, double load_average)
{
	const char *path = getenv("BENCH_JSONL");
	struct arena mem;
	struct out o;
	struct str line;
	struct err err;
	char load[256];

	snprintf(load, sizeof(load), "%s%smachine %.2f", f->load == NULL ? "" : f->load,
		f->load == NULL ? "" : ", ", load_average);
	arena_init(&mem, 1 << 16);
	out_init(&o, &mem, 8192);
	out_printf(&o, "{\"value\":%.6g", f->value);
	append_string(&o, "name", f->name);
	append_string(&o, "unit", f->unit);
	append_string(&o, "goal", f->goal);
	append_string(&o, "peer", f->peer);
	if (f->peer == NULL)
		out_put(&o, STR(",\"peer_value\":null"));
	else
		out_printf(&o, ",\"peer_value\":%.6g", f->peer_value);
	append_string(&o, "load", load);
	out_put(&o, STR("}\n"));
	FILE *file = fopen(path == NULL ? "build/bench.jsonl" : path, "ae");
	bool written = out_finish(&o, &line, &err) == OK && file != NULL &&
		fwrite(line.ptr, 1, line.len, file) == line.len;

	if (file != NULL && fclose(file) != 0)
		written = false;
	arena_reset(&mem);
	if (!written) {
		fprintf(stderr,
			"bench: cannot append to build/bench.jsonl (run from the top folder)\n");
		exit(1);
	}
}

void report_figure(const struct report_figure *figure)
{
	double load_average = 0;

	assert(figure->name != NULL && figure->unit != NULL && isfinite(figure->value));
	if (getloadavg(&load_average, 1) != 1)
		load_average = 0;
	print_line(figure, load_average);
	append_json(figure, load_average);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double report_percentile(double *values, size_t count, double p)
{
	assert(count > 0 && p >= 0 && p <= 1);
	qsort(values, count, sizeof(values[0]), ascending);
	size_t rank = (size_t)ceil(p * (double)count);

	return values[rank == 0 ? 0 : rank - 1];
}
