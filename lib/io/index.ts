// The public names of blasgrad's `io`: tensors to and from files.

export { decodeSafetensors, type LoadOptions, loadSafetensors, readSafetensorsMetadata } from './load.js'
export { encodeSafetensors, type NamedTensors, type SaveOptions, saveSafetensors } from './save.js'
