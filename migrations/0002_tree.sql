-- Up Migration
-- The tree over the record (RFC 6962): tiles of hashes, signed checkpoints, the keys that signed them. docs/decisions/0020-the-tree.md

-- evidence/ ---------------------------------------------------------------------------------------------------------
-- A tile (C2SP tlog-tiles) holds up to 256 hashes of one level; one that is full never changes.
create table evidence_tile (
  level smallint not null check (level between 0 and 7),
  index bigint not null check (index >= 0),
  width smallint not null check (width between 1 and 256),
  hashes bytea not null check (octet_length(hashes) = 32 * width),
  primary key (level, index)
);
alter table evidence_tile alter column hashes set storage external;
create index evidence_tile_edge on evidence_tile (level) where width < 256;

-- Signed checkpoints (C2SP tlog-checkpoint) of the last hour, and the latest; cosignatures are lines of the note.
create table evidence_checkpoint (
  size bigint primary key check (size > 0),
  root bytea not null check (octet_length(root) = 32),
  note text collate "C" not null,
  cosignatures text collate "C" not null default '',
  made_ms bigint not null
);

-- The public keys of the log, and the sizes of the tree for which each signed.
create table evidence_log_key (
  verifier text collate "C" primary key,
  first_size bigint not null,
  last_size bigint not null,
  check (first_size <= last_size)
);

-- Up to which size each witness has cosigned.
create table evidence_witness (
  verifier text collate "C" primary key,
  size bigint not null
);

-- Why no mail is accepted, while there is a row.
create table evidence_hold (
  only_one boolean primary key default true check (only_one),
  why text collate "C" not null,
  since_ms bigint not null
);
