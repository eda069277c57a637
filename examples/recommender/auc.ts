// The area under the ROC curve.

/**
 * The probability that a liked item scores higher than another, ties counting 1/2 (the Mann–Whitney statistic). NaN if there
 * is only one kind.
 * @param liked 1 or 0 for each score.
 */
export function areaUnderCurve(scores: ArrayLike<number>, liked: ArrayLike<number>): number {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a] - scores[b])
  let [positives, ranks] = [0, 0]
  for (let start = 0; start < order.length; ) {
    let end = start
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++
    const rank = (start + 1 + end) / 2
    for (const i of order.slice(start, end)) {
      positives += liked[i]
      ranks += liked[i] * rank
    }
    start = end
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives))
}
