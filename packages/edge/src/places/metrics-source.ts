/** Collects metrics, as a `Registry` of prom-client does. */
export interface MetricsSource {
  /** The type of what {@link MetricsSource.metrics} gives. */
  readonly contentType: string;
  /** All metrics, as a text. */
  metrics(): string | Promise<string>;
}
