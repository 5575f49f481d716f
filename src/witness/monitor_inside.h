/* monitor_inside: the monitor from inside. Private to monitor*.c. */
#ifndef WITNESS_MONITOR_INSIDE_H
#define WITNESS_MONITOR_INSIDE_H

#include "witness/monitor.h"

enum {
	MONITOR_CALLS_MAX = 4096, /* sent and not answered; as many as a point may have under way */
	MONITOR_ANSWERS_MAX = 65536, /* answered, and not mirrored yet */
};

/* Something that an entry has said, by the digest of what it is about. */
struct fact {
	bool used;
	struct sha256 key, value;
};

/* A row of the receipts that is not done with. */
struct pending {
	uint64_t counter, entry_index, tree_size;
	int64_t time_us;
	struct sha256 request, root;
};

struct monitor {
	struct monitor_options options;
	struct fact *facts; /* open addressing; fact_room is a power of two */
	size_t fact_room, fact_count;
	bool is_full;
	uint64_t receipts_at; /* bytes read */
	size_t call_count, answer_count;
	struct pending calls[MONITOR_CALLS_MAX], answers[MONITOR_ANSWERS_MAX];
};

/* Is there a fact of this key? Its value into *known; where there is none, it is put down, unless value is NULL. */
bool monitor_fact(struct monitor *m, const struct sha256 *key, const struct sha256 *value,
	struct sha256 *known);
void monitor_grow(struct monitor *m);

#endif
