import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDate, parseDate } from '#mail/date.ts'

const at = Date.UTC(2026, 10, 21, 9, 5, 7)

test('RFC 5322 §3.3: a time is written in UTC', () => {
  assert.equal(formatDate(at), 'Sat, 21 Nov 2026 09:05:07 +0000')
  assert.equal(formatDate(Date.UTC(2027, 0, 1)), 'Fri, 1 Jan 2027 00:00:00 +0000')
})

const dates: [text: string, at: number | null][] = [
  ['Sat, 21 Nov 2026 09:05:07 +0000', at],
  ['21 Nov 2026 10:05:07 +0100', at],
  ['Sat, 21 Nov 2026 03:35:07 -0530 (IST (or so))', at],
  ['Sat,21 Nov 2026 09:05:07 GMT', at],
  ['Saturday, 21 November 2026 04:05:07 EST', at],
  ['21 Nov 26 09:05:07 Z', at],
  ['Sat, 21 Nov 2026 09:05', at - 7000],
  ['21\tNov\t2026  09 : 05 : 07', at],
  ['Thu, 31 Dec 1998 23:59:60 +0000', Date.UTC(1998, 11, 31, 23, 59, 59)],
  ['1 Jan 70 00:00 +0000', 0],
  ['31 Feb 2026 00:00:00 +0000', null],
  ['21 Nov 2026 24:00:00 +0000', null],
  ['21 Nov 2026 09:60:00 +0000', null],
  ['21 Foo 2026 09:05:07 +0000', null],
  ['yesterday', null],
  ['', null],
]

for (const [text, time] of dates) {
  test(`RFC 5322 §3.3 and §4.3: ${JSON.stringify(text)} is ${time === null ? 'no date' : 'a date'}`, () =>
    assert.equal(parseDate(text), time))
}
