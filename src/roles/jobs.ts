// The jobs process: what is done in the background, by a timetable. And the sequencer of the record, with its witnesses.
import pg from 'pg'
import { systemClock } from '#base/clock.ts'
import { Unavailable } from '#base/faults.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import { helpdeskWarning } from '#community/helpdesk-address.ts'
import type { Config } from '#config.ts'
import { expireHolds } from '#delivery/decide-hold.ts'
import { forgetReplies, forgetSubmissions, sweepContent } from '#delivery/housekeeping.ts'
import { forgetVolume } from '#delivery/volume.ts'
import { publishedFile } from '#evidence/publish.ts'
import { startSequencer } from '#evidence/sequencer.ts'
import { openStanding } from '#evidence/standing.ts'
import { readWitnesses, startWitnesses } from '#evidence/witnesses.ts'
import { pingClamd } from '#host/clamav.ts'
import { newClockGuard, unlessDoubted } from '#host/clock-guard.ts'
import { startJobs } from '#host/jobs.ts'
import { clamdAnswerMs } from '#host/limits.ts'
import { dropPrivileges, serviceUser } from '#host/privileges.ts'
import { startRole } from '#host/role.ts'
import { forgetSessions } from '#identity/web-sessions.ts'
import { endAccess, forgetHandlings } from '#mailbox/withheld.ts'
import { openWatcher } from '#mailbox/watch.ts'
import { holdsParts } from '#roles/holds.ts'
import type { Replies } from '#roles/replies.ts'
import { openServiceDomains } from '#roles/open.ts'
import { placesOf } from '#roles/places.ts'

const drainWithinMs = 18_000
const hourMs = 3_600_000
const expireHoldsEveryMs = 60_000
const replyEveryMs = 10_000
const endAccessEveryMs = 60_000

export async function runJobs(config: Config): Promise<void> {
  const log = newLog(config.logLevel, { process: 'jobs' }, config.logFile === '-' ? undefined : config.logFile)
  dropPrivileges(serviceUser())
  const metrics = newMetrics({ process: 'jobs' })
  const done = metrics.counter('cjsm_jobs_tidied_total', 'Rows and objects that background jobs tidied away', ['job'])
  const { domains, logKeeper, close } = openServiceDomains(config, systemClock, log, 5)
  const standing = openStanding(domains.database, systemClock)
  const sequencer = startSequencer({ ...domains, logKeeper, standing, origin: config.logOrigin })
  const witnesses = startWitnesses({ ...domains, logKeeper, standing, witnesses: readWitnesses(config.witnesses) })
  const clock = newClockGuard(domains.database)
  const expires = (job: string, work: () => Promise<number>) => {
    const expire = unlessDoubted(clock, log, work)
    return [job, async () => done.inc({ job }, await expire())] as const
  }
  const watcher = await openWatcher({ database: domains.database, log, hears: false })
  // Nothing is scanned here: what nobody decided about is not delivered.
  const scanner = { scan: () => Promise.reject(new Unavailable('scanner')), close() {} }
  const held = holdsParts(domains, {
    scanner,
    hasRoom: () => true,
    recordHeld: () => null,
    announce: watcher.announce,
    hostName: config.hostName,
    rulesUrl: `${config.publicUrl}/rules`,
  })
  // The whole door in stands behind it, which most communities need on few days: it is loaded when somebody is away.
  let replies: Promise<Replies> | null = null
  const openReplies = async () => (await import('#roles/replies.ts')).openReplies({ config, domains, watcher, standing, log })
  const sent = metrics.counter('cjsm_automatic_replies_total', 'Automatic replies that were sent for people who are away')
  const replyToMail = unlessDoubted(clock, log, async () => {
    if ((await domains.away.inForce()).length === 0) return 0
    replies ??= openReplies()
    replies.catch(() => {
      replies = null
    })
    return (await replies).send()
  })
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
      expires('destroy-incident-copies', () => domains.incidentCopies.destroyDecided()),
      expires('sweep-content', () => sweepContent(domains)),
      expires('expire-holds', () => expireHolds(held)),
      expires('end-access', () => endAccess({ ...domains, watcher })),
      expires('forget-handlings', () => forgetHandlings(domains)),
      expires('forget-replies', () => forgetReplies(domains)),
      ['reply-while-away', async () => sent.inc(await replyToMail())],
    ]),
    timetable: [
      { task: 'forget-submissions', everyMs: hourMs },
      { task: 'forget-volume', everyMs: 24 * hourMs },
      { task: 'forget-sessions', everyMs: hourMs },
      { task: 'destroy-incident-copies', everyMs: hourMs },
      { task: 'sweep-content', everyMs: 24 * hourMs },
      { task: 'expire-holds', everyMs: expireHoldsEveryMs },
      { task: 'end-access', everyMs: endAccessEveryMs },
      { task: 'forget-handlings', everyMs: 24 * hourMs },
      { task: 'forget-replies', everyMs: 24 * hourMs },
      { task: 'reply-while-away', everyMs: replyEveryMs },
    ],
  })
  const drain = async () => {
    await jobs.stop()
    await witnesses.stop()
    await sequencer.stop()
    await pool.end()
    await (await replies)?.close()
    await watcher.close()
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
    ['helpdesk', () => helpdeskWarning(domains.standingOf, config.helpdesk)],
    ['published', publish],
    // Asked here: the supervisor may be root, and so open a socket that those who scan may not.
    ['scanner', () => pingClamd(placesOf(config).clamdSocket, clamdAnswerMs)],
    ['record', async () => ({ why: await standing.why(), witnesses: witnesses.sentences() })],
  ])
  startRole({ log, drain, drainWithinMs, answers }).ready()
}
