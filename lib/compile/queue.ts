// The steps that were called and not waited for, first in first out: one queue for everything of this environment. What
// a job does is not known here.

/** Does one job; it calls `over` when all is done, never before it has returned. */
export type Job = (over: () => void) => void

/** The first is in progress. */
const jobs: Job[] = []
const waiting: (() => void)[] = []

export const isQueueEmpty = (): boolean => jobs.length === 0

/** Begins `job` when those before it are over: now, where there are none. */
export function enqueue(job: Job): void {
  jobs.push(job)
  if (jobs.length === 1) job(over)
}

function over(): void {
  jobs.shift()
  if (jobs.length > 0) jobs[0](over)
  else for (const resolve of waiting.splice(0)) resolve()
}

/** Resolves once no step is on its way. */
export const idle = (): Promise<void> =>
  isQueueEmpty() ? Promise.resolve() : new Promise(resolve => waiting.push(resolve))
