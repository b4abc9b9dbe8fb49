// How does a judgement end that needs words from something that stayed silent?
import type { EvidenceId } from '../../model/evidence.ts';
import { type Subject, subjectKey } from '../../model/subject.ts';
import { MissingEvidence } from '../view.ts';

/** @throws MissingEvidence that names the silent one, so that a finding about it can be said to stand in the way. */
export function endBySilence(id: EvidenceId, silent: Subject, detail: string, howToGet: string): never {
  const key = subjectKey(silent);
  throw new MissingEvidence([{ gap: 'failed', detail, howToGet, id, subject: key, through: key }]);
}
