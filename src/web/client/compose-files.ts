// Attaching files where the message is written: a field of files, each on its way by itself, and no way on while one is under way or has failed.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { type Problem, attachedItem, problemItem, runningItem } from '#web/client/compose-file-items.ts'
import { refreshProblems, showProblems } from '#web/client/compose-problems.ts'
import { type AttachedFile, filesOf, removeAttached, upload } from '#web/client/compose-upload.ts'

export interface FileHost {
  say(text: string): void
  setVersion(version: number): void
  /** Saves the draft where it is none yet: where files go, or null. */
  ready(): Promise<string | null>
}

/** What was stopped may have arrived already: so long the service has to take it in. */
const settleMs = 500

/** Whether the form may be sent: true when every file that was chosen is attached. Else it says why not, and calls `goOn` when the last one is. */
export type MayGoOn = (goOn: () => void) => boolean

/** Adds the field to a form. */
export function attachInPlace(form: HTMLFormElement, host: FileHost): MayGoOn {
  const list = form.querySelector<HTMLUListElement>('#files')
  if (list === null) return () => true
  const input = addField(list)
  const underWay = new Set<File>()
  const problems = new Map<File, Problem>()
  /** Where each file that is attached is removed: those that the page shows. */
  const shown = new Set([...list.querySelectorAll('li')].map((one) => one.dataset.remove ?? ''))
  let problemCount = 0
  let last: Promise<void> = Promise.resolve()
  let waiting: (() => void) | null = null

  const csrf = () => form.querySelector<HTMLInputElement>('[name="csrf"]')?.value ?? ''

  /** Puts items in the place of one, with the focus where that had it. */
  const replace = (item: HTMLElement, others: readonly HTMLElement[]) => {
    const hadFocus = item.contains(document.activeElement)
    item.replaceWith(...others)
    if (hadFocus) (others[0]?.querySelector('button') ?? input).focus()
    tellNone()
  }
  const tellNone = () => {
    const none = form.querySelector<HTMLElement>('.cjsm-no-files')
    if (none !== null) none.hidden = list.children.length > 0
  }

  /** One after another, so that each is told by itself; in the place of the item that failed before. */
  const begin = (file: File, failed: HTMLElement | null) => {
    const stop = new AbortController()
    let isStarted = false
    const { item, progress } = runningItem(file.name, () => {
      stop.abort()
      // Whoever stops a file says by the button, once more, that the message goes without it.
      waiting = null
      if (!isStarted) stopped(file, item)
    })
    if (failed === null) list.append(item)
    else replace(failed, [item])
    tellNone()
    underWay.add(file)
    last = last.then(async () => {
      if (stop.signal.aborted) return
      isStarted = true
      const to = await host.ready()
      const answer = to === null ? null : await upload(to, csrf(), file, progress, stop.signal)
      if (answer !== null && answer.version > 0) host.setVersion(answer.version)
      if (answer !== null && answer.refusal === null) attached(file, item, answer.files)
      else if (stop.signal.aborted && (await withdraw(file, to))) stopped(file, item)
      else fail(file, item, answer?.refusal ?? null)
      if (underWay.size === 0) proceed()
      else if (waiting !== null) sayWaiting()
    })
  }
  /** Removes a file that came all the same, though it was stopped; false where that cannot be told. */
  const withdraw = async (file: File, to: string | null): Promise<boolean> => {
    if (to === null) return true
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const there = await filesOf(to)
    if (there === null) return false
    host.setVersion(there.version)
    for (const one of there.files.filter(({ name, remove }) => name === file.name && !shown.has(remove))) {
      const version = await removeAttached(one, csrf())
      if (version === null) return false
      host.setVersion(version)
    }
    return true
  }
  const attached = (file: File, item: HTMLElement, files: readonly AttachedFile[]) => {
    underWay.delete(file)
    for (const { remove } of files) shown.add(remove)
    replace(
      item,
      files.map((one) => attachedItem(one.name, (button, of) => void remove(one, button, of))),
    )
    host.say(`${file.name} was attached.`)
  }
  const stopped = (file: File, item: HTMLElement) => {
    underWay.delete(file)
    replace(item, [])
    host.say(`${file.name} was not attached: you stopped it.`)
  }
  /** Begins anew with a file in the place of one that failed, if that did; a file of its name that is chosen again is another try. */
  const retry = (failed: File, file: File) => {
    const problem = problems.get(failed)
    problems.delete(failed)
    begin(file, problem?.item ?? null)
    refreshProblems([...problems.values()])
  }
  const fail = (file: File, item: HTMLElement, refusal: string | null) => {
    underWay.delete(file)
    const why = refusal === null ? 'could not be attached. Try again.' : `was not attached. ${refusal}`
    const forget = () => {
      problems.delete(file)
      replace(problem.item, [])
      refreshProblems([...problems.values()])
      host.say(`${file.name} was removed.`)
    }
    const problem = problemItem(`file-problem-${++problemCount}`, file.name, why, () => retry(file, file), forget)
    problems.set(file, problem)
    replace(item, [problem.item])
    host.say('')
  }
  const remove = async (file: AttachedFile, button: HTMLButtonElement, item: HTMLElement) => {
    button.disabled = true
    const version = await removeAttached(file, csrf())
    button.disabled = false
    if (version === null) return host.say(`${file.name} could not be removed. Try again.`)
    host.setVersion(version)
    host.say(`${file.name} was removed.`)
    replace(item, [])
    input.focus()
  }
  const sayWaiting = () => {
    const names = [...underWay].map((file) => file.name).join(', ')
    host.say(`Waiting until ${names} ${underWay.size === 1 ? 'is' : 'are'} attached. To go on without, press “Stop”.`)
  }
  const proceed = () => {
    const goOn = waiting
    waiting = null
    if (goOn === null) return
    if (problems.size > 0) showProblems([...problems.values()])
    else goOn()
  }

  input.addEventListener('change', () => {
    const chosen = [...(input.files ?? [])]
    input.value = ''
    for (const file of chosen) retry([...problems.keys()].find((one) => one.name === file.name) ?? file, file)
  })
  window.addEventListener('beforeunload', (event) => {
    if (underWay.size > 0) event.preventDefault()
  })
  return (goOn) => {
    if (underWay.size === 0 && problems.size === 0) return true
    waiting = goOn
    if (underWay.size === 0) proceed()
    else {
      sayWaiting()
      list.querySelector('progress')?.scrollIntoView({ block: 'nearest' })
    }
    return false
  }
}

function addField(list: HTMLElement): HTMLInputElement {
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
  return input
}
