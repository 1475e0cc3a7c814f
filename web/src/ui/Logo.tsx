/** The mark and the name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={className}>
      <svg aria-hidden="true" viewBox="0 0 64 64" className="mr-2 inline-block size-7 align-[-7px]">
        <path
          d="M14 12h36a8 8 0 0 1 8 8v20a8 8 0 0 1-8 8H32L20 58V48h-6a8 8 0 0 1-8-8V20a8 8 0 0 1 8-8z"
          fill="none"
          stroke="currentColor"
          strokeWidth="5"
          strokeLinejoin="round"
        />
        <path
          d="M17 31h7l4-8 7 15 4-7h8"
          fill="none"
          stroke="currentColor"
          strokeWidth="4.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <span className="text-xl font-semibold tracking-tight">Staffline</span>
    </span>
  );
}
