// SIO-Label and its ESS labels. RFC 7444, RFC 2634 §3.2, G06.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shippedSchemes } from '#policy/schemes.ts'
import { maxParameterOctets } from '#policy/limits.ts'
import { markingOf } from '#policy/form.ts'
import { readSioLabel, writeSioLabel } from '#policy/sio-label.ts'

const cases: [string, string, string | null][] = [
  ['its marking', 'marking="RESTRICTED - MANAGEMENT"; fgcolor="black"', 'RESTRICTED'],
  ['a marking in pieces', 'marking*0="TOP"; marking*1=" SECRET"', 'TOP SECRET'],
  ['a marking with a charset', "marking*=utf-8'en'UK%20SECRET", 'SECRET'],
  ['ESS unmarked', 'type=":ess"; label="MQYCAQAGASk="', null],
  ['ESS unclassified', 'type=":ess"; label="MQYCAQEGASk="', 'NOT PROTECTIVELY MARKED'],
  ['ESS RESTRICTED', 'type=":ess"; label="MQYCAQIGASk="', 'RESTRICTED'],
  ['ESS CONFIDENTIAL', 'type=":ess"; label="MQYCAQMGASk="', 'CONFIDENTIAL'],
  ['ESS SECRET', 'type=":ess"; label="MQYCAQQGASk="', 'SECRET'],
  ['ESS TOP SECRET', 'type=":ess"; label="MQYCAQUGASk="', 'TOP SECRET'],
  ['the label where it is higher', 'marking="PROTECT"; type=":ess"; label="MQYCAQQGASk="', 'SECRET'],
  ['the marking where it is higher', 'marking="SECRET"; type=":ess"; label="MQYCAQIGASk="', 'SECRET'],
  ['nothing of another label type', 'type=":xml"; label="MQYCAQQGASk="', null],
  ['nothing of a truncated label', 'type=":ess"; label="MQYC"', null],
  ['nothing of a marking that no scheme knows', 'marking="EXAMPLE CONFIDENTIAL"', null],
  ['nothing of an empty field', '', null],
]

for (const [name, value, level] of cases) {
  test(`SIO-Label: ${name} is ${level ?? 'no level'} (RFC 7444, RFC 2634 §3.2)`, () => {
    assert.equal(readSioLabel(value, shippedSchemes)?.level ?? null, level)
  })
}

test('no ESS label makes the reader throw (RFC 2634)', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (octets, isSet) => {
    const der = Buffer.concat([isSet ? Buffer.from([0x31]) : Buffer.alloc(0), octets])
    readSioLabel(`type=":ess"; label="${der.toString('base64')}"`, shippedSchemes)
  })
  fc.assert(property, { seed: 5, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 2_000) })
})

test('a parameter of 200 octets is one quoted string, a longer one stands in pieces (RFC 2231 §3)', () => {
  const written = (octets: number) => {
    const parts = { level: null, descriptors: [], caveats: ['x'.repeat(octets)], bare: false }
    return writeSioLabel(markingOf(shippedSchemes[0]!, parts, ''))
  }
  assert.equal(written(maxParameterOctets), `marking="${'x'.repeat(maxParameterOctets)}"`)
  assert.equal(written(maxParameterOctets + 1), `marking*0*=utf-8''${'x'.repeat(maxParameterOctets)}; marking*1*=x`)
})
