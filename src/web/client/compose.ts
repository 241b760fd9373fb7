// The form of a message, where scripts run: it saves itself, suggests people, and attaches files in place. Everything it does the form can do without it.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { attachInPlace } from '#web/client/compose-files.ts'
import { suggestPeople } from '#web/client/compose-people.ts'

const afterChangeMs = 3000
const form = document.querySelector<HTMLFormElement>('#compose')
const status = document.querySelector<HTMLElement>('#saved')
const files = document.querySelector<HTMLElement>('#attaching')
const field = (name: string) => form?.querySelector<HTMLInputElement>(`[name="${name}"]`) ?? null

let timer: number | undefined
let saving: Promise<boolean> = Promise.resolve(true)
let isChanged = false
let isLeaving = false
let isSaving = false

function say(text: string, where = status): void {
  if (where !== null && where.textContent !== text) where.textContent = text
}

/** What the form would send, and what the script asks for. */
function fieldsOf(of: HTMLFormElement): URLSearchParams {
  const fields = new URLSearchParams()
  for (const [name, value] of new FormData(of)) if (typeof value === 'string') fields.append(name, value)
  fields.set('do', 'autosave')
  return fields
}

/** Saves, one save after another; true when what is in the form is saved. */
function save(): Promise<boolean> {
  window.clearTimeout(timer)
  saving = saving.then(async (was) => {
    if (!isChanged || isLeaving) return was
    isSaving = true
    const done = await saveNow()
    isSaving = false
    return done
  })
  return saving
}

async function saveNow(): Promise<boolean> {
  if (form === null) return false
  isChanged = false
  try {
    const answer = await fetch(form.action, {
      method: 'POST',
      body: fieldsOf(form),
      headers: { accept: 'application/json' },
      redirect: 'error',
    })
    if (answer.status === 409) {
      say('This draft was changed in another window. Press “Save draft” to see both.')
      return false
    }
    if (!answer.ok) throw new Error('not saved')
    const saved = (await answer.json()) as { action: string; files: string; version: number }
    taken(saved)
    say('Draft saved.')
    return true
  } catch {
    isChanged = true
    say('The draft could not be saved by itself. Press “Save draft”.')
    return false
  }
}

/** From now on the form is that draft’s. */
function taken(saved: { action: string; files: string; version: number }): void {
  if (form === null) return
  if (form.getAttribute('action') !== saved.action) {
    form.setAttribute('action', saved.action)
    field('begun')?.remove()
    history.replaceState(null, '', saved.action)
  }
  form.dataset.files = saved.files
  setVersion(saved.version)
}

function setVersion(version: number): void {
  const hidden = field('version')
  // It only rises: answers to a save and to a file may come in either order.
  if (hidden !== null && Number(hidden.value) < version) hidden.value = String(version)
}

if (form !== null) {
  form.addEventListener('input', () => {
    isChanged = true
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void save(), afterChangeMs)
  })
  form.addEventListener('focusout', () => void save())
  suggestPeople(form)
  const mayGoOn = attachInPlace(form, {
    say: (text) => say(text, files),
    setVersion,
    async ready() {
      isChanged = isChanged || form.dataset.files === undefined
      await save()
      return form.dataset.files ?? null
    },
  })
  form.addEventListener('submit', (event) => {
    const { submitter } = event
    // Nothing goes on without a file that was chosen. What was typed is saved meanwhile.
    if (!mayGoOn(() => form.requestSubmit(submitter))) {
      event.preventDefault()
      isLeaving = false
      void save()
      return
    }
    // The form carries everything; a save that is under way would make its version old, and is waited for.
    isLeaving = true
    window.clearTimeout(timer)
    if (!isSaving) return
    event.preventDefault()
    void saving.then(() => form.requestSubmit(submitter))
  })
  window.addEventListener('pageshow', () => {
    isLeaving = false
  })
}
