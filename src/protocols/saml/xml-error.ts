/** XML that is not taken. The message completes a sentence that begins with what the XML is: "has …", "is …". */
export class XmlError extends Error {
  constructor(message: string, details: { readonly cause?: unknown } = {}) {
    super(message, details);
    this.name = 'XmlError';
  }
}
