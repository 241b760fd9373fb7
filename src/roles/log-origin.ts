// The name of the record's log, which never changes: what is stored says it, and the settings only where there is no log yet. G14; C2SP tlog-checkpoint
import type { Log } from '#base/log.ts'
import { type Config, SettingError } from '#config.ts'
import { beganAs } from '#evidence/tree.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import { readVerifier } from '#keys/note.ts'
import { placesOf } from '#roles/places.ts'
import { openDatabase } from '#store/database.ts'

const databaseAnswersMs = 5_000

/** The settings with the name that the log bears; asks the database, which must be there. Throws SettingError where `logOrigin` gives another. */
export async function withLogOrigin(config: Config, log: Log): Promise<Config> {
  const database = openDatabase({
    connectionString: placesOf(config).connectionString,
    connections: 1,
    waitMs: databaseAnswersMs,
    log,
  })
  try {
    return { ...config, logOrigin: logOriginOf(config, await beganAs(database)) }
  } finally {
    await database.close()
  }
}

/** The name for a log that began under `began`, or that is yet to begin (null). Throws SettingError where `logOrigin` gives another. */
export function logOriginOf({ logOrigin, hostName }: Config, began: string | null): string {
  if (began === null) return logOrigin === '' ? `${hostName}/evidence` : logOrigin
  if (logOrigin !== '' && logOrigin !== began)
    throw new SettingError(
      `logOrigin is ${logOrigin}, but the record began as ${began}, which never changes: give that, or leave it out.`,
    )
  return began
}

/** The name for which the running key process signs. */
export async function originOfKeys(logKeeper: LogKeeper): Promise<string> {
  const [first = ''] = await logKeeper.verifiers()
  return readVerifier(first)!.name
}
