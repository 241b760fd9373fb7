import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, decodeTransfer } from '#mail/decode.ts'

const bodies: [why: string, encoding: string, written: string, decoded: string][] = [
  ['base64', 'BASE64', 'aGVsbG8gd29ybGQ=', 'hello world'],
  ['base64 in lines', 'base64', 'aGVs\r\nbG8g\r\nd29y\r\nbGQ=\r\n', 'hello world'],
  ['base64 with rubbish in it', 'base64', 'aG!Vs*bG8', 'hello'],
  ['base64 that was cut off', 'base64', 'aGVsbG8gd29yb', 'hello wor'],
  ['base64 in pieces, each padded', 'base64', 'aGk=aG8=\r\naGE=aGU=', 'hihohahe'],
  ['base64 of padding only', 'base64', '====================', ''],
  ['quoted-printable', 'Quoted-Printable', 'caf=C3=A9 =3D soft=\r\n break', 'café = soft break'],
  ['quoted-printable in small letters', 'quoted-printable', '=c3=a9', 'é'],
  ['quoted-printable with white space at line ends', 'quoted-printable', 'a  \t\r\nb=20 \r\nc ', 'a\r\nb \r\nc '],
  ['quoted-printable with padding after a soft break', 'quoted-printable', 'a= \t\r\nb=\nc=', 'abc'],
  ['quoted-printable that is broken', 'quoted-printable', 'a=XYb=4', 'a=XYb=4'],
  ['no encoding', '7BIT', 'a=41', 'a=41'],
  ['an unknown encoding', 'x-uuencode', 'abc', 'abc'],
]

for (const [why, encoding, written, decoded] of bodies) {
  test(`RFC 2045 §6: ${why} is decoded`, () => assert.equal(decodeTransfer(Buffer.from(written), encoding).toString(), decoded))
}

test('RFC 2045 §6.8: base64 of every octet reads back, also through the slow way', () => {
  const octets = Buffer.from(Array.from({ length: 256 * 3 }, (_, index) => index % 256))
  const written = octets.toString('base64')
  assert.deepEqual(decodeTransfer(Buffer.from(written), 'base64'), octets)
  assert.deepEqual(
    decodeTransfer(Buffer.from(`YQ==${' '.repeat(20)}${written}`), 'base64'),
    Buffer.concat([Buffer.from('a'), octets]),
  )
})

test('RFC 2045 §2.2: a body is text in its charset, in Latin-1 where that is unknown, in UTF-8 where none is given', () => {
  assert.equal(decodeText(Buffer.from('é'), 'UTF-8'), 'é')
  assert.equal(decodeText(Buffer.from([0xe9]), 'iso-8859-1'), 'é')
  assert.equal(decodeText(Buffer.from([0x80]), 'Windows-1252'), '€')
  assert.equal(decodeText(Buffer.from([0xe9]), 'x-none'), 'é')
  assert.equal(decodeText(Buffer.from('é'), null), 'é')
  assert.equal(decodeText(Buffer.from('é'), 'us-ascii'), 'é')
  assert.equal(decodeText(Buffer.from([0xe9]), null), 'é')
  assert.equal(decodeText(Buffer.from([0x61, 0xff]), 'utf-8'), 'a\ufffd')
  assert.equal(decodeText(Buffer.from('a\0b\0'), 'utf-16le'), 'ab')
})
