-- Notes and draft findings, encrypted in the browser of whoever wrote them (docs/formats/notes.md): what they say, and which
-- place they are about, stands in `sealed` alone.
CREATE TABLE notes (
	id TEXT PRIMARY KEY,
	person TEXT NOT NULL REFERENCES records (id),
	version INTEGER NOT NULL,
	sealed BLOB NOT NULL,
	created_us INTEGER NOT NULL,
	changed_us INTEGER NOT NULL,
	released_us INTEGER
) WITHOUT ROWID;
CREATE INDEX notes_person ON notes (person, id);
