// Runs the transcripts of dialogues/ over a real TLS port, the doors in memory. RFC 3501.
import { test } from 'node:test'
import { dialoguesIn, runDialogue } from '#test/support/dialogue.ts'
import { startFace } from '#test/support/imap-face.ts'

for (const dialogue of dialoguesIn(new URL('./dialogues/', import.meta.url))) {
  test(`a session goes as in dialogues/${dialogue.name} (RFC 3501)`, async () => {
    const face = await startFace(Object.fromEntries([...dialogue.settings].map(([key, value]) => [key, Number(value)])))
    try {
      await runDialogue(dialogue, { port: face.port, variables: { space: ' ' } })
    } finally {
      await face.close()
    }
  })
}
