// The key process: holds the root key, and hands out epoch keys over its socket. It parses nothing that strangers sent.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeFault, newLog } from '#base/log.ts'
import type { Config } from '#config.ts'
import { ownFolder } from '#host/folders.ts'
import { dropPrivileges, serviceUser } from '#host/privileges.ts'
import { startRole } from '#host/role.ts'
import { openAnchor } from '#keys/anchor.ts'
import { newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openLogKeys } from '#keys/log-keys.ts'
import { openRootKey } from '#keys/root.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { serveKeys } from '#keys/service.ts'
import { placesOf } from '#roles/places.ts'

export async function runKeys(config: Config): Promise<void> {
  const log = newLog(config.logLevel, { process: 'keys' }, config.logFile === '-' ? undefined : config.logFile)
  const places = placesOf(config)
  const nothingSealed = readdirSync(places.keyring).length === 0
  const user = serviceUser()
  ownFolder(join(places.rootKey, 'service'), user) // in a folder that nobody else may enter: reached by what openRootKey holds open
  const root = await openRootKey(aesGcmZstd, places.rootKey, nothingSealed)
  dropPrivileges(user)
  const keyring = openKeyring(places.keyring)
  const logKeeper = await openLogKeys({
    root,
    keyring,
    anchor: openAnchor(root.ownFolder),
    origin: config.logOrigin, // the supervisor says which: roles/log-origin.ts
    operatorKeys: config.operatorKeys,
    onFault: (fault) => log.error({ fault: describeFault(fault) }, 'the rotation of the root key failed; it is tried again'),
  })
  const server = await serveKeys(newKeeper(root, keyring), places.keysSocket, log, logKeeper)
  const drain = async () => void server.close()
  startRole({ log, drain, drainWithinMs: 2_000, answers: new Map() }).ready()
}
