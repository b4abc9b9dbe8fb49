// Which part of the program is loaded only once a command really runs?
export { runDiagnosis } from './run-diagnosis.ts';
export { runView } from './run-view.ts';
export { branchChoices, ruleChoices, showExplanation, showRules, showTree } from './show-catalogue.ts';
