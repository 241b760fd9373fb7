// Lanes: what waits while a transaction is on its way goes together in the next. No timer: a lane that is free takes what is there at once.

export interface Lanes<Item, Result> {
  /** Resolves with the item's own result, or rejects with its own fault. */
  submit(item: Item): Promise<Result>
}

/** Runs `work` over batches of at most `most` items, in at most `lanes` batches at a time. `work` gives one settled result for each item, in order. */
export function newLanes<Item, Result>(o: {
  lanes: number
  most: number
  work: (batch: Item[]) => Promise<PromiseSettledResult<Result>[]>
}): Lanes<Item, Result> {
  const waiting: { item: Item; resolve(result: Result): void; reject(fault: unknown): void }[] = []
  let busy = 0

  async function run(): Promise<void> {
    busy++
    while (waiting.length > 0) {
      const batch = waiting.splice(0, o.most)
      try {
        const results = await o.work(batch.map((one) => one.item))
        batch.forEach((one, index) => {
          const result = results[index]!
          if (result.status === 'fulfilled') one.resolve(result.value)
          else one.reject(result.reason)
        })
      } catch (fault) {
        for (const one of batch) one.reject(fault)
      }
    }
    busy--
  }

  return {
    submit: (item) =>
      new Promise<Result>((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        if (busy < o.lanes) void run()
      }),
  }
}
