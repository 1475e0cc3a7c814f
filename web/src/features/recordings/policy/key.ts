/** Where the recording policy is kept in the cache. */
export const POLICY = "recording-policy";
