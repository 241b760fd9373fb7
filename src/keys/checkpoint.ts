// A checkpoint: the size and root of the tree under the log's name (C2SP tlog-checkpoint), the text of a signed note.

export interface Checkpoint {
  readonly origin: string
  readonly size: number
  /** 32 octets. */
  readonly root: Buffer
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** Reads a checkpoint's text; null when it is none. Ours have no extension lines. */
export function readCheckpoint(text: string): Checkpoint | null {
  const [origin = '', digits = '', encoded = '', end, ...more] = text.split('\n')
  if (origin === '' || end !== '' || more.length > 0 || !/^(0|[1-9][0-9]{0,15})$/.test(digits)) return null
  const root = Buffer.from(encoded, 'base64')
  const size = Number(digits)
  return root.length === 32 && root.toString('base64') === encoded && Number.isSafeInteger(size) ? { origin, size, root } : null
}
