-- Whether the user compared the safety number of an account's key.
ALTER TABLE account ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;
