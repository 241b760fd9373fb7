-- Up Migration
-- What was decided before of the same content, or of the same message, is seen by who decides next; and what was destroyed is released by two people.

-- community/ --------------------------------------------------------------------------------------------------------
-- The draft that was refused, where webmail wrote it: the notice of a release leads there.
alter table incident add column draft uuid;
drop index incident_released;
create index incident_decided on incident (hash) where decision is not null;
create index incident_of_message on incident (message) where message is not null;

-- helpdesk/ ---------------------------------------------------------------------------------------------------------
-- One officer would release what was destroyed before as above the ceiling; another must agree. Null for the operator's command.
create table release_proposal (
  incident uuid primary key references incident,
  proposed_by uuid references account,
  reason text collate "C" not null,
  proposed_ms bigint not null
);
-- Proposals are about a message, whichever incident they were made from.
create index seal_proposal_of_message on seal_proposal (message);
drop index seal_proposal_of_incident;
