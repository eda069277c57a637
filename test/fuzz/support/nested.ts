// A reader with a fault behind two conditions, each of which the fuzzer sees when it is met. Chance alone would need
// millions of inputs.

export function nested(bytes: Uint8Array): string {
  if (bytes[0] !== 0x7f) return 'other'
  if (bytes[1] !== 0x45) return 'other'
  throw new Error('the fault')
}
