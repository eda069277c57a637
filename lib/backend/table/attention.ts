// Scaled dot-product attention, whole: what is [n, m] is made a block at a time and never stored.

import { kernel } from './kernel.js'

const sizes = 'samples:size heads:size n:size m:size width:size maskRows:size biasRows:size causal:flag scale:scalar'
const inputs =
  'q:in[samples*heads*n*width] k:in[samples*heads*m*width] v:in[samples*heads*m*width] mask:in[samples*maskRows*m?] bias:in[biasRows*m?]'
const packedSizes = 'samples:size heads:size n:size width:size maskRows:size biasRows:size causal:flag scale:scalar'
const packedInputs = 'qkv:in[samples*n*3*heads*width] mask:in[samples*maskRows*n?] bias:in[biasRows*n?]'

export const attentionKernels = {
  /**
   * For each sample and head: out = softmax(s)·v over the m keys, s = scale·q·kᵀ + mask + bias, and lse = ln Σ eˢ of each
   * of the n rows. q, k, v, out are [samples, heads, rows, width]. Row i of head h gets row (h·n + i) mod maskRows of its
   * sample's mask, and row (h·n + i) mod biasRows of bias: one row for all, n for all heads, or heads·n. Causal: row i
   * reads keys 0 … i only. No keys: out = 0, lse = −∞; all keys at −∞: out = 0, lse = ∞.
   */
  attention: kernel('rowwise', `${sizes} ${inputs} out:out[samples*heads*n*width] lse:out[samples*heads*n]`, {
    flops: '4*samples*heads*n*m*width',
  }),
  /**
   * The gradients of Σ g·out: with p = e^(s − lse) and d = p·(g·vᵀ − Σ g·out)·scale, dv = pᵀ·g, dq = d·k, dk = dᵀ·q.
   * See docs/derivations/attention.md.
   */
  attentionBackward: kernel(
    'rowwise',
    `${sizes} ${inputs} g:in[samples*heads*n*width] out:in[samples*heads*n*width] lse:in[samples*heads*n] dq:out[samples*heads*n*width] dk:out[samples*heads*m*width] dv:out[samples*heads*m*width]`,
    { flops: '10*samples*heads*n*m*width' },
  ),
  /** `attention` of q, k, v packed in one array, as one product makes them: qkv [samples, n, 3, heads, width], out [samples, n, heads, width]. */
  packedAttention: kernel(
    'rowwise',
    `${packedSizes} ${packedInputs} out:out[samples*n*heads*width] lse:out[samples*heads*n]`,
    { flops: '4*samples*heads*n*n*width' },
  ),
  /** Its gradient, packed likewise. */
  packedAttentionBackward: kernel(
    'rowwise',
    `${packedSizes} ${packedInputs} g:in[samples*n*heads*width] out:in[samples*n*heads*width] lse:in[samples*heads*n] dqkv:out[samples*n*3*heads*width]`,
    { flops: '10*samples*heads*n*n*width' },
  ),
}
