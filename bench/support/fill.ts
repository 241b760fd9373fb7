// Fills the database of a service under measurement with rows as they would be there after years: written by SQL, cloned from real ones, since to deliver them would take hours.
import pg from 'pg'
import { readConfig } from '#config.ts'
import { placesOf } from '#roles/places.ts'

/** A row that is cloned holds so much of its sealed octets. */
const keptOctets = 512
const evidencePerMessage = 2

export interface Fill {
  /** Raises the number of accounts to `count`; the new ones have their mailboxes, and a computer each. */
  accounts(count: number): Promise<void>
  /** Raises the number of messages in the INBOX of an address to `count`, with as many messages, submissions and twice as many records beside. The INBOX must have some real ones. */
  messages(address: string, count: number): Promise<void>
  close(): Promise<void>
}

/** Opens a connection to the service's database that checks no foreign keys and waits for no disk. */
export async function openFill(dataFolder: string): Promise<Fill> {
  const client = new pg.Client(placesOf(readConfig({ CJSM_DATA_FOLDER: dataFolder })).connectionString)
  await client.connect()
  await client.query(`set session_replication_role = replica; set synchronous_commit = off; set statement_timeout = 0`)
  const settle = async () => {
    await client.query('vacuum (analyze)')
    await client.query('checkpoint')
  }
  return {
    async accounts(count) {
      const { rows } = await client.query<{ there: string }>('select count(*) as there from account')
      const missing = count - Number(rows[0]!.there)
      if (missing <= 0) return
      await addAccounts(client, missing)
      await settle()
    },
    async messages(address, count) {
      const { rows } = await client.query<{ holder: string; mailbox: string; messages: string }>(
        `select holder, id as mailbox, messages from mailbox where special_use = 'inbox' and holder = (select holder from address where address.address = $1)`,
        [address],
      )
      const { holder, mailbox, messages } = rows[0]!
      const missing = count - Number(messages)
      if (missing <= 0) return
      await addCopies(client, holder, mailbox, missing)
      await addMessages(client, missing)
      await settle()
    },
    close: () => client.end(),
  }
}

async function addAccounts(client: pg.Client, count: number): Promise<void> {
  await client.query(
    'create temp table filler as select uuidv7() as id, uuidv7() as computer, n from generate_series(1, $1::int) n',
    [count],
  )
  await client.query('create temp table template as select id from account order by id limit 1')
  // By way of JSON: columns that a template has and this does not name are cloned too.
  const clone = async (table: string, key: string, fields: string) => {
    const { rows } = await client.query<{ names: string }>(
      `select string_agg(attname, ', ') as names from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table],
    )
    const { names } = rows[0]!
    await client.query(
      `insert into ${table} (${names}) select ${names} from (
         select (jsonb_populate_record(model, ${fields})).* from filler, (select whole as model from ${table} whole where ${key} = (select id from template) limit 1) model)`,
    )
  }
  await clone('holder', 'id', `jsonb_build_object('id', filler.id)`)
  await clone('account', 'id', `jsonb_build_object('id', filler.id, 'user_name', 'filled-' || filler.id)`)
  await clone(
    'address',
    'holder',
    `jsonb_build_object('holder', filler.id, 'address', 'filled-' || filler.id || '@filled.cjsm.test', 'written', 'filled-' || filler.id || '@filled.cjsm.test')`,
  )
  await clone(
    'device_credential',
    'account',
    `jsonb_build_object('id', computer, 'account', filler.id, 'password_hash', sha256(filler.id::text::bytea))`,
  )
  await clone('mailbox_series', 'holder', `jsonb_build_object('holder', filler.id)`)
  await client.query(`
    insert into mailbox (holder, id, name_hash, sealed_name, special_use, uid_validity)
    select filler.id, uuidv7(), name_hash, sealed_name, special_use, uid_validity
      from filler, (select * from mailbox where holder = (select id from template)) model`)
  await client.query('drop table filler, template')
}

/** Further copies of the messages that are there: a read of any opens a real summary. */
async function addCopies(client: pg.Client, holder: string, mailbox: string, count: number): Promise<void> {
  const place = [holder, mailbox, count]
  await client.query('begin')
  await client.query(
    `with model as (
       select row_number() over (order by uid) - 1 as place, copy.* from copy where holder = $1 and mailbox = $2
     ), now as (select uid_next, highest_modseq from mailbox where holder = $1 and id = $2)
     insert into copy (holder, mailbox, uid, month, message, wrapped_key, modseq, flags, internal_date_ms, octets)
     select holder, mailbox, uid_next - 1 + n, month, message, wrapped_key, highest_modseq + n,
            case when n % 20 = 0 then flags else array['\\Seen'] end, internal_date_ms + n, octets
       from generate_series(1, $3::int) n join model on place = n % (select count(*) from model), now`,
    place,
  )
  await client.query(
    `update mailbox set uid_next = uid_next + $3::bigint, highest_modseq = highest_modseq + $3::bigint,
            messages = (select count(*) from copy where copy.holder = $1 and copy.mailbox = $2),
            octets = (select sum(octets) from copy where copy.holder = $1 and copy.mailbox = $2)
      where holder = $1 and id = $2`,
    place,
  )
  await client.query('commit')
}

/** Messages, submissions and records that nobody asks for: what indexes hold beside what is used. Places below 0 are not of the tree. */
async function addMessages(client: pg.Client, count: number): Promise<void> {
  await client.query(
    `insert into message (month, id, octets, copies, summary, content, stored)
     select month, uuidv7(interval '-1 day'), octets, 1, summary, substring(content for $2::int), false
       from generate_series(1, $1::int), (select * from message where content is not null limit 1) model`,
    [count, keptOctets],
  )
  await client.query(
    `insert into submission (hash, receipt, delivered, accepted_ms)
     select sha256(uuidv7()::text::bytea), receipt, delivered, accepted_ms
       from generate_series(1, $1::int), (select * from submission limit 1) model`,
    [count],
  )
  await client.query(
    `insert into evidence_record (id, leaf, sealed_detail, leaf_index)
     select uuidv7(interval '-1 day'), leaf, substring(sealed_detail for $2::int), first - n
       from generate_series(1, $1::int) n, (select * from evidence_record where leaf_index >= 0 limit 1) model,
            (select coalesce(min(leaf_index), 0) as first from evidence_record where leaf_index < 0) lowest`,
    [count * evidencePerMessage, keptOctets],
  )
}
