// Where a server is killed. Names the moments for both sides: the test that chooses one, and the hooks in the server.

export const STOP_POINTS = {
  'decision-torn': 'in the middle of writing the decision',
  'decision-written': 'when the decision is written and not on disk',
  'decision-durable': 'between the decision and the one-time mark',
  'mark-before-commit': 'when the one-time mark is written and not committed',
  'mark-committed': 'between the one-time mark and the signature',
  signing: 'when the signature is asked for',
  signed: 'between the signature and its record',
  answer: 'between the record of the token and the answer',
  'sweep-before-commit': 'in a sweep, before it is committed',
  'sweep-committed': 'right after a sweep',
  'checkpoint-torn': 'in the middle of writing an audit checkpoint',
  'checkpoint-written': 'when an audit checkpoint is written and not on disk',
} as const;

export type StopPoint = keyof typeof STOP_POINTS;

/** What the hooks read when they are armed: die at the `count`th time the point is reached from now on. */
export interface Arming {
  readonly point: StopPoint;
  readonly count: number;
}

/** The signal that arms, and the variable that names the file with the arming. */
export const ARMING_SIGNAL = 'SIGUSR2';
export const ARMING_FILE = 'VIADUCT_TEST_ARMING_FILE';
