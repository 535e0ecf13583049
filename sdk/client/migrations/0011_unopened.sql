-- Who is to send something again, and where it stands.

CREATE INDEX message_unopened ON message (sender_account, sender_device, conversation)
    WHERE kind = 1 AND direction = 1 AND state = 0;
