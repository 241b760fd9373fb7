// Text in format=flowed as the paragraphs that it was written in. RFC 3676 §4.

/** The lines of flowed text, soft breaks joined, quotes marked `> ` as deep as they were; `delSp` drops the space of a soft break. */
export function unflow(text: string, delSp: boolean): string {
  const lines: string[] = []
  let open: { depth: number; pieces: string[] } | null = null
  const close = () => {
    if (open !== null) lines.push(`${quoteMark(open.depth)}${open.pieces.join('')}`)
    open = null
  }
  for (const line of text.split('\n')) {
    const depth = quoteDepth(line)
    const stuffed = line.slice(depth)
    const content = stuffed.startsWith(' ') ? stuffed.slice(1) : stuffed
    // A signature's separator is never flowed (§4.3).
    const isSoft = content.endsWith(' ') && content !== '-- '
    const before = open as { depth: number; pieces: string[] } | null
    if (before === null || before.depth !== depth || content === '-- ') close()
    open ??= { depth, pieces: [] }
    open.pieces.push(isSoft && delSp ? content.slice(0, -1) : content)
    if (!isSoft) close()
  }
  close()
  return lines.join('\n')
}

function quoteDepth(line: string): number {
  let depth = 0
  while (line[depth] === '>') depth++
  return depth
}

function quoteMark(depth: number): string {
  return depth === 0 ? '' : `${'>'.repeat(depth)} `
}
