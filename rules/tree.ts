// Which questions lead from "something is wrong" to what is wrong, and which rules answer each?
import type { Question } from '../src/model/tree.ts';
import { entryQuestions } from './tree/entry.ts';
import { etcdQuestions } from './tree/etcd.ts';
import { balancerQuestions } from './tree/load-balancer.ts';
import { surroundingQuestions } from './tree/surroundings.ts';

/**
 * In the order of the walk. Vital questions hold only rules that a kubeconfig which may forward ports can answer; what
 * needs an etcd client certificate, or two looks some time apart, stands in questions of its own. Each rule has one
 * question.
 */
export const tree: readonly Question[] = [...entryQuestions, ...balancerQuestions, ...etcdQuestions, ...surroundingQuestions];
