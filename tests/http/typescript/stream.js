// A message with a tool, streamed event by event and gathered by the SDK. Prints what it got as one JSON object.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ maxRetries: 0 });
const ask = {
  model: "claude-haiku-4-5",
  max_tokens: 4096,
  thinking: { type: "enabled", budget_tokens: 2048 },
  tools: [
    {
      name: "get_weather",
      description: "Get the current weather in a given location",
      input_schema: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
    },
  ],
  messages: [{ role: "user", content: "What is the weather like in San Francisco?" }],
};

const events = [];
const raw = await client.messages.create({ ...ask, stream: true });
for await (const event of raw) {
  events.push(event.type === "content_block_delta" ? event.delta.type : event.type);
}

let thought = "";
const stream = client.messages.stream(ask).on("thinking", (piece) => (thought += piece));
const final = await stream.finalMessage();
const whole = await client.messages.create(ask);

let text = "";
const hello = { model: ask.model, max_tokens: 256, messages: [{ role: "user", content: "Hello, Claude" }] };
const final_text = await client.messages.stream(hello).on("text", (piece) => (text += piece)).finalText();

console.log(JSON.stringify({ events, thought, final, whole, text, final_text }));
