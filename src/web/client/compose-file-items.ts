// What stands in the list of files for each of them: one that is on its way, one that could not be attached, one that is attached.
/// <reference lib="dom" />

/** A file that was chosen and is not attached. */
export interface Problem {
  readonly name: string
  readonly why: string
  readonly item: HTMLElement
  /** Of what mends it, for a link. */
  readonly id: string
}

/** A file's name, set apart from what is said of it: its letters may run the other way. */
export function nameOf(name: string): HTMLElement {
  const isolated = document.createElement('bdi')
  isolated.textContent = name
  return isolated
}

/** A button of one file; its name tells which. */
function buttonOf(text: string, fileName: string, press: (button: HTMLButtonElement) => void): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'govuk-button govuk-button--secondary cjsm-button--small'
  button.textContent = text
  button.setAttribute('aria-label', `${text}: ${fileName}`)
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') press(button)
  })
  return button
}

/** A file on its way, with a bar and a button that stops it. All of it sent, it cannot be stopped: the service may have it. */
export function runningItem(name: string, stop: () => void): { item: HTMLElement; progress(part: number): void } {
  const item = document.createElement('li')
  const bar = document.createElement('progress')
  bar.className = 'cjsm-progress'
  bar.max = 1
  bar.setAttribute('aria-label', `Attaching ${name}`)
  const button = buttonOf('Stop', name, stop)
  item.append(nameOf(name), bar, button)
  return {
    item,
    progress(part) {
      bar.value = part
      button.setAttribute('aria-disabled', String(part >= 1)) // disabled, it would lose the focus
    },
  }
}

/** A file that was not attached: why, and what can be done. */
export function problemItem(id: string, name: string, why: string, retry: () => void, forget: () => void): Problem {
  const item = document.createElement('li')
  item.className = 'govuk-form-group govuk-form-group--error'
  const said = document.createElement('p')
  said.className = 'govuk-error-message'
  said.setAttribute('role', 'alert')
  const error = document.createElement('span')
  error.className = 'govuk-visually-hidden'
  error.textContent = 'Error: '
  said.append(error, nameOf(name), ` ${why}`)
  const again = buttonOf('Try again', name, retry)
  again.id = id
  item.append(said, again, ' ', buttonOf('Remove', name, forget))
  return { id, name, why, item }
}

/** A file that is attached, with a button that removes it. */
export function attachedItem(name: string, remove: (button: HTMLButtonElement, item: HTMLElement) => void): HTMLElement {
  const item = document.createElement('li')
  item.append(
    nameOf(name),
    ' ',
    buttonOf('Remove', name, (button) => remove(button, item)),
  )
  return item
}
