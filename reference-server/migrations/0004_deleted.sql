-- What remains of an account that was deleted: a hash by which who knows its id finds that it has ended, and its own word for it.
CREATE TABLE deleted (
    id_hash BLOB PRIMARY KEY,
    deletion BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Of which account a device was that was removed since, so that it goes with the account.
ALTER TABLE device ADD COLUMN former INTEGER;
CREATE INDEX device_by_former ON device (former) WHERE former IS NOT NULL;
