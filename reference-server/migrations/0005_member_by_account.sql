-- In how many groups an account is.
CREATE INDEX group_member_by_account ON group_member (account);
