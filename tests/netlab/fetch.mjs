/** One HTTP request from inside the lab: `node fetch.mjs URL INIT`, both JSON; prints {status, headers, body}, the body in base64. */
const [url, init] = process.argv.slice(2).map((word) => JSON.parse(word));
const answer = await fetch(url, init);
console.log(JSON.stringify({ status: answer.status, headers: [...answer.headers], body: Buffer.from(await answer.arrayBuffer()).toString('base64') }));
