// Roll-backs that operators accepted: their statements stand with the anchor, and each is recorded, later where a command was cut off. G14
import { hash } from 'node:crypto'
import type { Evidence } from '#evidence/record.ts'
import { noteRollback } from '#evidence/tree.sql.ts'
import { readStatement } from '#keys/anchor.ts'
import { theService } from '#keys/epoch.ts'
import type { Database } from '#store/database.ts'

/** Records each statement of the anchor of which the database has no record yet; a database that was put back lacks those of before, too. */
export async function recordRollbacks(
  { database, evidence }: { database: Database; evidence: Evidence },
  statements: readonly string[],
): Promise<void> {
  for (const statement of statements) {
    await database.transaction(async (tx) => {
      if ((await noteRollback(tx, hash('sha256', statement, 'buffer'))) === 0) return
      const said = readStatement(statement)
      if (said === null) return
      const details = [{ anchorSize: said.anchor.size, anchorRoot: said.anchor.root, ...said.tree, statement }]
      await evidence.write(tx, { event: 'RollbackAccepted', actor: theService, about: theService, details })
    })
  }
}
