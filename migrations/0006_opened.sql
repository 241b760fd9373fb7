-- Up Migration
-- mailbox/: whether the message was shown to its reader at that computer; a program that fetches mail is given the content and shows nothing yet.
alter table hand_over add column opened boolean not null default false;
