// Draws a report's pictures: each workload's speed-up over each peer, and a step's cost as a network grows.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as echarts from 'echarts'

interface Timing {
  readonly median: number
}

/** The fields of `steps` and `scaling` that the pictures need. */
export interface Drawn {
  readonly steps?: readonly {
    readonly workload: string
    readonly overPyTorch: { readonly ratio: number } | null
    readonly overJavaScript: { readonly ratio: number } | null
    readonly overReference: { readonly ratio: number } | null
  }[]
  readonly scaling?: readonly {
    readonly dimension: string
    readonly size: number
    readonly batch: number
    readonly parameters: number
    readonly compiled: Timing
    readonly pytorch: Timing | null
  }[]
}

type Option = Parameters<ReturnType<typeof echarts.init>['setOption']>[0]

function render(width: number, height: number, option: Option): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({ animation: false, backgroundColor: '#ffffff', textStyle: { fontFamily: 'sans-serif' }, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

const colours = { pytorch: '#2a55b8', javaScript: '#d98a2b', reference: '#9aa5b1', ours: '#2e8b57' }

const label = (ratio: number): string => `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en')}×`

/** Speed-up bars per workload, on a logarithmic axis from 1. */
export function speedPicture(steps: NonNullable<Drawn['steps']>): string {
  const rows = steps.filter(({ workload }) => !workload.includes(', '))
  const series = [
    { name: 'PyTorch', colour: colours.pytorch, ratios: rows.map(row => row.overPyTorch?.ratio) },
    {
      name: 'the best other JavaScript',
      colour: colours.javaScript,
      ratios: rows.map(row => row.overJavaScript?.ratio),
    },
    { name: 'our TypeScript backend', colour: colours.reference, ratios: rows.map(row => row.overReference?.ratio) },
  ]
  const least = Math.min(1, ...series.flatMap(({ ratios }) => ratios.filter(ratio => ratio !== undefined)))
  return render(900, 130 + 62 * rows.length, {
    title: { text: 'Compiled steps: times as fast as', left: 20, top: 14, textStyle: { fontSize: 16 } },
    legend: { left: 330, top: 16, itemGap: 36, data: series.map(({ name }) => name) },
    grid: { left: 130, right: 70, top: 60, bottom: 50 },
    xAxis: {
      type: 'log',
      min: least < 1 ? 0.1 : 1,
      axisLabel: { formatter: (value: number) => `${value.toLocaleString('en')}×` },
      minorSplitLine: { show: true, lineStyle: { color: '#f2f2f2' } },
    },
    yAxis: { type: 'category', inverse: true, data: rows.map(({ workload }) => workload), axisTick: { show: false } },
    series: series.map(({ name, colour, ratios }) => ({
      name,
      type: 'bar',
      barGap: '10%',
      barCategoryGap: '28%',
      itemStyle: { color: colour },
      data: ratios.map(ratio => ratio ?? '-'),
      label: {
        show: true,
        position: 'right',
        fontSize: 11,
        formatter: ({ value }: { value: number | string }) => (typeof value === 'number' ? label(value) : ''),
      },
    })),
  })
}

/** A column per doubled size: ns per parameter above, µs per sample below, logarithmic. */
export function scalingPicture(scaling: NonNullable<Drawn['scaling']>): string {
  const dimensions = [...new Set(scaling.map(({ dimension }) => dimension))]
  const rows = [
    { name: 'ns a parameter', of: (micros: number, row: (typeof scaling)[number]) => (1000 * micros) / row.parameters },
    { name: 'µs a sample', of: (micros: number, row: (typeof scaling)[number]) => micros / row.batch },
  ]
  const panels = rows.flatMap((row, r) => dimensions.map((dimension, d) => ({ row, r, dimension, d })))
  const [width, height] = [240, 190]
  const lines = panels.flatMap(({ row, dimension }, index) => {
    const points = scaling.filter(each => each.dimension === dimension)
    const line = (name: string, colour: string, of: (row: (typeof scaling)[number]) => Timing | null) => ({
      name,
      type: 'line' as const,
      xAxisIndex: index,
      yAxisIndex: index,
      symbolSize: 6,
      itemStyle: { color: colour },
      lineStyle: { color: colour, width: 2 },
      data: points.flatMap(point => {
        const timing = of(point)
        return timing === null ? [] : [[point.size, Number(row.of(timing.median, point).toPrecision(4))]]
      }),
    })
    return [
      line('blasgrad, compiled', colours.ours, ({ compiled }) => compiled),
      line('PyTorch', colours.pytorch, ({ pytorch }) => pytorch),
    ]
  })
  return render(40 + dimensions.length * (width + 70), 60 + rows.length * (height + 80), {
    title: { text: 'A training step as a network grows', left: 20, top: 14, textStyle: { fontSize: 16 } },
    legend: { left: 420, top: 16, itemGap: 36, data: ['blasgrad, compiled', 'PyTorch'] },
    grid: panels.map(({ r, d }) => ({ left: 70 + d * (width + 70), top: 70 + r * (height + 80), width, height })),
    xAxis: panels.map(({ dimension }, gridIndex) => ({
      gridIndex,
      type: 'log' as const,
      logBase: 2,
      name: dimension,
      nameLocation: 'middle' as const,
      nameGap: 26,
      min: 'dataMin' as const,
      max: 'dataMax' as const,
    })),
    yAxis: panels.map(({ row, d }, gridIndex) => ({
      gridIndex,
      type: 'log' as const,
      name: d === 0 ? row.name : '',
      nameTextStyle: { align: 'left' as const },
    })),
    series: lines,
  })
}

/** Writes `<stem>.svg` and `<stem>-scaling.svg`, each if its rows exist. Returns the files. */
export function drawPictures(stem: string, { steps = [], scaling = [] }: Drawn): string[] {
  const pictures = [
    ...(steps.length > 0 ? [[`${stem}.svg`, speedPicture(steps)] as const] : []),
    ...(scaling.length > 0 ? [[`${stem}-scaling.svg`, scalingPicture(scaling)] as const] : []),
  ]
  for (const [file, svg] of pictures) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, svg)
  }
  return pictures.map(([file]) => file)
}
