-- Once a second the vault asks for sessions that ran out: it reads those that are open, not all that ever were.
CREATE INDEX sessions_open ON sessions (ends_us) WHERE ended_us IS NULL;
