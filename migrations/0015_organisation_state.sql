-- Up Migration
-- An organisation is suspended as a whole. What counts of a holder is the stricter of its own state and its organisation's. G02

-- community/ --------------------------------------------------------------------------------------------------------
alter table organisation
  add column state text collate "C" not null default 'active' check (state in ('active', 'sending-suspended', 'suspended'));

-- identity/ ---------------------------------------------------------------------------------------------------------
alter table holder rename column state to own_state;
alter table holder
  add column organisation_state text collate "C" not null default 'active'
    check (organisation_state in ('active', 'sending-suspended', 'suspended')),
  add column state text collate "C" not null generated always as (
    case
      when own_state = 'removed' then 'removed'
      when 'suspended' in (own_state, organisation_state) then 'suspended'
      when 'sending-suspended' in (own_state, organisation_state) then 'sending-suspended'
      else 'active'
    end) stored;
