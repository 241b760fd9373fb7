// Gathers the lines of a page, a header or a footer while a document goes by, no more than a rule looks at. G05.
import { maxLineCharacters, maxLines } from '#mail/documents/limits.ts'

/** Text comes in pieces; a paragraph ends a line, and a row of a table is one line with a tab between its cells. */
export class Lines {
  readonly lines: string[] = []
  private current = ''
  private rows = 0
  private readonly outer: string[] = []

  get isFull(): boolean {
    return this.lines.length >= maxLines
  }

  add(text: string): void {
    // A paragraph of a megabyte is no marking: what is kept only shows that it is longer than one.
    if (this.current.length < maxLineCharacters) this.current += text.slice(0, maxLineCharacters)
  }

  /** A paragraph begins, perhaps in a text box within another. */
  beginParagraph(): void {
    if (this.rows > 0) return
    if (this.outer.length < maxLines) this.outer.push(this.current)
    this.current = ''
  }

  endParagraph(): void {
    if (this.rows > 0) this.add('\t')
    else {
      this.endLine()
      this.current = this.outer.pop() ?? ''
    }
  }

  beginRow(): void {
    if (this.rows++ === 0) this.endLine()
  }

  endRow(): void {
    if (this.rows > 0 && --this.rows === 0) this.endLine()
  }

  endLine(): void {
    const line = this.current.replace(/[\r\n\f\v\u2028\u2029]/g, ' ').trim()
    if (line !== '' && !this.isFull) this.lines.push(line.slice(0, maxLineCharacters))
    this.current = ''
  }
}
