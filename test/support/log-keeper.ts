// The log's keeper for tests: as the key process has it, over a root key and keyring in folders of the test's own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Anchor, openAnchor } from '#keys/anchor.ts'
import { type Keeper, newKeeper } from '#keys/keeper.ts'
import { type Keyring, openKeyring } from '#keys/keyring.ts'
import { type LogKeeper, openLogKeys } from '#keys/log-keys.ts'
import { type RootKey, openRootKey } from '#keys/root.ts'
import { aesGcmZstd } from '#keys/sealing.ts'

export const testOrigin = 'mail.cjsm.test/evidence'

export interface TestLogKeeper {
  readonly logKeeper: LogKeeper
  readonly keeper: Keeper
  readonly root: RootKey
  readonly keyring: Keyring
  readonly anchor: Anchor
  readonly folders: { readonly root: string; readonly keyring: string }
}

/** Opens a log's keeper on folders that are there, or on fresh ones that are removed at the end of the test file. */
export async function testLogKeeper(
  o: { folders?: TestLogKeeper['folders']; operatorKeys?: readonly string[]; origin?: string } = {},
): Promise<TestLogKeeper> {
  const folders = o.folders ?? (await freshFolders())
  const root = await openRootKey(aesGcmZstd, folders.root, true)
  const keyring = openKeyring(folders.keyring)
  const anchor = openAnchor(root.ownFolder)
  const logKeeper = await openLogKeys({
    root,
    keyring,
    anchor,
    origin: o.origin ?? testOrigin,
    operatorKeys: o.operatorKeys ?? [],
    onFault: (fault) => {
      throw fault
    },
  })
  return { logKeeper, keeper: newKeeper(root, keyring), root, keyring, anchor, folders }
}

async function freshFolders(): Promise<TestLogKeeper['folders']> {
  const folder = await mkdtemp(join(tmpdir(), 'cjsm-log-'))
  after(() => rm(folder, { recursive: true, force: true }))
  return { root: join(folder, 'root'), keyring: join(folder, 'keyring') }
}
