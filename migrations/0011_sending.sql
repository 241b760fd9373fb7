-- Up Migration
-- How what an account sent read to the spam engine, where there is one, and to how many organisations it went: counts beside the count of its recipients. T23
-- And which device credential a machine's permit is for. T08

-- delivery/ ---------------------------------------------------------------------------------------------------------
alter table sending
  add column scored integer not null default 0,
  add column read_as_spam integer not null default 0,
  -- The most that one worker saw within that hour.
  add column organisations integer not null default 0;

-- community/ --------------------------------------------------------------------------------------------------------
-- The device credential that the machine signs in with; null for any of the account's.
alter table permit add column computer uuid;
