// The jobs process: what is done in the background, by a timetable. And the sequencer of the record, with its witnesses.
import pg from 'pg'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import type { Config } from '#config.ts'
import { forgetSubmissions, sweepContent } from '#delivery/housekeeping.ts'
import { forgetVolume } from '#delivery/volume.ts'
import { publishedFile } from '#evidence/publish.ts'
import { startSequencer } from '#evidence/sequencer.ts'
import { openStanding } from '#evidence/standing.ts'
import { readWitnesses, startWitnesses } from '#evidence/witnesses.ts'
import { newClockGuard, unlessDoubted } from '#host/clock-guard.ts'
import { startJobs } from '#host/jobs.ts'
import { dropPrivileges, serviceUser } from '#host/privileges.ts'
import { startRole } from '#host/role.ts'
import { forgetSessions } from '#identity/web-sessions.ts'
import { openServiceDomains } from '#roles/open.ts'
import { logOriginOf, placesOf } from '#roles/places.ts'

const drainWithinMs = 18_000
const hourMs = 3_600_000

export async function runJobs(config: Config): Promise<void> {
  const log = newLog(config.logLevel, { process: 'jobs' }, config.logFile === '-' ? undefined : config.logFile)
  dropPrivileges(serviceUser())
  const metrics = newMetrics({ process: 'jobs' })
  const done = metrics.counter('cjsm_jobs_tidied_total', 'Rows and objects that background jobs tidied away', ['job'])
  const { domains, logKeeper, close } = openServiceDomains(config, systemClock, log, 5)
  const standing = openStanding(domains.database, systemClock)
  const sequencer = startSequencer({ ...domains, logKeeper, standing, origin: logOriginOf(config) })
  const witnesses = startWitnesses({ ...domains, logKeeper, standing, witnesses: readWitnesses(config.witnesses) })
  const clock = newClockGuard(domains.database)
  const expires = (job: string, work: () => Promise<number>) => {
    const expire = unlessDoubted(clock, log, work)
    return [job, async () => done.inc({ job }, await expire())] as const
  }
  const pool = new pg.Pool({ connectionString: placesOf(config).connectionString, max: 3 })
  const lost = () => log.warn({}, 'a database connection of the job runner ended')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  const jobs = await startJobs({
    pool,
    log,
    tasks: new Map([
      expires('forget-submissions', () => forgetSubmissions(domains)),
      expires('forget-volume', () => forgetVolume(domains)),
      expires('forget-sessions', () => forgetSessions(domains)),
      expires('sweep-content', () => sweepContent(domains)),
    ]),
    timetable: [
      { task: 'forget-submissions', everyMs: hourMs },
      { task: 'forget-volume', everyMs: 24 * hourMs },
      { task: 'forget-sessions', everyMs: hourMs },
      { task: 'sweep-content', everyMs: 24 * hourMs },
    ],
  })
  const drain = async () => {
    await jobs.stop()
    await witnesses.stop()
    await sequencer.stop()
    await pool.end()
    await close()
  }
  const publish = async (path: string) => {
    const published = await publishedFile(domains.database, path, {
      verifiers: () => logKeeper.verifiers(),
      witnesses: readWitnesses(config.witnesses).map((one) => one.verifier.text),
    })
    return published === null ? null : { ...published, octets: published.octets.toString('base64') }
  }
  const answers = new Map<string, (about: string) => unknown>([
    ['metrics', () => metrics.registry.getMetricsAsJSON()],
    ['clock', () => clock.doubt()],
    ['published', publish],
    ['record', async () => ({ why: await standing.why(), witnesses: witnesses.sentences() })],
  ])
  startRole({ log, drain, drainWithinMs, answers }).ready()
}
