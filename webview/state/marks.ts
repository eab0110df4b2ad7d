/** What stands out in the chart: matches of the search, and frames of the highlighted line. */
import { framesOnLine, matchFrames, matchFunctions, parseQuery } from '../model/search';
import { amountOf } from '../model/stats';
import { stacksUnder } from '../model/timeOrder';
import { runSums } from './derived';
import type { Found, State } from './state';

/** The state with its marks brought up to date with search, highlight and tables. */
export function withMarks(state: State): State {
  const query = parseQuery(state.search);
  const { highlight, store } = state;
  const lit = highlight && framesOnLine(store, highlight.path, highlight.line);
  return {
    ...state,
    searchError: query.ok ? '' : query.message,
    found: query.ok && query.terms.length > 0 ? findTerms(state, query.terms) : null,
    lit: lit?.includes(1) ? lit : null,
  };
}

function findTerms(state: State, terms: Parameters<typeof matchFunctions>[1]): Found {
  const functions = matchFunctions(state.store, terms);
  const stacks = stacksUnder(state.store, matchFrames(state.store, functions));
  return {
    text: state.search,
    functions,
    functionCount: functions.reduce((sum, match) => sum + match, 0),
    stacks,
    amount: amountOf(runSums(state), stacks),
  };
}
