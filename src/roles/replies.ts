// What sends automatic replies from the jobs process: the one door in, and the mailboxes of those who are away. RFC 3834
import { systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Config } from '#config.ts'
import { openAcceptance } from '#delivery/accept.ts'
import { replyWhileAway } from '#delivery/automatic-replies.ts'
import { newDocumentThreads } from '#delivery/document-threads.ts'
import { newLookInside } from '#delivery/documents.ts'
import { newExpansion } from '#delivery/expansion.ts'
import { clamdScanner } from '#delivery/scanner.ts'
import { spoolsIn } from '#delivery/spool.ts'
import { type Standing, watchStanding } from '#evidence/standing.ts'
import { watchSpace } from '#host/space.ts'
import { openMailboxes } from '#mailbox/open-mailboxes.ts'
import { newRoomOf } from '#mailbox/quota.ts'
import type { Watcher } from '#mailbox/watch.ts'
import type { Domains } from '#roles/domains.ts'
import { markingSetIn } from '#roles/marking-files.ts'
import { floorOf, placesOf } from '#roles/places.ts'

export interface ReplyParts {
  readonly config: Config
  readonly domains: Domains
  readonly watcher: Watcher
  readonly standing: Standing
  readonly log: Log
}

export interface Replies {
  /** Sends what is due and returns how many; nothing while nothing may be taken in: the record does not stand, or a disk is full. */
  send(): Promise<number>
  close(): Promise<void>
}

/** Opens the door for automatic replies; what they are counted by is that nobody gets two in a week, so volume is not counted. */
export async function openReplies({ config, domains, watcher, standing, log }: ReplyParts): Promise<Replies> {
  const places = placesOf(config)
  const space = await watchSpace(places.written, floorOf(config), log)
  const record = await watchStanding(standing, log)
  const hasRoom = () => space.reasons().length === 0
  const mailboxes = openMailboxes({ ...domains, watcher })
  const documents = newDocumentThreads()
  const scanner = clamdScanner(places.clamdSocket, config.scanTimeoutMs)
  const acceptance = openAcceptance({
    ...domains,
    volume: { note: async () => null, whyStopped: async () => null, delivered: () => {} },
    findIntegrity: async () => null, // it quotes nothing
    lookInside: newLookInside(documents, systemClock),
    countExpansion: newExpansion(systemClock),
    scanner,
    roomOf: newRoomOf(domains),
    hasRoom,
    recordHeld: record.refusal,
    markings: markingSetIn(config.markingsFolder),
    hostName: config.hostName,
    announce: (placed) => watcher.announce(placed),
  })
  const newSpool = spoolsIn(places.spool, domains.keys.sealing)
  const parts = { ...domains, mailboxes, acceptance, newSpool, log, hostName: config.hostName }
  return {
    send: async () => (hasRoom() && record.refusal() === null ? replyWhileAway(parts) : 0),
    async close() {
      space.stop()
      record.close()
      scanner.close()
      await documents.close()
    },
  }
}
