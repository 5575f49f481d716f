-- Records of a lab, version 1. Times are UTC microseconds; digests are 32-byte blobs; ids are typed text.

CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

-- The ledger. idx counts from 0 without gaps. kind, time_us, session and record are for finding entries again.
CREATE TABLE entries (
	idx INTEGER PRIMARY KEY,
	leaf BLOB NOT NULL,
	bytes BLOB NOT NULL,
	nonce BLOB,
	detail BLOB,
	redacted INTEGER NOT NULL DEFAULT 0,
	kind TEXT NOT NULL,
	time_us INTEGER NOT NULL,
	session TEXT,
	record TEXT
);
CREATE INDEX entries_kind ON entries (kind, idx);
CREATE INDEX entries_session ON entries (session, idx) WHERE session IS NOT NULL;
CREATE INDEX entries_record ON entries (record, idx) WHERE record IS NOT NULL;

CREATE TABLE checkpoints (
	size INTEGER PRIMARY KEY,
	root BLOB NOT NULL,
	note BLOB NOT NULL
);

-- The content store: where each blob lies.
CREATE TABLE blobs (
	digest BLOB PRIMARY KEY,
	pack INTEGER NOT NULL,
	offset INTEGER NOT NULL,
	len INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX blobs_place ON blobs (pack, offset);

-- Records with a life: one row a record, its fields as a JSON object, what it refers to, what happened to it.
CREATE TABLE records (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	state TEXT NOT NULL,
	title TEXT NOT NULL,
	body TEXT NOT NULL,
	version INTEGER NOT NULL,
	created_us INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	changed_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX records_kind ON records (kind, state, created_us);

CREATE TABLE record_refs (
	id TEXT NOT NULL REFERENCES records (id),
	field TEXT NOT NULL,
	target TEXT NOT NULL REFERENCES records (id),
	PRIMARY KEY (id, field, target)
) WITHOUT ROWID;
CREATE INDEX record_refs_target ON record_refs (target, field);

CREATE TABLE record_history (
	id TEXT NOT NULL REFERENCES records (id),
	seq INTEGER NOT NULL,
	act TEXT NOT NULL,
	from_state TEXT NOT NULL,
	to_state TEXT NOT NULL,
	person TEXT NOT NULL,
	organisation TEXT NOT NULL,
	line TEXT NOT NULL,
	at_us INTEGER NOT NULL,
	note TEXT NOT NULL,
	entry INTEGER NOT NULL,
	PRIMARY KEY (id, seq)
) WITHOUT ROWID;

-- People's credentials, apart from their records: never listed, never entered.
CREATE TABLE credentials (
	person TEXT PRIMARY KEY REFERENCES records (id),
	name TEXT NOT NULL UNIQUE,
	password TEXT NOT NULL,
	must_change INTEGER NOT NULL,
	totp_secret BLOB,
	totp_confirmed INTEGER NOT NULL DEFAULT 0,
	totp_step INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Failed sign-ins, by account and by address, for back-off. subject: "a:" account or "p:" address prefix.
CREATE TABLE attempts (
	subject TEXT PRIMARY KEY,
	failures INTEGER NOT NULL,
	last_us INTEGER NOT NULL
) WITHOUT ROWID;

-- Refusals of callers who are not signed in, one row an address and minute.
CREATE TABLE strangers (
	address TEXT NOT NULL,
	minute INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (address, minute)
) WITHOUT ROWID;

CREATE TABLE points (
	name TEXT PRIMARY KEY,
	public_key BLOB NOT NULL,
	counter INTEGER NOT NULL,
	site TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
	id TEXT PRIMARY KEY,
	token BLOB NOT NULL UNIQUE,         -- SHA-256 of the token
	person TEXT NOT NULL REFERENCES records (id),
	point TEXT NOT NULL,
	started_us INTEGER NOT NULL,
	seen_us INTEGER NOT NULL,
	ends_us INTEGER NOT NULL,
	ended_us INTEGER,
	mark BLOB NOT NULL                  -- digest of the mark secret
) WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions (person, started_us);

-- The key that seals a session's trail, wrapped for a role or party. A restart of the vault begins a new key.
CREATE TABLE session_keys (
	session TEXT NOT NULL REFERENCES sessions (id),
	seq INTEGER NOT NULL,
	recipient TEXT NOT NULL,
	wrapped BLOB NOT NULL,
	PRIMARY KEY (session, seq, recipient)
) WITHOUT ROWID;

-- Lines shown, for budgets: how many and when, never which.
CREATE TABLE lines_shown (
	grant_id TEXT NOT NULL,
	person TEXT NOT NULL,
	minute INTEGER NOT NULL,
	lines INTEGER NOT NULL,
	PRIMARY KEY (grant_id, person, minute)
) WITHOUT ROWID;

-- What a release holds: one row a file or folder, listed by folder. Paths are raw bytes.
CREATE TABLE release_nodes (
	release TEXT NOT NULL,
	folder BLOB NOT NULL,
	name BLOB NOT NULL,
	is_folder INTEGER NOT NULL,
	mode INTEGER NOT NULL,
	digest BLOB,
	size INTEGER NOT NULL,
	lines INTEGER NOT NULL,
	is_binary INTEGER NOT NULL,
	files INTEGER NOT NULL,
	PRIMARY KEY (release, folder, name)
) WITHOUT ROWID;
CREATE INDEX release_nodes_digest ON release_nodes (digest);

-- Answers to calls that carried an idempotency key.
CREATE TABLE idempotency (
	point TEXT NOT NULL,
	key BLOB NOT NULL,
	request BLOB NOT NULL,
	answer TEXT NOT NULL,
	entry INTEGER NOT NULL,
	at_us INTEGER NOT NULL,
	PRIMARY KEY (point, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at_us);
