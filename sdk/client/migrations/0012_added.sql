-- What messages that are added change besides their rows, the heads of their conversations and the index of words, is written
-- once for all messages that a transaction adds (`store/added.rs`); triggers would write it anew for each.

DROP TRIGGER message_added;
DROP TRIGGER message_words_added;
