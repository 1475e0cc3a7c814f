/** Sizes of files in the reader's language. */
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** "512 bytes", "1.2 MB", «1,2 МБ»: one digit after the point while it says something. */
export function fileSize(language: string, bytes: number): string {
  // The limit of a unit is what still rounds to three digits: 999,950 bytes are no "1,000 kB".
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[unit] ?? "byte",
    // The short form of a byte is "byte" in English, in the plural too.
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: unit > 0 && value < 99.95 ? 1 : 0,
  }).format(value);
}
