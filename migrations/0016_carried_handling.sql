-- Up Migration
-- mailbox/: what senders asked is carried into answers and forwards, and binds everybody there where several asked, or somebody who is no member any more. G09
alter table message_handling alter column sender drop not null;
