// Signed notes, checkpoints and cosignatures: the published examples, and that nothing changed verifies. C2SP signed-note, tlog-checkpoint, tlog-cosignature
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomOctets } from '#base/ids.ts'
import { checkpointText, readCheckpoint } from '#keys/checkpoint.ts'
import { newSigner, noteOf, readNote, readSigner, readVerifier, signedAt, signerText } from '#keys/note.ts'

const text = 'If you think cryptography is the answer to your problem,\nthen you don’t know what your problem is.\n'.replace(
  '’',
  "'",
)
const published = {
  signer: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  verifier: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
}

test('the published example of a signed note is signed and verified octet for octet', () => {
  const signer = readSigner(published.signer)!
  assert.equal(signer.verifier, published.verifier)
  assert.equal(signer.sign(text), published.line)
  const note = readNote(noteOf(text, [published.line]))!
  assert.equal(note.text, text)
  assert.equal(signedAt(note, readVerifier(published.verifier)!), 0)
})

test('a note with one character changed anywhere is not signed, or is no note', () => {
  const verifier = readVerifier(published.verifier)!
  const whole = noteOf(text, [published.line])
  for (let at = 0; at < whole.length - 5; at++) {
    const changed = `${whole.slice(0, at)}${whole[at] === 'A' ? 'B' : 'A'}${whole.slice(at + 1)}`
    const note = readNote(changed)
    assert.ok(note === null || signedAt(note, verifier) === null, `character ${at}`)
  }
})

test('a cosignature holds for its text and its second, and never as the signature of an author (C2SP tlog-cosignature)', () => {
  const seed = randomOctets(32)
  const witness = newSigner('witness.example/w1', 'witness', seed)
  const author = newSigner('witness.example/w1', 'author', seed)
  assert.notEqual(witness.verifier, author.verifier)
  const [cosigned, signed] = [witness.sign(text, 1_679_315_147), author.sign(text)].map((line) => readNote(noteOf(text, [line]))!)
  assert.equal(signedAt(cosigned!, readVerifier(witness.verifier)!), 1_679_315_147)
  assert.equal(signedAt(cosigned!, readVerifier(author.verifier)!), null)
  assert.equal(signedAt(signed!, readVerifier(witness.verifier)!), null)
  const [head, encoded] = witness.sign(text, 1_679_315_147).split(/ (?=[^ ]+$)/)
  const octets = Buffer.from(encoded!, 'base64')
  octets[11]! ^= 1 // the last octet of the time
  const moved = readNote(noteOf(text, [`${head} ${octets.toString('base64')}`]))!
  assert.equal(signedAt(moved, readVerifier(witness.verifier)!), null)
})

test('keys are read as they are written, and a changed one is none', () => {
  for (const signsAs of ['author', 'witness'] as const) {
    const seed = randomOctets(32)
    const written = signerText('mail.cjsm.test/evidence', signsAs, seed)
    const { verifier } = readSigner(`${written}\n`)!
    assert.equal(readVerifier(verifier)!.signsAs, signsAs)
    for (let at = 0; at < verifier.length; at++)
      assert.equal(readVerifier(`${verifier.slice(0, at)}${verifier[at] === 'b' ? 'c' : 'b'}${verifier.slice(at + 1)}`), null)
  }
})

test('what strangers send is a note or null, whatever it is, and a checkpoint reads as it was written', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ unit: 'grapheme', maxLength: 400 })),
      (given) => {
        readNote(given)
        readNote(noteOf(given, [published.line]))
        readVerifier(given)
        readSigner(given)
        readCheckpoint(given)
      },
    ),
    { seed: 3, numRuns: 500 },
  )
  const checkpoint = { origin: 'mail.cjsm.test/evidence', size: 20_852_163, root: randomOctets(32) }
  assert.deepEqual(readCheckpoint(checkpointText(checkpoint)), checkpoint)
  for (const wrong of [
    '',
    'a\n01\n',
    checkpointText(checkpoint).trimEnd(),
    `${checkpointText(checkpoint)}more\n`,
    checkpointText(checkpoint).replace('2', '-2'),
  ])
    assert.equal(readCheckpoint(wrong), null)
})
