// The set-up: runs once at each start, before anything serves; brings the schema up to date, compares the record with its anchor, and loads the demonstration into an empty service.
import { existsSync } from 'node:fs'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { loadDemonstration } from '#cli/demonstration.ts'
import type { Config } from '#config.ts'
import { compareWithAnchor } from '#evidence/extends-anchor.ts'
import { recordRollbacks } from '#evidence/rollbacks.ts'
import { openStanding } from '#evidence/standing.ts'
import { restoreKeySizes } from '#evidence/tree.ts'
import { readWitnesses } from '#evidence/witnesses.ts'
import { migrate } from '#store/migrate.ts'
import { openServiceDomains } from '#roles/open.ts'
import { placesOf } from '#roles/places.ts'

export async function runSetup(config: Config): Promise<void> {
  const log = newLog(config.logLevel, { process: 'setup' }, config.logFile === '-' ? undefined : config.logFile)
  const places = placesOf(config)
  const applied = await migrate(places.connectionString, log)
  if (applied.length > 0) log.info({ migrations: applied.length }, 'the schema was brought up to date')
  const { domains, logKeeper, close } = openServiceDomains(config, systemClock, log, 2)
  const { keySizes, statements } = await logKeeper.anchor()
  await restoreKeySizes(domains.database, keySizes)
  const { why } = await compareWithAnchor({ ...domains, logKeeper, witnesses: readWitnesses(config.witnesses) })
  await recordRollbacks(domains, statements)
  const standing = openStanding(domains.database, systemClock)
  if (why === null) await standing.release()
  else {
    await standing.hold(why)
    log.error({}, 'the record does not extend what was seen of it: no mail is accepted until operators say otherwise')
  }
  if (config.demo && !existsSync(places.demoFile) && (await domains.organisations.list()).length === 0) {
    await loadDemonstration({
      ...domains,
      communitySuffix: config.communitySuffix,
      quotaOctets: config.quotaOctets,
      file: places.demoFile,
    })
    log.info({}, 'the demonstration community was loaded')
  }
  await close()
}
