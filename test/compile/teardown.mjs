// Run by teardown.test.ts in a process of its own: something ends in the middle of a step that takes far longer than the
// test may. What ends how is the first argument.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** A thousand products take some minutes. */
const size = 2500

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Calls a step of `matmuls` products twice, and has it begun. */
async function begin(matmuls) {
  const { nn, rand } = await import('blasgrad')
  const { compile } = await import('../../dist/compile/compile.js')
  const w = new nn.Parameter(rand([size, size]))
  const step = compile(x => {
    let y = x
    for (let i = 0; i < matmuls; i++) y = y.matmul(w).mul(2 / size)
    w.assign(y)
    return y
  })
  const x = rand([size, size])
  for (let i = 0; i < 2; i++) step(x).then(() => console.log('over'))
}

/** The same with an epoch: of few batches that take long, or of very many that are quick. */
async function beginEpoch(kind) {
  const { arange, compile, data, nn, rand } = await import('blasgrad')
  const [width, matmuls] = kind === 'few' ? [size, 200] : [2, 1]
  const w = new nn.Parameter(rand([width, width]))
  const step = compile(x => {
    let y = w.mul(x.sum())
    for (let i = 0; i < matmuls; i++) y = y.matmul(w).mul(1 / width)
    w.assign(y)
    return y.mean()
  })
  const loader = new data.DataLoader(new data.TensorDataset(arange(kind === 'few' ? 100 : 20_000_000)))
  step.epoch(loader).then(() => console.log('over'))
}

/** Makes objects of the addon, and has it refuse some, without end: whatever ends the environment finds it in there. */
async function makePrograms() {
  const { loadNative } = await import('../../dist/backend/load.js')
  const { backend, createProgram } = loadNative()
  const state = new Float32Array(new SharedArrayBuffer(4))
  const values = [{ id: 0, dtype: 'float32', length: 1, origin: { kind: 'state', array: state } }]
  const steps = [{ kernel: 'fill', args: [1, 0, { value: 0 }] }]
  const plan = { program: { values, results: [] }, steps, arenaBytes: 0, offsets: [-1] }
  const number = () => new Int32Array(new SharedArrayBuffer(4))
  const [order, waiting, stop] = [number(), number(), number()]
  const job = { sources: [], batchSize: 1, order, schedule: [], results: [], waiting, stop, blocks: 0 }
  const refused = make => {
    try {
      make()
    } catch (error) {
      if (error.code !== 'ARGUMENT') throw error
      return
    }
    throw new Error('not refused')
  }
  for (;;) {
    const program = createProgram(plan)
    program.createEpoch(job).run(0, 1, 0, 0)
    program.run([], [])
    refused(() => createProgram({ ...plan, offsets: {} }))
    refused(() => program.createEpoch({ ...job, order: null }))
    refused(() => backend.fill(1, 0, null))
  }
}

/** A worker in the middle of a step, and its exit code once it has ended. */
async function work(then) {
  const worker = new Worker(new URL(import.meta.url), { workerData: then })
  const code = new Promise(resolve => worker.once('exit', resolve))
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await wait(30)
  return { worker, code }
}

const long = 1000
const modes = {
  async finishes() {
    await begin(2)
  },
  async exits() {
    await begin(long)
    await wait(50)
    process.exit(3)
  },
  async exitsAtOnce() {
    await begin(long)
    process.exit(3)
  },
  async throws() {
    await begin(long)
    await wait(50)
    throw new Error('thrown')
  },
  async terminates() {
    for (let i = 0; i < 3; i++) await (await work('stays')).worker.terminate()
    const workers = await Promise.all([work('stays'), work('stays')])
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
  },
  async terminatesBesideItsOwn() {
    await begin(2)
    await (await work('stays')).worker.terminate()
  },
  async exitsBesideAWorker() {
    await work('stays')
    process.exit(3)
  },
  async workerExits() {
    process.exitCode = await (await work('exits')).code
  },
  async exitsInAnEpoch() {
    await beginEpoch('few')
    await wait(50)
    process.exit(3)
  },
  async exitsInAnEpochOfQuickBatches() {
    await beginEpoch('many')
    await wait(200)
    process.exit(3)
  },
  async throwsInAnEpoch() {
    await beginEpoch('many')
    await wait(50)
    throw new Error('thrown')
  },
  async terminatesInAnEpoch() {
    for (const kind of ['few', 'many', 'few']) await (await work(kind)).worker.terminate()
    const workers = await Promise.all([work('many'), work('few')])
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
  },
  async terminatesWhileProgramsAreMade() {
    for (let i = 0; i < 10; i++) {
      const { worker } = await work('makes')
      await wait(30 + 7 * i)
      await worker.terminate()
    }
  },
}

if (isMainThread) {
  await modes[process.argv[2]]()
} else {
  if (workerData === 'few' || workerData === 'many') await beginEpoch(workerData)
  else if (workerData !== 'makes') await begin(long)
  parentPort.postMessage('begun')
  if (workerData === 'makes') await makePrograms()
  await wait(60)
  if (workerData === 'exits') process.exit(3)
  setInterval(() => {}, 1000)
}
