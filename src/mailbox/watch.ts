// Tells sessions that a mailbox may have changed: hints only, lost ones are made good every 30 s. docs/flow.md, The life of a message, 8.
import { type Log, describeFault } from '#base/log.ts'
import { hintEveryMs, maxPayloadOctets } from '#mailbox/limits.ts'
import type { Database } from '#store/database.ts'

export interface MailboxPlace {
  readonly holder: string
  readonly mailbox: string
}

export interface Watcher {
  /** Calls `hint` after a change of the mailbox, and now and then without one, until `close`. */
  watch(place: MailboxPlace, hint: () => void): { close(): void }
  /** Says after a commit, never inside a transaction, which mailboxes changed: here at once, elsewhere by one notification at a time. */
  announce(changes: Iterable<MailboxPlace>): void
  close(): Promise<void>
}

const channel = 'mailbox'
const keyOf = (place: MailboxPlace) => `${place.holder}/${place.mailbox}`

/** Joins keys into payloads of at most `maxPayloadOctets`; keys are two UUIDs, so octets are characters. */
function payloadsOf(keys: Iterable<string>): string[] {
  const payloads: string[] = []
  let payload = ''
  for (const key of keys) {
    if (payload !== '' && payload.length + 1 + key.length > maxPayloadOctets) {
      payloads.push(payload)
      payload = ''
    }
    payload += payload === '' ? key : `,${key}`
  }
  if (payload !== '') payloads.push(payload)
  return payloads
}

export interface WatcherOptions {
  readonly database: Pick<Database, 'listen' | 'notify'>
  readonly log: Log
  /** False where nobody watches: what other processes announce is not listened for. True when left out. */
  readonly hears?: boolean
  /** False where no other process listens: a notification wakes every listener, its sender too. True when left out. */
  readonly tells?: boolean
  readonly hintEveryMs?: number
}

/** One watcher serves a whole process. */
export async function openWatcher(o: WatcherOptions): Promise<Watcher> {
  const { hears = true, tells = true } = o
  const hints = new Map<string, Set<() => void>>()
  let waiting = new Set<string>()
  let sending: Promise<void> | undefined

  /** A fault of one who is hinted stays here: the change is committed, and whoever announces it must not be told that it failed. */
  function hint(key: string): void {
    for (const one of [...(hints.get(key) ?? [])]) {
      try {
        one()
      } catch (fault) {
        o.log.error({ fault: describeFault(fault) }, 'a watcher of a mailbox failed')
      }
    }
  }
  function hintAll(): void {
    for (const key of [...hints.keys()]) hint(key)
  }
  async function send(): Promise<void> {
    while (waiting.size > 0) {
      const payloads = payloadsOf(waiting)
      waiting = new Set()
      await o.database.notify(channel, payloads).catch((fault: unknown) => {
        o.log.warn(
          { fault: describeFault(fault) },
          'other processes could not be told of changed mailboxes; they look by themselves',
        )
      })
    }
    sending = undefined
  }

  const listening = hears
    ? await o.database.listen(channel, (payload) => (payload === null ? hintAll() : payload.split(',').forEach(hint)))
    : null
  const timer = setInterval(hintAll, o.hintEveryMs ?? hintEveryMs).unref()
  return {
    watch(place, hintOne) {
      // A function of its own for each watch, so that one that is passed twice is called twice and closed once.
      const own = () => hintOne()
      const key = keyOf(place)
      const watching = hints.get(key) ?? new Set()
      hints.set(key, watching.add(own))
      return {
        close() {
          watching.delete(own)
          if (watching.size === 0 && hints.get(key) === watching) hints.delete(key)
        },
      }
    },
    announce(changes) {
      const keys = [...changes].map(keyOf)
      for (const key of keys) if (tells) waiting.add(key)
      for (const key of keys) hint(key)
      if (waiting.size > 0) sending ??= send()
    },
    async close() {
      clearInterval(timer)
      hints.clear()
      await sending
      await listening?.close()
    },
  }
}
