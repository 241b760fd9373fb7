// The key process: holds the root key, and hands out epoch keys over its socket. It parses nothing that strangers sent.
import { readdirSync } from 'node:fs'
import { newLog } from '#base/log.ts'
import type { Config } from '#config.ts'
import { dropPrivileges, serviceUser } from '#host/privileges.ts'
import { startRole } from '#host/role.ts'
import { newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openRootKey } from '#keys/root.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { serveKeys } from '#keys/service.ts'
import { placesOf } from '#roles/places.ts'

export async function runKeys(config: Config): Promise<void> {
  const log = newLog(config.logLevel, { process: 'keys' }, config.logFile === '-' ? undefined : config.logFile)
  const places = placesOf(config)
  const nothingSealed = readdirSync(places.keyring).length === 0
  const root = await openRootKey(aesGcmZstd, places.rootKey, nothingSealed)
  dropPrivileges(serviceUser())
  const server = await serveKeys(newKeeper(root, openKeyring(places.keyring)), places.keysSocket, log)
  const drain = async () => void server.close()
  startRole({ log, drain, drainWithinMs: 2_000, answers: new Map() }).ready()
}
