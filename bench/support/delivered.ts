// What arrived: counts the messages of mailboxes over IMAP until they are as many as expected, or no more come.
import { type ImapServer, openImap, statusOf } from './imap-client.ts'

const pollMs = 50
const quietMs = 10_000

/** Messages in the INBOXes of all these accounts together. */
export async function countMessages(accounts: readonly ImapServer[]): Promise<number> {
  let sum = 0
  for (const account of accounts) {
    const client = await openImap(account)
    sum += (await statusOf(client)).messages
    await client.logOut()
  }
  return sum
}

/** Counts by connections that are open already until `wanted` are there; gives up when nothing came for ten seconds. Returns the count and when it was last seen to grow. */
export async function watchArrivals(
  accounts: readonly ImapServer[],
): Promise<{ until(wanted: number): Promise<{ count: number; lastMs: number }>; close(): Promise<void> }> {
  const clients = await Promise.all(accounts.map(openImap))
  const countNow = async () =>
    (await Promise.all(clients.map((client) => statusOf(client)))).reduce((sum, one) => sum + one.messages, 0)
  return {
    async until(wanted) {
      let count = await countNow()
      let lastMs = performance.now()
      while (count < wanted && performance.now() - lastMs < quietMs) {
        await new Promise((resolve) => setTimeout(resolve, pollMs))
        const now = await countNow()
        if (now !== count) lastMs = performance.now()
        count = now
      }
      return { count, lastMs }
    },
    async close() {
      await Promise.all(clients.map((client) => client.logOut()))
    },
  }
}
