// What has to be written to make the tool speak another language?

/** The sentences of one rule. In English they stand in the rule itself. */
export interface RuleTexts {
  readonly title: string;
  readonly healthy: string;
  readonly why: string;
  readonly shows: readonly string[];
  readonly folded: string;
}

/** The screen's own words, with `{names}` for values. */
export interface Phrases {
  readonly critical: string;
  readonly warning: string;
  readonly healthy: string;
  readonly incomplete: string;
  readonly info: string;
  readonly impact: string;
  readonly open: string;
  readonly openBeside: string;
  readonly looked: string;
  readonly when: string;
  readonly whenReplayed: string;
  readonly interrupted: string;
  readonly reachedPartly: string;
  readonly notReached: string;
  readonly platformUnknown: string;
  readonly counts: string;
  readonly notApplicable: string;
  readonly cause: string;
  readonly certain: string;
  readonly strong: string;
  readonly weak: string;
  readonly deeperUnknown: string;
  readonly deeperNone: string;
  readonly together: string;
  readonly bridge: string;
  readonly behind: string;
  readonly behindMore: string;
  readonly first: string;
  readonly saidBy: string;
  readonly likewise: string;
  readonly laterBetween: string;
  readonly folded: string;
  readonly part: string;
  readonly alsoBy: string;
  readonly more: string;
  readonly doOne: string;
  readonly doInOrder: string;
  readonly riskNone: string;
  readonly riskLow: string;
  readonly riskMedium: string;
  readonly riskHigh: string;
  readonly runHere: string;
  readonly runOnLoadBalancer: string;
  readonly runOn: string;
  readonly needs: string;
  readonly undo: string;
  readonly avoid: string;
  readonly whyItHurt: string;
  readonly notes: string;
  readonly walk: string;
  readonly checked: string;
  readonly answerYes: string;
  readonly answerYesSoFar: string;
  readonly answerRest: string;
  readonly answerPartly: string;
  readonly answerNo: string;
  readonly answerUnknown: string;
  readonly answerNotApplicable: string;
  readonly answerNotAsked: string;
  readonly checksPassed: string;
  readonly checksOpen: string;
  readonly hiddenBy: string;
  readonly unknown: string;
  readonly blocked: string;
  readonly passed: string;
  readonly leftOut: string;
  readonly exit: string;
  readonly exitHealthy: string;
  readonly exitIncomplete: string;
  readonly exitAfterSteps: string;
  readonly exitAfterStepsWithFlags: string;
  readonly exitInterrupted: string;
}

/** One language: one file beside this one. Rules it does not name speak English. */
export interface Locale {
  readonly language: string;
  readonly phrases: Phrases;
  readonly rules: Readonly<Record<string, Partial<RuleTexts>>>;
  /** This language's words for the English templates that rules make for one case: fixes, needs, what to avoid. */
  readonly sentences: Readonly<Record<string, string>>;
}
