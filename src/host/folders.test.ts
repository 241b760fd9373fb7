// The data folder's parts: owners, modes, short places for sockets, and no way to lead root astray.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ownFolder, prepareFolders, socketsFolderOf } from '#host/folders.ts'
import { serviceUser } from '#host/privileges.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-folders-'))
chmodSync(base, 0o711)
after(() => rmSync(base, { recursive: true, force: true }))
const user = serviceUser()
const asRoot = process.getuid?.() === 0
const ownerOf = (path: string) => statSync(path).uid
const modeOf = (path: string) => statSync(path).mode & 0o777

test('the parts belong to the service, the root keys stand outside and belong to the supervisor, and twice is as once', () => {
  for (const _ of ['first', 'again']) {
    const folders = prepareFolders(join(base, 'data'), user)
    const us = process.getuid?.()
    for (const path of [folders.content, folders.spool, folders.keyring, folders.clamav, folders.tls, folders.sockets.postgres]) {
      assert.deepEqual([ownerOf(path), modeOf(path)], [user?.uid ?? us, 0o700], path)
    }
    assert.equal(existsSync(folders.postgres), false)
  }
})

test('a data folder under a closed folder is a sentence, for root', { skip: !asRoot && 'only root has a service user' }, () => {
  const closed = join(base, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  assert.throws(() => prepareFolders(join(closed, 'data'), user), /cannot be reached by the service's user/)
})

test('sockets of a data folder with a long path stand in a short one, the same each time', () => {
  const long = join(base, 'a-rather-long-name-of-a-folder'.repeat(3))
  const folder = socketsFolderOf(long)
  assert.ok(Buffer.byteLength(join(folder, 'postgres')) <= 85)
  assert.equal(socketsFolderOf(long), folder)
  assert.notEqual(socketsFolderOf(`${long}x`), folder)
  assert.equal(socketsFolderOf('/var/lib/cjsm'), '/var/lib/cjsm/run')
  assert.equal(prepareFolders(long, user).sockets.status, join(folder, 'status.sock'))
  rmSync(folder, { recursive: true })
})

test('a folder that is a link, or belongs to somebody else, is not taken over', () => {
  const target = join(base, 'target')
  mkdirSync(target, { mode: 0o755 })
  const link = join(base, 'link')
  symlinkSync(target, link)
  assert.throws(() => ownFolder(link, user), { code: 'ENOTDIR' })
  assert.equal(modeOf(target), 0o755)
  if (!asRoot) return
  chownSync(target, 65534, 65534)
  assert.throws(() => ownFolder(target, user), /belongs to somebody else/)
})
