-- Up Migration
-- Who is away, who is not in the directory, what was answered for whom; and what mail programs are not given. T08, G09, G11

-- identity/: an ex-directory account is not suggested to anybody, and is still reached by its address.
alter table account add column is_listed boolean not null default true;

-- community/ --------------------------------------------------------------------------------------------------------
-- That a person is away, until when, and what is answered for them; the text is sealed.
create table away_notice (
  account uuid primary key references account,
  from_ms bigint not null,
  until_ms bigint not null,
  -- What came before it was set is not answered.
  set_ms bigint not null,
  sealed bytea not null,
  check (from_ms < until_ms)
);

-- delivery/ ---------------------------------------------------------------------------------------------------------
-- To whom an account's automatic reply went, by keyed hash of the sender, and when: once a week. RFC 3834 §2
create table automatic_reply (
  account uuid not null references account,
  sender bytea not null,
  replied_ms bigint not null,
  primary key (account, sender)
);

-- Up to which message of an INBOX was looked for what is to be answered, under the notice that was set then.
create table away_progress (
  account uuid primary key references account,
  mailbox uuid not null,
  uid bigint not null,
  set_ms bigint not null
);

-- mailbox/ ----------------------------------------------------------------------------------------------------------
-- What a sender asked of mail programs (G09): not to be given the message, or not after a time. Written before the message is delivered.
-- `ended` once its copies have new UIDs, so that programs let go of what they fetched.
create table message_handling (
  month integer not null,
  message uuid not null,
  sender uuid not null references holder,
  holders uuid[] not null,
  no_download boolean not null,
  until_ms bigint,
  noted_ms bigint not null,
  ended boolean not null default false,
  primary key (month, message)
);
create index message_handling_until on message_handling (until_ms) where until_ms is not null and not ended;
