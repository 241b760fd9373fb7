-- Up Migration
-- Officers of the Helpdesk; incidents about one message, with what an officer sees of it and the sealed copy; messages that are sealed after delivery. G05, T07

-- identity/ ---------------------------------------------------------------------------------------------------------
-- Who decides for the Helpdesk: made so by the operator.
alter table account add column is_officer boolean not null default false;

-- community/ --------------------------------------------------------------------------------------------------------
alter table incident
  -- Keyed, over what the incident is about: the same thing opens one at a time. Null for incidents about an account.
  add column hash bytea,
  -- The line that matched with its place, or what a person wrote about a message.
  add column sealed_detail bytea,
  add column octets bigint,
  -- The message that a person reported.
  add column month integer,
  add column message uuid,
  -- Whose message it is: they decide nothing about it.
  add column sender uuid references holder,
  -- The officer; null for the operator's command.
  add column decided_by uuid references account,
  -- Until when a release counts.
  add column expires_ms bigint,
  drop constraint incident_decision_check,
  add constraint incident_decision_check check (decision in ('lifted', 'confirmed', 'released', 'destroyed', 'closed', 'sealed')),
  add check ((month is null) = (message is null));
drop index incident_open;
create unique index incident_open on incident (account, kind) where decision is null and hash is null;
create unique index incident_same on incident (hash) where decision is null;
create index incident_released on incident (hash) where decision = 'released';
create index incident_of_account on incident (account, opened_ms);

-- Two people seal a message that was delivered, or open it again: one proposes, another confirms.
create table seal_proposal (
  id uuid primary key,
  act text collate "C" not null check (act in ('seal', 'unseal')),
  incident uuid not null references incident,
  month integer not null,
  message uuid not null,
  proposed_by uuid not null references account,
  reason text collate "C" not null,
  proposed_ms bigint not null,
  decided_by uuid references account,
  decision text collate "C" check (decision in ('confirmed', 'declined')),
  decided_ms bigint,
  check ((decision is null) = (decided_by is null) and (decision is null) = (decided_ms is null)),
  check (decision is distinct from 'confirmed' or decided_by <> proposed_by)
);
create unique index seal_proposal_open on seal_proposal (month, message) where decision is null;
create index seal_proposal_of_incident on seal_proposal (incident);

-- mailbox/ ----------------------------------------------------------------------------------------------------------
-- Finds every copy of a message, to seal it: ids rise with time as the table's blocks do, so that a summary of blocks is enough, and costs an insertion nothing.
create index copy_message on copy using brin (message) with (pages_per_range = 32);

-- Messages that nobody can read in any mailbox as long as they stand here.
create table message_seal (
  month integer not null,
  message uuid not null,
  sealed_ms bigint not null,
  primary key (month, message)
);

-- Messages of which one of their holders said that they are above the ceiling: that holder passes them on to nobody until it is decided.
create table passing_stop (
  holder uuid not null references holder,
  month integer not null,
  message uuid not null,
  incident uuid not null references incident,
  primary key (holder, month, message)
);

-- delivery/ ---------------------------------------------------------------------------------------------------------
-- What was refused for being above the ceiling, under a key of its own (holder: the incident, purpose: held) that is destroyed with it.
create table incident_copy (
  incident uuid primary key references incident,
  month integer not null,
  id uuid not null,
  octets bigint not null,
  summary bytea not null,
  content bytea,
  stored boolean not null,
  wrapped_key bytea not null,
  check (stored = (content is null))
);
alter table incident_copy alter column summary set storage external, alter column content set storage external;
create index incident_copy_stored on incident_copy (month, id) where stored;

-- What was destroyed for good: the row of its certificate.
create table destruction (
  incident uuid primary key references incident,
  octets bigint not null,
  record uuid not null,
  destroyed_ms bigint not null
);
