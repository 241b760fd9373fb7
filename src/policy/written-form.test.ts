// Every form in which a marking is written reads back as the same marking. G06, RFC 7444, RFC 2231.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { composeField, fieldText, parseHeader } from '#mail/header.ts'
import { encodeWords, decodeWords } from '#mail/words.ts'
import { markingOf } from '#policy/form.ts'
import { markingWords } from '#policy/marking.ts'
import { readBannerMarkings, readMarkingLine, readSubjectMarking } from '#policy/read-marking.ts'
import { type Scheme, shippedSchemes } from '#policy/schemes.ts'
import { readSioLabel, writeLabelHistory, writeSioLabel } from '#policy/sio-label.ts'
import { bannerLine, isSameMarking, subjectTag } from '#policy/written-form.ts'

const runs = { seed: 11, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 2_000) }
const names = (list: readonly { name: string }[]) => [...new Set(list.map((each) => each.name))]

/** Markings made of what a scheme knows, with names and roles before EYES ONLY. */
function markingsOf(scheme: Scheme) {
  const named = fc.constantFrom('J. SMITH EYES ONLY', 'HEAD OF LEGAL EYES ONLY', 'SMITH & JONES EYES ONLY', 'MÜLLER EYES ONLY')
  return fc
    .record({
      level: fc.option(fc.constantFrom(...scheme.levels)),
      descriptors: fc.uniqueArray(fc.constantFrom(...names(scheme.descriptors)), { maxLength: 3 }),
      caveats: fc.uniqueArray(fc.oneof(fc.constantFrom(...names(scheme.caveats)), named), { maxLength: 3 }),
    })
    .filter(({ level, descriptors, caveats }) => level !== null || descriptors.length + caveats.length > 0)
    .map((parts) => markingOf(scheme, { ...parts, bare: false }, 'as it stood'))
}
const markings = fc.oneof(...shippedSchemes.map(markingsOf))

/** As it would travel: composed, folded, parsed. */
function throughHeader(name: string, value: string): string {
  return fieldText(parseHeader(Buffer.concat([composeField(name, value), Buffer.from('\r\n')])).fields[0]!)
}
const read = (line: string) => readMarkingLine(line, { schemes: shippedSchemes, standsAlone: true })

test('a subject’s tag, composed and parsed, reads back as the marking that it was written for (G06)', () => {
  let written = 0
  const property = fc.property(markings, fc.string({ maxLength: 30 }), (marking, rest) => {
    const tag = subjectTag(marking, shippedSchemes)
    if (tag === null) return
    written++
    const subject = decodeWords(throughHeader('Subject', encodeWords(`${tag} ${rest.replace(/[\r\n\0]/g, ' ')}`)))
    const found = readSubjectMarking(subject, shippedSchemes)
    assert.ok(found !== null && found.marking.level === marking.level, subject)
  })
  fc.assert(property, runs)
  assert.ok(written > runs.numRuns / 3, `${written} tags`)
})

test('every level that may be carried has a tag and a banner, in each scheme (G06)', () => {
  for (const scheme of shippedSchemes) {
    for (const level of scheme.levels.filter((each) => !each.aboveCeiling)) {
      const marking = markingOf(scheme, { level, descriptors: [], caveats: [], bare: false }, level.name)
      assert.equal(subjectTag(marking, shippedSchemes), `[${level.name}]`)
      assert.equal(bannerLine(marking, shippedSchemes), level.name)
    }
  }
})

test('a banner reads back as the marking that it was written for, above and alone (G06)', () => {
  const property = fc.property(markings, (marking) => {
    const line = bannerLine(marking, shippedSchemes)
    if (line === null) return
    const [found] = readBannerMarkings(`${line}\r\n\r\nDear all,\r\n\r\nSee below.\r\n`, shippedSchemes)
    assert.ok(found !== undefined && isSameMarking(found.marking, marking))
  })
  fc.assert(property, runs)
})

test('an SIO-Label, composed and parsed, reads back as the marking that it was written for (RFC 7444, G06)', () => {
  const property = fc.property(markings, (marking) => {
    const known = read(markingWords(marking))
    if (known === null || !isSameMarking(known, marking)) return
    const label = readSioLabel(throughHeader('SIO-Label', writeSioLabel(marking)), shippedSchemes)
    assert.ok(label !== null && isSameMarking(label, marking), writeSioLabel(marking))
    assert.match(writeSioLabel(marking), /^[ -~]+$/)
  })
  fc.assert(property, runs)
})

test('a level with an ESS label is written with it, so that others read it too (RFC 2634 §3.2)', () => {
  assert.equal(writeSioLabel(read('RESTRICTED - STAFF')!), 'marking="RESTRICTED - STAFF"; type=":ess"; label="MQYCAQIGASk="')
  assert.equal(writeSioLabel(read('PROTECT')!), 'marking="PROTECT"')
  assert.equal(
    writeSioLabel(read('RESTRICTED - MÜLLER EYES ONLY')!).split(';')[0],
    "marking*0*=utf-8''RESTRICTED%20-%20M%C3%9CLLER%20EYES%20ONLY",
  )
})

test('a history says what was, what is, who changed it and why, and nothing in it starts a field (RFC 7444)', () => {
  const marking = read('RESTRICTED')!
  assert.equal(
    writeLabelHistory({ before: 'PROTECT', after: marking, by: 'mail.cjsm.test', at: 'today', comment: 'say "why"' }),
    'marking="PROTECT"; new-marking="RESTRICTED"; change=replace; changed-by="mail.cjsm.test"; changed-at="today"; changed-comment="say \\"why\\""',
  )
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
    const value = writeLabelHistory({ before: text, after: marking, by: text, at: text, comment: text })
    assert.match(value, /^[ -~]+$/)
    assert.ok(throughHeader('SIO-Label-History', value).includes('change=replace'))
  })
  fc.assert(property, { seed: 12, numRuns: 500 })
})

test('what would be read as another marking is not written: an own one, and one with words that no scheme knows (G06)', () => {
  const restricted = read('RESTRICTED')!
  assert.equal(subjectTag({ ...restricted, scheme: 'own' }, shippedSchemes), null)
  assert.equal(subjectTag({ ...restricted, descriptors: ['NEW WORD'] }, shippedSchemes), null)
  assert.equal(bannerLine({ ...restricted, caveats: ['A\r\nBcc: x'] }, shippedSchemes), null)
})
