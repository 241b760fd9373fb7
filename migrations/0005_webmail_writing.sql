-- Up Migration
-- What webmail writes with: drafts in progress, what is uploaded to them, and which message became of each. docs/decisions/0041-drafts.md

-- mailbox/ ----------------------------------------------------------------------------------------------------------
-- A message that is being written: sealed whole. `version` grows with each save, so that a second window cannot overwrite what it has not seen.
create table draft (
  holder uuid not null references holder,
  id uuid not null,
  version bigint not null,
  sealed bytea not null,
  created_ms bigint not null,
  updated_ms bigint not null,
  -- When it was first tried to be sent as it is now: its Date, so that a second try composes the same octets.
  first_send_ms bigint,
  primary key (holder, id)
) with (fillfactor = 70);
alter table draft alter column sealed set storage external;

-- A file that goes with a draft: sealed like a message, under a data key of its own. Up to 64 KiB here, larger in the content store.
create table draft_upload (
  holder uuid not null,
  draft uuid not null,
  month integer not null,
  id uuid not null,
  octets bigint not null,
  wrapped_key bytea not null,
  sealed_about bytea not null,
  content bytea,
  stored boolean not null,
  primary key (holder, draft, id),
  foreign key (holder, draft) references draft (holder, id) on delete cascade,
  check (stored = (content is null))
);
alter table draft_upload alter column content set storage external;
create index draft_upload_stored on draft_upload (month, id) where stored;

-- Which message and receipt became of a draft: written in the transaction that delivers, so that a draft is sent once.
create table sent_message (
  holder uuid not null references holder,
  draft uuid not null,
  month integer not null,
  message uuid not null,
  receipt uuid not null,
  sent_ms bigint not null,
  primary key (holder, draft)
);
create unique index sent_message_by_message on sent_message (holder, month, message);

-- identity/, community/: the search of the directory, by the beginnings of words ----------------------------------------
create index account_name_words on account using gin (to_tsvector('simple', name));
create index holder_of_organisation on holder (organisation);
create index organisation_name_words on organisation using gin (to_tsvector('simple', name));
