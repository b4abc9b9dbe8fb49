// How does a sentence made for one case stay translatable: its words apart from the names and numbers in it?

/** A value that can stand in a sentence, another sentence among them. */
export type Word = string | number | Sentence;

/** The `{names}` in a template. */
type NamesIn<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/**
 * An English template with its named facts. It reads, and is written to JSON, as its English; a locale that has the
 * template puts its own words in its place (`Locale.sentences`).
 */
export class Sentence {
  readonly template: string;
  readonly facts: Readonly<Record<string, Word>>;

  constructor(template: string, facts: Readonly<Record<string, Word>>) {
    this.template = template;
    this.facts = facts;
  }

  toString(): string {
    return this.template.replace(placeholder, (whole, name: string) => String(this.facts[name] ?? whole));
  }

  toJSON(): string {
    return this.toString();
  }
}

/** What is printed: a name or a command's own words as they are, or a sentence. */
export type Text = string | Sentence;

/** `say('{node} is gone', { node })`. The template must be a literal: translators find it in the source. */
export function say<const Template extends string>(
  template: Template,
  ...facts: [NamesIn<Template>] extends [never] ? [] : [Readonly<Record<NamesIn<Template>, Word>>]
): Sentence {
  return new Sentence(template, facts[0] ?? {});
}

/** `{name}` in a template. */
export const placeholder = /\{([A-Za-z][A-Za-z0-9]*)\}/g;

/** Several sentences or names in one, with a sign between them. */
export function joinTexts(texts: readonly Text[], sign: string): Text {
  const names = texts.map((_text, index) => `part${index}`);
  const facts = Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
  return new Sentence(names.map((name) => `{${name}}`).join(sign), facts);
}
