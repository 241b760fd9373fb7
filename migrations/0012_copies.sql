-- Up Migration
-- mailbox/: every copy is written under the lock of its mailbox's row, which a deletion waits for, and takes its copies with it:
-- to look the row up again for each copy proves nothing more. docs/decisions/0014-copies-without-a-foreign-key.md
alter table copy drop constraint copy_holder_mailbox_fkey;
