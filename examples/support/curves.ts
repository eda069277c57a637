// Plots a training: the loss of every step and a score after every epoch.

import { writeFileSync } from 'node:fs'
import * as echarts from 'echarts'

export interface Curves {
  /** The loss of every step; the axis is logarithmic. */
  readonly losses: Curve
  /** A score after every epoch. */
  readonly scores: Curve & {
    /** The axis's range, if it is fixed. */
    readonly range?: readonly [least: number, most: number]
    /** Decimals of a score. */
    readonly decimals: number
  }
}

interface Curve {
  readonly title: string
  readonly values: readonly number[]
}

// A logarithmic axis has no 0.
const least = 1e-6
// If all losses lie within this factor the axis has powers of two, since there would be two powers of ten at most.
const near = 16

/** Writes the curves as SVG. */
export function drawCurves(path: string, { losses, scores }: Curves): void {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 1000, height: 420 })
  const epochs = scores.values.length
  const perEpoch = losses.values.length / epochs
  const points = losses.values.map((loss, i) => [(i + 1) / perEpoch, Math.max(loss, least)])
  const [lowest, highest] = points.reduce(
    ([low, high], [, loss]) => [Math.min(low, loss), Math.max(high, loss)],
    [Number.POSITIVE_INFINITY, 0],
  )
  const means = runningMean(losses.values, Math.max(1, Math.round(perEpoch / 10)))
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      { text: losses.title, left: 60, top: 12 },
      { text: scores.title, left: 560, top: 12 },
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
      max: epochs,
      minInterval: 1,
    })),
    yAxis: [
      {
        gridIndex: 0,
        type: 'log',
        logBase: highest / lowest < near ? 2 : 10,
        axisLabel: { formatter: (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 }) },
      },
      { gridIndex: 1, type: 'value', scale: true, min: scores.range?.[0], max: scores.range?.[1] },
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
        data: scores.values.map((score, i) => [i + 1, score]),
        symbolSize: 7,
        lineStyle: { width: 2, color: '#2e8b57' },
        itemStyle: { color: '#2e8b57' },
        label: {
          show: epochs <= 12,
          position: 'top',
          formatter: ({ value }: Labelled) => value[1].toFixed(scores.decimals),
        },
      },
    ],
  })
  writeFileSync(path, chart.renderToSVGString())
  chart.dispose()
}

interface Labelled {
  readonly value: readonly [epoch: number, score: number]
}

/** The moving average over up to `width` values. */
function runningMean(values: readonly number[], width: number): number[] {
  let sum = 0
  return values.map((value, i) => {
    sum += value - (i >= width ? values[i - width] : 0)
    return sum / Math.min(i + 1, width)
  })
}
