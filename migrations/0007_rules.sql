-- Up Migration
-- What the rules know besides the message: an organisation's own wording, a person's signature block, permits, incidents, and how much was sent. G12, G13, T08, T23

-- community/ --------------------------------------------------------------------------------------------------------
alter table organisation
  add column statement text collate "C",
  add column statement_for text collate "C" not null default 'marked' check (statement_for in ('marked', 'protected')),
  add column unsigned text collate "C" not null default 'warn' check (unsigned in ('warn', 'refuse'));

-- A person's own signature block; without a row it is name, role, organisation and address.
create table signature_block (
  account uuid primary key references account,
  sealed bytea not null
);

-- What a person's machine may send: granted by the Ministry, through the operator. T08
create table permit (
  id uuid primary key,
  account uuid not null references account,
  purpose text collate "C" not null,
  -- Address keys, and organisations by id: a recipient must be one of the first or belong to one of the second.
  recipients text[] collate "C" not null,
  organisations uuid[] not null,
  per_hour integer not null check (per_hour > 0),
  granted_by text collate "C" not null,
  granted_ms bigint not null,
  expires_ms bigint not null,
  revoked_ms bigint
);
create index permit_of_account on permit (account);

create table permit_use (
  permit uuid not null references permit,
  hour bigint not null,
  used integer not null,
  primary key (permit, hour)
);

-- What a person of the Helpdesk must look at and decide. Nothing of a message's content stands here. T08, T23
create table incident (
  id uuid primary key,
  kind text collate "C" not null check (kind ~ '^[a-z][a-z-]{1,39}$'),
  clause text collate "C" not null,
  account uuid not null references account,
  about text collate "C" not null,
  opened_ms bigint not null,
  decision text collate "C" check (decision in ('lifted', 'confirmed')),
  reason text collate "C",
  decided_ms bigint,
  check ((decision is null) = (decided_ms is null))
);
-- One of a kind is open for an account at a time.
create unique index incident_open on incident (account, kind) where decision is null;

-- delivery/ ---------------------------------------------------------------------------------------------------------
-- To how many recipients an account sent, hour by hour. T23
create table sending (
  account uuid not null references account,
  hour bigint not null,
  recipients integer not null,
  primary key (account, hour)
);
