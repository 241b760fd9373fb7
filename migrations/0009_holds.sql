-- Up Migration
-- What cannot be looked into: each organisation's choice, and messages that a person decides about before anybody gets them. T19, G05

-- community/ --------------------------------------------------------------------------------------------------------
alter table organisation
  add column unscannable text collate "C" not null default 'refuse' check (unscannable in ('refuse', 'hold', 'deliver-flagged'));

-- delivery/ ---------------------------------------------------------------------------------------------------------
-- Whether a recipient's message was held: its retry is told so again.
alter table submission add column held boolean not null default false;

-- A message that was answered 250 and held. Its data key is wrapped under the submitter's key of the purpose `held`; content, summary and key go when it is decided.
create table hold (
  id uuid primary key,
  submitter uuid not null references account,
  -- The record of its acceptance.
  receipt uuid not null unique,
  month integer not null,
  message uuid not null,
  octets bigint not null,
  -- Whose it is to become, on what terms, and why it is held.
  sealed_about bytea not null,
  summary bytea,
  content bytea,
  stored boolean not null,
  wrapped_key bytea,
  held_ms bigint not null,
  expires_ms bigint not null,
  state text collate "C" not null default 'held' check (state in ('held', 'released', 'refused', 'withdrawn', 'expired')),
  -- The officer, or the submitter who withdrew it; null for the operator's command and for the service itself.
  decided_by uuid references account,
  decided_ms bigint,
  -- The record of the decision, with its reason and what became of each recipient.
  decision uuid,
  check ((state = 'held') = (decided_ms is null) and (state = 'held') = (decision is null)),
  check ((state = 'held') = (wrapped_key is not null) and (state = 'held') = (summary is not null)),
  check (state = 'held' or content is null)
);
alter table hold alter column summary set storage external, alter column content set storage external;
create index hold_open on hold (expires_ms) where state = 'held';
create index hold_of_submitter on hold (submitter, id);
create index hold_stored on hold (month, message) where state = 'held' and stored;
