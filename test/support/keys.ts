// Keys in temporary folders, for tests of what stands on them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { type Keeper, newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { type Keys, openKeys } from '#keys/keys.ts'
import { openRootKey } from '#keys/root.ts'
import { aesGcmZstd } from '#keys/sealing.ts'

/** Keys with a root and a keyring of their own, removed at the end of the test file. */
export async function testKeys(clock: Clock = systemClock): Promise<{ keys: Keys; keeper: Keeper; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'cjsm-keys-'))
  after(() => rm(folder, { recursive: true, force: true }))
  const keeper = newKeeper(await openRootKey(aesGcmZstd, join(folder, 'root'), true), openKeyring(join(folder, 'keyring')))
  return { keys: openKeys(keeper, aesGcmZstd, clock), keeper, folder }
}
