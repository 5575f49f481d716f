-- The table of points becomes that of all peers. A name belongs to one key for ever: a revoked one is not given again.
ALTER TABLE points ADD COLUMN role TEXT NOT NULL DEFAULT 'point'; -- or 'witness'
ALTER TABLE points ADD COLUMN owner TEXT;                         -- an organisation; NULL: the maker
ALTER TABLE points ADD COLUMN enrolled_us INTEGER;                -- NULL: made with the lab
ALTER TABLE points ADD COLUMN revoked_us INTEGER;
ALTER TABLE points ADD COLUMN certificate BLOB;                   -- SHA-256 of the newest; NULL: never on a network
ALTER TABLE points ADD COLUMN certificate_ends_us INTEGER;
ALTER TABLE points ADD COLUMN seen_us INTEGER;                    -- its last act

-- Who may join: taken out by the one who comes, or when the time is over.
CREATE TABLE invitations (
	name TEXT PRIMARY KEY,
	link TEXT NOT NULL UNIQUE,          -- what whoever holds the token calls itself until it has joined
	public_key BLOB NOT NULL,           -- of the token's key
	role TEXT NOT NULL,
	site TEXT NOT NULL,
	owner TEXT,
	ends_us INTEGER NOT NULL
) WITHOUT ROWID;
