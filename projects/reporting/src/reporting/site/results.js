"use strict";
// The results of a page's tiles. All numbers are in the page, as rows of the models at the grain of its filters: here the
// rows are let through that the filters choose, and brought together as the warehouse would do it.
const results = (() => {
  const report = JSON.parse(document.getElementById("report").textContent);

  // ---- reading the rows ---------------------------------------------------------------------------------------------

  // A column of numbers holds integers and the power of ten to divide them by, so that sums of decimals stay exact.
  const numberAt = (column, row) => (column.numbers[row] === null ? null : column.numbers[row] / column.divisor);
  const valueAt = (column, row) =>
    column.numbers ? numberAt(column, row) : column.codes[row] < 0 ? null : column.values[column.codes[row]];

  const aggregates = {
    count: (column, rows) => rows.reduce((count, row) => count + (column.numbers[row] === null ? 0 : 1), 0),
    distinct: (column, rows) => new Set(rows.map((row) => column.codes[row]).filter((code) => code >= 0)).size,
    sum: (column, rows) => {
      const present = rows.map((row) => column.numbers[row]).filter((value) => value !== null);
      return present.length ? present.reduce((sum, value) => sum + value, 0) / column.divisor : null;
    },
    average: (column, rows) => divide(aggregates.sum(column, rows), aggregates.count(column, rows)),
    min: (column, rows) => sorted(column, rows).at(0) ?? null,
    max: (column, rows) => sorted(column, rows).at(-1) ?? null,
    percentile: (column, rows, share) => {
      const values = sorted(column, rows);
      if (!values.length) return null;
      const position = share * (values.length - 1);
      const [low, high] = [values[Math.floor(position)], values[Math.ceil(position)]];
      return low + (high - low) * (position - Math.floor(position));
    },
  };
  const sorted = (column, rows) =>
    rows.map((row) => valueAt(column, row)).filter((value) => value !== null).sort(compare);
  const compare = (left, right) => (left < right ? -1 : left > right ? 1 : 0);
  const divide = (left, right) => (left === null || !right ? null : left / right);

  // As in SQL, what is made of nothing is nothing.
  const withBoth = (operation) => (left, right) => (left === null || right === null ? null : operation(left, right));
  const operations = {
    "+": withBoth((left, right) => left + right),
    "-": withBoth((left, right) => left - right),
    "*": withBoth((left, right) => left * right),
    "/": withBoth(divide),
    nullif: (left, right) => (left === right ? null : left),
    coalesce: (...values) => values.find((value) => value !== null) ?? null,
  };
  // Evaluate a metric: a number, or [operation, operands …], or [aggregate, column, …].
  function evaluate(expression, columns, rows) {
    if (!Array.isArray(expression)) return expression;
    const [name, ...operands] = expression;
    if (name in aggregates) return aggregates[name](columns[operands[0]], rows, ...operands.slice(1));
    return operations[name](...operands.map((operand) => evaluate(operand, columns, rows)));
  }

  // ---- filters ------------------------------------------------------------------------------------------------------

  // A choice says for each filter in use what passes: {department: {equals: "MEAT"}, period: {from: "2017-01-02"}}.
  // Tell for each code of a column whether rows with it pass. A moment is as late as its day where days are chosen.
  function passing(column, choice) {
    const texts = column.values.map((value) => (value === null ? "" : String(value)));
    if ("equals" in choice) return texts.map((text) => text === choice.equals);
    return texts.map((text) => {
      const day = text.slice(0, 10);
      return day !== "" && day >= (choice.from ?? "") && day <= (choice.to ?? "9999");
    });
  }

  function rowsThatPass(tile, state) {
    const { columns, rows } = report.datasets[tile.dataset];
    const tests = tile.where.map((index) => (row) => columns[index].numbers[row] === 1);
    for (const [filter, index] of Object.entries(tile.filters)) {
      if (!state[filter]) continue;
      const passes = passing(columns[index], state[filter]);
      tests.push((row) => passes[columns[index].codes[row]] === true);
    }
    const all = Array.from({ length: rows }, (_, row) => row);
    return all.filter((row) => tests.every((test) => test(row)));
  }

  const conditions = {
    isNull: (value) => value === null,
    notNull: (value) => value !== null,
    equals: (value, values) => values.includes(value),
    notEquals: (value, values) => !values.includes(value),
    lessThan: (value, [bound]) => value !== null && value < bound,
    lessThanOrEqual: (value, [bound]) => value !== null && value <= bound,
    greaterThan: (value, [bound]) => value !== null && value > bound,
    greaterThanOrEqual: (value, [bound]) => value !== null && value >= bound,
    inBetween: (value, [low, high]) => value !== null && value >= low && value <= high,
    notInBetween: (value, [low, high]) => value !== null && (value < low || value > high),
  };

  // Tell whether a row of a result meets a condition, or all or any of a group.
  const holds = (rule, row) =>
    "items" in rule
      ? rule.items[rule.joiner === "or" ? "some" : "every"]((item) => holds(item, row)) || !rule.items.length
      : conditions[rule.operator](row[rule.field], rule.values);

  // ---- the result of a tile -----------------------------------------------------------------------------------------

  // Group, aggregate, sort, calculate and cut, with the same result as the chart's query on the warehouse.
  function resultOf(tile, state) {
    const { columns } = report.datasets[tile.dataset];
    const members = rowsThatPass(tile, state);
    const dimensions = tile.fields.filter((field) => "column" in field);
    const groups = new Map(dimensions.length ? [] : [["", []]]);
    for (const row of members) {
      const key = dimensions.map((field) => columns[field.column].codes[row]).join();
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(row);
    }
    const valuesOf = (rows) =>
      tile.fields.map((field) => {
        if ("column" in field) return valueAt(columns[field.column], rows[0]);
        return "value" in field ? evaluate(field.value, columns, rows) : null;
      });
    const order = (left, right) => {
      for (const { field, descending, nulls_first } of tile.sorts) {
        const [a, b] = [left[field], right[field]];
        if ((a === null) !== (b === null)) return (a === null) === nulls_first ? -1 : 1;
        const found = compare(a, b);
        if (found) return descending ? -found : found;
      }
      return 0;
    };
    const rows = [...groups.values()].map(valuesOf).filter((row) => holds(tile.having, row)).sort(order);
    tile.fields.forEach((field, index) => {
      if ("calculation" in field) calculate(field.calculation, rows, index);
    });
    if (tile.sorts.some(({ field }) => "calculation" in tile.fields[field])) rows.sort(order);
    const kept = rows.filter((row) => holds(tile.afterwards, row));
    return { rows: kept.slice(0, tile.limit), cut: Math.max(0, kept.length - tile.limit) };
  }

  function calculate({ kind, field }, rows, index) {
    const inputs = rows.map((row) => row[field]);
    const total = inputs.reduce((sum, input) => sum + (input ?? 0), 0);
    let running = 0;
    rows.forEach((row, position) => {
      const before = inputs[position - 1] ?? null;
      row[index] = {
        percent_of_column_total: () => divide(inputs[position], total),
        percent_of_previous_value: () => divide(inputs[position], before),
        percent_change_from_previous: () => operations["-"](divide(inputs[position], before), 1),
        running_total: () => (running += inputs[position] ?? 0),
        rank_in_column: () => 1 + inputs.filter((other) => other < inputs[position]).length,
      }[kind]();
    });
  }

  return { report, resultOf };
})();
