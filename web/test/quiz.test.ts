// Questions are the same for the same number, have answers, and leave the page's layer alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isRight, kinds, questionOf } from "../src/questions";
import { opened } from "./opened";

test("two hundred questions", async () => {
  const app = await opened();
  const shown = app.values.output;
  for (let number = 0; number < 200; ++number) {
    const question = questionOf(app, number);
    assert.deepEqual(questionOf(app, number), question);
    assert.ok(question.answer.length > 0 && question.answer.every(Number.isFinite), question.text);
    assert.ok(question.fields.length === 0 || question.fields.length === question.answer.length);
    assert.doesNotMatch(`${question.text} ${question.hint} ${question.explanation}`, /undefined|NaN/);
    assert.ok(isRight(question, question.answer));
    assert.ok(!isRight(question, question.answer.map((value) => value + 1)));
  }
  assert.deepEqual(app.engine.values("output"), shown);
});

test("every kind comes up, and kinds differ from number to number", async () => {
  const app = await opened();
  const seen = kinds.map((_, number) => questionOf(app, number).kind);
  assert.equal(new Set(seen).size, kinds.length);
});

test("layers are not all alike", async () => {
  const app = await opened();
  const layers = new Set(Array.from({ length: 60 }, (_, i) => questionOf(app, i * kinds.length).setup.layer));
  assert.ok(layers.size > 50, `${layers.size} of 60 layers differ`);
});
