/**
 * How the port calls settings to those who come to it.
 *
 * @module
 */

/** Tells anew what is said in the names of variables. */
export interface Words {
  ofText(text: string): string;
  /** An answer to a request; one that says nothing of settings is left as it is. */
  ofAnswer(request: Request, answer: Response): Promise<Response>;
}
