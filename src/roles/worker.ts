// A worker: every face, on the ports that the supervisor bound and all workers share.
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import type { Config } from '#config.ts'
import { clamdScanner } from '#delivery/scanner.ts'
import { openStanding, watchStanding } from '#evidence/standing.ts'
import { readWitnesses } from '#evidence/witnesses.ts'
import { descriptorLimit } from '#host/descriptors.ts'
import { inheritedPort } from '#host/bound-ports.ts'
import { dropPrivileges, serviceUser } from '#host/privileges.ts'
import { startRole } from '#host/role.ts'
import { watchSpace } from '#host/space.ts'
import { netLimitsWithin } from '#net/limits.ts'
import { type FaceParts, openFaces } from '#roles/faces.ts'
import { openServiceDomains } from '#roles/open.ts'
import { markingSetIn } from '#roles/marking-files.ts'
import { facePorts, floorOf, placesOf, workersOf } from '#roles/places.ts'
import { openCountryGate, openServerCertificate } from '#roles/setting-files.ts'
import { spamEngineOf } from '#roles/spam-engine.ts'

const databaseConnections = 12
const drainWithinMs = 18_000
const loopback = ['127.0.0.0/8', '::1/128']

export async function runWorker(config: Config): Promise<void> {
  const log = newLog(
    config.logLevel,
    { process: 'worker', worker: process.pid },
    config.logFile === '-' ? undefined : config.logFile,
  )
  const places = placesOf(config)
  dropPrivileges(serviceUser())
  const certificate = openServerCertificate(config, log)
  const metrics = newMetrics({ process: `worker-${process.pid}` })
  const { domains, close } = openServiceDomains(config, systemClock, log, databaseConnections)
  const space = await watchSpace(places.written, floorOf(config), log)
  const record = await watchStanding(openStanding(domains.database, systemClock), log)
  const faces = await openFaces({
    recordHeld: record.refusal,
    hasRoom: () => space.reasons().length === 0,
    domains,
    certificate,
    metrics,
    log,
    clock: systemClock,
    scanner: clamdScanner(places.clamdSocket, config.scanTimeoutMs),
    admit: openCountryGate(config, config.demo ? loopback : []),
    at: Object.fromEntries(facePorts.map((name, place) => [name, inheritedPort(place)])) as FaceParts['at'],
    sessionLimits: { idleMs: config.sessionIdleMinutes * 60_000, longestMs: config.sessionHours * 3_600_000 },
    demo: config.demo,
    isOnly: workersOf(config) === 1,
    strictTransport: config.tlsCertificate !== '',
    hostName: config.hostName,
    helpdesk: config.helpdesk,
    rulesUrl: `${config.publicUrl}/rules`,
    brand: { name: config.serviceName, colour: config.serviceColour },
    markings: markingSetIn(config.markingsFolder),
    channels: config.verifiedChannels,
    witnesses: readWitnesses(config.witnesses).map(({ verifier }) => verifier),
    spoolFolder: places.spool,
    needToKnow: {
      recipients: config.manyRecipients,
      organisations: config.manyOrganisations,
      monitored: config.monitoredSuffixes,
    },
    spamEngine: spamEngineOf(config),
    heldMs: config.heldDays * 24 * 3_600_000,
    volumeLimits: { perHour: config.sendingPerHour, perDay: config.sendingPerDay, spreadPerHour: config.organisationsPerHour },
    netLimits: netLimitsWithin(descriptorLimit(), facePorts.length),
  })
  const drain = async () => {
    await faces.close(drainWithinMs - 4_000)
    record.close()
    await close()
    certificate.close()
  }
  const answers = new Map<string, () => unknown>([
    ['metrics', () => metrics.registry.getMetricsAsJSON()],
    ['certificate', () => certificate.notAfterMs()],
  ])
  startRole({ log, drain, drainWithinMs, answers }).ready()
}
