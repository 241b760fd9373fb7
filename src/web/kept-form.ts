// A form that was sent after its session had ended is not lost: its fields go through the sign-in page, sealed for that person, and are sent again by one button.
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import type { WebSession } from '#identity/web-sessions.ts'
import type { Page } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { isOwnPath } from '#web/urls.ts'

export interface KeptForm {
  readonly action: string
  readonly fields: readonly (readonly [name: string, value: string])[]
}

const place = 'web form'
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

/** The sign-in page that carries a form. */
export async function keptForm(doors: WebDoors, session: WebSession, action: string, form: URLSearchParams): Promise<Page> {
  const kept: KeptForm = { action, fields: [...form] }
  const packed = await promisify(brotliCompress)(JSON.stringify(kept), quality)
  const sealed = await doors.sealed.seal(session.who.account, place, packed)
  return {
    kind: 'page',
    template: 'sign-in/page.njk',
    title: 'Sign in again',
    status: 401,
    view: { userName: session.userName, next: '/', kept: sealed.toString('base64url') },
  }
}

/** What a sign-in page carried, or null when it was sealed for somebody else. */
export async function openKeptForm(doors: WebDoors, session: WebSession, kept: string): Promise<KeptForm | null> {
  try {
    const plain = await doors.sealed.unseal(session.who.account, place, Buffer.from(kept, 'base64url'))
    const form = JSON.parse((await promisify(brotliDecompress)(plain)).toString()) as KeptForm
    return isOwnPath(form.action) ? form : null
  } catch {
    return null
  }
}
