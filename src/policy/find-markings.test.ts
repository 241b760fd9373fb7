// The markings of a whole message as facts. G05–G07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHeader } from '#mail/header.ts'
import { findMarkings, isForward, isReply, namesAnEarlier } from '#policy/find-markings.ts'
import { shippedSchemes } from '#policy/schemes.ts'

function found(lines: readonly string[], ...texts: string[]): string[] {
  const header = parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))
  return findMarkings(header, texts, shippedSchemes).map(({ carrier, origin, line }) => `${carrier} ${origin} ${line}`)
}

test('every carrier is read: fields, subject, and the banner of each alternative (G05)', () => {
  assert.deepEqual(found(['X-Protective-Marking: SEC=SECRET', 'Subject: Re: [RESTRICTED] x'], 'PROTECT\n\nx', 'x\n\nUK SECRET'), [
    'x-protective-marking originated SEC=SECRET',
    'subject inherited RESTRICTED',
    'banner originated PROTECT',
    'banner inherited UK SECRET',
  ])
})

test('an encoded subject is decoded; of two Subject fields both count (G05, RFC 2047)', () => {
  assert.deepEqual(found(['Subject: =?utf-8?q?Plan_=5BTOP_SECRET=5D?=', 'Subject: PROTECT: plan']), [
    'subject originated TOP SECRET',
    'subject originated PROTECT',
  ])
})

test('the last line of an answer is the writer’s own where quoting shows what is not (G07)', () => {
  const answer = ['In-Reply-To: <a@b.example>', 'Subject: x']
  assert.deepEqual(found(answer, 'Thanks.\n\nRESTRICTED'), ['banner inherited RESTRICTED'])
  assert.deepEqual(found(answer, '> Hello\n\nThanks.\n\nRESTRICTED'), ['banner originated RESTRICTED'])
  assert.deepEqual(found(answer, 'RESTRICTED\n\nThanks.'), ['banner originated RESTRICTED'])
})

test('what stands at the end of an original hides no marking of the writer’s own (G05, G07)', () => {
  const own = 'RESTRICTED\n\nPlease see below.\n\n'
  const original = '-----Original Message-----\nFrom: Dr B <b@x.example>\nSent: Monday\nSubject: report\n\nThe patient is well.\n'
  assert.deepEqual(found(['Subject: FW: report'], `${own}${original}CONFIDENTIAL\n`), [
    'banner originated RESTRICTED',
    'banner inherited CONFIDENTIAL',
  ])
  assert.deepEqual(found(['Subject: Re: report', 'In-Reply-To: <a@b.example>'], 'RESTRICTED\n\nDone.\n\nCONFIDENTIAL\n'), [
    'banner originated RESTRICTED',
    'banner inherited CONFIDENTIAL',
  ])
})

test('only the marking of a subject becomes a fact, never the rest of it (G04)', () => {
  assert.deepEqual(found(['Subject: RESTRICTED - STAFF: the name of the informant']), ['subject originated RESTRICTED - STAFF'])
})

test('In-Reply-To and References make an answer (RFC 5322 §3.6.4)', () => {
  const header = (line: string) => parseHeader(Buffer.from(`${line}\r\n\r\n`))
  assert.deepEqual(
    ['In-Reply-To: <a@b>', 'references: <a@b>', 'Subject: Re: x'].map((line) => isReply(header(line))),
    [true, true, false],
  )
})

test('a message names an earlier one that it answers or passes on, and says in its subject that it is a forward (G07)', () => {
  const header = (line: string) => parseHeader(Buffer.from(`${line}\r\n\r\n`))
  const names = ['In-Reply-To: <a@b>', 'X-Forwarded-Message-Id: <a@b>', 'Subject: Fwd: x'].map((line) =>
    namesAnEarlier(header(line)),
  )
  assert.deepEqual(names, [true, true, false])
  const forwards = ['FW: x', 'Fwd : x', '=?utf-8?q?Fwd=3A_x?=', 'Re: x', 'x Fwd: y', 'Forward: x']
  assert.deepEqual(
    forwards.map((subject) => isForward(header(`Subject: ${subject}`))),
    [true, true, true, false, false, false],
  )
})

test('a subject of ten megabytes is read at both ends and holds nothing up (G05)', () => {
  const started = performance.now()
  assert.deepEqual(found([`Subject: SECRET: ${'é'.repeat(5_000_000)} [TOP SECRET]`]), ['subject originated TOP SECRET'])
  assert.deepEqual(found([`Subject: SECRET: ${'é'.repeat(5_000_000)}`]), ['subject originated SECRET'])
  assert.ok(performance.now() - started < 1_000)
})
