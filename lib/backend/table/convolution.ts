// Convolutions of images and what pools over them. `window` holds pairs, vertical first. A stride or dilation of 0 counts
// as 1; taps outside of an image read 0.

import { kernel } from './kernel.js'

const sizes =
  'groups:size c:size o:size height:size width:size kernelHeight:size kernelWidth:size outHeight:size outWidth:size'
const flops = '2*groups*c*o*kernelHeight*kernelWidth*outHeight*outWidth'
const pool = 'planes:size height:size width:size outHeight:size outWidth:size'

export const convolutionKernels = {
  /**
   * x [n, groups, c, height, width], weight [groups, o, c, kernelHeight, kernelWidth], bias [groups, o], out [n, groups, o,
   * outHeight, outWidth]; window = strides, padding before the first row and column, dilations:
   * out[n, γ, o, y, x] = bias[γ, o] + Σ weight[γ, o, c, i, j]·x[n, γ, c, y·stride − pad + i·dilation, likewise].
   */
  conv2d: kernel(
    'rowwise',
    `n:size ${sizes} window:sizes x:in[n*groups*c*height*width] weight:in[groups*o*c*kernelHeight*kernelWidth] bias:in[groups*o?] out:out[n*groups*o*outHeight*outWidth]`,
    { flops: `n*${flops}` },
  ),
  /** The gradient of Σ g·out for x. */
  conv2dInput: kernel(
    'rowwise',
    `n:size ${sizes} window:sizes g:in[n*groups*o*outHeight*outWidth] weight:in[groups*o*c*kernelHeight*kernelWidth] out:out[n*groups*c*height*width]`,
    { flops: `n*${flops}` },
  ),
  /**
   * The gradient of Σ g·out for weight and bias, of each of `chunks` stretches of `each` images by itself: out [chunks,
   * groups, o, columns]. Column (c, i, j) is for the weight, the one after them for the bias, any further 0.
   */
  conv2dWeight: kernel(
    'rowwise',
    `chunks:size each:size ${sizes} columns:size window:sizes g:in[chunks*each*groups*o*outHeight*outWidth] x:in[chunks*each*groups*c*height*width] out:out[chunks*groups*o*columns]`,
    { flops: `chunks*each*${flops}` },
  ),
  /**
   * The largest of each window, NaN if any is, and the position in its plane of the first that is (of the last NaN);
   * −∞ and −1 where nothing of the window lies inside. window = kernel, strides, padding, dilations.
   */
  maxPool2d: kernel(
    'rowwise',
    `${pool} window:sizes x:in[planes*height*width] out:out[planes*outHeight*outWidth] at:out<int32>[planes*outHeight*outWidth]`,
  ),
  /** Zeros, plus each g added at its position, where that is a tap of its window. */
  maxPool2dBackward: kernel(
    'rowwise',
    `${pool} window:sizes g:in[planes*outHeight*outWidth] at:in<int32>[planes*outHeight*outWidth] out:out[planes*height*width]`,
  ),
  /**
   * The sum of each window over its size: that of its part in the padded image or, without countIncludePad, in the image.
   * 0 where nothing of the window lies inside. window = kernel, strides, padding.
   */
  avgPool2d: kernel(
    'rowwise',
    `${pool} countIncludePad:flag window:sizes x:in[planes*height*width] out:out[planes*outHeight*outWidth]`,
  ),
  /** The gradient of Σ g·out for x. */
  avgPool2dBackward: kernel(
    'rowwise',
    `${pool} countIncludePad:flag window:sizes g:in[planes*outHeight*outWidth] out:out[planes*height*width]`,
  ),
}
