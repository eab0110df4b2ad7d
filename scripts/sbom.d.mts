export interface Component {
  'bom-ref': string;
  type: string;
  name: string;
  version: string;
  scope?: string;
  properties?: { name: string; value: string }[];
}
/** The part of a CycloneDX document that is changed. */
export interface Bom {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}
export function bundledOnly(bom: Bom, notices: string): Bom;
export function npmComponents(): Promise<Bom>;
