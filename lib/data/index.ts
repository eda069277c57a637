// The public names of blasgrad's `data`: datasets, loaders, readers.

export { type Dataset, type Sample, type Stream, TensorDataset, type Tensors } from './dataset.js'
export { readIdx } from './idx.js'
export { DataLoader } from './loader.js'
export type { LoaderOptions } from './loader-options.js'
