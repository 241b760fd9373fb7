// A broken argument with a reply code of its own; the plain BadCommand is answered 501 5.5.4.
import { BadCommand } from '#base/faults.ts'

export class BadArgument extends BadCommand {
  override name = 'BadArgument'
  readonly code: number
  readonly status: string

  constructor(code: number, status: string, text: string) {
    super(text)
    this.code = code
    this.status = status
  }
}
