// The picture of a training: the loss of every step, and the test accuracy after every epoch.

import { writeFileSync } from 'node:fs'
import * as echarts from 'echarts'
import type { History } from './train.js'

// The axis of the loss is logarithmic and has no place for 0.
const least = 1e-6

/** Writes the curves as SVG. */
export function drawCurves(path: string, { losses, accuracies }: History): void {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 1000, height: 420 })
  const perEpoch = losses.length / accuracies.length
  const points = losses.map((loss, i) => [(i + 1) / perEpoch, Math.max(loss, least)])
  const means = runningMean(losses, Math.max(1, Math.round(perEpoch / 10)))
  const lowest = Math.min(...accuracies)
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      { text: 'Training loss (cross-entropy)', left: 60, top: 12 },
      { text: 'Test accuracy (%)', left: 560, top: 12 },
    ],
    grid: [
      { left: 60, top: 60, width: 400, height: 290 },
      { left: 570, top: 60, width: 390, height: 290 },
    ],
    xAxis: [0, 1].map(gridIndex => ({
      gridIndex,
      type: 'value',
      name: 'epoch',
      nameLocation: 'middle',
      nameGap: 32,
      min: 0,
      max: accuracies.length,
      minInterval: 1,
    })),
    yAxis: [
      { gridIndex: 0, type: 'log' },
      { gridIndex: 1, type: 'value', min: Math.floor(100 * lowest - 0.5), max: 100 },
    ],
    series: [
      { type: 'line', data: points, showSymbol: false, sampling: 'lttb', lineStyle: { width: 1, color: '#c9d6f2' } },
      {
        type: 'line',
        data: points.map(([epoch], i) => [epoch, Math.max(means[i], least)]),
        showSymbol: false,
        sampling: 'lttb',
        lineStyle: { width: 2, color: '#2a55b8' },
      },
      {
        type: 'line',
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: accuracies.map((accuracy, i) => [i + 1, 100 * accuracy]),
        symbolSize: 7,
        lineStyle: { width: 2, color: '#2e8b57' },
        itemStyle: { color: '#2e8b57' },
        label: {
          show: accuracies.length <= 12,
          position: 'top',
          formatter: ({ value }: Labelled) => value[1].toFixed(1),
        },
      },
    ],
  })
  writeFileSync(path, chart.renderToSVGString())
  chart.dispose()
}

interface Labelled {
  readonly value: readonly [epoch: number, percent: number]
}

/** The mean of each value and the up to `width` − 1 before it. */
function runningMean(values: readonly number[], width: number): number[] {
  let sum = 0
  return values.map((value, i) => {
    sum += value - (i >= width ? values[i - width] : 0)
    return sum / Math.min(i + 1, width)
  })
}
