-- Up Migration
-- From which size on a witness has cosigned: a receipt of before needs no word of it. docs/decisions/0020-the-tree.md

-- evidence/ ---------------------------------------------------------------------------------------------------------
alter table evidence_witness add column first_size bigint;
update evidence_witness set first_size = size;
alter table evidence_witness alter column first_size set not null;
