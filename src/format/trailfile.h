/*
 * trailfile: one session's sealed trail as a file, which the parties of an opening hand on, each peeling a layer of the
 * wrapped keys (docs/formats/trail.md). Lines of ASCII, written in one way only: what parses is what trailfile_put writes.
 *
 *   vitrine-trail/v1
 *   session ses_…
 *   person per_…
 *   opening opn_… | -
 *   key SEQ RECIPIENT PEELED BASE64      as many as there are
 *   item INDEX TIME KIND BASE64          as many as there are
 *   end
 */
#ifndef FORMAT_TRAILFILE_H
#define FORMAT_TRAILFILE_H

#include "base/err.h"
#include "base/limit.h"
#include "base/out.h"

struct trailfile_key {
	uint32_t seq;
	struct str recipient; /* "org_…+org_…": whose layers there were */
	uint32_t peeled; /* how many of them are gone, from the front */
	struct str wrapped; /* bytes */
};
struct trailfile_item {
	int64_t index; /* of the entry */
	struct str time, kind;
	struct str sealed; /* bytes */
};
struct trailfile {
	struct str session, person, opening; /* opening: empty when there is none */
	struct trailfile_key *keys;
	struct trailfile_item *items;
	size_t key_count, item_count;
};

enum { TRAILFILE_KEYS_MAX = LIMIT_TRAIL_KEYS * (LIMIT_TRAIL_SUBSETS + 2) };

/*
 * text: the whole file; what the struct borrows lies in it and in mem.
 * Errors: ERR_INPUT names the line, ERR_LIMIT (LIMIT_TRAIL_FILE_BYTES, TRAILFILE_KEYS_MAX, arena).
 */
MUST_CHECK enum err_kind trailfile_parse(
	struct arena *mem, struct str text, struct trailfile *file, struct err *err);
void trailfile_put(struct out *o, const struct trailfile *file);

#endif
