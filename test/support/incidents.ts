// Incidents and the two officers who decide about them, for the tests of what opens one. G01, G05, T07
import { systemClock } from '#base/clock.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { sequence } from '#evidence/sequencer.ts'
import { auditAll } from '#roles/prove.ts'
import { sql } from '#store/sql.ts'
import { urls } from '#web/urls.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { testService } from '#test/support/service.ts'
import { type WebVisitor, webVisitor } from '#test/support/web.ts'

/** Ends a message's text, so that nothing is added to it. */
export const block = 'Telephone 020 7946 0018'

/** A service with its people; `ahead` is how many milliseconds its clock is ahead. */
export async function openIncidents(ahead: () => number = () => 0) {
  const service = await testService({ clock: { ...systemClock, now: () => systemClock.now() + ahead() } })
  const { database, incidents, evidence } = service.domains
  const [orla, priya, miriam, gareth, ada] = ['detective sergeant', 'prosecutor', 'solicitor', 'clerk', 'sole practitioner'].map(
    (role) => service.person(role),
  ) as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson]
  const [rowan, sunita] = [service.person('Helpdesk officer'), service.person('Helpdesk team leader')]

  async function visitorOf(person: DemoPerson): Promise<WebVisitor> {
    const visitor = webVisitor(service.faces.web.app)
    await visitor.signIn(person)
    return visitor
  }

  return {
    service,
    doors: await openTestDoors(service),
    orla,
    priya,
    miriam,
    gareth,
    ada,
    /** An officer, and her browser; `second` is another's. */
    rowan,
    officer: await visitorOf(rowan),
    second: await visitorOf(sunita),
    visitorOf,
    idOf: async ({ address }: DemoPerson) => (await service.domains.accounts.holdersAt([address])).get(address)!.holder,
    openOnes: async (kind: string) => (await incidents.list()).filter((one) => one.kind === kind && one.decision === null),
    /** The details of all records of an event. */
    async recordsOf(event: string) {
      const rows = await database.rows<{ id: string }>(sql`select id from evidence_record order by id`)
      const all = await Promise.all(rows.map(({ id }) => evidence.read(id)))
      return all.filter((one) => one?.leaf.event === event).flatMap((one) => one!.openings!.map(({ detail }) => detail))
    },
    decide: (visitor: WebVisitor, id: string, decision: string, reason = 'looked at the line') =>
      visitor.get(urls.helpdeskIncident(id)).then(() => visitor.post(urls.helpdeskDecide(id), { decision, reason })),
    /** What the audit of all that is stored finds. */
    async wrongThings(): Promise<string[]> {
      const logKeeper = await testLogKeeper()
      await sequence({ ...service.domains, ...logKeeper, origin: testOrigin })
      const wrong: string[] = []
      await auditAll(service.domains, {
        ...logKeeper,
        origin: testOrigin,
        witnesses: [],
        find: (sentence) => wrong.push(sentence),
      })
      return wrong
    },
  }
}
