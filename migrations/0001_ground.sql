-- Up Migration
-- The ground: who there is, what they hold, and the record. Times are wall milliseconds of the application's clock.
-- Keys for growth: every copy is keyed (holder, mailbox, uid), every unique and foreign key of a holder's rows includes the holder, content is keyed (month, id).

-- community/ --------------------------------------------------------------------------------------------------------
create table organisation (
  id uuid primary key,
  parent uuid references organisation,
  kind text collate "C" not null check (kind ~ '^[a-z][a-z-]{1,39}$'),
  name text collate "C" not null unique check (length(name) between 1 and 200),
  adopter boolean not null,
  created_ms bigint not null
);

create table domain (
  domain text collate "C" primary key check (domain = lower(domain)),
  organisation uuid not null references organisation,
  kind text collate "C" not null check (kind in ('mailbox', 'server')),
  home_domain text collate "C" unique,
  check ((kind = 'server') = (home_domain is not null))
);

-- An address of a server organisation that does not follow its domain's mapping; without a home address it is not a member.
create table server_address_exception (
  address text collate "C" primary key check (address = lower(address)),
  domain text collate "C" not null references domain,
  home_address text collate "C"
);

-- identity/ ---------------------------------------------------------------------------------------------------------
create table holder (
  id uuid primary key,
  kind text collate "C" not null check (kind in ('account', 'group')),
  organisation uuid not null,
  state text collate "C" not null check (state in ('active', 'sending-suspended', 'suspended', 'removed')),
  quota_octets bigint not null check (quota_octets > 0),
  created_ms bigint not null
);

create table account (
  id uuid primary key references holder,
  user_name text collate "C" not null unique check (user_name = lower(user_name)),
  name text collate "C" not null,
  role text collate "C" not null,
  password_hash text collate "C" not null,
  password_changed_ms bigint not null
);

-- An address is never used again: its row stays when the holder is removed.
create table address (
  address text collate "C" primary key,
  holder uuid not null references holder,
  written text collate "C" not null,
  is_primary boolean not null
);
create index address_of_holder on address (holder);

create table device_credential (
  id uuid primary key,
  account uuid not null references account,
  name text collate "C" not null,
  password_hash bytea not null unique,
  created_ms bigint not null,
  revoked_ms bigint
);
create index device_credential_of_account on device_credential (account);

-- mailbox/ ----------------------------------------------------------------------------------------------------------
create table mailbox (
  holder uuid not null references holder,
  id uuid not null,
  name_hash bytea not null,
  sealed_name bytea not null,
  special_use text collate "C" check (special_use in ('inbox', 'drafts', 'sent', 'junk', 'trash', 'archive')),
  subscribed boolean not null default true,
  uid_validity bigint not null,
  uid_next bigint not null default 1,
  highest_modseq bigint not null default 1,
  tombstone_floor bigint not null default 0,
  messages bigint not null default 0,
  octets bigint not null default 0,
  primary key (holder, id),
  unique (holder, name_hash)
) with (fillfactor = 70);
create unique index mailbox_special_use on mailbox (holder, special_use) where special_use is not null;

-- The highest UIDVALIDITY that a holder's mailboxes ever had: a mailbox that is made anew never repeats one (RFC 3501 §2.3.1.1).
create table mailbox_series (
  holder uuid primary key references holder,
  uid_validity bigint not null
);

-- Sealed content up to 64 KiB stands here, larger in the content store. Sealed octets do not compress: no attempt is made.
create table message (
  month integer not null,
  id uuid not null,
  octets bigint not null,
  copies integer not null check (copies >= 0),
  summary bytea not null,
  content bytea,
  stored boolean not null,
  primary key (month, id),
  check (stored = (content is null))
);
alter table message alter column summary set storage external, alter column content set storage external;

create table copy (
  holder uuid not null,
  mailbox uuid not null,
  uid bigint not null,
  month integer not null,
  message uuid not null,
  wrapped_key bytea not null,
  modseq bigint not null,
  flags text[] collate "C" not null,
  internal_date_ms bigint not null,
  octets bigint not null,
  primary key (holder, mailbox, uid),
  foreign key (holder, mailbox) references mailbox (holder, id)
);
-- A mailbox's id says its holder: without this, a generic plan takes the modseq index for a read by UID, and reads the whole mailbox.
create statistics copy_place (dependencies) on holder, mailbox from copy;
create index copy_modseq on copy (holder, mailbox, modseq);
create index copy_unseen on copy (holder, mailbox) where not flags @> array['\Seen'];

create table tombstone (
  holder uuid not null,
  mailbox uuid not null,
  uid bigint not null,
  modseq bigint not null,
  primary key (holder, mailbox, uid),
  foreign key (holder, mailbox) references mailbox (holder, id)
);
create index tombstone_modseq on tombstone (holder, mailbox, modseq);

-- Which computer was given a message's content already: the first time makes an evidence record, a repeat none.
create table hand_over (
  holder uuid not null,
  month integer not null,
  message uuid not null,
  computer uuid not null,
  primary key (holder, month, message, computer)
);

-- delivery/ ---------------------------------------------------------------------------------------------------------
-- What was accepted in the last 24 hours, by keyed hash over submitter, recipient and octets: a retry after a lost 250 finds its first here,
-- also when it names some of the recipients only.
create table submission (
  hash bytea primary key,
  receipt uuid not null,
  delivered boolean not null,
  accepted_ms bigint not null
);

-- evidence/ ---------------------------------------------------------------------------------------------------------
create table evidence_record (
  id uuid primary key,
  leaf bytea not null,
  sealed_detail bytea,
  leaf_index bigint
);
-- Not a plain unique constraint: a record that has no place in the tree yet costs no entry.
create unique index evidence_record_leaf on evidence_record (leaf_index) where leaf_index is not null;
create index evidence_record_unsequenced on evidence_record (id) where leaf_index is null;
alter table evidence_record alter column sealed_detail set storage external;

-- Whom a random id in a leaf stands for: found by a keyed hash, readable only with the evidence key.
create table evidence_party (
  id uuid primary key,
  subject_hash bytea not null unique,
  sealed_meaning bytea not null
);
