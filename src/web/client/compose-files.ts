// Attaching files where the message is written: a field of files, a bar that says how far each upload is, and a button that removes one.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

interface Attached {
  readonly files: readonly { readonly name: string; readonly octets: number; readonly remove: string }[]
  readonly version: number
  readonly refusal: string | null
}

export interface FileHost {
  say(text: string): void
  setVersion(version: number): void
  /** Saves the draft where it is none yet: where files go, or null. */
  ready(): Promise<string | null>
}

const csrfOf = (form: HTMLFormElement) => form.querySelector<HTMLInputElement>('[name="csrf"]')?.value ?? ''

/** Adds the field to a form. */
export function attachInPlace(form: HTMLFormElement, host: FileHost): void {
  const list = form.querySelector<HTMLUListElement>('#files')
  if (list === null) return
  const label = document.createElement('label')
  label.className = 'govuk-label'
  label.htmlFor = 'attach'
  label.textContent = 'Attach files'
  const input = document.createElement('input')
  input.className = 'govuk-file-upload'
  input.id = 'attach'
  input.type = 'file'
  input.multiple = true
  list.before(label, input)
  input.addEventListener('change', () => {
    const chosen = [...(input.files ?? [])]
    input.value = ''
    void uploadAll(form, list, host, chosen)
  })
}

/** One after another, so that each is told by itself. */
async function uploadAll(form: HTMLFormElement, list: HTMLUListElement, host: FileHost, files: readonly File[]): Promise<void> {
  const to = await host.ready()
  if (to === null) return
  for (const file of files) {
    const item = document.createElement('li')
    const name = document.createElement('bdi')
    name.textContent = file.name
    const bar = document.createElement('progress')
    bar.className = 'cjsm-progress'
    bar.max = 1
    bar.setAttribute('aria-label', `Attaching ${file.name}`)
    item.append(name, bar)
    list.append(item)
    const attached = await upload(to, csrfOf(form), file, (part) => {
      bar.value = part
    })
    item.remove()
    if (attached === null || attached.refusal !== null)
      host.say(attached?.refusal ?? `${file.name} could not be attached. Try again.`)
    else host.say(`${file.name} was attached.`)
    if (attached === null) continue
    if (attached.version > 0) host.setVersion(attached.version)
    for (const one of attached.files) list.append(itemOf(form, host, one))
    const none = form.querySelector<HTMLElement>('.cjsm-no-files')
    if (none !== null && list.children.length > 0) none.hidden = true
  }
}

function upload(to: string, csrf: string, file: File, progress: (part: number) => void): Promise<Attached | null> {
  const body = new FormData()
  body.append('csrf', csrf)
  body.append('file', file)
  return new Promise((resolve) => {
    const request = new XMLHttpRequest()
    request.open('POST', to)
    request.setRequestHeader('accept', 'application/json')
    request.responseType = 'json'
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total)
    })
    request.addEventListener('load', () =>
      resolve((request.response as { kind?: string } | null)?.kind === 'attached' ? (request.response as Attached) : null),
    )
    request.addEventListener('error', () => resolve(null))
    request.send(body)
  })
}

function itemOf(form: HTMLFormElement, host: FileHost, file: Attached['files'][number]): HTMLElement {
  const item = document.createElement('li')
  const name = document.createElement('bdi')
  name.textContent = file.name
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'govuk-button govuk-button--secondary cjsm-button--small'
  button.textContent = 'Remove'
  button.setAttribute('aria-label', `Remove ${file.name}`)
  button.addEventListener('click', async () => {
    button.disabled = true
    const body = new URLSearchParams({ csrf: csrfOf(form) })
    const answer = await fetch(file.remove, {
      method: 'POST',
      body,
      headers: { accept: 'application/json' },
      redirect: 'error',
    }).catch(() => null)
    if (answer === null || !answer.ok) {
      button.disabled = false
      host.say(`${file.name} could not be removed. Try again.`)
      return
    }
    const { version } = (await answer.json()) as { version: number }
    host.setVersion(version)
    host.say(`${file.name} was removed.`)
    item.remove()
    document.querySelector<HTMLElement>('#attach')?.focus()
  })
  item.append(name, ' ', button)
  return item
}
