-- Up Migration
-- identity/: signing in with a browser. Only keyed hashes of what a browser holds are kept. T06, G17

-- Of the demonstration, whose first browsers are taken as their computers; never of a real person.
alter table account add column is_demonstration boolean not null default false;

-- A browser's credential is a cookie, which is no password for mail programs.
alter table device_credential add column kind text collate "C" not null default 'mail-program' check (kind in ('mail-program', 'browser'));

-- A one-time code with which a person makes a browser their computer.
create table enrolment_code (
  id uuid primary key,
  code_hash bytea not null unique,
  account uuid not null references account,
  created_ms bigint not null,
  used_ms bigint
);

create table web_session (
  id uuid primary key,
  token_hash bytea not null unique,
  account uuid not null references account,
  computer uuid not null references device_credential,
  created_ms bigint not null,
  seen_ms bigint not null,
  ended_ms bigint
);
create index web_session_seen on web_session (seen_ms);
create index web_session_of_account on web_session (account) where ended_ms is null;

-- Guesses at passwords, by keyed hash of who is guessed at or who guesses. They make one wait, and never lock anybody out.
create table sign_in_guess (
  subject_hash bytea primary key,
  guesses integer not null,
  last_ms bigint not null
);
create index sign_in_guess_last on sign_in_guess (last_ms);
