-- Up Migration
-- host/: what each machine's clock said, so that a jump is seen, also after a restart. Until an operator confirms, nothing expires.
create table clock_reading (
  machine text collate "C" primary key,
  boot text collate "C" not null,
  wall_ms bigint not null,
  since_boot_ms bigint not null,
  latest_wall_ms bigint not null,
  database_ahead_ms bigint not null,
  doubted boolean not null
);
