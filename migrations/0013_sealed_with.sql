-- Up Migration
-- mailbox/: what mail programs filed apart is sealed with the message that it is a copy of, and opened again with it. docs/decisions/0080-sealed-after-delivery.md
alter table message_seal
  add column with_month integer,
  add column with_message uuid,
  add check ((with_month is null) = (with_message is null));
