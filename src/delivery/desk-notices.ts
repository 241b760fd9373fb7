// What the Helpdesk tells a person by an ordinary message in their INBOX, in the transaction of what it tells of. G05
import type { Clock } from '#base/clock.ts'
import { newId } from '#base/ids.ts'
import { inspect, octetsOf } from '#delivery/inspect.ts'
import { newSealMessage } from '#delivery/seal-message.ts'
import { contentCommitment, type Detail } from '#evidence/leaf.ts'
import type { Evidence } from '#evidence/record.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { formatDate } from '#mail/date.ts'
import { lockForDelivery, type PlacedCopy, placeCopies } from '#mailbox/deliver.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Transaction } from '#store/database.ts'

export interface DeskNotices {
  /** Delivers it to the account's INBOX; `about` goes into the record. Nothing where the account has no mailbox any more. */
  deliver(
    tx: Transaction,
    account: string,
    notice: { readonly subject: string; readonly text: string },
    about: Detail,
  ): Promise<PlacedCopy[]>
  /** Tells who watches the mailboxes, after the commit. */
  announce(placed: readonly PlacedCopy[]): void
}

export interface DeskNoticeParts {
  readonly keys: Keys
  readonly evidence: Evidence
  readonly contentStore: ContentStore
  readonly clock: Clock
  readonly hostName: string
  readonly announce: (placed: readonly PlacedCopy[]) => void
}

/** Makes what delivers the Helpdesk's notices. Subject and text are the service's own, in ASCII but for quotation marks. */
export function newDeskNotices(parts: DeskNoticeParts): DeskNotices {
  const { keys, evidence, clock, hostName } = parts
  const sealMessage = newSealMessage({ keys, contentStore: parts.contentStore, clock })
  return {
    announce: parts.announce,
    async deliver(tx, account, { subject, text }, about) {
      const targets = await lockForDelivery(tx, [account])
      if (targets.used(account) === null) return []
      const atMs = clock.now()
      const fields = [
        `From: Helpdesk <postmaster@${hostName}>`,
        `Date: ${formatDate(atMs)}`,
        `Subject: ${subject}`,
        `Message-ID: <${newId(atMs)}@${hostName}>`,
        'Auto-Submitted: auto-generated',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 8bit',
      ]
      const octets = octetsOf(Buffer.from(`${fields.join('\r\n')}\r\n\r\n${text.replaceAll('\n', '\r\n')}`))
      const { header, structure } = await inspect(octets)
      const head = octets.whole()!.subarray(0, header.octets)
      const { message, dataKey, digest } = await sealMessage({
        head,
        header,
        octets,
        bodyStart: header.octets,
        root: structure.root,
        marking: null,
      })
      const [epoch] = await keys.currentFor([account], 'mailbox')
      const wrappedKey = keys.seal(epoch!, `copy/${message.id}`, dataKey.export())
      const copy = { holder: account, mailbox: null, message, wrappedKey, flags: [], internalDateMs: atMs }
      const placed = placeCopies(tx, targets, [copy])
      const { id, octets: size } = message
      const details = [
        { ...about, message: id, notice: true, holder: account, delivered: contentCommitment(digest), octets: size },
      ]
      await evidence.write(tx, { event: 'ContentConsignment', actor: theService, about: account, details })
      return placed
    },
  }
}
