-- Keys with which people sign decisions. A key counts only with a statement of its organisation's root key, and is
-- one person's for ever: id is SHA-256 of its bytes.
CREATE TABLE person_keys (
	id BLOB PRIMARY KEY,
	person TEXT NOT NULL REFERENCES records (id),
	key TEXT NOT NULL,                  -- "ed25519:" or "es256:" and base64
	label TEXT NOT NULL,
	credential BLOB,                    -- of a security key (WebAuthn); NULL: signs by itself
	counter INTEGER NOT NULL,
	added_us INTEGER NOT NULL,
	root BLOB,                          -- NULL, like what follows, while there is no statement
	statement TEXT,
	signature BLOB,
	from_us INTEGER,
	until_us INTEGER,
	revoked_us INTEGER
) WITHOUT ROWID;
CREATE INDEX person_keys_person ON person_keys (person, added_us);

-- By which key an act was signed, and under which organisation's root key that key counted. NULL: not signed.
ALTER TABLE record_history ADD COLUMN key BLOB;
ALTER TABLE record_history ADD COLUMN root BLOB;
