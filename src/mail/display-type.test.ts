// What a file is by its octets, and when its name misleads. WHATWG MIME Sniffing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameMisleads, trueTypeOf } from '#mail/display-type.ts'

const table: [leading: string, name: string, noun: string, misleads: boolean, runs: boolean][] = [
  ['%PDF-1.7', 'a.pdf', 'PDF document', false, false],
  ['%PDF-1.7', 'a.exe', 'PDF document', true, false],
  ['%PDF-1.7', 'a.png', 'PDF document', true, false],
  ['MZ\x90\0', 'a.exe', 'Program (Windows)', false, true],
  ['MZ\x90\0', 'invoice.pdf', 'Program (Windows)', true, true],
  ['MZ\x90\0', 'invoice', 'Program (Windows)', true, true],
  ['\x7fELF', 'photo.jpg', 'Program (Linux)', true, true],
  ['#!/bin/sh\n', 'notes.txt', 'Program (script)', true, true],
  ['#!/bin/sh\n', 'run.sh', 'Program (script)', false, true],
  ['\x89PNG\r\n\x1a\n', 'a.png', 'Picture (PNG)', false, false],
  ['\xff\xd8\xff\xe0', 'a.JPG', 'Picture (JPEG)', false, false],
  ['RIFF\0\0\0\0WEBP', 'a.webp', 'Picture (WebP)', false, false],
  ['PK\x03\x04', 'a.docx', 'Document', false, false],
  ['PK\x03\x04', 'a.zip', 'Archive (zip)', false, false],
  ['PK\x03\x04', 'a.pdf', 'Archive (zip)', true, false],
  ['PK\x03\x04', 'a.jar', 'Program (Java)', false, true],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'a.doc', 'Older Office document', false, false],
  ['<!DOCTYPE html><p>', 'a.html', 'Web page', false, false],
  ['<html><script>', 'a.pdf', 'Web page', true, false],
  ['<?xml version="1.0"?><svg xmlns=""/>', 'a.svg', 'Drawing (SVG)', false, false],
  ['<svg onload=alert(1)>', 'a.png', 'Drawing (SVG)', true, false],
  ['just words', 'a.txt', 'Text', false, false],
  ['WScript.Echo 1', 'a.vbs', 'Program (script)', false, true],
  ['\0\x01\x02', 'a.dat', 'File', false, false],
  ['', 'a.txt', 'Text', false, false],
]

for (const [leading, name, noun, misleads, runs] of table) {
  test(`${JSON.stringify(leading)} named ${name} is: ${noun}${misleads ? ', and its name misleads' : ''}`, () => {
    const type = trueTypeOf(Buffer.from(leading, 'latin1'), name)
    assert.deepEqual([type.noun, nameMisleads(type, name), type.runs], [noun, misleads, runs])
  })
}
