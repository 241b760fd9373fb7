// In the browser: new mail appears in the list by itself, what is selected and has the focus stays, and all can be selected at once.
/// <reference lib="dom" />

const page = document.querySelector<HTMLElement>('[data-events]')
const quietMs = 400

if (page !== null) start(page)

function start(list: HTMLElement): void {
  offerSelectAll(list)
  let source: EventSource | null = null
  let timer = 0
  const listen = () => {
    // A page out of sight keeps no connection: browsers have six for a site.
    if (document.visibilityState === 'hidden') {
      source?.close()
      source = null
      return
    }
    if (source !== null) return
    source = new EventSource(list.dataset.events ?? '')
    let wasOpen = false
    const refreshSoon = () => {
      clearTimeout(timer)
      timer = window.setTimeout(() => void refresh(list), quietMs)
    }
    source.addEventListener('changed', refreshSoon)
    // What changed while nobody listened is found by looking.
    source.addEventListener('open', () => {
      if (wasOpen || list.dataset.wasHidden !== undefined) refreshSoon()
      wasOpen = true
      delete list.dataset.wasHidden
    })
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') list.dataset.wasHidden = ''
    listen()
  })
  listen()
}

/** Gets the list as it is now (after a form with an error the address is not the list's), and puts what changed in place of what is shown. */
async function refresh(list: HTMLElement): Promise<void> {
  const answer = await fetch(list.dataset.self ?? '', { headers: { accept: 'text/html' }, credentials: 'same-origin' }).catch(
    () => null,
  )
  if (answer === null || !answer.ok) return
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const freshList = fresh.querySelector<HTMLElement>('[data-events]')
  if (freshList === null) return
  const selected = new Set([...list.querySelectorAll<HTMLInputElement>('input[name="uid"]:checked')].map((box) => box.value))
  const focused = focusIn(list)
  for (const name of ['#messages', '.cjsm-pages', '.cjsm-list-page__count']) replace(list, freshList, name)
  replace(document, fresh, '.cjsm-folders__list')
  for (const box of list.querySelectorAll<HTMLInputElement>('input[name="uid"]')) box.checked = selected.has(box.value)
  offerSelectAll(list)
  focused(list)
  announce(list, Number(freshList.dataset.newest))
}

function replace(into: ParentNode, from: ParentNode, name: string): void {
  const old = into.querySelector(name)
  const fresh = from.querySelector(name)
  if (old !== null && fresh !== null) old.replaceWith(document.adoptNode(fresh))
  else if (old === null && fresh !== null && into instanceof HTMLElement) into.append(document.adoptNode(fresh))
  else old?.remove()
}

/** Remembers what has the focus in the list, and gives a function that puts it there again. */
function focusIn(list: HTMLElement): (again: HTMLElement) => void {
  const at = document.activeElement
  if (!(at instanceof HTMLElement) || !list.contains(at)) return () => {}
  const uid = at.closest<HTMLElement>('[data-uid]')?.dataset.uid
  const value = at.getAttribute('value')
  const name =
    at.id !== ''
      ? `#${CSS.escape(at.id)}`
      : uid !== undefined
        ? `[data-uid="${uid}"] .cjsm-list__link`
        : value !== null
          ? `button[value="${CSS.escape(value)}"]`
          : null
  return (again) => {
    const found = name === null ? null : again.querySelector<HTMLElement>(name)
    ;(found ?? again.querySelector<HTMLElement>('#messages'))?.focus({ preventScroll: true })
  }
}

/** Says how many messages are new since the list was last looked at. */
function announce(list: HTMLElement, newest: number): void {
  const known = Number(list.dataset.newest)
  if (!(newest > known)) return
  list.dataset.newest = String(newest)
  const count = [...list.querySelectorAll<HTMLElement>('[data-uid]')].filter((row) => Number(row.dataset.uid) > known).length
  const news = list.querySelector<HTMLElement>('[data-news]')
  if (news !== null) news.textContent = count <= 1 ? '1 new message' : `${count} new messages`
}

function offerSelectAll(list: HTMLElement): void {
  const label = list.querySelector<HTMLElement>('[data-select-all]')
  const all = label?.querySelector('input')
  if (label == null || all == null) return
  label.hidden = false
  all.addEventListener('change', () => {
    for (const box of list.querySelectorAll<HTMLInputElement>('input[name="uid"]')) box.checked = all.checked
  })
}
