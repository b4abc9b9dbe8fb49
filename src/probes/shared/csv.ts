// What stands in the columns of a table of comma-separated values?

/** Rows as header -> field. Quoted fields may hold commas, line breaks and doubled quotes (RFC 4180). */
export function parseCsv(text: string): readonly Readonly<Record<string, string>>[] {
  const [header, ...rows] = splitRows(text);
  const names = (header ?? []).map((name, column) => (column === 0 ? name.replace(/^#\s*/, '') : name));
  return rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column] ?? ''])));
}

function splitRows(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (whole === '' && row.length === 0) break;
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
