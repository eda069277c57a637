// Prefetching: the next items of a source are read before the consumer needs them.

const finished: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * The items of `source` in their order, with at most `ahead` of them prefetched. The source reads one item at a time. An
 * error of the source is thrown to the consumer, after the items that came before it;
 * a consumer that stops early closes the source, once the item being read has come.
 */
export async function* readAhead<T>(source: AsyncIterable<T>, ahead: number): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  const pending: Promise<IteratorResult<T, unknown>>[] = []
  let last: Promise<IteratorResult<T, unknown>> | undefined
  let open = true

  const read = (): void => {
    const next =
      last === undefined ? iterator.next() : last.then(({ done }) => (done || !open ? finished : iterator.next()))
    next.catch(() => {
      open = false
    })
    last = next
    pending.push(next)
  }

  try {
    while (pending.length < ahead) read()
    for (;;) {
      read()
      const { done, value } = await (pending.shift() as Promise<IteratorResult<T>>)
      if (done) {
        open = false
        return
      }
      yield value
    }
  } finally {
    if (open) {
      open = false
      await iterator.return?.()
    }
  }
}
