// Which part of the program is loaded only once a command really runs?
import { config } from 'zod';

export { runDiagnosis } from './run-diagnosis.ts';
export { branchChoices, ruleChoices, showExplanation, showRules, showTree } from './show-catalogue.ts';

// One run reads each shape a few times only: compiling its checks would take longer than it saves.
config({ jitless: true });
