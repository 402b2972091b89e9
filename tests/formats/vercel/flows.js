// Vercel's AI SDK: tools, objects and their streams, and both together. Prints one JSON object.
import { createAnthropic } from "@ai-sdk/anthropic";
import * as ai from "ai";
import { z } from "zod";

const { TARGET, PLAIN, CALL } = process.env;
const anthropic = createAnthropic({ baseURL: `${TARGET}/v1`, apiKey: "any" });
const ask = { prompt: "What is the weather in Paris? Plan a meeting about it with Alice.", maxOutputTokens: 1500, maxRetries: 0 };
const schema = z.object({
  title: z.string(),
  kind: z.enum(["meeting", "party"]),
  guests: z.array(z.object({ name: z.string(), email: z.string().nullable() })),
});
const weather = ai.tool({
  description: "The weather in a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`,
});
const tools = { weather };
const out = {};

const object = ai.Output.object({ schema });
const whole = await ai.generateText({ model: anthropic(PLAIN), output: object, ...ask });
out.object = whole.output;
const stream = ai.streamText({ model: anthropic(PLAIN), output: object, ...ask });
let partial = 0;
for await (const _ of stream.partialOutputStream) partial += 1;
out.streamed = await stream.output;
out.partial = partial;

if (ai.generateObject) {
  out.old = (await ai.generateObject({ model: anthropic(PLAIN), schema, ...ask })).object;
  const old = ai.streamObject({ model: anthropic(PLAIN), schema, ...ask });
  for await (const _ of old.partialObjectStream);
  out.oldStreamed = await old.object;
}

const forced = await ai.generateText({ model: anthropic(CALL), tools, toolChoice: "required", ...ask });
out.calls = forced.toolCalls.map(({ toolName, input }) => ({ toolName, input }));
out.results = forced.toolResults.map(({ output }) => output);
const loop = await ai.generateText({ model: anthropic(CALL), tools, stopWhen: ai.stepCountIs(3), ...ask });
out.steps = loop.steps.map((step) => step.finishReason);
out.text = loop.text;
const live = ai.streamText({ model: anthropic(CALL), tools, toolChoice: { type: "tool", toolName: "weather" }, ...ask });
out.parts = [];
for await (const part of live.fullStream) {
  if (part.type === "error") throw part.error;
  out.parts.push(part.type);
}
out.liveCalls = (await live.toolCalls).map(({ toolName, input }) => ({ toolName, input }));
const both = await ai.generateText({ model: anthropic(CALL), tools, output: object, stopWhen: ai.stepCountIs(4), ...ask });
out.bothReason = both.finishReason;
out.both = both.finishReason === "stop" ? both.output : null;
console.log(JSON.stringify(out));
