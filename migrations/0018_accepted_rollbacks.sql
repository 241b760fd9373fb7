-- Up Migration
-- What operators signed to go on after a roll-back is kept with the anchor; this says what of it is recorded. docs/decisions/0020-the-tree.md

-- evidence/ ---------------------------------------------------------------------------------------------------------
-- SHA-256 of each statement of which there is a record in this database; one that is restored lacks both alike.
create table evidence_rollback (
  statement_hash bytea primary key check (octet_length(statement_hash) = 32)
);
