-- An index holds the row's number, which is idx, behind its columns anyway: it need not stand there twice.
DROP INDEX entries_kind;
DROP INDEX entries_session;
DROP INDEX entries_record;
CREATE INDEX entries_kind ON entries (kind);
CREATE INDEX entries_session ON entries (session) WHERE session IS NOT NULL;
CREATE INDEX entries_record ON entries (record) WHERE record IS NOT NULL;
