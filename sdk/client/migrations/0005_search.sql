-- An index of the words of texts, kept right by triggers. What is taken out of it is overwritten, not only unlinked.

CREATE VIRTUAL TABLE message_words USING fts5 (
    text, content = 'message', content_rowid = 'position', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
INSERT INTO message_words (rowid, text) SELECT position, text FROM message WHERE kind = 0;

CREATE TRIGGER message_words_added AFTER INSERT ON message WHEN new.kind = 0 BEGIN
    INSERT INTO message_words (rowid, text) VALUES (new.position, new.text);
END;
CREATE TRIGGER message_words_gone AFTER DELETE ON message WHEN old.kind = 0 BEGIN
    INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', old.position, old.text);
END;
CREATE TRIGGER message_words_changed AFTER UPDATE OF kind, text ON message WHEN old.kind = 0 BEGIN
    INSERT INTO message_words (message_words, rowid, text) VALUES ('delete', old.position, old.text);
    INSERT INTO message_words (rowid, text) SELECT new.position, new.text WHERE new.kind = 0;
END;
CREATE TRIGGER message_words_came AFTER UPDATE OF kind, text ON message WHEN old.kind <> 0 AND new.kind = 0 BEGIN
    INSERT INTO message_words (rowid, text) VALUES (new.position, new.text);
END;
