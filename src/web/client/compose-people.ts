// Suggestions of people under a field of recipients: a combobox with a list (WAI-ARIA APG), for what stands behind the last comma.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

interface Suggestion {
  readonly name: string
  readonly organisation: string
  readonly address: string
  readonly value: string
}

const afterTypingMs = 200
const leastCharacters = 2

/** Suggests people in every field of recipients of a form. */
export function suggestPeople(form: HTMLFormElement): void {
  const from = form.dataset.people ?? ''
  for (const holder of form.querySelectorAll<HTMLElement>('[data-recipients]')) {
    const input = holder.querySelector<HTMLInputElement>('input[type="text"], input:not([type])')
    if (input !== null) suggestIn(input, from)
  }
}

function suggestIn(input: HTMLInputElement, from: string): void {
  const list = document.createElement('ul')
  list.className = 'cjsm-suggestions'
  list.id = `${input.id}-suggestions`
  list.setAttribute('role', 'listbox')
  list.setAttribute('aria-label', 'People')
  list.hidden = true
  input.after(list)
  for (const [name, value] of [
    ['role', 'combobox'],
    ['aria-autocomplete', 'list'],
    ['aria-expanded', 'false'],
    ['aria-controls', list.id],
  ] as const)
    input.setAttribute(name, value)

  let shown: Suggestion[] = []
  let chosen = -1
  let timer: number | undefined
  let asked = 0

  const close = () => {
    asked++
    window.clearTimeout(timer)
    list.hidden = true
    shown = []
    chosen = -1
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }
  const take = (at: number) => {
    const one = shown[at]
    if (one === undefined) return
    input.value = `${input.value.slice(0, startOfLast(input.value))}${one.value}, `
    input.dispatchEvent(new Event('input', { bubbles: true }))
    close()
    input.focus()
  }
  const mark = (at: number) => {
    chosen = at
    for (const [index, item] of [...list.children].entries()) item.setAttribute('aria-selected', String(index === at))
    const item = list.children[at]
    if (item === undefined) input.removeAttribute('aria-activedescendant')
    else {
      input.setAttribute('aria-activedescendant', item.id)
      item.scrollIntoView({ block: 'nearest' })
    }
  }
  const show = (found: Suggestion[]) => {
    shown = found
    list.replaceChildren(...found.map((one, at) => itemOf(one, `${list.id}-${at}`, () => take(at))))
    list.hidden = found.length === 0
    input.setAttribute('aria-expanded', String(found.length > 0))
    mark(-1)
  }
  const ask = async () => {
    const typed = input.value.slice(startOfLast(input.value)).trim()
    const mine = ++asked
    if (typed.length < leastCharacters) return close()
    try {
      const answer = await fetch(`${from}?${new URLSearchParams({ q: typed })}`, {
        headers: { accept: 'application/json' },
        redirect: 'error',
      })
      const found = answer.ok ? ((await answer.json()) as Suggestion[]) : []
      if (mine === asked && document.activeElement === input) show(found)
    } catch {
      // Without suggestions one writes the address.
    }
  }
  input.addEventListener('input', (event) => {
    if (!event.isTrusted) return
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void ask(), afterTypingMs)
  })
  input.addEventListener('blur', () => window.setTimeout(close, 150))
  input.addEventListener('keydown', (event) => {
    if (list.hidden) return
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) mark((chosen + step + shown.length + (chosen < 0 && step < 0 ? 1 : 0)) % shown.length)
    else if (event.key === 'Enter' && chosen >= 0) take(chosen)
    else if (event.key === 'Escape') close()
    else return
    event.preventDefault()
  })
}

/** Where what stands behind the last separator begins; a comma within quotes separates nothing. */
function startOfLast(text: string): number {
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted
    else if (!isQuoted && (text[at] === ',' || text[at] === ';')) start = at + 1
  }
  while (text[start] === ' ') start++
  return start
}

function itemOf(one: Suggestion, id: string, take: () => void): HTMLElement {
  const item = document.createElement('li')
  item.className = 'cjsm-suggestions__item'
  item.id = id
  item.setAttribute('role', 'option')
  item.setAttribute('aria-selected', 'false')
  for (const text of [one.name, `, ${one.organisation}`, ` (${one.address})`]) {
    const isolated = document.createElement('bdi')
    isolated.textContent = text
    item.append(isolated)
  }
  item.addEventListener('mousedown', (event) => {
    event.preventDefault()
    take()
  })
  return item
}
