/** Settings as a client sends them, checked: a wrong value falls back to the default instead of failing later. */
import { defaultThresholdPercent } from '../profile/words/threshold';
import { metrics, type ServerSettings } from '../protocol/lsp';

const defaults: ServerSettings = {
  metric: 'cpu',
  thresholdPercent: defaultThresholdPercent,
  codeLens: true,
  inlayHints: true,
  pathMappings: [],
  onlyMyCode: false,
  libraryPatterns: [],
};

/** Reads settings from whatever a client sent. */
export function readSettings(sent: unknown): ServerSettings {
  const given = (typeof sent === 'object' && sent !== null ? sent : {}) as Partial<
    Record<keyof ServerSettings, unknown>
  >;
  const { metric, thresholdPercent, codeLens, inlayHints, pathMappings } = given;
  const { onlyMyCode, libraryPatterns } = given;
  return {
    metric: metrics.find((known) => known === metric) ?? defaults.metric,
    thresholdPercent:
      typeof thresholdPercent === 'number' && thresholdPercent >= 0
        ? thresholdPercent
        : defaults.thresholdPercent,
    codeLens: typeof codeLens === 'boolean' ? codeLens : defaults.codeLens,
    inlayHints: typeof inlayHints === 'boolean' ? inlayHints : defaults.inlayHints,
    pathMappings: Array.isArray(pathMappings) ? pathMappings.filter(isMapping) : [],
    onlyMyCode: typeof onlyMyCode === 'boolean' ? onlyMyCode : defaults.onlyMyCode,
    libraryPatterns: Array.isArray(libraryPatterns)
      ? libraryPatterns.filter((pattern) => typeof pattern === 'string' && pattern !== '')
      : [],
  };
}

function isMapping(value: unknown): value is [string, string] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === 'string' &&
    value[0] !== '' &&
    typeof value[1] === 'string'
  );
}
