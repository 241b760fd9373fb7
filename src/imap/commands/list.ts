// LIST and LSUB. RFC 3501 §6.3.8 and §6.3.9, RFC 3348 (CHILDREN), RFC 5258, RFC 5819 (STATUS), RFC 6154 (SPECIAL-USE).
import { BadCommand } from '#base/faults.ts'
import { afterSignIn, type Command } from '#imap/command.ts'
import { parseStatusItems, statusResponse } from '#imap/commands/status.ts'
import type { MailboxEntry } from '#imap/doors.ts'
import { mailboxName, type Octets } from '#imap/encode.ts'
import type { Decoder } from '#imap/grammar.ts'
import { ListPattern, namesAbove } from '#imap/names.ts'
import { canonicalName } from '#mailbox/names.ts'
import { no, ok } from '#imap/responses.ts'

interface ListRequest {
  readonly patterns: readonly string[]
  readonly only: ReadonlySet<string>
  readonly returns: ReadonlySet<string>
  readonly statusItems: readonly string[]
}

const selections = ['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE']
const returnOptions = ['SUBSCRIBED', 'CHILDREN', 'SPECIAL-USE', 'STATUS']

export const list: Command<ListRequest> = {
  verb: 'LIST',
  states: afterSignIn,
  parse(input) {
    input.space()
    const only = new Set(input.isNext('(') ? selectionOptions(input) : [])
    const patterns = parsePatterns(input)
    let statusItems: string[] = []
    const returns = new Set<string>()
    if (input.take(' ')) {
      if (input.word() !== 'RETURN') throw new BadCommand('Only RETURN may follow the patterns')
      input.space()
      input.list(
        () => {
          const option = input.word()
          if (!returnOptions.includes(option)) throw new BadCommand('There is no such return option')
          returns.add(option)
          if (option !== 'STATUS') return
          input.space()
          statusItems = parseStatusItems(input)
        },
        0,
        input.limits.fetchItems,
      )
    }
    return { patterns, only, returns, statusItems }
  },
  async *run(session, request) {
    if (request.patterns.join('') === '' && request.only.size === 0) {
      yield '* LIST (\\Noselect) "/" ""\r\n'
      return ok('That is the separator')
    }
    const { listWildcards } = session.limits
    const patterns = request.patterns.map((pattern) => new ListPattern(pattern))
    if (patterns.some((pattern) => pattern.wildcards > listWildcards))
      return no('LIMIT', `A pattern has at most ${listWildcards} wildcards`)
    const mailboxes = await session.doors.mailboxes(session.who)
    for (const listed of listedBy(mailboxes, request, (name) => patterns.some((pattern) => pattern.matches(name)))) {
      yield listed.response
      if (request.statusItems.length === 0 || !listed.selectable) continue
      const counts = await session.doors.status(session.who, listed.name)
      if (counts !== null) yield statusResponse(listed.name, counts, request.statusItems, session.limits)
    }
    return ok('Those are the mailboxes')
  },
}

export const lsub: Command<string> = {
  verb: 'LSUB',
  states: afterSignIn,
  parse(input) {
    input.space()
    return parsePatterns(input)[0]!
  },
  async *run(session, text) {
    const pattern = new ListPattern(text)
    if (pattern.wildcards > session.limits.listWildcards)
      return no('LIMIT', `A pattern has at most ${session.limits.listWildcards} wildcards`)
    const subscribed = (await session.doors.mailboxes(session.who)).filter((mailbox) => mailbox.subscribed)
    const names = new Set(subscribed.map((mailbox) => mailbox.name))
    for (const name of withAbove(names)) {
      // A level above a subscribed name shows only where % stopped at it (RFC 3501 §6.3.9).
      if (!pattern.matches(name) || (!names.has(name) && !text.includes('%'))) continue
      yield `* LSUB (${names.has(name) ? '' : '\\Noselect'}) "/" ${mailboxName(name)}\r\n`
    }
    return ok('Those are subscribed')
  },
}

function selectionOptions(input: Decoder): string[] {
  const option = () => {
    const name = input.word()
    if (!selections.includes(name)) throw new BadCommand('There is no such selection option')
    return name
  }
  const options = input.list(option, 0, input.limits.fetchItems)
  input.space()
  if (options.includes('RECURSIVEMATCH') && !options.includes('SUBSCRIBED'))
    throw new BadCommand('RECURSIVEMATCH goes with SUBSCRIBED')
  return options
}

/** The reference name and one pattern or a list of them, joined. */
function parsePatterns(input: Decoder): string[] {
  const reference = input.mailbox()
  input.space()
  const patterns = input.isNext('(')
    ? input.list(() => input.listMailbox(), 1, input.limits.listWildcards)
    : [input.listMailbox()]
  // An empty pattern asks for the separator, whatever the reference.
  return patterns.map((pattern) => (pattern === '' ? '' : canonicalName(`${reference}${pattern}`)))
}

interface Listed {
  readonly name: string
  readonly selectable: boolean
  readonly response: Octets
}

function* listedBy(
  mailboxes: readonly MailboxEntry[],
  request: ListRequest,
  matches: (name: string) => boolean,
): Generator<Listed> {
  const byName = new Map(mailboxes.map((mailbox) => [mailbox.name, mailbox]))
  const parents = new Set(mailboxes.flatMap((mailbox) => namesAbove(mailbox.name)))
  const chosen = request.only.has('RECURSIVEMATCH') ? mailboxes.filter((mailbox) => isChosen(mailbox, request.only)) : []
  const aboveChosen = new Set(chosen.flatMap(({ name }) => namesAbove(name)))
  // What is not chosen itself is shown for what is below it where that is not shown (RFC 5258 §3.5).
  const aboveHidden = new Set(chosen.filter(({ name }) => !matches(name)).flatMap(({ name }) => namesAbove(name)))
  for (const name of withAbove(new Set(byName.keys()))) {
    const mailbox = byName.get(name)
    if (!matches(name) || !(isChosen(mailbox, request.only) || aboveHidden.has(name))) continue
    const attributes = [
      ...(mailbox === undefined ? ['\\NonExistent', '\\Noselect'] : mailbox.noSelect === true ? ['\\Noselect'] : []),
      parents.has(name) ? '\\HasChildren' : '\\HasNoChildren',
      ...(mailbox?.specialUse ? [mailbox.specialUse] : []),
      ...(mailbox?.subscribed && (request.returns.has('SUBSCRIBED') || request.only.has('SUBSCRIBED')) ? ['\\Subscribed'] : []),
    ]
    const extended = aboveChosen.has(name) ? ' ("CHILDINFO" ("SUBSCRIBED"))' : ''
    const response = `* LIST (${attributes.join(' ')}) "/" ${mailboxName(name)}${extended}\r\n`
    yield { name, selectable: mailbox !== undefined && mailbox.noSelect !== true, response }
  }
}

function isChosen(mailbox: MailboxEntry | undefined, only: ReadonlySet<string>): boolean {
  if (only.has('SUBSCRIBED') && mailbox?.subscribed !== true) return false
  return !only.has('SPECIAL-USE') || (mailbox?.specialUse ?? null) !== null
}

/** INBOX, then names with every level above them, in order. */
function withAbove(names: ReadonlySet<string>): string[] {
  const all = new Set([...names].flatMap((name) => [...namesAbove(name), name]))
  return [...all].sort((a, b) => Number(b === 'INBOX') - Number(a === 'INBOX') || (a < b ? -1 : 1))
}
