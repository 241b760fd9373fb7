// The domains as the processes of a running service open them: over the key process's socket, with the seal of the product.
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Config } from '#config.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import { newRemoteKeeper } from '#keys/remote.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { type DomainParts, type Domains, openDomains } from '#roles/domains.ts'
import { placesOf } from '#roles/places.ts'

const keysTimeoutMs = 5_000

export function openServiceDomains(
  config: Config,
  clock: Clock,
  log: Log,
  connections: number,
  waits?: DomainParts['waits'],
): { domains: Domains; logKeeper: LogKeeper; close(): Promise<void> } {
  const places = placesOf(config)
  const keeper = newRemoteKeeper(places.keysSocket, keysTimeoutMs)
  const domains = openDomains({
    connectionString: places.connectionString,
    connections,
    keeper,
    sealing: aesGcmZstd,
    contentFolder: places.content,
    communitySuffix: config.communitySuffix,
    hostName: config.hostName,
    helpdesk: config.helpdesk,
    clock,
    log,
    ...(waits === undefined ? {} : { waits }),
  })
  return {
    domains,
    logKeeper: keeper.log,
    close: async () => {
      await domains.close()
      keeper.close()
    },
  }
}
