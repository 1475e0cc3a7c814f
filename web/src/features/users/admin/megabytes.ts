/** Limits are typed and told in megabytes of 1,048,576 bytes, as the server's own setting is. */
export const MEGABYTE = 1 << 20;

export function megabytes(language: string, bytes: number): string {
  return new Intl.NumberFormat(language, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(bytes / MEGABYTE);
}
