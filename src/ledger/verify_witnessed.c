#include "ledger/verify_witnessed.h"

#include "ledger/log.h"
#include "ledger/published.h"
#include "os/fs.h"

/* Absent files are no error: not every log has them. */
static enum err_kind read_beside(
	int dir_fd, const char *name, struct arena *mem, struct str *text, struct err *err)
{
	enum err_kind rc = fs_read(dir_fd, name, NOTE_BYTES_MAX, mem, text, err);

	if (rc != ERR_NOT_FOUND)
		return rc;
	*text = STR("");
	return OK;
}

/* The head is one of this very tree. */
static enum err_kind check_root(
	int dir_fd, uint64_t tree_size, const struct checkpoint *c, struct err *err)
{
	struct sha256 root = { { 0 } };

	if (c->size > tree_size)
		return err_set(err, ERR_CORRUPT,
			"witnesses have cosigned %llu entries, and the log holds %llu",
			(unsigned long long)c->size, (unsigned long long)tree_size);
	enum err_kind rc = published_root(dir_fd, tree_size, c->size, &root, err);

	if (rc == OK && !sha256_eq(&root, &c->root))
		rc = err_set(err, ERR_CORRUPT,
			"the head that witnesses cosigned has another root than the log");
	return rc;
}

static enum err_kind check_quorum(const struct note *note, struct arena *mem,
	struct witnessed_report *report, struct err *err)
{
	struct note_vkey keys[POLICY_WITNESSES_MAX];
	struct note_verdict verdicts[POLICY_WITNESSES_MAX] = { { false, 0 } };
	const struct policy *policy = &report->policy;
	uint32_t by = 0;
	enum err_kind rc = OK;

	for (size_t i = 0; i < policy->witness_count; i++)
		keys[i] = policy->witnesses[i].vkey;
	if (policy->witness_count > 0)
		rc = note_verify(mem, note, keys, policy->witness_count, verdicts, err);
	if (rc != OK)
		return rc;
	for (size_t i = 0; i < policy->witness_count; i++) {
		by |= (uint32_t)verdicts[i].has_signed << i;
		report->signers += verdicts[i].has_signed;
	}
	return policy_is_met(policy, by)
		? OK
		: err_set(err, ERR_CORRUPT, "the cosigned head does not meet the policy's quorum");
}

enum err_kind ledger_verify_witnessed(int dir_fd, const struct note_vkey *vkey, uint64_t tree_size,
	struct arena *mem, struct witnessed_report *report, struct err *err)
{
	struct str text, bytes;
	struct checkpoint c;
	struct note note;

	memset(report, 0, sizeof(*report));
	enum err_kind rc = read_beside(dir_fd, LEDGER_POLICY, mem, &text, err);

	if (rc == OK)
		rc = read_beside(dir_fd, LEDGER_WITNESSED, mem, &bytes, err);
	if (rc != OK || text.len == 0)
		return rc;
	rc = policy_parse(text, &report->policy, err);
	report->has_policy = rc == OK;
	if (rc != OK || bytes.len == 0)
		return rc;
	rc = checkpoint_open(mem, bytes, vkey, &c, err);
	if (rc == OK)
		rc = check_root(dir_fd, tree_size, &c, err);
	if (rc == OK)
		rc = note_parse(bytes, &note, err);
	if (rc == OK)
		rc = check_quorum(&note, mem, report, err);
	report->has_head = rc == OK;
	if (rc == OK)
		report->size = c.size;
	return rc;
}
