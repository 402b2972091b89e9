// A basic call, a conversation and two errors, as a guide has them. Prints what it got as one JSON object.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ maxRetries: 0 });
const ask = { model: "claude-haiku-4-5", max_tokens: 256 };
const messages = [{ role: "user", content: "My name is Alice." }];

const first = await client.messages.create({ ...ask, messages });
messages.push({ role: "assistant", content: first.content });
messages.push({ role: "user", content: "What is my name?" });
const second = await client.messages.create({ ...ask, messages });
const counted = await client.messages.countTokens({ model: ask.model, messages });
const model = await client.models.retrieve(ask.model);

const failures = [];
for (const wrong of [{ model: "claude-nonexistent" }, { max_tokens: -1 }]) {
  try {
    await client.messages.create({ ...ask, ...wrong, messages });
  } catch (error) {
    if (!(error instanceof Anthropic.APIError)) throw error;
    failures.push({ name: error.constructor.name, status: error.status, requestID: error.requestID, body: error.error });
  }
}

console.log(JSON.stringify({ first, requestID: first._request_id, second, counted, model, failures }));
