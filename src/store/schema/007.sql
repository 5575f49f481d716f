-- Whose cosignatures make a head of the log count: one in force (the last that was set), others proposed or past.
CREATE TABLE policies (
	digest BLOB PRIMARY KEY,            -- SHA-256 of the text
	text TEXT NOT NULL,
	proposed_by TEXT NOT NULL,
	proposed_us INTEGER NOT NULL,
	set_by TEXT,
	set_us INTEGER
) WITHOUT ROWID;

-- The last head that each witness cosigned, with its line.
CREATE TABLE cosignatures (
	key_name TEXT PRIMARY KEY,
	note BLOB NOT NULL,
	received_us INTEGER NOT NULL
) WITHOUT ROWID;
