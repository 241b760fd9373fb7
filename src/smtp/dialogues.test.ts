// The transcripts of dialogues/, each over a real socket against a port of its own.
import { after, test } from 'node:test'
import { openTestPort } from '#smtp/submission.test-support.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import { dialoguesIn, runDialogue, type Dialogue } from '#test/support/dialogue.ts'

const certificate = makeCertificate()
after(() => certificate.remove())

const variables = Object.fromEntries([100, 493, 505, 12_275].map((count) => [`x${count}`, 'x'.repeat(count)]))

function portOptions({ settings }: Dialogue): Parameters<typeof openTestPort>[0] {
  const limits = Object.fromEntries(
    [...settings].filter(([, value]) => /^\d+$/.test(value)).map(([name, value]) => [name, Number(value)]),
  )
  return {
    certificate,
    tls: settings.get('tls') === 'starttls' ? 'starttls' : 'implicit',
    admit: settings.get('admit') !== 'no',
    limits,
  }
}

for (const dialogue of dialoguesIn(new URL('./dialogues/', import.meta.url))) {
  test(`${dialogue.name}: ${dialogue.title}`, async () => {
    const { port, listener } = await openTestPort(portOptions(dialogue))
    try {
      await runDialogue(dialogue, { port, variables })
    } finally {
      await listener.close(0)
    }
  })
}
