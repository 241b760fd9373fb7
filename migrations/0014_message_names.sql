-- Up Migration
-- A keyed hash of the Message-ID stands with each message, so that an original is found in whatever mailbox it is. docs/decisions/0093-messages-by-name.md

-- mailbox/ ----------------------------------------------------------------------------------------------------------
alter table message add column name_hash bytea;
create index message_name on message (name_hash) where name_hash is not null;
-- The copies of a message, and those that one holder has of it: new ones stand at the end, so that an insertion costs little.
drop index copy_message;
create index copy_message on copy (message, holder);

-- delivery/ ---------------------------------------------------------------------------------------------------------
-- The same for a message that is held, until it is delivered.
alter table hold add column name_hash bytea;
