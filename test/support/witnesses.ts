// Witnesses that run in the test's own process, and a log for them to watch.
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { openEvidence } from '#evidence/record.ts'
import { sequence } from '#evidence/sequencer.ts'
import { openStanding } from '#evidence/standing.ts'
import { treeOf } from '#evidence/tree.ts'
import { readLogKeys, serveWitness } from '#evidence/witness.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'

export const log = newLog('silent', {})
export const folder = await mkdtemp(join(tmpdir(), 'cjsm-witness-'))
after(() => rm(folder, { recursive: true }))

/** A second later each time that it is asked, where a test says so. */
export const clockOfWitnesses = { ...systemClock }

export async function witnessOf(name: string, logKeys: readonly string[], origin = testOrigin) {
  const { verifier, server } = await serveWitness(
    {
      folder: join(folder, name),
      name,
      origin,
      logKeys: async () => readLogKeys(logKeys.join(',')),
      clock: clockOfWitnesses,
      log,
    },
    '127.0.0.1',
    0,
  )
  after(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { verifier, server, url, setting: `${url} ${verifier}` }
}

/** A log with some records in its tree. */
export async function someLog(records: number, operatorKeys: readonly string[] = []) {
  const { database } = await testDatabase()
  const { logKeeper, keeper, folders } = await testLogKeeper({ operatorKeys })
  const evidence = openEvidence(database, database, openKeys(keeper, aesGcmZstd, systemClock), systemClock)
  const standing = openStanding(database, systemClock)
  const parts = { database, logKeeper, origin: testOrigin, clock: systemClock, log }
  const grow = async (count: number) => {
    for (let at = 0; at < count; at++)
      await database.transaction((tx) =>
        evidence.write(tx, { event: 'SignIn', actor: theService, about: theService, details: [{ at }] }),
      )
    await sequence(parts)
  }
  await grow(records)
  const latest = async () => (await treeOf(database).latest())!
  /** Keeps the state of now; `rollBack` puts it back, as yesterday's data does. */
  const save = async () => {
    await database.run(sql`drop table if exists saved_record, saved_tile, saved_checkpoint`)
    await database.run(sql`create table saved_record as table evidence_record`)
    await database.run(sql`create table saved_tile as table evidence_tile`)
    await database.run(sql`create table saved_checkpoint as table evidence_checkpoint`)
  }
  const rollBack = async () => {
    await database.run(sql`truncate evidence_record, evidence_tile, evidence_checkpoint`)
    await database.run(sql`insert into evidence_record table saved_record`)
    await database.run(sql`insert into evidence_tile table saved_tile`)
    await database.run(sql`insert into evidence_checkpoint table saved_checkpoint`)
  }
  return { ...parts, parts, keeper, standing, folders, grow, latest, save, rollBack }
}
