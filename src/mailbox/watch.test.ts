// Hints that a mailbox changed: here at once, in another process by one notification at a time, and without either now and then.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { EventEmitter } from 'node:events'
import { after, test } from 'node:test'
import { waitUntil } from '#host/proc.ts'
import { newId } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { openGround } from '#mailbox/ground.test-support.ts'
import { hintEveryMs, maxPayloadOctets } from '#mailbox/limits.ts'
import { openWatcher } from '#mailbox/watch.ts'
import { testDatabase } from '#test/support/database.ts'

// Registered before the database's own, so that it is there until the last listener has gone.
after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)
const log = newLog('silent', {})
const place = () => ({ holder: newId(Date.now()), mailbox: newId(Date.now()) })

/** A database that only notifies, and holds each notification until it is let go. */
function heldDatabase() {
  const sent: (readonly string[])[] = []
  const events = new EventEmitter()
  let hear: (payload: string | null) => void = () => {}
  let listeners = 0
  return {
    listeners: () => listeners,
    sent,
    events,
    hear: (payload: string | null) => hear(payload),
    async listen(_: string, to: (payload: string | null) => void) {
      hear = to
      listeners++
      return { close: async () => {} }
    },
    async notify(_: string, payloads: readonly string[]) {
      sent.push(payloads)
      events.emit('sent')
      await once(events, 'let go')
    },
  }
}

test('another process hears of a change, and only who watches that mailbox', async () => {
  const other = await openWatcher({ database, log })
  const [mine, another] = [place(), place()]
  let wrong = 0
  const heard = new Promise<void>((resolve) => other.watch(mine, resolve))
  other.watch(another, () => wrong++)
  ground.means.watcher.announce([mine])
  await heard
  assert.equal(wrong, 0)
  await other.close()
})

test('who does not hear is hinted of its own changes and never listens; who does not tell notifies nobody', async () => {
  const [unheard, untold] = [heldDatabase(), heldDatabase()]
  const deaf = await openWatcher({ database: unheard, log, hears: false })
  const dumb = await openWatcher({ database: untold, log, tells: false })
  const mine = place()
  const heard: string[] = []
  deaf.watch(mine, () => heard.push('deaf'))
  dumb.watch(mine, () => heard.push('dumb'))
  for (const one of [deaf, dumb]) one.announce([mine])
  untold.hear(`${mine.holder}/${mine.mailbox}`)
  assert.deepEqual(heard, ['deaf', 'dumb', 'dumb'])
  assert.deepEqual([unheard.listeners(), unheard.sent.length], [0, 1])
  assert.deepEqual([untold.listeners(), untold.sent.length], [1, 0])
  for (const { events } of [unheard, untold]) events.emit('let go')
  await Promise.all([deaf.close(), dumb.close()])
})

test('who does not hear is heard all the same, and who does not tell hears of others', async (t) => {
  const deaf = await openWatcher({ database, log, hears: false })
  const dumb = await openWatcher({ database, log, tells: false })
  t.after(() => Promise.all([deaf.close(), dumb.close()]))
  const mine = place()
  const heard: string[] = []
  deaf.watch(mine, () => heard.push('deaf'))
  dumb.watch(mine, () => heard.push('dumb'))
  dumb.announce([mine])
  assert.deepEqual(heard, ['dumb'])
  const told = new Promise<void>((resolve) => ground.means.watcher.watch(mine, resolve))
  deaf.announce([mine])
  await told
  assert.ok(await waitUntil(() => heard.length === 3, 5_000))
  assert.deepEqual(heard, ['dumb', 'deaf', 'dumb'])
})

test('a watcher of this process is hinted before announce returns, and not after it closed', () => {
  const mine = place()
  let hints = 0
  const watch = ground.means.watcher.watch(mine, () => hints++)
  ground.means.watcher.announce([mine])
  assert.equal(hints, 1)
  watch.close()
  ground.means.watcher.announce([mine])
  assert.equal(hints, 1)
})

test('one notification is on its way at a time; what changes meanwhile goes together in the next, each mailbox once', async () => {
  const held = heldDatabase()
  const watcher = await openWatcher({ database: held, log })
  const [a, b, c] = [place(), place(), place()]
  watcher.announce([a])
  watcher.announce([b])
  watcher.announce([c, b])
  assert.equal(held.sent.length, 1)
  const next = once(held.events, 'sent')
  held.events.emit('let go')
  await next
  assert.deepEqual(held.sent[1], [[b, c].map((one) => `${one.holder}/${one.mailbox}`).join(',')])
  held.events.emit('let go')
  await watcher.close()
})

test('a payload stays below what PostgreSQL takes, and many mailboxes make several', async () => {
  const held = heldDatabase()
  const watcher = await openWatcher({ database: held, log })
  const places = Array.from({ length: 300 }, place)
  watcher.announce(places)
  const [payloads] = held.sent
  assert.ok(payloads!.length > 1)
  assert.ok(payloads!.every((payload) => Buffer.byteLength(payload) <= maxPayloadOctets))
  assert.equal(payloads!.join(',').split(',').length, 300)
  held.events.emit('let go')
  await watcher.close()
})

test('after a reconnection, and every 30 s, everybody is hinted, since hints may have been lost', async () => {
  assert.equal(hintEveryMs, 30_000)
  const held = heldDatabase()
  const watcher = await openWatcher({ database: held, log, hintEveryMs: 5 })
  let hints = 0
  const enough = new Promise<void>((resolve) =>
    watcher.watch(place(), () => {
      if (++hints === 3) resolve()
    }),
  )
  held.hear(null)
  assert.equal(hints, 1)
  await enough
  await watcher.close()
})

test('one whose hint fails does not keep others from hearing, nor fail the act that is announced', () => {
  const mine = place()
  let hints = 0
  const watches = [
    ground.means.watcher.watch(mine, () => {
      throw new Error('a session has gone')
    }),
    ground.means.watcher.watch(mine, () => hints++),
  ]
  ground.means.watcher.announce([mine])
  assert.equal(hints, 1)
  for (const watch of watches) watch.close()
})

test('every act that changes a mailbox hints those who watch it', async () => {
  const who = await ground.newReader()
  const { mailboxes } = ground
  const inbox = await ground.mailboxId(who, 'INBOX')
  const trash = await ground.mailboxId(who, 'Trash')
  await ground.deliver([{ who }], 'Subject: a\n\n')
  const hints = { inbox: 0, trash: 0 }
  mailboxes.watch(who, inbox, () => hints.inbox++)
  mailboxes.watch(who, trash, () => hints.trash++)
  const changes = async (act: () => Promise<unknown>) => {
    const before = { ...hints }
    await act()
    return { inbox: hints.inbox > before.inbox, trash: hints.trash > before.trash }
  }
  assert.deepEqual(await changes(() => mailboxes.copy(who, inbox, [1], 'Trash')), { inbox: false, trash: true })
  assert.equal((await changes(() => mailboxes.store(who, inbox, [1], { mode: 'add', flags: ['\\Deleted'] }))).inbox, true)
  assert.equal((await changes(() => mailboxes.expunge(who, inbox, null))).inbox, true)
  assert.deepEqual(await changes(() => mailboxes.move(who, trash, [1], 'INBOX')), { inbox: true, trash: true })
  assert.equal((await changes(() => mailboxes.deleteMailbox(who, 'Trash'))).trash, true)
})
