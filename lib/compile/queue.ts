// The steps that were called and not waited for, first in first out: one queue for everything of this environment. What
// a job does is not known here.

/** Does one job; it calls `over` when all is done, never before it has returned. */
export type Job = (over: () => void) => void

/** The first is in progress. */
const jobs: Job[] = []
const waiting: (() => void)[] = []
/** Epochs on their way: between two of their jobs there may be none. */
let epochs = 0

/** How many jobs wait for the one in progress, read from another thread. */
export const othersWaiting = new Int32Array(new SharedArrayBuffer(4))

export const isQueueEmpty = (): boolean => jobs.length === 0 && epochs === 0

/** Begins `job` when those before it are over: now, where there are none. */
export function enqueue(job: Job): void {
  jobs.push(job)
  Atomics.store(othersWaiting, 0, jobs.length - 1)
  if (jobs.length === 1) job(over)
}

function over(): void {
  jobs.shift()
  Atomics.store(othersWaiting, 0, Math.max(0, jobs.length - 1))
  if (jobs.length > 0) jobs[0](over)
  else tellWaiting()
}

function tellWaiting(): void {
  if (isQueueEmpty()) for (const resolve of waiting.splice(0)) resolve()
}

/**
 * Begins `work` in its turn and promises what it gives.
 * @param work calls `finish`, later, with what gives the result.
 */
export function inTurn<T>(work: (finish: (result: () => T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    enqueue(over => {
      const finish = (result: () => T): void => {
        try {
          resolve(result())
        } catch (error) {
          reject(error)
        }
        over()
      }
      try {
        work(finish)
      } catch (error) {
        setImmediate(finish, () => {
          throw error
        })
      }
    })
  })
}

/** Runs `work`, whose jobs go to the queue one by one: until it is over the queue is not empty. */
export async function asEpoch<T>(work: () => Promise<T>): Promise<T> {
  epochs++
  try {
    return await work()
  } finally {
    epochs--
    tellWaiting()
  }
}

/** Resolves once no step is on its way. */
export const idle = (): Promise<void> =>
  isQueueEmpty() ? Promise.resolve() : new Promise(resolve => waiting.push(resolve))
