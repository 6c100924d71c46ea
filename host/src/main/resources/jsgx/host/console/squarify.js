// A treemap's layout: Bruls, Huizing and van Wijk, "Squarified treemaps", 2000.

/** Gives each item, which has a weight, its share of an area: [{item, x, y, width, height}], in the items' order. */
export function squarify(items, area) {
  const total = items.reduce((sum, item) => sum + item.weight, 0);
  const placed = [];
  if (total <= 0 || area.width <= 0 || area.height <= 0) {
    return placed;
  }
  const scale = (area.width * area.height) / total;
  let { x, y, width, height } = area;
  let from = 0;
  while (from < items.length) {
    const side = Math.min(width, height);
    let to = from;
    let sum = 0;
    let least = Infinity;
    let most = 0;
    let worst = Infinity;
    // A row grows as long as its worst block gets no longer.
    while (to < items.length) {
      const size = items[to].weight * scale;
      const grown = sum + size;
      const [low, high] = [Math.min(least, size), Math.max(most, size)];
      const ratio = Math.max((side * side * high) / (grown * grown), (grown * grown) / (side * side * low));
      if (ratio > worst) {
        break;
      }
      [sum, least, most, worst] = [grown, low, high, ratio];
      to++;
    }
    const thickness = sum / side;
    let at = 0;
    for (let i = from; i < to; i++) {
      const length = (items[i].weight * scale) / thickness;
      placed.push(
        width >= height
          ? { item: items[i], x, y: y + at, width: thickness, height: length }
          : { item: items[i], x: x + at, y, width: length, height: thickness },
      );
      at += length;
    }
    if (width >= height) {
      x += thickness;
      width -= thickness;
    } else {
      y += thickness;
      height -= thickness;
    }
    from = to;
  }
  return placed;
}
